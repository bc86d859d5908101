//! People are told before their keys end, and when they have: each time once, whatever happened in between (Aleph's cases
//! T-A3 to T-A6 in the field notes on keys; where this differs, docs/api-keys.md says so).

mod ahead;

use serde_json::json;
use vestibule::access::Role;
use vestibule::clock::{days, hours, minutes, seconds};
use vestibule::ids::KeyId;

use crate::support::app::TestApp;
use crate::support::client::Api;
use crate::support::smtp::{Received, Rule, Stage};

const MIA: &str = "mia@example.org";

/// A key of Mia's for ninety days.
fn key(app: &TestApp) -> (KeyId, Api) {
    app.user(MIA, "Mia", Role::Member);
    let (id, secret) = app.key(MIA, &["all"]);
    (id, Api::new(&app.base, Some(secret)))
}

fn subjects(app: &TestApp) -> Vec<String> {
    app.mails().iter().map(Received::subject).collect()
}

fn events(app: &TestApp, kind: &str) -> i64 {
    app.count(&format!(
        "SELECT count(*) AS count FROM events WHERE type = '{kind}'"
    ))
}

#[test]
fn each_notice_comes_once_and_says_what_is_left() {
    let app = TestApp::start();
    let (_, api) = key(&app);
    assert!(subjects(&app).is_empty());
    app.advance(days(60));
    let first = subjects(&app);
    assert!(first[0].ends_with("stops working in 30 days"), "{first:?}");
    assert!(subjects(&app).is_empty());
    app.advance(days(23));
    let second = subjects(&app);
    assert!(second[0].ends_with("stops working in 7 days"), "{second:?}");
    app.advance(days(1));
    assert!(subjects(&app).is_empty());
    app.advance(days(5));
    let third = subjects(&app);
    assert!(third[0].ends_with("stops working in 24 hours"), "{third:?}");
    api.get("/api/v1/me").is(200);
    app.advance(days(1));
    let last = subjects(&app);
    assert!(last[0].ends_with("has stopped working"), "{last:?}");
    assert_eq!([first.len(), second.len(), third.len(), last.len()], [1; 4]);
    assert_eq!(api.get("/api/v1/me").is(401).code(), "key_expired");
    app.advance(days(30));
    assert!(subjects(&app).is_empty());
    assert_eq!(events(&app, "api_key.expiring"), 3);
    assert_eq!(events(&app, "api_key.expired"), 1);
}

#[test]
fn the_end_is_told_when_it_has_come_and_not_on_its_day() {
    let app = TestApp::start();
    key(&app);
    app.advance(days(89));
    assert_eq!(subjects(&app).len(), 1);
    app.advance(hours(23));
    app.advance(minutes(59));
    assert!(subjects(&app).is_empty());
    app.advance(minutes(1));
    assert_eq!(subjects(&app).len(), 1);
}

#[test]
fn after_an_outage_the_most_urgent_notice_alone_comes() {
    let app = TestApp::start();
    key(&app);
    // Nothing ran until five days before the end: not three mails, and no "7 days" that are five.
    app.advance(days(85));
    let late = subjects(&app);
    assert_eq!(late.len(), 1);
    assert!(late[0].ends_with("stops working in 5 days"), "{late:?}");
    app.advance(days(6));
    let over = subjects(&app);
    assert_eq!(over.len(), 1);
    assert!(over[0].ends_with("has stopped working"), "{over:?}");
    // An end that is no news any more is told to apps alone.
    app.user("ben@example.org", "Ben", Role::Member);
    app.key("ben@example.org", &["all"]);
    app.mails();
    let audited = "SELECT count(*) AS count FROM audit WHERE action = 'api_key.expired'";
    assert_eq!(app.count(audited), 1);
    app.advance(days(200));
    assert!(subjects(&app).is_empty());
    assert_eq!(app.count(audited), 2);
}

