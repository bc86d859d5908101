//! Users and groups over JSON.

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::door::{recover, recovery_link};

const PATH: &str = "/api/v1/users";

#[test]
fn a_user_who_is_made_sets_a_password_with_the_link_in_the_mail() {
    let app = TestApp::start();
    let api = app.api();
    let group = api
        .post("/api/v1/groups", &json!({ "name": "Analysts" }))
        .is(201)
        .json();
    let body = json!({
        "email": "Ada@Example.org", "display_name": " Ada ", "role": "admin", "groups": [group["id"]],
        "traits": { "desk": 4 }, "metadata_public": { "a": 1 }, "metadata_admin": { "b": 2 },
    });
    let made = api.post(PATH, &body).is(201);
    assert!(!made.body.contains("token"));
    let made = made.json();
    assert_eq!(made["email"], "Ada@Example.org");
    assert_eq!(made["email_verified"], false);
    assert_eq!(made["display_name"], "Ada");
    assert_eq!(made["status"], "active");
    assert_eq!(made["groups"][0]["name"], "Analysts");
    assert_eq!(made["metadata_admin"], json!({ "b": 2 }));
    assert_eq!(
        api.get(&format!("{PATH}/{}", made["id"].as_str().unwrap()))
            .is(200)
            .json(),
        made
    );

    let mail = app.mails().remove(0);
    let link = mail
        .links()
        .into_iter()
        .find(|link| link.contains("/recover/new"))
        .unwrap();
    let mut ada = app.anonymous();
    let page = ada.open(&link).is(200).page();
    let form = page.form("/recover/new").fill("password", PASSWORD);
    ada.submit(form.submit()).is(303);
    ada.get("/admin/users").is(200);
    let now = api
        .get(&format!("{PATH}/{}", made["id"].as_str().unwrap()))
        .json();
    assert_eq!(now["email_verified"], true);
    assert!(matches!(app.anonymous().open(&link).status, 404 | 410));
    app.mails();
}

#[test]
fn what_is_wrong_with_a_new_user_is_named_and_no_mail_is_sent() {
    let app = TestApp::start();
    let api = app.api();
    for (body, field, code) in [
        (
            json!({ "email": "a@example.org" }),
            "display_name",
            "required",
        ),
        (json!({ "display_name": "A" }), "email", "required"),
        (
            json!({ "email": "a@example.org", "display_name": "" }),
            "display_name",
            "required",
        ),
        (
            json!({ "email": "a@example.org", "display_name": "A\nB" }),
            "display_name",
            "control_characters",
        ),
        (
            json!({ "email": "a@example.org", "display_name": "A", "email_verified": true }),
            "email_verified",
            "unknown_field",
        ),
        (
            json!({ "email": "a@example.org", "display_name": "A", "password": "x" }),
            "password",
            "unknown_field",
        ),
        (
            json!({ "email": "a@example.org", "display_name": "A", "status": "active" }),
            "status",
            "unknown_field",
        ),
        (
            json!({ "email": "a@example.org", "display_name": "A", "role": 1 }),
            "role",
            "wrong_type",
        ),
        (
            json!({ "email": "a@example.org", "display_name": "A", "traits": { "x": ["\0"] } }),
            "traits",
            "control_characters",
        ),
        (
            json!({ "email": "a@example.org", "display_name": "A", "metadata_public": { "a\0": 1 } }),
            "metadata_public",
            "control_characters",
        ),
    ] {
        let answer = api.post(PATH, &body);
        assert_eq!(answer.status, 422, "{body} {}", answer.body);
        let refused = answer.json();
        assert_eq!(
            (
                refused["errors"][0]["field"].as_str(),
                refused["errors"][0]["code"].as_str()
            ),
            (Some(field), Some(code)),
            "{body}"
        );
    }
    let body = json!({ "email": "a@example.org", "display_name": "A", "groups": ["grp_01a2027b-d6b5-7cd0-be67-ab79529a31c9"] });
    assert_eq!(api.post(PATH, &body).is(403).code(), "group_not_grantable");
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 1);
    assert!(app.mails().is_empty());
}

