//! What an administrator decides about an acceptance that waits for approval.

use serde_json::json;

use super::join::joined;
use crate::access::{Actor, Role};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::events;
use crate::ids::InviteId;
use crate::invites::actions::{decided, record, visible};
use crate::invites::mail::ApprovedMail;
use crate::invites::model::{Application, Invite, State};
use crate::invites::store;
use crate::outbox;
use crate::site;

/// Lets somebody in whose acceptance waited: now they get the account, or what the invite adds to theirs, and
/// are told.
///
/// # Errors
/// `forbidden`, `not_found`, `invite_not_pending` when nothing waits, what the rights of the actor say,
/// `address_taken` when somebody has got an account of that address since.
pub fn approve(tx: &mut Tx<'_>, app: &App, actor: &Actor, id: InviteId) -> Result<Invite> {
    let invite = decided(tx, actor, id, State::AwaitingApproval)?;
    let now = tx.now;
    if store::take_place(tx, id, State::AwaitingApproval, now)?.is_none() {
        return Code::InviteNotPending.refuse();
    }
    let application: Application = store::application(tx, id)?;
    store::forget_application(tx, id)?;
    let user = application.admit(tx, actor, &invite, None)?;
    let moved = (State::AwaitingApproval, State::Accepted);
    joined(tx, actor, &invite, moved, user.id)?;
    let site_name = site::actions::current(tx)?.site_name;
    let frame = outbox::Frame::of(app, &site_name).in_language(invite.text());
    let link = invite.redirect_url.clone();
    let link = link.unwrap_or_else(|| app.link("/sign-in"));
    let about = Some(id.as_str());
    let letter = match (&user.email, &user.phone) {
        (Some(email), _) => {
            Some(frame.letter(&ApprovedMail { link }, email, &user.display_name, about)?)
        }
        (None, Some(phone)) => {
            let words = frame.t("sms-approved").arg("site", &site_name);
            Some(frame.sms("invite_approved", &words.arg("link", link), phone, about))
        }
        (None, None) => None,
    };
    if let Some(letter) = letter {
        outbox::actions::enqueue(tx, app, &letter)?;
    }
    Ok(store::find(tx, id)?)
}

/// Turns down an acceptance that waited. What the person entered is erased; they are not told.
///
/// # Errors
/// `forbidden`, `not_found`, `invite_not_pending` when nothing waits.
pub fn reject(tx: &mut Tx<'_>, actor: &Actor, id: InviteId) -> Result<Invite> {
    let invite = visible(tx, actor, id)?;
    actor.require(Role::Admin)?;
    let now = tx.now;
    if invite.state != State::AwaitingApproval
        || !store::turn(tx, id, invite.state, State::Revoked, now, actor.user)?
    {
        return Code::InviteNotPending.refuse();
    }
    store::forget_application(tx, id)?;
    let (before, after) = (
        json!({ "state": invite.state }),
        json!({ "state": "revoked" }),
    );
    record(tx, actor, "invite.rejected", &invite, before, after)?;
    let data = json!({ "invite_id": id, "label": invite.label });
    events::emit(tx, actor, "invite.revoked", data)?;
    Ok(store::find(tx, id)?)
}
