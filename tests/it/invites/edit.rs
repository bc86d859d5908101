//! Changing a pending invite in the console.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::days;

use super::own::{letting_mia_invite, send};
use crate::support::app::TestApp;
use crate::support::client::Browser;
use crate::support::html::{Form, Page};

const API: &str = "/api/v1/invites";

fn made(app: &TestApp, body: &Value) -> (String, String) {
    let made = app.api().post(API, body).is(201).json();
    let id = made["id"].as_str().unwrap();
    (format!("{API}/{id}"), format!("/admin/invites/{id}"))
}

fn open(browser: &mut Browser, page: &str) -> Form {
    let path = format!("{page}/edit");
    browser.get(&path).is(200).page().form(&path)
}

fn group(app: &TestApp, name: &str) -> String {
    let made = app.api().post("/api/v1/groups", &json!({ "name": name }));
    made.is(201).json()["id"].as_str().unwrap().to_owned()
}

fn refused(page: &Page, field: &str) -> String {
    assert!(page.title().starts_with("Error: "));
    page.text(&format!("#f-{field}-error"))
}

#[test]
fn all_of_an_invite_can_be_changed_and_its_link_goes_on_working() {
    let app = TestApp::start();
    let schema = json!({ "id": "staff", "schema": { "type": "object", "required": ["floor"], "properties": {
        "name": { "type": "string" },
        "floor": { "type": "integer", "title": "Floor" },
        "news": { "type": "boolean", "title": "News" },
        "tags": { "type": "array" } } } });
    app.api().post("/api/v1/schemas", &schema).is(201);
    let (analysts, editors) = (group(&app, "Analysts"), group(&app, "Editors"));
    let (api, page) = made(
        &app,
        &json!({ "email": "ada@example.org", "groups": [analysts], "schema_id": "staff", "message": "Hello",
            "traits": { "name": "Ada", "floor": 3, "news": true, "tags": ["a"] }, "expires_in": 604_800 }),
    );
    let link = app.mailed_link();
    let mut grace = app.owner();
    let detail = grace.get(&page).is(200).page();
    assert_eq!(detail.link("Edit"), format!("{page}/edit"));
    assert_eq!(detail.link("Extend"), format!("{page}/edit#f-expires"));
    let form = open(&mut grace, &page);
    let kept = [
        "email",
        "name",
        "role",
        "groups",
        "message",
        "expires",
        "traits.floor",
        "traits.news",
    ]
    .map(|name| form.value(name));
    let expected = [
        "ada@example.org",
        "Ada",
        "member",
        &analysts,
        "Hello",
        "kept",
        "3",
        "yes",
    ];
    assert_eq!(kept, expected);
    let form = form
        .clear("groups")
        .fill("groups", &editors)
        .fill("role", "admin")
        .fill("name", "Ada Lovelace")
        .fill("message", "Welcome")
        .fill("label", "Spring")
        .fill("traits.floor", "4")
        .clear("traits.news")
        .fill("expires", "7");
    let saved = grace.submit(form.submit()).is(303);
    assert_eq!(saved.header("location"), page);
    let flash = grace.get(&page).is(200).page().text(".flash");
    assert!(flash.contains("6 December 2026"), "{flash}");
    let now = app.api().get(&api).is(200).json();
    assert_eq!(
        now["traits"],
        json!({ "name": "Ada Lovelace", "floor": 4, "tags": ["a"] })
    );
    assert_eq!(now["groups"], json!([editors]));
    for (part, value) in [
        ("role", "admin"),
        ("message", "Welcome"),
        ("label", "Spring"),
    ] {
        assert_eq!(now[part], value);
    }
    assert_eq!(now["expires_at"], "2026-12-06T09:00:00Z");
    assert!(app.mails().is_empty());
    app.anonymous().get_json(&link).is(200);
    let told = grace.get("/admin/audit").is(200).page().text("main");
    assert!(told.contains("Grace Hopper changed the invite to ada@example.org."));
    // What was saved is changed from there.
    let again = open(&mut grace, &page);
    assert_eq!(again.value("name"), "Ada Lovelace");
    grace.submit(again.submit()).is(303);
}