#[test]
fn a_change_is_seen_by_the_next_request_that_asks_who_one_is() {
    let app = TestApp::start();
    let api = app.api();
    let mia = app.user("mia@example.org", "Mia", Role::Member);
    let program = app.with_key("mia@example.org", &["all"]);
    let me = || program.get("/api/v1/me").is(200).json()["user"].clone();
    let path = format!("{PATH}/{mia}");
    assert_eq!(me()["display_name"], "Mia");
    api.patch(&path, &json!({ "display_name": "Mia M." }))
        .is(200);
    assert_eq!(me()["display_name"], "Mia M.");
    assert!(me().get("metadata_admin").is_none());
    api.patch(
        &path,
        &json!({ "metadata_public": { "a": 1 }, "metadata_admin": { "b": 1 } }),
    )
    .is(200);
    assert_eq!(me()["metadata_public"], json!({ "a": 1 }));
    api.patch(&path, &json!({ "role": "admin" })).is(200);
    assert_eq!(
        (me()["role"].clone(), me()["metadata_admin"].clone()),
        (json!("admin"), json!({ "b": 1 }))
    );
    program.get("/api/v1/settings").is(200);
    let group = api
        .post("/api/v1/groups", &json!({ "name": "Analysts" }))
        .is(201)
        .json();
    let group = format!("/api/v1/groups/{}", group["id"].as_str().unwrap());
    api.put(&format!("{group}/members/{mia}"), &json!({}))
        .is(200);
    assert_eq!(me()["groups"][0]["name"], "Analysts");
    api.patch(&group, &json!({ "name": "Editors" })).is(200);
    assert_eq!(me()["groups"][0]["name"], "Editors");
    api.delete(&format!("{group}/members/{mia}")).is(204);
    assert_eq!(me()["groups"], json!([]));
    api.put(&format!("{group}/members/{mia}"), &json!({}))
        .is(200);
    api.delete(&group).is(204);
    assert_eq!(me()["groups"], json!([]));
    // An acceptance counts too.
    let invited = app.invited_with(&json!({ "email": "mia@example.org", "role": "owner" }));
    let mut browser = app.signed_in("mia@example.org");
    let origin = app.origin();
    let body = json!({ "action": "accept", "token": invited.token() });
    browser
        .post_json(&invited.path(), &body, &[("origin", &origin)])
        .is(200);
    assert_eq!(me()["role"], "owner");
    api.patch(&path, &json!({ "role": "member" })).is(200);
    assert_eq!(program.get("/api/v1/settings").is(403).code(), "forbidden");
    assert_eq!(me()["role"], "member");
    api.put(&format!("{path}/suspension"), &json!({ "reason": "left" }))
        .is(200);
    program.get("/api/v1/me").is(401);
    browser.get("/settings/profile").is(303);
    api.delete(&format!("{path}/suspension")).is(200);
    program.get("/api/v1/me").is(401);
    browser.get("/settings/profile").is(303);
    app.mails();
}

#[test]
fn a_new_name_is_told_at_once_and_keys_stay_remembered() {
    let app = TestApp::start();
    let api = app.api();
    let me = || api.get("/api/v1/me").is(200).json()["user"].clone();
    let path = format!("{PATH}/{}", me()["id"].as_str().unwrap());
    let misses = || app.parts.keys.cache.counts().1;
    let (before, told) = (misses(), revision(&app));
    api.patch(&path, &json!({ "display_name": "Amazing Grace" }))
        .is(200);
    assert_eq!(me()["display_name"], "Amazing Grace");
    assert_eq!(misses(), before, "the key was looked up again");
    assert_eq!(revision(&app), told, "other processes were told");
    let group = json!({ "name": "Analysts", "description": "" });
    let group = api.post("/api/v1/groups", &group).is(201).json();
    let group = format!("/api/v1/groups/{}", group["id"].as_str().unwrap());
    api.patch(&group, &json!({ "description": "They count." }))
        .is(200);
    assert_eq!(revision(&app), told);
}

/// What other processes look at to hear of rights that ended.
fn revision(app: &TestApp) -> i64 {
    app.count("SELECT CAST(sum(number) AS BIGINT) AS count FROM revisions")
}

