//! What apps are told about keys that they were shown (RFC 7662).

use serde_json::{Value, json};
use vestibule::access::{Role, Scope};
use vestibule::clock::{days, minutes, seconds};

use crate::support::app::TestApp;
use crate::support::client::{Answer, Api};
use crate::support::door::{text, user_id};
use crate::support::program::Program;

const PATH: &str = "/oauth2/introspect";
const MIA: &str = "mia@example.org";

/// A site with a member, and an app with a key of the first owner.
fn site() -> (TestApp, Api) {
    let app = TestApp::start();
    app.user(MIA, "Mia", Role::Member);
    let asks = app.with_key("grace@example.org", &["introspect"]);
    (app, asks)
}

fn ask(app: &Api, token: &str) -> Value {
    app.form(PATH, &[("token", token)]).is(200).json()
}

fn not_active() -> Value {
    json!({ "active": false })
}

/// The word of the standard for a refusal, and ours.
#[track_caller]
fn refusal(answer: Answer, status: u16) -> (String, String) {
    let answer = answer.is(status);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let json = answer.json();
    assert!(!json["error_description"].as_str().unwrap().is_empty());
    assert_eq!(json["request_id"], answer.header("x-request-id"));
    let word = |name: &str| json[name].as_str().unwrap().to_owned();
    (word("error"), word("code"))
}

