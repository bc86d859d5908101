//! Open links in the console.

use serde_json::json;
use vestibule::access::Role;

use super::own::letting_mia_invite;
use crate::support::app::{Options, TestApp};
use crate::support::door::text;

#[test]
fn an_open_link_is_made_once_and_shown_once() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let page = grace.get("/admin/invites/open").is(200).page();
    let form = page
        .form("/admin/invites/open")
        .fill("label", "Workshop, Lisbon")
        .fill("max_uses", "40")
        .fill("domains", "example.org\nexample.net");
    let filled = form.submit();
    let again = filled.clone();
    let page = grace.submit(filled).is(200).page();
    let link = page.text("textarea");
    assert!(link.contains("/self-service/invite?flow=inv_"));
    // The same form again makes no second link.
    grace.submit(again).is(409);
    assert_eq!(app.count("SELECT count(*) AS count FROM invites"), 1);
    let made = &app.api().get("/api/v1/invites").json()["items"][0];
    assert_eq!(
        (&made["max_uses"], &made["label"]),
        (&40.into(), &"Workshop, Lisbon".into())
    );
    assert_eq!(made["domains"], json!(["example.net", "example.org"]));
    app.anonymous().open(&link).is(200);
    // The list and the page name it by its label.
    let list = grace.get("/admin/invites").is(200).page();
    assert!(list.text("tbody").contains("Workshop, Lisbon"));
    let path = format!("/admin/invites/{}", made["id"].as_str().unwrap());
    let page = grace.get(&path).is(200).page();
    assert_eq!(page.text("h1"), "Workshop, Lisbon");
    assert!(page.text("main").contains("0 of 40 places are taken"));
    // A further link shares the places; the old one goes on working.
    let other = grace.submit(page.form(&format!("{path}/link")).submit());
    assert!(other.is(200).page().text("textarea").contains("token="));
    app.anonymous().open(&link).is(200);
}

#[test]
fn what_is_wrong_stands_beside_its_field_and_nothing_is_lost() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let page = grace.get("/admin/invites/open").is(200).page();
    let form = page
        .form("/admin/invites/open")
        .fill("label", "Workshop")
        .fill("max_uses", "501")
        .fill("domains", "not a domain!")
        .fill("message", "Bring your laptop.");
    let page = grace.submit(form.submit()).is(422).page();
    assert!(page.title().starts_with("Error"));
    assert_eq!(
        page.attr("#f-max_uses", "aria-invalid"),
        Some("true".into())
    );
    assert_eq!(page.attr("#f-domains", "aria-invalid"), Some("true".into()));
    assert_eq!(
        page.attr("input[name=label]", "value"),
        Some("Workshop".into())
    );
    assert!(page.text("textarea[name=message]").contains("laptop"));
    for places in ["", "0", "-1", "ten", "1e3", "99999999999"] {
        let form = page.form("/admin/invites/open").fill("domains", "");
        let form = form.fill("max_uses", places);
        grace.submit(form.submit()).is(422);
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM invites"), 0);
}

#[test]
fn without_a_way_to_send_codes_the_page_says_so() {
    let app = TestApp::with(Options {
        no_mail: true,
        ..Options::default()
    });
    let mut grace = app.owner();
    let page = grace.get("/admin/invites/open").is(200).page();
    assert!(page.text("main").contains("cannot be made"));
    let form = page.form("/admin/invites/open");
    grace.submit(form.submit()).is(409);
}

#[test]
fn members_who_made_the_link_see_names_without_ways_to_the_users() {
    let app = TestApp::start();
    let (mut mia, _) = letting_mia_invite(&app);
    let page = mia.get("/admin/invites/open").is(200).page();
    let form = page.form(".card form[method='post']");
    mia.submit(form.submit()).is(200);
    let id = text(&app, "SELECT id AS text FROM invites");
    let ben = app.user("ben@example.org", "Ben", Role::Member);
    app.execute(&format!(
        "INSERT INTO invite_acceptances (invite_id, user_id, accepted_at) SELECT id, '{ben}', created_at \
         FROM invites WHERE id = '{id}'"
    ));
    let page = mia.get(&format!("/admin/invites/{id}")).is(200).page();
    assert_eq!(page.text("tbody th").trim(), "Ben");
    assert_eq!(page.count("a[href^='/admin/users']"), 0);
}

#[test]
fn a_template_that_is_gone_is_not_replaced_by_another_one_in_silence() {
    let app = TestApp::start();
    let api = app.api();
    let mut grace = app.owner();
    for (n, at) in ["open", "new"].into_iter().enumerate() {
        let body = json!({ "name": format!("Workshop {n}"), "expires_in": 86_400 });
        let made = api.post("/api/v1/invite-templates", &body).is(201).json();
        let template = made["id"].as_str().unwrap();
        let path = format!("/admin/invites/{at}");
        let page = grace
            .get(&format!("{path}?template={template}"))
            .is(200)
            .page();
        let form = page.form(".card form[method='post']");
        assert_eq!(form.value("template"), template);
        api.delete(&format!("/api/v1/invite-templates/{template}"))
            .is(204);
        let refused = grace.submit(form.submit()).is(403).page();
        assert!(refused.text("main").contains("template"), "{path}");
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM invites"), 0);
}
