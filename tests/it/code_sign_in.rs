//! Signing in with a code, by mail and by SMS: for whom the address is proved alone, and the same to look at for all.

use vestibule::access::Role;
use vestibule::clock::minutes;
use vestibule::users::model::NewUser;

use crate::support::app::{Options, TestApp};
use crate::support::client::{Answer, Browser};
use crate::support::door::{is_in, sign_in, user_id, without_tokens};
use crate::support::sms::Gateway;

const BEN: &str = "+351215550100";

/// An account made by hand, without a password.
fn account(app: &TestApp, new: NewUser) {
    let operator = vestibule::access::Actor::operator();
    let db = &app.parts.app.db;
    db.write_now(move |tx| vestibule::users::actions::create(tx, &operator, &new))
        .unwrap();
}

fn by_phone(name: &str, phone: &str, phone_verified: bool) -> NewUser {
    NewUser {
        phone: Some(phone.parse().unwrap()),
        phone_verified,
        ..NewUser::plain(name.to_owned(), None, Role::Member)
    }
}

/// Grace and Sue (suspended) by mail, Ben by phone, and two whose address nobody proved.
fn with_everybody() -> (TestApp, Gateway) {
    let gateway = Gateway::start();
    let app = TestApp::with(Options {
        sms: Some(gateway.url()),
        ..Options::default()
    });
    account(&app, by_phone("Ben", BEN, true));
    account(&app, by_phone("Una", "+351215550101", false));
    let email = "new@example.org".parse().unwrap();
    account(
        &app,
        NewUser::plain("New".into(), Some(email), Role::Member),
    );
    app.user("sue@example.org", "Sue", Role::Member);
    let sue = user_id(&app, "sue@example.org");
    let reason = serde_json::json!({ "reason": "x" });
    app.api()
        .put(&format!("/api/v1/users/{sue}/suspension"), &reason)
        .is(200);
    (app, gateway)
}

/// Asks for a code; the answer, and the page that it leads to.
fn ask(browser: &mut Browser, address: &str) -> (Answer, Answer) {
    let page = browser.get("/sign-in").is(200).page();
    let form = page.form("/sign-in").fill("email", address);
    let asked = browser.submit(form.press_named("with", "code"));
    let to = asked.header("location").to_owned();
    let page = browser.get(if to.is_empty() { "/sign-in" } else { &to });
    (asked, page)
}

fn enter(browser: &mut Browser, code: &str) -> Answer {
    let page = browser
        .get("/sign-in/code?next=%2Fsettings%2Fprofile")
        .is(200)
        .page();
    let form = page.form("/sign-in/code").fill("code", code);
    browser.submit(form.submit())
}

