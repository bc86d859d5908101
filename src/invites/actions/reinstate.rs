//! An administrator takes an invite off hold.

use serde_json::json;

use super::grant::{inviter_may, require_can_grant, require_fits_open, template};
use super::{record, require_free, take_over, visible};
use crate::access::{Actor, Role};
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::ids::InviteId;
use crate::invites::model::{Invite, State};
use crate::invites::store;

/// Takes an invite off hold. Whoever does it answers for it from then on, when its maker may not. Its links work
/// again; one whose time is over can be sent again.
///
/// # Errors
/// `forbidden`, `not_found`, `invite_not_pending` when it is not on hold, `invite_exists`, what the rights of the
/// actor say.
pub fn reinstate(tx: &mut Tx<'_>, actor: &Actor, id: InviteId) -> Result<Invite> {
    let mut invite = decided(tx, actor, id, State::Suspended)?;
    let before = json!({ "state": invite.state });
    require_free(tx, actor, &invite.address_norm, Some(id))?;
    take_over(tx, actor, &mut invite)?;
    invite.state = State::Pending;
    invite.ended_at = None;
    invite.ended_by = None;
    tx.attempt(|conn| store::update(conn, &invite))
        .map_err(super::exists)?;
    let after = json!({ "state": "pending" });
    record(tx, actor, "invite.reinstated", &invite, before, after)?;
    Ok(invite)
}

/// The invite that waits for a decision, when the actor may grant what it grants.
pub(in crate::invites) fn decided(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: InviteId,
    state: State,
) -> Result<Invite> {
    let invite = visible(tx, actor, id)?;
    actor.require(Role::Admin)?;
    let maker_may = inviter_may(tx, &invite)?;
    // The sweep may not have come by yet.
    let is_held = state == State::Suspended && invite.state_at(tx.now) == State::Pending;
    let stands_so = invite.state == state || (is_held && !maker_may);
    if !stands_so || invite.erased_at.is_some() {
        return Code::InviteNotPending.refuse();
    }
    let groups = store::groups(tx, id)?;
    let policy = template(tx, &invite)?.policy()?;
    // The maker's right is enough, as at every acceptance; without it, the decider's has to do.
    if !maker_may || state == State::Suspended {
        require_can_grant(tx, actor, &policy, invite.role, &groups)?;
        require_fits_open(&policy, &invite)?;
    }
    Ok(invite)
}
