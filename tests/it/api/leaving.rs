//! Deleting users.

use serde_json::json;
use vestibule::access::Role;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::door::{is_in, sign_in, user_id};

fn path(id: &str) -> String {
    format!("/api/v1/users/{id}")
}

#[test]
fn what_a_deleted_user_owned_is_handed_over_and_what_they_could_do_ends() {
    let app = TestApp::start();
    app.user("ada@example.org", "Ada Lovelace", Role::Admin);
    let id = user_id(&app, "ada@example.org");
    let grace = user_id(&app, "grace@example.org");
    let hers = app.with_key("ada@example.org", &["all"]);
    let group = hers
        .post("/api/v1/groups", &json!({ "name": "Analysts" }))
        .is(201)
        .json();
    let group = format!("/api/v1/groups/{}", group["id"].as_str().unwrap());
    hers.put(&format!("{group}/members/{id}"), &json!({}))
        .is(200);
    let invite = hers
        .post("/api/v1/invites", &json!({ "email": "ivo@example.org" }))
        .is(201)
        .json();
    let mut browser = app.anonymous();
    sign_in(&mut browser, "ada@example.org", PASSWORD).is(303);
    let api = app.api();

    assert_eq!(api.delete(&path(&id)).is(409).code(), "owns_data");
    for heir in [id.as_str(), "usr_00000000-0000-7000-8000-000000000000"] {
        let refused = api
            .delete(&format!("{}?move_to={heir}", path(&id)))
            .is(422)
            .json();
        assert_eq!(refused["errors"][0]["field"], "move_to");
    }
    assert!(is_in(&mut browser));
    api.delete(&format!("{}?move_to={grace}", path(&id)))
        .is(204);

    assert!(!is_in(&mut browser));
    hers.get("/api/v1/me").is(401);
    sign_in(&mut app.anonymous(), "ada@example.org", PASSWORD).is(401);
    assert_eq!(api.get(&group).is(200).json()["owner_id"], grace);
    let members = api.get(&format!("{group}/members")).is(200).json();
    assert_eq!(members["items"], json!([]));
    let invite = format!("/api/v1/invites/{}", invite["id"].as_str().unwrap());
    assert_eq!(api.get(&invite).is(200).json()["state"], "suspended");

    let left = api.get(&path(&id)).is(200);
    assert!(
        !left.body.contains("ada@") && !left.body.contains("Lovelace"),
        "{}",
        left.body
    );
    let left = left.json();
    assert_eq!(
        (left["status"].as_str(), &left["email"]),
        (Some("deleted"), &json!(null))
    );
    for change in [
        api.delete(&path(&id)),
        api.patch(&path(&id), &json!({ "display_name": "Ada" })),
        api.put(&format!("{}/suspension", path(&id)), &json!({})),
        api.delete(&format!("{}/suspension", path(&id))),
        api.post(&format!("{}/verification", path(&id)), &json!({})),
    ] {
        assert_eq!(change.is(409).code(), "wrong_state");
    }
    let listed = |query: &str| {
        api.get(&format!("/api/v1/users{query}"))
            .is(200)
            .body
            .contains(&id)
    };
    assert!(!listed(""));
    assert!(listed("?status=deleted"));
    let page = app
        .owner()
        .get(&format!("/admin/users/{id}"))
        .is(200)
        .page();
    assert_eq!(page.text("h1"), "Deleted account");
    // The address is free again, for another account.
    let again = json!({ "email": "ada@example.org", "display_name": "Ada" });
    assert_ne!(api.post("/api/v1/users", &again).is(201).json()["id"], id);
    app.mails();
}

#[test]
fn nobody_deletes_above_themselves_nor_the_last_owner() {
    let app = TestApp::start();
    app.user("alan@example.org", "Alan", Role::Admin);
    let grace = user_id(&app, "grace@example.org");
    let alan = app.with_key("alan@example.org", &["all"]);
    assert_eq!(alan.delete(&path(&grace)).is(403).code(), "above_you");
    assert_eq!(app.api().delete(&path(&grace)).is(409).code(), "last_owner");
    // One's own account.
    alan.delete(&path(&user_id(&app, "alan@example.org")))
        .is(204);
    alan.get("/api/v1/me").is(401);
    app.mails();
}
