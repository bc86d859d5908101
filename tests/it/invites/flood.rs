//! One address is sent so many invites and no more, whoever sends them.

use serde_json::{Value, json};
use vestibule::clock::hours;

use crate::support::app::TestApp;

const PATH: &str = "/api/v1/invites";

#[test]
fn nobody_is_mailed_more_than_ten_invites_in_a_day() {
    let app = TestApp::start();
    let api = app.api();
    let invite = |email: &str, delivery: &str| {
        api.post(PATH, &json!({ "email": email, "delivery": delivery }))
    };
    let first = invite("Ada@example.org", "email").is(201).json();
    let resend = format!("{PATH}/{}/resend", first["id"].as_str().unwrap());
    for _ in 1..10 {
        api.post(&resend, &json!({})).is(200);
    }
    let mails = || app.count("SELECT count(*) AS count FROM outbox WHERE kind = 'invite'");
    assert_eq!(mails(), 10);
    app.mails();
    let full = api.post(&resend, &json!({})).is(429);
    assert_eq!(full.code(), "too_many_invites");
    assert_eq!(full.header("retry-after"), "3600");
    // They have left. Changing the address away and back, or another invite, opens no other way.
    let other = json!({ "email": "bob@example.org" });
    api.patch(&format!("{PATH}/{}", first["id"].as_str().unwrap()), &other)
        .is(200);
    assert_eq!(
        invite("ada@EXAMPLE.org", "email").is(429).code(),
        "too_many_invites"
    );
    let rows = json!({ "rows": [{ "email": "ada@example.org" }, { "email": "eve@example.org" }] });
    let told = api
        .post(&format!("{PATH}/batches?dry_run=true"), &rows)
        .is(200)
        .json();
    assert_eq!(told["rows"][0]["code"], "too_many_invites");
    assert_eq!(told["rows"][1]["verdict"], Value::from("ready"));
    // The changed address got one.
    assert_eq!(mails(), 11);

    // A link is handed over all the same, others are not held up, and the next day is another one.
    invite("ada@example.org", "link").is(201);
    invite("eve@example.org", "email").is(201);
    app.advance(hours(25));
    invite("cy@example.org", "email").is(201);
    api.post(&resend, &json!({})).is(200);
    app.mails();
}
