//! What the invited person can do: accept or decline.

use serde_json::{Map, Value, json};

use super::actions::record;
use super::landing::{Kind, Landing, look};
use super::model::{Invite, State};
use super::store;
use crate::access::Actor;
use crate::app::App;
use crate::db::{Json, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::events;
use crate::groups;
use crate::ids::{SessionId, UserId};
use crate::outbox;
use crate::passwords::PasswordHash;
use crate::sign_in::actions as sign_in;
use crate::sign_in::actions::From;
use crate::sign_in::password;
use crate::sign_in::sessions::NewSecret;
use crate::users::actions as users;
use crate::users::model::{Email, NewUser, User, read_name};

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
}

/// A checked acceptance.
#[derive(Clone, Debug)]
pub struct Acceptance {
    display_name: String,
    password_hash: Option<PasswordHash>,
    terms_accepted: bool,
    traits: Json,
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
    /// The person does not want to.
    Declined,
}

/// Checks what was entered for a landing that was looked up, and hashes the password: outside of the
/// transaction, and only for a genuine link.
///
/// # Errors
/// `sign_in_required`, `invite_mismatch`, field errors.
pub async fn check(app: &App, landing: &Landing, entered: &Entered) -> Result<Acceptance> {
    let mut wrong = Vec::new();
    match landing.kind {
        Kind::SignInFirst => return Code::SignInRequired.refuse(),
        Kind::WrongUser => return Code::InviteMismatch.refuse(),
        Kind::Register | Kind::Accept => {}
    }
    let must_accept = landing.terms.as_ref().is_some_and(|terms| {
        landing
            .account
            .as_ref()
            .is_none_or(|user| user.terms_version.as_deref() != Some(&terms.version))
    });
    let in_force = landing.terms.as_ref().map(|terms| &terms.version);
    let others = entered.terms_shown.is_some() && entered.terms_shown.as_ref() != in_force;
    let terms = (must_accept && (!entered.terms_accepted || others))
        .then(|| FieldError::new("terms_accepted", "terms_required"));
    if landing.kind == Kind::Accept {
        wrong.extend(terms);
        return if wrong.is_empty() {
            Ok(Acceptance {
                display_name: String::new(),
                password_hash: None,
                terms_accepted: must_accept,
                traits: Json::object(),
            })
        } else {
            Err(Error::Invalid(wrong))
        };
    }
    let name = read_name("display_name", &entered.display_name).map_err(|why| wrong.push(why));
    let personal = [
        entered.display_name.as_str(),
        &landing.invite.address,
        &landing.settings.site_name,
    ];
    if entered.password.is_empty() {
        wrong.push(FieldError::new("password", "password_missing"));
    } else if let Err(weakness) = crate::passwords::check_strength(&entered.password, &personal) {
        wrong.push(FieldError::new(
            "password",
            password::weakness_code(weakness),
        ));
    }
    let traits = landing.with_entered(&entered.traits);
    let traits = traits.map_err(|faults| wrong.extend(faults));
    wrong.extend(terms);
    match (name, traits) {
        (Ok(display_name), Ok(traits)) if wrong.is_empty() => {
            let hash = password::hash(app, "password", &entered.password, &personal).await?;
            Ok(Acceptance {
                display_name,
                password_hash: Some(hash),
                terms_accepted: must_accept,
                traits,
            })
        }
        _ => Err(Error::Invalid(wrong)),
    }
}

