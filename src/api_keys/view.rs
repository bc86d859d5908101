//! An API key in words, for its owner's settings page and for the administrator's page about a user.

use super::model::{Key, KeyState};
use super::{Keys, store};
use crate::access::{Actor, Scope, Scopes};
use crate::clock::Time;
use crate::db::Conn;
use crate::error::{Code, Result};
use crate::ids::{KeyId, UserId};
use crate::text::Text;

/// Who reads about a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Its owner.
    Owner,
    /// An administrator.
    Administrator,
}

/// An API key as pages show it.
#[derive(Clone, Debug)]
pub struct KeyView {
    /// The id.
    pub id: KeyId,
    /// What its owner calls it.
    pub name: String,
    /// Where its owner keeps it; may be empty.
    pub note: String,
    /// How its secret begins, `vstk_4kQ9…`.
    pub start: String,
    /// Colour of its tag.
    pub tag_kind: &'static str,
    /// Icon of its tag.
    pub tag_icon: &'static str,
    /// Word of its tag.
    pub tag_word: String,
    /// Until when it works, or since when it does not. HTML.
    pub sentence: String,
    /// That it ends soon, when it does.
    pub warning: Option<String>,
    /// When, and from where, it was last used.
    pub used: String,
    /// The program that last used it; may be empty.
    pub agent: String,
    /// What it may do, in words.
    pub can_do: Vec<String>,
    /// Whether there is still something to revoke.
    pub is_active: bool,
    /// The form that makes another in its place, for its owner.
    pub replace_href: Option<String>,
    /// The form that gives it an end, for the owner of one that has none.
    pub end_href: Option<String>,
    /// The page that asks before it is revoked.
    pub revoke_href: String,
}

impl KeyView {
    /// The words for `key` at `now`.
    pub fn of(text: Text, key: &Key, now: Time, reader: Reader) -> Self {
        let state = key.state(now);
        let (tag_kind, tag_icon, tag_word) = match (state, key.expires_at) {
            (KeyState::Revoked, _) => ("off", "ban", "api-keys-tag-revoked"),
            (KeyState::Expired, _) => ("off", "clock", "api-keys-tag-expired"),
            (KeyState::Superseded, _) => ("off", "clock", "api-keys-tag-superseded"),
            (KeyState::Active, _) if key.successor_id.is_some() => {
                ("warn", "clock", "api-keys-tag-replaced")
            }
            (KeyState::Active, None) => ("warn", "alert-triangle", "api-keys-tag-never"),
            (KeyState::Active, Some(_)) if key.ends_soon(now).is_some() => {
                ("warn", "clock", "api-keys-tag-soon")
            }
            (KeyState::Active, Some(_)) => ("ok", "check", "api-keys-tag-active"),
        };
        let is_forgotten = |_: &Time| key.successor_id.is_none();
        let warning = key.ends_soon(now).filter(is_forgotten).map(|end| {
            let when = text.relative(end, now);
            text.get("api-keys-soon").arg("when", &*when).to_string()
        });
        Self {
            id: key.id,
            name: key.name.clone(),
            note: key.note.clone(),
            start: start(key),
            tag_kind,
            tag_icon,
            tag_word: text.get(tag_word).to_string(),
            sentence: sentence(text, key, now, reader),
            warning,
            used: used(text, key, Some(now)),
            agent: key.last_used_agent.clone().unwrap_or_default(),
            can_do: can_do(text, key.scopes),
            is_active: state == KeyState::Active,
            replace_href: (reader == Reader::Owner)
                .then(|| replace_href(key, state))
                .flatten(),
            end_href: (reader == Reader::Owner && key.is_endless(now))
                .then(|| format!("/settings/api-keys/{}/end", key.id)),
            revoke_href: match reader {
                Reader::Owner => format!("/settings/api-keys/{}/revoke", key.id),
                Reader::Administrator => {
                    format!("/admin/users/{}/keys/{}/revoke", key.owner_id, key.id)
                }
            },
        }
    }
}

/// Where the owner makes another key in place of one: beside it while it works, anew with the same name when it has
/// ended.
pub(super) fn replace_href(key: &Key, state: KeyState) -> Option<String> {
    match state {
        KeyState::Active if key.successor_id.is_none() => {
            Some(format!("/settings/api-keys/{}/rotate", key.id))
        }
        KeyState::Expired => {
            let scopes = key.scopes.to_string();
            let single = [("name", key.name.as_str()), ("note", key.note.as_str())];
            let each = scopes.split(' ').map(|scope| ("scopes", scope));
            let pairs: Vec<_> = single.into_iter().chain(each).collect();
            let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
            Some(format!("/settings/api-keys/new?{query}"))
        }
        _ => None,
    }
}

/// A key that another is taking the place of, beside that one, so that one sees when it is safe to end it.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The key that ends.
    pub old: KeyView,
    /// The key in its place.
    pub new: KeyView,
    /// What their uses tell.
    pub advice: String,
    /// How that is framed: as good when nothing seems to use the old one any more.
    pub kind: &'static str,
}

