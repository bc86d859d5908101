//! What happens to invites that nobody answers: reminders, the note that a page was opened, erasure.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::{days, hours};

use crate::support::app::TestApp;
use crate::support::invited::Invited;
use crate::support::smtp::Received;

const INVITES: &str = "/api/v1/invites";

/// An invite for ten days, of a template that reminds three days and one day before the end.
fn with_reminders(app: &TestApp) -> Invited {
    let body = json!({ "name": "Reminds", "reminders": [259_200, 86_400] });
    let template = app.api().post("/api/v1/invite-templates", &body).is(201);
    app.invited_with(&json!({
        "email": "ada@example.org",
        "template": template.json()["id"],
        "expires_in": 864_000,
    }))
}

fn subjects(app: &TestApp) -> Vec<String> {
    app.run_jobs();
    app.mails().iter().map(Received::subject).collect()
}

#[test]
fn reminders_come_once_each_and_their_links_work_beside_the_first() {
    let app = TestApp::start();
    let invited = with_reminders(&app);
    app.advance(days(6));
    assert!(subjects(&app).is_empty());
    app.advance(days(1));
    assert_eq!(
        subjects(&app),
        ["Reminder: Grace Hopper invited you to Vestibule"]
    );
    app.advance(hours(12));
    assert!(subjects(&app).is_empty());
    app.advance(days(2));
    app.run_jobs();
    let second = app.mailed_link();
    assert!(subjects(&app).is_empty());
    for link in [&invited.link, &second] {
        app.anonymous().get_json(link).is(200);
    }
    let page = app.owner().get(&format!("/admin/invites/{}", invited.id));
    assert!(page.is(200).page().text("main").contains("Reminded of it"));
}

#[test]
fn nobody_is_reminded_after_an_answer_or_of_what_was_just_sent() {
    let app = TestApp::start();
    let invited = with_reminders(&app);
    app.anonymous()
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(200);
    app.mails();
    app.advance(days(7));
    assert!(subjects(&app).is_empty());

    // An invite that lives shorter than the reminder is early was just sent: the last reminder is left.
    let template = app.api().get("/api/v1/invite-templates").json()["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|template| template["name"] == "Reminds")
        .unwrap()["id"]
        .clone();
    app.invited_with(&json!({
        "email": "ben@example.org", "template": template, "expires_in": 172_800,
    }));
    assert!(subjects(&app).is_empty());
    app.advance(days(1));
    assert_eq!(subjects(&app).len(), 1);
    // After an outage the most urgent one alone comes.
    app.invited_with(&json!({
        "email": "cleo@example.org", "template": template, "expires_in": 864_000,
    }));
    app.advance(days(9));
    assert_eq!(subjects(&app).len(), 1);
}

#[test]
fn sending_again_starts_the_reminders_anew() {
    let app = TestApp::start();
    let invited = with_reminders(&app);
    app.advance(days(7));
    assert_eq!(subjects(&app).len(), 1);
    app.api()
        .post(&format!("{INVITES}/{}/resend", invited.id), &json!({}))
        .is(200);
    let again = subjects(&app);
    assert_eq!(again, ["Grace Hopper invited you to Vestibule"]);
    app.advance(days(7));
    assert_eq!(subjects(&app).len(), 1);
}

#[test]
fn people_who_never_accepted_are_erased_and_the_others_are_not() {
    let app = TestApp::start();
    let api = app.api();
    let silent = app.invited_with(&json!({
        "email": "ada@example.org",
        "traits": { "name": "Ada Lovelace" },
        "metadata_admin": { "desk": 4 },
        "label": "Ada's invite",
        "message": "Dear Ada",
    }));
    let joined = app.invited("ben@example.org");
    app.anonymous()
        .post_json(&joined.path(), &joined.accept(), &[])
        .is(200);
    api.patch("/api/v1/settings", &json!({ "invite_erase_days": 30 }))
        .is(200);
    app.advance(days(8));
    app.run_jobs();
    let path = format!("{INVITES}/{}", silent.id);
    app.advance(days(29));
    app.run_jobs();
    assert_eq!(api.get(&path).json()["email"], "ada@example.org");
    app.advance(days(2));
    app.run_jobs();
    let erased = api.get(&path).is(200).json();
    assert_eq!(erased["state"], "expired");
    for field in ["email", "phone"] {
        assert_eq!(erased[field], Value::Null);
    }
    assert_eq!(
        (&erased["label"], &erased["message"]),
        (&json!(""), &json!(""))
    );
    assert_eq!(erased["traits"], json!({}));
    assert_eq!(erased["metadata_admin"], json!({}));
    assert_eq!(
        api.get(&format!("{INVITES}/{}", joined.id)).json()["email"],
        "ben@example.org"
    );
    // It is over: it cannot be sent again, and the page says so.
    let again = api.post(&format!("{path}/resend"), &json!({}));
    assert_eq!(again.is(409).code(), "invite_not_pending");
    let page = app.owner().get(&format!("/admin/invites/{}", silent.id));
    let page = page.is(200).page();
    assert!(page.text("main").contains("Erased"));
    assert!(!page.text("main").contains("Ada"));
    let link = app.anonymous().open(&silent.link).is(410).page();
    assert_eq!(link.count("button[value=request_new]"), 0);
}

#[test]
fn it_is_noted_that_a_page_was_opened_and_nothing_else() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let opened = "SELECT count(*) AS count FROM invite_links WHERE opened_at IS NOT NULL";
    let audited = app.count("SELECT count(*) AS count FROM audit");
    assert_eq!(app.count(opened), 0);
    for _ in 0..3 {
        app.anonymous().open(&invited.link).is(200);
    }
    app.run_jobs();
    assert_eq!(app.count(opened), 1);
    assert_eq!(app.count("SELECT count(*) AS count FROM audit"), audited);
}

#[test]
fn those_who_wait_for_somebody_else_are_erased_too() {
    let app = TestApp::start();
    let api = app.api();
    let body = json!({ "name": "With approval", "approval": true });
    let template = api.post("/api/v1/invite-templates", &body).is(201).json()["id"].clone();
    let awaiting = app.invited_with(&json!({ "email": "ada@example.org", "template": template }));
    app.anonymous()
        .post_json(&awaiting.path(), &awaiting.accept(), &[])
        .is(200);
    let alan = app.user("alan@example.org", "Alan", Role::Admin);
    let on_hold = app
        .with_key("alan@example.org", &["all"])
        .post(INVITES, &json!({ "email": "ben@example.org" }));
    let on_hold = on_hold.is(201).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/users/{alan}/suspension");
    api.put(&path, &json!({ "reason": "left" })).is(200);
    app.mails();
    api.patch("/api/v1/settings", &json!({ "invite_erase_days": 30 }))
        .is(200);
    let emails = || {
        [&awaiting.id, &on_hold].map(|id| {
            let seen = api.get(&format!("{INVITES}/{id}")).is(200).json();
            seen["email"].clone()
        })
    };
    app.advance(days(29));
    app.run_jobs();
    assert_eq!(emails(), ["ada@example.org", "ben@example.org"]);
    // Thirty days after it was put on hold, and after the other could have been accepted.
    app.advance(days(7 + 2));
    app.run_jobs();
    assert_eq!(emails(), [Value::Null, Value::Null]);
    // The answer that waited is gone with them.
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invite_applications"),
        0
    );
    let approve = format!("{INVITES}/{}/approve", awaiting.id);
    api.post(&approve, &json!({})).is(409);
}
