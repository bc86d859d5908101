//! There is always an active owner, and nobody acts on who stands above them.

use serde_json::json;
use vestibule::access::{Actor, Role};
use vestibule::users::actions::{Change, change};

use crate::support::app::TestApp;
use crate::support::client::{Answer, Api};
use crate::support::door::{audited, csrf, user_id};

const OWNERS: &str =
    "SELECT count(*) AS count FROM users WHERE role = 'owner' AND status = 'active'";

fn address(id: &str) -> String {
    format!("/api/v1/users/{id}")
}

fn demote(api: &Api, id: &str, role: &str) -> Answer {
    api.patch(&address(id), &json!({ "role": role }))
}

fn suspend(api: &Api, id: &str) -> Answer {
    api.put(&format!("{}/suspension", address(id)), &json!({}))
}

#[test]
fn the_last_owner_stays() {
    let app = TestApp::start();
    let (api, mut owner) = (app.api(), app.owner());
    let id = user_id(&app, "grace@example.org");
    app.admin_account();
    let before = audited(&app);
    for role in ["admin", "member"] {
        assert_eq!(demote(&api, &id, role).is(409).code(), "last_owner");
    }
    assert_eq!(suspend(&api, &id).is(409).code(), "last_owner");
    let path = format!("/admin/users/{id}/suspend");
    let page = owner.get(&path).is(200).page();
    let refused = owner.submit(page.form(&path).submit()).is(409);
    assert!(refused.page().count(".error-sum") == 1);
    assert_eq!(audited(&app), before);
    // A suspended owner is none that counts.
    app.user("ada@example.org", "Ada", Role::Owner);
    let ada = user_id(&app, "ada@example.org");
    suspend(&api, &ada).is(200);
    assert_eq!(demote(&api, &id, "admin").is(409).code(), "last_owner");
    assert_eq!(app.count(OWNERS), 1);
    app.mails();
}

#[test]
fn an_administrator_does_nothing_to_an_owner() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let api = app.with_key("alan@example.org", &["all"]);
    let id = user_id(&app, "grace@example.org");
    let key = app.key("grace@example.org", &["all"]).0;
    let (grace, before) = (app.owner(), audited(&app));
    for answer in [
        demote(&api, &id, "member"),
        suspend(&api, &id),
        api.patch(&address(&id), &json!({ "display_name": "Nobody" })),
        api.patch(&address(&id), &json!({ "metadata_admin": {} })),
        api.delete(&format!("{}/keys/{key}", address(&id))),
        api.delete(&format!("{}/suspension", address(&id))),
        // Nor makes one, of others or of themselves.
        demote(&api, &user_id(&app, "alan@example.org"), "owner"),
        api.post(
            "/api/v1/users",
            &json!({ "email": "x@example.org", "display_name": "X", "role": "owner" }),
        ),
    ] {
        assert_eq!(answer.is(403).code(), "above_you");
    }
    let invite = json!({ "email": "x@example.org", "role": "owner" });
    let answer = api.post("/api/v1/invites", &invite).is(403);
    assert!(["above_you", "role_not_grantable"].contains(&&*answer.code()));
    let token = csrf(&mut admin);
    for part in [
        "suspend",
        "reactivate",
        "sign-out",
        &format!("keys/{key}/revoke"),
    ] {
        let fields = [("csrf", &*token), ("reason", "")];
        let answer = admin.post(&format!("/admin/users/{id}/{part}"), &fields);
        assert_eq!(answer.status, 403, "{part}: {}", answer.body);
    }
    let page = admin.get(&format!("/admin/users/{id}")).is(200).page();
    assert_eq!(page.count(&format!("form[action^='/admin/users/{id}']")), 0);
    assert_eq!(audited(&app), before);
    assert!(crate::support::door::is_in(&mut grace.clone()));
}

