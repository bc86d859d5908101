//! Writing an entry.

use serde_json::Value;

use super::model::{ActorRef, Entry};
use super::store;
use crate::access::Actor;
use crate::clock::Time;
use crate::db::{Json, Tx, insert_all};
use crate::error::Result;
use crate::ids::AuditId;

/// Tells in the log what `actor` does, in the transaction that does it. It is numbered and sealed later.
///
/// # Errors
/// When the database refuses.
pub fn record(tx: &mut Tx<'_>, actor: &Actor, entry: Entry) -> Result<AuditId> {
    insert(tx, actor, entry, "ok")
}

/// Tells in the log what `actor` tried and was refused.
///
/// # Errors
/// When the database refuses.
pub fn record_refused(tx: &mut Tx<'_>, actor: &Actor, entry: Entry) -> Result<AuditId> {
    insert(tx, actor, entry, "refused")
}

/// [`record`] for many things that are done at once.
///
/// # Errors
/// When the database refuses.
pub fn record_all(tx: &mut Tx<'_>, actor: &Actor, entries: Vec<Entry>) -> Result<()> {
    let now = tx.now;
    let rows: Vec<_> = entries
        .into_iter()
        .map(|entry| row(actor, entry, "ok", now))
        .collect();
    Ok(insert_all(tx, &rows)?)
}

fn insert(tx: &mut Tx<'_>, actor: &Actor, entry: Entry, result: &'static str) -> Result<AuditId> {
    let row = row(actor, entry, result, tx.now);
    store::insert(tx, &row)?;
    Ok(row.id)
}

fn row<'a>(actor: &'a Actor, entry: Entry, result: &'static str, now: Time) -> store::NewRow<'a> {
    let who = ActorRef::from(actor);
    store::NewRow {
        id: AuditId::new(now),
        at: now,
        actor_kind: who.kind,
        actor_id: who.id,
        action: entry.action,
        target_kind: entry.target.kind,
        target_id: entry.target.id,
        result,
        ip: actor.ip.map(|ip| ip.to_string()),
        request_id: &actor.request_id,
        before: Json(without_nothing(entry.before)),
        after: Json(without_nothing(entry.after)),
    }
}

/// `{}` says as little as null does.
fn without_nothing(value: Value) -> Value {
    match value {
        Value::Object(map) if map.is_empty() => Value::Null,
        value => value,
    }
}
