//! What the invited person can do: accept or decline.

use serde_json::{Map, Value, json};

use super::asks;
use super::join::{Acceptance, joined};
use super::landing::{Kind, Landing, genuine, look};
use super::proof::Proof;
use crate::access::Actor;
use crate::app::App;
use crate::db::Tx;
use crate::error::{Code, Error, FieldError, Result};
use crate::events;
use crate::ids::{SessionId, UserId};
use crate::invites::actions::record;
use crate::invites::mail::WaitingMail;
use crate::invites::model::{Application, State};
use crate::invites::{store, suppression};
use crate::outbox;
use crate::schemas::model::Rules;
use crate::sign_in::actions as sign_in;
use crate::sign_in::actions::From;
use crate::sign_in::password;
use crate::sign_in::sessions::NewSecret;
use crate::users::logins;
use crate::users::model::{Address, User, read_name};
use crate::users::store as user_store;

/// What a new person enters.
#[derive(Clone, Debug, Default)]
pub struct Entered {
    /// Their name; the inviter's suggestion stands in the form.
    pub display_name: String,
    /// Their password.
    pub password: String,
    /// Whether they ticked the terms.
    pub terms_accepted: bool,
    /// The version that the form showed; a program tells none and agrees to those in force.
    pub terms_shown: Option<String>,
    /// What they said of themselves.
    pub traits: Map<String, Value>,
    /// The address that they name, on an open link.
    pub email: String,
    /// The same for a phone number.
    pub phone: String,
    /// The code that proves an address.
    pub code: String,
}

impl Entered {
    /// The address that the person names. A form has one field for both kinds.
    pub(super) fn address(&self) -> Result<Address, FieldError> {
        match self.phone.trim().is_empty() {
            true => Address::read("email", &self.email),
            false if self.email.trim().is_empty() => Address::read("phone", &self.phone),
            false => Err(FieldError::new("phone", "only_one_address")),
        }
    }
}

/// Somebody who has accepted.
pub struct Accepted {
    /// The account, new or not.
    pub user: User,
    /// The session that a new account starts with, or the new secret of one whose rights grew.
    pub session: Option<NewSecret>,
    /// Where to go on to.
    pub redirect_url: Option<String>,
}

/// What came of an answer to an invite.
pub enum Done {
    /// The person has joined.
    Accepted(Box<Accepted>),
    /// The person joins once an administrator approves.
    Waiting,
    /// A code is on its way to the address that the person proves.
    CodeSent(Address),
    /// The person does not want to.
    Declined,
    /// The maker of the invite was told that a new one is wanted.
    Requested,
    /// The maker of the invite was told that somebody else may have used it.
    Reported,
}

