//! What the papers say, against the code.

use vestibule::config::{SETTINGS, SettingDefault};

use super::sources::{exists, files, none, read};

/// Every paper: its path and its text.
fn papers() -> Vec<(String, String)> {
    let mut papers: Vec<(String, String)> = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "THIRD_PARTY.md",
    ]
    .map(|path| (path.to_owned(), read(path)))
    .into();
    papers.extend(
        files("docs", &[".md"])
            .into_iter()
            .map(|file| (file.path, file.text)),
    );
    papers
}

#[test]
fn the_readme_lists_every_setting() {
    let mut table = "| Variable | Default | What it is for |\n|---|---|---|\n".to_owned();
    for setting in &SETTINGS {
        let default = match setting.default {
            SettingDefault::Value(value) => format!("`{value}`"),
            SettingDefault::Derived(words) => words.to_owned(),
            SettingDefault::Unset => "not set".to_owned(),
        };
        let row = format!(
            "| `VESTIBULE_{}` | {default} | {} |\n",
            setting.name, setting.purpose
        );
        // What stands in angle brackets would be read as HTML.
        table.push_str(&row.replace('<', "\\<"));
    }
    assert!(
        read("README.md").contains(&table),
        "README.md must hold this table:\n\n{table}"
    );
}

#[test]
fn links_between_the_papers_lead_somewhere() {
    let mut dead = Vec::new();
    for (path, text) in papers() {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', '#']).next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
            for part in target.split('/') {
                match part {
                    "." | "" => {}
                    ".." => drop(parts.pop()),
                    part => parts.push(part),
                }
            }
            if !exists(&parts.join("/")) {
                dead.push(format!("{path}: {target}"));
            }
        }
    }
    none("links that lead nowhere", &dead);
}

#[test]
fn papers_named_in_the_code_exist() {
    let mut missing = Vec::new();
    for file in files("src", &[".rs"]) {
        for (end, _) in file.text.match_indices(".md") {
            let is_name = |char: char| char.is_alphanumeric() || "-_./".contains(char);
            let name: String = file.text[..end]
                .chars()
                .rev()
                .take_while(|char| is_name(*char))
                .collect();
            let name = format!("{}.md", name.chars().rev().collect::<String>());
            if !exists(&name) && !exists(&format!("docs/{name}")) {
                missing.push(format!("{}: {name}", file.path));
            }
        }
    }
    none("papers that do not exist", &missing);
}

#[test]
fn the_readme_lists_every_command() {
    let asked = std::process::Command::new(env!("CARGO_BIN_EXE_vestibule"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(asked.stdout).unwrap();
    let listed = help
        .split_once("Commands:\n")
        .unwrap()
        .1
        .split("\n\n")
        .next()
        .unwrap();
    let mut table = "| Command | What it does |\n|---|---|\n".to_owned();
    for line in listed.lines() {
        let (name, words) = line.trim().split_once(' ').unwrap();
        if name != "help" {
            table.push_str(&format!("| `vestibule {name}` | {} |\n", words.trim()));
        }
    }
    assert!(
        read("README.md").contains(&table),
        "README.md must hold this table:\n\n{table}"
    );
}

#[test]
fn files_named_in_the_papers_exist() {
    let mut missing = Vec::new();
    for (path, text) in papers() {
        for word in text.split('`').skip(1).step_by(2) {
            let folders = [
                "src/",
                "tests/",
                "docs/",
                "scripts/",
                "migrations/",
                "locales/",
                "templates/",
                "static/",
            ];
            let is_path = folders.iter().any(|folder| word.starts_with(folder))
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
            if is_path && !exists(word) {
                missing.push(format!("{path}: {word}"));
            }
        }
    }
    none("files that do not exist", &missing);
}

#[test]
fn tests_that_hold_the_cases_exist() {
    let mut missing = Vec::new();
    for line in read("docs/cases.md")
        .lines()
        .filter(|line| line.starts_with("| "))
    {
        let holders: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        for holder in &holders {
            let (file, name) = holder.rsplit_once("::").unwrap();
            let source = format!("tests/it/{file}.rs");
            if !exists(&source) || !read(&source).contains(&format!("#[test]\nfn {name}()")) {
                missing.push((*holder).to_owned());
            }
        }
        if holders.is_empty() && !line.starts_with("| |") {
            missing.push(line.to_owned());
        }
    }
    none(
        "cases without a test, and tests that are not there",
        &missing,
    );
}
