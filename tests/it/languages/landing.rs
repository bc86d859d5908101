//! The page behind the link, in each of its states.

use serde_json::json;
use vestibule::access::Role;
use vestibule::clock::{days, minutes};

use super::{ADA, INVITES, TEMPLATES, german, in_english, in_german};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::Browser;
use crate::support::html::Page;
use crate::support::invited::Invited;
use crate::support::sms::code_in;

const FORM: &str = "/self-service/invite";

fn landing(browser: &mut Browser, invited: &Invited) -> Page {
    in_german(browser.open(&invited.link), 200)
}

#[test]
fn a_new_person_reads_the_form_in_german() {
    let app = TestApp::start();
    let terms = json!({ "terms": { "version": "1", "url": "https://example.org/terms" } });
    app.api().patch("/api/v1/settings", &terms).is(200);
    let group = app
        .api()
        .post("/api/v1/groups", &json!({ "name": "Analysts" }));
    let group = group.is(201).json()["id"].clone();
    let body = json!({ "email": ADA, "role": "admin", "groups": [group], "expires_in": 172_800 });
    let invited = german(&app, body);
    let mut ada = app.anonymous();
    let page = landing(&mut ada, &invited);
    assert_eq!(page.text("h1"), "Vestibule beitreten");
    assert_eq!(
        page.text("main p"),
        "Grace Hopper hat ada@example.org zu Vestibule eingeladen. Ihre Gruppen werden sein: Analysts."
    );
    let words = page.text("main");
    for part in [
        "Mit der Annahme erhalten Sie die Rechte der Administration",
        "Die Einladung endet: 24. November 2026, 09:00 UTC (in 2 Tagen)",
        "Mindestens 12 Zeichen.",
        "Ich nehme die Nutzungsbedingungen an (Version 1)",
        "Annehmen und Konto erstellen",
        "Ablehnen",
        "Anzeigen",
    ] {
        assert!(words.contains(part), "{part} is not in {words}");
    }

    // What is wrong is told so too.
    let form = page
        .form(FORM)
        .fill("display_name", "")
        .fill("password", "kurz");
    let refused = ada.submit(form.press_named("action", "accept"));
    let page = in_german(refused, 422);
    assert_eq!(page.title(), "Fehler: Vestibule beitreten - Vestibule");
    let told = page.texts(".error-sum li");
    assert_eq!(
        told,
        [
            "Geben Sie Ihren Namen ein.",
            "Dieses Passwort ist zu kurz. Verwenden Sie mindestens 12 Zeichen.",
            "Setzen Sie das Häkchen, um fortzufahren.",
        ]
    );
    let form = page.form(FORM).fill("display_name", &"x".repeat(201));
    let form = form.fill("password", PASSWORD).tick("terms_accepted");
    let page = in_german(ada.submit(form.press_named("action", "accept")), 422);
    let told = page.texts(".error-sum li");
    assert_eq!(
        told,
        ["Verwenden Sie höchstens 200 Zeichen für Ihren Namen."]
    );

    // And then the site speaks its own.
    let form = page
        .form(FORM)
        .fill("display_name", "Ada")
        .fill("password", PASSWORD);
    ada.submit(form.press_named("action", "accept")).is(303);
    let page = in_english(ada.get("/"), 200);
    assert!(page.text("main").contains("Welcome, Ada."));
    let back = in_german(ada.get(&invited.path()), 410);
    assert_eq!(back.text("h1"), "Diese Einladung wurde verwendet");
    assert!(back.text("main").contains("Sie sind jetzt angemeldet."));
}

#[test]
fn what_a_schema_asks_is_held_to_in_german() {
    let app = TestApp::start();
    let document = json!({
        "type": "object",
        "properties": {
            "since": { "type": "string", "format": "date" },
            "floor": { "type": "integer", "maximum": 9 },
            "news": { "type": "boolean" },
        },
        "required": ["since"],
    });
    let schema = json!({ "id": "staff", "name": "Staff", "schema": document });
    app.api().post("/api/v1/schemas", &schema).is(201);
    let invited = german(&app, json!({ "email": ADA, "schema_id": "staff" }));
    let mut ada = app.anonymous();
    let page = landing(&mut ada, &invited);
    assert!(page.text("main").contains("Ja"));
    let form = page
        .form(FORM)
        .fill("display_name", "Ada")
        .fill("password", PASSWORD);
    let form = form.fill("traits.since", "bald").fill("traits.floor", "12");
    let page = in_german(ada.submit(form.press_named("action", "accept")), 422);
    let mut told = page.texts(".error-sum li");
    told.sort();
    assert_eq!(
        told,
        [
            "floor: Verwenden Sie 9 oder weniger.",
            "since: Das ist kein Datum. Schreiben Sie es so: 2027-02-20.",
        ]
    );
}

