//! Writing an event.

use serde_json::Value;

use super::{kinds, store};
use crate::access::Actor;
use crate::audit::ActorRef;
use crate::db::{Json, Tx};
use crate::error::Result;
use crate::ids::EventId;

/// Tells integrated apps what `actor` does, in the transaction that does it. `kind` is one of
/// [`kinds::ALL`]; `data` never holds a secret. The event is numbered later.
///
/// # Errors
/// When the database refuses.
pub fn emit(tx: &mut Tx<'_>, actor: &Actor, kind: &'static str, data: Value) -> Result<EventId> {
    debug_assert!(kinds::ALL.contains(&kind), "{kind} is no type of event");
    let now = tx.now;
    let id = EventId::new(now);
    let who = ActorRef::from(actor);
    let row = store::NewRow {
        id,
        kind,
        at: now,
        actor_kind: who.kind,
        actor_id: who.id,
        data: Json(data),
    };
    store::insert(tx, &row)?;
    Ok(id)
}
