//! Proving that mail to an address reaches its user: a link is sent there, and opened.

use serde_json::json;

use super::actions::{target, visible};
use super::mail::VerificationMail;
use super::model::{Status, User};
use super::store;
use crate::access::{Actor, ActorKind};
use crate::app::App;
use crate::audit;
use crate::clock::{Time, minutes};
use crate::db::Tx;
use crate::error::{Code, FieldError, Result};
use crate::events;
use crate::ids::UserId;
use crate::limits::Limit;
use crate::one_time_links::{self, LinkKind, VERIFICATION};
use crate::outbox;
use crate::site;

/// Verification mails for one user.
const MAILS: Limit = Limit {
    name: "verification mails",
    most: 3,
    within: minutes(15),
};

/// Mails a user a link that proves their address, and says how long it works. Earlier links stop working.
/// `email` has to be the user's own address when it is given. The mail counts, so that nobody's mailbox is filled,
/// behind all that may refuse it: who may not send it uses up nothing. `counted` is kept over the runs of one
/// action, so that it counts once.
///
/// # Errors
/// `not_found`, `forbidden`, `above_you`, `wrong_state`; `not_theirs` for the field `email`; too many.
pub fn send(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    id: UserId,
    email: Option<&str>,
    counted: &mut bool,
) -> Result<(String, Time)> {
    let user = visible(tx, actor, id)?;
    if !actor.is(id) {
        actor.require_over(user.role)?;
    }
    if user.status != Status::Active {
        return Code::WrongState.refuse();
    }
    let norm = email.map(|email| email.trim().to_ascii_lowercase());
    let address = user
        .email
        .as_deref()
        .filter(|_| norm.is_none() || norm == user.email_norm);
    let address = address.ok_or_else(|| FieldError::new("email", "not_theirs"))?;
    if !*counted {
        app.limits.take(&MAILS, id.as_str(), tx.now)?;
        *counted = true;
    }
    let lifetime = LinkKind::Verification.lifetime();
    let secret = one_time_links::make(
        tx,
        LinkKind::Verification,
        Some(id),
        Some(address),
        lifetime,
    )?;
    let expires_at = tx.now.plus(lifetime).whole_seconds();
    let mail = VerificationMail {
        link: VERIFICATION.link(app, secret.reveal()),
        email: address.to_owned(),
        expires_at,
    };
    let frame = outbox::Frame::of(app, &site::actions::current(tx)?.site_name);
    let letter = frame.letter(&mail, address, &user.display_name, Some(id.as_str()))?;
    outbox::actions::enqueue(tx, app, &letter)?;
    let entry = audit::Entry::new("user.verification_sent", target(id));
    audit::record(tx, actor, entry.after(json!({ "email": address })))?;
    Ok((address.to_owned(), expires_at))
}

/// Takes a link as proof of the address that it was sent to. Whoever opens it need not be signed in: the
/// mailbox is what is proved.
///
/// # Errors
/// `link_gone`, also when the user has another address by now or is not let in.
pub fn prove(tx: &mut Tx<'_>, from: &Actor, token: &str) -> Result<User> {
    let link = one_time_links::take(tx, LinkKind::Verification, token)?;
    let id = link.user_id.ok_or(Code::LinkGone)?;
    let mut user = store::find(tx, id)?;
    if user.status != Status::Active || user.email.is_none() || user.email != link.mailed_to {
        return Code::LinkGone.refuse();
    }
    user.email_verified = true;
    let now = tx.now;
    store::update(tx, &user, now)?;
    tx.retell_users();
    let actor = Actor {
        kind: ActorKind::User,
        user: Some(id),
        ..from.clone()
    };
    let entry = audit::Entry::new("user.verified", target(id));
    audit::record(tx, &actor, entry.after(json!({ "email": user.email })))?;
    events::emit(tx, &actor, "user.updated", json!({ "user_id": id }))?;
    Ok(user)
}
