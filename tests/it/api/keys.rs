//! API keys over JSON: seen and ended, never made; and never another's.

use serde_json::json;
use vestibule::access::Role;
use vestibule::secret::{PlainSecret, SecretKind};

use crate::support::app::TestApp;
use crate::support::client::Api;

#[test]
fn the_key_of_another_is_not_there() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    app.user("alan@example.org", "Alan", Role::Admin);
    let (owners, _) = app.key("grace@example.org", &["all"]);
    for email in ["mia@example.org", "alan@example.org"] {
        let api = app.with_key(email, &["all"]);
        assert_eq!(
            api.get(&format!("/api/v1/keys/{owners}")).is(404).code(),
            "not_found"
        );
        api.delete(&format!("/api/v1/keys/{owners}")).is(404);
        let own = api.get("/api/v1/keys").is(200).json();
        assert!(
            own["items"]
                .as_array()
                .unwrap()
                .iter()
                .all(|key| key["id"] != owners.to_string())
        );
    }
    let grace = app.api().get("/api/v1/me").json()["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    // An administrator does not reach up to an owner, nor a member to anybody.
    let alan = app.with_key("alan@example.org", &["all"]);
    assert_eq!(
        alan.get(&format!("/api/v1/users/{grace}/keys"))
            .is(403)
            .code(),
        "above_you"
    );
    assert_eq!(
        alan.delete(&format!("/api/v1/users/{grace}/keys/{owners}"))
            .is(403)
            .code(),
        "above_you"
    );
    let mia = app.with_key("mia@example.org", &["all"]);
    assert!(matches!(
        mia.get(&format!("/api/v1/users/{grace}/keys")).status,
        403 | 404
    ));
    assert!(matches!(
        mia.delete(&format!("/api/v1/users/{grace}/keys/{owners}"))
            .status,
        403 | 404
    ));
    app.api().get(&format!("/api/v1/keys/{owners}")).is(200);
    app.mails();
}

#[test]
fn a_program_never_makes_a_key() {
    let app = TestApp::start();
    let api = app.api();
    for body in [
        json!({}),
        json!({ "name": "x", "scopes": ["all"], "user_id": "usr_x" }),
    ] {
        assert_eq!(
            api.post("/api/v1/keys", &body).is(403).code(),
            "session_required"
        );
    }
    assert_eq!(
        app.no_key().post("/api/v1/keys", &json!({})).is(401).code(),
        "credential_missing"
    );
    assert_eq!(app.count("SELECT count(*) AS count FROM api_keys"), 1);
}

#[test]
fn a_key_ends_itself_and_is_refused_from_then_on() {
    let app = TestApp::start();
    let (id, secret) = app.key("grace@example.org", &["keys:revoke", "keys:read"]);
    let api = Api::new(&app.base, Some(secret.clone()));
    let seen = api.get(&format!("/api/v1/keys/{id}")).is(200);
    assert!(!seen.body.contains(&secret));
    assert_eq!(seen.json()["state"], "active");
    api.delete("/api/v1/keys/current").is(204);
    assert_eq!(api.get("/api/v1/keys").is(401).code(), "key_revoked");
    let reader = app.with_key("grace@example.org", &["keys:read"]);
    assert_eq!(
        reader.get(&format!("/api/v1/keys/{id}")).json()["state"],
        "revoked"
    );
    // Whoever has a key in hand can report it and end it so; its program needs no right that ends others.
    reader.delete("/api/v1/keys/current").is(204);
    assert_eq!(reader.get("/api/v1/keys").is(401).code(), "key_revoked");
    app.mails();
}

#[test]
fn whoever_holds_a_key_can_end_it_and_learns_nothing() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let (id, secret) = app.key("mia@example.org", &["keys:read"]);
    let report = |key: &str| {
        let body = json!({ "api_key": key, "found_at": "a build log" });
        let answer = app.no_key().post("/api/v1/leaked-keys", &body).is(202);
        let end = answer.header("vestibule-key-expires").to_owned();
        (answer.body, end)
    };
    let never_issued = PlainSecret::generate(SecretKind::ApiKey);
    let wrong = report(&secret[..53]);
    assert_eq!(report(never_issued.reveal()), wrong);
    assert_eq!(report("").0, wrong.0);
    let mia = Api::new(&app.base, Some(secret.clone()));
    mia.get("/api/v1/keys").is(200);
    assert_eq!(report(&secret), wrong);
    assert_eq!(mia.get("/api/v1/keys").is(401).code(), "key_revoked");
    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["mia@example.org"]);
    assert!(mails[0].text().contains("Found at: a build log"));
    assert!(!mails[0].text().contains(&secret));
    // Twice is once.
    assert_eq!(report(&secret), wrong);
    assert!(app.mails().is_empty());
    let of_key = format!(
        "SELECT count(*) AS count FROM audit WHERE target_id = '{id}' AND action = 'api_key.revoked'"
    );
    assert_eq!(app.count(&of_key), 1);
    for body in [
        json!({}),
        json!({ "api_key": secret, "found_at": "two\nlines" }),
        json!({ "api_key": secret, "found_at": "x".repeat(301) }),
        json!({ "api_key": secret, "user_id": "usr_x" }),
    ] {
        app.no_key().post("/api/v1/leaked-keys", &body).is(422);
    }
}
