//! Bodies that cannot become an invite.

use serde_json::json;

use super::api::fault;
use crate::support::app::TestApp;

const PATH: &str = "/api/v1/invites";

#[test]
fn what_cannot_be_read_is_refused_with_the_field_that_is_wrong() {
    let app = TestApp::start();
    let api = app.api();
    for (body, field, code) in [
        (json!({ "email": "" }), "email", "required"),
        (
            json!({ "email": ["a@example.org", "b@example.org"] }),
            "email",
            "wrong_type",
        ),
        (
            json!({ "email": "a@example.org,b@example.org" }),
            "email",
            "not_an_email",
        ),
        (
            json!({ "email": "mıke@example.org" }),
            "email",
            "not_an_email",
        ),
        (
            json!({ "email": "a@example.org\r\nBcc: b@example.org" }),
            "email",
            "not_an_email",
        ),
        (
            json!({ "email": "a@example.org", "emial": 1 }),
            "emial",
            "unknown_field",
        ),
        (
            json!({ "email": "a@example.org", "role": "god" }),
            "role",
            "wrong_type",
        ),
        (
            json!({ "email": "a@example.org", "groups": "x" }),
            "groups",
            "wrong_type",
        ),
        (
            json!({ "email": "a@example.org", "delivery": "pigeon" }),
            "delivery",
            "wrong_type",
        ),
        (
            json!({ "email": "a@example.org", "expires_in": "1d" }),
            "expires_in",
            "wrong_type",
        ),
        (
            json!({ "email": "a@example.org", "expires_in": 0 }),
            "expires_in",
            "not_in_future",
        ),
        (
            json!({ "email": "a@example.org", "expires_in": -5 }),
            "expires_in",
            "not_in_future",
        ),
        (
            json!({ "email": "a@example.org", "expires_in": 59 }),
            "expires_in",
            "out_of_range",
        ),
        (
            json!({ "email": "a@example.org", "expires_in": 90 * 86_400 + 1 }),
            "expires_in",
            "out_of_range",
        ),
        (
            json!({ "email": "a@example.org", "expires_in": i64::MAX }),
            "expires_in",
            "out_of_range",
        ),
        (
            json!({ "email": "a@example.org", "expires_in": 1e30 }),
            "expires_in",
            "wrong_type",
        ),
        (
            json!({ "email": "a@example.org", "expires_at": "2026-11-22T09:00:00Z" }),
            "expires_at",
            "not_in_future",
        ),
        (
            json!({ "email": "a@example.org", "expires_at": "2036-01-01T00:00:00Z" }),
            "expires_at",
            "out_of_range",
        ),
        (
            json!({ "email": "a@example.org", "expires_at": "tomorrow" }),
            "expires_at",
            "wrong_type",
        ),
        (
            json!({ "email": "a@example.org", "label": "two\nlines" }),
            "label",
            "control_characters",
        ),
        (
            json!({ "email": "a@example.org", "message": "bell\u{7}" }),
            "message",
            "control_characters",
        ),
        (
            json!({ "email": "a@example.org", "traits": 1 }),
            "traits",
            "wrong_type",
        ),
        (
            json!({ "email": "a@example.org", "groups": vec!["grp_01a2027b-d6b5-7cd0-be67-ab79529a31c9"; 51] }),
            "groups",
            "out_of_range",
        ),
    ] {
        assert_eq!(
            fault(api.post(PATH, &body)),
            (field.to_owned(), code.to_owned()),
            "{body}"
        );
    }
    // Everything that is wrong is told at once.
    let bad = json!({ "email": "x", "message": "y".repeat(501), "label": "z".repeat(101) });
    assert_eq!(
        api.post(PATH, &bad).is(422).json()["errors"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let raw = |body: &str, kind: &str| {
        api.send(
            "POST",
            PATH,
            &[("content-type", kind)],
            Some(body.as_bytes()),
        )
    };
    let twice = raw(
        r#"{"email":"a@example.org","email":"b@example.org"}"#,
        "application/json",
    );
    assert_eq!(
        fault(twice),
        ("email".to_owned(), "duplicate_field".to_owned())
    );
    assert_eq!(raw("{", "application/json").is(400).code(), "bad_request");
    assert_eq!(
        raw("{} {}", "application/json").is(400).code(),
        "bad_request"
    );
    assert_eq!(
        raw(r#"{"email":"a@example.org"}"#, "text/plain")
            .is(415)
            .code(),
        "unsupported_media_type"
    );
    assert_eq!(
        raw("email=a%40example.org", "application/x-www-form-urlencoded").status,
        415
    );
    let huge = json!({ "email": "a@example.org", "message": "x".repeat(1_100_000) });
    assert_eq!(api.post(PATH, &huge).is(413).code(), "too_large");
    assert_eq!(app.count("SELECT count(*) AS count FROM invites"), 0);
    // The bounds themselves are good.
    for (email, seconds) in [("a@example.org", 60), ("b@example.org", 90 * 86_400)] {
        api.post(
            PATH,
            &json!({ "email": email, "expires_in": seconds, "delivery": "link" }),
        )
        .is(201);
    }
}
