//! Making an invite.

use serde_json::json;

use super::many::Together;
use super::send::{Made, send};
use super::{exists, expire, facts, record};
use crate::access::Actor;
use crate::app::App;
use crate::clock::Time;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::events;
use crate::invites::model::{Invite, NewInvite};
use crate::invites::store;

/// Makes an invite and sends it, or hands its link out.
///
/// # Errors
/// What [`plan`] refuses.
pub fn create(tx: &mut Tx<'_>, app: &App, actor: &Actor, new: &NewInvite) -> Result<Made> {
    let now = tx.now;
    let (invite, over) = judge(tx, app, actor, new, now)?;
    for old in &over {
        expire(tx, actor, old)?;
    }
    tx.attempt(|conn| store::insert(conn, &invite))
        .map_err(exists)?;
    let groups = &new.choices.groups;
    store::set_groups(tx, invite.id, groups)?;
    let after = facts(&invite, groups);
    record(tx, actor, "invite.created", &invite, json!({}), after)?;
    events::emit(
        tx,
        actor,
        "invite.created",
        json!({ "invite_id": invite.id, "label": invite.label }),
    )?;
    let delivery = invite.delivery;
    send(tx, app, invite, delivery)
}

/// What making an invite would make: the same refusals, before anything is done.
///
/// # Errors
/// What [`Together::judge`] refuses.
pub fn plan(conn: &mut Conn, app: &App, actor: &Actor, new: &NewInvite) -> Result<Invite> {
    let (invite, _) = judge(conn, app, actor, new, app.clock.now())?;
    Ok(invite)
}

/// The invite as it would be made, and those for its address whose time is over.
fn judge(
    conn: &mut Conn,
    app: &App,
    actor: &Actor,
    new: &NewInvite,
    now: Time,
) -> Result<(Invite, Vec<Invite>)> {
    let mut alone = Together::look(conn, app, actor, std::iter::once(new), now)?;
    let invite = alone.judge(app, actor, new)?;
    let over = alone.over(actor, &invite).cloned().collect();
    Ok((invite, over))
}
