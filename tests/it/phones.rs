//! Phone numbers on accounts: shown, found, and gone with the account.

use vestibule::access::{Actor, Role};
use vestibule::users::actions::create;
use vestibule::users::model::NewUser;

use crate::support::app::TestApp;

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
