//! Members whom a template lets invite: what they see and do in the console.

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::support::app::TestApp;
use crate::support::client::Browser;
use crate::support::door::user_id;

const LIST: &str = "/admin/invites";
const NEW: &str = "/admin/invites/new";

/// A group of one member, and a template that lets it invite.
pub(super) fn letting_mia_invite(app: &TestApp) -> (Browser, String) {
    app.user("mia@example.org", "Mia", Role::Member);
    let api = app.api();
    let group = api.post("/api/v1/groups", &json!({ "name": "Hosts" }));
    let group = group.is(201).json()["id"].as_str().unwrap().to_owned();
    let mia = user_id(app, "mia@example.org");
    let member = format!("/api/v1/groups/{group}/members/{mia}");
    api.put(&member, &json!({})).is(200);
    let body =
        json!({ "name": "Guests", "invitable_by": { "roles": ["owner"], "groups": [group] } });
    let made = api.post("/api/v1/invite-templates", &body).is(201).json();
    let template = made["id"].as_str().unwrap().to_owned();
    (app.signed_in("mia@example.org"), template)
}

pub(super) fn send(browser: &mut Browser, address: &str) -> String {
    let page = browser.get(NEW).is(200).page();
    let form = page
        .form(".card form[method='post']")
        .fill("email", address);
    let check = browser.submit(form.submit()).is(200).page();
    let sent = browser.submit(check.form(NEW).press("Send invite")).is(303);
    sent.header("location").to_owned()
}

#[test]
fn a_member_whom_no_template_names_finds_no_invites() {
    let app = TestApp::start();
    letting_mia_invite(&app);
    app.user("ben@example.org", "Ben", Role::Member);
    let mut other = app.signed_in("ben@example.org");
    let start = other.get("/").is(200).page();
    assert_eq!(start.count("a[href='/admin/invites']"), 0);
    for path in [LIST, NEW, "/admin/invite-templates", "/admin/schemas"] {
        other.get(path).is(403);
    }
}

#[test]
fn a_member_whom_a_template_names_invites_members_and_sees_their_own_invites() {
    let app = TestApp::start();
    let (mut mia, template) = letting_mia_invite(&app);
    let mut owner = app.owner();
    let foreign = send(&mut owner, "eve@example.org");
    let start = mia.get("/").is(200).page();
    assert_eq!(start.link("My invites"), LIST);
    let none = mia.get(LIST).is(200).page();
    assert!(none.text("main").contains("No invites yet"));
    assert!(!none.text("main").contains("Invite templates"));

    // There is one template and one role to choose from.
    let page = mia.get(NEW).is(200).page();
    let form = page.form("main form[method='post']");
    assert_eq!(form.value("template"), template);
    assert_eq!(page.texts("#f-role label").len(), 1);
    let forged = form.fill("email", "x@example.org").forge("role", "admin");
    let refused = mia.submit(forged.submit()).is(403).page();
    assert!(refused.text(".error-sum").contains("cannot give the role"));

    // Whether somebody has an account is not told.
    let page = mia.get(NEW).is(200).page();
    let known = page.form("main form[method='post']");
    let known = known.fill("email", "grace@example.org");
    let check = mia.submit(known.submit()).is(200).page();
    assert!(!check.text("main").contains("has an account"));

    let own = send(&mut mia, "ada@example.org");
    let list = mia.get(LIST).is(200).page();
    assert!(list.text("table").contains("ada@example.org"));
    assert!(!list.text("main").contains("eve@example.org"));
    for (path, status) in [(&own, 200), (&foreign, 404)] {
        assert_eq!(mia.get(path).status, status, "{path}");
        assert_eq!(mia.get(&format!("{path}/revoke")).status, status, "{path}");
    }
    let detail = mia.get(&own).is(200).page();
    mia.submit(detail.form(&format!("{own}/resend")).submit())
        .is(303);
    let page = mia.get(&format!("{own}/revoke")).is(200).page();
    mia.submit(page.form(&format!("{own}/revoke")).submit())
        .is(303);
    assert!(
        mia.get(LIST)
            .is(200)
            .page()
            .text("table")
            .contains("Revoked")
    );
    app.mails();
}

#[test]
fn who_loses_the_right_loses_the_pages() {
    let app = TestApp::start();
    let (mut mia, template) = letting_mia_invite(&app);
    let own = send(&mut mia, "ada@example.org");
    let body: Value = json!({ "invitable_by": { "roles": ["owner"], "groups": [] } });
    let path = format!("/api/v1/invite-templates/{template}");
    let detail = mia.get(&own).is(200).page();
    app.api().patch(&path, &body).is(200);
    mia.submit(detail.form(&format!("{own}/resend")).submit())
        .is(403);
    for path in [LIST, NEW, &own] {
        mia.get(path).is(403);
    }
    let start = mia.get("/").is(200).page();
    assert_eq!(start.count("a[href='/admin/invites']"), 0);
    app.mails();
}
