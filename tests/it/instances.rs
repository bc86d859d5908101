//! Several processes on one database.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::json;

use crate::support::client::Api;
use crate::support::program::Program;
use crate::support::smtp::{Security, SmtpSink};

/// A place with a first owner, and a key of theirs.
fn with_key() -> (Program, String) {
    let program = Program::new();
    program.run(&["migrate"]).ok();
    let owner = [
        "user",
        "create",
        "--email",
        "grace@example.org",
        "--name",
        "Grace Hopper",
        "--role",
        "owner",
    ];
    program.run(&owner).ok();
    let key = program
        .run(&["key", "issue", "--user", "grace@example.org", "--name", "x"])
        .ok();
    (program, key)
}

/// Waits until the invite of this address has been sent.
fn is_sent(sink: &SmtpSink, address: &str, within: Duration) {
    let started = Instant::now();
    loop {
        let mails = sink.take_mails();
        if mails
            .iter()
            .any(|mail| mail.to.iter().any(|to| to == address))
        {
            return;
        }
        assert!(started.elapsed() < within, "no mail to {address}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_process_without_a_mail_server_keeps_no_mail_from_the_others() {
    let (mut program, key) = with_key();
    let cannot = program.serve();
    // Long enough for it to take the leases of its jobs.
    std::thread::sleep(Duration::from_millis(500));
    let sink = SmtpSink::start(Security::Plain);
    program.set("VESTIBULE_SMTP_URL", &sink.url());
    let can = program.serve();
    let invite = json!({ "email": "ada@example.org" });
    Api::new(&cannot.base, Some(key))
        .post("/api/v1/invites", &invite)
        .is(201);
    is_sent(&sink, "ada@example.org", Duration::from_secs(10));
    assert!(can.terminate().success() && cannot.terminate().success());
}

#[test]
fn who_comes_after_a_crash_on_a_file_waits_for_no_lease_of_the_dead() {
    let (mut program, key) = with_key();
    if !program.is_sqlite() {
        return;
    }
    let mut first = program.serve();
    let invite = json!({ "email": "ada@example.org" });
    Api::new(&first.base, Some(key))
        .post("/api/v1/invites", &invite)
        .is(201);
    // Long enough for it to take the leases of its jobs.
    std::thread::sleep(Duration::from_millis(500));
    first.kill();
    // As if it had been about to send.
    let db = program.db();
    let lease = "UPDATE outbox SET leased_until = next_attempt_at + 290000000";
    db.write_now(move |tx| Ok(tx.batch_execute(lease)?))
        .unwrap();
    drop(db);
    let sink = SmtpSink::start(Security::Plain);
    program.set("VESTIBULE_SMTP_URL", &sink.url());
    let next = program.serve();
    is_sent(&sink, "ada@example.org", Duration::from_secs(10));
    assert!(next.terminate().success());
}
