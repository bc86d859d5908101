//! What a reverse proxy is told before it lets a request pass (`tests/proxy` asks through a real one).

use serde_json::json;
use vestibule::access::Role;
use vestibule::clock::days;

use crate::support::app::{Options, TestApp};
use crate::support::client::{Answer, Api};
use crate::support::door::user_id;

const MIA: &str = "mia@example.org";
const HEADERS: [&str; 4] = [
    "x-vestibule-subject",
    "x-vestibule-kind",
    "x-vestibule-role",
    "x-vestibule-scopes",
];

fn told(answer: &Answer) -> [&str; 4] {
    HEADERS.map(|name| answer.header(name))
}

/// A key of Mia's, who was an administrator when she made it.
fn of_a_former_administrator(app: &TestApp, scopes: &[&str]) -> String {
    let mia = app.user(MIA, "Mia", Role::Admin);
    let (_, key) = app.key(MIA, scopes);
    let path = format!("/api/v1/users/{mia}");
    app.api().patch(&path, &json!({ "role": "member" })).is(200);
    key
}

/// The code of a refusal, which tells nothing in headers.
#[track_caller]
fn refusal(answer: Answer, status: u16) -> String {
    let answer = answer.is(status);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(told(&answer), [""; 4]);
    answer.code()
}

#[test]
fn a_good_key_passes_and_its_owner_is_told() {
    let app = TestApp::start();
    let key = of_a_former_administrator(&app, &["groups:read", "audit:read"]);
    let mia = user_id(&app, MIA);
    let wanted = [&*mia, "api_key", "member", "groups:read"];
    let nobody = app.no_key();
    for (name, value) in [
        ("authorization", format!("Bearer {key}")),
        ("authorization", format!("ApiKey {key}")),
        ("authorization", format!("apikey  {key}")),
        ("authorization", key.clone()),
        ("x-api-key", key.clone()),
    ] {
        let answer = nobody.send("GET", "/gate", &[(name, &value)], None).is(204);
        assert_eq!(told(&answer), wanted, "{name}: {value}");
        assert_eq!(answer.body, "");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.header("vestibule-key-expires").is_empty());
    }
    // What a proxy repeats of another request is passed over: it is that request's body, and its cookies.
    let bearer = format!("Bearer {key}");
    let other = [
        ("authorization", &*bearer),
        ("content-encoding", "gzip"),
        ("content-type", "application/json"),
        ("cookie", "vestibule=x"),
        ("idempotency-key", "x"),
        ("x-vestibule-subject", "usr_forged"),
        ("x-vestibule-role", "owner"),
    ];
    let answer = nobody.send("GET", "/gate", &other, None).is(204);
    assert_eq!(told(&answer), wanted);
    assert_eq!(answer.headers("x-vestibule-role").len(), 1);
    assert_eq!(answer.headers("set-cookie").len(), 0);
    // The bare key is a way of the gate and of Aleph's calls alone.
    let answer = nobody.send("GET", "/api/v1/me", &[("authorization", &key)], None);
    assert_eq!(answer.is(401).code(), "credential_invalid");
}

#[test]
fn a_key_has_to_be_good_for_every_scope_that_is_asked_for() {
    let app = TestApp::start();
    let some = of_a_former_administrator(&app, &["groups:read", "users:read", "audit:read"]);
    let some = Api::new(&app.base, Some(some));
    let all = app.with_key("grace@example.org", &["all"]);
    let of_member = app.with_key(MIA, &["all"]);
    let gate = |api: &Api, scope: &str| {
        let query = serde_urlencoded::to_string([("scope", scope)]).unwrap();
        api.get(&format!("/gate?{query}"))
    };
    gate(&some, "groups:read").is(204);
    gate(&some, "groups:read users:read").is(204);
    assert_eq!(
        refusal(gate(&some, "groups:read groups:write"), 403),
        "scope_missing"
    );
    assert_eq!(refusal(gate(&some, "audit:read"), 403), "forbidden");
    gate(&all, "all").is(204);
    gate(&all, "audit:read metrics:read").is(204);
    assert_eq!(refusal(gate(&of_member, "all"), 403), "forbidden");
    assert_eq!(refusal(gate(&some, "all"), 403), "scope_missing");
    for (query, field, code) in [
        ("scope=resources:juggle", "scope", "not_a_scope"),
        ("scope=groups:read%20Groups:read", "scope", "not_a_scope"),
        ("scope=groups:read,users:read", "scope", "not_a_scope"),
        ("scope=", "scope", "required"),
        ("scope=%20", "scope", "required"),
        ("scopes=groups:read", "scopes", "unknown_field"),
        (
            "scope=groups:read&scope=users:read",
            "scope",
            "duplicate_field",
        ),
    ] {
        let answer = all.get(&format!("/gate?{query}"));
        let fault = answer.json()["errors"][0].clone();
        assert_eq!(refusal(answer, 422), "invalid_input", "{query}");
        assert_eq!(
            (&fault["field"], &fault["code"]),
            (&json!(field), &json!(code))
        );
        assert!(!fault["detail"].as_str().unwrap().is_empty());
    }
    let words = all.get("/gate?scope=resources:juggle").json();
    let words = words["errors"][0]["detail"].as_str().unwrap().to_owned();
    assert!(words.contains("resources:juggle"), "{words}");
}

