//! The verbs of coming in and going out.

use serde_json::json;

use super::sessions::NewSecret;
use super::store::{self, NewSession};
use crate::access::{Actor, ActorKind, Role};
use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::{SessionId, UserId};
use crate::one_time_links::{self, LinkKind, RECOVERY};
use crate::outbox;
use crate::passwords::{PasswordHash, Verdict, Weakness};
use crate::users::actions::{create, set_password, target};
use crate::users::mail::RecoveryMail;
use crate::users::model::{Email, NewUser, Status, User};
use crate::users::store as users;

/// Where a session comes from.
#[derive(Clone, Debug)]
pub struct From {
    /// The actor before anybody signed in: address and request.
    pub actor: Actor,
    /// The program, as it calls itself.
    pub agent: String,
}

/// Hashes a new password after checking its strength.
///
/// # Errors
/// A field error for a weak one; `unavailable` when too many hashes wait.
pub async fn hash(
    app: &App,
    field: &'static str,
    password: &str,
    personal: &[&str],
) -> Result<PasswordHash> {
    crate::passwords::check_strength(password, personal)
        .map_err(|weakness| FieldError::new(field, weakness_code(weakness)))?;
    app.passwords
        .hash(password.to_owned())
        .await
        .map_err(|_| busy())
}

/// The code of a weakness, for the words beside the field.
pub const fn weakness_code(weakness: Weakness) -> &'static str {
    match weakness {
        Weakness::TooShort => "password_too_short",
        Weakness::TooLong => "password_too_long",
        Weakness::Personal => "password_personal",
        Weakness::Common => "password_common",
    }
}

fn busy() -> Error {
    Error::Unavailable("too many passwords are waiting to be hashed".into())
}

/// The user whom an address and a password name. A wrong try is told in the audit log (ASVS V16.3.1), with the
/// account that it was made at but never with what was typed: people type passwords into the wrong field. Takes
/// the same time, and writes the same, whether or not there is such an account.
///
/// # Errors
/// `sign_in_failed`; `account_disabled`, only when the password was right.
pub async fn check_password(
    app: &App,
    actor: &Actor,
    address: &str,
    password: &str,
) -> Result<User> {
    let norm = address.trim().to_ascii_lowercase();
    let user = app
        .db
        .read(move |conn| Ok(users::by_email(conn, &norm)?))
        .await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let has_password = hash.is_some();
    let verdict = app
        .passwords
        .verify(password.to_owned(), hash)
        .await
        .map_err(|_| busy())?;
    let right = has_password && verdict != Verdict::Wrong;
    let user = match user {
        Some(user) if right && user.status == Status::Active => user,
        user => {
            let code = if right {
                Code::AccountDisabled
            } else {
                Code::SignInFailed
            };
            let (actor, id) = (actor.clone(), user.map(|user| user.id));
            app.db
                .write(move |tx| refused(tx, &actor, id, code))
                .await?;
            return code.refuse();
        }
    };
    if verdict == Verdict::RightButOld {
        // The settings have changed since this hash was made: take the chance to make a better one.
        let better = app
            .passwords
            .hash(password.to_owned())
            .await
            .map_err(|_| busy())?;
        let id = user.id;
        app.db
            .write(move |tx| {
                let now = tx.now;
                Ok(users::set_password(tx, id, &better, now)?)
            })
            .await?;
    }
    Ok(user)
}

fn refused(tx: &mut Tx<'_>, actor: &Actor, user: Option<UserId>, code: Code) -> Result<()> {
    let id = user.map(|user| user.to_string()).unwrap_or_default();
    audit::record_refused(
        tx,
        actor,
        audit::Entry::new("session.refused", audit::Target::new("user", id))
            .after(json!({ "why": code.as_str() })),
    )?;
    Ok(())
}