#[test]
fn who_has_an_account_reads_german_until_they_are_in() {
    let app = TestApp::start();
    app.user(ADA, "Ada", Role::Member);
    app.user("sam@other.test", "Sam", Role::Member);
    let invited = german(&app, json!({ "email": ADA }));
    let mut ada = app.anonymous();
    let page = landing(&mut ada, &invited);
    assert_eq!(page.text("h1"), "Sie haben bereits ein Konto");
    let page = landing(&mut app.signed_in(ADA), &invited);
    assert_eq!(page.text("h1"), "Einladung annehmen");

    let mut sam = app.signed_in("sam@other.test");
    let page = landing(&mut sam, &invited);
    assert_eq!(page.text("h1"), "Diese Einladung ist für jemand anderen");
    let asked = sam.submit(page.form(FORM).press_named("action", "request_new"));
    let told = in_german(asked, 200);
    assert_eq!(told.text("h1"), "Sie haben um eine neue Einladung gebeten");
    app.mails();
    let sent = sam
        .submit(page.form(FORM).press_named("action", "send_code"))
        .is(303);
    let mails = app.mails();
    assert_eq!(mails[0].subject(), "Ihr Code für Vestibule");
    let page = in_german(sam.get(sent.header("location")), 200);
    let wrong = page.form(FORM).fill("code", "000000");
    let page = in_german(sam.submit(wrong.press_named("action", "accept")), 403);
    let told = page.texts(".error-sum li");
    assert!(told[0].starts_with("Dieser Code stimmt nicht"), "{told:?}");
    // The address is another account's, which only its code tells.
    let right = page.form(FORM).fill("code", &code_in(&mails[0].text()));
    let page = in_german(sam.submit(right.press_named("action", "accept")), 409);
    let told = page.texts(".error-sum li");
    assert_eq!(told, ["Diese Adresse gehört zu einem anderen Konto."]);
}

#[test]
fn an_open_link_asks_in_german() {
    let app = TestApp::start();
    let invited = german(&app, json!({ "max_uses": 1, "domains": ["example.org"] }));
    let mut ada = app.anonymous();
    let page = landing(&mut ada, &invited);
    assert!(
        page.text("main")
            .contains("lädt alle, die diesen Link haben, zu Vestibule ein.")
    );
    for (address, words) in [
        ("", "Geben Sie eine E-Mail-Adresse ein."),
        ("ada@example", "Das ist keine vollständige E-Mail-Adresse"),
        (
            "ada@other.test",
            "Hier werden nur Adressen bestimmter Domains eingeladen, und diese gehört zu einer anderen.",
        ),
        ("+1", "Schreiben Sie die Nummer mit +"),
    ] {
        let form = page.form(FORM).fill("email", address);
        let refused = in_german(ada.submit(form.press_named("action", "send_code")), 422);
        let told = refused.text(".error-sum");
        assert!(told.contains(words), "{address}: {told}");
    }
    let form = page.form(FORM).fill("email", ADA);
    let sent = ada.submit(form.press_named("action", "send_code")).is(303);
    let code = code_in(&app.mails()[0].text());
    let page = in_german(ada.get(sent.header("location")), 200);
    assert!(
        page.text("main")
            .contains("Wir haben einen Code an ada@example.org gesendet.")
    );
    assert_eq!(
        page.link("Andere Adresse verwenden oder neuen Code anfordern"),
        format!("{}&other=true", invited.path())
    );
    let form = page
        .form(FORM)
        .fill("display_name", "Ada")
        .fill("code", &code);
    let form = form.fill("password", PASSWORD);
    ada.submit(form.press_named("action", "accept")).is(303);
    let page = in_german(app.anonymous().open(&invited.link), 410);
    assert_eq!(page.text("h1"), "Dieser Link ist aufgebraucht");
    assert!(page.text("main").contains("Der eine Platz ist vergeben."));
    // Somebody who is signed in to an account without such an address.
    app.user("sam@other.test", "Sam", Role::Member);
    let invited = german(&app, json!({ "max_uses": 2, "domains": ["example.org"] }));
    let page = landing(&mut app.signed_in("sam@other.test"), &invited);
    assert_eq!(page.text("h1"), "Adresse nachweisen");
}

