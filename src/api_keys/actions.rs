//! The verbs: issue, rotate and revoke.

pub mod endless;
pub mod import;
mod rotate;

use serde_json::json;

use super::mail::{KeyMade, KeyRevoked};
use super::model::{IssueKey, Key, KeyState, OPERATOR_POLICY, Terms};
use super::store::new::{self, Marks};
use super::store::{self, Owner};
use super::view::start;
use crate::access::{Actor, ActorKind, Role};
use crate::app::App;
use crate::audit;
use crate::db::{Conn, Paging, Slice, Tx};
use crate::error::{Code, Result};
use crate::events;
use crate::ids::{KeyId, UserId};
use crate::outbox::{self, Frame, Mail};
use crate::secret::{PlainSecret, SecretKind};
use crate::site;
use crate::web::SignedIn;

pub use rotate::{
    first_use, newest, replaceable, rotate, rotate_again, rotate_itself, tell_of_misuse, under_way,
};

/// Who may make a key. There is no third way: a program with an API key never makes another.
#[derive(Clone, Debug)]
pub enum Maker {
    /// Somebody who is signed in, for themselves.
    Person(Box<SignedIn>),
    /// The command line, for a user.
    Operator(UserId),
}

/// A key that was just made, with its secret, which is nowhere else.
pub struct Issued {
    /// The key.
    pub key: Key,
    /// What is shown once.
    pub secret: PlainSecret,
}

/// Makes a key and mails its owner that there is one. The policy of the site binds people; the operator
/// may choose any end, or none.
///
/// # Errors
/// `fresh_sign_in_required` when the person last proved who they are more than ten minutes ago,
/// `not_found` and `wrong_state` about the user, `invalid_input`.
pub fn issue(tx: &mut Tx<'_>, app: &App, maker: &Maker, input: &IssueKey) -> Result<Issued> {
    let now = tx.now;
    let (actor, owner_id, policy) = match maker {
        Maker::Person(person) if !person.is_fresh(now) => {
            return Code::FreshSignInRequired.refuse();
        }
        Maker::Person(person) => {
            let policy = site::actions::current(tx)?.key_policy;
            (person.actor.clone(), person.user_id, policy)
        }
        Maker::Operator(owner) => (Actor::operator(), *owner, OPERATOR_POLICY),
    };
    let owner = store::owner(tx, owner_id)?.ok_or(Code::NotFound)?;
    if !owner.is_active() {
        return Code::WrongState.refuse();
    }
    let terms = input.check(owner.role, &policy, now)?;
    let issued = make(tx, &actor, owner_id, &terms)?;
    let key = &issued.key;
    let mail = KeyMade {
        start: start(key),
        name: key.name.clone(),
        expires_at: key.expires_at,
        link: app.link(super::LIST),
    };
    tell_owner(tx, app, &owner, key, &mail)?;
    Ok(issued)
}

/// Makes a key, and tells everybody but its owner.
fn make(tx: &mut Tx<'_>, actor: &Actor, owner: UserId, terms: &Terms) -> Result<Issued> {
    let secret = PlainSecret::generate(SecretKind::ApiKey);
    let marks = Marks::from(&secret);
    let key = keep(tx, actor, "api_key.created", owner, &marks, terms)?;
    Ok(Issued { key, secret })
}

/// Keeps a key that was made or brought along, and tells everybody but its owner.
fn keep(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    owner: UserId,
    marks: &Marks,
    terms: &Terms,
) -> Result<Key> {
    let now = tx.now;
    let key = new::insert(tx, KeyId::new(now), owner, marks, terms, now)?;
    let entry = audit::Entry::new(action, target(&key)).after(json!({
        "name": key.name,
        "owner_id": key.owner_id,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "expires_at": key.expires_at,
    }));
    audit::record(tx, actor, entry)?;
    tell_apps(tx, actor, events::kinds::API_KEY_CREATED, &key, None)?;
    Ok(key)
}

/// Ends one of the actor's own keys. A key that is revoked already stays as it is.
///
/// # Errors
/// `not_found`, for the keys of others too.
pub fn revoke_own(tx: &mut Tx<'_>, actor: &Actor, id: KeyId) -> Result<Key> {
    let (key, _) = store::find(tx, id)?;
    if !actor.is(key.owner_id) {
        return Code::NotFound.refuse();
    }
    Ok(end(tx, actor, key, None)?.0)
}

/// Ends a key of `owner`, as its owner or as an administrator; the operator may leave `owner` out. The
/// owner gets a mail with the `reason` when it was somebody else. A key that is revoked already stays as
/// it is.
///
/// # Errors
/// `forbidden`, `above_you`, `not_found`, `invalid_input` for a reason over 500 characters.
pub fn revoke(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    owner: Option<UserId>,
    id: KeyId,
    reason: &str,
) -> Result<Key> {
    let reason = crate::input::line("reason", reason, 0..=500)?;
    may_handle(tx, actor, owner)?;
    let (key, key_owner) = store::find(tx, id)?;
    if owner.is_some_and(|owner| owner != key.owner_id) {
        return Code::NotFound.refuse();
    }
    let reason = Some(reason.as_str()).filter(|reason| !reason.is_empty());
    let (key, is_new) = end(tx, actor, key, reason)?;
    if is_new && !actor.is(key.owner_id) {
        let mail = KeyRevoked {
            start: start(&key),
            name: key.name.clone(),
            reason: reason.unwrap_or_default().to_owned(),
            link: app.link(super::LIST),
        };
        tell_owner(tx, app, &key_owner, &key, &mail)?;
    }
    Ok(key)
}