#[test]
fn a_mailbox_that_is_proved_by_recovery_ends_what_the_account_did_before() {
    let app = TestApp::start();
    let invited = app.invited_with(&json!({ "email": "ada@example.org", "delivery": "link" }));
    app.anonymous()
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(200);
    let first = app.with_key("ada@example.org", &["all"]);
    let me = first.get("/api/v1/me").is(200).json()["user"].clone();
    assert_eq!(me["email_verified"], false);
    let api = app.api();
    let path = format!("{PATH}/{}", me["id"].as_str().unwrap());
    let mut ada = app.anonymous();
    let link = recovery_link(&app, "ada@example.org");
    recover(&mut ada, &link, "nine loud lighthouses").is(303);
    app.mails();
    assert_eq!(api.get(&path).json()["email_verified"], true);
    // Whoever held the link that was shown may have been somebody else.
    assert_eq!(first.get("/api/v1/me").is(401).code(), "key_revoked");
    // From then on a new password leaves keys alone.
    let second = app.with_key("ada@example.org", &["all"]);
    let link = recovery_link(&app, "ada@example.org");
    recover(&mut ada, &link, "ten loud lighthouses").is(303);
    second.get("/api/v1/me").is(200);
    app.mails();
}

#[test]
fn nobody_acts_on_who_is_above_them_and_the_last_owner_stays() {
    let app = TestApp::start();
    let api = app.api();
    app.user("alan@example.org", "Alan", Role::Admin);
    let mia = app.user("mia@example.org", "Mia", Role::Member);
    let alan = app.with_key("alan@example.org", &["all"]);
    let grace = api.get("/api/v1/me").json()["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let owner = format!("{PATH}/{grace}");
    for refused in [
        alan.patch(&owner, &json!({ "role": "member" })),
        alan.patch(&owner, &json!({ "display_name": "X" })),
        alan.put(&format!("{owner}/suspension"), &json!({})),
        alan.patch(&format!("{PATH}/{mia}"), &json!({ "role": "owner" })),
        alan.post(
            PATH,
            &json!({ "email": "x@example.org", "display_name": "X", "role": "owner" }),
        ),
    ] {
        assert_eq!(refused.is(403).code(), "above_you");
    }
    assert_eq!(
        api.patch(&owner, &json!({ "role": "member" }))
            .is(409)
            .code(),
        "last_owner"
    );
    assert_eq!(
        api.put(&format!("{owner}/suspension"), &json!({}))
            .is(409)
            .code(),
        "last_owner"
    );
    let program = app.with_key("mia@example.org", &["all"]);
    program.get(&owner).is(404);
    let own = format!("{PATH}/{mia}");
    let admin = json!({ "role": "admin" });
    assert_eq!(program.patch(&own, &admin).is(403).code(), "forbidden");
    program.patch(&owner, &admin).is(404);
    for body in [
        json!({ "email_verified": true }),
        json!({ "email": "x@example.org" }),
        json!({ "status": "active" }),
    ] {
        api.patch(&own, &body).is(422);
    }
    assert_eq!(
        program
            .put(&format!("{own}/suspension"), &json!({}))
            .is(403)
            .code(),
        "forbidden"
    );
    let listed = program.get(PATH).is(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert!(listed["items"][0].get("metadata_admin").is_none());
    app.mails();
}

#[test]
fn users_are_found_by_name_address_id_status_role_and_group() {
    let app = TestApp::start();
    let api = app.api();
    let zoe = app.user("Zoe@Example.org", "Zoë  Quinn", Role::Admin);
    let mia = app.user("mia@example.org", "Mia", Role::Member);
    let group = api
        .post("/api/v1/groups", &json!({ "name": "Analysts" }))
        .is(201)
        .json();
    let group = group["id"].as_str().unwrap();
    api.put(
        &format!("/api/v1/groups/{group}/members/{zoe}"),
        &json!({ "level": "can_write" }),
    )
    .is(200);
    api.put(&format!("{PATH}/{mia}/suspension"), &json!({}))
        .is(200);
    let found = |query: &str| -> Vec<String> {
        let list = api.get(&format!("{PATH}?{query}")).is(200).json();
        let rows: &Vec<Value> = list["items"].as_array().unwrap();
        rows.iter()
            .map(|user| user["email"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(found("q=ZOE@ex"), ["Zoe@Example.org"]);
    assert_eq!(found("q=zo%C3%8B+quinn"), ["Zoe@Example.org"]);
    assert_eq!(found(&format!("q={mia}")), ["mia@example.org"]);
    assert_eq!(found("status=suspended"), ["mia@example.org"]);
    assert_eq!(found("role=admin"), ["Zoe@Example.org"]);
    assert_eq!(found(&format!("group={group}")), ["Zoe@Example.org"]);
    assert_eq!(found("role=member&status=active"), [""; 0]);
    for query in ["status=gone", "role=god", "group=x", "sort=name"] {
        api.get(&format!("{PATH}?{query}")).is(422);
    }
    let twice = api.put(&format!("{PATH}/{mia}/suspension"), &json!({}));
    assert_eq!(twice.is(409).code(), "wrong_state");
    app.mails();
}

#[test]
fn members_change_their_own_name_and_nothing_else() {
    let app = TestApp::start();
    let mia = app.user("mia@example.org", "Mia", Role::Member);
    let other = app.user("max@example.org", "Max", Role::Member);
    let api = app.with_key("mia@example.org", &["all"]);
    let own = format!("{PATH}/{mia}");
    let renamed = api
        .patch(&own, &json!({ "display_name": "Mia M." }))
        .is(200)
        .json();
    assert_eq!(renamed["display_name"], "Mia M.");
    assert_eq!(
        api.patch(&own, &json!({ "role": "admin" })).is(403).code(),
        "forbidden"
    );
    assert_eq!(
        api.patch(&own, &json!({ "traits": { "a": 1 } }))
            .is(403)
            .code(),
        "forbidden"
    );
    api.patch(&format!("{PATH}/{other}"), &json!({ "display_name": "X" }))
        .is(404);
    let new = json!({ "email": "new@example.org", "display_name": "New" });
    assert_eq!(api.post(PATH, &new).is(403).code(), "forbidden");
    assert_eq!(
        api.put(&format!("{own}/suspension"), &json!({}))
            .is(403)
            .code(),
        "forbidden"
    );
    api.delete(&own).is(204);
    api.get("/api/v1/me").is(401);
}

#[test]
fn an_owner_who_has_no_way_in_is_no_last_owner() {
    let app = TestApp::start();
    let api = app.api();
    let new = json!({ "email": "olu@example.org", "display_name": "Olu", "role": "owner" });
    api.post(PATH, &new).is(201);
    let grace = format!(
        "{PATH}/{}",
        crate::support::door::user_id(&app, "grace@example.org")
    );
    let step_down = json!({ "role": "admin" });
    assert_eq!(api.patch(&grace, &step_down).is(409).code(), "last_owner");
    let link = crate::support::door::mailed_link(&app, "/recover/new");
    recover(&mut app.anonymous(), &link, "nine loud lighthouses").is(303);
    api.patch(&grace, &step_down).is(200);
    app.mails();
}

#[test]
fn what_would_not_be_kept_as_it_was_sent_is_refused() {
    let app = TestApp::start();
    let api = app.api();
    let json = [("content-type", "application/json")];
    for (traits, field, code) in [
        (r#"{"a":1,"a":2}"#, "traits.a", "duplicate_field"),
        (
            r#"{"a":[{"b":1,"b":1}]}"#,
            "traits.a[0].b",
            "duplicate_field",
        ),
        (
            r#"{"a":18446744073709551616}"#,
            "traits.a",
            "number_too_large",
        ),
    ] {
        let body = format!(r#"{{"email":"x@example.org","display_name":"X","traits":{traits}}}"#);
        let told = api
            .send("POST", "/api/v1/users", &json, Some(body.as_bytes()))
            .is(422)
            .json();
        assert_eq!(told["errors"][0]["field"], field, "{body}");
        assert_eq!(told["errors"][0]["code"], code, "{body}");
    }
    let users = "SELECT count(*) AS count FROM users WHERE email = 'x@example.org'";
    assert_eq!(app.count(users), 0);
}
