//! Several addresses in the form that invites a person: looked at and sent like a file.

use serde_json::json;

use super::{INVITES, invites};
use crate::support::app::TestApp;
use crate::support::client::Answer;

const NEW: &str = "/admin/invites/new";

fn typed(app: &TestApp, emails: &str, fields: &[(&str, &str)]) -> Answer {
    let mut grace = app.owner();
    let form = grace.get(NEW).is(200).page().form(NEW);
    let form = form.fill("email", emails);
    let said = fields.iter();
    let form = said.fold(form, |form, (name, value)| form.forge(name, value));
    grace.submit(form.submit())
}

#[test]
fn several_addresses_are_checked_together_and_get_what_the_form_says() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let api = app.api();
    let group = json!({ "name": "Analysts" });
    let group = api.post("/api/v1/groups", &group).is(201).json();
    let group = group["id"].as_str().unwrap();
    app.mails();

    let form = grace.get(NEW).is(200).page().form(NEW);
    let form = form.fill("email", "ada@example.org\r\nBob@example.org; nobody,\r\n");
    let form = form
        .fill("message", "We start on Tuesday.")
        .fill("label", "spring");
    let form = form.fill("groups", group).fill("expires", "14");
    let draft = grace.submit(form.submit()).is(303);
    let path = draft.header("location").to_owned();
    let page = grace.get(&path).is(200).page();
    assert_eq!(page.text("h1"), "Check before sending");
    let told = page.texts("tbody tr");
    let starts = [
        "Line 3 nobody",
        "Line 1 ada@example.org",
        "Line 2 Bob@example.org",
    ];
    assert_eq!(told.len(), starts.len());
    for (line, start) in told.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!((invites(&app), app.mails().len()), (0, 0));

    let send = page.form(&format!("{path}/send")).tick("leave_out");
    grace.submit(send.press("Send 2 invites")).is(303);
    assert_eq!(app.mails().len(), 2);
    let made = api.get(INVITES).is(200).json();
    let made = made["items"].as_array().unwrap();
    assert_eq!(made.len(), 2);
    for invite in made {
        assert_eq!(invite["groups"], json!([group]));
        assert_eq!(invite["message"], "We start on Tuesday.");
        assert_eq!(invite["label"], "spring");
        assert_eq!(invite["role"], "member");
        assert_eq!(invite["delivery"], "email");
        assert!(
            invite["expires_at"]
                .as_str()
                .unwrap()
                .starts_with("2026-12-06")
        );
    }
}

#[test]
fn what_is_of_one_person_or_wrong_for_all_is_told_beside_its_field() {
    let app = TestApp::start();
    let two = "ada@example.org\nbob@example.org";
    for (fields, field, words) in [
        (
            vec![("name", "Ada")],
            "name",
            "it would be the name of all of them",
        ),
        (vec![("delivery", "link")], "delivery", "by message alone"),
        (vec![("role", "king")], "role", "Choose"),
        (
            vec![("expires", "date"), ("ends_on", "1999-01-01")],
            "ends_on",
            "future",
        ),
    ] {
        let page = typed(&app, two, &fields).is(422).page();
        let told = page.text(&format!("#f-{field}-error"));
        assert!(told.contains(words), "{field}: {told}");
        let kept = page.form(NEW).value("email").replace("\r\n", "\n");
        assert_eq!(kept.trim(), two);
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM invite_batches"), 0);
}

#[test]
fn one_address_with_a_line_after_it_is_one() {
    let app = TestApp::start();
    let page = typed(&app, "ada@example.org\r\n", &[("name", "Ada")]);
    let page = page.is(200).page();
    assert_eq!(page.text("h1"), "Check the invite");
    assert!(
        page.texts(".sum dd")
            .contains(&"ada@example.org".to_owned())
    );
}
