//! One API key takes the place of another, and no program stops working in between (field notes, keys §5).

use std::sync::Barrier;

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::{days, hours, minutes, seconds};
use vestibule::ids::KeyId;

use crate::support::app::TestApp;
use crate::support::client::{Answer, Api};
use crate::support::door::text;

const MIA: &str = "mia@example.org";

/// A key of Mia's that may replace itself, and the way to call with it.
fn key(app: &TestApp) -> (KeyId, Api) {
    app.user(MIA, "Mia", Role::Member);
    let (id, secret) = app.key(MIA, &["keys:rotate_self", "keys:read", "keys:revoke"]);
    app.mails();
    (id, Api::new(&app.base, Some(secret)))
}

fn rotate(api: &Api, id: impl std::fmt::Display, body: &Value) -> Answer {
    api.post(&format!("/api/v1/keys/{id}/rotate"), body)
}

fn next(app: &TestApp, made: &Value) -> Api {
    Api::new(&app.base, made["api_key"].as_str().map(str::to_owned))
}

fn refusal(api: &Api) -> String {
    api.get("/api/v1/me").is(401).code()
}

#[test]
fn both_keys_work_until_the_end_of_the_overlap() {
    for (body, in_minutes) in [
        (json!({}), 24 * 60),
        (json!({ "overlap_seconds": 3_600 }), 60),
        (json!({ "overlap_seconds": 604_800 }), 7 * 24 * 60),
    ] {
        let app = TestApp::start();
        let (id, old) = key(&app);
        let before = old.get(&format!("/api/v1/keys/{id}")).json();
        let made = rotate(&old, id, &body).is(201).json();
        let new = next(&app, &made);
        assert_eq!(made["key"]["name"], before["name"]);
        assert_eq!(made["key"]["scopes"], before["scopes"]);
        let replaced = new.get(&format!("/api/v1/keys/{id}")).is(200).json();
        assert_eq!(replaced["state"], "active");
        assert_eq!(replaced["successor_id"], made["key"]["id"]);
        old.get("/api/v1/me").is(200);
        // Exactly at the end that was told: the clock of the tests is a little later than the request.
        let end = old
            .get("/api/v1/me")
            .header("vestibule-key-expires")
            .to_owned();
        assert_eq!(replaced["expires_at"], end.as_str());
        app.advance(minutes(in_minutes - 1));
        old.get("/api/v1/me").is(200);
        app.advance(minutes(1));
        app.advance(seconds(1));
        assert_eq!(refusal(&old), "key_rotated");
        new.get("/api/v1/me").is(200);
        let gone = new.get(&format!("/api/v1/keys/{id}")).json();
        assert_eq!(gone["state"], "superseded");
        app.mails();
    }
}

#[test]
fn without_an_overlap_the_old_key_ends_at_once() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    let made = rotate(&old, id, &json!({ "overlap_seconds": 0 }))
        .is(201)
        .json();
    let mails = app.mails();
    assert_eq!(refusal(&old), "key_rotated");
    next(&app, &made).get("/api/v1/me").is(200);
    assert_eq!(mails.len(), 1);
    assert_eq!(
        mails[0].subject(),
        "An API key of your account was replaced"
    );
    assert!(mails[0].text().contains("has stopped working"));
    assert!(!mails[0].text().contains(made["api_key"].as_str().unwrap()));
    app.mails();
}

#[test]
fn the_owner_hears_once_that_an_old_key_is_still_used() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    let body = json!({ "overlap_seconds": 3_600 });
    let made = rotate(&old, id, &body).is(201).json();
    old.get("/api/v1/me").is(200);
    assert_eq!(app.mails().len(), 1);
    app.advance(hours(2));
    let agent = [("user-agent", "build-07/1.2")];
    for _ in 0..50 {
        let refused = old.send("GET", "/api/v1/me", &agent, None).is(401);
        assert_eq!(refused.code(), "key_rotated");
    }
    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    let subject = "An old API key of your account is still in use";
    assert_eq!(mails[0].subject(), subject);
    for part in ["127.0.0.1", "build-07/1.2"] {
        assert!(mails[0].text().contains(part), "{}", mails[0].text());
    }
    // Neither this process nor another one tells it again.
    app.advance(days(2));
    assert_eq!(refusal(&old), "key_rotated");
    let other = vestibule::api_keys::Misuse::default();
    other.note(id, app.parts.app.clock.now(), None, "");
    assert_eq!(other.flush(&app.parts.app).unwrap(), 1);
    assert!(app.mails().is_empty());
    let audited =
        "SELECT count(*) AS count FROM audit WHERE action = 'api_key.used_after_rotation'";
    assert_eq!(app.count(audited), 1);
    // A key that expired, was revoked or is not there is no news.
    let new = next(&app, &made);
    let path = format!("/api/v1/keys/{}", made["key"]["id"].as_str().unwrap());
    new.delete(&path).is(204);
    assert_eq!(refusal(&new), "key_revoked");
    let (_, expired) = app.key(MIA, &["all"]);
    app.advance(days(90));
    app.mails();
    let expired = Api::new(&app.base, Some(expired));
    assert_eq!(refusal(&expired), "key_expired");
    other.note(
        KeyId::new(app.parts.app.clock.now()),
        app.parts.app.clock.now(),
        None,
        "",
    );
    assert_eq!(other.flush(&app.parts.app).unwrap(), 1);
    assert!(app.mails().is_empty());
}

