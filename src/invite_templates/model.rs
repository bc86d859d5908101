//! A template as it is kept.

use diesel::prelude::*;

use super::policy::Policy;
use crate::clock::Time;
use crate::db::Json;
use crate::error::{Error, Result};
use crate::ids::TemplateId;

/// The template that a plain invite is made from. It is made with the database, can be changed, and never
/// goes.
pub const DEFAULT: &str = "tpl_00000000-0000-7000-8000-000000000000";

/// A row of `invite_templates`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = crate::db::schema::invite_templates)]
pub struct Template {
    /// The id.
    pub id: TemplateId,
    /// What people call it.
    pub name: String,
    /// The name as it is compared.
    pub name_norm: String,
    /// The schema of the traits of who is invited with it.
    pub schema_id: String,
    /// All else: a [`Policy`] as JSON.
    pub(super) policy: Json,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Template {
    /// Whether plain invites are made from it.
    pub fn is_default(&self) -> bool {
        self.id.as_str() == DEFAULT
    }

    /// What it says.
    ///
    /// # Errors
    /// A fault of ours: what is kept was checked before.
    pub fn policy(&self) -> Result<Policy> {
        serde_json::from_value(self.policy.0.clone()).map_err(Error::internal)
    }

    /// The template that plain invites are made from.
    ///
    /// # Errors
    /// Never: the id is a constant.
    pub fn default_id() -> Result<TemplateId> {
        Ok(DEFAULT.parse()?)
    }
}
