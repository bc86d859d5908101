//! What the document calls operations and their groups.

use super::{Operation, SchemaFn, schema_of};
use crate::ids;

/// What the groups of operations are about, in the order in which people read them.
pub(super) const TAGS: &[(&str, &str)] = &[
    ("me", "Who is calling."),
    ("users", "People's accounts."),
    (
        "invites",
        "Make invites, send them again, revoke them. The account is made when the person accepts.",
    ),
    (
        "invited",
        "What an invited person sees and does, for a front end of your own. Ask with \
         `Accept: application/json`; without it the same addresses answer pages.",
    ),
    (
        "invite-templates",
        "Named policies that invites are made from.",
    ),
    (
        "schemas",
        "JSON Schemas of the traits: what the platform wants to know of a person.",
    ),
    ("groups", "Groups of users and their members."),
    (
        "keys",
        "API keys: see and revoke. They are made on the settings page.",
    ),
    (
        "tokens",
        "What is behind a token that an app was shown. Refusals have the form of OAuth, but for those of `/gate`.",
    ),
    ("settings", "The settings of the site."),
    (
        "events",
        "What happened, numbered in committed order, for integrated apps.",
    ),
    ("audit", "Who did what, when and from where."),
    ("outbox", "Mails that wait, were sent or failed."),
    (
        "aleph",
        "What programs send that were written for Aleph, with refusals in the form that they read. Query parameters that \
         nobody knows are passed over.",
    ),
    (
        "kratos",
        "What programs send that were written for Ory Kratos, with refusals in the form that they read. Query \
         parameters that nobody knows are passed over.",
    ),
    (
        "server",
        "The server itself: health, metrics and this description.",
    ),
];

/// The group that an operation belongs to: the system whose clients it is for, or the part of the path behind the version.
pub(super) fn tag(row: &Operation<'_>) -> &'static str {
    if let Some(dialect) = row.doc.dialect {
        return dialect.tag;
    }
    let first = row
        .path
        .strip_prefix("/api/v1/")
        .and_then(|rest| rest.split('/').next());
    match first {
        Some("leaked-keys") => "keys",
        Some(name) => TAGS
            .iter()
            .map(|(tag, _)| *tag)
            .find(|tag| *tag == name)
            .unwrap_or("server"),
        None if row.path.starts_with("/self-service/") => "invited",
        None if row.path == "/gate" => "tokens",
        None => "server",
    }
}

/// A path without what only the router needs: `{file:.*}` is `{file}`.
pub(super) fn plain_path(pattern: &str) -> String {
    let segments = pattern
        .split('/')
        .map(|segment| match segment.split_once(':') {
            Some((name, _)) if segment.starts_with('{') => format!("{name}}}"),
            _ => segment.to_owned(),
        });
    segments.collect::<Vec<_>>().join("/")
}

pub(super) fn operation_id(method: &str, path: &str) -> String {
    let words: Vec<&str> = path
        .trim_start_matches("/api/v1")
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    format!(
        "{}_{}",
        method.to_ascii_lowercase(),
        if words.is_empty() {
            "start".to_owned()
        } else {
            words.join("_")
        }
    )
}

/// The schema of an id in a path, told by its name, or by the collection before it.
pub(super) fn id_schema(name: &str, before: &str) -> Option<SchemaFn> {
    let of = if name == "id" { before } else { name };
    Some(match of {
        "users" | "user_id" | "roles" => schema_of::<ids::UserId>,
        "groups" | "group_id" => schema_of::<ids::GroupId>,
        "invite-templates" => schema_of::<ids::TemplateId>,
        "invites" | "invite_id" => schema_of::<ids::InviteId>,
        "keys" | "key_id" | "api-keys" => schema_of::<ids::KeyId>,
        "outbox" => schema_of::<ids::OutboxId>,
        "events" => schema_of::<ids::EventId>,
        "audit" => schema_of::<ids::AuditId>,
        "sessions" => schema_of::<ids::SessionId>,
        _ => return None,
    })
}
