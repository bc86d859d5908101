//! Taking back what was sent just now.

use super::end::withdraw;
use super::visible;
use crate::access::Actor;
use crate::clock::{Span, minutes};
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::ids::InviteId;
use crate::invites::model::{Invite, State};
use crate::outbox::actions::{Left, has_left};

/// How long after it was made an invite can be taken back so.
const UNDO_FOR: Span = minutes(5);

/// An invite that was taken back, and whether its message had left.
pub struct Undone {
    /// The invite; it is revoked.
    pub invite: Invite,
    /// Its link works no longer in any case.
    pub left: Left,
}

/// Takes back invites that were made just now: a message that waits is not sent, and no link works. Those that
/// are no longer pending are passed over.
///
/// # Errors
/// `not_found`, `too_late_to_undo`, `invite_not_pending` when none is.
pub fn undo(tx: &mut Tx<'_>, actor: &Actor, ids: &[InviteId]) -> Result<Vec<Undone>> {
    let mut all = Vec::new();
    for id in ids {
        let invite = visible(tx, actor, *id)?;
        let now = tx.now;
        if now - invite.created_at > UNDO_FOR {
            return Code::TooLateToUndo.refuse();
        }
        if invite.state_at(now) != State::Pending {
            continue;
        }
        let left = has_left(tx, id.as_str())?;
        let invite = withdraw(tx, actor, &invite, "invite.undone")?;
        all.push(Undone { invite, left });
    }
    if all.is_empty() {
        return Code::InviteNotPending.refuse();
    }
    Ok(all)
}
