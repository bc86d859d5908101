//! Taking back an invite right after it was sent.

use serde_json::json;
use vestibule::clock::{minutes, seconds};

use super::own::{letting_mia_invite, send};
use crate::support::app::TestApp;
use crate::support::client::{Answer, Browser};
use crate::support::door::csrf;

const UNDO: &str = "/admin/invites/undo";
const LIST: &str = "/admin/invites";

/// Presses the button in the notice on the page of an invite that was just sent.
fn undo(browser: &mut Browser, sent: &str) -> Answer {
    let page = browser.get(sent).is(200).page();
    browser.submit(page.form(".flash form").press("Undo"))
}

fn told(browser: &mut Browser) -> String {
    browser.get(LIST).is(200).page().text(".flash")
}

fn post(browser: &mut Browser, ids: &[&str]) -> Answer {
    let query: Vec<String> = ids.iter().map(|id| format!("id={id}")).collect();
    let csrf = csrf(browser);
    browser.post(&format!("{UNDO}?{}", query.join("&")), &[("csrf", &csrf)])
}

fn id(page: &str) -> &str {
    page.rsplit('/').next().unwrap()
}

#[test]
fn a_mail_that_still_waits_never_goes() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let sent = send(&mut grace, "k.johnson@example.org");
    let answer = undo(&mut grace, &sent).is(303);
    assert_eq!(answer.header("location"), LIST);
    assert!(told(&mut grace).contains("nothing is sent to k.johnson@example.org"));
    assert!(app.mails().is_empty());
    assert!(grace.get(&sent).page().text("main").contains("Revoked"));
    let cancelled =
        "SELECT count(*) AS count FROM outbox WHERE state = 'cancelled' AND body IS NULL";
    assert_eq!(app.count(cancelled), 1);
    let audited = "SELECT count(*) AS count FROM audit WHERE action = 'invite.undone'";
    assert_eq!(app.count(audited), 1);
    let revoked = "SELECT count(*) AS count FROM events WHERE type = 'invite.revoked'";
    assert_eq!(app.count(revoked), 1);
    let log = grace.get("/admin/audit").is(200).page().text("main");
    assert!(log.contains("took back the invite to k.johnson@example.org"));
    // The address is free again.
    send(&mut grace, "k.johnson@example.org");
    app.mails();
}

#[test]
fn a_mail_that_has_left_is_owned_up_to_and_its_link_is_dead() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let sent = send(&mut grace, "k.johnson@example.org");
    let link = app.mailed_link();
    undo(&mut grace, &sent).is(303);
    let words = told(&mut grace);
    assert!(
        words.contains("had left already") && words.contains("no longer works"),
        "{words}"
    );
    assert_eq!(
        app.anonymous().get_json(&link).is(410).code(),
        "invite_revoked"
    );
}

#[test]
fn a_mail_that_is_in_hand_may_still_arrive() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let sent = send(&mut grace, "k.johnson@example.org");
    let until = match app.parts.app.config.database {
        vestibule::config::DatabaseUrl::Sqlite(_) => "9000000000000000",
        vestibule::config::DatabaseUrl::Postgres(_) => "TIMESTAMPTZ '2200-01-01'",
    };
    app.execute(&format!("UPDATE outbox SET leased_until = {until}"));
    undo(&mut grace, &sent).is(303);
    assert!(told(&mut grace).contains("may still arrive"));
    assert!(app.mails().is_empty());
}

#[test]
fn it_can_be_undone_once_and_for_five_minutes() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let sent = send(&mut grace, "a@example.org");
    undo(&mut grace, &sent).is(303);
    let twice = post(&mut grace, &[id(&sent)]).is(409).page();
    assert!(twice.text("main").contains("no longer pending"));
    let last = send(&mut grace, "b@example.org");
    app.advance(minutes(4));
    post(&mut grace, &[id(&last)]).is(303);
    let late = send(&mut grace, "c@example.org");
    app.mails();
    app.advance(minutes(5));
    app.advance(seconds(1));
    let refused = post(&mut grace, &[id(&late)]).is(409).page();
    assert!(refused.text("main").contains("five minutes"));
    let page = grace.get(&late).is(200).page();
    assert!(!page.text("main").contains("Revoked"));
    for ids in [&[][..], &["nonsense"], &[id(&late); 51]] {
        let status = post(&mut grace, ids).status;
        assert!(matches!(status, 400 | 404), "{ids:?}: {status}");
    }
}

#[test]
fn several_are_taken_back_by_one_button() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let first = send(&mut grace, "a@example.org");
    app.mails();
    let second = send(&mut grace, "b@example.org");
    let gone = send(&mut grace, "c@example.org");
    let api = app.api();
    api.post(&format!("/api/v1/invites/{}/revoke", id(&gone)), &json!({}))
        .is(200);
    post(&mut grace, &[id(&first), id(&second), id(&gone)]).is(303);
    let words = told(&mut grace);
    assert!(words.contains("2 invites are taken back"), "{words}");
    let audited = "SELECT count(*) AS count FROM audit WHERE action = 'invite.undone'";
    assert_eq!(app.count(audited), 2);
    let third = send(&mut grace, "d@example.org");
    let fourth = send(&mut grace, "e@example.org");
    post(&mut grace, &[id(&third), id(&fourth)]).is(303);
    assert!(told(&mut grace).contains("2 invites are taken back, and nothing is sent"));
    assert!(app.mails().is_empty());
}

#[test]
fn nobody_takes_back_what_is_not_theirs_to_revoke() {
    let app = TestApp::start();
    let (mut mia, _) = letting_mia_invite(&app);
    let (mut grace, mut alan) = (app.owner(), app.admin());
    let foreign = send(&mut grace, "eve@example.org");
    let own = send(&mut mia, "ada@example.org");
    // One that she may not see keeps her from the other too: it is one action.
    post(&mut mia, &[id(&own), id(&foreign)]).is(404);
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invites WHERE state = 'revoked'"),
        0
    );
    post(&mut mia, &[id(&own)]).is(303);
    assert!(told(&mut mia).contains("Taken back"));
    post(&mut alan, &[id(&foreign)]).is(303);
    assert!(app.mails().is_empty());
}
