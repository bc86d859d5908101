//! One key takes the place of another, and both work for a while.

use diesel::OptionalExtension as _;
use serde_json::json;

use super::{Issued, make, target, tell_apps, tell_owner};
use crate::access::{Actor, ActorKind};
use crate::api_keys::mail::{KeyMisused, KeyRotated};
use crate::api_keys::model::{IssueKey, Key, KeyState, Overlap, Terms, Use};
use crate::api_keys::store::{self, Owner, rotation};
use crate::api_keys::view::start;
use crate::app::App;
use crate::audit;
use crate::clock::Time;
use crate::db::{Conn, Tx};
use crate::error::{Code, Result};
use crate::events::kinds::API_KEY_ROTATED;
use crate::ids::{KeyId, UserId};
use crate::site;
use crate::web::SignedIn;

/// Makes a key in place of one of the person's own, with what they ask for.
///
/// # Errors
/// `fresh_sign_in_required`, `not_found` for the keys of others too, `wrong_state` for a key that does not work any more,
/// `rotation_in_progress`, `invalid_input`.
pub fn rotate(
    tx: &mut Tx<'_>,
    app: &App,
    person: &SignedIn,
    id: KeyId,
    input: &IssueKey,
    overlap: Overlap,
) -> Result<Issued> {
    let now = tx.now;
    if !person.is_fresh(now) {
        return Code::FreshSignInRequired.refuse();
    }
    let (old, owner) = replaceable(tx, person.user_id, id, now)?;
    let policy = site::actions::current(tx)?.key_policy;
    let terms = input.check(owner.role, &policy, now)?;
    let end = overlap.end(old.expires_at, now);
    let ends = (end, overlap.until_first_use);
    succeed(tx, app, &person.actor, (&old, &owner), &terms, ends)
}

/// Makes a key in place of the one that asks: with the same name, scopes and length of life, as far as the policy of the
/// site lets it.
///
/// # Errors
/// `forbidden` for another key than the one that asks; `not_found`, `wrong_state`, `rotation_in_progress`.
pub fn rotate_itself(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    id: KeyId,
    overlap: Overlap,
) -> Result<Issued> {
    let (old, owner) = itself(tx, actor, id)?;
    let policy = site::actions::current(tx)?.key_policy;
    let terms = old.successor(&policy, tx.now);
    let end = overlap.end(old.expires_at, tx.now);
    let ends = (end, overlap.until_first_use);
    succeed(tx, app, actor, (&old, &owner), &terms, ends)
}

/// Makes another key in place of `lost`, because the answer that held it may have been lost. The old key ends when it
/// was said to.
///
/// # Errors
/// `already_shown` when the lost one was used, or is not in the place of the key that asks any more.
pub fn rotate_again(tx: &mut Tx<'_>, app: &App, actor: &Actor, lost: KeyId) -> Result<Issued> {
    let old = rotation::replaced_by(tx, lost)?.ok_or(Code::AlreadyShown)?;
    let (key, owner) = store::find(tx, lost)?;
    let is_good = key.state(tx.now) == KeyState::Active && old.state(tx.now) == KeyState::Active;
    if old.successor_used_at.is_some() || !is_good || !is_by(actor, old.id) {
        return Code::AlreadyShown.refuse();
    }
    super::end(tx, actor, key.clone(), None)?;
    let terms = Terms {
        name: key.name,
        note: key.note,
        scopes: key.scopes,
        expires_at: key.expires_at,
    };
    let end = old.expires_at.ok_or(Code::AlreadyShown)?;
    let ends = (end, old.ends_on_first_use);
    succeed(tx, app, actor, (&old, &owner), &terms, ends)
}

/// Notes that a key that took the place of another was used, and ends that one when that was wanted.
///
/// # Errors
/// When the database refuses.
pub fn first_use(tx: &mut Tx<'_>, actor: &Actor, id: KeyId) -> Result<()> {
    let now = tx.now;
    rotation::note_tried(tx, id)?;
    let Some(old) = rotation::replaced_by(tx, id)?.filter(|old| old.successor_used_at.is_none())
    else {
        return Ok(());
    };
    let ends = old.ends_on_first_use && old.state(now) == KeyState::Active;
    let end = if ends {
        Some(now.whole_seconds())
    } else {
        old.expires_at
    };
    rotation::note_first_use(tx, old.id, now, end)?;
    if ends {
        tx.narrow_rights()?;
        let entry = audit::Entry::new("api_key.superseded", target(&old))
            .before(json!({ "name": old.name, "expires_at": old.expires_at }))
            .after(json!({ "name": old.name, "successor_id": id, "expires_at": end }));
        audit::record(tx, actor, entry)?;
    }
    Ok(())
}

