//! Changing a pending invite.

use super::grant::{require_can_grant, require_fits, template};
use super::ground::cannot_add;
use super::send::send;
use super::{exists, facts, record, require_free, take_over, visible};
use crate::access::{Actor, Role};
use crate::app::App;
use crate::db::{Json, Tx};
use crate::error::{Code, FieldError, Result};
use crate::ids::{GroupId, InviteId};
use crate::input;
use crate::invites::model::{Delivery, End, Invite, State};
use crate::invites::{flood, store, suppression};
use crate::outbox;
use crate::schemas;
use crate::users::model::{Address, normal};

/// What is to be changed about a pending invite; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// A new address kills every live link.
    pub recipient: Option<Address>,
    /// See [`Invite::role`].
    pub role: Option<Role>,
    /// The groups it joins.
    pub groups: Option<Vec<GroupId>>,
    /// See [`Invite::traits`].
    pub traits: Option<Json>,
    /// See [`Invite::metadata_public`].
    pub metadata_public: Option<Json>,
    /// See [`Invite::metadata_admin`].
    pub metadata_admin: Option<Json>,
    /// When it ends.
    pub end: Option<End>,
    /// See [`Invite::label`].
    pub label: Option<String>,
    /// See [`Invite::message`].
    pub message: Option<String>,
    /// The [`etag`] of what the person had before them; without one the change is made whatever is kept.
    pub seen: Option<String>,
}

/// Says whether what somebody edits is still what is kept.
pub fn etag(invite: &Invite, groups: &[GroupId]) -> String {
    input::etag(&(facts(invite, groups), &invite.message))
}

/// Changes a pending invite, and sends it on to a new address.
///
/// # Errors
/// `invite_not_pending`, `edit_conflict` when somebody was faster, `invite_exists`, what the rights say, field errors;
/// `never_mail` or `too_many_invites` for the new address.
pub fn edit(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    id: InviteId,
    edit: &Edit,
) -> Result<Invite> {
    let before = visible(tx, actor, id)?.address_norm;
    let invite = change(tx, actor, id, edit)?;
    if invite.address_norm == before || invite.delivery == Delivery::Link {
        return Ok(invite);
    }
    suppression::require_off(tx, app, &invite)?;
    let now = tx.now;
    flood::require_room(tx, &invite, now)?;
    let delivery = invite.delivery;
    Ok(send(tx, app, invite, delivery)?.invite)
}

fn change(tx: &mut Tx<'_>, actor: &Actor, id: InviteId, edit: &Edit) -> Result<Invite> {
    let mut invite = visible(tx, actor, id)?;
    let now = tx.now;
    if invite.state_at(now) != State::Pending {
        return Code::InviteNotPending.refuse();
    }
    let old_groups = store::groups(tx, id)?;
    let seen = edit.seen.as_ref();
    if seen.is_some_and(|seen| *seen != etag(&invite, &old_groups)) {
        return Code::EditConflict.refuse();
    }
    let groups = edit.groups.clone().unwrap_or_else(|| old_groups.clone());
    let before = facts(&invite, &old_groups);
    invite.role = edit.role.unwrap_or(invite.role);
    let policy = template(tx, &invite)?.policy()?;
    require_can_grant(tx, actor, &policy, invite.role, &groups)?;
    let other = |recipient: &&Address| recipient.norm() != invite.address_norm;
    if let Some(recipient) = edit.recipient.as_ref().filter(other) {
        if invite.is_open() {
            return Err(FieldError::new("email", "not_for_open_links").into());
        }
        require_free(tx, actor, &recipient.norm(), Some(id))?;
        invite.address = recipient.as_str().to_owned();
        invite.address_norm = recipient.norm();
        if invite.delivery != Delivery::Link {
            invite.delivery = invite.usual_delivery();
        }
        // No mail has gone to this address yet.
        invite.mail_id = None;
        store::kill_links(tx, id, now)?;
        outbox::actions::cancel_about(tx, id.as_str())?;
    }
    if let Some(end) = edit.end {
        let (expires_at, life) = end.from(now)?;
        invite.expires_at = expires_at;
        invite.lifetime_seconds = life.seconds_up();
        invite.reminded = 0;
    }
    if actor.role < Role::Admin && edit.metadata_admin.is_some() {
        return Err(FieldError::new("metadata_admin", "admins_only").into());
    }
    let documents = [
        (&edit.traits, &mut invite.traits),
        (&edit.metadata_public, &mut invite.metadata_public),
        (&edit.metadata_admin, &mut invite.metadata_admin),
    ];
    for (new, part) in documents {
        if let Some(new) = new {
            part.clone_from(new);
        }
    }
    for (new, part) in [
        (&edit.label, &mut invite.label),
        (&edit.message, &mut invite.message),
    ] {
        if let Some(new) = new {
            part.clone_from(new);
        }
    }
    if edit.traits.is_some() {
        let rules = schemas::actions::rules(tx, &invite.schema_id)?;
        rules.check_so_far(&invite.traits, cannot_add(&policy, &rules))?;
    }
    require_fits(&policy, &invite)?;
    invite.name_norm = normal(invite.name());
    store::set_groups(tx, id, &groups)?;
    take_over(tx, actor, &mut invite)?;
    tx.attempt(|conn| store::update(conn, &invite))
        .map_err(exists)?;
    record(
        tx,
        actor,
        "invite.updated",
        &invite,
        before,
        facts(&invite, &groups),
    )?;
    Ok(invite)
}
