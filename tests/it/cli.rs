//! The command line, as an operator meets it: the real binary.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::json;

use crate::support::app::PASSWORD;
use crate::support::client::Api;
use crate::support::program::{Program, Said};

const COMMANDS: &[&[&str]] = &[
    &["serve"],
    &["migrate"],
    &["user"],
    &["user", "create"],
    &["user", "reset-link"],
    &["user", "suspend"],
    &["user", "reactivate"],
    &["key"],
    &["key", "issue"],
    &["key", "list"],
    &["key", "revoke"],
    &["jobs"],
    &["jobs", "run"],
    &["backup"],
    &["restore"],
    &["audit"],
    &["audit", "verify"],
    &["config"],
];

fn with_owner() -> Program {
    let program = Program::new();
    program.run(&["migrate"]).ok();
    create_owner(&program);
    program
}

fn create_owner(program: &Program) -> String {
    let args = [
        "user",
        "create",
        "--email",
        "grace@example.org",
        "--name",
        "Grace",
        "--role",
        "owner",
        "--password-stdin",
    ];
    program.run_with(&args, PASSWORD).ok()
}

fn create(program: &Program, email: &str, role: &str) -> Said {
    program.run(&[
        "user", "create", "--email", email, "--name", "Ada", "--role", role,
    ])
}

#[test]
fn every_command_explains_itself() {
    let program = Program::new();
    for command in COMMANDS {
        let mut args = command.to_vec();
        args.push("--help");
        let help = program.run(&args).ok();
        let usage = format!("Usage: vestibule {}", command.join(" "));
        assert!(help.contains(&usage), "{help}");
    }
    assert_eq!(fs::read_dir(program.folder.path()).unwrap().count(), 0);
}

#[test]
fn a_missing_database_is_refused_and_none_is_made() {
    let program = Program::new();
    for args in [
        &[
            "user",
            "create",
            "--email",
            "a@example.org",
            "--name",
            "A",
            "--role",
            "owner",
        ][..],
        &["user", "reset-link", "a@example.org"],
        &["user", "suspend", "a@example.org"],
        &["user", "reactivate", "a@example.org"],
        &["key", "issue", "--user", "a@example.org", "--name", "x"],
        &["key", "list"],
        &["key", "revoke", "key_018f3f4a-0000-7000-8000-000000000000"],
        &["jobs", "run"],
        &["audit", "verify"],
    ] {
        program
            .run(args)
            .refused(1, "there is no database of Vestibule");
    }
    if program.is_sqlite() {
        program
            .run(&["backup", "copy.db"])
            .refused(1, "there is no database of Vestibule");
    }
    assert_eq!(fs::read_dir(program.folder.path()).unwrap().count(), 0);
}

#[test]
fn users_are_made_let_in_and_switched_off() {
    let program = Program::new();
    program.run(&["migrate"]).ok();
    let owner = create_owner(&program);
    create(&program, "nobody", "member").refused(1, "full email address");
    create(&program, "b@example.org", "king").refused(2, "owner, admin or member");
    create(&program, "GRACE@example.org", "admin").refused(1, "already has that address");
    let weak = [
        "user",
        "create",
        "--email",
        "w@example.org",
        "--name",
        "W",
        "--role",
        "member",
        "--password-stdin",
    ];
    program
        .run_with(&weak, "short\n")
        .refused(1, "at least 12 characters");

    let made = create(&program, "ada@example.org", "member");
    assert!(made.err.contains("it waits"), "{made:?}");
    let ada = made.ok();
    assert!(ada.starts_with("usr_"));
    let welcome = "SELECT count(*) AS count FROM outbox WHERE kind = 'welcome'";
    assert_eq!(program.count(welcome), 1);

    program
        .run(&["user", "suspend", "nobody@example.org"])
        .refused(1, "there is no user");
    program
        .run(&["user", "suspend", &owner])
        .refused(1, "always be an active owner");
    let link = program.run(&["user", "reset-link", "Ada@Example.org"]).ok();
    assert!(link.contains("/recover/new?token=vstl_"), "{link}");
    assert_eq!(
        program
            .run(&["user", "suspend", &ada, "--reason", "left"])
            .ok(),
        ada
    );
    program
        .run(&["user", "suspend", &ada])
        .refused(1, "done already");
    program
        .run(&["user", "reset-link", &ada])
        .refused(1, "done already");
    assert_eq!(
        program.run(&["user", "reactivate", "ada@example.org"]).ok(),
        ada
    );
    for (action, count) in [
        ("user.created", 2),
        ("user.suspended", 1),
        ("user.reactivated", 1),
    ] {
        let rows = format!(
            "SELECT count(*) AS count FROM audit WHERE action = '{action}' AND actor_kind = 'operator'"
        );
        assert_eq!(program.count(&rows), count, "{action}");
    }

    // The way back for a locked-out owner, through the pages.
    let serving = program.serve();
    assert_eq!(serving.set_up_link, None);
    let link = program
        .run(&["user", "reset-link", "grace@example.org"])
        .ok();
    let path = link
        .split_once("/recover")
        .map(|(_, rest)| format!("/recover{rest}"))
        .unwrap();
    let mut browser = serving.browser();
    let page = browser.open(&path).is(200).page();
    let form = page
        .form("/recover/new")
        .fill("password", "another quiet lighthouse");
    browser.submit(form.submit()).is(303);
    assert_eq!(
        serving.sign_in("grace@example.org", PASSWORD).err(),
        Some(401)
    );
    assert!(
        serving
            .sign_in("grace@example.org", "another quiet lighthouse")
            .is_ok()
    );
    assert!(serving.terminate().success());
}

