//! The form that makes an invite, with templates beside the default one.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Browser;
use crate::support::html::{Form, Page};

const NEW: &str = "/admin/invites/new";

fn made(app: &TestApp, path: &str, body: &Value) -> String {
    let made = app.api().post(path, body).is(201).json();
    made["id"].as_str().unwrap().to_owned()
}

/// A template that gives one of two groups to members and knows where they sit.
fn workshop(app: &TestApp, policy: &Value) -> (String, String) {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "department": { "type": "string", "title": "Department" },
            "floor": { "type": "integer", "title": "Floor", "minimum": 0 },
            "news": { "type": "boolean", "title": "News by mail" },
        },
        "required": ["floor"],
    });
    let body = json!({ "id": "staff", "schema": schema });
    made(app, "/api/v1/schemas", &body);
    let lab = made(app, "/api/v1/groups", &json!({ "name": "Lab" }));
    made(app, "/api/v1/groups", &json!({ "name": "Board" }));
    let mut body = json!({
        "name": "Workshop", "schema_id": "staff", "roles": ["member"], "groups": [lab],
    });
    for (name, value) in policy.as_object().unwrap() {
        body[name] = value.clone();
    }
    (made(app, "/api/v1/invite-templates", &body), lab)
}

/// The form of a template, chosen as a person chooses it.
fn choose(owner: &mut Browser, template: &str) -> Page {
    let page = owner.get(NEW).is(200).page();
    let choice = page
        .form("main form:not([method])")
        .fill("template", template);
    owner.submit(choice.submit()).is(200).page()
}

fn invite_form(page: &Page) -> Form {
    page.form("main form[method='post']")
}

#[test]
fn with_the_default_template_alone_nothing_is_to_be_chosen() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let page = owner.get(NEW).is(200).page();
    page.assert_no_inline();
    assert_eq!(page.count("select[name=template]"), 0);
    assert_eq!(page.count("[name^='traits.']"), 0);
    let form = invite_form(&page);
    assert_eq!(form.value("expires"), "7");
    assert_eq!(form.value("delivery"), "email");
    assert_eq!(form.value("role"), "member");
}

#[test]
fn a_template_brings_its_defaults_and_its_limits() {
    let app = TestApp::start();
    let policy = json!({ "expires_in": 129_600, "delivery": "link" });
    let (template, lab) = workshop(&app, &policy);
    let mut owner = app.owner();
    let page = choose(&mut owner, &template);
    let form = invite_form(&page);
    assert_eq!(page.texts("#f-role label").len(), 1);
    assert_eq!(page.texts("#f-groups label"), ["Lab"]);
    assert_eq!(form.value("delivery"), "link");
    assert!(
        page.text("#f-expires")
            .contains("in 36 hours, as the template says")
    );
    // The name has a field of its own.
    assert_eq!(page.count("[name='traits.name']"), 0);
    let form = form
        .fill("email", "ada@example.org")
        .fill("name", "Ada Lovelace")
        .fill("groups", &lab)
        .fill("label", "Lisbon 2026")
        .fill("traits.department", "Optics")
        .fill("traits.floor", "three");
    let refused = owner.submit(form.submit()).is(422).page();
    assert_eq!(refused.count("#f-traits\\.floor-error"), 1);
    let form = invite_form(&refused);
    assert_eq!(form.value("traits.department"), "Optics");
    let check = owner.submit(form.fill("traits.floor", "3").submit());
    let check = check.is(200).page();
    let words = check.text("main dl");
    for part in [
        "Workshop",
        "Lab",
        "Lisbon 2026",
        "Department",
        "Optics",
        "Floor",
        "3",
    ] {
        assert!(words.contains(part), "{part} is not in {words}");
    }
    let back = owner.submit(check.form(NEW).press("Change")).is(200).page();
    let form = invite_form(&back);
    assert_eq!(form.value("traits.floor"), "3");
    assert_eq!(form.value("template"), template);
    let check = owner.submit(form.submit()).is(200).page();
    let form = check.form(NEW).press("Make the link");
    owner.submit(form).is(200);
    let made = app.api().get("/api/v1/invites").is(200).json()["items"][0].clone();
    assert_eq!(made["template"], template.as_str());
    assert_eq!(made["schema_id"], "staff");
    assert_eq!(made["label"], "Lisbon 2026");
    let traits = json!({ "name": "Ada Lovelace", "department": "Optics", "floor": 3 });
    assert_eq!(made["traits"], traits);
    assert_eq!(made["expires_at"], "2026-11-23T21:00:00Z");
}

#[test]
fn what_the_person_cannot_enter_has_to_be_entered_here() {
    let app = TestApp::start();
    let (template, _) = workshop(&app, &json!({ "fields": { "floor": "hidden" } }));
    let mut owner = app.owner();
    let page = choose(&mut owner, &template);
    let form = invite_form(&page).fill("email", "ada@example.org");
    let refused = owner.submit(form.submit()).is(422).page();
    assert_eq!(refused.count("#f-traits\\.floor-error"), 1);
    let form = invite_form(&refused).fill("traits.floor", "0");
    let check = owner.submit(form.submit()).is(200).page();
    owner.submit(check.form(NEW).press("Send invite")).is(303);
    let mut ada = app.anonymous();
    let landing = ada.open(&app.mailed_link()).is(200).page();
    assert_eq!(landing.count("[name='traits.floor']"), 0);
    assert_eq!(landing.count("[name='traits.department']"), 1);
}

#[test]
fn an_invite_ends_on_a_day_of_ones_choice() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let form = |owner: &mut Browser, day: &str| {
        let page = owner.get(NEW).is(200).page();
        invite_form(&page)
            .fill("email", "ada@example.org")
            .fill("delivery", "link")
            .fill("expires", "date")
            .fill("ends_on", day)
    };
    for (day, words) in [
        ("", "Choose"),
        ("soon", "not a date"),
        ("2026-11-21", "in the future"),
        ("2027-03-22", "within the next 90 days"),
    ] {
        let refused = form(&mut owner, day).submit();
        let page = owner.submit(refused).is(422).page();
        let told = page.text("#f-ends_on-error");
        assert!(told.contains(words), "{day}: {told}");
    }
    let good = form(&mut owner, "2026-12-24").submit();
    let check = owner.submit(good).is(200).page();
    assert!(
        check
            .text("main dl")
            .contains("24 December 2026, 23:59 UTC")
    );
    owner.submit(check.form(NEW).press("Make the link")).is(200);
    let made = app.api().get("/api/v1/invites").is(200).json()["items"][0].clone();
    assert_eq!(made["expires_at"], "2026-12-24T23:59:59Z");
}

#[test]
fn a_template_that_is_no_longer_the_inviters_to_use_is_not_replaced_in_silence() {
    let app = TestApp::start();
    let (template, _) = workshop(&app, &json!({}));
    let mut ana = app.admin();
    let page = choose(&mut ana, &template);
    let form = invite_form(&page).fill("email", "ada@example.org");
    let body = json!({ "invitable_by": { "roles": ["owner"] } });
    let path = format!("/api/v1/invite-templates/{template}");
    app.api().patch(&path, &body).is(200);
    ana.submit(form.submit()).is(403);
    // It is not offered any more, so nothing is left to choose.
    let page = ana.get(NEW).is(200).page();
    assert_eq!(page.count("select[name=template]"), 0);
}
