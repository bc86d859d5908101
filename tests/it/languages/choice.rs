//! Who chooses the language, and from what.

use serde_json::{Value, json};

use super::{ADA, INVITES, TEMPLATES, assert_german};
use crate::support::app::TestApp;
use crate::support::html::Page;

const DEFAULT: &str = "/api/v1/invite-templates/tpl_00000000-0000-7000-8000-000000000000";

fn locale(app: &TestApp, body: &Value) -> Value {
    let made = app.api().post(INVITES, body).is(201).json();
    made["locale"].clone()
}

#[test]
fn the_maker_chooses_else_the_template_else_the_site() {
    let app = TestApp::start();
    let of = |name: &str, locale: &str| json!({ "email": format!("{name}@example.org"), "locale": locale });
    assert_eq!(locale(&app, &json!({ "email": ADA })), "en");
    assert_eq!(locale(&app, &of("bob", "de")), "de");
    app.api().patch(DEFAULT, &json!({ "locale": "de" })).is(200);
    assert_eq!(locale(&app, &json!({ "email": "cyd@example.org" })), "de");
    assert_eq!(locale(&app, &of("dan", "en")), "en");
    for other in ["xx", "DE", "de-DE", ""] {
        let refused = app.api().post(INVITES, &of("eve", other)).is(422).json();
        assert_eq!(refused["errors"][0]["field"], "locale", "{other}");
        assert_eq!(refused["errors"][0]["code"], "not_a_choice", "{other}");
        let words = "That language is not spoken here. Choose one of: en, de.";
        assert_eq!(refused["errors"][0]["detail"], words);
        let body = json!({ "name": "Other", "locale": other });
        let refused = app.api().post(TEMPLATES, &body).is(422).json();
        assert_eq!(refused["errors"][0]["code"], "not_a_choice", "{other}");
    }
}

#[test]
fn each_line_of_a_file_may_have_its_own() {
    let app = TestApp::start();
    let file = "email,locale\nada@example.org,de\nbob@example.org,\ncyd@example.org,tlh\n";
    let headers = [("content-type", "text/csv")];
    let path = format!("{INVITES}/batches");
    let answer = app
        .api()
        .send("POST", &path, &headers, Some(file.as_bytes()));
    answer.is(201);
    let mut subjects: Vec<_> = app
        .mails()
        .iter()
        .map(|mail| (mail.to[0].clone(), mail.subject()))
        .collect();
    subjects.sort();
    let [(_, ada), (_, bob)] = subjects.as_slice() else {
        panic!("{subjects:?}");
    };
    assert_eq!(ada, "Grace Hopper hat Sie zu Vestibule eingeladen");
    assert_eq!(bob, "Grace Hopper invited you to Vestibule");
    // What holds for all of them.
    let body = json!({ "defaults": { "locale": "de" }, "rows": [{ "email": "dan@example.org" }] });
    app.api().post(&path, &body).is(201);
    let subject = app.mails()[0].subject();
    assert_eq!(subject, "Grace Hopper hat Sie zu Vestibule eingeladen");
}

fn frames(page: &Page) -> Vec<Page> {
    let frames = (1..=page.count("iframe")).map(|place| {
        let nth = format!("section:nth-of-type({place}) iframe");
        Page::parse(&page.attr(&nth, "srcdoc").unwrap())
    });
    frames.collect()
}

#[test]
fn the_form_offers_every_language_and_what_comes_is_seen_before() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let path = "/admin/invites/new";
    let page = grace.get(path).is(200).page();
    assert_eq!(page.texts("#f-locale option"), ["English", "Deutsch"]);
    let form = page.form("main form[method='post']");
    assert_eq!(form.value("locale"), "en");
    let wrong = form.forge("locale", "xx").fill("email", ADA);
    let refused = grace.submit(wrong.submit()).is(422).page();
    assert!(
        refused
            .text(".error-sum")
            .contains("That language is not spoken here.")
    );

    let form = page.form("main form[method='post']").fill("email", ADA);
    let check = grace
        .submit(form.fill("locale", "de").submit())
        .is(200)
        .page();
    assert!(check.text("main dl").contains("Deutsch"));
    let seen = check.form(path).press("See what the person gets");
    let seen = grace.submit(seen).is(200);
    // The page itself is the console's.
    assert_eq!(seen.header("content-language"), "en");
    let page = seen.page();
    assert_eq!(page.attr("html", "lang").as_deref(), Some("en"));
    let frames = frames(&page);
    assert_eq!(frames.len(), 3);
    for frame in &frames {
        assert_eq!(frame.attr("html", "lang").as_deref(), Some("de"));
        assert_german(&frame.text("body"));
    }
    assert_eq!(frames[2].text("h1"), "Vestibule beitreten");
    let sent = page.form(path).press("Back to the invite");
    let check = grace.submit(sent).is(200).page();
    let sent = grace.submit(check.form(path).press("Send invite")).is(303);
    let detail = grace.get(sent.header("location")).is(200).page();
    assert!(detail.text("main dl").contains("Deutsch"));
    assert_eq!(
        app.mails()[0].subject(),
        "Grace Hopper hat Sie zu Vestibule eingeladen"
    );
}

#[test]
fn forms_start_with_the_language_of_their_template() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let edit = format!(
        "/admin/invite-templates/{}",
        DEFAULT.rsplit('/').next().unwrap()
    );
    let page = grace.get(&edit).is(200).page();
    let options = page.texts("#f-locale option");
    assert_eq!(options, ["The language of the site", "English", "Deutsch"]);
    let form = page.form(&edit).fill("locale", "de");
    grace.submit(form.press("Save template")).is(303);
    assert_eq!(app.api().get(DEFAULT).is(200).json()["locale"], "de");
    for path in ["/admin/invites/new", "/admin/invites/open"] {
        let page = grace.get(path).is(200).page();
        let form = page.form("main form[method='post']");
        assert_eq!(form.value("locale"), "de", "{path}");
    }
    let page = grace.get("/admin/invites/open").is(200).page();
    let form = page.form("main form[method='post']").fill("locale", "en");
    grace
        .submit(form.fill("label", "Workshop").submit())
        .is(200);
    let list = app.api().get(INVITES).is(200).json();
    assert_eq!(list["items"][0]["locale"], "en");
}