/// Checks what was entered for a landing that was looked up, pays for the try at the code, and hashes the password:
/// outside of the transaction, and only for a genuine link.
///
/// # Errors
/// `sign_in_required`, `invite_mismatch`, `code_required` where an address has to be proved, `code_invalid`,
/// `code_expired`, field errors.
pub async fn check(app: &App, landing: &Landing, entered: &Entered) -> Result<Acceptance> {
    let mut wrong = Vec::new();
    if landing.kind == Kind::SignInFirst {
        return Code::SignInRequired.refuse();
    }
    let has_code = !entered.code.trim().is_empty();
    if landing.kind == Kind::WrongUser && !has_code && !landing.invite.is_open() {
        return Code::InviteMismatch.refuse();
    }
    let to_prove = landing.to_prove(entered.address())?;
    if to_prove.is_some() && !has_code {
        return Code::CodeRequired.refuse();
    }
    let to_accept = landing.terms_to_accept();
    // Somebody may have put other terms into force since the form was shown.
    let shown = entered.terms_shown.as_deref().or(to_accept);
    let agreed = to_accept.filter(|_| entered.terms_accepted && shown == to_accept);
    let terms = (to_accept.is_some() && agreed.is_none())
        .then(|| FieldError::new("terms_accepted", "terms_required"));
    let agreed = agreed.map(str::to_owned);
    let prove = async || match &to_prove {
        Some(address) => Proof::pay(app, landing.invite.id, address, &entered.code)
            .await
            .map(Some),
        None => Ok(None),
    };
    if landing.kind != Kind::Register {
        wrong.extend(terms);
        return if wrong.is_empty() {
            Ok(Acceptance {
                display_name: String::new(),
                password_hash: None,
                terms: agreed,
                entered: Map::new(),
                proof: prove().await?,
            })
        } else {
            Err(Error::Invalid(wrong))
        };
    }
    let (typed, entered_traits) = landing.named(&entered.display_name, &entered.traits);
    let name = read_name("display_name", &typed).map_err(|why| wrong.push(why));
    let address = to_prove.as_ref().map(Address::as_str);
    let personal = [
        typed.as_str(),
        address.unwrap_or(&landing.invite.address),
        &landing.settings.site_name,
    ];
    if entered.password.is_empty() {
        if !landing.by_code(to_prove.as_ref()) {
            wrong.push(FieldError::new("password", "password_missing"));
        }
    } else if let Err(weakness) = crate::passwords::check_strength(&entered.password, &personal) {
        wrong.push(FieldError::new(
            "password",
            password::weakness_code(weakness),
        ));
    }
    let traits = landing.with_entered(&entered_traits).map(drop);
    let traits = traits.map_err(|mut faults| {
        Rules::name_faults(&entered.traits, &mut faults, name.is_err());
        wrong.extend(faults);
    });
    wrong.extend(terms);
    match (name, traits) {
        (Ok(display_name), Ok(())) if wrong.is_empty() => {
            // Before the password is hashed, which takes longer than a guess should.
            let proof = prove().await?;
            let hash = match entered.password.as_str() {
                "" => None,
                typed => Some(password::hash(app, "password", typed, &personal).await?),
            };
            Ok(Acceptance {
                display_name,
                password_hash: hash,
                terms: agreed,
                entered: entered_traits,
                proof,
            })
        }
        _ => Err(Error::Invalid(wrong)),
    }
}

/// Accepts an invite: of any number of acceptances at once, one succeeds. A new person gets an account
/// and a session; somebody who has one gains its role, if higher, and its groups. Where the template wants
/// approval, both happen when an administrator has approved.
///
/// # Errors
/// As [`look`], and `sign_in_required`, `invite_mismatch`.
pub fn accept(
    tx: &mut Tx<'_>,
    app: &App,
    from: &From,
    viewer: Option<(UserId, SessionId)>,
    flow: &str,
    token: &str,
    input: &Acceptance,
) -> Result<Done> {
    let now = tx.now;
    let (viewer, session) = viewer.unzip();
    if let Some(proof) = &input.proof {
        proof.take(tx, app)?;
        if let Some(viewer) = viewer {
            let by = sign_in::by(from, viewer);
            logins::add_proven(tx, &by, viewer, &proof.address)?;
        }
    }
    let landing = look(tx, flow, token, viewer, now)?;
    let invite = &landing.invite;
    // The invite first: whoever comes second learns that it was used, not that the address is taken.
    let to = if landing.policy.approval {
        let to = State::AwaitingApproval;
        store::turn(tx, invite.id, State::Pending, to, now, None)?.then_some(to)
    } else {
        store::take_place(tx, invite.id, State::Pending, now)?
    };
    let to = to.ok_or(Code::InviteUsed)?;
    let application = Application::of(&landing, input)?;
    if to != State::Pending {
        store::kill_links(tx, invite.id, now)?;
        outbox::actions::cancel_about(tx, invite.id.as_str())?;
    }
    let actor = application.user_id.map(|user| sign_in::by(from, user));
    let actor = actor.as_ref().unwrap_or(&from.actor);
    if to == State::AwaitingApproval {
        store::insert_application(tx, invite.id, &application, now)?;
        ask_for_approval(tx, app, &landing)?;
        let (before, after) = (json!({ "state": "pending" }), json!({ "state": to }));
        record(tx, actor, "invite.applied", invite, before, after)?;
        return Ok(Done::Waiting);
    }
    let proved = input.proof.as_ref().map(|proof| &proof.address);
    let user = application
        .admit(tx, actor, invite, proved)
        .map_err(|why| match why.code() {
            // Somebody made the account since the invite was looked at: its owner signs in first.
            Code::AddressTaken => Code::SignInRequired.into(),
            _ => why,
        })?;
    // Whoever was handed the link does not speak for the mailbox; who has proved that it is theirs does.
    let norm = Some(&*invite.address_norm);
    let has_it = (user.email_verified && user.email_norm.as_deref() == norm)
        || (user.phone_verified && user.phone.as_deref() == norm);
    if (has_it || proved.is_some()) && !invite.is_open() {
        suppression::take_off(tx, app, &invite.address_norm)?;
    }
    let by = sign_in::by(from, user.id);
    let session = match &landing.account {
        None => Some(sign_in::open_session(tx, from, user.id, "invite")?),
        // More rights, so that a copy of the old cookie is worth nothing.
        Some(account) if user.role > account.role => session
            .map(|session| sign_in::renew(tx, &by, session))
            .transpose()?,
        Some(_) => None,
    };
    joined(tx, &by, invite, (State::Pending, to), user.id)?;
    Ok(Done::Accepted(Box::new(Accepted {
        user,
        session,
        redirect_url: invite.redirect_url.clone(),
    })))
}

