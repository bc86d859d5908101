//! Writing an event.

use serde_json::Value;

use super::{kinds, store};
use crate::access::Actor;
use crate::audit::ActorRef;
use crate::clock::Time;
use crate::db::{Json, Tx, insert_all};
use crate::error::Result;
use crate::ids::EventId;

/// Tells integrated apps what `actor` does, in the transaction that does it. `kind` is one of
/// [`kinds::ALL`]; `data` never holds a secret. The event is numbered later.
///
/// # Errors
/// When the database refuses.
pub fn emit(tx: &mut Tx<'_>, actor: &Actor, kind: &'static str, data: Value) -> Result<EventId> {
    let row = row(actor, kind, data, tx.now);
    store::insert(tx, &row)?;
    Ok(row.id)
}

/// [`emit`] for many events of one type.
///
/// # Errors
/// When the database refuses.
pub fn emit_all(
    tx: &mut Tx<'_>,
    actor: &Actor,
    kind: &'static str,
    data: Vec<Value>,
) -> Result<()> {
    let now = tx.now;
    let rows: Vec<_> = data
        .into_iter()
        .map(|data| row(actor, kind, data, now))
        .collect();
    Ok(insert_all(tx, &rows)?)
}

fn row(actor: &Actor, kind: &'static str, data: Value, now: Time) -> store::NewRow {
    debug_assert!(kinds::ALL.contains(&kind), "{kind} is no type of event");
    let who = ActorRef::from(actor);
    store::NewRow {
        id: EventId::new(now),
        kind,
        at: now,
        actor_kind: who.kind,
        actor_id: who.id,
        data: Json(data),
    }
}