#[test]
fn the_first_use_of_the_new_key_ends_the_old_one_when_that_is_wanted() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    let body = json!({ "end_on_first_use": true });
    let made = rotate(&old, id, &body).is(201).json();
    let new = next(&app, &made);
    app.advance(days(3));
    old.get("/api/v1/me").is(200);
    new.get("/api/v1/me").is(200);
    assert_eq!(refusal(&old), "key_rotated");
    new.get("/api/v1/me").is(200);
    let ended = "SELECT count(*) AS count FROM audit WHERE action = 'api_key.superseded'";
    assert_eq!(app.count(ended), 1);
    app.mails();
}

#[test]
fn an_overlap_never_makes_a_key_live_longer() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    let before = old.get(&format!("/api/v1/keys/{id}")).json();
    // Ninety days: five minutes are left of it.
    app.advance(minutes(90 * 24 * 60 - 5));
    let made = rotate(&old, id, &json!({ "overlap_seconds": 604_800 }));
    let made = made.is(201).json();
    let replaced = old.get(&format!("/api/v1/keys/{id}")).json();
    assert_eq!(replaced["expires_at"], before["expires_at"]);
    app.advance(minutes(5));
    assert_eq!(refusal(&old), "key_rotated");
    next(&app, &made).get("/api/v1/me").is(200);
    app.mails();
}

#[test]
fn the_new_key_lives_as_long_as_the_old_one_was_made_for_and_the_policy_lets_it() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    app.advance(days(40));
    let made = rotate(&old, id, &json!({})).is(201).json();
    let life = |key: &Value| {
        let time = |name: &str| vestibule::clock::Time::parse(key[name].as_str().unwrap()).unwrap();
        (time("expires_at") - time("created_at")).whole_days()
    };
    assert_eq!(life(&made["key"]), 90);
    let policy =
        json!({ "key_policy": { "default_days": 7, "max_days": 30, "never_allowed": false } });
    app.api().patch("/api/v1/settings", &policy).is(200);
    app.advance(days(2));
    let new = next(&app, &made);
    let made = rotate(&new, made["key"]["id"].as_str().unwrap(), &json!({}));
    assert_eq!(life(&made.is(201).json()["key"]), 30);
    app.mails();
}

#[test]
fn a_key_replaces_itself_alone_and_only_with_the_scope() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    let (other, secret) = app.key(MIA, &["keys:read"]);
    let weak = Api::new(&app.base, Some(secret));
    assert_eq!(
        rotate(&weak, other, &json!({})).is(403).code(),
        "scope_missing"
    );
    assert_eq!(rotate(&old, other, &json!({})).is(403).code(), "forbidden");
    // An owner's key is not there for others, nor can an owner replace Mia's.
    let grace = app.api();
    assert_eq!(rotate(&grace, id, &json!({})).is(404).code(), "not_found");
    for (seconds, code) in [(-1, "out_of_range"), (604_801, "out_of_range")] {
        let refused = rotate(&old, id, &json!({ "overlap_seconds": seconds }));
        let refused = refused.is(422).json();
        assert_eq!(refused["errors"][0]["field"], "overlap_seconds");
        assert_eq!(refused["errors"][0]["code"], code);
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM api_keys"), 3);
    app.mails();
}

#[test]
fn there_is_one_rotation_at_a_time() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    let barrier = Barrier::new(8);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let ask = || {
            let (old, barrier) = (&old, &barrier);
            scope.spawn(move || {
                barrier.wait();
                rotate(old, id, &json!({}))
            })
        };
        let all: Vec<_> = (0..8).map(|_| ask()).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|one| one.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for one in lost {
        assert_eq!(one.is(409).code(), "rotation_in_progress");
    }
    let made = won[0].json();
    let new = next(&app, &made);
    let new_id = made["key"]["id"].as_str().unwrap();
    // Nor does the new one begin another while the old one works.
    assert_eq!(
        rotate(&new, new_id, &json!({})).is(409).code(),
        "rotation_in_progress"
    );
    new.delete(&format!("/api/v1/keys/{id}")).is(204);
    assert_eq!(refusal(&old), "key_revoked");
    rotate(&new, new_id, &json!({})).is(201);
    app.mails();
}

