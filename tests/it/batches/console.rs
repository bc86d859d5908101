//! A file in the console: choose or paste it, look at what would happen, send, watch, revoke.

use std::time::{Duration, Instant};

use vestibule::clock::{days, hours, seconds};
use vestibule::ids::BatchId;

use super::{invites, people};
use crate::support::app::{Options, TestApp};
use crate::support::client::Browser;
use crate::support::html::Page;

const IMPORT: &str = "/admin/invites/import";

/// Chooses a file; the page that answers.
fn choose(browser: &mut Browser, file: &[u8]) -> (String, Page) {
    let form = browser.get(IMPORT).is(200).page().form(IMPORT);
    let form = form.attach("file", "people.csv", "text/csv", file);
    let answer = browser.submit(form.press("Check")).is(303);
    let path = answer.header("location").to_owned();
    (path.clone(), browser.get(&path).is(200).page())
}

/// Waits until the page of a batch no longer asks again.
fn settled(browser: &mut Browser, path: &str) -> Page {
    let started = Instant::now();
    loop {
        let answer = browser.get(path).is(200);
        if answer.header("refresh").is_empty() {
            return answer.page();
        }
        assert_eq!(answer.header("refresh"), "3");
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{}",
            answer.body
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_file_is_looked_at_sent_watched_and_revoked() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let file =
        "email,name,role\nada@example.org,Ada,admin\nbob@example.org,Bob,\nnobody,<b>No</b>,\n";
    let (path, page) = choose(&mut grace, file.as_bytes());
    assert_eq!(page.text("h1"), "Check before sending");
    assert_eq!(page.texts(".sum dd"), ["2", "1"]);
    assert!(
        page.text(".note.warn")
            .contains("One of them can manage accounts")
    );
    assert!(
        page.text("tbody tr").starts_with("Line 4 nobody"),
        "{}",
        page.text("tbody tr")
    );
    assert_eq!(invites(&app), 0);

    // What is left out is left out knowingly.
    let send = format!("{path}/send");
    let again = grace
        .submit(page.form(&send).press("Send 2 invites"))
        .is(422)
        .page();
    assert!(again.text(".error-sum").contains("left out"));
    assert_eq!(invites(&app), 0);
    let sent = again.form(&send).tick("leave_out").press("Send 2 invites");
    assert_eq!(grace.submit(sent).is(303).header("location"), path);
    let waits = grace.get(&path).is(200);
    assert_eq!(waits.header("refresh"), "3");
    assert!(waits.page().text(".note.info").contains("0 of 2 sent"));
    assert_eq!(app.mails().len(), 2);
    let page = settled(&mut grace, &path);
    assert!(page.text(".note.ok").contains("2 sent, 0 not delivered"));
    assert!(page.text("h1").starts_with("Import of 22 November 2026"));
    assert_eq!(page.texts("tbody th"), ["Line 4"]);

    let results = grace.get(&page.link("Download results (CSV)")).is(200);
    assert_eq!(super::csv_rows(&results.body).len(), 4);
    let list = grace.get(&page.link("Show the invites")).is(200).page();
    assert_eq!(
        list.texts("tbody th a"),
        ["bob@example.org", "ada@example.org"]
    );
    assert_eq!(list.texts(".chips a"), ["Remove filter: One import"]);
    let import = grace.get(IMPORT).is(200).page();
    assert!(import.text(".tasks").contains("2 invited, of 3 lines"));

    let ask = grace.get(&page.link("Revoke this import")).is(200).page();
    let form = ask.form(&format!("{path}/revoke"));
    grace.submit(form.press("Revoke this import")).is(303);
    let page = settled(&mut grace, &path);
    assert!(page.text(".note.info").contains("was revoked"));
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invites WHERE state = 'revoked'"),
        2
    );
    // A draft is sent once.
    let twice = grace.submit(again.form(&send).tick("leave_out").press("Send 2 invites"));
    assert_eq!(twice.status, 409);
}

#[test]
fn lines_are_pasted_and_come_back_when_they_cannot_be_read() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let form = |page: &Page, text: &str| page.form(IMPORT).fill("text", text).press("Check");
    let page = grace.get(IMPORT).is(200).page();
    let empty = grace.submit(form(&page, "")).is(422).page();
    assert!(empty.text(".error-sum").contains("Choose a file"));
    let wrong = grace
        .submit(form(&page, "ada@example.org\n"))
        .is(422)
        .page();
    assert!(wrong.text(".error-sum").contains("There is no column"));
    assert_eq!(wrong.form(IMPORT).value("text").trim(), "ada@example.org");
    let pasted = form(
        &wrong,
        "email\tname\nada@example.org\tAda\nbob@example.org\tBob",
    );
    let path = grace.submit(pasted).is(303).header("location").to_owned();
    let draft = grace.get(&path).is(200).page();
    assert_eq!(draft.texts(".sum dd"), ["2"]);
    let template = grace.get(&page.link("Download a template")).is(200);
    assert_eq!(template.body, "email,name,role,groups,message,locale\r\n");
    let large = "x".repeat(5 * 1024 * 1024);
    let refused = grace.submit(form(&page, &large));
    assert_eq!(refused.status, 413);
    assert!(refused.body.contains("5 MiB"));
}