impl Rotation {
    /// The words for two keys at `now`.
    pub fn of(text: Text, old: &Key, new: &Key, now: Time) -> Self {
        let (name, kind) = match old.successor_used_at {
            None => ("api-keys-rotation-untried", "info"),
            Some(first) if old.last_used_at.is_some_and(|last| last > first) => {
                ("api-keys-rotation-both", "warn")
            }
            Some(_) => ("api-keys-rotation-safe", "ok"),
        };
        let mut advice = text.get(name);
        if let Some(first) = old.successor_used_at {
            advice = advice.arg("when", &*text.relative(first, now));
        }
        Self {
            old: KeyView::of(text, old, now, Reader::Owner),
            new: KeyView::of(text, new, now, Reader::Owner),
            advice: advice.to_string(),
            kind,
        }
    }
}

/// How the secret of a key begins.
pub fn start(key: &Key) -> String {
    format!("{}…", key.prefix)
}

/// What scopes let a key do, in words.
pub fn can_do(text: Text, scopes: Scopes) -> Vec<String> {
    if scopes == Scopes::ALL {
        return vec![text.get("api-keys-scope-all").to_string()];
    }
    Scope::EACH
        .iter()
        .filter(|scope| scopes.contains(**scope))
        .map(|scope| scope_words(text, *scope))
        .collect()
}

/// What one scope lets a key do, in words.
pub fn scope_words(text: Text, scope: Scope) -> String {
    let name = scope.as_str().replace([':', '_'], "-");
    text.get(format!("api-keys-scope-{name}")).to_string()
}

fn sentence(text: Text, key: &Key, now: Time, reader: Reader) -> String {
    let reader_word = match reader {
        Reader::Owner => "owner",
        Reader::Administrator => "administrator",
    };
    let (name, moment) = match (key.revoked_at, key.expires_at) {
        (Some(at), _) if key.revoked_by == Some(key.owner_id) => {
            ("api-keys-is-revoked-by-owner", Some(at))
        }
        (Some(at), _) if key.revoked_by.is_some() => ("api-keys-is-revoked", Some(at)),
        (Some(at), _) => ("api-keys-is-revoked-by-operator", Some(at)),
        (None, Some(end)) if key.successor_id.is_some() && end <= now => {
            ("api-keys-is-superseded", Some(end))
        }
        (None, Some(end)) if end <= now => ("api-keys-is-expired", Some(end)),
        (None, Some(end)) if key.successor_id.is_some() && key.ends_on_first_use => {
            ("api-keys-is-replaced-on-use", Some(end))
        }
        (None, Some(end)) if key.successor_id.is_some() => ("api-keys-is-replaced", Some(end)),
        (None, Some(end)) => ("api-keys-is-active", Some(end)),
        (None, None) => ("api-keys-is-endless", None),
    };
    let mut words = text
        .get(name)
        .arg("reader", reader_word)
        .arg("start", start(key));
    if let Some(moment) = moment {
        words = words
            .arg("moment", text.moment(moment))
            .arg("when", &*text.relative(moment, now));
    }
    let sentence = words.html().to_string();
    match &key.revoked_reason {
        Some(reason) => {
            let reason = text.get("api-keys-reason").arg("reason", reason).html();
            format!("{sentence} {reason}")
        }
        None => sentence,
    }
}

/// When, and from where, a key was last used. A page says it as people do, by `now`; a mail is read later, and names the
/// moment.
pub(super) fn used(text: Text, key: &Key, now: Option<Time>) -> String {
    let Some(at) = key.last_used_at else {
        return text.get("api-keys-unused").to_string();
    };
    let when = match now {
        Some(now) => text.relative(at, now).to_string(),
        None => text.moment(at),
    };
    match &key.last_used_ip {
        Some(ip) => text.get("api-keys-used-from").arg("ip", ip),
        None => text.get("api-keys-used"),
    }
    .arg("when", when)
    .to_string()
}

/// The newest keys of `user` for the page about that user, or `None` when they are not the reader's to
/// see: an administrator does not handle an owner's keys.
///
/// # Errors
/// When the database refuses.
pub fn keys_of(
    conn: &mut Conn,
    keys: &Keys,
    text: Text,
    actor: &Actor,
    user: UserId,
    now: Time,
) -> Result<Option<Vec<KeyView>>> {
    let owner = store::owner(conn, user)?.ok_or(Code::NotFound)?;
    if !actor.is(user) && actor.require_over(owner.role).is_err() {
        return Ok(None);
    }
    let mut found = store::newest_of(conn, user)?;
    let views = found.iter_mut().map(|key| {
        keys.usage.complete(key);
        KeyView::of(text, key, now, Reader::Administrator)
    });
    Ok(Some(views.collect()))
}

#[cfg(test)]
mod tests;