#[test]
fn who_lost_the_new_key_revokes_it_and_makes_another() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    let made = rotate(&old, id, &json!({})).is(201).json();
    let lost = made["key"]["id"].as_str().unwrap();
    old.delete(&format!("/api/v1/keys/{lost}")).is(204);
    let end = old.get(&format!("/api/v1/keys/{id}")).json()["expires_at"].clone();
    app.advance(hours(2));
    let again = rotate(&old, id, &json!({ "overlap_seconds": 604_800 }))
        .is(201)
        .json();
    // The overlap that was begun is not drawn out.
    let replaced = old.get(&format!("/api/v1/keys/{id}")).json();
    assert_eq!(replaced["expires_at"], end);
    assert_eq!(replaced["successor_id"], again["key"]["id"]);
    app.mails();
}

#[test]
fn a_repeat_gets_another_secret_until_the_first_was_used() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    let path = format!("/api/v1/keys/{id}/rotate");
    let ask = || old.json("POST", &path, &json!({}), &[("idempotency-key", "k")]);
    let first = ask().is(201).json();
    let second = ask().is(201).json();
    assert_ne!(first["api_key"], second["api_key"]);
    assert_eq!(refusal(&next(&app, &first)), "key_revoked");
    let new = next(&app, &second);
    new.get("/api/v1/me").is(200);
    assert_eq!(ask().is(409).code(), "already_shown");
    new.get("/api/v1/me").is(200);
    app.mails();
}

#[test]
fn what_ends_the_owner_ends_both() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    let made = rotate(&old, id, &json!({})).is(201).json();
    let mia = text(
        &app,
        &format!("SELECT id AS text FROM users WHERE email = '{MIA}'"),
    );
    let path = format!("/api/v1/users/{mia}/suspension");
    app.api().put(&path, &json!({ "reason": "left" })).is(200);
    for api in [&old, &next(&app, &made)] {
        assert_eq!(refusal(api), "owner_disabled");
    }
    app.mails();
}

#[test]
fn events_and_the_audit_log_tell_of_it_without_a_secret() {
    let app = TestApp::start();
    let (id, old) = key(&app);
    let made = rotate(&old, id, &json!({})).is(201).json();
    let secret = made["api_key"].as_str().unwrap();
    let events = app.api().get("/api/v1/events?after=0&limit=500").is(200);
    let log = app.api().get("/api/v1/audit?limit=500").is(200);
    for told in [&events.body, &log.body] {
        assert!(told.contains("api_key.rotated") && !told.contains(secret));
    }
    let rotated = &events.json()["items"];
    let rotated = rotated
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["type"] == "api_key.rotated");
    let data = &rotated.unwrap()["data"];
    assert_eq!(data["key_id"], id.to_string());
    assert_eq!(data["successor_id"], made["key"]["id"]);
    app.mails();
}

#[test]
fn in_the_settings_one_chooses_when_the_old_key_stops_and_sees_both() {
    let app = TestApp::start();
    let mut mia = app.member();
    let form = mia
        .get("/settings/api-keys/new")
        .is(200)
        .page()
        .form("/settings/api-keys/new");
    let form = form
        .fill("name", "Build")
        .fill("note", "In the safe")
        .fill("scopes", "keys:read");
    let page = mia.submit(form.submit()).is(200).page();
    let old = Api::new(&app.base, Some(page.text("textarea")));
    let list = mia.get("/settings/api-keys").is(200).page();
    let way = list.attr("td a[href$='/rotate']", "href").unwrap();
    let form = mia.get(&way).is(200).page().form(&way);
    assert_eq!(
        (form.value("name"), form.value("note")),
        ("Build".into(), "In the safe".into())
    );
    assert_eq!(form.value("overlap"), "24h");
    let sent = form.fill("overlap", "7d").submit();
    let page = mia.submit(sent.clone()).is(200).page();
    let new = Api::new(&app.base, Some(page.text("textarea")));
    // The same form makes no other.
    mia.submit(sent).is(409);
    assert_eq!(app.count("SELECT count(*) AS count FROM api_keys"), 2);
    let advice = |browser: &mut crate::support::client::Browser| {
        let page = browser.get("/settings/api-keys").is(200).page();
        page.text(".note")
    };
    assert!(advice(&mut mia).contains("was not used yet"));
    new.get("/api/v1/keys").is(200);
    assert!(advice(&mut mia).contains("nothing has used the old one since"));
    app.advance(minutes(2));
    old.get("/api/v1/keys").is(200);
    assert!(advice(&mut mia).contains("something still uses the old one"));
    // A key that is being replaced is not replaced twice.
    let refused = mia.get(&way).is(409).page();
    assert!(refused.text("main").contains("taking the place"));
    let list = mia.get("/settings/api-keys").is(200).page();
    let end = list.attr("section a[href$='/revoke']", "href").unwrap();
    let form = mia.get(&end).is(200).page().form(&end);
    mia.submit(form.submit()).is(303);
    assert_eq!(old.get("/api/v1/keys").is(401).code(), "key_revoked");
    let list = mia.get("/settings/api-keys").is(200).page();
    assert!(!list.text("main").contains("Replacing"));
    app.mails();
}