/// Ends every key of `owner`, for when the account itself ends; answers how many that were. The caller
/// has checked that the actor may do so.
///
/// # Errors
/// When the database refuses.
pub fn revoke_all(tx: &mut Tx<'_>, actor: &Actor, owner: UserId, reason: &str) -> Result<usize> {
    let ids = store::not_revoked(tx, owner)?;
    for id in &ids {
        let (key, _) = store::find(tx, *id)?;
        end(tx, actor, key, Some(reason))?;
    }
    Ok(ids.len())
}

/// A page of keys: of `owner`, for the owner and for administrators above. The operator may leave
/// `owner` out and sees everybody's.
///
/// # Errors
/// `forbidden`, `above_you`, `not_found`.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    owner: Option<UserId>,
    paging: &Paging,
) -> Result<Slice<Key>> {
    may_handle(conn, actor, owner)?;
    Ok(store::list(conn, owner, paging)?)
}

/// One of the actor's own keys.
///
/// # Errors
/// `not_found`, for the keys of others too.
pub fn own(conn: &mut Conn, actor: &Actor, id: KeyId) -> Result<Key> {
    let (key, _) = store::find(conn, id)?;
    if actor.is(key.owner_id) {
        Ok(key)
    } else {
        Code::NotFound.refuse()
    }
}

/// A key of `owner`, for the owner and for administrators above.
///
/// # Errors
/// `forbidden`, `above_you`, `not_found`.
pub fn key_of(conn: &mut Conn, actor: &Actor, owner: UserId, id: KeyId) -> Result<Key> {
    may_handle(conn, actor, Some(owner))?;
    let (key, _) = store::find(conn, id)?;
    if key.owner_id == owner {
        Ok(key)
    } else {
        Code::NotFound.refuse()
    }
}

/// One sees and ends one's own keys, and those of users that one stands above (product.md, roles). A
/// member learns nothing about who else there is.
fn may_handle(conn: &mut Conn, actor: &Actor, owner: Option<UserId>) -> Result<()> {
    let Some(owner) = owner else {
        let is_operator = actor.kind == ActorKind::Operator;
        return if is_operator {
            Ok(())
        } else {
            Code::Forbidden.refuse()
        };
    };
    if actor.is(owner) {
        return Ok(());
    }
    actor.require(Role::Admin)?;
    let owner = store::owner(conn, owner)?.ok_or(Code::NotFound)?;
    actor.require_over(owner.role)
}

/// Ends a key, and says whether it was this that ended it.
pub(super) fn end(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: Key,
    reason: Option<&str>,
) -> Result<(Key, bool)> {
    let now = tx.now;
    let state = key.state(now);
    if state == KeyState::Revoked || !store::revoke(tx, key.id, now, actor.user, reason)? {
        return Ok((key, false));
    }
    tx.narrow_rights()?;
    let entry = audit::Entry::new("api_key.revoked", target(&key))
        .before(json!({ "name": key.name, "owner_id": key.owner_id, "state": state }))
        .after(json!({ "state": KeyState::Revoked, "reason": reason }));
    audit::record(tx, actor, entry)?;
    tell_apps(tx, actor, events::kinds::API_KEY_REVOKED, &key, None)?;
    let revoked = Key {
        revoked_at: Some(now),
        revoked_by: actor.user,
        revoked_reason: reason.map(str::to_owned),
        ..key
    };
    Ok((revoked, true))
}

pub(super) fn target(key: &Key) -> audit::Target {
    audit::Target::new("api_key", key.id)
}

pub(super) fn tell_apps(
    tx: &mut Tx<'_>,
    actor: &Actor,
    kind: &'static str,
    key: &Key,
    successor: Option<KeyId>,
) -> Result<()> {
    let mut data = json!({
        "key_id": key.id,
        "user_id": key.owner_id,
        "name": key.name,
        "prefix": key.prefix,
        "expires_at": key.expires_at,
    });
    if let Some(successor) = successor {
        data["successor_id"] = json!(successor);
    }
    events::emit(tx, actor, kind, data)?;
    Ok(())
}

/// Mails the owner, who may have no address.
pub(super) fn tell_owner(
    tx: &mut Tx<'_>,
    app: &App,
    owner: &Owner,
    key: &Key,
    mail: &impl Mail,
) -> Result<()> {
    let Some(email) = &owner.email else {
        return Ok(());
    };
    let frame = Frame::of(app, &site::actions::current(tx)?.site_name);
    let letter = frame.letter(mail, email, &owner.name, Some(key.id.as_str()))?;
    outbox::actions::enqueue(tx, app, &letter)?;
    Ok(())
}

/// Whether a user has ever had a key.
///
/// # Errors
/// When the database refuses.
pub fn has_any(conn: &mut Conn, owner: UserId) -> Result<bool> {
    Ok(!store::newest_of(conn, owner)?.is_empty())
}

#[cfg(test)]
mod tests;
