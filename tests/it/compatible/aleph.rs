//! Programs that were written for Aleph: its settings page makes an API key, and its client sends one (field notes, keys
//! §1A; the rules A-r… and the cases T-A…).

use serde_json::{Value, json};
use vestibule::clock::{Time, days, minutes};

use crate::support::app::TestApp;
use crate::support::client::{Answer, Api, Browser};
use crate::support::door::{audited, csrf, text, user_id};

const MIA: &str = "mia@example.org";

/// A site with a member: her id, and her browser.
fn site() -> (TestApp, String, Browser) {
    let app = TestApp::start();
    let browser = app.member();
    let id = user_id(&app, MIA);
    (app, id, browser)
}

fn role(id: &str) -> String {
    format!("/api/2/roles/{id}")
}

fn generate(browser: &mut Browser, id: &str) -> Answer {
    let token = csrf(browser);
    generate_with(browser, id, &[("x-csrf-token", &token)])
}

fn generate_with(browser: &mut Browser, id: &str, headers: &[(&str, &str)]) -> Answer {
    let path = format!("{}/generate_api_key", role(id));
    browser.request("POST", &path, headers, Some(b""))
}

fn key_of(answer: &Value) -> String {
    answer["api_key"].as_str().unwrap().to_owned()
}

/// The code of a refusal, which has the whole form that clients read.
#[track_caller]
fn refusal(answer: Answer, status: u16) -> String {
    let answer = answer.is(status);
    assert_eq!(answer.header("content-type"), "application/json");
    let json = answer.json();
    assert_eq!(json["status"], "error");
    assert!(!json["message"].as_str().unwrap().is_empty(), "{json}");
    assert_eq!(json["request_id"], answer.header("x-request-id"));
    json["code"].as_str().unwrap().to_owned()
}

/// Whether the key opens anything, sent as clients of Aleph send it.
fn opens(app: &TestApp, id: &str, key: &str) -> u16 {
    let send = |value: &str| {
        let headers = [("authorization", value)];
        app.no_key().send("GET", &role(id), &headers, None).status
    };
    let (bare, with_word) = (send(key), send(&format!("ApiKey {key}")));
    assert_eq!(bare, with_word);
    bare
}

/// What the owner of a key hears that was replaced at once and is used all the same.
const REPLACED_AND_USED: [&str; 2] = [
    "An API key of your account was replaced",
    "An old API key of your account is still in use",
];

fn subjects(app: &TestApp) -> Vec<String> {
    let mails = app.mails();
    mails.iter().map(|mail| mail.subject().clone()).collect()
}

#[test]
fn a_key_is_generated_seen_once_and_regenerated() {
    let (app, id, mut mia) = site();
    // A-r3, T-A1, T-A15: no key at the start.
    let before = mia.get(&role(&id)).is(200).json();
    assert_eq!(before["has_api_key"], false);
    assert!(before.get("api_key_expires_at").is_none() && before.get("api_key").is_none());
    for (field, value) in [
        ("id", json!(id)),
        ("type", json!("user")),
        ("name", json!("Mia Member")),
        ("label", json!("Mia Member")),
        ("email", json!(MIA)),
        ("is_admin", json!(false)),
        ("writeable", json!(true)),
    ] {
        assert_eq!(before[field], value, "{field}");
    }

    // A-r4, A-r5, T-A2, T-A12, T-A14, T-A17.
    let made = generate(&mut mia, &id).is(200);
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.json();
    let first = key_of(&made);
    assert_eq!(
        (&made["id"], &made["has_api_key"]),
        (&json!(id), &json!(true))
    );
    let end = |told: &Value| Time::parse(told["api_key_expires_at"].as_str().unwrap()).unwrap();
    let left = end(&made) - app.parts.app.clock.now();
    assert!(left <= days(90) && left > days(89), "{made}");
    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject(), "A new API key for your account");
    assert_eq!(opens(&app, &id, &first), 200);
    let told = mia.get(&role(&id)).is(200);
    assert!(!told.body.contains("vstk_"));
    let told = told.json();
    assert_eq!(told["has_api_key"], true);
    assert_eq!(told["api_key_expires_at"], made["api_key_expires_at"]);

    app.advance(minutes(5));
    let again = generate(&mut mia, &id).is(200).json();
    let second = key_of(&again);
    assert!(second != first && end(&again) > end(&made));
    assert_eq!(opens(&app, &id, &first), 401);
    assert_eq!(opens(&app, &id, &second), 200);
    assert_eq!(subjects(&app), REPLACED_AND_USED);
    for secret in [first, second] {
        assert!(!mails[0].text().contains(&secret));
    }
    let named = "SELECT count(*) AS count FROM api_keys WHERE name = 'Aleph' AND scopes = 'all'";
    assert_eq!(app.count(named), 2);
}

