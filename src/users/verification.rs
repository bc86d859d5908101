//! Proving that what is sent to an address or a number reaches its user: a link is sent there, and opened.

use serde_json::json;

use super::actions::{target, visible};
use super::mail::VerificationMail;
use super::model::{Address, Phone, Status, User};
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

/// Links that prove an address or a number of one user.
const MAILS: Limit = Limit {
    name: "verification mails",
    most: 3,
    within: minutes(15),
};

/// What is to be proved of a user.
#[derive(Clone, Debug)]
pub enum Which {
    /// The address, or the number of who has none.
    Any,
    /// The address, which has to be still this one.
    Email(String),
    /// The number, which has to be still this one.
    Phone(Phone),
}

impl Which {
    /// Where the link goes.
    fn of(&self, user: &User) -> Result<Address> {
        let email = || user.email.as_deref()?.parse().ok().map(Address::Email);
        let phone = || user.phone.as_deref()?.parse().ok().map(Address::Phone);
        let (found, field) = match self {
            Self::Any => (email().or_else(phone), "email"),
            Self::Email(given) => {
                let norm = given.trim().to_ascii_lowercase();
                (email().filter(|own: &Address| own.norm() == norm), "email")
            }
            Self::Phone(given) => {
                let is_it = |own: &Address| own.as_str() == given.as_str();
                (phone().filter(is_it), "phone")
            }
        };
        found.ok_or_else(|| FieldError::new(field, "not_theirs").into())
    }
}

/// The kind of the message that brings a link by SMS.
const KIND: &str = "verification";

/// Sends a user a link that proves their address or number, and says how long it works. Earlier links stop working.
/// The message counts, so that nobody's mailbox is filled, behind all that may refuse it: who may not send it uses up
/// nothing. `counted` is kept over the runs of one action, so that it counts once.
///
/// # Errors
/// `not_found`, `forbidden`, `above_you`, `wrong_state`; `not_theirs` for the field `email` or `phone`; too many.
pub fn send(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    id: UserId,
    which: &Which,
    counted: &mut bool,
) -> Result<(Address, Time)> {
    let user = visible(tx, actor, id)?;
    if !actor.is(id) {
        actor.require_over(user.role)?;
    }
    if user.status != Status::Active {
        return Code::WrongState.refuse();
    }
    let address = which.of(&user)?;
    if !*counted {
        app.limits.take(&MAILS, id.as_str(), tx.now)?;
        *counted = true;
    }
    let lifetime = LinkKind::Verification.lifetime();
    let secret = one_time_links::make(
        tx,
        LinkKind::Verification,
        Some(id),
        Some(address.as_str()),
        lifetime,
    )?;
    let expires_at = tx.now.plus(lifetime).whole_seconds();
    let link = VERIFICATION.link(app, secret.reveal());
    let frame = outbox::Frame::of(app, &site::actions::current(tx)?.site_name);
    let about = Some(id.as_str());
    let letter = match &address {
        Address::Email(email) => {
            let mail = VerificationMail {
                link,
                email: email.to_string(),
                expires_at,
            };
            frame.letter(&mail, email.as_str(), &user.display_name, about)?
        }
        Address::Phone(phone) => {
            let words = frame.t("sms-verification").arg("link", link);
            let words = words.arg("site", &frame.site_name);
            frame.sms(KIND, &words, phone.as_str(), about)
        }
    };
    outbox::actions::enqueue(tx, app, &letter)?;
    let entry = audit::Entry::new("user.verification_sent", target(id));
    audit::record(tx, actor, entry.after(told(&address)))?;
    Ok((address, expires_at))
}

/// An address as the audit log tells it.
fn told(address: &Address) -> serde_json::Value {
    match address {
        Address::Email(email) => json!({ "email": email.as_str() }),
        Address::Phone(phone) => json!({ "phone": phone.as_str() }),
    }
}

/// Takes a link as proof of the address or number that it was sent to, and answers which. Whoever opens it need not be
/// signed in: the mailbox or the phone is what is proved.
///
/// # Errors
/// `link_gone`, also when the user has another address by now or is not let in.
pub fn prove(tx: &mut Tx<'_>, from: &Actor, token: &str) -> Result<Address> {
    let link = one_time_links::take(tx, LinkKind::Verification, token)?;
    let id = link.user_id.ok_or(Code::LinkGone)?;
    let mut user = store::find(tx, id)?;
    let sent_to = link.mailed_to.ok_or(Code::LinkGone)?;
    if user.status != Status::Active {
        return Code::LinkGone.refuse();
    }
    let address = match Address::read("email", &sent_to)? {
        Address::Email(email) if user.email.as_deref() == Some(email.as_str()) => {
            user.email_verified = true;
            Address::Email(email)
        }
        Address::Phone(phone) if user.phone.as_deref() == Some(phone.as_str()) => {
            user.phone_verified = true;
            Address::Phone(phone)
        }
        _ => return Code::LinkGone.refuse(),
    };
    let now = tx.now;
    store::update(tx, &user, now)?;
    tx.retell_users();
    let actor = Actor {
        kind: ActorKind::User,
        user: Some(id),
        ..from.clone()
    };
    let entry = audit::Entry::new("user.verified", target(id));
    audit::record(tx, &actor, entry.after(told(&address)))?;
    events::emit(tx, &actor, "user.updated", json!({ "user_id": id }))?;
    Ok(address)
}