#[test]
fn what_is_not_good_does_not_pass() {
    let app = TestApp::start();
    let (_, key) = app.key("grace@example.org", &["all"]);
    let nobody = app.no_key();
    let with = |headers: &[(&str, &str)]| nobody.send("GET", "/gate", headers, None);
    assert_eq!(refusal(with(&[]), 401), "credential_missing");
    assert_eq!(
        refusal(with(&[("authorization", "")]), 401),
        "credential_missing"
    );
    let bearer = format!("Bearer {key}");
    let cases = [
        format!("Basic {key}"),
        format!("Token {key}"),
        format!("Bearer x{key}"),
        format!("Bearer {key} {key}"),
        format!("{key}x"),
        format!("{key}, {key}"),
        "ApiKey".to_owned(),
        "Bearer".to_owned(),
        "x".repeat(10_000),
    ];
    for value in cases {
        let answer = with(&[("authorization", &value)]);
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        assert_eq!(refusal(answer, 401), "credential_invalid", "{value}");
    }
    let (_, other) = app.key("grace@example.org", &["all"]);
    let two = [("authorization", &*bearer), ("x-api-key", &*other)];
    assert_eq!(refusal(with(&two), 401), "credential_invalid");
    for query in [format!("api_key={key}"), "token=x".to_owned()] {
        let headers = [("authorization", &*bearer)];
        let answer = nobody.send("GET", &format!("/gate?{query}"), &headers, None);
        assert_eq!(refusal(answer, 400), "credential_in_url");
    }
    // The cookie of somebody who is signed in is none of the credentials.
    let mut owner = app.owner();
    let answer = owner.request("GET", "/gate", &[], None);
    assert_eq!(refusal(answer, 401), "credential_missing");

    let mine = Api::new(&app.base, Some(key));
    mine.get("/gate").is(204);
    mine.delete("/api/v1/keys/current").is(204);
    assert_eq!(refusal(mine.get("/gate"), 401), "key_revoked");
    let late = Api::new(&app.base, Some(other));
    late.get("/gate").is(204);
    app.advance(days(90));
    assert_eq!(refusal(late.get("/gate"), 401), "key_expired");
    app.mails();
}

#[test]
fn the_use_is_noted_with_the_address_of_the_program_and_not_of_the_proxy() {
    let app = TestApp::with(Options {
        trusted_proxies: Some("127.0.0.1".to_owned()),
        ..Options::default()
    });
    let (id, key) = app.key("grace@example.org", &["keys:read"]);
    let headers = [
        ("authorization", &*key),
        ("x-forwarded-for", "203.0.113.7"),
        ("user-agent", "alephclient/2.7.0"),
    ];
    app.no_key().send("GET", "/gate", &headers, None).is(204);
    let grace = user_id(&app, "grace@example.org");
    let keys = app.with_key("grace@example.org", &["keys:read"]);
    let all = keys
        .get(&format!("/api/v1/users/{grace}/keys"))
        .is(200)
        .json();
    let own = |key: &&serde_json::Value| key["id"] == id.as_str();
    let seen = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(own)
        .unwrap()
        .clone();
    assert_eq!(seen["last_used_ip"], "203.0.113.7");
    assert_eq!(seen["last_used_agent"], "alephclient/2.7.0");
}
