//! What is sent to the person.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::days;

use super::{ADA, INVITES, TEMPLATES, assert_german, german};
use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::invited::Invited;
use crate::support::sms::{Gateway, code_in};

/// The one mail that came; its parts are in the language that they say.
fn mail(app: &TestApp, lang: &str) -> (String, String) {
    let mails = app.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    let html = mails[0].html().unwrap();
    assert!(html.contains(&format!("<html lang=\"{lang}\">")), "{html}");
    if lang == "de" {
        for words in [mails[0].subject(), mails[0].text(), html] {
            assert_german(&words);
        }
    }
    (mails[0].subject(), mails[0].text())
}

#[test]
fn the_mail_of_an_invite_is_in_its_language() {
    let app = TestApp::start();
    app.user("bob@example.org", "Bob", Role::Member);
    let group = app
        .api()
        .post("/api/v1/groups", &json!({ "name": "Analysts" }));
    let group = group.is(201).json()["id"].clone();
    let body = |email: &str, locale: &str| json!({ "email": email, "locale": locale, "groups": [group], "message": "Bis Dienstag!" });
    app.api().post(INVITES, &body(ADA, "de")).is(201);
    let (subject, text) = mail(&app, "de");
    assert_eq!(subject, "Grace Hopper hat Sie zu Vestibule eingeladen");
    for part in [
        "Ihre Gruppen werden sein: Analysts.",
        "Grace Hopper schreibt:",
        "> Bis Dienstag!",
        "öffnen Sie diese Seite und wählen Sie ein Passwort:",
        "bis zum 29. November 2026, 09:00 UTC.",
        "Vestibule hat diese E-Mail gesendet.",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    app.api()
        .post(INVITES, &body("bob@example.org", "de"))
        .is(201);
    let (_, text) = mail(&app, "de");
    assert!(text.contains("Sie haben bereits ein Konto."), "{text}");

    app.api()
        .post(INVITES, &body("eve@example.org", "en"))
        .is(201);
    let (subject, text) = mail(&app, "en");
    assert_eq!(subject, "Grace Hopper invited you to Vestibule");
    assert!(
        text.contains("until 29 November 2026, 09:00 UTC."),
        "{text}"
    );
}

#[test]
fn so_are_reminders_and_what_is_sent_again() {
    let app = TestApp::start();
    let body = json!({ "name": "Reminds", "reminders": [86_400], "locale": "de" });
    let template = app.api().post(TEMPLATES, &body).is(201).json()["id"].clone();
    // The template says the language.
    let invited = app.invited_with(&json!({ "email": ADA, "template": template }));
    app.advance(days(6));
    let (subject, _) = mail(&app, "de");
    assert_eq!(
        subject,
        "Erinnerung: Grace Hopper hat Sie zu Vestibule eingeladen"
    );
    let path = format!("{INVITES}/{}/resend", invited.id);
    app.api().post(&path, &json!({})).is(200);
    let (subject, _) = mail(&app, "de");
    assert_eq!(subject, "Grace Hopper hat Sie zu Vestibule eingeladen");
}

#[test]
fn who_is_approved_is_told_in_the_language_of_the_invite_and_the_maker_in_that_of_the_site() {
    let app = TestApp::start();
    let body = json!({ "name": "With approval", "approval": true });
    let template = app.api().post(TEMPLATES, &body).is(201).json()["id"].clone();
    let invited = german(&app, json!({ "email": ADA, "template": template }));
    let waits = app
        .anonymous()
        .post_json(&invited.path(), &invited.accept(), &[]);
    waits.is(200);
    assert_eq!(
        mail(&app, "en").0,
        "ada@example.org accepted: please approve"
    );
    let path = format!("{INVITES}/{}/approve", invited.id);
    app.api().post(&path, &json!({})).is(200);
    let (subject, text) = mail(&app, "de");
    assert_eq!(subject, "Sie sind bei Vestibule dabei");
    assert!(text.contains("Die Administration hat zugestimmt"), "{text}");
}

#[test]
fn the_code_of_an_open_link_is_in_its_language() {
    let app = TestApp::start();
    let invited = german(&app, json!({ "max_uses": 2 }));
    let mut body = invited.accept();
    body["email"] = json!(ADA);
    let asked = app.anonymous().post_json(&invited.path(), &body, &[]);
    // What a program is answered is in English.
    let problem = asked.is(403).json();
    assert_eq!(problem["code"], "code_required");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .starts_with("A code was sent")
    );
    let (subject, text) = mail(&app, "de");
    assert_eq!(subject, "Ihr Code für Vestibule");
    body["code"] = json!(code_in(&text));
    app.anonymous()
        .post_json(&invited.path(), &body, &[])
        .is(200);
    // Whoever signs in by a code later is at no invite's page.
    let mut ada = app.anonymous();
    let form = ada.get("/sign-in").is(200).page().form("/sign-in");
    ada.submit(form.fill("email", ADA).press_named("with", "code"));
    assert_eq!(mail(&app, "en").0, "Your code for Vestibule");
}

#[test]
fn text_messages_are_in_the_language_of_the_invite() {
    let gateway = Gateway::start();
    let app = TestApp::with(Options {
        sms: Some(gateway.url()),
        ..Options::default()
    });
    let texted = |path: &str, body: &Value| {
        let made = app.api().post(path, body);
        let made = if made.status == 200 {
            made
        } else {
            made.is(201)
        };
        app.run_jobs();
        let texts = gateway.take();
        assert_eq!(texts.len(), 1);
        (made.json(), texts[0].text.clone())
    };
    let ben = "+351215550100";
    let body = json!({ "name": "With approval", "approval": true });
    let template = app.api().post(TEMPLATES, &body).is(201).json()["id"].clone();
    let body = json!({ "phone": ben, "locale": "de", "template": template });
    let (made, text) = texted(INVITES, &body);
    let start =
        "Grace Hopper hat Sie zu Vestibule eingeladen. Um beizutreten, öffnen Sie diese Seite: ";
    let link = text.strip_prefix(start).unwrap_or_else(|| panic!("{text}"));
    let invited = Invited {
        id: made["id"].as_str().unwrap().to_owned(),
        link: link.to_owned(),
    };
    let body = json!({ "action": "accept", "token": invited.token(), "display_name": "Ben", "password": PASSWORD });
    app.anonymous()
        .post_json(&invited.path(), &body, &[])
        .is(200);
    let path = format!("{INVITES}/{}/approve", invited.id);
    let (_, text) = texted(&path, &json!({}));
    assert!(
        text.starts_with("Die Administration hat zugestimmt"),
        "{text}"
    );
    // Now the number has an account.
    let (_, text) = texted(INVITES, &json!({ "phone": ben, "locale": "de" }));
    assert!(text.contains("Sie haben dort ein Konto:"), "{text}");
    // Each letter stands in the alphabet of text messages, or a message would be half as long.
    let odd = text
        .chars()
        .find(|c| !c.is_ascii() && !"äöüÄÖÜß".contains(*c));
    assert_eq!(odd, None, "{text}");
}