#[test]
fn a_good_key_is_told_with_what_it_may_do_now() {
    let (app, asks) = site();
    let owner = app.api();
    let role = |role: &str| {
        let path = format!("/api/v1/users/{}", user_id(&app, MIA));
        owner.patch(&path, &json!({ "role": role })).is(200);
    };
    let group = owner.post("/api/v1/groups", &json!({ "name": "Readers" }));
    let group = group.is(201).json()["id"].clone();
    let mia = user_id(&app, MIA);
    let member = format!("/api/v1/groups/{}/members/{mia}", group.as_str().unwrap());
    owner.put(&member, &json!({})).is(200);
    role("admin");
    let (id, shown) = app.key(MIA, &["users:read", "audit:read", "introspect"]);
    role("member");

    let fields = [
        ("token", &*shown),
        ("token_type_hint", "access_token"),
        ("more", "x"),
    ];
    let answer = asks.form(PATH, &fields).is(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let told = answer.json();
    let made = text(
        &app,
        &format!("SELECT id AS text FROM api_keys WHERE id = '{id}'"),
    );
    let own = Api::new(&app.base, Some(shown.clone()));
    let end = own.get("/api/v1/me").is(200).json()["auth"]["expires_at"].clone();
    let end = vestibule::clock::Time::parse(end.as_str().unwrap()).unwrap();
    let start = id.made_at();
    assert_eq!((end - start).whole_days(), 90);
    assert_eq!(
        told,
        json!({
            "active": true,
            // Without what her role has no use for.
            "scope": "users:read introspect",
            "sub": mia,
            "exp": end.as_seconds(),
            "iat": start.as_seconds(),
            "token_type": "Bearer",
            "jti": made,
            "vestibule": {
                "kind": "api_key",
                "user": { "id": mia, "role": "member", "groups": [{ "id": group, "name": "Readers" }], "status": "active" },
                "aliases": [],
            },
        })
    );

    // A role, a group and a name count as they are now.
    owner.delete(&member).is(204);
    assert_eq!(ask(&asks, &shown)["vestibule"]["user"]["groups"], json!([]));
    role("admin");
    let told = ask(&asks, &shown);
    assert_eq!(told["vestibule"]["user"]["role"], "admin");
    assert_eq!(told["scope"], "users:read audit:read introspect");

    // A key for everything says what everything is.
    let (_, all) = app.key("grace@example.org", &["all"]);
    let every: Vec<&str> = Scope::EACH.iter().map(|scope| scope.as_str()).collect();
    assert_eq!(ask(&asks, &all)["scope"], every.join(" "));
    app.mails();
}

#[test]
fn of_what_is_not_good_nothing_is_told() {
    let (app, _) = site();
    let (id, shown) = app.key(MIA, &["users:read"]);
    app.advance(days(1));
    let asks = app.with_key("grace@example.org", &["introspect"]);
    assert_eq!(ask(&asks, &shown)["active"], true);
    let own = Api::new(&app.base, Some(shown.clone()));

    // Each part of a key, other spellings of it, what is none, and secrets of other kinds.
    let mut bad: Vec<String> = (1..shown.len())
        .flat_map(|at| [shown[..at].to_owned(), shown[at..].to_owned()])
        .collect();
    bad.extend([
        shown.to_uppercase(),
        shown.to_lowercase(),
        format!("{shown} "),
        format!(" {shown}"),
        format!("{shown}\0"),
        format!("Bearer {shown}"),
        shown.replace("vstk_", "vstc_"),
        format!("{}0", &shown[..shown.len() - 1]),
        format!("{}1", &shown[..shown.len() - 1]),
        "x".repeat(10_000),
        "eyJhbGciOiJub25lIn0.e30.".to_owned(),
        id.to_string(),
    ]);
    bad.retain(|token| *token != shown);
    for token in bad {
        assert_eq!(ask(&asks, &token), not_active(), "{token:?}");
    }

    // At the end, not a second later.
    app.advance(days(89));
    assert_eq!(ask(&asks, &shown), not_active());
    own.get("/api/v1/me").is(401);
    app.mails();

    let asks = app.with_key("grace@example.org", &["introspect"]);
    let (id, shown) = app.key(MIA, &["users:read"]);
    assert_eq!(ask(&asks, &shown)["active"], true);
    let mia = user_id(&app, MIA);
    let path = format!("/api/v1/users/{mia}/keys/{id}");
    app.api().delete(&path).is(204);
    assert_eq!(ask(&asks, &shown), not_active());

    let (_, shown) = app.key(MIA, &["users:read"]);
    assert_eq!(ask(&asks, &shown)["active"], true);
    let suspension = format!("/api/v1/users/{mia}/suspension");
    app.api().put(&suspension, &json!({})).is(200);
    assert_eq!(ask(&asks, &shown), not_active());
    app.api().delete(&suspension).is(200);
    assert_eq!(ask(&asks, &shown), not_active(), "what ended stays ended");
    app.mails();
}

#[test]
fn who_asks_wrongly_is_told_in_the_form_of_the_standard() {
    let (app, asks) = site();
    let (_, shown) = app.key(MIA, &["users:read"]);
    let good = [("token", &*shown)];
    let word = |error: &str, code: &str| (error.to_owned(), code.to_owned());

    let answer = app.no_key().form(PATH, &good);
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    assert_eq!(
        refusal(answer, 401),
        word("invalid_client", "credential_missing")
    );
    let wrong = Api::new(&app.base, Some("vstk_wrong".to_owned()));
    let answer = wrong.form(PATH, &good);
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer error=\"invalid_token\""
    );
    assert_eq!(
        refusal(answer, 401),
        word("invalid_token", "credential_invalid")
    );
    let answer = Api::new(&app.base, Some(shown.clone())).form(PATH, &good);
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer error=\"insufficient_scope\", scope=\"introspect\""
    );
    assert_eq!(
        refusal(answer, 403),
        word("insufficient_scope", "scope_missing")
    );

    let twice = [("token", &*shown), ("token", "x")];
    let hints = [
        ("token", &*shown),
        ("token_type_hint", "a"),
        ("token_type_hint", "b"),
    ];
    for fields in [
        &[][..],
        &[("token", "")],
        &[("tokens", "x")],
        &twice,
        &hints,
    ] {
        let answer = asks.form(PATH, fields);
        assert_eq!(
            refusal(answer, 400),
            word("invalid_request", "bad_request"),
            "{fields:?}"
        );
    }
    let answer = asks.form(&format!("{PATH}?token={shown}"), &good);
    assert_eq!(
        refusal(answer, 400),
        word("invalid_request", "credential_in_url")
    );
    // Parameters that nobody knows are passed over, as the standard wants it.
    asks.form(&format!("{PATH}?alt=json"), &good).is(200);
    let answer = asks.post(PATH, &json!({ "token": shown }));
    assert_eq!(
        refusal(answer, 415),
        word("invalid_request", "unsupported_media_type")
    );
    let large = "x".repeat(1_100_000);
    let answer = asks.form(PATH, &[("token", &large)]);
    assert_eq!(refusal(answer, 413), word("invalid_request", "too_large"));
    assert_eq!(
        refusal(asks.get(PATH), 405),
        word("invalid_request", "method_not_allowed")
    );

    // A session is nothing here, and anybody's key with the scope may ask.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("token={shown}");
    let answer = app
        .owner()
        .request("POST", PATH, &form, Some(body.as_bytes()));
    assert_eq!(refusal(answer, 401).1, "credential_missing");
    let member = app.with_key(MIA, &["introspect"]);
    assert_eq!(ask(&member, &shown)["active"], true);
}

