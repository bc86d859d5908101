//! Programs that were written for Ory Kratos: the invites of ory/kratos#2525, and a verification sent by hand.

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::support::app::{Options, TestApp};
use crate::support::client::{Answer, Api};
use crate::support::door::{audited, mailed_link, state, text, user_id};
use crate::support::invited::Invited;
use crate::support::sms::{Gateway, code_in};

const INVITE: &str = "/admin/invite";
const INVITES: &str = "/admin/invites";
const VERIFICATION: &str = "/admin/verification";

/// The error of a refusal, which has the whole form that clients read.
#[track_caller]
fn error(answer: Answer, code: u16, status: &str, id: &str) -> Value {
    let answer = answer.is(code);
    assert_eq!(answer.header("content-type"), "application/json");
    let error = answer.json()["error"].clone();
    assert_eq!(
        (&error["code"], &error["status"], &error["id"]),
        (&json!(code), &json!(status), &json!(id))
    );
    for words in ["reason", "message"] {
        assert!(!error[words].as_str().unwrap().is_empty(), "{error}");
    }
    assert_eq!(error["request"], answer.header("x-request-id"));
    error
}

/// The field that a 422 names, and what is wrong with it.
#[track_caller]
fn fault(answer: Answer) -> (String, String) {
    let error = error(answer, 422, "Unprocessable Entity", "invalid_input");
    let fault = &error["details"]["errors"][0];
    assert!(!fault["detail"].as_str().unwrap().is_empty());
    let word = |name: &str| fault[name].as_str().unwrap().to_owned();
    (word("field"), word("code"))
}

fn of(made: &Value) -> String {
    format!("{INVITES}/{}", made["id"].as_str().unwrap())
}

