//! People invited by phone: the link in a text message, and signing in with a code afterwards.

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::invited::Invited;
use crate::support::sms::Gateway;

const INVITES: &str = "/api/v1/invites";
const BEN: &str = "+351215550100";

fn with_gateway() -> (TestApp, Gateway) {
    let gateway = Gateway::start();
    let app = TestApp::with(Options {
        sms: Some(gateway.url()),
        ..Options::default()
    });
    (app, gateway)
}

/// The invite, and the link of the one text message that came.
fn texted(app: &TestApp, gateway: &Gateway, body: &Value) -> Invited {
    let made = app.api().post(INVITES, body).is(201).json();
    app.run_jobs();
    let texts = gateway.take();
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0].to, BEN);
    let (_, link) = texts[0].text.split_once(": ").unwrap();
    Invited {
        id: made["id"].as_str().unwrap().to_owned(),
        link: link.trim().to_owned(),
    }
}

#[test]
fn somebody_invited_by_phone_joins_and_signs_in_with_a_code() {
    let (app, gateway) = with_gateway();
    let invited = texted(&app, &gateway, &json!({ "phone": "+351 21 555 01 00" }));
    let seen = app.api().get(&format!("{INVITES}/{}", invited.id)).json();
    assert_eq!(seen["phone"], BEN);
    assert_eq!(seen["email"], Value::Null);
    assert_eq!(seen["delivery"], "sms");
    assert_eq!(seen["mail"]["state"], "sent");
    let mut ben = app.anonymous();
    let page = ben.open(&invited.link).is(200).page();
    assert!(page.text("main").contains(BEN));
    let form = page
        .form("/self-service/invite")
        .fill("display_name", "Ben");
    // No password is needed where a code will do.
    ben.submit(form.press_named("action", "accept")).is(303);
    let user = app.api().get("/api/v1/users?q=%2B35121").json()["items"][0].clone();
    assert_eq!(user["phone"], BEN);
    assert_eq!(user["phone_verified"], true);
    assert_eq!(user["email"], Value::Null);

    let mut later = app.anonymous();
    let form = later.get("/sign-in").is(200).page().form("/sign-in");
    let asked = later.submit(form.fill("email", BEN).press_named("with", "code"));
    app.run_jobs();
    let code = gateway.take()[0].code();
    let page = later.get(asked.header("location")).is(200).page();
    let form = page.form("/sign-in/code").fill("code", &code);
    later.submit(form.submit()).is(303);
    later.get("/settings/profile").is(200);
}

#[test]
fn a_link_that_was_handed_over_proves_no_number_and_wants_a_password() {
    let (app, gateway) = with_gateway();
    let invited = app.invited_with(&json!({ "phone": BEN, "delivery": "link" }));
    let bare = json!({ "action": "accept", "token": invited.token(), "display_name": "Ben" });
    let refused = app.anonymous().post_json(&invited.path(), &bare, &[]);
    assert_eq!(refused.is(422).code(), "password_too_weak");
    let mut whole = bare;
    whole["password"] = json!(PASSWORD);
    let done = app.anonymous().post_json(&invited.path(), &whole, &[]);
    assert_eq!(done.is(200).json()["user"]["phone"], BEN);
    let user = app.api().get("/api/v1/users?q=%2B35121").json()["items"][0].clone();
    assert_eq!(user["phone_verified"], false);
    assert!(gateway.take().is_empty());
}

#[test]
fn an_invite_goes_the_way_that_suits_its_address() {
    let (app, gateway) = with_gateway();
    let api = app.api();
    for (body, field, code) in [
        (
            json!({ "phone": BEN, "delivery": "email" }),
            "delivery",
            "not_for_address",
        ),
        (
            json!({ "email": "ada@example.org", "delivery": "sms" }),
            "delivery",
            "not_for_address",
        ),
        (
            json!({ "email": "ada@example.org", "phone": BEN }),
            "phone",
            "only_one_address",
        ),
        (json!({ "phone": "0215550100" }), "phone", "not_a_phone"),
        (json!({ "phone": ["+351215550100"] }), "phone", "wrong_type"),
    ] {
        let refused = api.post(INVITES, &body).is(422).json();
        assert_eq!(refused["errors"][0]["field"], field, "{body}");
        assert_eq!(refused["errors"][0]["code"], code, "{body}");
    }
    let invited = texted(&app, &gateway, &json!({ "phone": BEN }));
    let path = format!("{INVITES}/{}", invited.id);
    assert_eq!(
        api.post(INVITES, &json!({ "phone": BEN })).is(409).code(),
        "invite_exists"
    );
    api.post(&format!("{path}/resend"), &json!({})).is(200);
    app.run_jobs();
    assert_eq!(gateway.take().len(), 1);
    // A mail address in its place ends the links that went to the phone.
    let changed = api
        .patch(&path, &json!({ "email": "ben@example.org" }))
        .is(200);
    assert_eq!(changed.json()["delivery"], "email");
    assert_eq!(
        app.anonymous().get_json(&invited.link).is(410).code(),
        "invite_revoked"
    );
    app.mailed_link();
}

#[test]
fn a_text_message_proves_the_number_of_somebody_who_has_an_account() {
    let (app, gateway) = with_gateway();
    let verified = |app: &TestApp| {
        let found = app.api().get("/api/v1/users?q=ben@").is(200).json();
        found["items"][0]["phone_verified"].clone()
    };
    app.user("ben@example.org", "Ben", Role::Member);
    app.execute(&format!(
        "UPDATE users SET phone = '{BEN}' WHERE email = 'ben@example.org'"
    ));
    let mut ben = app.signed_in("ben@example.org");
    // One that was handed over does not.
    for (delivery, is_proved) in [("link", false), ("sms", true)] {
        let body = json!({ "phone": BEN, "delivery": delivery });
        let invited = match delivery {
            "sms" => texted(&app, &gateway, &body),
            _ => app.invited_with(&body),
        };
        let page = ben.open(&invited.link).is(200).page();
        let form = page.form("/self-service/invite");
        ben.submit(form.press_named("action", "accept")).is(303);
        assert_eq!(verified(&app), is_proved, "{delivery}");
    }
}
