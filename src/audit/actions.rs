//! Writing an entry.

use serde_json::Value;

use super::model::{ActorRef, Entry};
use super::store;
use crate::access::Actor;
use crate::db::{Json, Tx};
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

fn insert(tx: &mut Tx<'_>, actor: &Actor, entry: Entry, result: &'static str) -> Result<AuditId> {
    let now = tx.now;
    let id = AuditId::new(now);
    let who = ActorRef::from(actor);
    store::insert(
        tx,
        &store::NewRow {
            id,
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
        },
    )?;
    Ok(id)
}

/// `{}` says as little as null does.
fn without_nothing(value: Value) -> Value {
    match value {
        Value::Object(map) if map.is_empty() => Value::Null,
        value => value,
    }
}