#[test]
fn keys_are_issued_listed_and_revoked() {
    let program = with_owner();
    let issue = |more: &[&str]| {
        let mut args = vec!["key", "issue", "--user", "grace@example.org"];
        args.extend(more);
        program.run(&args)
    };
    issue(&["--name", "x", "--scopes", "users:fly"]).refused(2, "users:fly");
    issue(&["--name", "x", "--expires-in", "90"]).refused(2, "90d, or never");
    issue(&["--name", ""]).refused(1, "Give the key a name");
    issue(&["--name", "x", "--expires-in", "0d"]).refused(1, "from 1 to 36,500");
    let made = issue(&[
        "--name",
        "Monitoring",
        "--scopes",
        "metrics:read,users:read",
    ]);
    assert!(
        !made.err.contains(&made.out),
        "the key is only on the standard output"
    );
    let key = made.ok();
    assert_eq!(key.len(), 54);
    let endless = issue(&["--name", "Endless", "--expires-in", "never"]).ok();
    let mails = "SELECT count(*) AS count FROM outbox WHERE kind = 'key_made'";
    assert_eq!(program.count(mails), 2);

    let list = program.run(&["key", "list"]).ok();
    let lines: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0][1..3], ["grace@example.org", "Endless"]);
    assert_eq!(lines[0][4..], ["all", "active", "never"]);
    assert_eq!(lines[1][4], "users:read,metrics:read");
    assert!(!list.contains(&key) && !list.contains(&endless));
    let of_owner = program
        .run(&["key", "list", "--user", "grace@example.org"])
        .ok();
    assert_eq!(of_owner, list);

    let serving = program.serve();
    let api = Api::new(&serving.base, Some(key));
    api.get("/api/v1/users").is(200);
    program.run(&["key", "revoke", lines[1][0]]).ok();
    let started = Instant::now();
    while api.get("/api/v1/users").status != 401 {
        assert!(started.elapsed() < Duration::from_secs(2), "it still works");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(api.get("/api/v1/users").code(), "key_revoked");
    program
        .run(&["key", "revoke", "usr_1"])
        .refused(2, "no id of a key");
    let unknown = lines[1][0].replace(&lines[1][0][30..], "0123456789");
    program
        .run(&["key", "revoke", &unknown])
        .refused(1, "there is no key");
    assert!(serving.terminate().success());
}

