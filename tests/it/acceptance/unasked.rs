//! Nobody gets what an invite gives but by its link: neither by registering with the address nor by signing in with it.

use serde_json::json;
use vestibule::access::Role;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::Browser;
use crate::support::invited::Invited;
use crate::support::sms::code_in;

const ADA: &str = "ada@example.org";

fn invited_as_admin(app: &TestApp) -> Invited {
    app.invited_with(&json!({ "email": ADA, "role": "admin", "delivery": "email" }))
}

fn state(app: &TestApp, invited: &Invited) -> String {
    let path = format!("/api/v1/invites/{}", invited.id);
    let told = app.api().get(&path).is(200).json();
    told["state"].as_str().unwrap().to_owned()
}

fn register(app: &TestApp) -> Browser {
    let body = json!({ "registration_open": true });
    app.api().patch("/api/v1/settings", &body).is(200);
    app.mails();
    let mut browser = app.anonymous();
    let page = browser.get("/register").is(200).page();
    let form = page.form("/register").fill("address", ADA);
    browser.submit(form.submit()).is(303);
    let code = code_in(&app.mails()[0].text());
    let page = browser.get("/register/code").is(200).page();
    let form = page
        .form("/register/code")
        .fill("code", &code)
        .fill("display_name", "Ada Lovelace")
        .fill("password", PASSWORD);
    browser.submit(form.submit()).is(303);
    browser
}

#[test]
fn who_registers_with_an_invited_address_becomes_what_everybody_becomes() {
    let app = TestApp::start();
    let invited = invited_as_admin(&app);
    let mut ada = register(&app);
    ada.get("/admin/users").is(403);
    assert_eq!(state(&app, &invited), "pending");
    // The link is still theirs, and it asks before it gives.
    let page = ada.open(&invited.link).is(200).page();
    assert_eq!(page.text("h1"), "Accept invite");
    ada.get("/admin/users").is(403);
    let form = page.form("/self-service/invite");
    ada.submit(form.press_named("action", "accept")).is(303);
    ada.get("/admin/users").is(200);
}

#[test]
fn who_signs_in_with_an_invited_address_has_accepted_nothing() {
    let app = TestApp::start();
    app.user(ADA, "Ada", Role::Member);
    let invited = invited_as_admin(&app);
    let mut ada = app.signed_in(ADA);
    ada.get("/").is(200);
    ada.get("/admin/users").is(403);
    assert_eq!(state(&app, &invited), "pending");
}
