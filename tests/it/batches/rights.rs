//! What a line may give is what a single invite may, and who may ask is who may invite.

use serde_json::json;
use vestibule::access::Role;

use super::{INVITES, PATH, counts, rehearsed, sent};
use crate::support::app::TestApp;
use crate::support::door::user_id;

/// A template by which members of a group invite others to it, at most so many a day.
fn for_members(app: &TestApp, quota: i64) -> (String, String) {
    let api = app.api();
    let group = json!({ "name": "Tutors" });
    let group = api.post("/api/v1/groups", &group).is(201).json();
    let group = group["id"].as_str().unwrap().to_owned();
    let mia = user_id(app, "mia@example.org");
    let member = format!("/api/v1/groups/{group}/members/{mia}");
    api.put(&member, &json!({ "level": "can_manage" })).is(200);
    let template = json!({
        "name": "Students",
        "invitable_by": { "roles": [], "groups": [group] },
        "quota": { "per_day": quota },
        "reveal_existing": true,
    });
    let made = api.post("/api/v1/invite-templates", &template).is(201);
    (made.json()["id"].as_str().unwrap().to_owned(), group)
}

#[test]
fn an_administrator_makes_no_owner_and_a_member_nobody() {
    let app = TestApp::start();
    drop((app.admin(), app.member()));
    let file = "email,role\na@example.org,owner\nb@example.org,admin\nc@example.org,\n";
    let admin = app.with_key("alan@example.org", &["invites:write", "invites:read"]);
    let told = rehearsed(&admin, file);
    assert_eq!(told[0].2, "role_not_grantable");
    assert_eq!(counts(&sent(&admin, file)), [2, 0, 0, 1]);
    assert_eq!(app.mails().len(), 2);
    let member = app.with_key("mia@example.org", &["invites:write"]);
    assert!(
        rehearsed(&member, file)
            .iter()
            .all(|line| line.2 == "forbidden")
    );
    assert_eq!(counts(&sent(&member, file)), [0, 0, 0, 3]);
    assert_eq!(app.mails().len(), 0);
}

#[test]
fn a_member_invites_by_a_template_as_many_as_it_lets_them() {
    let app = TestApp::start();
    drop(app.member());
    app.user("dia@example.org", "Dia", Role::Member);
    let (template, group) = for_members(&app, 3);
    let api = app.with_key("mia@example.org", &["invites:write", "invites:read"]);
    let rows: Vec<_> = ["a", "dia", "b", "c", "d"]
        .iter()
        .map(|name| json!({ "email": format!("{name}@example.org") }))
        .collect();
    let mut body = json!({ "defaults": { "template": template }, "rows": rows });
    body["rows"][2]["role"] = json!("admin");
    body["rows"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "email": "e@example.org" }));
    body["rows"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "email": "f@example.org", "groups": [group] }));
    let told = api
        .post(&format!("{PATH}?dry_run=true"), &body)
        .is(200)
        .json();
    let verdicts: Vec<_> = super::lines(&told).into_iter().map(|line| line.2).collect();
    let expected = json!([
        null,
        "user_exists",
        "role_not_grantable",
        null,
        null,
        "too_many_invites",
        "too_many_invites"
    ]);
    assert_eq!(json!(verdicts), expected);
    assert_eq!(told["counts"]["already_member"], 1);
    let batch = api.post(PATH, &body).is(201).json();
    assert_eq!(counts(&batch), [3, 1, 0, 3]);
    app.mails();
    let list = api
        .get(&format!("{INVITES}?template={template}"))
        .is(200)
        .json();
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
}

#[test]
fn a_batch_is_seen_by_its_maker_and_administrators() {
    let app = TestApp::start();
    drop((app.admin(), app.member()));
    app.user("dia@example.org", "Dia", Role::Member);
    let scopes = ["invites:write", "invites:read"];
    let mia = app.with_key("mia@example.org", &scopes);
    let batch = sent(&mia, "email\na@example.org\n");
    let path = format!("{PATH}/{}", batch["id"].as_str().unwrap());
    for (email, status) in [
        ("mia@example.org", 200),
        ("alan@example.org", 200),
        ("dia@example.org", 404),
    ] {
        let api = app.with_key(email, &scopes);
        api.get(&path).is(status);
        api.get(&format!("{path}/results.csv")).is(status);
        if status == 404 {
            api.post(&format!("{path}/revoke"), &json!({})).is(status);
        }
    }
}