/// Tells the maker of an invite that an acceptance waits, when they are known and have an address.
fn ask_for_approval(tx: &mut Tx<'_>, app: &App, landing: &Landing) -> Result<()> {
    let invite = &landing.invite;
    let Some(maker) = invite
        .created_by
        .map(|id| user_store::find(tx, id))
        .transpose()?
    else {
        return Ok(());
    };
    let Some(email) = &maker.email else {
        return Ok(());
    };
    let mail = WaitingMail {
        address: invite.address.clone(),
        link: app.link(&format!("/admin/invites/{}", invite.id)),
    };
    let frame = outbox::Frame::of(app, &landing.settings.site_name);
    // About the maker: the end of the invite does not take it back.
    let letter = frame.letter(&mail, email, &maker.display_name, Some(maker.id.as_str()))?;
    outbox::actions::enqueue(tx, app, &letter)?;
    Ok(())
}

/// Declines an invite. With `suppress` no more are sent to its address: so says whoever declines, or who has declined
/// before.
///
/// # Errors
/// As [`look`] and [`asks::suppress`].
pub fn decline(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    flow: &str,
    token: &str,
    suppress: bool,
) -> Result<Done> {
    let now = tx.now;
    if suppress && genuine(tx, flow, token)?.0.state == State::Declined {
        asks::suppress(tx, app, actor, flow, token)?;
        return Ok(Done::Declined);
    }
    // Whoever holds the link may decline, whoever is signed in. An open link is nobody's to decline.
    let invite = look(tx, flow, token, None, now)?.invite;
    if invite.is_open() {
        return Err(FieldError::new("action", "not_a_choice").into());
    }
    if !store::turn(
        tx,
        invite.id,
        State::Pending,
        State::Declined,
        now,
        actor.user,
    )? {
        return Code::InviteUsed.refuse();
    }
    store::kill_links(tx, invite.id, now)?;
    outbox::actions::cancel_about(tx, invite.id.as_str())?;
    record(
        tx,
        actor,
        "invite.declined",
        &invite,
        json!({ "state": "pending" }),
        json!({ "state": "declined" }),
    )?;
    events::emit(
        tx,
        actor,
        "invite.declined",
        json!({ "invite_id": invite.id, "label": invite.label }),
    )?;
    if suppress {
        asks::suppress(tx, app, actor, flow, token)?;
    }
    Ok(Done::Declined)
}