#[test]
fn a_draft_is_its_makers_and_is_forgotten_after_a_day() {
    let app = TestApp::start();
    let (mut grace, mut alan) = (app.owner(), app.admin());
    let (path, _) = choose(&mut alan, b"email\nada@example.org\n");
    grace.get(&path).is(404);
    grace.get(&format!("{path}/results.csv")).is(404);
    let api = format!("/api/v1{}", path.strip_prefix("/admin").unwrap());
    app.with_key("alan@example.org", &["all"]).get(&api).is(404);
    app.advance(hours(23));
    app.run_jobs();
    assert_eq!(app.count("SELECT count(*) AS count FROM invite_batches"), 1);
    app.advance(hours(2));
    app.run_jobs();
    assert_eq!(app.count("SELECT count(*) AS count FROM invite_batches"), 0);
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invite_batch_pieces"),
        0
    );
}

#[test]
fn a_batch_whose_process_ended_is_gone_on_with() {
    let app = TestApp::with(Options {
        no_mail: true,
        ..Options::default()
    });
    let mut grace = app.owner();
    let (path, _) = choose(&mut grace, people(0, 700).as_bytes());
    let id: BatchId = path.rsplit('/').next().unwrap().parse().unwrap();
    // Sent, and nobody does it: its process ended right then. The second piece cannot be read at first, so that
    // whoever goes on with it ends in its midst too.
    let actor = vestibule::access::Actor {
        kind: vestibule::access::ActorKind::User,
        user: Some(
            crate::support::door::user_id(&app, "grace@example.org")
                .parse()
                .unwrap(),
        ),
        ..vestibule::access::Actor::operator()
    };
    let db = &app.parts.app.db;
    db.write_now(move |tx| vestibule::invite_batches::actions::send(tx, &actor, id))
        .unwrap();
    app.execute("UPDATE invite_batch_pieces SET lines = '!' || lines WHERE number = 2");
    app.run_jobs();
    assert_eq!(invites(&app), 0);
    app.advance(seconds(31));
    app.parts.run_jobs().unwrap_err();
    assert_eq!(invites(&app), 250);
    let page = grace.get(&path).is(200);
    assert_eq!(page.header("refresh"), "3");
    assert!(
        page.page()
            .text(".note.info")
            .contains("250 of 700 lines done")
    );
    app.execute("UPDATE invite_batch_pieces SET lines = substr(lines, 2) WHERE number = 2");
    app.advance(seconds(31));
    app.run_jobs();
    assert_eq!(invites(&app), 700);
    for table in [
        "outbox WHERE kind = 'invite'",
        "invite_batch_rows WHERE verdict = 'ready'",
        "audit WHERE action = 'invite.created'",
    ] {
        let count = app.count(&format!("SELECT count(*) AS count FROM {table}"));
        assert_eq!(count, 700, "{table}");
    }
    let done = grace.get(&path).is(200);
    assert_eq!(done.header("refresh"), "");
    assert!(
        done.page()
            .text(".note.warn")
            .contains("wait until a mail server")
    );
}

#[test]
fn whoever_lost_the_right_sends_nobody() {
    let app = TestApp::start();
    let mut alan = app.admin();
    let (path, page) = choose(&mut alan, people(0, 3).as_bytes());
    let id: BatchId = path.rsplit('/').next().unwrap().parse().unwrap();
    drop(page);
    let user = crate::support::door::user_id(&app, "alan@example.org");
    let actor = vestibule::access::Actor {
        kind: vestibule::access::ActorKind::User,
        user: Some(user.parse().unwrap()),
        ..vestibule::access::Actor::operator()
    };
    let db = &app.parts.app.db;
    db.write_now(move |tx| vestibule::invite_batches::actions::send(tx, &actor, id))
        .unwrap();
    let reason = serde_json::json!({ "reason": "left" });
    app.api()
        .put(&format!("/api/v1/users/{user}/suspension"), &reason)
        .is(200);
    app.advance(days(1));
    app.mails();
    assert_eq!(invites(&app), 0);
    let told = app
        .count("SELECT count(*) AS count FROM invite_batch_rows WHERE code = 'account_disabled'");
    assert_eq!(told, 3);
}

#[test]
fn a_batch_that_always_fails_keeps_no_other_waiting() {
    let app = TestApp::with(Options {
        no_mail: true,
        ..Options::default()
    });
    let mut grace = app.owner();
    let grace_id = crate::support::door::user_id(&app, "grace@example.org");
    // More that fail than are gone on with in one turn, all of them sent before the one that does not.
    for number in 0..=20 {
        let (path, _) = choose(&mut grace, people(number, number + 1).as_bytes());
        let id: BatchId = path.rsplit('/').next().unwrap().parse().unwrap();
        let actor = vestibule::access::Actor {
            kind: vestibule::access::ActorKind::User,
            user: Some(grace_id.parse().unwrap()),
            ..vestibule::access::Actor::operator()
        };
        let db = &app.parts.app.db;
        db.write_now(move |tx| vestibule::invite_batches::actions::send(tx, &actor, id))
            .unwrap();
        app.advance(seconds(1));
    }
    app.execute(
        "UPDATE invite_batch_pieces SET lines = '!' WHERE batch_id <> (SELECT max(id) FROM invite_batches)",
    );
    app.advance(seconds(31));
    let turn = || vestibule::invite_batches::jobs::go_on(&app.parts.app);
    turn().unwrap_err();
    assert_eq!(invites(&app), 0);
    turn().unwrap();
    assert_eq!(invites(&app), 1);
}
