//! Entries in words, as the console shows them.

use std::collections::HashMap;

use diesel::QueryResult;
use serde_json::Value;

use super::model::{Filter, Row};
use super::seal::Standing;
use super::sentence::sentence;
use super::store;
use crate::clock::Time;
use crate::db::{COUNT_LIMIT, Conn, Cursor, Paging};
use crate::text::Text;

/// The names of users, and of the owners of keys, by id.
pub(super) type Names = HashMap<String, String>;

/// The ids in these entries that may have names.
pub(super) fn people(rows: &[Row]) -> Vec<String> {
    let mut ids: Vec<String> = rows
        .iter()
        .flat_map(|row| row.actor_id.iter().chain([&row.target_id]))
        .cloned()
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// One entry.
pub(super) struct EntryView {
    pub id: String,
    /// The number, once the entry is sealed.
    pub number: Option<String>,
    pub at: Time,
    pub icon: &'static str,
    pub sentence: String,
    pub actor: String,
    pub actor_id: String,
    pub target_kind: String,
    pub target_id: String,
    /// The page of the target, where it has one.
    pub target_href: Option<String>,
    pub action: String,
    pub ip: String,
    pub request_id: String,
    pub changes: Vec<Change>,
}

/// A value before and after; `None` where there was none.
pub(super) struct Change {
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl EntryView {
    pub(super) fn of(text: Text, row: Row, names: &Names) -> Self {
        let actor = actor(text, &row, names);
        let target = target(text, &row, names);
        let (icon, folder) = match row.target_kind.as_str() {
            "invite" => ("send", Some("invites")),
            "schema" | "template" => ("settings", None),
            "user" => ("user", Some("users")),
            "group" => ("users-group", None),
            "api_key" => ("key", None),
            "settings" => ("adjustments", None),
            "session" => ("lock", None),
            "outbox" => ("mail", None),
            _ => ("history", None),
        };
        Self {
            sentence: sentence(text, &row, &actor, &target),
            number: row.seq.map(|seq| text.number(seq)),
            changes: changes(&row.before.0, &row.after.0),
            target_href: folder
                .filter(|_| !row.target_id.is_empty())
                .map(|folder| format!("/admin/{folder}/{}", row.target_id)),
            id: row.id.to_string(),
            at: row.at,
            icon,
            actor,
            actor_id: row.actor_id.unwrap_or_default(),
            target_kind: row.target_kind,
            target_id: row.target_id,
            action: row.action,
            ip: row.ip.unwrap_or_default(),
            request_id: row.request_id,
        }
    }
}

fn actor(text: Text, row: &Row, names: &Names) -> String {
    let id = row.actor_id.as_deref().unwrap_or_default();
    let name = names.get(id).map_or(id, String::as_str);
    match row.actor_kind.as_str() {
        "user" if !name.is_empty() => name.to_owned(),
        "api_key" => text
            .get("audit-actor-api-key")
            .arg("name", name)
            .to_string(),
        "operator" => text.get("audit-actor-operator").to_string(),
        "system" => text.get("audit-actor-system").to_string(),
        _ => text.get("audit-actor-anonymous").to_string(),
    }
}

fn target(text: Text, row: &Row, names: &Names) -> String {
    let named = names
        .get(&row.target_id)
        .filter(|name| matches!(row.target_kind.as_str(), "user" | "invite") && !name.is_empty())
        .map(String::as_str);
    match named.or_else(|| row.target_label()) {
        Some(name) => name.to_owned(),
        None if row.target_kind == "settings" => text.get("audit-target-settings").to_string(),
        None if row.target_id.is_empty() => text.get("audit-target-unknown").to_string(),
        None => row.target_id.clone(),
    }
}

/// The fields of both values, each once.
fn changes(before: &Value, after: &Value) -> Vec<Change> {
    let (Some(old), Some(new)) = (fields(before), fields(after)) else {
        let whole = Change {
            field: String::new(),
            before: shown(Some(before)),
            after: shown(Some(after)),
        };
        return vec![whole];
    };
    let added = new.keys().filter(|name| !old.contains_key(*name));
    old.keys()
        .chain(added)
        .map(|name| Change {
            field: name.clone(),
            before: shown(old.get(name)),
            after: shown(new.get(name)),
        })
        .collect()
}

/// The fields of an object; null has none.
fn fields(value: &Value) -> Option<serde_json::Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map.clone()),
        Value::Null => Some(serde_json::Map::new()),
        _ => None,
    }
}

