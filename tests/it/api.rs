//! The conventions of `/api/v1`: errors, credentials, lists, and calls that are repeated.

mod idempotency;
mod keys;
mod leaving;
mod secrets;
mod users;

use serde_json::json;
use vestibule::access::Role;
use vestibule::clock::days;

use crate::support::app::TestApp;
use crate::support::client::{Answer, Api};

/// A request with headers of its own and no other credential.
fn with(app: &TestApp, headers: &[(&str, &str)]) -> Answer {
    app.no_key().send("GET", "/api/v1/me", headers, None)
}

#[test]
fn every_error_is_a_problem_with_a_code_and_a_request_id() {
    let app = TestApp::start();
    let api = app.api();
    let answers = [
        (app.no_key().get("/api/v1/users"), 401, "credential_missing"),
        (api.get("/api/v1/users/usr_0"), 404, "not_found"),
        (
            api.get("/api/v1/users/inv_01a2027b-d6b5-7cd0-be67-ab79529a31c9"),
            404,
            "not_found",
        ),
        (api.get("/api/v1/nothing"), 404, "not_found"),
        (
            api.send("PUT", "/api/v1/users", &[], None),
            405,
            "method_not_allowed",
        ),
        (api.get("/api/v1/users?limit=0"), 422, "invalid_input"),
        (api.get("/api/v1/users?cursor=x"), 400, "cursor_invalid"),
        (api.get("/api/v1/users?q=%00"), 400, "bad_request"),
        (
            api.post("/api/v1/keys", &json!({})),
            403,
            "session_required",
        ),
        (
            api.send(
                "POST",
                "/api/v1/users",
                &[("content-type", "text/csv")],
                Some(b"a,b"),
            ),
            415,
            "unsupported_media_type",
        ),
    ];
    let mut ids = Vec::new();
    for (answer, status, code) in answers {
        let answer = answer.is(status);
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{code}"
        );
        let problem = answer.json();
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("about:blank#{code}"));
        assert_eq!(problem["request_id"], answer.header("x-request-id"));
        assert!(!problem["title"].as_str().unwrap().is_empty());
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            !detail.is_empty() && !detail.contains("problem-") && !detail.contains('{'),
            "{detail}"
        );
        assert_eq!(problem["errors"].is_array(), status == 422);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(
            answer.headers("set-cookie").is_empty(),
            "the API sets no cookie"
        );
        ids.push(answer.header("x-request-id").to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10);
}

#[test]
fn a_key_is_taken_in_three_ways_and_from_no_address() {
    let app = TestApp::start();
    let (_, key) = app.key("grace@example.org", &["users:read"]);
    let (bearer, api_key) = (format!("Bearer {key}"), format!("ApiKey {key}"));
    for header in [
        ("authorization", bearer.as_str()),
        ("authorization", &api_key),
        ("x-api-key", &key),
        ("authorization", &bearer.replace("Bearer", "bearer")),
    ] {
        let me = with(&app, &[header]).is(200);
        assert_eq!(me.header("vestibule-key-expires"), "2027-02-20T09:00:00Z");
        let me = me.json();
        assert_eq!(me["user"]["email"], "grace@example.org");
        assert_eq!(me["auth"]["kind"], "api_key");
        assert_eq!(me["auth"]["scopes"], json!(["users:read"]));
        assert_eq!(me["auth"]["expires_at"], "2027-02-20T09:00:00Z");
    }
    // Refusals tell the end of the key too.
    let refused = with_path(&app, "/api/v1/invites", &bearer).is(403);
    assert_eq!(
        refused.header("vestibule-key-expires"),
        "2027-02-20T09:00:00Z"
    );
    for name in ["api_key", "access_token", "token", "key"] {
        for path in ["/api/v1/me", "/api/v1/users"] {
            let answer = app.no_key().get(&format!("{path}?{name}={key}"));
            assert_eq!(answer.is(400).code(), "credential_in_url", "{name}");
        }
    }
}

fn with_path(app: &TestApp, path: &str, credential: &str) -> Answer {
    app.no_key()
        .send("GET", path, &[("authorization", credential)], None)
}

