//! What somebody can say whom their link does not let in: ask for a new one, report that it was not they who used
//! it, and never want to be sent invites again. The maker of the invite is told; it changes nothing about the invite.

use serde_json::json;

use super::landing::{Kind, genuine, look};
use crate::access::{Actor, Role};
use crate::app::App;
use crate::clock::hours;
use crate::db::{Conn, Tx};
use crate::error::{FieldError, Result};
use crate::ids::UserId;
use crate::invites::actions::record;
use crate::invites::mail::{Asked, AskedMail};
use crate::invites::model::{Invite, State};
use crate::invites::suppression;
use crate::limits::Limit;
use crate::outbox;
use crate::site;
use crate::users::logins;
use crate::users::model::{Status, User};
use crate::users::store as users;

/// What the holders of one invite's links may ask for. More are answered the same and pass unheard.
const ASKS: Limit = Limit {
    name: "invite asks",
    most: 3,
    within: hours(24),
};
/// Owners who are told when the maker of an invite cannot be.
const MOST_OWNERS: i64 = 5;

/// Whether the maker of an invite is told once more.
pub fn are_heard(app: &App, flow: &str) -> bool {
    app.limits.take(&ASKS, flow, app.clock.now()).is_ok()
}

/// Asks for a new link to an invite whose time is over, or, of somebody who is signed in to another account, for an
/// invite to an address of theirs.
///
/// # Errors
/// `invite_unknown`; `not_a_choice` for the field `action` when the link lets the person in, or ended otherwise.
pub fn request_new(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    (flow, token): (&str, &str),
    heard: bool,
) -> Result<()> {
    let now = tx.now;
    let (invite, _) = genuine(tx, flow, token)?;
    let expired = invite.state_at(now) == State::Expired && invite.erased_at.is_none();
    let asked = match actor.user {
        _ if expired => Asked::Again,
        Some(user) if look(tx, flow, token, Some(user), now)?.kind == Kind::WrongUser => {
            Asked::Other(own_address(tx, user)?)
        }
        _ => return Err(FieldError::new("action", "not_a_choice").into()),
    };
    let facts = match &asked {
        Asked::Other(address) => json!({ "address": address }),
        Asked::Again | Asked::Report => json!({}),
    };
    if heard {
        record(tx, actor, "invite.requested", &invite, json!({}), facts)?;
        tell(tx, app, &invite, asked)?;
    }
    Ok(())
}

/// Reports that an invite was used by somebody else.
///
/// # Errors
/// `invite_unknown`; `not_a_choice` for the field `action` when it was not used.
pub fn report(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    (flow, token): (&str, &str),
    heard: bool,
) -> Result<()> {
    let (invite, _) = genuine(tx, flow, token)?;
    if invite.state != State::Accepted || invite.is_open() {
        return Err(FieldError::new("action", "not_a_choice").into());
    }
    if heard {
        record(tx, actor, "invite.reported", &invite, json!({}), json!({}))?;
        tell(tx, app, &invite, Asked::Report)?;
    }
    Ok(())
}

/// Sends no more invites to the address of an invite that was declined. Only who got its link by mail or text
/// message can say so: a link that was handed over proves nothing about the mailbox.
///
/// # Errors
/// `invite_unknown`; `not_a_choice` for the field `suppress`.
pub fn suppress(tx: &mut Tx<'_>, app: &App, actor: &Actor, flow: &str, token: &str) -> Result<()> {
    let (invite, link) = genuine(tx, flow, token)?;
    if invite.state != State::Declined || link.shown || invite.erased_at.is_some() {
        return Err(FieldError::new("suppress", "not_a_choice").into());
    }
    if suppression::put_on(tx, app, &invite.address_norm)? {
        record(
            tx,
            actor,
            "invite.suppressed",
            &invite,
            json!({}),
            json!({}),
        )?;
    }
    Ok(())
}

/// Tells the maker of an invite, or the owners when there is no maker who could be told.
fn tell(tx: &mut Tx<'_>, app: &App, invite: &Invite, asked: Asked) -> Result<()> {
    let site_name = site::actions::current(tx)?.site_name;
    let frame = outbox::Frame::of(app, &site_name);
    let mail = AskedMail {
        asked,
        address: invite.whom(app.text),
        link: app.link(&format!("/admin/invites/{}", invite.id)),
    };
    for user in to_tell(tx, invite)? {
        let Some(email) = &user.email else { continue };
        let about = Some(user.id.as_str());
        let letter = frame.letter(&mail, email, &user.display_name, about)?;
        outbox::actions::enqueue(tx, app, &letter)?;
    }
    Ok(())
}

fn to_tell(conn: &mut Conn, invite: &Invite) -> Result<Vec<User>> {
    let maker = invite
        .created_by
        .map(|id| users::find(conn, id))
        .transpose()?;
    let can_be_told = |user: &User| user.status == Status::Active && user.email.is_some();
    Ok(match maker.filter(can_be_told) {
        Some(maker) => vec![maker],
        None => users::active_of(conn, Role::Owner, MOST_OWNERS)?,
    })
}

/// The first address that somebody has proved; what they are called when there is none.
fn own_address(conn: &mut Conn, user: UserId) -> Result<String> {
    let user = users::find(conn, user)?;
    let proved = logins::proved(conn, &user)?;
    Ok(proved
        .into_iter()
        .next()
        .unwrap_or_else(|| user.label().to_owned()))
}