#[test]
fn each_end_is_told_in_german() {
    let app = TestApp::start();
    let contact = json!({ "contact": "Olu, +351 555 0100" });
    app.api().patch("/api/v1/settings", &contact).is(200);
    let invite = |name: &str| german(&app, json!({ "email": format!("{name}@example.org") }));
    let end = |invited: &Invited, verb: &str| {
        let path = format!("{INVITES}/{}/{verb}", invited.id);
        app.api().post(&path, &json!({})).is(200);
    };
    let heading = |invited: &Invited, status: u16| {
        let page = in_german(app.anonymous().open(&invited.link), status);
        assert!(
            page.text("main")
                .contains("Sie können auch hier fragen: Olu")
        );
        page.text("h1")
    };
    let withdrawn = invite("withdrawn");
    end(&withdrawn, "revoke");
    assert_eq!(
        heading(&withdrawn, 410),
        "Diese Einladung wurde zurückgezogen"
    );

    let declined = invite("declined");
    let mut ada = app.anonymous();
    let form = landing(&mut ada, &declined).form(FORM);
    let back = ada.submit(form.press_named("action", "decline")).is(303);
    let page = in_german(ada.get(back.header("location")), 410);
    assert_eq!(page.text("h1"), "Diese Einladung wurde abgelehnt");
    let told = ada.submit(page.form(FORM).press("Mir nie wieder Einladungen senden"));
    let told = in_german(told, 200);
    assert_eq!(told.text("h1"), "Wir senden Ihnen keine Einladungen mehr");

    let used = invite("used");
    let mut ben = app.anonymous();
    ben.post_json(&used.path(), &used.accept(), &[]).is(200);
    assert_eq!(heading(&used, 410), "Diese Einladung wurde verwendet");
    let mut eve = app.anonymous();
    let page = in_german(eve.open(&used.link), 410);
    let told = eve.submit(page.form(FORM).press("Das war ich nicht: melden"));
    assert_eq!(in_german(told, 200).text("h1"), "Danke für den Hinweis");

    let body = json!({ "name": "With approval", "approval": true });
    let template = app.api().post(TEMPLATES, &body).is(201).json()["id"].clone();
    app.mails();
    let waits = german(&app, json!({ "email": ADA, "template": template }));
    let mut ada = app.anonymous();
    let page = landing(&mut ada, &waits);
    assert!(
        page.text("main")
            .contains("Die Administration gibt frei, wer annimmt.")
    );
    let form = page
        .form(FORM)
        .fill("display_name", "Ada")
        .fill("password", PASSWORD);
    ada.submit(form.press_named("action", "accept")).is(303);
    assert_eq!(heading(&waits, 409), "Sie haben angenommen");

    let expired = {
        app.mails();
        invite("expired")
    };
    app.advance(days(8));
    assert_eq!(heading(&expired, 410), "Diese Einladung ist abgelaufen");
    let mut cyd = app.anonymous();
    let page = in_german(cyd.open(&expired.link), 410);
    assert!(
        page.text("main")
            .contains("Sie endete am 29. November 2026, 09:00 UTC.")
    );
    let told = cyd.submit(page.form(FORM).press("Um eine neue Einladung bitten"));
    let told = in_german(told, 200);
    assert_eq!(told.text("h1"), "Sie haben um eine neue Einladung gebeten");
    app.mails();
}

#[test]
fn an_invite_on_hold_says_so_in_german() {
    let app = TestApp::start();
    let alan = app.user("alan@example.org", "Alan", Role::Admin);
    let key = app.with_key("alan@example.org", &["all"]);
    let body = json!({ "email": ADA, "delivery": "link", "locale": "de" });
    let made = key.post(INVITES, &body).is(201).json();
    let path = format!("/api/v1/users/{alan}/suspension");
    app.api().put(&path, &json!({ "reason": "left" })).is(200);
    let link = made["invite_url"].as_str().unwrap();
    let page = in_german(app.anonymous().open(link), 410);
    assert_eq!(page.text("h1"), "Diese Einladung ruht");
}

#[test]
fn an_error_on_the_way_is_told_in_german_once_the_language_is_known() {
    let app = TestApp::start();
    let invited = german(&app, json!({ "email": ADA }));
    let mut ada = app.anonymous();
    let page = landing(&mut ada, &invited);
    let form = page.form(FORM).fill("display_name", "Ada Lovelace");
    let expired = form
        .forge("csrf", "too old")
        .press_named("action", "accept");
    let page = in_german(ada.submit(expired), 403);
    assert_eq!(page.text("h1"), "Dieses Formular war zu lange geöffnet");
    // Whoever has no exact link is told in the language of the site.
    let unknown = format!("{}&token=vsti_no", invited.path());
    in_english(app.anonymous().open(&unknown), 404);
    // The cookie is too old, so nothing is known of the invite.
    app.advance(minutes(61));
    in_english(ada.get(&invited.path()), 404);
}

#[test]
fn pages_of_english_invites_and_answers_to_programs_are_english() {
    let app = TestApp::start();
    let invited = german(&app, json!({ "email": ADA }));
    app.mails();
    let other = app.invited("bob@example.org");
    let mut browser = app.anonymous();
    landing(&mut browser, &invited);
    let page = in_english(browser.open(&other.link), 200);
    assert_eq!(page.text("h1"), "Join Vestibule");
    let words = page.text("main");
    assert!(
        words.contains("29 November 2026, 09:00 UTC (in 7 days)"),
        "{words}"
    );
    landing(&mut browser, &invited);
    in_english(browser.get("/sign-in"), 200);

    let mut body = invited.accept();
    body["password"] = json!("short");
    let told = app.anonymous().post_json(&invited.path(), &body, &[]);
    let told = told.is(422).json();
    let field = &told["errors"][0]["detail"];
    assert!(
        field
            .as_str()
            .unwrap()
            .starts_with("That password is too short.")
    );
}
