//! The terms: agreed to before there is an account, and kept with it.

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::support::app::{PASSWORD, TestApp};

fn with_terms(version: &str) -> TestApp {
    let app = TestApp::start();
    set_terms(&app, version);
    app
}

fn set_terms(app: &TestApp, version: &str) {
    let terms = json!({ "terms": { "version": version, "url": "https://example.org/terms" } });
    app.api().patch("/api/v1/settings", &terms).is(200);
}

fn terms_of(app: &TestApp, email: &str) -> Value {
    let found = app.api().get(&format!("/api/v1/users?q={email}")).is(200);
    found.json()["items"][0]["terms"].clone()
}

#[test]
fn a_new_person_has_to_tick_the_terms_and_the_version_is_kept() {
    let app = with_terms("2026-11");
    let invited = app.invited("ada@example.org");
    let mut ada = app.anonymous();
    let page = ada.open(&invited.link).is(200).page();
    assert_eq!(
        page.link("Read the terms (opens in a new tab)"),
        "https://example.org/terms"
    );
    let form = page
        .form("/self-service/invite")
        .fill("display_name", "Ada")
        .fill("password", PASSWORD);
    let refused = ada.submit(form.press_named("action", "accept")).is(422);
    let page = refused.page();
    assert!(page.title().starts_with("Error: "));
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 1);
    let form = page
        .form("/self-service/invite")
        .fill("password", PASSWORD)
        .tick("terms_accepted");
    ada.submit(form.press_named("action", "accept")).is(303);
    let terms = terms_of(&app, "ada@example.org");
    assert_eq!(terms["version"], "2026-11");
    assert_eq!(terms["accepted_at"], "2026-11-22T09:00:00Z");
}

#[test]
fn a_program_is_told_that_the_terms_are_missing() {
    let app = with_terms("2026-11");
    let invited = app.invited("ada@example.org");
    let seen = app.anonymous().get_json(&invited.link).is(200).json();
    assert_eq!(seen["terms"]["version"], "2026-11");
    let mut body = invited.accept();
    let refused = app.anonymous().post_json(&invited.path(), &body, &[]);
    assert_eq!(refused.is(422).code(), "terms_required");
    body["terms_accepted"] = json!("yes");
    let refused = app.anonymous().post_json(&invited.path(), &body, &[]);
    assert_eq!(
        refused.is(422).json()["errors"][0]["field"],
        "terms_accepted"
    );
    body["terms_accepted"] = json!(true);
    app.anonymous()
        .post_json(&invited.path(), &body, &[])
        .is(200);
    assert_eq!(terms_of(&app, "ada@example.org")["version"], "2026-11");
}

#[test]
fn somebody_with_an_account_agrees_to_what_is_new_to_them_and_to_nothing_twice() {
    let app = with_terms("1");
    app.user("bob@example.org", "Bob", Role::Member);
    let mut bob = app.signed_in("bob@example.org");
    for (version, asked) in [("1", true), ("1", false), ("2", true)] {
        set_terms(&app, version);
        let invited = app.invited("bob@example.org");
        let page = bob.open(&invited.link).is(200).page();
        assert_eq!(page.count("[name=terms_accepted]"), usize::from(asked));
        let mut form = page.form("/self-service/invite");
        if asked {
            bob.submit(form.clone().press_named("action", "accept"))
                .is(422);
            form = form.tick("terms_accepted");
        }
        bob.submit(form.press_named("action", "accept")).is(303);
        assert_eq!(terms_of(&app, "bob@example.org")["version"], version);
    }
}

#[test]
fn without_terms_none_are_asked_for_and_none_are_kept() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let mut body = invited.accept();
    body["terms_accepted"] = json!(true);
    app.anonymous()
        .post_json(&invited.path(), &body, &[])
        .is(200);
    assert_eq!(terms_of(&app, "ada@example.org"), Value::Null);
}

#[test]
fn a_tick_is_for_the_version_that_was_shown() {
    let app = with_terms("2026-11");
    let invited = app.invited("ada@example.org");
    let mut ada = app.anonymous();
    let page = ada.open(&invited.link).is(200).page();
    let form = page
        .form("/self-service/invite")
        .fill("display_name", "Ada")
        .fill("password", PASSWORD)
        .tick("terms_accepted");
    set_terms(&app, "2026-12");
    let asked_again = ada
        .submit(form.press_named("action", "accept"))
        .is(422)
        .page();
    let form = asked_again.form("/self-service/invite");
    assert!(form.values("terms_accepted").is_empty());
    let form = form.fill("password", PASSWORD).tick("terms_accepted");
    ada.submit(form.press_named("action", "accept")).is(303);
    assert_eq!(terms_of(&app, "ada@example.org")["version"], "2026-12");
}