#[test]
fn a_credential_that_is_not_good_says_so_and_says_more_only_to_its_holder() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let missing = with(&app, &[]).is(401);
    assert_eq!(missing.code(), "credential_missing");
    assert_eq!(missing.header("www-authenticate"), "Bearer");

    let (id, revoked) = app.key("grace@example.org", &["all"]);
    Api::new(&app.base, Some(revoked.clone()))
        .delete("/api/v1/keys/current")
        .is(204);
    let (_, good) = app.key("grace@example.org", &["all"]);
    let (_, suspended) = app.key("mia@example.org", &["all"]);
    let mia = app.api().get("/api/v1/users?q=mia@").json()["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let _ = id;
    let almost = format!(
        "{}{}",
        &good[..good.len() - 1],
        if good.ends_with('0') { '1' } else { '0' }
    );
    for bad in [
        "vstk_x",
        "nonsense",
        "",
        &almost,
        &good[1..],
        &format!("{good}x"),
        &good.to_uppercase(),
    ] {
        let refused = with(&app, &[("x-api-key", bad)]).is(401);
        assert!(
            ["credential_invalid", "credential_missing"].contains(&refused.code().as_str()),
            "{bad}"
        );
        if !bad.is_empty() {
            assert_eq!(refused.code(), "credential_invalid", "{bad}");
            assert_eq!(
                refused.header("www-authenticate"),
                "Bearer error=\"invalid_token\""
            );
        }
    }
    for scheme in ["Basic", "Token", "Digest"] {
        assert_eq!(
            with_path(&app, "/api/v1/me", &format!("{scheme} {good}")).status,
            401
        );
    }
    assert_eq!(
        with_path(&app, "/api/v1/me", &format!("Bearer {revoked}"))
            .is(401)
            .code(),
        "key_revoked"
    );
    app.api()
        .put(&format!("/api/v1/users/{mia}/suspension"), &json!({}))
        .is(200);
    let refused = with_path(&app, "/api/v1/me", &format!("Bearer {suspended}")).is(401);
    assert!(["owner_disabled", "key_revoked"].contains(&refused.code().as_str()));
    app.advance(days(90));
    assert_eq!(
        with_path(&app, "/api/v1/me", &format!("Bearer {good}"))
            .is(401)
            .code(),
        "key_expired"
    );
    app.mails();
}

#[test]
fn the_session_of_a_browser_opens_nothing_in_the_api() {
    let app = TestApp::start();
    let mut grace = app.owner();
    assert_eq!(grace.get("/api/v1/me").is(401).code(), "credential_missing");
    let made = grace.post_json("/api/v1/invites", &json!({ "email": "a@example.org" }), &[]);
    assert_eq!(made.status, 401);
}

#[test]
fn lists_go_on_by_cursor_and_a_cursor_is_good_for_what_gave_it_out() {
    let app = TestApp::start();
    let api = app.api();
    for number in 0..11 {
        app.user(&format!("p{number:02}@example.org"), "P", Role::Member);
    }
    for path in ["/api/v1/users", "/api/v1/audit"] {
        let whole = api.get(&format!("{path}?limit=500")).is(200).json()["items"]
            .as_array()
            .unwrap()
            .clone();
        let mut pages = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = api.get(&format!("{path}?limit=5{cursor}")).is(200).json();
            pages.extend(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(pages, whole, "{path}");
        let mut ids: Vec<_> = whole.iter().map(|row| row["id"].to_string()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), whole.len());
    }
    for path in [
        "/api/v1/users",
        "/api/v1/invites",
        "/api/v1/groups",
        "/api/v1/audit",
        "/api/v1/outbox",
        "/api/v1/events",
        "/api/v1/keys",
    ] {
        let list = api.get(path).is(200).json();
        assert!(
            list["items"].is_array() && list.get("next_cursor").is_some(),
            "{path}"
        );
        for limit in [
            "0",
            "-1",
            "501",
            "1000000000",
            "99999999999999999999",
            "1.5",
            "x",
            "",
        ] {
            let refused = api.get(&format!("{path}?limit={limit}")).is(422).json();
            assert_eq!(refused["errors"][0]["field"], "limit", "{path} {limit}");
        }
        for cursor in ["x", "%27%20OR%201%3D1", "AAAA", "9999999999999999999999999"] {
            assert_eq!(
                api.get(&format!("{path}?cursor={cursor}")).is(400).code(),
                "cursor_invalid",
                "{path} {cursor}"
            );
        }
        api.get(&format!("{path}?limit=500")).is(200);
    }
}