#[test]
fn an_invite_is_delivered_to_its_identifier_and_told_under_both_names() {
    let app = TestApp::start();
    let api = app.api();
    let body = json!({
        "schema_id": "default", "identifier": "Ada@Example.org", "identifier_field": "traits.email",
        "traits": { "name": "Ada" }, "metadata_public": { "a": 1 }, "metadata_private": { "b": [2] },
        "expires_in": "24h",
    });
    let made = api.post(INVITE, &body).is(201);
    assert!(!made.body.contains("vsti_"));
    let made = made.json();
    for field in [
        "schema_id",
        "identifier",
        "traits",
        "metadata_public",
        "metadata_private",
    ] {
        assert_eq!(made[field], body[field], "{field}");
    }
    for (field, value) in [
        ("identifier_field", json!("email")),
        ("email", json!("Ada@Example.org")),
        ("metadata_admin", json!({ "b": [2] })),
        ("state", json!("pending")),
        ("role", json!("member")),
        ("delivery", json!("email")),
        ("expires_at", json!("2026-11-23T09:00:00Z")),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert!(made.get("invite_url").is_none());
    // The same invite as that of the API, and the mail that any invite sends.
    let invited = Invited {
        id: made["id"].as_str().unwrap().to_owned(),
        link: app.mailed_link(),
    };
    let ours = api
        .get(&format!("/api/v1/invites/{}", invited.id))
        .is(200)
        .json();
    for (field, value) in ours.as_object().unwrap() {
        assert!(field == "mail" || made[field] == *value, "{field}");
    }
    let mut ada = app.anonymous();
    ada.post_json(&invited.path(), &invited.accept(), &[])
        .is(200);
    let user = user_id(&app, "Ada@Example.org");
    let user = api.get(&format!("/api/v1/users/{user}")).is(200).json();
    assert_eq!(user["email_verified"], true);
    assert_eq!(user["metadata_public"], json!({ "a": 1 }));
    assert_eq!(user["metadata_admin"], json!({ "b": [2] }));
    assert_eq!(api.get(&of(&made)).is(200).json()["state"], "accepted");
}

#[test]
fn a_number_gets_a_text_message() {
    let gateway = Gateway::start();
    let app = TestApp::with(Options {
        sms: Some(gateway.url()),
        ..Options::default()
    });
    let api = app.api();
    for (number, field) in [
        ("+15551234567", json!("phone")),
        ("+1 555 123-4568", json!("/traits/contact/tel")),
        ("+15551234569", Value::Null),
    ] {
        let body = json!({ "identifier": number, "identifier_field": field });
        let made = api.post(INVITE, &body).is(201).json();
        assert_eq!(made["identifier_field"], "phone");
        assert_eq!(made["identifier"], made["phone"]);
        assert_eq!(made["delivery"], "sms");
        app.run_jobs();
        let sent = gateway.take();
        assert_eq!(sent.len(), 1);
        assert_eq!(json!(sent[0].to), made["phone"]);
        assert!(sent[0].text.contains("/self-service/invite"));
    }
}

#[test]
fn the_field_says_what_the_identifier_is() {
    let app = TestApp::start();
    let api = app.api();
    for (identifier, field, wanted) in [
        ("+15551234567", "email", ("identifier", "not_an_email")),
        (
            "ada@example.org",
            "traits.phone",
            ("identifier", "not_a_phone"),
        ),
        (
            "ada",
            "traits.username",
            ("identifier_field", "not_a_choice"),
        ),
        ("ada@example.org", "", ("identifier_field", "not_a_choice")),
        ("", "email", ("identifier", "required")),
    ] {
        let body = json!({ "identifier": identifier, "identifier_field": field });
        let (at, code) = fault(api.post(INVITE, &body));
        assert_eq!((&*at, &*code), wanted, "{identifier} {field}");
    }
    for identifier in ["ada", " ", "12345678"] {
        let body = json!({ "identifier": identifier });
        assert_eq!(
            fault(api.post(INVITE, &body)).0,
            "identifier",
            "{identifier}"
        );
    }
    // Empty or null is a mistake, and not the wish for an open link.
    let null = json!({ "identifier": null });
    assert_eq!(
        fault(api.post(INVITE, &null)),
        ("identifier".into(), "wrong_type".into())
    );
    assert_eq!(app.count("SELECT count(*) AS count FROM invites"), 0);
}

#[test]
fn an_identifier_in_use_is_a_conflict() {
    let app = TestApp::start();
    app.user("ada@example.org", "Ada", Role::Member);
    let api = app.api();
    let before = state(&app);
    let taken = json!({ "identifier": "ADA@example.org" });
    error(api.post(INVITE, &taken), 409, "Conflict", "address_taken");
    assert_eq!(state(&app), before);
    let free = json!({ "identifier": "ivo@example.org" });
    api.post(INVITE, &free).is(201);
    error(api.post(INVITE, &free), 409, "Conflict", "invite_exists");
    assert_eq!(app.mails().len(), 1);
}

#[test]
fn without_an_identifier_the_link_is_answered_for_one_person() {
    let app = TestApp::start();
    let api = app.api();
    let body = json!({ "traits": {}, "metadata_private": { "team": 7 }, "expires_in": 3600 });
    let made = api.post(INVITE, &body).is(201).json();
    assert_eq!(
        (&made["identifier"], &made["identifier_field"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&made["max_uses"], &made["delivery"]),
        (&json!(1), &json!("link"))
    );
    assert!(app.mails().is_empty());
    let invited = Invited {
        id: made["id"].as_str().unwrap().to_owned(),
        link: made["invite_url"].as_str().unwrap().to_owned(),
    };
    // Told once: neither list nor record holds it.
    for path in [of(&made), INVITES.to_owned()] {
        let told = api.get(&path).is(200).body;
        assert!(
            !told.contains("vsti_") && !told.contains("invite_url"),
            "{told}"
        );
    }
    // To its end: whoever has it names an address and proves it.
    let mut ben = app.anonymous();
    let mut answer = invited.accept();
    answer["email"] = json!("ben@example.org");
    let asked = ben.post_json(&invited.path(), &answer, &[]).is(403);
    assert_eq!(asked.code(), "code_required");
    answer["code"] = json!(code_in(&app.mails()[0].text()));
    ben.post_json(&invited.path(), &answer, &[]).is(200);
    let user = user_id(&app, "ben@example.org");
    let user = api.get(&format!("/api/v1/users/{user}")).json();
    assert_eq!(user["metadata_admin"], json!({ "team": 7 }));
    let second = app.anonymous().get_json(&invited.link).is(410);
    assert_eq!(second.code(), "invite_full");
}

#[test]
fn a_link_is_revealed_to_keys_that_may_and_a_repeat_reveals_another() {
    let app = TestApp::start();
    let key = app.with_key("grace@example.org", &["invites:write"]);
    let refused = key.post(INVITE, &json!({}));
    error(refused, 403, "Forbidden", "scope_missing");
    key.post(INVITE, &json!({ "identifier": "ada@example.org" }))
        .is(201);
    app.mails();

    let api = app.api();
    let once = [("idempotency-key", "a")];
    let first = api.json("POST", INVITE, &json!({}), &once).is(201).json();
    let again = api.json("POST", INVITE, &json!({}), &once).is(201).json();
    assert_eq!(first["id"], again["id"]);
    assert_ne!(first["invite_url"], again["invite_url"]);
    let other = api.json("POST", INVITE, &json!({ "expires_in": 90 }), &once);
    error(other, 422, "Unprocessable Entity", "idempotency_mismatch");
    // What is mailed is answered again, and mailed once.
    let (body, once) = (
        json!({ "identifier": "bob@example.org" }),
        [("idempotency-key", "b")],
    );
    let first = api.json("POST", INVITE, &body, &once).is(201);
    let again = api.json("POST", INVITE, &body, &once).is(201);
    assert_eq!(first.body, again.body);
    assert_eq!(app.mails().len(), 1);
}

#[test]
fn an_open_link_wants_a_channel_for_its_codes() {
    let app = TestApp::with(Options {
        no_mail: true,
        ..Options::default()
    });
    let refused = app.api().post(INVITE, &json!({}));
    error(refused, 409, "Conflict", "mail_not_set_up");
}

#[test]
fn the_end_is_told_in_seconds_or_as_go_writes_it() {
    let app = TestApp::start();
    let api = app.api();
    let made = api
        .post(INVITE, &json!({ "identifier": "ada@example.org" }))
        .is(201)
        .json();
    app.mails();
    for (given, wanted) in [
        (json!(3600), "2026-11-22T10:00:00Z"),
        (json!("1h30m"), "2026-11-22T10:30:00Z"),
        (json!("30m"), "2026-11-22T09:30:00Z"),
        (json!("1.5h"), "2026-11-22T10:30:00Z"),
        (json!("2160h"), "2027-02-20T09:00:00Z"),
    ] {
        let body = json!({ "expires_in": given });
        let made = api.post(INVITE, &body).is(201).json();
        assert_eq!(made["expires_at"], wanted, "{given}");
        let changed = api.patch(&of(&made), &body).is(200).json();
        assert_eq!(changed["expires_at"], wanted, "{given}");
    }
    for (given, wanted) in [
        (json!(-1), "not_in_future"),
        (json!(0), "not_in_future"),
        (json!("-24h"), "not_in_future"),
        (json!("59s"), "out_of_range"),
        (json!(59), "out_of_range"),
        (json!("2161h"), "out_of_range"),
        (json!(9_000_000_000_000_000_000_i64), "out_of_range"),
        (json!("99999999999999999999h"), "out_of_range"),
        (json!("1x"), "not_a_duration"),
        (json!("90d"), "not_a_duration"),
        (json!("3600"), "not_a_duration"),
        (json!(""), "not_a_duration"),
        (json!(1.5), "wrong_type"),
        (json!(true), "wrong_type"),
        (json!(["24h"]), "wrong_type"),
    ] {
        let body = json!({ "expires_in": given, "identifier": "bob@example.org" });
        let wanted = ("expires_in".to_owned(), wanted.to_owned());
        assert_eq!(fault(api.post(INVITE, &body)), wanted, "{given}");
        let body = json!({ "expires_in": given });
        assert_eq!(fault(api.patch(&of(&made), &body)), wanted, "{given}");
    }
    assert!(app.mails().is_empty());
}

#[test]
fn a_pending_invite_is_changed_and_revoked() {
    let app = TestApp::start();
    let api = app.api();
    let made = api
        .post(INVITE, &json!({ "identifier": "ada@example.org" }))
        .is(201)
        .json();
    let (path, link) = (of(&made), app.mailed_link());
    let change = json!({
        "traits": { "name": "Ada" }, "metadata_public": { "a": 1 }, "metadata_private": { "b": 2 }, "expires_in": 120,
    });
    let changed = api.patch(&path, &change).is(200).json();
    for field in ["traits", "metadata_public", "metadata_private"] {
        assert_eq!(changed[field], change[field], "{field}");
    }
    assert_eq!(changed["expires_at"], "2026-11-22T09:02:00Z");
    // What is left out stays.
    let same = api.patch(&path, &json!({})).is(200).json();
    assert_eq!(same, changed);
    assert_eq!(api.get(&path).is(200).json(), changed);
    let long = json!({ "metadata_private": { "a": "x".repeat(20_000) } });
    assert_eq!(
        fault(api.patch(&path, &long)),
        ("metadata_private".into(), "too_long".into())
    );
    let other = json!({ "identifier": "bob@example.org" });
    assert_eq!(
        fault(api.patch(&path, &other)),
        ("identifier".into(), "unknown_field".into())
    );

    let before = audited(&app);
    let gone = api.delete(&path).is(204);
    assert_eq!((gone.body.as_str(), gone.header("content-type")), ("", ""));
    assert_eq!(audited(&app), before + 1);
    let last = text(
        &app,
        "SELECT action AS text FROM audit ORDER BY id DESC LIMIT 1",
    );
    assert_eq!(last, "invite.revoked");
    assert_eq!(api.get(&path).is(200).json()["state"], "revoked");
    assert_eq!(
        app.anonymous().get_json(&link).is(410).code(),
        "invite_revoked"
    );
    error(api.delete(&path), 409, "Conflict", "invite_not_pending");
    error(
        api.patch(&path, &json!({})),
        409,
        "Conflict",
        "invite_not_pending",
    );
}

#[test]
fn a_list_leads_on_in_its_link_header() {
    let app = TestApp::start();
    let api = app.api();
    assert_eq!(api.get(INVITES).is(200).body, "[]");
    let mut made: Vec<Value> = (0..5)
        .map(|_| api.post(INVITE, &json!({})).is(201).json()["id"].clone())
        .collect();
    made.reverse();
    let mut next = format!("{INVITES}?page_size=2&alt=json");
    let mut seen = Vec::new();
    for rows in [2, 2, 1] {
        let page = api.get(&next).is(200);
        let items = page.json().as_array().unwrap().clone();
        assert_eq!(items.len(), rows);
        seen.extend(items.iter().map(|one| one["id"].clone()));
        let link = page.header("link").to_owned();
        assert_eq!(link.is_empty(), rows == 1, "{link}");
        if let Some(url) = link.strip_prefix('<') {
            let (url, rest) = url.split_once('>').unwrap();
            assert_eq!(rest, "; rel=\"next\"");
            next = url.strip_prefix(&app.origin()).unwrap().to_owned();
        }
    }
    seen.sort_by_key(|id| made.iter().position(|known| known == id));
    assert_eq!(seen, made);
    for size in ["0", "-1", "99999999"] {
        let page = api
            .get(&format!("{INVITES}?page_size={size}"))
            .is(200)
            .json();
        assert!(!page.as_array().unwrap().is_empty(), "{size}");
    }
    let wrong = api.get(&format!("{INVITES}?page_size=many"));
    assert_eq!(fault(wrong), ("page_size".into(), "wrong_type".into()));
    let wrong = api.get(&format!("{INVITES}?page_token=x"));
    error(wrong, 400, "Bad Request", "cursor_invalid");
}

#[test]
fn a_person_gets_a_verification_for_the_address_that_is_theirs() {
    let gateway = Gateway::start();
    let app = TestApp::with(Options {
        sms: Some(gateway.url()),
        ..Options::default()
    });
    let api = app.api();
    let user =
        json!({ "email": "ada@example.org", "phone": "+15551234567", "display_name": "Ada" });
    let id = api.post("/api/v1/users", &user).is(201).json()["id"].clone();
    app.mails();
    let send = |identity: &Value, identifier: &str| {
        let body = json!({ "identity_id": identity, "identifier": identifier });
        api.post(VERIFICATION, &body)
    };
    let sent = send(&id, "ADA@example.org").is(204);
    assert_eq!((sent.body.as_str(), sent.header("content-type")), ("", ""));
    app.anonymous().open(&mailed_link(&app, "/verify")).is(200);
    send(&id, "+1 555 123 4567").is(204);
    app.run_jobs();
    assert_eq!(gateway.take()[0].to, "+15551234567");

    let before = state(&app);
    app.user("bob@example.org", "Bob", Role::Member);
    let added = state(&app);
    assert_ne!(before, added);
    for identifier in [
        "bob@example.org",
        "nobody@example.org",
        "+15550000000",
        "ada",
    ] {
        error(send(&id, identifier), 404, "Not Found", "not_found");
    }
    let nobody = json!("usr_0198c0de-7a11-7b3c-9d4e-5f6a7b8c9d0e");
    for identity in [
        nobody,
        json!("1a0c2f5e-0b44-4c53-9d5c-6a3a3f3f4c11"),
        json!(""),
    ] {
        error(
            send(&identity, "ada@example.org"),
            404,
            "Not Found",
            "not_found",
        );
    }
    assert_eq!(
        fault(send(&id, " ")),
        ("identifier".into(), "required".into())
    );
    let half = api.post(VERIFICATION, &json!({ "identity_id": id }));
    assert_eq!(fault(half), ("identifier".into(), "required".into()));
    assert_eq!(state(&app), added);

    // The limit is the one of the API, and counts with it.
    let path = format!("/api/v1/users/{}/verification", id.as_str().unwrap());
    api.post(&path, &json!({})).is(202);
    let limited = send(&id, "ada@example.org");
    assert!(!limited.header("retry-after").is_empty());
    error(limited, 429, "Too Many Requests", "too_many_requests");
    app.mails();
}

#[test]
fn a_repeated_verification_is_sent_once_and_an_administrator_sends_none_to_an_owner() {
    let app = TestApp::start();
    app.admin_account();
    let once = [("idempotency-key", "a")];
    let body = json!({
        "identity_id": user_id(&app, "alan@example.org"), "identifier": "alan@example.org",
    });
    let api = app.api();
    for replayed in ["", "true"] {
        let sent = api.json("POST", VERIFICATION, &body, &once).is(204);
        assert_eq!(
            (sent.body.as_str(), sent.header("idempotency-replayed")),
            ("", replayed)
        );
    }
    assert_eq!(app.mails().len(), 1);
    let above = json!({
        "identity_id": user_id(&app, "grace@example.org"), "identifier": "grace@example.org",
    });
    let alan = app.with_key("alan@example.org", &["all"]);
    error(
        alan.post(VERIFICATION, &above),
        403,
        "Forbidden",
        "above_you",
    );
}

/// Every call, with a body that would do something.
fn calls(app: &TestApp, id: &str) -> Vec<(&'static str, String, Option<Value>)> {
    let grace = user_id(app, "grace@example.org");
    let verification = json!({ "identity_id": grace, "identifier": "grace@example.org" });
    vec![
        (
            "POST",
            INVITE.into(),
            Some(json!({ "identifier": "eve@example.org" })),
        ),
        ("GET", INVITES.into(), None),
        ("GET", format!("{INVITES}/{id}"), None),
        (
            "PATCH",
            format!("{INVITES}/{id}"),
            Some(json!({ "expires_in": 90 })),
        ),
        ("DELETE", format!("{INVITES}/{id}"), None),
        ("POST", VERIFICATION.into(), Some(verification)),
    ]
}

fn send(api: &Api, method: &str, path: &str, body: Option<&Value>) -> Answer {
    match body {
        Some(body) => api.json(method, path, body, &[]),
        None => api.send(method, path, &[], None),
    }
}

#[test]
fn it_takes_the_key_of_an_administrator_with_the_scope() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let id = app.invited("ada@example.org").id;
    let none = app.with_key("grace@example.org", &["groups:read"]);
    let member = app.with_key("mia@example.org", &["all"]);
    let bad = Api::new(&app.base, Some("vstk_x".into()));
    let (_, ended) = app.key("grace@example.org", &["all"]);
    let ended = Api::new(&app.base, Some(ended));
    ended.delete("/api/v1/keys/current").is(204);
    let before = state(&app);
    for (method, path, body) in calls(&app, &id) {
        let said = |api: &Api| send(api, method, &path, body.as_ref());
        error(said(&none), 403, "Forbidden", "scope_missing");
        error(said(&member), 403, "Forbidden", "forbidden");
        let told = said(&bad);
        assert_eq!(
            told.header("www-authenticate"),
            "Bearer error=\"invalid_token\""
        );
        error(told, 401, "Unauthorized", "credential_invalid");
        error(said(&ended), 401, "Unauthorized", "key_revoked");
    }
    assert_eq!(state(&app), before);
    // Other ways to name a key, and none.
    let key = app.key("grace@example.org", &["all"]).1;
    let other = app.no_key();
    for header in [
        ("authorization", format!("ApiKey {key}")),
        ("x-api-key", key.clone()),
    ] {
        let list = other
            .send("GET", INVITES, &[(header.0, &header.1)], None)
            .is(200);
        assert!(!list.header("vestibule-key-expires").is_empty());
    }
    let in_url = app.api().get(&format!("{INVITES}?access_token=x"));
    error(in_url, 400, "Bad Request", "credential_in_url");
    // What a proxy before the site asks of people is no key of ours.
    let basic = [
        ("authorization", "Basic Z3JhY2U6eA=="),
        ("accept", "text/html"),
    ];
    app.owner()
        .request("GET", INVITES, &basic, None)
        .is(200)
        .page();
}

#[test]
fn a_cookie_gets_the_page_and_changes_nothing() {
    let app = TestApp::start();
    let id = app.invited("ada@example.org").id;
    let (mut owner, mut nobody) = (app.owner(), app.anonymous());
    let before = state(&app);
    for (method, path, body) in calls(&app, &id) {
        for kind in [
            "application/json",
            "text/plain",
            "application/x-www-form-urlencoded",
        ] {
            let bytes = body.as_ref().map(Value::to_string);
            let bytes = bytes.as_ref().map(String::as_bytes);
            let headers = [("content-type", kind), ("accept", "text/html")];
            let answer = owner.request(
                method,
                &path,
                &headers[usize::from(bytes.is_none())..],
                bytes,
            );
            let stranger = nobody.request(
                method,
                &path,
                &headers[usize::from(bytes.is_none())..],
                bytes,
            );
            if method == "GET" {
                let page = answer.is(200).page();
                assert!(page.text("main").contains("ada@example.org"), "{path}");
                assert!(
                    stranger
                        .is(303)
                        .header("location")
                        .starts_with("/sign-in?next=")
                );
            } else {
                for answer in [answer, stranger] {
                    assert_eq!(answer.header("www-authenticate"), "Bearer");
                    error(answer, 401, "Unauthorized", "credential_missing");
                }
            }
        }
    }
    assert_eq!(state(&app), before);
    // Not even a browser that asks for JSON is served by the call.
    let json = owner.get_json(INVITES).is(200);
    assert!(json.header("content-type").starts_with("text/html"));
    error(
        nobody.get_json(INVITES),
        401,
        "Unauthorized",
        "sign_in_required",
    );
    // With both, the key counts: the cookie of an owner lends a member's key nothing.
    app.user("mia@example.org", "Mia", Role::Member);
    let bearer = format!("Bearer {}", app.key("mia@example.org", &["all"]).1);
    let both = owner.request("GET", INVITES, &[("authorization", &bearer)], None);
    error(both, 403, "Forbidden", "forbidden");
}

#[test]
fn a_key_is_nothing_on_the_pages_around() {
    let app = TestApp::start();
    let id = app.invited("ada@example.org").id;
    let api = app.api();
    let before = state(&app);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for path in [
        format!("{INVITES}/new"),
        format!("{INVITES}/bulk"),
        format!("{INVITES}/{id}/revoke"),
        format!("{INVITES}/{id}/resend"),
    ] {
        api.send("POST", &path, &form, Some(b"csrf=x")).is(401);
    }
    error(
        api.post(INVITES, &json!({})),
        405,
        "Method Not Allowed",
        "method_not_allowed",
    );
    assert_eq!(state(&app), before);
}

#[test]
fn refusals_have_the_form_that_clients_read() {
    let app = TestApp::start();
    let api = app.api();
    let id = app.invited("ada@example.org").id;
    let path = format!("{INVITES}/{id}");
    let put = api.put(&path, &json!({}));
    assert_eq!(put.header("allow"), "GET, HEAD, PATCH, DELETE");
    error(put, 405, "Method Not Allowed", "method_not_allowed");
    error(
        api.get(INVITE),
        405,
        "Method Not Allowed",
        "method_not_allowed",
    );
    for (at, method) in [(INVITE, "POST"), (&path, "PATCH"), (VERIFICATION, "POST")] {
        let plain = api.send(method, at, &[("content-type", "text/plain")], Some(b"{}"));
        error(
            plain,
            415,
            "Unsupported Media Type",
            "unsupported_media_type",
        );
        let json = [("content-type", "application/json")];
        error(
            api.send(method, at, &json, Some(b"{")),
            400,
            "Bad Request",
            "bad_request",
        );
        let large = format!(r#"{{"x": "{}"}}"#, "x".repeat(1_100_000));
        let large = api.send(method, at, &json, Some(large.as_bytes()));
        error(large, 413, "Payload Too Large", "too_large");
        let unknown = api.json(method, at, &json!({ "state": "accepted" }), &[]);
        assert_eq!(fault(unknown), ("state".into(), "unknown_field".into()));
    }
    for id in [
        "inv_0198c0de-7a11-7b3c-9d4e-5f6a7b8c9d0e",
        "1a0c2f5e",
        "usr_x",
    ] {
        let path = format!("{INVITES}/{id}");
        error(api.get(&path), 404, "Not Found", "not_found");
        error(api.patch(&path, &json!({})), 404, "Not Found", "not_found");
        error(api.delete(&path), 404, "Not Found", "not_found");
    }
    // Parameters that nobody knows are passed over, wherever they stand.
    api.json("PATCH", &format!("{path}?alt=json"), &json!({}), &[])
        .is(200);
    api.get(&format!("{path}?alt=json")).is(200);
    api.delete(&format!("{path}?alt=json")).is(204);
    let head = api.send("HEAD", &path, &[], None).is(200);
    assert_eq!(
        (head.body.as_str(), head.header("content-type")),
        ("", "application/json")
    );
    app.owner().request("HEAD", &path, &[], None).is(200);
    app.mails();
}
