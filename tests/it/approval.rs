//! Acceptances that an administrator approves, invites off hold again, and why somebody cannot accept.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::days;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::invited::Invited;

const INVITES: &str = "/api/v1/invites";

/// An invite whose acceptance has to be approved; the link came by mail.
fn wants_approval(app: &TestApp, email: &str) -> Invited {
    let body = json!({ "name": "With approval", "approval": true });
    let made = app.api().post("/api/v1/invite-templates", &body).is(201);
    let template = made.json()["id"].clone();
    app.invited_with(&json!({ "email": email, "template": template }))
}

fn act(app: &TestApp, invited: &Invited, verb: &str, status: u16) -> Value {
    let path = format!("{INVITES}/{}/{verb}", invited.id);
    app.api().post(&path, &json!({})).is(status).json()
}

fn users(app: &TestApp, email: &str) -> Value {
    let path = format!("/api/v1/users?q={email}");
    app.api().get(&path).is(200).json()["items"].clone()
}

#[test]
fn who_accepts_gets_in_when_an_administrator_approves() {
    let app = TestApp::start();
    let invited = wants_approval(&app, "ada@example.org");
    let mut ada = app.anonymous();
    let form = ada
        .open(&invited.link)
        .is(200)
        .page()
        .form("/self-service/invite");
    let form = form
        .fill("display_name", "Ada Lovelace")
        .fill("password", PASSWORD);
    let waiting = ada.submit(form.press_named("action", "accept")).is(303);
    let asked = &app.mails()[0];
    assert_eq!(asked.subject(), "ada@example.org accepted: please approve");
    assert_eq!(asked.to, ["grace@example.org"]);
    // No session, no account.
    let page = ada.get(waiting.header("location")).is(409).page();
    assert!(page.text("h1").contains("You have accepted"));
    assert_eq!(
        ada.get("/settings/profile").is(303).header("location"),
        "/sign-in?next=%2Fsettings%2Fprofile"
    );
    assert_eq!(users(&app, "ada@example.org"), json!([]));
    let again = app
        .anonymous()
        .post_json(&invited.path(), &invited.accept(), &[]);
    assert_eq!(again.is(409).code(), "invite_awaits_approval");
    let seen = app.api().get(&format!("{INVITES}/{}", invited.id)).json();
    assert_eq!(seen["state"], "awaiting_approval");
    assert_eq!(seen["uses"], 0);

    let mut grace = app.owner();
    let list = grace.get("/admin/invites?tab=approval").is(200).page();
    assert!(list.text("tbody").contains("ada@example.org"));
    let page = grace
        .get(&format!("/admin/invites/{}", invited.id))
        .is(200)
        .page();
    grace
        .submit(
            page.form(&format!("/admin/invites/{}/approve", invited.id))
                .submit(),
        )
        .is(303);
    let mails = app.mails();
    assert_eq!(mails[0].subject(), "You are in at Vestibule");
    assert_eq!(mails[0].to, ["ada@example.org"]);
    let user = &users(&app, "ada@example.org")[0];
    assert_eq!(user["display_name"], "Ada Lovelace");
    // The link had come by mail, so the mailbox is proved.
    assert_eq!(user["email_verified"], true);
    assert_eq!(user["invite_id"], invited.id.as_str());
    app.signed_in("ada@example.org")
        .get("/settings/profile")
        .is(200);
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invite_applications"),
        0
    );
    act(&app, &invited, "approve", 409);
    act(&app, &invited, "reject", 409);
}

#[test]
fn who_is_rejected_leaves_nothing_behind() {
    let app = TestApp::start();
    let invited = wants_approval(&app, "ada@example.org");
    let mut ada = app.anonymous();
    let told = ada
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(200)
        .json();
    assert_eq!(told["state"], "awaiting_approval");
    assert!(told.get("user").is_none());
    app.mails();
    let mia = app.with_key("grace@example.org", &["invites:read"]);
    let path = format!("{INVITES}/{}/approve", invited.id);
    assert_eq!(mia.post(&path, &json!({})).is(403).code(), "scope_missing");
    assert_eq!(act(&app, &invited, "reject", 200)["state"], "revoked");
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invite_applications"),
        0
    );
    assert_eq!(users(&app, "ada@example.org"), json!([]));
    assert_eq!(ada.get_json(&invited.link).is(410).code(), "invite_revoked");
    // The address is free again.
    app.invited("ada@example.org");
}

