//! The name of the person: asked for once, whatever the schema says.

use serde_json::{Value, json};

use crate::support::app::{PASSWORD, TestApp};
use crate::support::invited::Invited;

const NAME: &str = "display_name";

/// An invite whose schema has these properties, with what its template says of the fields and with traits.
fn invited(app: &TestApp, properties: &Value, fields: &Value, traits: &Value) -> Invited {
    let api = app.api();
    let schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": false });
    let body = json!({ "id": "people", "schema": schema });
    api.post("/api/v1/schemas", &body).is(201);
    let template = json!({ "name": "People", "schema_id": "people", "fields": fields });
    let made = api
        .post("/api/v1/invite-templates", &template)
        .is(201)
        .json();
    let body = json!({ "email": "ada@example.org", "template": made["id"], "traits": traits });
    app.invited_with(&body)
}

fn user(app: &TestApp) -> Value {
    let user = app.api().get("/api/v1/users?q=ada@example.org").json();
    let user = &user["items"][0];
    json!([user["display_name"], user["traits"]])
}

#[test]
fn a_form_asks_once_for_the_name_and_keeps_it_where_the_schema_wants_it() {
    let name = json!({ "name": { "type": "string", "title": "Full name", "maxLength": 20 } });
    let suggested = json!({ "name": "Ada L." });
    for (properties, traits, kept) in [
        (json!({}), json!({}), json!({})),
        (name.clone(), json!({}), json!({ "name": "Ada Lovelace" })),
        (name, suggested.clone(), json!({ "name": "Ada Lovelace" })),
    ] {
        let app = TestApp::start();
        let invited = invited(&app, &properties, &json!({}), &traits);
        let mut ada = app.anonymous();
        let page = ada.open(&invited.link).is(200).page();
        assert_eq!(page.count("[name='traits.name']"), 0);
        assert_eq!(page.count("[name='display_name']"), 1);
        let form = page.form("/self-service/invite");
        let suggestion = traits["name"].as_str().unwrap_or_default();
        assert_eq!(form.value(NAME), suggestion);
        let form = form.fill(NAME, " Ada Lovelace ").fill("password", PASSWORD);
        ada.submit(form.press_named("action", "accept")).is(303);
        assert_eq!(user(&app), json!(["Ada Lovelace", kept]));
    }
}

#[test]
fn a_name_that_the_schema_refuses_is_told_beside_the_one_field() {
    let app = TestApp::start();
    let name = json!({ "name": { "type": "string", "maxLength": 20 } });
    let invited = invited(&app, &name, &json!({}), &json!({}));
    let mut ada = app.anonymous();
    let page = ada.open(&invited.link).is(200).page();
    let form = page.form("/self-service/invite");
    let form = form.fill(NAME, &"A".repeat(21)).fill("password", PASSWORD);
    let refused = ada
        .submit(form.press_named("action", "accept"))
        .is(422)
        .page();
    assert!(refused.text("#f-display_name-error").contains("at most 20"));
    let form = refused.form("/self-service/invite");
    let form = form.fill(NAME, "").fill("password", PASSWORD);
    let refused = ada
        .submit(form.press_named("action", "accept"))
        .is(422)
        .page();
    assert_eq!(refused.texts(".error-sum li"), ["Enter your name."]);
}

#[test]
fn a_name_that_the_invite_decides_is_not_asked_for() {
    for (mode, is_seen) in [("locked", true), ("hidden", false)] {
        let app = TestApp::start();
        let name = json!({ "name": { "type": "string" } });
        let traits = json!({ "name": "Ada King" });
        let invited = invited(&app, &name, &json!({ "name": mode }), &traits);
        let mut ada = app.anonymous();
        let page = ada.open(&invited.link).is(200).page();
        assert_eq!(page.count("[name='display_name'], [name='traits.name']"), 0);
        assert_eq!(page.text("main").contains("Ada King"), is_seen);
        let form = page.form("/self-service/invite").fill("password", PASSWORD);
        let form = form.forge(NAME, "Eve").forge("traits.name", "Eve");
        ada.submit(form.press_named("action", "accept")).is(303);
        assert_eq!(user(&app), json!(["Ada King", traits]));
    }
}

#[test]
fn a_program_says_either_or_both() {
    for (said, kept) in [
        (json!({ NAME: "Ada" }), json!(["Ada", { "name": "Ada" }])),
        (
            json!({ "traits": { "name": "Ada L." } }),
            json!(["Ada L.", { "name": "Ada L." }]),
        ),
        (
            json!({ NAME: "Ada", "traits": { "name": "Ada L." } }),
            json!(["Ada", { "name": "Ada L." }]),
        ),
    ] {
        let app = TestApp::start();
        let name = json!({ "name": { "type": "string" } });
        let invited = invited(&app, &name, &json!({}), &json!({}));
        let mut body =
            json!({ "action": "accept", "token": invited.token(), "password": PASSWORD });
        for (field, value) in said.as_object().unwrap() {
            body[field] = value.clone();
        }
        app.anonymous()
            .post_json(&invited.path(), &body, &[])
            .is(200);
        assert_eq!(user(&app), kept);
    }
}

#[test]
fn the_list_of_what_is_wrong_names_the_fields_of_the_schema() {
    let app = TestApp::start();
    let properties = json!({ "floor": { "type": "integer", "title": "Floor", "minimum": 0 } });
    let invited = invited(
        &app,
        &properties,
        &json!({ "floor": "required" }),
        &json!({}),
    );
    let mut ada = app.anonymous();
    let page = ada.open(&invited.link).is(200).page();
    let form = page
        .form("/self-service/invite")
        .fill(NAME, "")
        .fill("password", "x");
    let refused = ada
        .submit(form.press_named("action", "accept"))
        .is(422)
        .page();
    // In the order of the page; what says itself what it is about is not named twice.
    let told = refused.texts(".error-sum li");
    assert_eq!(told[..2], ["Enter your name.", "Floor: Fill this in."]);
    assert!(told[2].contains("password"), "{told:?}");
    let link = refused.attr(".error-sum li:nth-child(2) a", "href");
    assert_eq!(link.as_deref(), Some("#f-traits.floor"));
    assert!(
        refused
            .text("[id='f-traits.floor-error']")
            .ends_with("Fill this in.")
    );
}
