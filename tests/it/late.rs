//! A request may take half a minute to arrive. What it may do is decided when it is done, not when it began.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use vestibule::access::Role;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::Api;
use crate::support::door::user_id;

/// Sends a request whose body stops after its first byte, until `meanwhile` is done. Answers what came back.
fn slowly(app: &TestApp, head: &str, body: &str, meanwhile: impl FnOnce()) -> String {
    let mut stream = TcpStream::connect(&app.base["http://".len()..]).unwrap();
    let length = body.len();
    let head =
        format!("{head}\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..1]).unwrap();
    stream.flush().unwrap();
    // By then the server has seen who calls; were it slower, it would refuse all the sooner.
    std::thread::sleep(Duration::from_millis(400));
    meanwhile();
    stream.write_all(&body.as_bytes()[1..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// An administrator with a key: the id of the user and the secret.
fn administrator(app: &TestApp, email: &str) -> (String, String) {
    app.user(email, "Alan Turing", Role::Admin);
    let (_, secret) = app.key(email, &["all"]);
    (user_id(app, email), secret)
}

fn call(line: &str, secret: &str) -> String {
    format!("{line} HTTP/1.1\r\nAuthorization: Bearer {secret}\r\nContent-Type: application/json")
}

#[test]
fn who_was_suspended_while_the_body_was_on_its_way_does_nothing() {
    let app = TestApp::start();
    let owner = app.api();
    let (id, secret) = administrator(&app, "alan@example.org");
    let body = r#"{"email":"ghost@example.org","display_name":"Ghost","role":"admin"}"#;
    for key in ["", "\r\nIdempotency-Key: once"] {
        let head = call("POST /api/v1/users", &secret) + key;
        let suspension = format!("/api/v1/users/{id}/suspension");
        let answer = slowly(&app, &head, body, || {
            owner.put(&suspension, &json!({})).is(200);
        });
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert!(
            answer.contains("owner_disabled") || answer.contains("key_revoked"),
            "{answer}"
        );
        owner.delete(&suspension).is(200);
    }
    let ghosts = "SELECT count(*) AS count FROM users WHERE email = 'ghost@example.org'";
    assert_eq!(app.count(ghosts), 0);
    app.mails();
}

#[test]
fn who_was_demoted_while_the_body_was_on_its_way_acts_as_what_they_are_now() {
    let app = TestApp::start();
    let owner = app.api();
    let (id, secret) = administrator(&app, "alan@example.org");
    app.user("mia@example.org", "Mia Member", Role::Member);
    let mia = format!("/api/v1/users/{}", user_id(&app, "mia@example.org"));
    let demote = || {
        let role = json!({ "role": "member" });
        owner.patch(&format!("/api/v1/users/{id}"), &role).is(200);
    };
    let head = call(&format!("PATCH {mia}"), &secret);
    let answer = slowly(&app, &head, r#"{"role":"admin"}"#, demote);
    assert!(answer.starts_with("HTTP/1.1 40"), "{answer}");
    assert_eq!(owner.get(&mia).json()["role"], "member");
    // What a member may do goes on.
    owner
        .patch(&format!("/api/v1/users/{id}"), &json!({ "role": "admin" }))
        .is(200);
    let head = call(&format!("PATCH /api/v1/users/{id}"), &secret);
    let answer = slowly(&app, &head, r#"{"display_name":"Alan M."}"#, demote);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    app.mails();
}

#[test]
fn a_session_that_was_ended_while_the_form_was_on_its_way_does_nothing() {
    let app = TestApp::start();
    let mut thief = app.member();
    let form = thief.get("/settings/api-keys/new").is(200).page();
    let form = form
        .form("/settings/api-keys/new")
        .fill("name", "stolen")
        .fill("scopes", "all")
        .submit();
    let cookies: Vec<String> = thief
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let head = format!(
        "POST {} HTTP/1.1\r\nCookie: {}\r\nContent-Type: {}",
        form.action,
        cookies.join("; "),
        form.content_type
    );
    let mut mia = app.member();
    let answer = slowly(&app, &head, form.body_text(), || {
        let page = mia.get("/settings/password").is(200).page();
        let change = page
            .form("/settings/password")
            .fill("current_password", PASSWORD)
            .fill("password", "nine yellow submarines 71");
        mia.submit(change.submit()).is(303);
    });
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let keys = "SELECT count(*) AS count FROM api_keys";
    assert_eq!(app.count(keys), 0);
    app.mails();
}

#[test]
fn of_two_administrators_who_demote_each_other_one_succeeds() {
    let app = TestApp::start();
    for round in 0..4 {
        let people = ["a", "b"].map(|who| {
            let (id, secret) = administrator(&app, &format!("{who}{round}@example.org"));
            let api = Api::new(&app.base, Some(secret));
            // Remembered, as a key in use is.
            api.get("/api/v1/me").is(200);
            (id, api)
        });
        let [(a, of_a), (b, of_b)] = &people;
        let demote = |api: &Api, id: &str| {
            let path = format!("/api/v1/users/{id}");
            api.patch(&path, &json!({ "role": "member" })).status
        };
        let mut statuses = std::thread::scope(|scope| {
            let one = scope.spawn(|| demote(of_a, b));
            let other = scope.spawn(|| demote(of_b, a));
            [one.join().unwrap(), other.join().unwrap()]
        });
        statuses.sort_unstable();
        assert!(matches!(statuses, [200, 403 | 404]), "{statuses:?}");
    }
    app.mails();
}