/// Opens a session for a user who proved who they are.
///
/// # Errors
/// When the database refuses.
pub fn open_session(
    tx: &mut Tx<'_>,
    from: &From,
    user: UserId,
    how: &'static str,
) -> Result<NewSecret> {
    let secret = NewSecret::generate();
    let id = SessionId::new(tx.now);
    let now = tx.now;
    store::insert(
        tx,
        &NewSession {
            id,
            digest: &secret.digest(),
            user_id: user,
            created_at: now,
            authenticated_at: now,
            last_seen_at: now,
            ip: from.actor.ip.map(|ip| ip.to_string()),
            agent: &from.agent,
        },
    )?;
    users::seen(tx, user, now)?;
    audit::record(
        tx,
        &by(from, user),
        audit::Entry {
            action: "session.opened",
            target: target(user),
            before: json!({}),
            after: json!({ "session_id": id, "how": how }),
        },
    )?;
    Ok(secret)
}

/// The actor as the user who just proved who they are.
pub fn by(from: &From, user: UserId) -> Actor {
    Actor {
        kind: ActorKind::User,
        user: Some(user),
        ..from.actor.clone()
    }
}

/// Gives a session a new secret after its user proved again who they are.
///
/// # Errors
/// When the database refuses.
pub fn confirm(tx: &mut Tx<'_>, actor: &Actor, session: SessionId) -> Result<NewSecret> {
    let secret = NewSecret::generate();
    let now = tx.now;
    store::renew(tx, session, &secret.digest(), now)?;
    audit::record(
        tx,
        actor,
        audit::Entry {
            action: "session.confirmed",
            target: target(actor.user()?),
            before: json!({}),
            after: json!({ "session_id": session }),
        },
    )?;
    Ok(secret)
}

/// Ends one session of the actor.
///
/// # Errors
/// `not_found` when it is not theirs.
pub fn sign_out(tx: &mut Tx<'_>, actor: &Actor, session: SessionId) -> Result<()> {
    let user = actor.user()?;
    if store::end(tx, user, session)? == 0 {
        return Code::NotFound.refuse();
    }
    ended(tx, actor, user, 1)
}

/// Ends the session that a browser comes with when its person signs in anew, so that no copy of the old
/// cookie is left behind that works.
///
/// # Errors
/// When the database refuses.
pub fn leave(tx: &mut Tx<'_>, old: Option<&(Actor, SessionId)>) -> Result<()> {
    let Some((actor, session)) = old else {
        return Ok(());
    };
    let user = actor.user()?;
    match store::end(tx, user, *session)? {
        0 => Ok(()),
        count => ended(tx, actor, user, count),
    }
}

/// Ends the sessions of a user, but `keep`, and says how many.
///
/// # Errors
/// When the database refuses.
pub fn sign_out_all(
    tx: &mut Tx<'_>,
    actor: &Actor,
    user: UserId,
    keep: Option<SessionId>,
) -> Result<usize> {
    let count = store::end_all(tx, user, keep)?;
    if count > 0 {
        ended(tx, actor, user, count)?;
    }
    Ok(count)
}

fn ended(tx: &mut Tx<'_>, actor: &Actor, user: UserId, count: usize) -> Result<()> {
    audit::record(
        tx,
        actor,
        audit::Entry {
            action: "session.ended",
            target: target(user),
            before: json!({}),
            after: json!({ "sessions": count }),
        },
    )?;
    Ok(())
}

/// The first owner, to be made with the set-up link.
#[derive(Clone, Debug)]
pub struct SetUp {
    /// The token of the link.
    pub token: String,
    /// Their name.
    pub display_name: String,
    /// Their address.
    pub email: Email,
    /// Their password, hashed.
    pub password_hash: PasswordHash,
}

/// Makes the first owner and signs them in.
///
/// # Errors
/// `link_gone` when the link is not good, or there is a user by now.
pub fn set_up(tx: &mut Tx<'_>, from: &From, input: &SetUp) -> Result<NewSecret> {
    one_time_links::take(tx, LinkKind::SetUp, &input.token)?;
    if users::any(tx)? {
        return Code::LinkGone.refuse();
    }
    let mut new = NewUser::plain(
        input.display_name.clone(),
        Some(input.email.clone()),
        Role::Owner,
    );
    new.password_hash = Some(input.password_hash.clone());
    let user = create(tx, &from.actor, &new)?;
    open_session(tx, from, user.id, "set_up")
}

