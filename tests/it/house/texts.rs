//! The message catalogue against what asks for it, both ways.

use std::collections::BTreeSet;

use vestibule::access::{Role, Scope};
use vestibule::error::Code;
use vestibule::text::Text;

use super::sources::{Source, files, none, rust};

/// Keys that are put together at run time: the fixed start. What follows must stand as a word of its own
/// in the code: as it is, or with `_` or `.` in the place of `-`.
const MADE_OF_DATA: [&str; 30] = [
    "api-keys-overlap-",
    "api-keys-scope-",
    "audit-",
    "audit-chip-",
    "audit-filter-",
    "docs-tag-",
    "error-",
    "field-",
    "field-control-characters-",
    "field-duplicate-field-",
    "field-not-a-choice-",
    "field-not-a-number-",
    "field-not-for-open-links-",
    "field-number-too-large-",
    "field-out-of-range-",
    "field-required-",
    "field-too-long-",
    "field-too-many-",
    "landing-",
    "outbox-",
    "outbox-by-",
    "outbox-caption-",
    "outbox-empty-",
    "outbox-kind-",
    "problem-",
    "templates-delivery-",
    "templates-identifier-",
    "templates-match-",
    "templates-mode-",
    "users-",
];

/// Words in the code that look like keys and are none.
const NO_TEXTS: [&str; 8] = [
    // sections of the console, and files of the catalogue
    "api-keys",
    "sign-in",
    // jobs
    "audit-check",
    "audit-seal",
    "outbox-bodies",
    "outbox-sms",
    "outbox-sweep",
    // an icon
    "users-group",
];

/// All string literals of the code, and what templates hold.
fn words() -> (Vec<Source>, String) {
    let templates = files("templates", &[".html", ".txt"]);
    let text = templates.into_iter().map(|file| file.text).collect();
    (rust("src"), text)
}

/// Whether a word may be a key.
pub fn is_key(word: &str) -> bool {
    let (id, attribute) = word.split_once('.').unwrap_or((word, "hint"));
    id.contains('-')
        && id.starts_with(|char: char| char.is_ascii_lowercase())
        && !id.ends_with('-')
        && id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !attribute.is_empty()
        && attribute.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Keys that a template hands to `t(…)`.
pub fn asked_in_templates(text: &str) -> impl Iterator<Item = &str> {
    text.split(".t(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|word| is_key(word))
}

#[test]
fn every_text_that_is_asked_for_exists() {
    let known: BTreeSet<String> = Text::ENGLISH.keys().into_iter().collect();
    let rooms: BTreeSet<&str> = known
        .iter()
        .filter_map(|key| key.split('-').next())
        .collect();
    let (sources, templates) = words();
    let mut missing = BTreeSet::new();
    for source in &sources {
        for word in source.literals.iter().filter(|word| is_key(word)) {
            let room = word.split('-').next().unwrap();
            if rooms.contains(room) && !known.contains(word) && !NO_TEXTS.contains(&word.as_str()) {
                missing.insert(format!("{word} ({})", source.path));
            }
        }
    }
    for word in asked_in_templates(&templates) {
        if !known.contains(word) {
            missing.insert(format!("{word} (templates)"));
        }
    }
    none("texts that do not exist", &Vec::from_iter(missing));
}

#[test]
fn every_text_that_is_made_of_data_exists() {
    let known: BTreeSet<String> = Text::ENGLISH.keys().into_iter().collect();
    let mut wanted: Vec<String> = Vec::new();
    for role in Role::ALL {
        wanted.extend([format!("role-{role}"), format!("role-{role}.hint")]);
    }
    for scope in Scope::EACH {
        wanted.push(format!(
            "api-keys-scope-{}",
            scope.as_str().replace([':', '_'], "-")
        ));
    }
    for code in Code::ALL {
        wanted.push(format!("problem-{}", code.as_str().replace('_', "-")));
        wanted.push(format!("problem-title-{}", code.status()));
        let kind = match code {
            Code::FormExpired => "csrf".to_owned(),
            code => code.status().to_string(),
        };
        wanted
            .extend(["title", "detail", "next", "link"].map(|part| format!("error-{kind}-{part}")));
    }
    for source in rust("src") {
        // The codes of fields: the literal after the field, or after the macro's own.
        for (at, start) in source.code.match_indices("FieldError::new(") {
            let literals_before = source.code[..at].matches("\"\"").count();
            let call = source.code[at + start.len()..].split(')').next().unwrap();
            let parts: Vec<&str> = call.split(',').map(str::trim).collect();
            if parts.get(1) == Some(&"\"\"") {
                let before = usize::from(parts[0] == "\"\"");
                let code = &source.literals[literals_before + before];
                wanted.push(format!("field-{}", code.replace('_', "-")));
            }
        }
    }
    assert!(
        wanted.iter().any(|key| key == "field-not-an-email"),
        "no codes of fields were found"
    );
    wanted.retain(|key| !known.contains(key));
    wanted.sort();
    wanted.dedup();
    none("texts that do not exist", &wanted);
}

#[test]
fn every_text_is_used() {
    let (sources, templates) = words();
    let literals: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.literals.iter().map(String::as_str))
        .collect();
    let stands = |word: &str| literals.contains(word) || templates.contains(&format!("\"{word}\""));
    let like = |rest: &str| {
        // `invite-link-shown` may be written invite.link_shown.
        let dotted = literals.iter().any(|literal| {
            literal.len() == rest.len() && literal.replace(['_', '.', ':'], "-") == rest
        });
        dotted || templates.contains(&format!("\"{rest}\""))
    };
    let by_data = |key: &str| {
        let role = key
            .strip_prefix("role-")
            .is_some_and(|rest| rest.parse::<Role>().is_ok());
        let problem_title = key.strip_prefix("problem-title-").is_some_and(|status| {
            Code::ALL
                .iter()
                .any(|code| code.status().to_string() == status)
        });
        let error_page = key.strip_prefix("error-").is_some_and(|rest| {
            rest.rsplit_once('-').is_some_and(|(kind, part)| {
                ["title", "detail", "next", "link"].contains(&part)
                    && (["csrf", "csrf-kept", "link", "link-recovery", "link-set-up"]
                        .contains(&kind)
                        || Code::ALL
                            .iter()
                            .any(|code| code.status().to_string() == kind))
            })
        });
        role || problem_title
            || error_page
            || MADE_OF_DATA
                .iter()
                .filter_map(|start| key.strip_prefix(start))
                .any(like)
    };
    let unused: Vec<String> = Text::ENGLISH
        .keys()
        .into_iter()
        .filter(|key| {
            let (id, attribute) = key.split_once('.').unwrap_or((key, ""));
            let id_used = stands(id) || by_data(id);
            let used = match attribute {
                "" => id_used,
                attribute => {
                    let ending = format!(".{attribute}\"");
                    let asked = templates.contains(&ending)
                        || literals
                            .iter()
                            .any(|word| word.ends_with(&ending[..ending.len() - 1]));
                    stands(key) || (id_used && asked)
                }
            };
            !used
        })
        .collect();
    none("texts that nothing asks for", &unused);
}
