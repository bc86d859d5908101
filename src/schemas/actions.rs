//! What can be done with schemas. All of it is for administrators.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::{Value, json};

use super::model::{self, Rules, Schema, read_id};
use super::store;
use crate::access::{Actor, Role};
use crate::audit;
use crate::db::{Conn, Json, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::input::Faults;

/// A schema to be made.
#[derive(Clone, Debug)]
pub struct NewSchema {
    /// A word of the maker's choice.
    pub id: String,
    /// What people call it; the id when it is empty.
    pub name: String,
    /// The JSON Schema.
    pub document: String,
}

/// Changes to a schema; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What people call it.
    pub name: Option<String>,
    /// The JSON Schema.
    pub document: Option<String>,
}

/// All schemas, by name.
///
/// # Errors
/// `forbidden`.
pub fn list(conn: &mut Conn, actor: &Actor) -> Result<Vec<Schema>> {
    actor.require(Role::Admin)?;
    Ok(store::all(conn)?)
}

/// One schema.
///
/// # Errors
/// `forbidden`, `not_found`.
pub fn read(conn: &mut Conn, actor: &Actor, id: &str) -> Result<Schema> {
    actor.require(Role::Admin)?;
    store::find(conn, id)?.ok_or_else(|| Code::NotFound.into())
}

/// The rules of a schema, for who checks traits.
///
/// # Errors
/// `not_found` for the field `schema_id` when there is no such schema.
pub fn rules(conn: &mut Conn, id: &str) -> Result<Rules> {
    let schema = store::find(conn, id)?;
    let schema = schema.ok_or_else(|| FieldError::new("schema_id", "not_found"))?;
    schema.rules()
}

/// Checks traits that an administrator or a program gives: what a person would still have to add may be
/// missing.
///
/// # Errors
/// `invalid_input`, each field called `traits.…`.
pub fn check_so_far(conn: &mut Conn, id: &str, traits: &Json) -> Result<()> {
    rules(conn, id)?.check_so_far(traits, |_| false)
}

/// Makes a schema.
///
/// # Errors
/// `forbidden`, `invalid_input`, `schema_exists`.
pub fn make(tx: &mut Tx<'_>, actor: &Actor, new: &NewSchema) -> Result<Schema> {
    actor.require(Role::Admin)?;
    let mut faults = Faults::default();
    let id = read_id(&mut faults, &new.id);
    let name = read_name(&mut faults, &new.name);
    check_document(&mut faults, &new.document);
    faults.none_in(())?;
    if store::count(tx)? >= store::MOST {
        return Code::TooManySchemas.refuse();
    }
    let schema = Schema {
        name: if name.is_empty() { id.clone() } else { name },
        id,
        document: new.document.clone(),
        created_at: tx.now,
        updated_at: tx.now,
    };
    let made = tx.attempt(|conn| store::insert(conn, &schema));
    made.map_err(|why| match why {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            Code::SchemaExists.into()
        }
        why => Error::from(why),
    })?;
    record(tx, actor, "schema.created", None, Some(&schema))?;
    Ok(schema)
}

/// Changes a schema, for those who come after. `seen` is the etag of what the person had before them; without one
/// the change is made whatever is kept.
///
/// # Errors
/// `forbidden`, `not_found`, `edit_conflict` when somebody was faster, `invalid_input`.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: &str,
    change: &Change,
    seen: Option<&str>,
) -> Result<Schema> {
    let before = read(tx, actor, id)?;
    if seen.is_some_and(|seen| seen != before.etag()) {
        return Code::EditConflict.refuse();
    }
    let mut after = before.clone();
    let mut faults = Faults::default();
    if let Some(name) = &change.name {
        after.name = faults.line("name", name, 1..=model::LONGEST_NAME);
    }
    if let Some(document) = &change.document {
        check_document(&mut faults, document);
        after.document.clone_from(document);
    }
    faults.none_in(())?;
    after.updated_at = tx.now;
    store::update(tx, &after)?;
    record(tx, actor, "schema.updated", Some(&before), Some(&after))?;
    Ok(after)
}

/// Deletes a schema that nobody uses.
///
/// # Errors
/// `forbidden`, `not_found`, `in_use` for the first one and while a user, an invite or a template has it.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, id: &str) -> Result<Schema> {
    let schema = read(tx, actor, id)?;
    if !kept_by(tx, id)?.is_empty() {
        return Code::InUse.refuse();
    }
    store::delete(tx, id)?;
    record(tx, actor, "schema.deleted", Some(&schema), None)?;
    Ok(schema)
}

/// What keeps a schema from being deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// It is the one that is always there.
    Default,
    /// Templates have it: the names of some.
    Templates(Vec<String>),
    /// Invites have it.
    Invites,
    /// Users have it.
    Users,
}

/// All that keeps a schema; nothing when it can be deleted.
///
/// # Errors
/// When the database refuses.
pub fn kept_by(conn: &mut Conn, id: &str) -> Result<Vec<Keeper>> {
    let (users, invites, templates) = store::used_by(conn, id)?;
    let keepers = [
        (id == model::DEFAULT).then_some(Keeper::Default),
        (!templates.is_empty()).then_some(Keeper::Templates(templates)),
        invites.then_some(Keeper::Invites),
        users.then_some(Keeper::Users),
    ];
    Ok(keepers.into_iter().flatten().collect())
}

fn read_name(faults: &mut Faults, name: &str) -> String {
    faults.line("name", name, 0..=model::LONGEST_NAME)
}

fn check_document(faults: &mut Faults, document: &str) {
    if let Err(why) = Rules::read_new("schema", document) {
        faults.add(why);
    }
}

fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    before: Option<&Schema>,
    after: Option<&Schema>,
) -> Result<()> {
    let told = |schema: Option<&Schema>| {
        schema.map_or(
            Value::Null,
            |schema| json!({ "name": schema.name, "schema": schema.document }),
        )
    };
    let id = before.or(after).map_or("", |schema| &schema.id);
    let target = audit::Target::new("schema", id);
    let entry = audit::Entry::new(action, target);
    audit::record(tx, actor, entry.before(told(before)).after(told(after)))?;
    Ok(())
}