/// Sends a link that sets a new password, when the address has an account that may use one. The answer
/// is the same in every case, and so is the row in the audit log that it costs.
///
/// # Errors
/// When the database refuses.
pub fn ask_recovery(tx: &mut Tx<'_>, app: &App, from: &From, address: &str) -> Result<()> {
    let norm = address.trim().to_ascii_lowercase();
    let user = users::by_email(tx, &norm)?.filter(|user| user.status == Status::Active);
    if let Some(user) = &user {
        let email = user.address().to_owned();
        let secret = one_time_links::make(
            tx,
            LinkKind::Recovery,
            Some(user.id),
            Some(&email),
            LinkKind::Recovery.lifetime(),
        )?;
        let mail = RecoveryMail {
            link: RECOVERY.link(app, secret.reveal()),
        };
        let frame = outbox::Frame::of(app, &crate::site::actions::current(tx)?.site_name);
        let letter = frame.letter(&mail, &email, &user.display_name, Some(user.id.as_str()))?;
        outbox::actions::enqueue(tx, app, &letter)?;
    }
    audit::record(
        tx,
        &from.actor,
        audit::Entry {
            action: "user.recovery_asked",
            target: audit::Target {
                kind: "user",
                id: user.map(|user| user.id.to_string()).unwrap_or_default(),
            },
            before: json!({}),
            after: json!({}),
        },
    )?;
    Ok(())
}

/// Sets a new password with a recovery link: every session of the user ends, and every other link.
///
/// # Errors
/// `link_gone`, `account_disabled`.
pub fn recover(
    tx: &mut Tx<'_>,
    from: &From,
    token: &str,
    hash: &PasswordHash,
) -> Result<NewSecret> {
    let link = one_time_links::take(tx, LinkKind::Recovery, token)?;
    let id = link.user_id.ok_or(Code::LinkGone)?;
    let mut user = users::find(tx, id)?;
    if user.status != Status::Active {
        return Code::AccountDisabled.refuse();
    }
    let actor = by(from, id);
    set_password(tx, &actor, id, hash)?;
    one_time_links::end_all(tx, LinkKind::Recovery, Some(id))?;
    sign_out_all(tx, &actor, id, None)?;
    // The link came by mail, so the mailbox is proved.
    if !user.email_verified && link.mailed_to.is_some() && link.mailed_to == user.email {
        user.email_verified = true;
        let now = tx.now;
        users::update(tx, &user, now)?;
        // Whoever was told about this user before is told anew.
        tx.narrow_rights()?;
    }
    open_session(tx, from, id, "recovery")
}

/// Sets a new password for who is signed in and knows the present one.
///
/// # Errors
/// When the database refuses.
pub fn change_password(
    tx: &mut Tx<'_>,
    actor: &Actor,
    session: SessionId,
    hash: &PasswordHash,
    end_others: bool,
) -> Result<NewSecret> {
    let user = actor.user()?;
    set_password(tx, actor, user, hash)?;
    one_time_links::end_all(tx, LinkKind::Recovery, Some(user))?;
    if end_others {
        sign_out_all(tx, actor, user, Some(session))?;
    }
    confirm(tx, actor, session)
}

/// A link that sets a new password, for the operator to hand over.
///
/// # Errors
/// `wrong_state` for an account that is switched off, because the link would not work.
pub fn operator_reset_link(tx: &mut Tx<'_>, app: &App, user: UserId) -> Result<String> {
    if users::find(tx, user)?.status != Status::Active {
        return Code::WrongState.refuse();
    }
    let secret = one_time_links::make(
        tx,
        LinkKind::Recovery,
        Some(user),
        None,
        crate::clock::hours(1),
    )?;
    audit::record(
        tx,
        &Actor::operator(),
        audit::Entry {
            action: "user.reset_link_made",
            target: target(user),
            before: json!({}),
            after: json!({}),
        },
    )?;
    Ok(RECOVERY.link(app, secret.reveal()))
}
