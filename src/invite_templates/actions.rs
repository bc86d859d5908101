//! What can be done with templates. Administrators make them; whom a template names may invite with it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde::Serialize;
use serde_json::{Value, json};

use super::model::Template;
use super::policy::Policy;
use super::store;
use crate::access::{Actor, Role};
use crate::audit;
use crate::db::{Conn, Json, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::groups;
use crate::ids::TemplateId;
use crate::input::{Faults, etag};
use crate::schemas;
use crate::schemas::model::DEFAULT as DEFAULT_SCHEMA;
use crate::users::model::normal;

/// The longest name, in characters.
const LONGEST_NAME: usize = 80;

/// A template to be made, or all of one that is changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Draft {
    /// What people call it.
    pub name: String,
    /// The schema of the traits.
    pub schema_id: String,
    /// What it says.
    pub policy: Policy,
}

impl Draft {
    /// The safe answer to every question.
    pub fn plain() -> Self {
        Self {
            name: String::new(),
            schema_id: DEFAULT_SCHEMA.to_owned(),
            policy: Policy::default(),
        }
    }

    /// Says whether what somebody edits is still what is kept.
    pub fn etag(&self) -> String {
        etag(self)
    }

    /// A template as it is, to be changed in parts.
    ///
    /// # Errors
    /// A fault of ours.
    pub fn of(template: &Template) -> Result<Self> {
        Ok(Self {
            name: template.name.clone(),
            schema_id: template.schema_id.clone(),
            policy: template.policy()?,
        })
    }

    /// Tells what is wrong with it as far as it says so itself.
    pub fn check(&mut self, faults: &mut Faults) {
        self.name = faults.line("name", &self.name, 1..=LONGEST_NAME);
        self.policy.check(faults);
    }

    fn checked(mut self, conn: &mut Conn) -> Result<Self> {
        let mut faults = Faults::default();
        self.check(&mut faults);
        match schemas::store::find(conn, &self.schema_id)? {
            None => faults.add(FieldError::new("schema_id", "not_found")),
            Some(schema) => {
                let rules = schema.rules()?;
                let fields = self.policy.fields.keys();
                let unknown: Vec<&str> = fields
                    .map(String::as_str)
                    .filter(|name| !rules.has(name))
                    .collect();
                if !unknown.is_empty() {
                    let fault = FieldError::new("fields", "unknown_traits");
                    faults.add(fault.with("names", unknown.join(", ")));
                }
            }
        }
        let given = self.policy.groups.iter().flatten();
        let named: Vec<_> = given
            .chain(&self.policy.invitable_by.groups)
            .copied()
            .collect();
        if groups::actions::names(conn, &named)?.len() < unique(&named) {
            faults.add(FieldError::new("groups", "not_found"));
        }
        faults.none_in(self)
    }
}