#[test]
fn a_signal_ends_the_server_in_order_and_nothing_is_lost() {
    let program = Program::new();
    let serving = program.serve();
    let link = serving.set_up_link.clone().unwrap();
    let mut owner = serving.browser();
    let page = owner.open(&link).is(200).page();
    let form = page
        .form("/setup")
        .fill("name", "Grace")
        .fill("email", "grace@example.org")
        .fill("password", PASSWORD);
    owner.submit(form.submit()).is(303);

    // Passwords are being hashed while the signal comes: those requests are finished, not cut off.
    let forms: Vec<_> = (0..4)
        .map(|_| {
            let mut browser = serving.browser();
            let page = browser.get("/sign-in").page();
            let form = page
                .form("/sign-in")
                .fill("email", "grace@example.org")
                .fill("password", PASSWORD);
            (browser, form.submit())
        })
        .collect();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = forms
            .into_iter()
            .map(|(mut browser, form)| {
                scope.spawn(move || {
                    let kind = [("content-type", form.content_type.as_str())];
                    browser.try_request("POST", &form.action, &kind, Some(&form.body))
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(100));
        serving.signal();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    // Whoever came after the listener had closed got no answer; nobody got half of one.
    let answered: Vec<_> = answers.into_iter().flatten().collect();
    assert!(!answered.is_empty());
    assert!(
        answered.iter().all(|answer| answer.status == 303),
        "{answered:?}"
    );
    let started = Instant::now();
    assert_eq!(serving.wait().code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(20));

    let serving = program.serve();
    assert_eq!(serving.set_up_link, None);
    assert!(serving.sign_in("grace@example.org", PASSWORD).is_ok());
    assert_eq!(serving.terminate().code(), Some(0));
}

#[test]
fn doubtful_settings_are_refused_with_the_words_that_work() {
    for (name, value, words) in [
        ("VESTIBULE_DATABASE_URL", "data/v.db", "sqlite:PATH"),
        (
            "VESTIBULE_DATABASE_URL",
            "sqlite://data/v.db",
            "sqlite:data/vestibule.db",
        ),
        (
            "VESTIBULE_DATABASE_URL",
            "sqlite:/proc/no/v.db",
            "VESTIBULE_DATABASE_URL",
        ),
        (
            "VESTIBULE_DATABASE_URL",
            "postgres://u:hunter2@127.0.0.1:1/v",
            "VESTIBULE_DATABASE_URL",
        ),
        ("VESTIBULE_LISTEN", "8080", "127.0.0.1:8080"),
        ("VESTIBULE_LISTEN", "0.0.0.0:0", "VESTIBULE_PUBLIC_URL"),
        ("VESTIBULE_LISTEN", "192.0.2.1:8080", "PUBLIC_URL"),
        (
            "VESTIBULE_PUBLIC_URL",
            "http://accounts.example.org",
            "https",
        ),
        ("VESTIBULE_JOBS", "yes", "on or off"),
        ("VESTIBULE_LOG_FORMAT", "xml", "text or json"),
        ("VESTIBULE_LOG", "=,=", "warn"),
        ("VESTIBULE_LOG", "chatty", "warn"),
        ("VESTIBULE_SMTP_CA_FILE", "none.pem", "none.pem"),
        ("VESTIBULE_METRICS_LISTEN", "9100", "127.0.0.1:8080"),
        (
            "VESTIBULE_METRICS_LISTEN",
            "192.0.2.1:9100",
            "VESTIBULE_METRICS_LISTEN",
        ),
        (
            "VESTIBULE_PUBLIC_URI",
            "https://a.example.org",
            "PUBLIC_URL",
        ),
        ("VESTIBULE_CONFIG", "none.toml", "none.toml"),
    ] {
        let mut program = Program::new();
        program.set(name, value);
        let said = program.run(&["serve"]);
        assert!(!said.err.contains("hunter2"), "{said:?}");
        said.refused(1, words);
    }
}

#[test]
fn a_master_key_that_does_not_fit_is_refused() {
    let program = with_owner();
    let path = program.path("data/secret.key");
    let right = fs::read(&path).unwrap();
    for args in [&["serve"][..], &["key", "list"]] {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        program.run(args).refused(1, "chmod 600");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "AAAA").unwrap();
        program.run(args).refused(1, "32 bytes as base64");
        fs::write(&path, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        program
            .run(args)
            .refused(1, "belongs to another master key");
        fs::remove_file(&path).unwrap();
        program.run(args).refused(1, "is missing");
        assert!(!path.exists(), "a missing key is not replaced by a new one");
        fs::write(&path, &right).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    program.run(&["key", "list"]).ok();
}

#[test]
fn a_backup_is_made_while_serving_and_put_back_when_nobody_is() {
    let program = with_owner();
    if !program.is_sqlite() {
        program.run(&["backup", "copy.db"]).refused(2, "pg_dump");
        program
            .run(&["restore", "copy.db"])
            .refused(2, "pg_restore");
        return;
    }
    let key = program
        .run(&["key", "issue", "--user", "grace@example.org", "--name", "x"])
        .ok();
    let serving = program.serve();
    let said = program.run(&["backup", "copy.db"]);
    assert!(said.err.contains("master key is not in it"), "{said:?}");
    assert_eq!(said.ok(), "copy.db");
    let copy = program.path("copy.db");
    assert_eq!(
        fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let bytes = fs::read(&copy).unwrap();
    assert!(!bytes.windows(key.len()).any(|part| part == key.as_bytes()));
    for end in ["-wal", "-shm", "-journal"] {
        assert!(!program.path(&format!("copy.db{end}")).exists());
    }
    program
        .run(&["backup", "copy.db"])
        .refused(1, "exists already");
    assert_eq!(fs::read(&copy).unwrap(), bytes, "and it is left as it is");
    program
        .run(&["backup", "no/such/copy.db"])
        .refused(1, "cannot write");
    program
        .run(&["restore", "copy.db"])
        .refused(1, "stop it first");

    create(&program, "late@example.org", "member").ok();
    assert!(serving.terminate().success());

    // What is no backup is refused, and nothing changes.
    let users = "SELECT count(*) AS count FROM users";
    fs::write(
        program.path("text.db"),
        "not a database, but long enough to be read as one ".repeat(40),
    )
    .unwrap();
    fs::write(program.path("empty.db"), "").unwrap();
    fs::write(program.path("part.db"), &bytes[..bytes.len() / 2 + 7]).unwrap();
    fs::write(program.path("start.db"), &bytes[..50]).unwrap();
    let mut broken = bytes.clone();
    let middle = broken.len() / 2;
    broken[middle..middle + 20_000].fill(7);
    fs::write(program.path("broken.db"), broken).unwrap();
    fs::write(program.path("journal.db"), &bytes).unwrap();
    fs::write(program.path("journal.db-wal"), "x").unwrap();
    program
        .run(&["restore", "none.db"])
        .refused(1, "there is no file");
    program
        .run(&["restore", "text.db"])
        .refused(1, "not a backup of Vestibule");
    for part in ["part.db", "start.db"] {
        let said = program.run(&["restore", part]);
        assert!(
            !said.err.contains("unavailable") && !said.err.contains(".restoring"),
            "{said:?}"
        );
        said.refused(1, "not a backup of Vestibule");
    }
    program
        .run(&["restore", "empty.db"])
        .refused(1, "not a backup of Vestibule");
    program
        .run(&["restore", "broken.db"])
        .refused(1, "not a backup of Vestibule");
    program
        .run(&["restore", "journal.db"])
        .refused(1, "has a journal beside it");
    fs::copy(&copy, program.path("later.db")).unwrap();
    let sql = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')";
    change(&program.path("later.db"), sql);
    program
        .run(&["restore", "later.db"])
        .refused(1, "later version");
    fs::copy(&copy, program.path("foreign.db")).unwrap();
    let sql = "UPDATE facts SET value = '0123456789abcdef' WHERE name = 'master_key'";
    change(&program.path("foreign.db"), sql);
    program
        .run(&["restore", "foreign.db"])
        .refused(1, "another master key");
    assert_eq!(program.count(users), 2);

    assert_eq!(
        program.run(&["restore", "copy.db"]).ok(),
        "data/vestibule.db"
    );
    assert_eq!(program.count(users), 1);
    assert_eq!(program.run(&["audit", "verify"]).code, 0);
    let names: Vec<String> = fs::read_dir(program.path("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("restor"))
        .collect();
    assert_eq!(names, ["vestibule.db.before-restore"]);
    program
        .run(&["restore", "copy.db"])
        .refused(1, "earlier restore");
    let serving = program.serve();
    Api::new(&serving.base, Some(key)).get("/api/v1/me").is(200);
    assert!(serving.sign_in("grace@example.org", PASSWORD).is_ok());
    assert!(serving.terminate().success());

    // Back to what was there before, from the file that was kept.
    let kept = program.path("data/vestibule.db.before-restore");
    fs::rename(&kept, program.path("kept.db")).unwrap();
    program.run(&["restore", "kept.db"]).ok();
    assert_eq!(program.count(users), 2);
}

fn change(path: &std::path::Path, sql: &str) {
    use diesel::Connection;
    let mut conn = diesel::SqliteConnection::establish(&path.to_string_lossy()).unwrap();
    conn.batch_execute(sql).unwrap();
}

#[test]
fn a_restore_of_a_file_that_is_not_there_makes_nothing() {
    let program = Program::new();
    if program.is_sqlite() {
        program
            .run(&["restore", "none.db"])
            .refused(1, "there is no file");
        assert!(!program.path("data").exists());
    }
}

#[test]
fn the_audit_log_is_checked() {
    let program = with_owner();
    let said = program.run(&["audit", "verify"]).ok();
    assert!(
        said.contains("0 entries") && said.contains("1 after them wait"),
        "{said}"
    );
    assert_ne!(program.run(&["jobs", "run"]).ok(), "0 done");
    assert_eq!(program.run(&["jobs", "run"]).ok(), "0 done");
    let said = program.run(&["audit", "verify"]).ok();
    assert!(
        said.contains("1 entries are as they were written; 0"),
        "{said}"
    );
    program
        .db()
        .write_now(|tx| Ok(tx.batch_execute("UPDATE audit SET action = 'nothing'")?))
        .unwrap();
    let said = program.run(&["audit", "verify"]);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("entry 1 does not fit its seal"),
        "{said:?}"
    );
}

#[test]
fn metrics_are_for_keys_and_for_their_own_address() {
    let mut program = with_owner();
    let issue = |scopes: &str| {
        let args = [
            "key",
            "issue",
            "--user",
            "grace@example.org",
            "--name",
            "x",
            "--scopes",
            scopes,
        ];
        program.run(&args).ok()
    };
    let (good, other) = (issue("metrics:read"), issue("users:read"));
    program.set("VESTIBULE_METRICS_LISTEN", "127.0.0.1:0");
    let serving = program.serve();
    Api::new(&serving.base, None).get("/metrics").is(401);
    let refused = Api::new(&serving.base, Some(other)).get("/metrics").is(403);
    assert_eq!(refused.code(), "scope_missing");
    let api = Api::new(&serving.base, Some(good));
    api.get("/metrics").is(200);
    let answer = api.get("/metrics").is(200);
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );

    let log = fs::read_to_string(program.path("log.txt")).unwrap();
    let open = log
        .split_whitespace()
        .find(|word| word.starts_with("http") && word.ends_with("/metrics"))
        .unwrap();
    let open = Api::new(open.trim_end_matches("/metrics"), None);
    let text = open.get("/metrics").is(200).body;
    open.get("/").is(404);
    let value = |sample: &str| -> f64 {
        let line = text
            .lines()
            .find(|line| line.starts_with(sample))
            .unwrap_or_else(|| panic!("{sample} is not in {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("vestibule_http_answers_total{status=\"2xx\"}") >= 3.0);
    assert!(value("vestibule_http_answers_total{status=\"4xx\"}") >= 2.0);
    assert!(value("vestibule_key_lookups_total{from=\"memory\"}") >= 1.0);
    assert!(value("vestibule_key_lookups_total{from=\"database\"}") >= 2.0);
    assert_eq!(
        value("vestibule_outbox_mails{state=\"waiting\"}").to_string(),
        "2"
    );
    assert!((value("vestibule_database_up") - 1.0).abs() < 0.1);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        assert!(text.contains(&format!("# TYPE {name} ")), "{line}");
    }
    assert!(serving.terminate().success());
}

#[test]
fn a_database_that_is_away_is_told_and_comes_back_by_itself() {
    let program = with_owner();
    let key = program
        .run(&["key", "issue", "--user", "grace@example.org", "--name", "x"])
        .ok();
    let serving = program.serve();
    let api = Api::new(&serving.base, Some(key));
    let invite = |email: &str| api.post("/api/v1/invites", &json!({ "email": email }));
    invite("a@example.org").is(201);
    let other = program.db();
    if program.is_sqlite() {
        // Somebody else holds the lock for longer than anybody waits for it.
        let refused = std::thread::scope(|scope| {
            let (held, hold) = std::sync::mpsc::channel();
            scope.spawn(move || {
                other.write_now(move |tx| {
                    tx.batch_execute("UPDATE facts SET value = value")?;
                    held.send(()).unwrap();
                    std::thread::sleep(Duration::from_secs(7));
                    Ok(())
                })
            });
            hold.recv().unwrap();
            let refused = invite("b@example.org");
            // Reading goes on meanwhile.
            api.get("/api/v1/users").is(200);
            refused
        });
        let refused = refused.is(503);
        assert_eq!(refused.header("retry-after"), "5");
        assert_eq!(refused.code(), "unavailable");
    } else {
        // Every connection of the server breaks at once, as in a failover.
        let sql = format!(
            "SELECT count(pg_terminate_backend(pid)) AS count FROM pg_stat_activity \
             WHERE application_name = '{}'",
            program.name
        );
        program.count(&sql);
    }
    let started = Instant::now();
    loop {
        let answer = invite("c@example.org");
        if answer.status == 201 {
            break;
        }
        let answer = answer.is(503);
        assert!(!answer.header("retry-after").is_empty());
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "it does not come back"
        );
    }
    let invites = "SELECT count(*) AS count FROM invites WHERE address = 'b@example.org'";
    assert_eq!(
        program.count(invites),
        0,
        "what was answered with 503 did not happen"
    );
    assert!(serving.terminate().success());
}
