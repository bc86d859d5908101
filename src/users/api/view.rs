//! A user as the API tells them.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::access::{Actor, Role};
use crate::clock::Time;
use crate::db::{Conn, Json};
use crate::error::{Code, Result};
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::{InviteId, UserId};
use crate::users::model::{Status, User};
use crate::users::store;

/// A user as the API tells them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub struct UserView {
    /// Never used again for another person.
    id: UserId,
    /// The address as it was written.
    email: Option<String>,
    /// Whether the person proved that mail reaches them.
    email_verified: bool,
    /// The phone number.
    phone: Option<String>,
    /// Whether the person proved that it is theirs.
    phone_verified: bool,
    /// The name others see.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    status: Status,
    /// The schema of the traits.
    schema_id: String,
    /// What the platform wants to know of a person.
    traits: Map<String, Value>,
    /// Data of integrated apps that the person may see.
    metadata_public: Map<String, Value>,
    /// For administrators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_admin: Option<Map<String, Value>>,
    /// The groups that the user belongs to, by name.
    groups: Vec<GroupName>,
    /// The user that this one was folded into.
    redirect_to: Option<UserId>,
    /// The invite that was accepted.
    invite_id: Option<InviteId>,
    /// The terms that were accepted.
    terms: Option<TermsView>,
    /// When the account was made.
    created_at: Time,
    /// When it was last used.
    last_seen_at: Option<Time>,
}

/// Which terms a user accepted, and when.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct TermsView {
    version: String,
    accepted_at: Time,
}

impl UserView {
    pub(super) fn new(user: User, groups: Vec<GroupName>, viewer: &Actor) -> Self {
        let terms = user.terms_version.zip(user.terms_accepted_at);
        Self {
            id: user.id,
            email: user.email,
            email_verified: user.email_verified,
            phone: user.phone,
            phone_verified: user.phone_verified,
            display_name: user.display_name,
            role: user.role,
            status: user.status,
            schema_id: user.schema_id,
            traits: object(user.traits),
            metadata_public: object(user.metadata_public),
            metadata_admin: (viewer.role >= Role::Admin).then(|| object(user.metadata_admin)),
            groups,
            redirect_to: None,
            invite_id: user.invite_id,
            terms: terms.map(|(version, accepted_at)| TermsView {
                version,
                accepted_at,
            }),
            created_at: user.created_at,
            last_seen_at: user.last_seen_at,
        }
    }

    /// The actor themselves, for calls that are about nobody else.
    ///
    /// # Errors
    /// `not_found` for nobody's id, `forbidden` for that of somebody else.
    pub fn own(conn: &mut Conn, actor: &Actor, id: UserId) -> Result<Self> {
        let user = store::find(conn, id)?;
        if !actor.is(id) {
            return Code::Forbidden.refuse();
        }
        Self::read(conn, user, actor)
    }

    /// The user of a row, with their groups.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn read(conn: &mut Conn, user: User, viewer: &Actor) -> Result<Self> {
        let groups = groups::actions::groups_of(conn, &[user.id])?
            .remove(&user.id)
            .unwrap_or_default();
        Ok(Self::new(user, groups, viewer))
    }
}

fn object(json: Json) -> Map<String, Value> {
    match json.0 {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