fn mailed_code(app: &TestApp) -> String {
    let mails = app.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    crate::support::sms::code_in(&mails[0].text())
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[test]
fn a_person_without_a_password_signs_in_by_sms_and_another_by_mail() {
    let (app, gateway) = with_everybody();
    let mut ben = app.anonymous();
    let (_, page) = ask(&mut ben, "+351 21 555 01 00");
    let input = page.is(200).page();
    assert_eq!(
        input.attr("#f-code", "autocomplete").unwrap(),
        "one-time-code"
    );
    assert_eq!(input.attr("#f-code", "inputmode").unwrap(), "numeric");
    app.run_jobs();
    let code = gateway.take()[0].code();
    // Another browser has not asked for it.
    let mut thief = app.anonymous();
    ask(&mut thief, "nobody@example.org");
    assert_eq!(enter(&mut thief, &code).status, 403);
    assert!(!is_in(&mut ben));
    let done = enter(&mut ben, &code).is(303);
    assert_eq!(done.header("location"), "/settings/profile");
    assert!(is_in(&mut ben));
    let page = ben.get("/settings/profile").page();
    assert!(page.text("body").contains(BEN));

    let mut grace = app.anonymous();
    ask(&mut grace, "GRACE@example.org");
    let code = mailed_code(&app);
    enter(&mut grace, &code).is(303);
    assert!(is_in(&mut grace));
    // It worked once.
    let mut again = app.anonymous();
    ask(&mut again, "grace@example.org");
    let second = mailed_code(&app);
    if second != code {
        enter(&mut again, &code).is(403);
    }
}

#[test]
fn asking_and_failing_look_the_same_whoever_is_asked_about() {
    let (app, gateway) = with_everybody();
    let same = |answer: &Answer, address: &str| {
        let mut headers = answer.headers.clone();
        headers.retain(|(name, _)| !["date", "x-request-id", "content-length"].contains(&&**name));
        for (name, value) in &mut headers {
            if name == "set-cookie" {
                *value = value.split_once('=').unwrap().0.to_owned();
            }
        }
        headers.sort();
        let body = without_tokens(&answer.body).replace(address, "ADDRESS");
        (answer.status, headers, body)
    };
    for addresses in [
        [
            "grace@example.org",
            "sue@example.org",
            "new@example.org",
            "nobody@example.org",
        ]
        .as_slice(),
        &[BEN, "+351215550101", "+351215550199"],
    ] {
        let all: Vec<_> = addresses
            .iter()
            .map(|address| {
                let mut browser = app.anonymous();
                let (asked, page) = ask(&mut browser, address);
                let refused = enter(&mut browser, "12 34 5");
                app.advance(minutes(10));
                let late = enter(&mut browser, "123456");
                assert_eq!((refused.status, late.status), (403, 410), "{address}");
                [asked, page, refused, late].map(|answer| same(&answer, address))
            })
            .collect();
        for (address, answers) in addresses.iter().zip(&all) {
            assert_eq!(answers, &all[0], "{address}");
        }
    }
    app.run_jobs();
    // Too old by now to be sent; and only two of the addresses of mails and one number had anything to send.
    assert!(gateway.take().is_empty() && app.mails().is_empty());
    let written = app.count("SELECT count(*) AS count FROM outbox WHERE kind = 'code'");
    assert_eq!(written, 3, "Grace, Sue and Ben");
}

#[test]
fn five_wrong_codes_end_a_code_and_are_in_the_log() {
    let (app, _gateway) = with_everybody();
    let mut grace = app.anonymous();
    ask(&mut grace, "grace@example.org");
    let code = mailed_code(&app);
    for _ in 0..5 {
        enter(&mut grace, &wrong(&code)).is(403);
    }
    // The limit of wrong passwords holds for codes too, so that who has both has no more tries.
    enter(&mut grace, &code).is(429);
    app.advance(minutes(5));
    enter(&mut grace, &code).is(403);
    let log = app
        .api()
        .get("/api/v1/audit?action=session.refused")
        .is(200);
    let entry = &log.json()["items"][0];
    assert_eq!(entry["after"]["why"], "code_invalid");
    assert_eq!(
        entry["target"]["id"],
        user_id(&app, "grace@example.org").as_str()
    );
    assert!(!log.body.contains(&code));
}

#[test]
fn codes_to_one_address_and_from_one_source_are_limited() {
    let (app, _gateway) = with_everybody();
    for address in ["grace@example.org", "nobody@example.org"] {
        for _ in 0..3 {
            assert_eq!(ask(&mut app.anonymous(), address).0.status, 303);
        }
        assert_eq!(
            ask(&mut app.anonymous(), address).0.status,
            429,
            "{address}"
        );
    }
    app.mails();
}

#[test]
fn who_is_switched_off_learns_it_only_with_the_right_code() {
    let (app, _gateway) = with_everybody();
    let mut sue = app.anonymous();
    ask(&mut sue, "sue@example.org");
    let code = mailed_code(&app);
    let said = enter(&mut sue, &wrong(&code)).is(403).page().text("main");
    assert!(!said.contains("suspended"), "{said}");
    let said = enter(&mut sue, &code).is(403).page().text("main");
    assert!(said.contains("suspended"), "{said}");
    assert!(!is_in(&mut sue));
}

#[test]
fn a_person_without_a_password_proves_again_by_code_and_can_set_one() {
    let (app, gateway) = with_everybody();
    let mut ben = app.anonymous();
    ask(&mut ben, BEN);
    app.run_jobs();
    enter(&mut ben, &gateway.take()[0].code()).is(303);
    app.advance(minutes(11));
    let on = ben.get("/settings/password").is(303);
    let page = ben.get(on.header("location")).is(200).page();
    assert_eq!(page.count("input[type='password']"), 0);
    let asked = ben.submit(page.form("#by-code").submit()).is(303);
    app.run_jobs();
    let code = gateway.take()[0].code();
    let page = ben.get(asked.header("location")).is(200).page();
    let form = page.form("/sign-in/confirm/code").fill("code", &code);
    let done = ben.submit(form.submit()).is(303);
    assert_eq!(done.header("location"), "/settings/password");

    let page = ben.get("/settings/password").is(200).page();
    let form = page
        .form("/settings/password")
        .fill("password", "seven quiet lighthouses");
    ben.submit(form.submit()).is(303);
    let mut again = app.anonymous();
    sign_in(&mut again, " +351 215 550 100", "seven quiet lighthouses").is(303);
    assert!(is_in(&mut again));
    // The address of somebody else is none of the ways.
    app.advance(minutes(11));
    let page = again.get("/sign-in/confirm").page();
    let form = page.form("#by-code").forge("email", "grace@example.org");
    again.submit(form.submit()).is(422);
}

#[test]
fn who_asks_for_a_link_with_a_number_is_told_where_numbers_work() {
    let (app, _gateway) = with_everybody();
    let said = [BEN, "+351215550199"].map(|number| {
        let mut browser = app.anonymous();
        let page = browser.get("/recover").page();
        let form = page.form("/recover").fill("email", number);
        let answer = browser.submit(form.submit()).is(422);
        without_tokens(&answer.body).replace(number, "NUMBER")
    });
    assert_eq!(said[0], said[1]);
    assert!(said[0].contains("ask for a code on the sign-in page"));
}