#[test]
fn a_new_address_gets_the_invite_and_the_old_links_die() {
    let app = TestApp::start();
    let (_, page) = made(&app, &json!({ "email": "ada@example.org" }));
    let old = app.mailed_link();
    made(&app, &json!({ "email": "taken@example.org" }));
    app.mails();
    let mut grace = app.owner();
    let form = open(&mut grace, &page).fill("email", "ada@example.net");
    grace.submit(form.submit()).is(303);
    let mail = app.mails().remove(0);
    assert_eq!(mail.to, ["ada@example.net"]);
    app.anonymous().get_json(&old).is(410);
    let detail = grace.get(&page).is(200).page();
    assert!(detail.text(".flash").contains("no longer work"));
    // One who has an invite already is told with the way to it, and nothing is lost.
    let form = open(&mut grace, &page);
    let form = form
        .fill("email", "taken@example.org")
        .fill("label", "Spring");
    let shown = grace.submit(form.submit()).is(409).page();
    assert!(refused(&shown, "email").contains("Already invited"));
    assert!(shown.link("Open it").starts_with("/admin/invites/inv_"));
    assert_eq!(shown.form(&format!("{page}/edit")).value("label"), "Spring");
    // A link that is handed over is made by hand.
    let mut body = json!({ "email": "eve@example.org", "delivery": "link" });
    let (api, page) = made(&app, &body);
    let form = open(&mut grace, &page).fill("email", "eve@example.net");
    grace.submit(form.submit()).is(303);
    body = app.api().get(&api).is(200).json();
    assert_eq!(
        (&body["email"], &body["delivery"]),
        (&json!("eve@example.net"), &json!("link"))
    );
    assert!(
        grace
            .get(&page)
            .is(200)
            .page()
            .text(".flash")
            .contains("make a new link")
    );
    assert!(app.mails().is_empty());
}

#[test]
fn an_end_is_today_or_later_and_within_ninety_days() {
    let app = TestApp::start();
    let (api, page) = made(
        &app,
        &json!({ "email": "ada@example.org", "expires_in": 6_912_000 }),
    );
    app.mails();
    let mut grace = app.owner();
    let on = |form: Form, day: &str| form.fill("expires", "date").fill("ends_on", day);
    // It ends in 80 days: 14 more would be too many.
    let form = open(&mut grace, &page);
    for (days, can) in [("3", true), ("7", true), ("14", false), ("30", false)] {
        let forged = form.clone().forge("expires", days).forge("email", "");
        let shown = grace.submit(forged.submit()).is(422).page();
        assert_eq!(shown.count("#f-expires-error"), usize::from(!can), "{days}");
    }
    for (day, words) in [
        ("2026-11-21", "must be in the future"),
        ("2027-02-25", "within the next 90 days"),
        ("", "Choose the date"),
        ("soon", "date"),
    ] {
        let shown = grace.submit(on(form.clone(), day).submit()).is(422).page();
        assert!(refused(&shown, "ends_on").contains(words), "{day}");
        assert_eq!(shown.form(&format!("{page}/edit")).value("ends_on"), day);
    }
    for (day, end) in [
        ("2026-11-22", "2026-11-22T23:59:59Z"),
        ("2027-02-19", "2027-02-19T23:59:59Z"),
    ] {
        let form = open(&mut grace, &page);
        grace.submit(on(form, day).submit()).is(303);
        assert_eq!(app.api().get(&api).json()["expires_at"], end);
    }
}

#[test]
fn who_saves_on_top_of_another_is_told_what_changed() {
    let app = TestApp::start();
    let analysts = group(&app, "Analysts");
    let (api, page) = made(&app, &json!({ "email": "ada@example.org", "label": "Old" }));
    app.mails();
    let mut grace = app.owner();
    let form = open(&mut grace, &page).fill("label", "Mine");
    let theirs = json!({ "label": "Theirs", "groups": [analysts], "role": "admin" });
    app.api().patch(&api, &theirs).is(200);
    let shown = grace.submit(form.submit()).is(409).page();
    let note = shown.text(".note.warn");
    for words in ["Label: Theirs", "Groups: Analysts", "Role: Administrator"] {
        assert!(note.contains(words), "{words} is not in {note}");
    }
    assert!(!note.contains("Email"));
    let form = shown.form(&format!("{page}/edit"));
    assert_eq!(form.value("label"), "Mine");
    grace.submit(form.submit()).is(303);
    let now = app.api().get(&api).json();
    assert_eq!(
        (&now["label"], &now["role"]),
        (&json!("Mine"), &json!("member"))
    );
}