#[test]
fn being_shown_to_an_app_is_a_use_that_is_written_behind() {
    let (app, asks) = site();
    let (id, shown) = app.key(MIA, &["keys:read"]);
    let reads = Api::new(&app.base, Some(app.key(MIA, &["keys:read"]).1));
    let seen = |what: &str| reads.get(&format!("/api/v1/keys/{id}")).json()[what].clone();
    let used = |sql: &str| {
        app.count(&format!(
            "SELECT count(*) AS count FROM api_keys WHERE {sql}"
        ))
    };
    let commits = || app.parts.app.db.counts().commits;
    ask(&asks, &shown);
    let before = commits();
    for _ in 0..20 {
        assert_eq!(ask(&asks, &shown)["active"], true);
    }
    assert_eq!(commits(), before, "nothing is written before the answer");
    let unused = format!("id = '{id}' AND last_used_at IS NULL");
    assert_eq!(used(&unused), 1);
    let agent = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", "search/3"),
    ];
    let body = format!("token={shown}");
    asks.send("POST", PATH, &agent, Some(body.as_bytes()))
        .is(200);
    assert_eq!(seen("last_used_agent"), "search/3");
    // The address of the app is not that of the program.
    assert_eq!(seen("last_used_ip"), Value::Null);
    app.run_jobs();
    assert_eq!(used(&unused), 0);
}

#[test]
fn being_shown_to_an_app_ends_the_overlap_of_a_rotation() {
    let (app, asks) = site();
    let (id, secret) = app.key(MIA, &["keys:rotate_self"]);
    let old = Api::new(&app.base, Some(secret.clone()));
    let body = json!({ "end_on_first_use": true });
    let made = old.post(&format!("/api/v1/keys/{id}/rotate"), &body);
    let new = made.is(201).json()["api_key"].as_str().unwrap().to_owned();
    assert_eq!(ask(&asks, &secret)["active"], true);
    assert_eq!(ask(&asks, &new)["active"], true);
    assert_eq!(ask(&asks, &secret), not_active());
    // Its owner hears that it is still in use, whoever is shown it.
    let alerts = app.mails().into_iter();
    let alerts = alerts.filter(|mail| mail.subject().contains("still in use"));
    assert_eq!(alerts.count(), 1);
    assert_eq!(old.get("/api/v1/me").is(401).code(), "key_rotated");
    assert!(app.mails().is_empty());
}

#[test]
fn what_is_remembered_of_a_user_is_forgotten_with_time() {
    let (app, asks) = site();
    let (_, shown) = app.key(MIA, &["users:read"]);
    ask(&asks, &shown);
    // As another process would, which this one does not hear of.
    let mia = user_id(&app, MIA);
    let owner = user_id(&app, "grace@example.org");
    let group = vestibule::ids::GroupId::new(app.parts.app.clock.now());
    app.execute(&format!(
        "INSERT INTO groups (id, name, name_norm, description, owner_id, created_at)
         SELECT '{group}', 'Late', 'late', '', '{owner}', created_at FROM users WHERE id = '{mia}'"
    ));
    app.execute(&format!(
        "INSERT INTO group_members (group_id, user_id, level, created_at)
         SELECT '{group}', id, 'can_read', created_at FROM users WHERE id = '{mia}'"
    ));
    app.advance(minutes(1));
    app.advance(seconds(1));
    assert_eq!(
        ask(&asks, &shown)["vestibule"]["user"]["groups"][0]["name"],
        "Late"
    );
}

#[test]
fn a_key_that_the_command_line_revoked_is_not_good_a_second_later() {
    let program = Program::new();
    program.run(&["migrate"]).ok();
    let grace = "grace@example.org";
    let owner = [
        "user", "create", "--email", grace, "--name", "Grace", "--role", "owner",
    ];
    program.run(&owner).ok();
    let issue = |scopes: &str| {
        let args = [
            "key", "issue", "--user", grace, "--name", "x", "--scopes", scopes,
        ];
        program.run(&args).ok()
    };
    let (own, shown) = (issue("introspect"), issue("users:read"));
    let serving = program.serve();
    let asks = Api::new(&serving.base, Some(own));
    let told = ask(&asks, &shown);
    assert_eq!(told["active"], true);
    let id = told["jti"].as_str().unwrap();
    program.run(&["key", "revoke", id]).ok();
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(ask(&asks, &shown), not_active());
}
