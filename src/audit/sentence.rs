//! The sentence of an entry. Most have one for their action; some say more from what changed.

use serde_json::Value;

use super::model::Row;
use crate::text::{Message, Text};

/// What was done, in one sentence. `actor` and `target` are their names.
pub(super) fn sentence(text: Text, row: &Row, actor: &str, target: &str) -> String {
    let is_own = row.actor_id.as_deref() == Some(row.target_id.as_str());
    let words = match row.action.as_str() {
        "user.created" if is_own => {
            let after = &row.after.0;
            text.get(match after.get("invite_id") {
                Some(_) => "audit-user-created-by-invite",
                // The first owner is the only one who makes themselves more than a member.
                None if after["role"] == "owner" => "audit-user-created-by-set-up",
                None => "audit-user-created-by-registering",
            })
        }
        "session.ended" if is_own => match row.after.0["sessions"].as_i64() {
            Some(count) if count > 1 => text.get("audit-session-ended-all").arg("count", count),
            _ => text.get("audit-session-ended-own"),
        },
        "user.updated" => updated(text, row, is_own),
        action => {
            let key = format!("audit-{}", action.replace(['.', '_'], "-"));
            if text.has(&key) {
                text.get(key)
            } else {
                text.get("audit-sentence").arg("action", action)
            }
        }
    };
    words.arg("actor", actor).arg("target", target).to_string()
}

/// Parts of an account that can change, and the keys of their words.
const PARTS: [(&str, &str); 7] = [
    ("display_name", "audit-part-name"),
    ("role", "audit-part-role"),
    ("email_verified", "audit-part-verified"),
    ("groups_added", "audit-part-groups"),
    ("traits", "audit-part-traits"),
    ("metadata_public", "audit-part-metadata"),
    ("metadata_admin", "audit-part-metadata-admin"),
];

/// What changed about an account: one thing in a sentence of its own, several by name.
fn updated(text: Text, row: &Row, is_own: bool) -> Message {
    let (before, after) = (&row.before.0, &row.after.0);
    let is_nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    let changed: Vec<&(&str, &str)> = PARTS
        .iter()
        .filter(|(name, _)| before[name] != after[name])
        .filter(|(name, _)| !is_nothing(&after[name]))
        .collect();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match changed.as_slice() {
        [] => text.get("audit-user-updated"),
        [("role", _)] => {
            let role = text.get(format!("role-{}", word(&after["role"])));
            text.get("audit-user-updated-role").arg("role", role)
        }
        [("display_name", _)] => text
            .get(if is_own {
                "audit-user-updated-own-name"
            } else {
                "audit-user-updated-name"
            })
            .arg("before", word(&before["display_name"]))
            .arg("after", word(&after["display_name"])),
        [("email_verified", _)] => text.get("audit-user-updated-verified"),
        several => {
            let parts: Vec<String> = several
                .iter()
                .map(|(_, key)| text.get(*key).to_string())
                .collect();
            text.get("audit-user-updated-parts")
                .arg("parts", parts.join(", "))
        }
    }
}