#[test]
fn what_has_ended_cannot_be_changed_and_the_page_says_why() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let (api, revoked) = made(&app, &json!({ "email": "a@example.org" }));
    let form = open(&mut grace, &revoked);
    app.api().post(&format!("{api}/revoke"), &json!({})).is(200);
    let answer = grace.submit(form.submit()).is(409).page();
    assert!(answer.text("main").contains("no longer pending"));
    let (_, expired) = made(
        &app,
        &json!({ "email": "b@example.org", "expires_in": 86_400 }),
    );
    app.mails();
    app.advance(days(2));
    grace = app.owner();
    for page in [revoked, expired] {
        let detail = grace.get(&page).is(200).page();
        assert_eq!(detail.count("a[href*='/edit']"), 0, "{page}");
        let answer = grace.get(&format!("{page}/edit")).is(409).page();
        assert!(answer.text("main").contains("no longer pending"));
    }
}

#[test]
fn an_open_link_has_no_person_to_be_changed() {
    let app = TestApp::start();
    let body = json!({ "max_uses": 9, "label": "Workshop", "traits": { "name": "Guest" }, "delivery": "link" });
    let (api, page) = made(&app, &body);
    let mut grace = app.owner();
    let form = open(&mut grace, &page);
    for name in ["email", "name", "role"] {
        assert!(form.values(name).is_empty(), "{name}");
    }
    grace
        .submit(form.fill("message", "Bring a pen").submit())
        .is(303);
    let now = app.api().get(&api).json();
    assert_eq!(
        (&now["message"], &now["traits"]["name"]),
        (&json!("Bring a pen"), &json!("Guest"))
    );
}

#[test]
fn everybody_changes_what_they_may_and_no_more() {
    let app = TestApp::start();
    let (mut mia, template) = letting_mia_invite(&app);
    let (mut grace, mut alan) = (app.owner(), app.admin());
    let foreign = send(&mut grace, "eve@example.org");
    mia.get(&format!("{foreign}/edit")).is(404);
    let form = open(&mut alan, &foreign);
    // Her own, with the one role that she may give.
    let own = send(&mut mia, "ada@example.org");
    let page = mia.get(&format!("{own}/edit")).is(200).page();
    assert_eq!(page.texts("#f-role label").len(), 1);
    let hers = page.form(&format!("{own}/edit"));
    let forged = hers.clone().forge("role", "admin");
    let shown = mia.submit(forged.submit()).is(403).page();
    assert!(shown.text(".error-sum").contains("cannot give the role"));
    mia.submit(hers.fill("label", "Guests").submit()).is(303);
    // An administrator changes those of others, but makes no owner, and does not touch what makes one.
    alan.submit(form.clone().fill("label", "Alan's").submit())
        .is(303);
    let to_owner = open(&mut alan, &foreign).forge("role", "owner");
    alan.submit(to_owner.submit()).is(403);
    let owners = open(&mut grace, &foreign).fill("role", "owner");
    grace.submit(owners.submit()).is(303);
    let form = open(&mut alan, &foreign);
    assert_eq!(form.value("role"), "owner");
    let shown = alan
        .submit(form.clone().fill("label", "x").submit())
        .is(403)
        .page();
    assert!(shown.text(".error-sum").contains("cannot give the role"));
    // Who loses the template loses the page.
    let body = json!({ "invitable_by": { "roles": ["owner"], "groups": [] } });
    let path = format!("/api/v1/invite-templates/{template}");
    app.api().patch(&path, &body).is(200);
    mia.get(&format!("{own}/edit")).is(403);
    alan.get(&format!("{own}/edit")).is(403);
    app.user("ben@example.org", "Ben", Role::Member);
    app.signed_in("ben@example.org")
        .get(&format!("{own}/edit"))
        .is(403);
    app.mails();
}
