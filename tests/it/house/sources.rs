//! The files of the project, and Rust source taken apart as far as the rules need it.

use std::path::{Path, PathBuf};

/// One file.
pub struct File {
    /// Its path from the root of the project, with `/` between the parts.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// Rust source without its tests and comments.
pub struct Source {
    /// The file.
    pub path: String,
    /// The code, string literals emptied.
    pub code: String,
    /// The string literals in their order, escapes as they are written.
    pub literals: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The file at `path`, from the root of the project.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// Whether there is a file or folder at `path`, from the root of the project.
pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// The names in a folder, sorted.
pub fn names(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every file below `folder` whose name ends in one of `endings`, sorted.
pub fn files(folder: &str, endings: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
            let name = name.replace('\\', "/");
            if endings.iter().any(|ending| name.ends_with(ending)) {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(File { path: name, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "{folder}");
    found
}

/// The Rust source below `folder`, tests and what only tests use left out.
pub fn rust(folder: &str) -> Vec<Source> {
    files(folder, &[".rs"])
        .into_iter()
        .filter(|file| !only_for_tests(&file.path))
        .map(|file| {
            let tests = file.text.find("#[cfg(test)]\nmod tests {");
            let (code, literals) = taken_apart(&file.text[..tests.unwrap_or(file.text.len())]);
            Source {
                path: file.path,
                code,
                literals,
            }
        })
        .collect()
}

fn only_for_tests(path: &str) -> bool {
    path.contains("/tests/")
        || ["/tests.rs", "/testing.rs", "/scratch.rs"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// Separates code and string literals; comments are dropped.
fn taken_apart(text: &str) -> (String, Vec<String>) {
    let (mut code, mut literals) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if let Some(inner) = rest.strip_prefix("r#\"") {
            let end = inner.find("\"#").unwrap();
            literals.push(inner[..end].to_owned());
            code.push_str("\"\"");
            rest = &inner[end + 2..];
        } else if let Some(inner) = rest.strip_prefix('"') {
            let end = end_of_string(inner);
            literals.push(inner[..end].to_owned());
            code.push_str("\"\"");
            rest = &inner[end + 1..];
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\") {
            let end = rest[2..].find('\'').unwrap() + 3;
            rest = &rest[end..];
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    (code, literals)
}

fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    text.char_indices()
        .find(|(_, char)| {
            let ends = !escaped && *char == '"';
            escaped = !escaped && *char == '\\';
            ends
        })
        .map(|(at, _)| at)
        .unwrap()
}

/// Fails with a list, unless it is empty.
#[track_caller]
pub fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn code_and_literals_are_told_apart() {
    let text = r##"let a = "x \" y"; // "no"
        let b = '"'; let c = '\''; let d: &'static str = r#"raw "z""#;"##;
    let (code, literals) = taken_apart(text);
    assert_eq!(literals, [r#"x \" y"#, r#"raw "z""#]);
    assert!(!code.contains("no") && code.contains("let d: &'static str"));
}