/// Accepts an invite: of any number of acceptances at once, one succeeds. A new person gets an account
/// and a session; somebody who has one gains its role, if higher, and its groups.
///
/// # Errors
/// As [`look`], and `sign_in_required`, `invite_mismatch`.
pub fn accept(
    tx: &mut Tx<'_>,
    from: &From,
    viewer: Option<(UserId, SessionId)>,
    flow: &str,
    token: &str,
    input: &Acceptance,
) -> Result<Accepted> {
    let now = tx.now;
    let (viewer, session) = viewer.unzip();
    let landing = look(tx, flow, token, viewer, now)?;
    let invite = &landing.invite;
    // The invite first: whoever comes second learns that it was used, not that the address is taken.
    if !store::turn(tx, invite.id, State::Pending, State::Accepted, now, None)? {
        return Code::InviteUsed.refuse();
    }
    let accepted = match (landing.kind, &input.password_hash) {
        (Kind::Register, Some(hash)) => register(tx, from, &landing, input, hash)?,
        (Kind::Accept, None) => join(tx, from, session, &landing, input)?,
        (Kind::WrongUser, _) => return Code::InviteMismatch.refuse(),
        // The account was made between looking and accepting.
        _ => return Code::SignInRequired.refuse(),
    };
    let by = sign_in::by(from, accepted.user.id);
    store::join(tx, invite.id, accepted.user.id, now)?;
    store::kill_links(tx, invite.id, now)?;
    outbox::actions::cancel_about(tx, invite.id.as_str())?;
    record(
        tx,
        &by,
        "invite.accepted",
        invite,
        json!({ "state": "pending" }),
        json!({
            "state": "accepted",
            "user_id": accepted.user.id,
        }),
    )?;
    events::emit(
        tx,
        &by,
        "invite.accepted",
        json!({
            "invite_id": invite.id,
            "user_id": accepted.user.id,
            "label": invite.label,
            "metadata_public": invite.metadata_public,
            "metadata_admin": invite.metadata_admin,
        }),
    )?;
    Ok(accepted)
}

fn register(
    tx: &mut Tx<'_>,
    from: &From,
    landing: &Landing,
    input: &Acceptance,
    hash: &PasswordHash,
) -> Result<Accepted> {
    let invite = &landing.invite;
    let email: Email = invite
        .address
        .parse()
        .map_err(|()| Error::internal("an invite without an address"))?;
    let new = NewUser {
        email_verified: !landing.shown,
        schema_id: invite.schema_id.clone(),
        traits: input.traits.clone(),
        metadata_public: invite.metadata_public.clone(),
        metadata_admin: invite.metadata_admin.clone(),
        password_hash: Some(hash.clone()),
        invite_id: Some(invite.id),
        terms_version: landing
            .terms
            .as_ref()
            .filter(|_| input.terms_accepted)
            .map(|terms| terms.version.clone()),
        ..NewUser::plain(input.display_name.clone(), Some(email), invite.role)
    };
    let user = users::create(tx, &from.actor, &new).map_err(|why| match why.code() {
        // Somebody made the account since the invite was looked at: its owner signs in first.
        Code::AddressTaken => Code::SignInRequired.into(),
        _ => why,
    })?;
    let groups = store::groups(tx, invite.id)?;
    groups::actions::admit(tx, user.id, &groups)?;
    let session = sign_in::open_session(tx, from, user.id, "invite")?;
    Ok(Accepted {
        user,
        session: Some(session),
        redirect_url: invite.redirect_url.clone(),
    })
}

/// Adds what the invite gives to an account that exists; nothing is ever lowered.
fn join(
    tx: &mut Tx<'_>,
    from: &From,
    session: Option<SessionId>,
    landing: &Landing,
    input: &Acceptance,
) -> Result<Accepted> {
    let invite = &landing.invite;
    let account = landing.account.as_ref().ok_or(Code::SignInRequired)?;
    let by = sign_in::by(from, account.id);
    let gain = users::Gain {
        role: invite.role,
        // The link came to the mailbox, and the person is signed in: both are proved.
        email_verified: !landing.shown,
        terms: landing.terms.as_ref().filter(|_| input.terms_accepted),
        groups: &store::groups(tx, invite.id)?,
    };
    let user = users::gain(tx, &by, account, &gain)?;
    // More rights, so that a copy of the old cookie is worth nothing.
    let renewed = session.filter(|_| user.role > account.role);
    Ok(Accepted {
        session: renewed
            .map(|session| sign_in::renew(tx, &by, session))
            .transpose()?,
        user,
        redirect_url: invite.redirect_url.clone(),
    })
}

/// Declines an invite.
///
/// # Errors
/// As [`look`].
pub fn decline(tx: &mut Tx<'_>, actor: &Actor, flow: &str, token: &str) -> Result<Invite> {
    let now = tx.now;
    // Whoever holds the link may decline, whoever is signed in.
    let invite = look(tx, flow, token, None, now)?.invite;
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
    Ok(invite)
}