fn unique<T: Ord + Copy>(items: &[T]) -> usize {
    items
        .iter()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

/// The templates that the actor sees: administrators all, everybody else those that they may invite with.
///
/// # Errors
/// When the database refuses.
pub fn list(conn: &mut Conn, actor: &Actor) -> Result<Vec<Template>> {
    if actor.role < Role::Admin {
        return usable(conn, actor);
    }
    Ok(store::all(conn)?)
}

/// The templates that the actor may invite with, by name.
///
/// # Errors
/// When the database refuses.
pub fn usable(conn: &mut Conn, actor: &Actor) -> Result<Vec<Template>> {
    let mut usable = Vec::new();
    for template in store::all(conn)? {
        if may_use(conn, actor, &template.policy()?)? {
            usable.push(template);
        }
    }
    Ok(usable)
}

/// Whether any template lets members invite.
///
/// # Errors
/// When the database refuses.
pub fn members_invite(conn: &mut Conn) -> Result<bool> {
    for template in store::all(conn)? {
        if !template.policy()?.invitable_by.groups.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One template.
///
/// # Errors
/// `not_found` when there is none or the actor may not see it.
pub fn read(conn: &mut Conn, actor: &Actor, id: TemplateId) -> Result<Template> {
    let template = store::find(conn, id)?;
    if actor.role >= Role::Admin || may_use(conn, actor, &template.policy()?)? {
        Ok(template)
    } else {
        Code::NotFound.refuse()
    }
}

/// The template of an id, for an invite that has it.
///
/// # Errors
/// When the database refuses.
pub fn find(conn: &mut Conn, id: TemplateId) -> Result<Template> {
    Ok(store::find(conn, id)?)
}

/// Whether a policy lets the actor invite: by their role, or as a member of a group that it names.
///
/// # Errors
/// When the database refuses.
pub fn may_use(conn: &mut Conn, actor: &Actor, policy: &Policy) -> Result<bool> {
    let by = &policy.invitable_by;
    // Owners change templates as they like, so none keeps them out.
    if actor.role == Role::Owner || by.roles.contains(&actor.role) {
        return Ok(true);
    }
    let Some(user) = actor.user.filter(|_| !by.groups.is_empty()) else {
        return Ok(false);
    };
    let mine = groups::actions::groups_of(conn, &[user])?;
    let mine = mine.get(&user).map_or(&[][..], Vec::as_slice);
    Ok(mine.iter().any(|group| by.groups.contains(&group.id)))
}

/// Makes a template.
///
/// # Errors
/// `forbidden`, `invalid_input`, `template_exists`, `too_many_templates`.
pub fn make(tx: &mut Tx<'_>, actor: &Actor, draft: &Draft) -> Result<Template> {
    actor.require(Role::Admin)?;
    let draft = draft.clone().checked(tx)?;
    if store::count(tx)? >= store::MOST {
        return Code::TooManyTemplates.refuse();
    }
    let template = Template {
        id: TemplateId::new(tx.now),
        name_norm: normal(&draft.name),
        policy: told(&draft.policy)?,
        name: draft.name,
        schema_id: draft.schema_id,
        created_at: tx.now,
        updated_at: tx.now,
    };
    tx.attempt(|conn| store::insert(conn, &template))
        .map_err(exists)?;
    record(tx, actor, "template.created", None, Some(&template))?;
    Ok(template)
}

/// Changes a template. What it says of the form, the terms and the approval holds at once, also for invites
/// that wait. `seen` is the etag of what the person had before them; without one the change is made whatever is
/// kept.
///
/// # Errors
/// `forbidden`, `not_found`, `edit_conflict` when somebody was faster, `invalid_input`, `template_exists`.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: TemplateId,
    draft: &Draft,
    seen: Option<&str>,
) -> Result<Template> {
    actor.require(Role::Admin)?;
    let before = store::find(tx, id)?;
    if let Some(seen) = seen
        && seen != Draft::of(&before)?.etag()
    {
        return Code::EditConflict.refuse();
    }
    let draft = draft.clone().checked(tx)?;
    let after = Template {
        name_norm: normal(&draft.name),
        policy: told(&draft.policy)?,
        name: draft.name,
        schema_id: draft.schema_id,
        updated_at: tx.now,
        ..before.clone()
    };
    tx.attempt(|conn| store::update(conn, &after))
        .map_err(exists)?;
    record(tx, actor, "template.updated", Some(&before), Some(&after))?;
    Ok(after)
}

/// Deletes a template that no invite was made from.
///
/// # Errors
/// `forbidden`, `not_found`, `in_use`.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, id: TemplateId) -> Result<Template> {
    actor.require(Role::Admin)?;
    let template = store::find(tx, id)?;
    if kept_by(tx, &template)?.is_some() {
        return Code::InUse.refuse();
    }
    store::delete(tx, id)?;
    record(tx, actor, "template.deleted", Some(&template), None)?;
    Ok(template)
}

/// What keeps a template from being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// Plain invites are made from it.
    Plain,
    /// An invite was made from it.
    Invites,
}

/// What keeps a template; none when it can be deleted.
///
/// # Errors
/// When the database refuses.
pub fn kept_by(conn: &mut Conn, template: &Template) -> Result<Option<Keeper>> {
    if template.is_default() {
        return Ok(Some(Keeper::Plain));
    }
    Ok(store::is_used(conn, template.id)?.then_some(Keeper::Invites))
}

fn told(policy: &Policy) -> Result<Json> {
    serde_json::to_value(policy)
        .map(Json)
        .map_err(Error::internal)
}

fn exists(why: DieselError) -> Error {
    match why {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            Code::TemplateExists.into()
        }
        why => why.into(),
    }
}

fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    before: Option<&Template>,
    after: Option<&Template>,
) -> Result<()> {
    let told = |template: Option<&Template>| {
        template.map_or(Value::Null, |template| {
            json!({
                "name": template.name,
                "schema_id": template.schema_id,
                "policy": template.policy,
            })
        })
    };
    let id = before.or(after).map(|template| template.id.to_string());
    let target = audit::Target::new("template", id.unwrap_or_default());
    let entry = audit::Entry::new(action, target);
    audit::record(tx, actor, entry.before(told(before)).after(told(after)))?;
    Ok(())
}
