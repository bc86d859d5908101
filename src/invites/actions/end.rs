//! The ends of an invite that the person did not choose: its time is over, it is withdrawn, its maker lost
//! the right to it.

use serde_json::json;

use super::{record, visible};
use crate::access::Actor;
use crate::audit;
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::events;
use crate::ids::{InviteId, UserId};
use crate::invites::model::{Invite, State};
use crate::invites::store;
use crate::outbox;

/// Makes it visible that the time of an invite is over.
///
/// # Errors
/// When the database refuses.
pub fn expire(tx: &mut Tx<'_>, actor: &Actor, invite: &Invite) -> Result<()> {
    let now = tx.now;
    if store::turn(tx, invite.id, State::Pending, State::Expired, now, None)? {
        record(
            tx,
            actor,
            "invite.expired",
            invite,
            json!({ "state": "pending" }),
            json!({ "state": "expired" }),
        )?;
        events::emit(
            tx,
            actor,
            "invite.expired",
            json!({ "invite_id": invite.id, "label": invite.label }),
        )?;
    }
    Ok(())
}

/// Erases what an invite knows of a person who never accepted. The audit log keeps what it has for its own time.
///
/// # Errors
/// When the database refuses.
pub fn erase(tx: &mut Tx<'_>, actor: &Actor, invite: &Invite) -> Result<()> {
    let now = tx.now;
    // What waits for somebody's decision waits no longer: there is nobody left whom it is about.
    if matches!(invite.state, State::Suspended | State::AwaitingApproval) {
        store::forget_application(tx, invite.id)?;
        store::turn(tx, invite.id, invite.state, State::Revoked, now, actor.user)?;
    }
    store::erase(tx, invite.id, now)?;
    record(tx, actor, "invite.erased", invite, json!({}), json!({}))
}

/// Withdraws an invite: its links stop working at once, and its mail is not sent if it still waits.
///
/// # Errors
/// `invite_not_pending`, `not_found`.
pub fn revoke(tx: &mut Tx<'_>, actor: &Actor, id: InviteId) -> Result<Invite> {
    let invite = visible(tx, actor, id)?;
    withdraw(tx, actor, &invite, "invite.revoked")
}

/// Withdraws an invite; the audit log calls it `deed`.
pub(super) fn withdraw(
    tx: &mut Tx<'_>,
    actor: &Actor,
    invite: &Invite,
    deed: &'static str,
) -> Result<Invite> {
    let id = invite.id;
    let now = tx.now;
    if !matches!(invite.state_at(now), State::Pending | State::Suspended)
        || !store::turn(tx, id, invite.state, State::Revoked, now, actor.user)?
    {
        return Code::InviteNotPending.refuse();
    }
    store::kill_links(tx, id, now)?;
    outbox::actions::cancel_about(tx, id.as_str())?;
    record(
        tx,
        actor,
        deed,
        invite,
        json!({ "state": invite.state }),
        json!({ "state": "revoked" }),
    )?;
    events::emit(
        tx,
        actor,
        "invite.revoked",
        json!({ "invite_id": id, "label": invite.label }),
    )?;
    Ok(store::find(tx, id)?)
}

/// Puts the pending invites of a user on hold, when the user is suspended: however many they are, with few statements.
///
/// # Errors
/// When the database refuses.
pub fn suspend_all_of(tx: &mut Tx<'_>, actor: &Actor, user: UserId) -> Result<()> {
    let now = tx.now;
    let pending = store::pending_of(tx, user)?;
    store::suspend_all_of(tx, user, now, actor.user)?;
    let about: Vec<&str> = pending.iter().map(InviteId::as_str).collect();
    outbox::actions::cancel_about_all(tx, &about)?;
    let entries = pending.iter().map(|id| audit::Entry {
        action: "invite.suspended",
        target: audit::Target::new("invite", id),
        before: json!({ "state": "pending" }),
        after: json!({ "state": "suspended" }),
    });
    audit::record_all(tx, actor, entries.collect())
}

/// Puts an invite on hold: its maker lost the right to it.
///
/// # Errors
/// When the database refuses.
pub fn suspend(tx: &mut Tx<'_>, actor: &Actor, invite: &Invite) -> Result<()> {
    let now = tx.now;
    if store::turn(
        tx,
        invite.id,
        State::Pending,
        State::Suspended,
        now,
        actor.user,
    )? {
        outbox::actions::cancel_about(tx, invite.id.as_str())?;
        record(
            tx,
            actor,
            "invite.suspended",
            invite,
            json!({ "state": "pending" }),
            json!({ "state": "suspended" }),
        )?;
    }
    Ok(())
}
