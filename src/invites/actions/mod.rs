//! What the inviting side can do.

mod create;
mod edit;
mod end;
mod extend;
mod grant;
mod ground;
mod many;
mod reinstate;
mod send;
mod undo;

pub use create::{create, plan};
pub use edit::{Edit, edit, etag};
pub use end::{erase, expire, revoke, suspend, suspend_all_of};
pub use extend::extend;
pub use grant::{inviter_may, maker_may, require_can_grant, require_can_use, template};
pub use ground::delivery;
pub use many::{Ready, Together, again};
pub(super) use reinstate::decided;
pub use reinstate::reinstate;
pub(super) use send::{Gist, names_of};
pub use send::{
    Made, PlainLink, group_names, inviter_name, may_hand_over, remind, replace_link, resend,
};
pub use undo::{Undone, undo};

use serde_json::json;

use super::model::Invite;
use super::store;
use crate::access::{Actor, Role};
use crate::audit;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, Result};
use crate::ids::{GroupId, InviteId};

/// The invite, when the actor may see it: administrators see all, everybody else their own.
///
/// # Errors
/// `not_found`.
pub fn visible(conn: &mut Conn, actor: &Actor, id: InviteId) -> Result<Invite> {
    let invite = store::find(conn, id)?;
    if !sees(actor, &invite) {
        return Code::NotFound.refuse();
    }
    Ok(invite)
}

/// Whether the actor may know of an invite: nobody learns from a refusal whom others have invited.
pub fn sees(actor: &Actor, invite: &Invite) -> bool {
    actor.role >= Role::Admin || (actor.user.is_some() && invite.created_by == actor.user)
}

/// Makes sure that an address can be invited: one that has only invites whose time is over is free again.
fn require_free(
    tx: &mut Tx<'_>,
    actor: &Actor,
    email_norm: &str,
    but: Option<InviteId>,
) -> Result<()> {
    // Any number of open links may be pending.
    if email_norm.is_empty() {
        return Ok(());
    }
    let now = tx.now;
    for old in store::pending_for(tx, email_norm)? {
        if Some(old.id) == but {
            continue;
        }
        if !sees(actor, &old) {
            continue;
        }
        if old.expires_at > now {
            return Code::InviteExists.refuse();
        }
        expire(tx, actor, &old)?;
    }
    Ok(())
}

fn exists(why: diesel::result::Error) -> Error {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    match why {
        Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Code::InviteExists.into(),
        why => why.into(),
    }
}

/// Whoever sends on or changes an invite that its maker could not make any more answers for it from then on:
/// else it would be put on hold as soon as somebody looks.
fn take_over(conn: &mut Conn, actor: &Actor, invite: &mut Invite) -> Result<()> {
    if !inviter_may(conn, invite)? {
        invite.created_by = actor.user;
    }
    Ok(())
}

pub(in crate::invites) fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    invite: &Invite,
    before: serde_json::Value,
    after: serde_json::Value,
) -> Result<()> {
    audit::record(tx, actor, entry(action, invite, before, after)).map(drop)
}

fn entry(
    action: &'static str,
    invite: &Invite,
    before: serde_json::Value,
    after: serde_json::Value,
) -> audit::Entry {
    audit::Entry {
        action,
        target: audit::Target::new("invite", invite.id),
        before,
        after,
    }
}

fn facts(invite: &Invite, groups: &[GroupId]) -> serde_json::Value {
    json!({
        "address": invite.address,
        "template_id": invite.template_id,
        "role": invite.role,
        "groups": groups,
        "delivery": invite.delivery,
        "expires_at": invite.expires_at,
        "max_uses": invite.max_uses,
        "label": invite.label,
        "traits": invite.traits,
        "metadata_public": invite.metadata_public,
        "metadata_admin": invite.metadata_admin,
    })
}