#[test]
fn keys_that_were_made_elsewhere_are_told_and_left_alone() {
    let (app, id, mut mia) = site();
    let (_, other) = app.key(MIA, &["users:read"]);
    let told = mia.get(&role(&id)).is(200).json();
    assert_eq!(told["has_api_key"], true);
    generate(&mut mia, &id).is(200);
    let made = generate(&mut mia, &id).is(200).json();
    assert_eq!(opens(&app, &id, &other), 200);
    app.mails();
    // One that has expired is told with its end, as the settings page there shows it.
    app.advance(days(91));
    let mut mia = app.member();
    let told = mia.get(&role(&id)).is(200).json();
    assert_eq!(told["has_api_key"], true);
    assert_eq!(told["api_key_expires_at"], made["api_key_expires_at"]);
    app.mails();
    // What is in its place is a new key, as the old one works no more.
    generate(&mut mia, &id).is(200);
    assert_eq!(app.mails()[0].subject(), "A new API key for your account");
    // A key that its owner revoked is none.
    let ids = text(&app, "SELECT id AS text FROM api_keys WHERE name = 'Test'");
    let expired = format!("UPDATE api_keys SET revoked_at = created_at WHERE id <> '{ids}'");
    app.execute(&expired);
    app.execute(&format!(
        "UPDATE api_keys SET revoked_at = created_at WHERE id = '{ids}'"
    ));
    assert_eq!(mia.get(&role(&id)).json()["has_api_key"], false);
}

#[test]
fn a_key_with_the_scope_replaces_itself_now() {
    let (app, id, _) = site();
    let (_, first) = app.key(MIA, &["keys:rotate_self", "groups:read"]);
    let (_, other) = app.key(MIA, &["users:read"]);
    let path = format!("{}/generate_api_key", role(&id));
    let post = |key: &str| {
        let headers = [("authorization", key)];
        app.no_key().send("POST", &path, &headers, None)
    };
    let made = post(&first).is(200).json();
    let second = key_of(&made);
    assert_eq!(
        (opens(&app, &id, &first), opens(&app, &id, &second)),
        (401, 200)
    );
    assert_eq!(opens(&app, &id, &other), 200);
    let scopes = |key: &str| {
        let api = Api::new(&app.base, Some(key.to_owned()));
        api.get("/api/v1/me").is(200).json()["auth"]["scopes"].clone()
    };
    assert_eq!(scopes(&second), json!(["keys:rotate_self", "groups:read"]));
    assert_eq!(subjects(&app), REPLACED_AND_USED);
    // Of many at once one wins, and nobody is left without a key.
    let wins = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| post(&second))).collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        let won = answers.filter(|answer| match answer.status {
            200 => true,
            401 | 409 => false,
            status => panic!("{status}: {}", answer.body),
        });
        won.map(|answer| key_of(&answer.json())).collect::<Vec<_>>()
    });
    assert_eq!(wins.len(), 1);
    assert_eq!(opens(&app, &id, &wins[0]), 200);
    assert_eq!(refusal(post(&other), 403), "scope_missing");
    app.mails();
}

#[test]
fn everything_is_about_oneself_alone() {
    let (app, id, mut mia) = site();
    let mut grace = app.owner();
    let graces = user_id(&app, "grace@example.org");
    let nobody = vestibule::ids::UserId::new(app.parts.app.clock.now()).to_string();
    let key = app.with_key(MIA, &["all"]);
    let before = audited(&app);
    // T-A11, T-A13: nobody 403, others 403, unknown 404, whatever the role.
    for (of, status, code) in [
        (graces.as_str(), 403, "forbidden"),
        (&nobody, 404, "not_found"),
        ("7", 404, "not_found"),
        ("key_0198c0de-7a11-7b3c-9d4e-5f6a7b8c9d0e", 404, "not_found"),
    ] {
        assert_eq!(refusal(mia.get(&role(of)), status), code);
        assert_eq!(refusal(generate(&mut mia, of), status), code);
        assert_eq!(refusal(key.get(&role(of)), status), code);
        let path = format!("{}/generate_api_key", role(of));
        assert_eq!(refusal(key.post(&path, &json!({})), status), code);
    }
    assert_eq!(refusal(grace.get(&role(&id)), 403), "forbidden");
    assert_eq!(refusal(generate(&mut grace, &id), 403), "forbidden");
    let mut anonymous = app.anonymous();
    assert_eq!(refusal(anonymous.get(&role(&id)), 403), "sign_in_required");
    assert_eq!(
        refusal(generate(&mut anonymous, &id), 403),
        "sign_in_required"
    );
    assert_eq!(audited(&app), before);
}

