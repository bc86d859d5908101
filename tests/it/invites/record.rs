//! What is written down about invites: one row in the audit log and one event for each change.

use serde_json::{Value, json};
use vestibule::clock::days;

use crate::support::app::TestApp;

/// The actions about an invite, oldest first.
fn actions(app: &TestApp, id: &str) -> Vec<String> {
    let found = app
        .api()
        .get(&format!("/api/v1/audit?target={id}"))
        .is(200)
        .json();
    let mut actions: Vec<String> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["action"].as_str().unwrap().to_owned())
        .collect();
    actions.reverse();
    actions
}

/// Every event about an invite, oldest first.
fn events(app: &TestApp, id: &str) -> Vec<String> {
    app.run_jobs();
    let found = app.api().get("/api/v1/events?limit=500").is(200).json();
    let about = |event: &&Value| {
        event["data"]["invite_id"] == id && event["type"].as_str().unwrap().starts_with("invite.")
    };
    found["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(about)
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn each_change_has_one_row_and_one_event() {
    let app = TestApp::start();
    let api = app.api();
    let accepted = app.invited("a@example.org");
    api.patch(
        &format!("/api/v1/invites/{}", accepted.id),
        &json!({ "label": "x" }),
    )
    .is(200);
    api.post(
        &format!("/api/v1/invites/{}/resend", accepted.id),
        &json!({}),
    )
    .is(200);
    app.mails();
    for _ in 0..3 {
        app.anonymous().open(&accepted.link).is(200);
    }
    for _ in 0..3 {
        app.anonymous()
            .post_json(&accepted.path(), &accepted.accept(), &[]);
    }
    assert_eq!(
        actions(&app, &accepted.id),
        [
            "invite.created",
            "invite.updated",
            "invite.sent_again",
            "invite.accepted"
        ]
    );
    assert_eq!(
        events(&app, &accepted.id),
        [
            "invite.created",
            "invite.sent",
            "invite.sent",
            "invite.accepted"
        ]
    );

    let revoked = app.invited("b@example.org");
    for _ in 0..2 {
        api.post(
            &format!("/api/v1/invites/{}/revoke", revoked.id),
            &json!({}),
        );
    }
    assert_eq!(
        actions(&app, &revoked.id),
        ["invite.created", "invite.revoked"]
    );
    assert_eq!(
        events(&app, &revoked.id),
        ["invite.created", "invite.sent", "invite.revoked"]
    );

    let declined = app.invited("c@example.org");
    let no = json!({ "action": "decline", "token": declined.token() });
    for _ in 0..2 {
        app.anonymous().post_json(&declined.path(), &no, &[]);
    }
    assert_eq!(
        actions(&app, &declined.id),
        ["invite.created", "invite.declined"]
    );
    assert_eq!(
        events(&app, &declined.id),
        ["invite.created", "invite.sent", "invite.declined"]
    );

    let handed = app.invited_with(&json!({ "email": "d@example.org", "delivery": "link" }));
    app.advance(days(7));
    for _ in 0..3 {
        app.run_jobs();
    }
    assert_eq!(
        actions(&app, &handed.id),
        ["invite.created", "invite.expired"]
    );
    assert_eq!(
        events(&app, &handed.id),
        ["invite.created", "invite.expired"]
    );
}

#[test]
fn rows_say_who_did_what_and_hold_what_was_before_and_after() {
    let app = TestApp::start();
    let api = app.api();
    let invited = app.invited("a@example.org");
    let answer = api
        .patch(
            &format!("/api/v1/invites/{}", invited.id),
            &json!({ "role": "admin" }),
        )
        .is(200);
    let found = api
        .get(&format!(
            "/api/v1/audit?target={}&action=invite.updated",
            invited.id
        ))
        .is(200)
        .json();
    let row = &found["items"][0];
    assert_eq!(row["before"]["role"], "member");
    assert_eq!(row["after"]["role"], "admin");
    assert_eq!(row["actor"]["kind"], "api_key");
    assert_eq!(row["target"], json!({ "kind": "invite", "id": invited.id }));
    assert_eq!(row["result"], "ok");
    assert_eq!(row["ip"], "127.0.0.1");
    assert_eq!(row["request_id"], answer.header("x-request-id"));
    app.anonymous()
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(200);
    let found = api
        .get(&format!(
            "/api/v1/audit?target={}&action=invite.accepted",
            invited.id
        ))
        .json();
    assert_eq!(found["items"][0]["actor"]["kind"], "user");
    assert_eq!(
        found["items"][0]["actor"]["id"],
        found["items"][0]["after"]["user_id"]
    );
}

#[test]
fn the_event_of_an_acceptance_holds_what_an_integrated_app_needs() {
    let app = TestApp::start();
    let body = json!({ "email": "a@example.org", "label": "lab 4", "metadata_public": { "seat": 4 }, "metadata_admin": { "cost": 1 } });
    let invited = app.invited_with(&body);
    let done = app
        .anonymous()
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(200)
        .json();
    app.run_jobs();
    let found = app.api().get("/api/v1/events?limit=500").is(200).json();
    let accepted: Vec<&Value> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "invite.accepted")
        .collect();
    assert_eq!(accepted.len(), 1);
    assert_eq!(
        accepted[0]["data"],
        json!({ "invite_id": invited.id, "user_id": done["user"]["id"], "label": "lab 4", "metadata_public": { "seat": 4 }, "metadata_admin": { "cost": 1 } })
    );
}

#[test]
fn events_are_numbered_without_gaps_and_read_from_any_number_on() {
    let app = TestApp::start();
    let api = app.api();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let api = &api;
            scope.spawn(move || {
                for number in 0..10 {
                    let body = json!({ "email": format!("p{thread}-{number}@example.org"), "delivery": "link" });
                    api.post("/api/v1/invites", &body).is(201);
                }
            });
        }
    });
    app.run_jobs();
    let mut seen = Vec::new();
    let mut after = 0;
    loop {
        let page = api
            .get(&format!("/api/v1/events?after={after}&limit=7"))
            .is(200)
            .json();
        let items = page["items"].as_array().unwrap().clone();
        let Some(last) = items.last() else { break };
        after = last["seq"].as_i64().unwrap();
        seen.extend(items.iter().map(|event| event["seq"].as_i64().unwrap()));
        assert_eq!(
            page["next_cursor"].is_null(),
            items.len() < 7 || after == app.count("SELECT max(seq) AS count FROM events")
        );
    }
    assert_eq!(
        seen,
        (1..=i64::try_from(seen.len()).unwrap()).collect::<Vec<_>>()
    );
    assert_eq!(
        app.count("SELECT count(*) AS count FROM events"),
        i64::try_from(seen.len()).unwrap()
    );
    for wrong in ["after=x", "limit=0", "limit=501", "before=1"] {
        api.get(&format!("/api/v1/events?{wrong}")).is(422);
    }
    assert_eq!(
        api.get("/api/v1/events?cursor=x").is(400).code(),
        "cursor_invalid"
    );
    // A number that no event has yet is from before a backup was restored.
    assert_eq!(
        api.get("/api/v1/events?after=9999999").is(410).code(),
        "events_gone"
    );

    // Ninety days on they are gone, and a reader who missed them is told.
    app.advance(days(91));
    app.run_jobs();
    let later = app.with_key("grace@example.org", &["events:read"]);
    assert_eq!(
        later.get("/api/v1/events?after=1").is(410).code(),
        "events_gone"
    );
    later
        .get(&format!("/api/v1/events?after={}", seen.len()))
        .is(200);
    later.get("/api/v1/events").is(200);
}

#[test]
fn the_audit_log_holds_together_after_all_of_it() {
    let app = TestApp::start();
    for round in 0..5 {
        let invited = app.invited(&format!("p{round}@example.org"));
        app.anonymous()
            .post_json(&invited.path(), &invited.accept(), &[])
            .is(200);
    }
    app.run_jobs();
    let shared = app.parts.app.clone();
    let verified = app
        .parts
        .app
        .db
        .read_now(move |conn| vestibule::audit::verify(conn, &shared.master))
        .unwrap();
    assert!(verified.broken.is_none());
    assert_eq!(
        app.count("SELECT count(*) AS count FROM audit WHERE seq IS NULL"),
        0
    );
    assert_eq!(
        app.count("SELECT count(*) - max(seq) AS count FROM audit"),
        0
    );
}
