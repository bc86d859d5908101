//! Phone numbers on accounts: made, proved, shown, found, and gone with the account.

use serde_json::json;
use vestibule::access::{Actor, Role};
use vestibule::clock::minutes;
use vestibule::users::actions::create;
use vestibule::users::model::NewUser;

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::door::{is_in, sign_in};
use crate::support::sms::{Gateway, Message};

/// An account that has a phone number and nothing else.
fn with_phone(app: &TestApp, name: &str, phone: &str) -> vestibule::error::Result<String> {
    let new = NewUser {
        phone: Some(phone.parse().unwrap()),
        ..NewUser::plain(name.to_owned(), None, Role::Member)
    };
    let made = app
        .parts
        .app
        .db
        .write_now(move |tx| create(tx, &Actor::operator(), &new));
    made.map(|user| user.id.to_string())
}

#[test]
fn a_number_is_told_found_by_its_beginning_and_belongs_to_one_account() {
    let app = TestApp::start();
    let id = with_phone(&app, "Ben", "+351 21 555 01 00").unwrap();
    let api = app.api();
    let told = api.get(&format!("/api/v1/users/{id}")).is(200).json();
    assert_eq!(told["phone"], "+351215550100");
    assert_eq!(told["phone_verified"], false);
    assert_eq!(told["email"], serde_json::Value::Null);
    for q in ["%2B351", "%2B351%2021%20555", "%2B351215550100"] {
        let found = api.get(&format!("/api/v1/users?q={q}")).is(200).json();
        assert_eq!(found["items"][0]["id"], id.as_str(), "{q}");
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{q}");
    }
    let none = api.get("/api/v1/users?q=%2B3512155501001").is(200).json();
    assert_eq!(none["items"].as_array().unwrap().len(), 0);
    let taken = with_phone(&app, "Eve", "+351 215 550 100").unwrap_err();
    assert_eq!(taken.code().as_str(), "address_taken");

    let mut owner = app.owner();
    let list = owner.get("/admin/users").is(200).page();
    assert!(list.text("main").contains("+351215550100"));
    let page = owner.get(&format!("/admin/users/{id}")).is(200).page();
    let text = page.text("main");
    assert!(text.contains("Phone+351215550100 Not verified"), "{text}");
}

#[test]
fn a_deleted_account_keeps_no_number() {
    let app = TestApp::start();
    let id = with_phone(&app, "Ben", "+351215550100").unwrap();
    let api = app.api();
    api.delete(&format!("/api/v1/users/{id}")).is(204);
    let left = api.get(&format!("/api/v1/users/{id}")).is(200).json();
    assert_eq!(left["phone"], serde_json::Value::Null);
    with_phone(&app, "Another", "+351215550100").unwrap();
}

fn link(message: &Message) -> String {
    let words = message.text.split_whitespace();
    let found = words.into_iter().find(|word| word.starts_with("http"));
    found.unwrap().to_owned()
}

#[test]
fn who_is_made_with_a_number_gets_a_link_by_sms_that_proves_it() {
    let gateway = Gateway::start();
    let app = TestApp::with(Options {
        sms: Some(gateway.url()),
        ..Options::default()
    });
    let api = app.api();
    let body = json!({ "phone": "+351 21 555 01 00", "display_name": "Ben" });
    let made = api.post("/api/v1/users", &body).is(201).json();
    assert_eq!(made["phone_verified"], false);
    app.run_jobs();
    let messages = gateway.take();
    assert_eq!(
        (messages.len(), messages[0].to.as_str()),
        (1, "+351215550100")
    );
    let mut ben = app.anonymous();
    let page = ben.open(&link(&messages[0])).is(200).page();
    let form = page.form("/recover/new").fill("password", PASSWORD);
    ben.submit(form.submit()).is(303);
    assert!(is_in(&mut ben));
    let id = made["id"].as_str().unwrap();
    let told = api.get(&format!("/api/v1/users/{id}")).json();
    assert_eq!(told["phone_verified"], true);
    sign_in(&mut app.anonymous(), "+351215550100", PASSWORD).is(303);

    for (wrong, field, code) in [
        (json!({ "display_name": "X" }), "email", "required"),
        (
            json!({ "phone": "0215550100", "display_name": "X" }),
            "phone",
            "not_a_phone",
        ),
        (
            json!({ "phone": "", "display_name": "X" }),
            "phone",
            "required",
        ),
    ] {
        let refused = api.post("/api/v1/users", &wrong).is(422).json();
        assert_eq!(refused["errors"][0]["field"], field, "{wrong}");
        assert_eq!(refused["errors"][0]["code"], code, "{wrong}");
    }
    let taken = json!({ "phone": "+351215550100", "display_name": "X" });
    assert_eq!(
        api.post("/api/v1/users", &taken).is(409).code(),
        "address_taken"
    );
}

#[test]
fn a_number_is_proved_by_a_link_that_an_administrator_has_sent() {
    let gateway = Gateway::start();
    let app = TestApp::with(Options {
        sms: Some(gateway.url()),
        ..Options::default()
    });
    let id = with_phone(&app, "Ben", "+351215550100").unwrap();
    let api = app.api();
    let send = format!("/api/v1/users/{id}/verification");
    let other = api
        .post(&send, &json!({ "phone": "+351215550199" }))
        .is(422)
        .json();
    assert_eq!(other["errors"][0]["field"], "phone");
    let both = json!({ "phone": "+351215550100", "email": "ben@example.org" });
    api.post(&send, &both).is(422);
    let sent = api
        .post(&send, &json!({ "phone": "+351 21 555 01 00" }))
        .is(202)
        .json();
    assert_eq!(sent["phone"], "+351215550100");
    assert_eq!(sent["email"], serde_json::Value::Null);
    // The same from the console; the first link stops working.
    app.advance(minutes(15));
    let mut owner = app.owner();
    let page = owner.get(&format!("/admin/users/{id}")).page();
    owner
        .submit(
            page.form(&format!("/admin/users/{id}/verification"))
                .submit(),
        )
        .is(303);
    app.run_jobs();
    let messages = gateway.take();
    assert_eq!(app.anonymous().open(&link(&messages[0])).status, 410);
    let mut ben = app.anonymous();
    let page = ben.open(&link(&messages[1])).is(200).page();
    assert!(page.text("main").contains("+351215550100"));
    ben.submit(page.form("/verify").submit()).is(303);
    let told = api.get(&format!("/api/v1/users/{id}")).json();
    assert_eq!(told["phone_verified"], true);
}
