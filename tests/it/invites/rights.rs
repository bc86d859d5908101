//! Who may do what with invites over JSON.

use serde_json::json;
use vestibule::access::Role;

use crate::support::app::TestApp;

const PATH: &str = "/api/v1/invites";

#[test]
fn nobody_grants_more_than_they_hold() {
    let app = TestApp::start();
    app.user("alan@example.org", "Alan", Role::Admin);
    app.user("mia@example.org", "Mia", Role::Member);
    let alan = app.with_key("alan@example.org", &["all"]);
    let owner = json!({ "email": "ada@example.org", "role": "owner" });
    assert_eq!(alan.post(PATH, &owner).is(403).code(), "role_not_grantable");
    let no_group = json!({ "email": "ada@example.org", "groups": ["grp_01a2027b-d6b5-7cd0-be67-ab79529a31c9"] });
    assert_eq!(
        alan.post(PATH, &no_group).is(403).code(),
        "group_not_grantable"
    );
    let made = alan
        .post(
            PATH,
            &json!({ "email": "ada@example.org", "role": "admin" }),
        )
        .is(201)
        .json();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    assert_eq!(
        alan.patch(&path, &json!({ "role": "owner" }))
            .is(403)
            .code(),
        "role_not_grantable"
    );
    let link = app.mailed_link();
    // What an owner grants an administrator can neither send nor change.
    let api = app.api();
    api.patch(&path, &json!({ "role": "owner" })).is(200);
    assert_eq!(
        alan.post(&format!("{path}/resend"), &json!({}))
            .is(403)
            .code(),
        "role_not_grantable"
    );
    assert_eq!(
        alan.patch(&path, &json!({ "email": "mine@example.org" }))
            .is(403)
            .code(),
        "role_not_grantable"
    );
    // Whoever gives it more than Alan may give answers for it from then on.
    let grace = api.get("/api/v1/me").json()["user"]["id"].clone();
    assert_eq!(api.get(&path).json()["created_by"], grace);
    app.anonymous().get_json(&link).is(200);

    let mia = app.with_key("mia@example.org", &["all"]);
    assert_eq!(
        mia.post(PATH, &json!({ "email": "eve@example.org" }))
            .is(403)
            .code(),
        "forbidden"
    );
    mia.get(&path).is(404);
    for verb in ["resend", "revoke"] {
        mia.post(&format!("{path}/{verb}"), &json!({})).is(404);
    }
    mia.patch(&path, &json!({ "label": "x" })).is(404);
    assert_eq!(mia.get(PATH).is(200).json()["items"], json!([]));
    assert_eq!(
        mia.get(&format!(
            "{PATH}?invited_by={}",
            made["created_by"].as_str().unwrap()
        ))
        .json()["items"],
        json!([])
    );
}

#[test]
fn a_key_does_what_its_scopes_say() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let path = format!("{PATH}/{}", invited.id);
    let reader = app.with_key("grace@example.org", &["invites:read"]);
    reader.get(PATH).is(200);
    reader.get(&path).is(200);
    let link = json!({ "email": "eve@example.org", "delivery": "link" });
    for refused in [
        reader.post(PATH, &link),
        reader.patch(&path, &json!({ "label": "x" })),
        reader.post(&format!("{path}/resend"), &json!({})),
        reader.post(&format!("{path}/revoke"), &json!({})),
    ] {
        assert_eq!(refused.is(403).code(), "scope_missing");
    }
    let writer = app.with_key("grace@example.org", &["invites:write"]);
    assert_eq!(writer.get(PATH).is(403).code(), "scope_missing");
    for refused in [
        writer.post(PATH, &link),
        writer.post(&format!("{path}/resend"), &json!({ "delivery": "link" })),
    ] {
        assert!(
            refused.is(403).json()["detail"]
                .as_str()
                .unwrap()
                .contains("invites:reveal_link")
        );
    }
    writer.post(&format!("{path}/revoke"), &json!({})).is(200);
}

