//! The job that tells.

use serde_json::json;

use super::mail::{Ending, KeysEnd};
use super::{is_told, next, store};
use crate::access::Actor;
use crate::api_keys::actions::{target, tell_apps};
use crate::api_keys::model::Key;
use crate::api_keys::store as keys;
use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::Result;
use crate::events::kinds::{API_KEY_EXPIRED, API_KEY_EXPIRING};
use crate::ids::UserId;
use crate::outbox::{self, Frame};
use crate::site;

/// Keys whose owners are told in one transaction: each owner is one mail to seal.
const KEYS: i64 = 100;
/// The most keys that one mail names.
const NAMED: i64 = 50;

/// Tells some owners what is due about their keys, and integrated apps with them.
///
/// # Errors
/// When the database refuses.
pub fn tell(app: &actix_web::web::Data<App>) -> Result<usize> {
    let now = app.clock.now();
    let due = app
        .db
        .read_now(|conn| Ok(store::due_owners(conn, now, 1)?))?;
    if due.is_empty() {
        return Ok(0);
    }
    let shared = app.clone();
    app.db.write_now(move |tx| {
        let now = tx.now;
        let mut told = 0;
        for owner in store::due_owners(tx, now, KEYS)? {
            told += tell_one(tx, &shared, owner)?;
        }
        Ok(told)
    })
}

/// Tells one person about all of their keys that are due; says how many those are.
fn tell_one(tx: &mut Tx<'_>, app: &App, id: UserId) -> Result<usize> {
    let now = tx.now;
    let due = store::due_of(tx, id, now, NAMED)?;
    let mut named = Vec::new();
    for key in &due {
        let Some(end) = key.expires_at else {
            store::set_next(tx, key.id, None)?;
            continue;
        };
        store::set_next(tx, key.id, next(key.created_at, end, now))?;
        note(tx, key, end <= now)?;
        if is_told(key, end, now) {
            named.push(Ending::of(app, key, end, now));
        }
    }
    let owner = keys::owner(tx, id)?.filter(keys::Owner::is_active);
    let Some((owner, email)) = owner.and_then(|owner| Some((owner.clone(), owner.email?))) else {
        return Ok(due.len());
    };
    if !named.is_empty() {
        let frame = Frame::of(app, &site::actions::current(tx)?.site_name);
        let mail = KeysEnd { keys: named };
        let letter = frame.letter(&mail, &email, &owner.name, Some(id.as_str()))?;
        outbox::actions::enqueue(tx, app, &letter)?;
    }
    Ok(due.len())
}

/// Writes down that a key ends, and tells integrated apps.
fn note(tx: &mut Tx<'_>, key: &Key, is_over: bool) -> Result<()> {
    let system = Actor::system();
    let (action, event) = if is_over {
        ("api_key.expired", API_KEY_EXPIRED)
    } else {
        ("api_key.expiring", API_KEY_EXPIRING)
    };
    let after = json!({ "name": key.name, "expires_at": key.expires_at });
    let entry = audit::Entry::new(action, target(key)).after(after);
    audit::record(tx, &system, entry)?;
    tell_apps(tx, &system, event, key, key.successor_id)
}
