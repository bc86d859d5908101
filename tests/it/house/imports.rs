//! Imports point downwards: the floors in the table of `src/lib.rs` against every `crate::` path.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{self, none};

/// A room that reads another's rows by itself: who, whose, and why that is right.
const STORES_LENT: [(&str, &str, &str); 9] = [
    (
        "console",
        "invites",
        "the frame and the dashboard count rows of every feature",
    ),
    (
        "console",
        "outbox",
        "the frame and the dashboard count rows of every feature",
    ),
    (
        "console",
        "sign_in",
        "the page of one user lists all that is theirs",
    ),
    ("console", "site", "the frame shows the name of the site"),
    ("console", "users", "lists users with what hangs on them"),
    (
        "invite_batches",
        "users",
        "whether whoever made a batch is still let in is asked with each piece",
    ),
    (
        "invites",
        "users",
        "an invite is about a user, who is found by address in the same transaction",
    ),
    ("metrics", "outbox", "counts the mails that wait or failed"),
    ("sign_in", "users", "a sign-in starts from the user's row"),
];

/// Rooms that hand handlers on to the server; they may name any.
const HANDLERS_KNOWN: [&str; 2] = ["routes", "server"];

/// The rooms of each floor, from the ground up, as the table in `src/lib.rs` has them.
fn floors() -> Vec<Vec<String>> {
    let floors: Vec<Vec<String>> = sources::read("src/lib.rs")
        .lines()
        .filter(|line| line.starts_with("//! |") && line.contains("[`"))
        .map(|line| {
            let parts = line.split("[`").skip(1);
            parts
                .map(|part| part.split('`').next().unwrap().to_owned())
                .collect()
        })
        .collect();
    assert!(floors.len() >= 5, "{floors:?}");
    floors
}

pub(super) fn room_of(path: &str) -> &str {
    let path = path.strip_prefix("src/").unwrap();
    let room = path.split('/').next().unwrap();
    room.strip_suffix(".rs").unwrap_or(room)
}

/// Every path that starts with `crate::`, without that start: the trees of `use` taken apart.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (at, start) in code.match_indices("crate::") {
        tree(&code[at + start.len()..], &[], &mut paths);
    }
    paths
}

/// Reads one tree of `use` and answers what follows it.
fn tree<'a>(text: &'a str, before: &[String], paths: &mut Vec<Vec<String>>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut inner) = text.strip_prefix('{') {
        loop {
            inner = inner.trim_start_matches([' ', '\n', ',']);
            match inner.strip_prefix('}') {
                Some(after) => return after,
                None => inner = tree(inner, before, paths),
            }
        }
    }
    let end = text.find(|char: char| !(char.is_alphanumeric() || char == '_' || char == '*'));
    let (word, after) = text.split_at(end.unwrap_or(text.len()));
    assert!(!word.is_empty(), "no path: {}", &text[..text.len().min(60)]);
    let mut path = before.to_vec();
    path.push(word.to_owned());
    match after.strip_prefix("::") {
        Some(more) if !more.starts_with('<') => tree(more, &path, paths),
        _ => {
            paths.push(path);
            let renamed = after.strip_prefix(" as ").map(|more| {
                more.trim_start_matches(|char: char| char.is_alphanumeric() || char == '_')
            });
            renamed.unwrap_or(after)
        }
    }
}

/// What each room names of the others: room, file, path.
pub(super) fn edges() -> Vec<(String, String, Vec<String>)> {
    let rooms: BTreeSet<String> = floors().into_iter().flatten().collect();
    let mut edges = Vec::new();
    for source in sources::rust("src") {
        let room = room_of(&source.path).to_owned();
        if !rooms.contains(&room) {
            assert!(
                ["lib", "main", "cli"].contains(&room.as_str()),
                "{room} has no floor"
            );
            continue;
        }
        for path in paths(&source.code) {
            // A macro of the crate is no room.
            if path[0] != room && rooms.contains(&path[0]) {
                edges.push((room.clone(), source.path.clone(), path));
            }
        }
    }
    assert!(edges.len() > 300, "only {} imports were found", edges.len());
    edges
}

#[test]
fn trees_of_use_are_taken_apart() {
    let code = "use crate::a::{self, b::{C, D as E}, f};\nlet x = crate::g::h::<I>();";
    let found: Vec<String> = paths(code).iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["a::self", "a::b::C", "a::b::D", "a::f", "g::h"]);
}

#[test]
fn every_room_has_one_floor() {
    let mut declared: Vec<String> = sources::read("src/lib.rs")
        .lines()
        .filter_map(|line| {
            line.strip_prefix("pub mod ")?
                .strip_suffix(';')
                .map(str::to_owned)
        })
        .collect();
    let mut named: Vec<String> = floors().into_iter().flatten().collect();
    declared.sort();
    named.sort();
    assert_eq!(declared, named);
}

#[test]
fn imports_point_downwards() {
    let mut floor_of = BTreeMap::new();
    for (height, floor) in floors().into_iter().enumerate() {
        for room in floor {
            floor_of.insert(room, height);
        }
    }
    let upwards: Vec<String> = edges()
        .iter()
        .filter(|(room, _, path)| floor_of[&path[0]] > floor_of[room])
        .map(|(_, file, path)| format!("{file} imports {}", path.join("::")))
        .collect();
    none("imports that point upwards", &upwards);
}

#[test]
fn no_rooms_import_each_other_in_a_circle() {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (room, _, path) in edges() {
        imports.entry(room).or_default().insert(path[0].clone());
    }
    // Rooms that import nothing that is left are done with; a circle is what never gets done.
    loop {
        let done: Vec<String> = imports
            .iter()
            .filter(|(_, wanted)| wanted.iter().all(|room| !imports.contains_key(room)))
            .map(|(room, _)| room.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        imports.retain(|room, _| !done.contains(room));
    }
    let left: Vec<String> = imports
        .iter()
        .map(|(room, wanted)| format!("{room} imports {wanted:?}"))
        .collect();
    none("rooms in or above a circle", &left);
}

#[test]
fn rows_and_handlers_of_a_room_are_its_own() {
    let features: BTreeSet<String> = floors().into_iter().skip(3).flatten().collect();
    let mut wrong = BTreeSet::new();
    let mut lent = BTreeSet::new();
    for (room, file, path) in edges() {
        let (Some(part), true) = (path.get(1), features.contains(&path[0])) else {
            continue;
        };
        let is_handlers = path[1..]
            .iter()
            .any(|part| part == "pages" || part == "api" || part.ends_with("_pages"));
        if is_handlers && !HANDLERS_KNOWN.contains(&room.as_str()) {
            wrong.insert(format!("{file} imports {}", path.join("::")));
        }
        if part == "store" {
            let known = STORES_LENT
                .iter()
                .find(|(who, whose, _)| *who == room && *whose == path[0]);
            match known {
                Some((who, whose, _)) => lent.insert((*who, *whose)),
                None => wrong.insert(format!("{file} imports {}", path.join("::"))),
            };
        }
    }
    none(
        "imports of another room's store or handlers",
        &Vec::from_iter(wrong),
    );
    for (who, whose, _) in STORES_LENT {
        assert!(
            lent.contains(&(who, whose)),
            "{who} no longer reads the rows of {whose}"
        );
    }
}