#[test]
fn somebody_with_an_account_gains_nothing_before_it_is_approved() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let body = json!({ "name": "Promotion", "approval": true });
    let made = app
        .api()
        .post("/api/v1/invite-templates", &body)
        .is(201)
        .json();
    let invited = app.invited_with(
        &json!({ "email": "mia@example.org", "template": made["id"], "role": "admin" }),
    );
    let mut mia = app.signed_in("mia@example.org");
    let form = mia
        .open(&invited.link)
        .is(200)
        .page()
        .form("/self-service/invite");
    mia.submit(form.press_named("action", "accept")).is(303);
    app.mails();
    assert_eq!(users(&app, "mia@example.org")[0]["role"], "member");
    mia.get("/admin/users").is(403);
    act(&app, &invited, "approve", 200);
    assert_eq!(users(&app, "mia@example.org")[0]["role"], "admin");
    mia.get("/admin/users").is(200);
    app.mails();
}

#[test]
fn of_many_decisions_at_once_one_counts() {
    let app = TestApp::start();
    let invited = wants_approval(&app, "ada@example.org");
    app.anonymous()
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(200);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let decide = |verb: &'static str| {
            let (app, invited) = (&app, &invited);
            scope.spawn(move || {
                let path = format!("{INVITES}/{}/{verb}", invited.id);
                app.api().post(&path, &json!({})).status
            })
        };
        let all: Vec<_> = (0..16)
            .map(|n| decide(if n % 2 == 0 { "approve" } else { "reject" }))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 15);
    let accounts = users(&app, "ada@example.org").as_array().unwrap().len();
    let state = app.api().get(&format!("{INVITES}/{}", invited.id)).json()["state"].clone();
    assert_eq!(accounts == 1, state == "accepted");
    app.mails();
}

#[test]
fn an_invite_on_hold_is_taken_off_by_who_answers_for_it_then() {
    let app = TestApp::start();
    let alan = app.user("alan@example.org", "Alan", Role::Admin);
    let key = app.with_key("alan@example.org", &["all"]);
    let body = json!({ "email": "ada@example.org", "role": "admin", "delivery": "link" });
    let made = key.post(INVITES, &body).is(201).json();
    let invited = Invited {
        id: made["id"].as_str().unwrap().to_owned(),
        link: made["invite_url"].as_str().unwrap().to_owned(),
    };
    act(&app, &invited, "reinstate", 409);
    let path = format!("/api/v1/users/{alan}/suspension");
    app.api().put(&path, &json!({ "reason": "left" })).is(200);
    let mut ada = app.anonymous();
    assert_eq!(
        ada.get_json(&invited.link).is(410).code(),
        "invite_suspended"
    );
    let gates = |app: &TestApp| {
        let told = app
            .api()
            .get(&format!("{INVITES}/{}/explain", invited.id))
            .is(200)
            .json();
        let gates = told["gates"].as_array().unwrap().clone();
        gates
            .into_iter()
            .filter(|gate| gate["ok"] == false)
            .map(|gate| gate["gate"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(gates(&app), ["state", "inviter"]);
    let grace = app.api().get("/api/v1/me").json()["user"]["id"].clone();
    let back = act(&app, &invited, "reinstate", 200);
    assert_eq!(back["state"], "pending");
    assert_eq!(back["created_by"], grace);
    assert_eq!(gates(&app), Vec::<String>::new());
    ada.get_json(&invited.link).is(200);
    app.advance(days(8));
    assert_eq!(gates(&app), ["expiry"]);
    app.run_jobs();
    assert_eq!(gates(&app), ["expiry"]);
}
