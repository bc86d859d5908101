//! Whose table is whose: a room reads and writes its own rows, and names those of others only with a reason.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{edges, room_of};
use super::sources::{self, none};

/// The tables of each room.
const OWN: [(&str, &[&str]); 17] = [
    ("api_keys", &["api_keys"]),
    ("audit", &["audit"]),
    ("codes", &["codes"]),
    ("db", &["facts", "revisions"]),
    ("events", &["events"]),
    ("groups", &["groups", "group_members"]),
    (
        "invite_batches",
        &["invite_batches", "invite_batch_pieces", "invite_batch_rows"],
    ),
    ("invite_templates", &["invite_templates"]),
    (
        "invites",
        &[
            "invites",
            "invite_acceptances",
            "invite_applications",
            "invite_groups",
            "invite_links",
            "suppressions",
        ],
    ),
    ("jobs", &["leases"]),
    ("one_time_links", &["one_time_links"]),
    ("outbox", &["outbox"]),
    ("schemas", &["schemas"]),
    ("sign_in", &["sessions"]),
    ("site", &["settings"]),
    ("users", &["logins", "users"]),
    ("web", &["idempotent_answers"]),
];

/// A room that names another's table: who, which, and why that is right.
const TABLES_LENT: [(&str, &str, &str); 17] = [
    (
        "api_keys",
        "users",
        "a key and whether its owner is let in are read in one query",
    ),
    (
        "audit",
        "api_keys",
        "entries are searched and told by the names of whom they are about",
    ),
    (
        "audit",
        "invites",
        "entries are searched and told by the names of whom they are about",
    ),
    (
        "audit",
        "users",
        "entries are searched and told by the names of whom they are about",
    ),
    (
        "groups",
        "users",
        "members are listed with their names in one query; users lie above",
    ),
    (
        "health",
        "revisions",
        "the smallest table that is always there, to see whether it can be read",
    ),
    (
        "invite_batches",
        "invites",
        "what became of lines is told with how their invites stand",
    ),
    (
        "invite_batches",
        "outbox",
        "what became of lines is told with how their mails fare",
    ),
    (
        "invite_templates",
        "invites",
        "a template stays while an invite has it; invites lie above",
    ),
    (
        "invites",
        "invite_batch_rows",
        "an invite tells its batch, and the list is filtered by it; batches lie above",
    ),
    (
        "invites",
        "outbox",
        "invites are filtered and counted by how their mail fares",
    ),
    (
        "invites",
        "users",
        "invites are listed with the names of who made them",
    ),
    (
        "schemas",
        "invite_templates",
        "a schema stays while something has it; all that can lies above",
    ),
    (
        "schemas",
        "invites",
        "a schema stays while something has it; all that can lies above",
    ),
    (
        "schemas",
        "users",
        "a schema stays while something has it; all that can lies above",
    ),
    (
        "sign_in",
        "users",
        "a session and whether its user is let in are read in one query",
    ),
    (
        "users",
        "group_members",
        "users are filtered by their group",
    ),
];

/// Every table that a room names, by its schema or in SQL: room, table, file.
fn named() -> BTreeSet<(String, String, String)> {
    let tables: BTreeSet<&str> = OWN
        .iter()
        .flat_map(|(_, tables)| *tables)
        .copied()
        .collect();
    let mut named = BTreeSet::new();
    for (room, file, path) in edges() {
        if path[0] == "db" && path.get(1).is_some_and(|part| part == "schema") {
            let table = path
                .get(2)
                .unwrap_or_else(|| panic!("{file} takes the whole schema"));
            assert!(
                tables.contains(table.as_str()),
                "{table} in {file} is nobody's"
            );
            named.insert((room, table.clone(), file));
        }
    }
    for source in sources::rust("src") {
        for literal in &source.literals {
            let words: Vec<&str> = literal.split_whitespace().collect();
            for pair in words.windows(2) {
                let is_sql = ["FROM", "JOIN", "UPDATE", "INTO"].contains(&pair[0]);
                if is_sql && tables.contains(pair[1]) {
                    let room = room_of(&source.path).to_owned();
                    named.insert((room, pair[1].to_owned(), source.path.clone()));
                }
            }
        }
    }
    assert!(named.len() > 20, "only {} tables are named", named.len());
    named
}

#[test]
fn tables_are_named_by_their_own_room() {
    let owner_of: BTreeMap<&str, &str> = OWN
        .iter()
        .flat_map(|(room, tables)| tables.iter().map(|table| (*table, *room)))
        .collect();
    let mut lent = BTreeSet::new();
    let mut wrong = Vec::new();
    for (room, table, file) in named() {
        if owner_of[table.as_str()] == room || room == "db" {
            continue;
        }
        match TABLES_LENT
            .iter()
            .find(|(who, which, _)| *who == room && *which == table)
        {
            Some((who, which, _)) => {
                lent.insert((*who, *which));
            }
            None => wrong.push(format!("{file} names {table}")),
        }
    }
    none("tables of other rooms", &wrong);
    for (who, which, _) in TABLES_LENT {
        assert!(
            lent.contains(&(who, which)),
            "{who} no longer names {which}"
        );
    }
}