#[test]
fn metacharacters_are_characters() {
    let app = TestApp::start();
    let api = app.api();
    app.user("a_b@example.org", "100% \\ 'Quote\"", Role::Member);
    app.user("axb@example.org", "Other", Role::Member);
    let found = |q: &str| {
        let q = crate::support::html::percent_encode(q);
        let list = api.get(&format!("/api/v1/users?q={q}")).is(200).json();
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(found("a_b@"), 1);
    assert_eq!(found("100% \\ 'q"), 1);
    for none in [
        "%",
        "_",
        "a%",
        "' OR '1'='1",
        "'; DROP TABLE users; --",
        "\\",
        "a_b@example.org'",
        "*",
        "é\u{301}",
        "\u{202e}",
    ] {
        assert_eq!(found(none), 0, "{none}");
    }
    for path in ["users", "invites", "groups", "audit", "outbox"] {
        for q in ["%25", "_", "%27", "%22%3B--", "%F0%9F%A6%80"] {
            api.get(&format!("/api/v1/{path}?q={q}")).is(200);
        }
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 3);
}

#[test]
fn settings_are_read_and_changed_field_by_field() {
    let app = TestApp::start();
    let api = app.api();
    let before = api.get("/api/v1/settings").is(200).json();
    assert_eq!(before["site_name"], "Vestibule");
    assert_eq!(before["terms"], json!(null));
    let after = api
        .patch(
            "/api/v1/settings",
            &json!({ "site_name": "Flow Lab", "key_policy": { "max_days": 100 } }),
        )
        .is(200)
        .json();
    assert_eq!(after["site_name"], "Flow Lab");
    assert_eq!(after["key_policy"]["max_days"], 100);
    assert_eq!(
        after["key_policy"]["default_days"],
        before["key_policy"]["default_days"]
    );
    assert_eq!(api.get("/api/v1/settings").json(), after);
    for (body, field) in [
        (json!({ "site_name": "" }), "site_name"),
        (json!({ "site_name": "a\r\nb" }), "site_name"),
        (json!({ "invite_days": 91 }), "invite_days"),
        (json!({ "invite_days": 0 }), "invite_days"),
        (json!({ "nonsense": 1 }), "nonsense"),
        (
            json!({ "key_policy": { "default_days": 101 } }),
            "key_policy.default_days",
        ),
    ] {
        let refused = api.patch("/api/v1/settings", &body).is(422).json();
        assert_eq!(refused["errors"][0]["field"], field, "{body}");
    }
    // The setting counts for the next invite.
    api.patch("/api/v1/settings", &json!({ "invite_days": 3 }))
        .is(200);
    let made = api
        .post("/api/v1/invites", &json!({ "email": "a@example.org" }))
        .is(201)
        .json();
    assert_eq!(made["expires_at"], "2026-11-25T09:00:00Z");
    assert!(app.mails()[0].text().contains("Flow Lab"));
    let reader = app.with_key("grace@example.org", &["settings:read"]);
    assert_eq!(
        reader.patch("/api/v1/settings", &json!({})).is(403).code(),
        "scope_missing"
    );
}

#[test]
fn headers_that_contradict_each_other_are_refused() {
    let app = TestApp::start();
    let [first, second] =
        [["users:read"], ["all"]].map(|scopes| app.key("grace@example.org", &scopes).1);
    let [one, other] = [&first, &second].map(|key| format!("Bearer {key}"));
    for headers in [
        [("authorization", &*one), ("authorization", &*other)],
        [("x-api-key", &*first), ("x-api-key", &*second)],
        [("authorization", &*one), ("x-api-key", &*second)],
    ] {
        let refused = with(&app, &headers).is(401);
        assert_eq!(refused.code(), "credential_invalid", "{headers:?}");
    }
    with(&app, &[("authorization", &one), ("authorization", &one)]).is(200);
    let api = app.api();
    let make =
        |keys: &[(&str, &str)]| api.json("POST", "/api/v1/groups", &json!({ "name": "Lab" }), keys);
    let twice = make(&[("idempotency-key", "a"), ("idempotency-key", "b")]);
    assert_eq!(twice.is(400).code(), "bad_request");
    make(&[("idempotency-key", "a"), ("idempotency-key", "a")]).is(201);
}
