//! Invites over JSON.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::days;

use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::smtp::{Rule, Stage};

const PATH: &str = "/api/v1/invites";

/// The first field that a 422 names, and what is wrong with it.
#[track_caller]
pub(super) fn fault(answer: Answer) -> (String, String) {
    let answer = answer.is(422);
    assert_eq!(answer.code(), "invalid_input");
    let error = &answer.json()["errors"][0];
    assert!(!error["detail"].as_str().unwrap().is_empty());
    (
        error["field"].as_str().unwrap().to_owned(),
        error["code"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn an_invite_is_told_in_full_and_never_with_its_link() {
    let app = TestApp::start();
    let api = app.api();
    let group = api
        .post("/api/v1/groups", &json!({ "name": "Analysts" }))
        .is(201)
        .json();
    let body = json!({
        "email": "Ada@Example.org", "delivery": "email", "role": "admin", "groups": [group["id"]],
        "traits": { "name": "Ada" }, "metadata_public": { "a": 1 }, "metadata_admin": { "b": [2] },
        "expires_in": 86_400, "message": "Hello\nAda", "label": "batch 7", "redirect_url": "https://app.example.org/",
    });
    let made = api.post(PATH, &body).is(201);
    assert!(!made.body.contains("vsti_"));
    let made = made.json();
    for field in [
        "delivery",
        "role",
        "groups",
        "traits",
        "metadata_public",
        "metadata_admin",
        "message",
        "label",
        "redirect_url",
        "email",
    ] {
        assert_eq!(made[field], body[field], "{field}");
    }
    for (field, value) in [
        ("state", json!("pending")),
        ("phone", Value::Null),
        (
            "template",
            json!("tpl_00000000-0000-7000-8000-000000000000"),
        ),
        ("schema_id", json!("default")),
        ("match", json!("strict")),
        ("domains", json!([])),
        ("max_uses", json!(1)),
        ("uses", json!(0)),
        ("locale", json!("en")),
        ("expires_at", json!("2026-11-23T09:00:00Z")),
        ("created_at", json!("2026-11-22T09:00:00Z")),
        ("accepted_at", Value::Null),
        ("accepted_by", Value::Null),
        ("batch_id", Value::Null),
        (
            "mail",
            json!({ "state": "waiting", "attempts": 0, "last_error": null, "sent_at": null }),
        ),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert!(made["created_by"].as_str().unwrap().starts_with("usr_"));
    app.mails();
    let read = api
        .get(&format!("{PATH}/{}", made["id"].as_str().unwrap()))
        .is(200)
        .json();
    assert_eq!(
        read["mail"],
        json!({ "state": "sent", "attempts": 1, "last_error": null, "sent_at": "2026-11-22T09:00:00Z" })
    );
    assert_eq!(api.get(&format!("{PATH}?q=ada@")).json()["items"][0], read);
}

#[test]
fn who_is_invited_already_is_not_invited_twice_until_that_invite_has_ended() {
    let app = TestApp::start();
    let api = app.api();
    let first = app.invited("ada@example.org");
    let again = json!({ "email": "ADA@example.ORG" });
    assert_eq!(api.post(PATH, &again).is(409).code(), "invite_exists");
    let other = app.invited("bob@example.org");
    let path = format!("{PATH}/{}", other.id);
    assert_eq!(api.patch(&path, &again).is(409).code(), "invite_exists");
    assert!(app.mails().is_empty(), "a refusal sent a mail");
    // Over by time: the address is free at once, and the old invite cannot be sent again beside the new.
    app.advance(days(7));
    api.post(PATH, &again).is(201);
    let path = format!("{PATH}/{}", first.id);
    assert_eq!(api.get(&path).json()["state"], "expired");
    assert_eq!(
        api.post(&format!("{path}/resend"), &json!({}))
            .is(409)
            .code(),
        "invite_exists"
    );
    // For somebody who has an account the answer is as for anybody else.
    app.user("eve@example.org", "Eve", Role::Member);
    let made = api
        .post(PATH, &json!({ "email": "eve@example.org" }))
        .is(201)
        .json();
    let new = api
        .post(PATH, &json!({ "email": "new@example.org" }))
        .is(201)
        .json();
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&made), keys(&new));
    app.mails();
}

#[test]
fn each_field_can_be_changed_while_the_invite_is_pending() {
    let app = TestApp::start();
    let api = app.api();
    let group = api
        .post("/api/v1/groups", &json!({ "name": "Analysts" }))
        .is(201)
        .json()["id"]
        .clone();
    let invited = app.invited("ada@example.org");
    let path = format!("{PATH}/{}", invited.id);
    for (field, value) in [
        ("role", json!("owner")),
        ("groups", json!([group])),
        ("groups", json!([])),
        ("traits", json!({ "name": "Ada" })),
        ("metadata_public", json!({ "x": { "y": 1 } })),
        ("metadata_admin", json!({ "z": null })),
        ("label", json!("L")),
        ("message", json!("Two\nlines")),
        ("message", json!("")),
        ("expires_at", json!("2026-12-24T18:00:00Z")),
        ("email", json!("new@example.org")),
    ] {
        let mut body = json!({});
        body[field] = value.clone();
        let before = api.get(&path).json();
        let changed = api.patch(&path, &body).is(200).json();
        assert_eq!(changed[field], value);
        for (name, old) in before.as_object().unwrap() {
            assert!(
                name == field || (field == "email" && name == "mail") || &changed[name] == old,
                "{field} changed {name}"
            );
        }
        assert_eq!(api.get(&path).json(), changed);
    }
    let changed = api
        .patch(&path, &json!({ "expires_in": 3600 }))
        .is(200)
        .json();
    assert_eq!(changed["expires_at"], "2026-11-22T10:00:00Z");
    assert_eq!(
        app.anonymous().get_json(&invited.link).is(410).code(),
        "invite_revoked"
    );
    for (body, field, code) in [
        (json!({ "state": "accepted" }), "state", "unknown_field"),
        (
            json!({ "redirect_url": "https://evil.example/" }),
            "redirect_url",
            "unknown_field",
        ),
        (json!({ "role": "god" }), "role", "wrong_type"),
        (
            json!({ "expires_in": 3600, "expires_at": "2026-12-24T18:00:00Z" }),
            "expires_at",
            "only_one_end",
        ),
        (json!({ "email": "x" }), "email", "not_an_email"),
        (json!({ "label": "x".repeat(101) }), "label", "too_long"),
        (json!({ "message": "x".repeat(501) }), "message", "too_long"),
        (json!({ "traits": [] }), "traits", "wrong_type"),
        (
            json!({ "metadata_admin": { "x": "y".repeat(17_000) } }),
            "metadata_admin",
            "too_long",
        ),
    ] {
        assert_eq!(
            fault(api.patch(&path, &body)),
            (field.to_owned(), code.to_owned()),
            "{body}"
        );
    }
    api.post(&format!("{path}/revoke"), &json!({})).is(200);
    assert_eq!(
        api.patch(&path, &json!({ "label": "late" })).is(409).code(),
        "invite_not_pending"
    );
}

#[test]
fn the_list_is_narrowed_by_every_filter() {
    let app = TestApp::start();
    let api = app.api();
    app.user("alan@example.org", "Alan", Role::Admin);
    let alan = app.with_key("alan@example.org", &["all"]);
    let group = api
        .post("/api/v1/groups", &json!({ "name": "Analysts" }))
        .is(201)
        .json();
    let group = group["id"].as_str().unwrap();
    let first = api
        .post(
            PATH,
            &json!({ "email": "a@example.org", "groups": [group] }),
        )
        .is(201)
        .json();
    app.mails();
    let second = alan
        .post(PATH, &json!({ "email": "b@example.org", "expires_in": 60 }))
        .is(201)
        .json();
    let maker = second["created_by"].as_str().unwrap();
    let emails = |query: &str| -> Vec<String> {
        let items = api.get(&format!("{PATH}?{query}")).is(200).json();
        items["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["email"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(emails(""), ["b@example.org", "a@example.org"]);
    assert_eq!(emails(&format!("group={group}")), ["a@example.org"]);
    assert_eq!(emails(&format!("invited_by={maker}")), ["b@example.org"]);
    assert_eq!(emails("mail_state=sent"), ["a@example.org"]);
    assert_eq!(emails("mail_state=waiting"), ["b@example.org"]);
    assert_eq!(
        emails(&format!("q={}", first["id"].as_str().unwrap())),
        ["a@example.org"]
    );
    assert_eq!(emails("state=pending"), ["b@example.org", "a@example.org"]);
    app.advance(vestibule::clock::minutes(1));
    assert_eq!(emails("state=pending"), ["a@example.org"]);
    assert_eq!(emails("state=expired"), ["b@example.org"]);
    for state in ["accepted", "declined", "revoked", "suspended"] {
        assert!(emails(&format!("state={state}")).is_empty());
    }
    for (query, field) in [
        ("state=gone", "state"),
        ("group=x", "group"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("page=-1", "page"),
    ] {
        assert_eq!(fault(api.get(&format!("{PATH}?{query}"))).0, field);
    }
    assert_eq!(
        api.get(&format!("{PATH}?cursor=garbage")).is(400).code(),
        "cursor_invalid"
    );
    app.mails();
}

#[test]
fn a_list_is_narrowed_by_where_the_mail_is_in_the_words_that_tell_it() {
    let app = TestApp::start();
    let api = app.api();
    let refuse = |code, to: &str| {
        let rule = Rule::refuse(Stage::Recipient, code, "no");
        app.sink.rule(rule.only_to(to));
    };
    refuse(451, "deferred@example.org");
    refuse(550, "failed@example.org");
    let make = |name: &str, delivery: &str| {
        let body = json!({ "email": format!("{name}@example.org"), "delivery": delivery });
        api.post(PATH, &body).is(201).json()
    };
    for name in ["sent", "deferred", "failed"] {
        make(name, "email");
    }
    make("none", "link");
    app.mails();
    app.leaves_mails();
    make("waiting", "email");
    let cancelled = make("cancelled", "email");
    let revoke = format!("{PATH}/{}/revoke", cancelled["id"].as_str().unwrap());
    api.post(&revoke, &json!({})).is(200);
    for (state, expected) in [
        ("none", &["cancelled@example.org", "none@example.org"][..]),
        ("waiting", &["waiting@example.org"]),
        ("sent", &["sent@example.org"]),
        ("deferred", &["deferred@example.org"]),
        ("failed", &["failed@example.org"]),
    ] {
        let list = api
            .get(&format!("{PATH}?mail_state={state}"))
            .is(200)
            .json();
        let items = list["items"].as_array().unwrap();
        let emails: Vec<_> = items
            .iter()
            .map(|item| item["email"].as_str().unwrap())
            .collect();
        assert_eq!(emails, expected, "{state}");
        assert!(items.iter().all(|item| item["mail"]["state"] == state));
    }
    let error = api
        .get(&format!("{PATH}?mail_state=cancelled"))
        .is(422)
        .json();
    assert_eq!(error["errors"][0]["field"], "mail_state");
}
