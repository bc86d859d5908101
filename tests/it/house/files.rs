//! The size of files, and what must stand in none.

use super::sources::{files, none, rust};

/// The most lines that a source file has.
const MOST_LINES: usize = 400;
/// The list of tables and columns, which is looked up and not read.
const TABLES: &str = "src/db/schema.rs";

#[test]
fn source_files_are_short() {
    let long: Vec<String> = files("src", &[".rs"])
        .iter()
        .filter(|file| file.path != TABLES)
        .map(|file| (&file.path, file.text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{path}: {lines}"))
        .collect();
    none("source files of more than 400 lines", &long);
}

#[test]
fn the_database_is_never_asked_for_the_time() {
    let asks = |text: &str| {
        let text = text.to_ascii_lowercase();
        [
            "now()",
            "current_timestamp",
            "localtimestamp",
            "clock_timestamp",
            "strftime(",
            "datetime('",
        ]
        .iter()
        .any(|word| text.contains(word))
    };
    let mut found: Vec<String> = files("migrations", &[".sql"])
        .iter()
        .filter(|file| asks(&file.text))
        .map(|file| file.path.clone())
        .collect();
    for source in rust("src") {
        let in_sql = source.literals.iter().any(|literal| asks(literal));
        if in_sql || source.code.contains("dsl::now") {
            found.push(source.path);
        }
    }
    none("SQL that reads the time by itself", &found);
}

#[test]
fn templates_have_no_style_script_or_handler_of_their_own() {
    let mut found = Vec::new();
    for file in files("templates", &[".html"]) {
        for (number, line) in file.text.lines().enumerate() {
            let lower = line.to_ascii_lowercase();
            // Mails are shown by mail programs, which read no style sheet; our policy is not theirs.
            let styled = !file.path.starts_with("templates/mail/")
                && (lower.contains(" style=") || lower.contains("<style"));
            let script = lower.match_indices("<script").any(|(at, _)| {
                !lower[at..]
                    .split('>')
                    .next()
                    .unwrap()
                    .contains(" src=\"{{ page.js }}\"")
            });
            let handler = lower.match_indices(" on").any(|(at, _)| {
                let rest = &lower[at + 3..];
                let name = rest.find(|char: char| !char.is_ascii_lowercase());
                name.is_some_and(|end| end > 1 && rest[end..].starts_with("=\""))
            });
            if styled || script || handler || lower.contains("javascript:") {
                found.push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    none("style, script or handlers in templates", &found);
}