#[test]
fn a_member_does_nothing_to_anybody() {
    let app = TestApp::start();
    let api = {
        drop(app.member());
        app.with_key("mia@example.org", &["all"])
    };
    let (own, other) = (
        user_id(&app, "mia@example.org"),
        user_id(&app, "grace@example.org"),
    );
    assert_eq!(demote(&api, &own, "owner").is(403).code(), "forbidden");
    assert_eq!(suspend(&api, &own).is(403).code(), "forbidden");
    // Whom a member may not see is not there.
    demote(&api, &other, "owner").is(404);
    suspend(&api, &other).is(404);
    api.delete(&address(&other)).is(404);
    api.get(&address(&other)).is(404);
    api.get(&address(&own)).is(200);
    let list = api.get("/api/v1/users").is(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

/// Sends all at once.
fn at_once(tries: Vec<Box<dyn FnOnce() -> Answer + Send + '_>>) -> Vec<Answer> {
    std::thread::scope(|scope| {
        let started: Vec<_> = tries.into_iter().map(|one| scope.spawn(one)).collect();
        started.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn owners_who_take_the_role_from_each_other_at_once_leave_one() {
    let app = TestApp::start();
    app.user("ada@example.org", "Ada", Role::Owner);
    let people = ["grace@example.org", "ada@example.org"];
    let ids = people.map(|email| user_id(&app, email));
    let programs = people.map(|email| app.with_key(email, &["all"]));
    for round in 0..5 {
        let tries = (0..50).map(|number| -> Box<dyn FnOnce() -> Answer + Send + '_> {
            let (program, id) = (&programs[number % 2], &ids[(number + 1) % 2]);
            let role = if number % 4 < 2 { "admin" } else { "member" };
            Box::new(move || demote(program, id, role))
        });
        for answer in at_once(tries.collect()) {
            assert!(
                [200, 403, 404, 409, 503].contains(&answer.status),
                "{}",
                answer.body
            );
        }
        assert_eq!(app.count(OWNERS), 1, "round {round}");
        for id in ids.clone() {
            let role = Change {
                role: Some(Role::Owner),
                ..Change::default()
            };
            let id = id.parse().unwrap();
            let back = app
                .parts
                .app
                .db
                .write_now(move |tx| change(tx, &Actor::operator(), id, &role));
            back.unwrap();
        }
    }
}

#[test]
fn owners_who_suspend_each_other_at_once_leave_one() {
    let app = TestApp::start();
    app.user("ada@example.org", "Ada", Role::Owner);
    let people = ["grace@example.org", "ada@example.org"];
    let ids = people.map(|email| user_id(&app, email));
    let programs = people.map(|email| app.with_key(email, &["all"]));
    let tries = (0..50).map(|number| -> Box<dyn FnOnce() -> Answer + Send + '_> {
        let (program, id) = (&programs[number % 2], &ids[(number + 1) % 2]);
        Box::new(move || suspend(program, id))
    });
    let answers = at_once(tries.collect());
    for answer in &answers {
        assert!(
            [200, 401, 409, 503].contains(&answer.status),
            "{}",
            answer.body
        );
    }
    assert_eq!(app.count(OWNERS), 1);
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        1
    );
    app.mails();
}

#[test]
fn who_is_gone_owns_and_joins_no_group_and_who_is_suspended_owns_none() {
    let app = TestApp::start();
    let api = app.api();
    let [gone, away] = ["gone@example.org", "away@example.org"].map(|email| {
        app.user(email, "Ada", Role::Member);
        user_id(&app, email)
    });
    api.delete(&address(&gone)).is(204);
    suspend(&api, &away).is(200);
    let group = api.post("/api/v1/groups", &json!({ "name": "Analysts" }));
    let group = format!(
        "/api/v1/groups/{}",
        group.is(201).json()["id"].as_str().unwrap()
    );
    for id in [&gone, &away] {
        let refused = api.patch(&group, &json!({ "owner_id": id })).is(422).json();
        assert_eq!(refused["errors"][0]["field"], "owner_id");
    }
    let join = |id: &str| api.put(&format!("{group}/members/{id}"), &json!({}));
    assert_eq!(join(&gone).is(404).code(), "not_found");
    join(&away).is(200);
    app.mails();
}