/// Tells the owner of a key that something used it at `at`, after another took its place and its time was over. Once for a
/// key, whoever notes it.
///
/// # Errors
/// When the database refuses.
pub fn tell_of_misuse(tx: &mut Tx<'_>, app: &App, id: KeyId, at: Time, used: &Use) -> Result<()> {
    let Some((key, owner)) = store::find(tx, id).optional()? else {
        return Ok(());
    };
    let now = tx.now;
    let Some(end) = key
        .expires_at
        .filter(|_| key.state(now) == KeyState::Superseded)
    else {
        return Ok(());
    };
    if !rotation::note_alert(tx, id, now)? {
        return Ok(());
    }
    let system = Actor {
        ip: used.ip,
        ..Actor::system()
    };
    let entry = audit::Entry::new("api_key.used_after_rotation", target(&key))
        .after(json!({ "name": key.name, "used_at": at, "agent": used.agent }));
    audit::record(tx, &system, entry)?;
    if !owner.is_active() {
        return Ok(());
    }
    let mail = KeyMisused {
        start: start(&key),
        name: key.name.clone(),
        end,
        at,
        ip: used.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        agent: used.agent.clone(),
        link: app.link(crate::api_keys::LIST),
    };
    tell_owner(tx, app, &owner, &key, &mail)
}

/// The keys of a user that work although another has taken their place, each with that one.
///
/// # Errors
/// When the database refuses.
pub fn under_way(conn: &mut Conn, owner: UserId, now: Time) -> Result<Vec<(Key, Key)>> {
    Ok(rotation::under_way(conn, owner, now)?)
}

/// The newest key of a user that nobody revoked: of those with that name, and of those that work at that moment.
///
/// # Errors
/// When the database refuses.
pub fn newest(
    conn: &mut Conn,
    owner: UserId,
    name: Option<&str>,
    working_at: Option<Time>,
) -> Result<Option<Key>> {
    Ok(rotation::newest(conn, owner, name, working_at)?)
}

/// A key of `owner` that can be replaced now.
///
/// # Errors
/// `not_found`, `wrong_state`, `rotation_in_progress`.
pub fn replaceable(conn: &mut Conn, owner: UserId, id: KeyId, now: Time) -> Result<(Key, Owner)> {
    let (key, key_owner) = store::find(conn, id)?;
    if key.owner_id != owner {
        return Code::NotFound.refuse();
    }
    require_free(conn, &key, now)?;
    Ok((key, key_owner))
}

fn itself(tx: &mut Tx<'_>, actor: &Actor, id: KeyId) -> Result<(Key, Owner)> {
    let (key, owner) = store::find(tx, id)?;
    if !actor.is(key.owner_id) {
        return Code::NotFound.refuse();
    }
    if !is_by(actor, id) {
        return Code::Forbidden.refuse();
    }
    let now = tx.now;
    require_free(tx, &key, now)?;
    Ok((key, owner))
}

fn is_by(actor: &Actor, key: KeyId) -> bool {
    actor.kind == ActorKind::ApiKey(key)
}

/// That a key works, that no other has taken its place, and that it has not just taken one.
fn require_free(conn: &mut Conn, key: &Key, now: Time) -> Result<()> {
    if key.state(now) != KeyState::Active {
        return Code::WrongState.refuse();
    }
    let successor = match key.successor_id {
        Some(id) => Some(store::find(conn, id)?.0),
        None => None,
    };
    let predecessor = rotation::replaced_by(conn, key.id)?;
    let is_replaced = successor.is_some_and(|key| key.revoked_at.is_none());
    if is_replaced || predecessor.is_some_and(|key| key.state(now) == KeyState::Active) {
        return Code::RotationInProgress.refuse();
    }
    Ok(())
}

/// Makes the new key, says until when the old one works, and tells everybody.
fn succeed(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    (old, owner): (&Key, &Owner),
    terms: &Terms,
    (end, until_first_use): (Time, bool),
) -> Result<Issued> {
    let made = make(tx, actor, old.owner_id, terms)?;
    rotation::replace(tx, old.id, made.key.id, end, until_first_use)?;
    // The old key ends earlier than whoever remembers it believes.
    tx.narrow_rights()?;
    let after = json!({
        "name": old.name,
        "successor_id": made.key.id,
        "expires_at": end,
        "ends_on_first_use": until_first_use,
    });
    let entry = audit::Entry::new("api_key.rotated", target(old))
        .before(json!({ "name": old.name, "expires_at": old.expires_at }))
        .after(after);
    audit::record(tx, actor, entry)?;
    let replaced = Key {
        expires_at: Some(end),
        ..old.clone()
    };
    tell_apps(tx, actor, API_KEY_ROTATED, &replaced, Some(made.key.id))?;
    let mail = KeyRotated {
        start: start(&made.key),
        name: made.key.name.clone(),
        expires_at: made.key.expires_at,
        old: start(old),
        old_ends: (end > tx.now).then_some(end),
        link: app.link(crate::api_keys::LIST),
    };
    tell_owner(tx, app, owner, &made.key, &mail)?;
    Ok(made)
}
