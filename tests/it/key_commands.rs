//! The operator's commands on keys: those without an end get one, and leaked ones are found in files.

use std::fs;

use vestibule::secret::{PlainSecret, SecretKind};

use crate::support::app::PASSWORD;
use crate::support::program::Program;

const OWNER: &str = "grace@example.org";

fn with_owner() -> Program {
    let program = Program::new();
    program.run(&["migrate"]).ok();
    let args = [
        "user",
        "create",
        "--email",
        OWNER,
        "--name",
        "Grace",
        "--role",
        "owner",
        "--password-stdin",
    ];
    program.run_with(&args, PASSWORD).ok();
    program
}

#[test]
fn keys_without_an_end_get_one_spread_over_days() {
    let program = with_owner();
    let issue = |ends: &str| {
        let args = [
            "key",
            "issue",
            "--user",
            OWNER,
            "--name",
            "Old",
            "--expires-in",
            ends,
        ];
        program.run(&args).ok()
    };
    for _ in 0..3 {
        issue("never");
    }
    issue("30d");
    let revoked = program.run(&["key", "list"]).ok();
    let revoked = revoked
        .lines()
        .next()
        .unwrap()
        .split('\t')
        .next()
        .unwrap()
        .to_owned();
    issue("never");
    program.run(&["key", "revoke", &revoked]).ok();
    let reset = |more: &[&str]| {
        let args: Vec<&str> = ["reset-api-key-expiration"]
            .iter()
            .chain(more)
            .copied()
            .collect();
        program.run(&args).ok()
    };
    let endless =
        "SELECT count(*) AS count FROM api_keys WHERE expires_at IS NULL AND revoked_at IS NULL";
    assert_eq!(reset(&["--dry-run"]).trim(), "4");
    assert_eq!(program.count(endless), 4);
    assert_eq!(reset(&["--days", "60", "--stagger-days", "40"]).trim(), "4");
    assert_eq!(program.count(endless), 0);
    let days: Vec<String> = {
        let list = program.run(&["key", "list"]).ok();
        let ends = list
            .lines()
            .map(|line| line.rsplit('\t').next().unwrap()[..10].to_owned());
        let mut days: Vec<String> = ends.collect();
        days.sort();
        days.dedup();
        days
    };
    assert_eq!(days.len(), 5, "{days:?}");
    // Their owners will be told.
    let told = "SELECT count(*) AS count FROM api_keys WHERE next_notice_at IS NULL";
    assert_eq!(program.count(told), 1);
    let audited = "SELECT count(*) AS count FROM audit WHERE action = 'api_key.end_set'";
    assert_eq!(program.count(audited), 4);
    assert_eq!(reset(&[]).trim(), "0");
    for wrong in [["--days", "0"], ["--days", "x"], ["--stagger-days", "3651"]] {
        let args: Vec<&str> = ["reset-api-key-expiration"]
            .iter()
            .chain(&wrong)
            .copied()
            .collect();
        program.run(&args).refused(2, wrong[0]);
    }
}

#[test]
fn secrets_in_files_are_found_without_a_database() {
    let program = Program::new();
    let folder = tempfile::tempdir().unwrap();
    let key = PlainSecret::generate(SecretKind::ApiKey);
    fs::create_dir_all(folder.path().join("deep/er")).unwrap();
    fs::write(folder.path().join("clean.txt"), "nothing here").unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    program.run(&["scan", &path]).ok();
    let file = folder.path().join("deep/er/.env");
    fs::write(&file, format!("A=1\nKEY={}\n", key.reveal())).unwrap();
    let said = program.run(&["scan", &path]);
    let line = format!("{}:2\t{}…{}", file.display(), key.prefix(), key.last_four());
    assert_eq!(said.out.trim(), line);
    assert!(!said.out.contains(key.reveal()) && !said.err.contains(key.reveal()));
    assert_eq!(said.code, 1);
    assert!(said.err.contains("1 secrets in 2 files"), "{said:?}");
    assert_eq!(program.run(&["scan", file.to_str().unwrap()]).code, 1);
    program
        .run(&["scan", "/nowhere/at/all"])
        .refused(2, "/nowhere/at/all");
}
