//! The verbs of coming in and going out.

use serde_json::json;

use super::sessions::NewSecret;
use super::store::{self, NewSession};
use crate::access::{Actor, ActorKind, Role};
use crate::audit;
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::ids::{SessionId, UserId};
use crate::one_time_links::{self, LinkKind};
use crate::passwords::PasswordHash;
use crate::users::actions::{create, set_password, target};
use crate::users::model::{Email, NewUser};
use crate::users::store as users;

/// Where a session comes from.
#[derive(Clone, Debug)]
pub struct From {
    /// The actor before anybody signed in: address and request.
    pub actor: Actor,
    /// The program, as it calls itself.
    pub agent: String,
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
/// `sign_in_failed` when somebody else was proved, `sign_in_required` when the session has ended meanwhile.
pub fn confirm(
    tx: &mut Tx<'_>,
    actor: &Actor,
    session: SessionId,
    proved: UserId,
) -> Result<NewSecret> {
    if !actor.is(proved) {
        return Code::SignInFailed.refuse();
    }
    renew(tx, actor, session)
}

/// Gives a session a new secret, as at every rise of its rights.
///
/// # Errors
/// `sign_in_required` when it has ended.
pub fn renew(tx: &mut Tx<'_>, actor: &Actor, session: SessionId) -> Result<NewSecret> {
    let secret = NewSecret::generate();
    let now = tx.now;
    if store::renew(tx, session, &secret.digest(), now)? == 0 {
        return Code::SignInRequired.refuse();
    }
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

/// Sets the first password of who is signed in and has none.
///
/// # Errors
/// `wrong_state` when there is one by now; `sign_in_required` when the session has ended meanwhile.
pub fn first_password(
    tx: &mut Tx<'_>,
    actor: &Actor,
    session: SessionId,
    hash: &PasswordHash,
) -> Result<NewSecret> {
    let user = actor.user()?;
    if users::find(tx, user)?.password_hash.is_some() {
        return Code::WrongState.refuse();
    }
    let secret = renew(tx, actor, session)?;
    set_password(tx, actor, user, hash)?;
    Ok(secret)
}

/// Sets a new password for who is signed in and knows the present one.
///
/// # Errors
/// As [`confirm`].
pub fn change_password(
    tx: &mut Tx<'_>,
    actor: &Actor,
    session: SessionId,
    proved: UserId,
    hash: &PasswordHash,
    end_others: bool,
) -> Result<NewSecret> {
    let secret = confirm(tx, actor, session, proved)?;
    let user = actor.user()?;
    set_password(tx, actor, user, hash)?;
    one_time_links::end_all(tx, LinkKind::Recovery, Some(user))?;
    if end_others {
        sign_out_all(tx, actor, user, Some(session))?;
    }
    Ok(secret)
}