#[test]
fn one_mail_a_person_names_all_of_their_keys() {
    let app = TestApp::start();
    key(&app);
    app.user("ben@example.org", "Ben", Role::Member);
    for name in ["mia", "mia", "ben"] {
        app.key(&format!("{name}@example.org"), &["all"]);
    }
    app.mails();
    app.advance(days(83));
    app.advance(seconds(10));
    let mut mails = app.mails();
    mails.sort_by_key(|mail| mail.to.clone());
    assert_eq!(mails.len(), 2);
    assert_eq!(
        (&*mails[0].to[0], &*mails[1].to[0]),
        ("ben@example.org", MIA)
    );
    assert_eq!(mails[1].subject(), "3 API keys of your account end");
    assert_eq!(mails[1].text().matches("vstk_").count(), 3);
}

#[test]
fn who_used_the_key_last_is_told_with_it() {
    let app = TestApp::start();
    let (id, api) = key(&app);
    app.advance(days(83));
    app.advance(minutes(-10));
    let agent = [("user-agent", "build-07/1.2")];
    api.send("GET", "/api/v1/me", &agent, None).is(200);
    app.run_jobs();
    app.mails();
    app.advance(minutes(11));
    let mail = &app.mails()[0];
    assert!(mail.text().contains("build-07/1.2"), "{}", mail.text());
    let way = format!("/settings/api-keys/{id}/rotate");
    assert!(
        mail.links().iter().any(|link| link.ends_with(&way)),
        "{:?}",
        mail.links()
    );
}

#[test]
fn keys_that_ended_otherwise_or_have_a_successor_are_not_warned_about() {
    let app = TestApp::start();
    let (revoked, api) = key(&app);
    let (replaced, secret) = app.key(MIA, &["keys:rotate_self"]);
    app.user("ben@example.org", "Ben", Role::Member);
    app.key("ben@example.org", &["all"]);
    api.delete(&format!("/api/v1/keys/{revoked}")).is(204);
    app.advance(days(50));
    let path = format!("/api/v1/keys/{replaced}/rotate");
    let old = Api::new(&app.base, Some(secret));
    old.post(&path, &json!({ "overlap_seconds": 604_800 }))
        .is(201);
    let ben = crate::support::door::user_id(&app, "ben@example.org");
    let path = format!("/api/v1/users/{ben}/suspension");
    app.api().put(&path, &json!({ "reason": "left" })).is(200);
    app.mails();
    app.advance(days(12));
    assert!(subjects(&app).is_empty());
    app.advance(days(28));
    assert!(subjects(&app).is_empty());
    // Apps hear that the replaced one has ended.
    assert_eq!(events(&app, "api_key.expired"), 1);
    assert_eq!(events(&app, "api_key.expiring"), 0);
}

#[test]
fn a_mail_server_that_refuses_loses_and_doubles_nothing() {
    let app = TestApp::start();
    for n in 0..5 {
        let email = format!("p{n}@example.org");
        app.user(&email, "Somebody", Role::Member);
        app.key(&email, &["all"]);
    }
    app.mails();
    app.advance(days(83));
    let refused = Rule::refuse(Stage::Recipient, 451, "try later");
    app.sink.rule(refused.only_to("p3@example.org").times(1));
    let mut to: Vec<String> = app.mails().into_iter().flat_map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(
        to,
        [
            "p0@example.org",
            "p1@example.org",
            "p2@example.org",
            "p4@example.org"
        ]
    );
    let waiting = "SELECT count(*) AS count FROM outbox WHERE state = 'waiting'";
    assert_eq!(app.count(waiting), 1);
    app.advance(hours(1));
    let late = app.mails();
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].to, ["p3@example.org"]);
    app.advance(hours(1));
    assert!(subjects(&app).is_empty());
}

#[test]
fn two_sweeps_at_once_tell_once() {
    let app = TestApp::start();
    for n in 0..10 {
        let email = format!("p{n}@example.org");
        app.user(&email, "Somebody", Role::Member);
        app.key(&email, &["all"]);
    }
    app.mails();
    app.advance(days(83));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| vestibule::api_keys::notices::sweep::tell(&app.parts.app).unwrap());
        }
    });
    assert_eq!(app.mails().len(), 10);
    assert_eq!(events(&app, "api_key.expiring"), 10);
}
