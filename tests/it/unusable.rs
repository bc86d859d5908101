//! Templates and schemas that nobody could use are refused when they are saved, and the field is named.

use serde_json::{Value, json};

use crate::support::app::TestApp;

const TEMPLATES: &str = "/api/v1/invite-templates";
const SCHEMAS: &str = "/api/v1/schemas";

#[test]
fn a_template_whose_parts_do_not_fit_is_not_saved() {
    let app = TestApp::start();
    let api = app.api();
    let plain = api
        .post(TEMPLATES, &json!({ "name": "Plain" }))
        .is(201)
        .json();
    let path = format!("{TEMPLATES}/{}", plain["id"].as_str().unwrap());
    for (parts, field, code) in [
        (
            json!({ "identifier": "phone", "delivery": "email" }),
            "delivery",
            "not_for_address",
        ),
        (
            json!({ "identifier": "email", "delivery": "sms" }),
            "delivery",
            "not_for_address",
        ),
        (
            json!({ "identifier": "none", "match": "bearer", "roles": ["admin"] }),
            "roles",
            "members_alone",
        ),
        (
            json!({ "fields": { "floor": "required" } }),
            "fields",
            "unknown_traits",
        ),
        (json!({ "domains": ["a.123"] }), "domains", "not_a_domain"),
        (
            json!({ "domains": ["xn--a.org"] }),
            "domains",
            "not_a_domain",
        ),
    ] {
        let mut whole = json!({ "name": "Other" });
        for (name, value) in parts.as_object().unwrap() {
            whole[name] = value.clone();
        }
        for refused in [api.post(TEMPLATES, &whole), api.patch(&path, &parts)] {
            let errors = refused.is(422).json()["errors"].clone();
            assert_eq!(errors.as_array().unwrap().len(), 1, "{parts}: {errors}");
            assert_eq!(
                (&errors[0]["field"], &errors[0]["code"]),
                (&json!(field), &json!(code))
            );
        }
    }
    for good in [
        json!({ "identifier": "phone", "delivery": "sms" }),
        json!({ "identifier": "email", "delivery": "link" }),
    ] {
        api.patch(&path, &good).is(200);
    }
}

#[test]
fn a_schema_that_nobody_can_fill_in_is_not_saved() {
    let app = TestApp::start();
    let api = app.api();
    let good =
        json!({ "type": "object", "properties": { "a": { "enum": ["b"] } }, "required": ["a"] });
    api.post(SCHEMAS, &json!({ "id": "good", "schema": good }))
        .is(201);
    let fault = |answer: crate::support::client::Answer| -> [Value; 3] {
        let error = answer.is(422).json()["errors"][0].clone();
        ["field", "code", "detail"].map(|name| error[name].clone())
    };
    for (schema, says) in [
        (
            json!({ "type": "object", "properties": { "a": { "enum": [] } } }),
            "/properties/a/enum",
        ),
        (
            json!({ "type": "object", "properties": { "a": {} }, "required": ["b"] }),
            "\"b\"",
        ),
    ] {
        let body = json!({ "id": "bad", "schema": schema });
        let patch = json!({ "schema": schema });
        for refused in [
            api.post(SCHEMAS, &body),
            api.patch(&format!("{SCHEMAS}/good"), &patch),
        ] {
            let [field, code, detail] = fault(refused);
            assert_eq!((field, code), (json!("schema"), json!("not_a_schema")));
            assert!(detail.as_str().unwrap().contains(says), "{detail}");
        }
    }
    let [field, code, detail] = fault(api.post(SCHEMAS, &json!({ "id": "", "schema": good })));
    assert_eq!((field, code), (json!("id"), json!("required")));
    assert_eq!(detail, "Enter an id.");
}