#[test]
fn a_cookie_alone_generates_nothing() {
    let (app, id, mut mia) = site();
    let good = csrf(&mut mia);
    let mut grace = app.owner();
    let foreign = csrf(&mut grace);
    let before = audited(&app);
    let origin = app.origin();
    let cases: [&[(&str, &str)]; 7] = [
        &[],
        &[("origin", &origin)],
        &[("x-csrf-token", "")],
        &[("x-csrf-token", &foreign)],
        &[("x-csrf-token", &good), ("origin", "https://evil.example")],
        &[("x-csrf-token", &good), ("sec-fetch-site", "same-site")],
        &[
            ("x-csrf-token", &good),
            ("referer", "https://evil.example/x"),
        ],
    ];
    for headers in cases {
        let answer = generate_with(&mut mia, &id, headers);
        assert_eq!(refusal(answer, 403), "form_expired", "{headers:?}");
    }
    // The token is one of the header: a form holds none here.
    let path = format!("{}/generate_api_key", role(&id));
    let answer = mia.post(&path, &[("csrf", &good)]);
    assert_eq!(refusal(answer, 403), "form_expired");
    assert_eq!(audited(&app), before);
    // A key and a cookie in one request: the key counts, and is judged alone.
    let both = [
        ("authorization", "ApiKey INVALID"),
        ("x-csrf-token", &*good),
    ];
    assert_eq!(
        refusal(generate_with(&mut mia, &id, &both), 401),
        "credential_invalid"
    );
    // As on the page, after ten minutes one proves again who one is.
    app.advance(minutes(11));
    let answer = generate(&mut mia, &id);
    assert_eq!(refusal(answer, 403), "fresh_sign_in_required");
}

#[test]
fn credentials_are_judged_as_everywhere() {
    let (app, id, _) = site();
    let path = role(&id);
    let send = |value: &str| {
        app.no_key()
            .send("GET", &path, &[("authorization", value)], None)
    };
    // T-A16, T-A18: what is sent and not good is 401; nothing at all is 403.
    for value in [
        "ApiKey INVALID",
        "INVALID",
        "ApiKey",
        "ApiKey   ",
        "Token INVALID",
        "Token",
    ] {
        let answer = send(value);
        assert!(
            answer.header("www-authenticate").starts_with("Bearer"),
            "{value}"
        );
        assert_eq!(refusal(answer, 401), "credential_invalid", "{value}");
    }
    for value in ["", "   "] {
        assert_eq!(refusal(send(value), 403), "credential_missing", "{value:?}");
    }
    // T-A19: never in the address.
    let (_, key) = app.key(MIA, &["all"]);
    for value in [&*key, "INVALID", "", "%20"] {
        let answer = app.no_key().get(&format!("{path}?api_key={value}"));
        assert_eq!(refusal(answer, 400), "credential_in_url");
        let answer = app.member().get(&format!("{path}?api_key={value}"));
        assert_eq!(refusal(answer, 400), "credential_in_url");
    }
    // Parameters that nobody knows are passed over.
    let api = Api::new(&app.base, Some(key));
    assert_eq!(
        api.get(&format!("{path}?facet=x")).is(200).json()["id"],
        json!(id)
    );
    // Other addresses of Aleph are none of ours.
    assert_eq!(api.get("/api/2/collections").is(404).code(), "not_found");
}

#[test]
fn faults_in_a_body_are_told_by_field() {
    let (app, id, _) = site();
    let key = app.with_key(MIA, &["all"]);
    let path = format!("{}/generate_api_key", role(&id));
    let answer = key.post(&path, &json!({ "scopes": [] }));
    let errors = answer.json()["errors"].clone();
    assert_eq!(refusal(answer, 422), "invalid_input");
    assert_eq!(errors, json!({ "scopes": "There is no such field." }));
}