fn shown(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// How far the log is known to be in order.
pub(super) struct Integrity {
    /// `ok`, `info` or `bad`.
    pub kind: &'static str,
    pub words: String,
}

impl Integrity {
    pub(super) fn of(text: Text, standing: &Standing, now: Time) -> Self {
        let (kind, mut words) = match standing.checked {
            Some((at, _, Some(broken))) => {
                let words = text
                    .get("audit-check-failed")
                    .arg("entry", text.number(broken.seq));
                (
                    "bad",
                    words
                        .arg("when", text.relative(at, now).as_ref())
                        .to_string(),
                )
            }
            Some((at, sealed, None)) => {
                let words = text.get("audit-checked").arg("entry", text.number(sealed));
                (
                    "ok",
                    words
                        .arg("when", text.relative(at, now).as_ref())
                        .to_string(),
                )
            }
            None if standing.sealed == 0 => ("info", text.get("audit-nothing-sealed").to_string()),
            None => (
                "info",
                text.get("audit-sealed")
                    .arg("entry", text.number(standing.sealed))
                    .to_string(),
            ),
        };
        let tail = match standing.unsealed {
            0 => None,
            count if count > COUNT_LIMIT => Some(text.get("audit-tail-long")),
            count => Some(text.get("audit-tail").arg("count", count)),
        };
        if let Some(tail) = tail {
            words.push(' ');
            words.push_str(&tail.to_string());
        }
        Self { kind, words }
    }
}

/// An entry in one sentence, for a list of what happened lately.
pub struct Line {
    /// What happened.
    pub sentence: String,
    /// When.
    pub at: Time,
    /// The drawing beside it.
    pub icon: &'static str,
}

/// The newest entries, each in a sentence.
///
/// # Errors
/// When the database refuses.
pub fn newest(conn: &mut Conn, text: Text, most: i64) -> QueryResult<Vec<Line>> {
    let rows = store::list(conn, &Filter::default(), &Paging::first(most))?;
    let rows = Paging::first(most)
        .slice(rows, |row| Cursor {
            time: row.at,
            id: row.id.to_string(),
        })
        .rows;
    let names = store::names(conn, &people(&rows))?;
    let line = |row| {
        let entry = EntryView::of(text, row, &names);
        Line {
            sentence: entry.sentence,
            at: entry.at,
            icon: entry.icon,
        }
    };
    Ok(rows.into_iter().map(line).collect())
}

/// One thing that somebody did to something, for the page of that thing.
pub struct Deed {
    /// What was done, such as `invite.sent_again`.
    pub action: String,
    /// Who did it, in words.
    pub actor: String,
    /// When.
    pub at: Time,
}

/// What was done to the thing of an id, newest first.
///
/// # Errors
/// When the database refuses.
pub fn about(conn: &mut Conn, text: Text, target: &str, most: i64) -> QueryResult<Vec<Deed>> {
    let filter = Filter {
        target: target.to_owned(),
        ..Filter::default()
    };
    let rows = store::list(conn, &filter, &Paging::first(most))?;
    let names = store::names(conn, &people(&rows))?;
    let deed = |row: Row| Deed {
        actor: actor(text, &row, &names),
        action: row.action,
        at: row.at,
    };
    Ok(rows.into_iter().map(deed).collect())
}

#[cfg(test)]
mod tests;
