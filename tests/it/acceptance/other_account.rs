//! Somebody who is signed in to another account proves that the invited address is theirs too.

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::support::app::TestApp;
use crate::support::invited::Invited;
use crate::support::sms::code_in;

const ADA: &str = "ada@example.org";

fn code(app: &TestApp) -> String {
    let mails = app.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].to, [ADA]);
    code_in(&mails[0].text())
}

fn state(app: &TestApp, invited: &Invited) -> Value {
    let path = format!("/api/v1/invites/{}", invited.id);
    app.api().get(&path).is(200).json()["state"].clone()
}

#[test]
fn the_proved_address_is_added_and_the_invite_accepted() {
    let app = TestApp::start();
    app.user("sam@other.test", "Sam", Role::Member);
    let invited = app.invited(ADA);
    let mut sam = app.signed_in("sam@other.test");
    let page = sam.open(&invited.link).is(200).page();
    // Whoever is not meant sees no more than the ends of the address.
    assert!(!page.text("main").contains(ADA));
    let form = page.form("/self-service/invite");
    let sent = sam.submit(form.press_named("action", "send_code")).is(303);
    let page = sam.get(sent.header("location")).is(200).page();
    assert!(!page.text("main").contains(ADA));
    let form = page.form("/self-service/invite").fill("code", &code(&app));
    sam.submit(form.press_named("action", "accept")).is(303);
    assert_eq!(state(&app, &invited), "accepted");
    let logins = sam.get("/settings/logins").is(200).page();
    assert!(logins.text("main").contains(ADA));
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 2);
}

#[test]
fn the_same_for_programs_and_not_without_the_code() {
    let app = TestApp::start();
    app.user("sam@other.test", "Sam", Role::Member);
    let invited = app.invited(ADA);
    let mut sam = app.signed_in("sam@other.test");
    let origin = app.origin();
    let headers = [("origin", origin.as_str())];
    let mut send = |body: &Value| sam.post_json(&invited.path(), body, &headers);
    let accept = json!({ "action": "accept", "token": invited.token() });
    assert_eq!(send(&accept).is(403).code(), "invite_mismatch");
    let ask = json!({ "action": "send_code", "token": invited.token() });
    assert_eq!(send(&ask).is(200).json()["state"], "code_sent");
    let code = code(&app);
    let mut with_code = accept.clone();
    with_code["code"] = json!("000000");
    assert_eq!(send(&with_code).is(403).code(), "code_invalid");
    assert_eq!(state(&app, &invited), "pending");
    with_code["code"] = json!(code);
    assert_eq!(send(&with_code).is(200).json()["state"], "accepted");
}

#[test]
fn the_proved_address_of_another_account_stays_there() {
    let app = TestApp::start();
    app.user("sam@other.test", "Sam", Role::Member);
    app.user(ADA, "Ada", Role::Member);
    let invited = app.invited(ADA);
    let mut sam = app.signed_in("sam@other.test");
    let form = sam
        .open(&invited.link)
        .is(200)
        .page()
        .form("/self-service/invite");
    let sent = sam.submit(form.press_named("action", "send_code")).is(303);
    let page = sam.get(sent.header("location")).is(200).page();
    let form = page.form("/self-service/invite").fill("code", &code(&app));
    let refused = sam.submit(form.press_named("action", "accept")).is(409);
    assert!(
        refused
            .page()
            .text("main")
            .contains("belongs to another account")
    );
    assert_eq!(state(&app, &invited), "pending");
}

#[test]
fn nobody_else_is_sent_codes() {
    let app = TestApp::start();
    app.user(ADA, "Ada", Role::Member);
    let invited = app.invited(ADA);
    let ask = json!({ "action": "send_code", "token": invited.token() });
    // Signed out, and signed in as the right person.
    let refused = app.anonymous().post_json(&invited.path(), &ask, &[]);
    assert_eq!(refused.is(422).json()["errors"][0]["field"], "action");
    let origin = app.origin();
    let headers = [("origin", origin.as_str())];
    let mut ada = app.signed_in(ADA);
    ada.post_json(&invited.path(), &ask, &headers).is(422);
    assert!(app.mails().is_empty());
}