#[test]
fn an_invite_that_has_ended_otherwise_than_by_time_stays_ended() {
    let app = TestApp::start();
    let api = app.api();
    let revoked = app.invited("a@example.org");
    api.post(&format!("{PATH}/{}/revoke", revoked.id), &json!({}))
        .is(200);
    let used = app.invited("b@example.org");
    app.anonymous()
        .post_json(&used.path(), &used.accept(), &[])
        .is(200);
    let declined = app.invited("c@example.org");
    let no = json!({ "action": "decline", "token": declined.token() });
    app.anonymous()
        .post_json(&declined.path(), &no, &[])
        .is(200);
    for invited in [&revoked, &used, &declined] {
        for verb in ["resend", "revoke"] {
            let path = format!("{PATH}/{}/{verb}", invited.id);
            assert_eq!(
                api.post(&path, &json!({})).is(409).code(),
                "invite_not_pending"
            );
        }
        let link = json!({ "delivery": "link" });
        api.post(&format!("{PATH}/{}/resend", invited.id), &link)
            .is(409);
    }
    assert!(app.mails().is_empty());
}

#[test]
fn who_sends_an_invite_on_answers_for_it() {
    let app = TestApp::start();
    app.admin_account();
    let alan = app.with_key("alan@example.org", &["all"]);
    let made = alan
        .post(PATH, &json!({ "email": "ada@example.org" }))
        .is(201)
        .json();
    app.mails();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    app.advance(vestibule::clock::days(8));
    let api = app.api();
    let alan = format!("/api/v1/users/{}", made["created_by"].as_str().unwrap());
    api.patch(&alan, &json!({ "role": "member" })).is(200);
    // Alan may invite nobody any more; Grace may, and it is her invite from now on.
    api.post(&format!("{path}/resend"), &json!({})).is(200);
    let grace = api.get("/api/v1/me").json()["user"]["id"].clone();
    assert_eq!(api.get(&path).json()["created_by"], grace);
    app.anonymous().get_json(&app.mailed_link()).is(200);
}

#[test]
fn a_group_that_is_named_twice_is_given_once() {
    let app = TestApp::start();
    let api = app.api();
    let group = api
        .post("/api/v1/groups", &json!({ "name": "Analysts" }))
        .is(201)
        .json();
    let id = &group["id"];
    let twice = json!({ "email": "ada@example.org", "groups": [id, id] });
    let made = api.post(PATH, &twice).is(201).json();
    assert_eq!(made["groups"], json!([id]));
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let changed = api
        .patch(&path, &json!({ "groups": [id, id] }))
        .is(200)
        .json();
    assert_eq!(changed["groups"], json!([id]));
    let many = vec![id.clone(); 51];
    for refused in [
        api.patch(&path, &json!({ "groups": many })),
        api.post(
            "/api/v1/users",
            &json!({ "email": "bob@example.org", "display_name": "Bob", "groups": many }),
        ),
    ] {
        assert_eq!(refused.is(422).json()["errors"][0]["field"], "groups");
    }
    let user = json!({ "email": "bob@example.org", "display_name": "Bob", "groups": [id, id] });
    api.post("/api/v1/users", &user).is(201);
    app.mails();
}

#[test]
fn a_name_in_the_traits_is_no_longer_than_a_name() {
    let app = TestApp::start();
    let api = app.api();
    let named = |name: &str| json!({ "email": "ada@example.org", "traits": { "name": name } });
    let long = named(&"ä".repeat(201));
    assert_eq!(
        api.post(PATH, &long).is(422).json()["errors"][0]["field"],
        "traits.name"
    );
    let made = api.post(PATH, &named(&"ä".repeat(200))).is(201).json();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let refused = api.patch(&path, &long).is(422).json();
    assert_eq!(refused["errors"][0]["field"], "traits.name");
    app.mails();
}
