//! The settings page of API keys in its cases, word for word, and an end for keys that have none.

use vestibule::api_keys::model::Ends;
use vestibule::clock::{Time, days, minutes};

use crate::support::app::TestApp;
use crate::support::client::{Api, Browser};

const MIA: &str = "mia@example.org";
const LIST: &str = "/settings/api-keys";

fn words(browser: &mut Browser) -> String {
    browser.get(LIST).is(200).page().text("main")
}

/// How a key begins, and a moment as pages tell it.
fn parts(secret: &str, time: Time) -> (String, String) {
    let text = vestibule::text::Text::ENGLISH;
    (format!("{}…", &secret[..9]), text.moment(time))
}

#[test]
fn without_a_key_the_page_offers_one() {
    let app = TestApp::start();
    let page = app.member().get(LIST).is(200).page();
    for part in [
        "You have no API key.",
        "You need one to use the API from scripts.",
    ] {
        assert!(page.text("main").contains(part), "{}", page.text("main"));
    }
    assert_eq!(page.text("main .empty a.btn"), "Generate API key");
    assert_eq!(page.count("main table"), 0);
}

#[test]
fn a_key_with_an_end_says_until_when_it_works_and_then_that_it_ended() {
    let app = TestApp::start();
    let mut mia = app.member();
    let (_, secret) = app.key(MIA, &["all"]);
    let api = Api::new(&app.base, Some(secret.clone()));
    let told = api.get("/api/v1/me").is(200);
    let end = Time::parse(told.header("vestibule-key-expires")).unwrap();
    let (start, moment) = parts(&secret, end);
    let active = words(&mut mia);
    for part in [
        format!("Your API key {start} works until {moment} (in 90 days)."),
        "Last used just now from 127.0.0.1.".to_owned(),
        "Active".to_owned(),
    ] {
        assert!(active.contains(&part), "{part}: {active}");
    }
    app.advance(days(85));
    let soon = "It stops working in 5 days. Make a new one now; you choose when the old one ends.";
    let mut mia = app.signed_in(MIA);
    assert!(words(&mut mia).contains(soon), "{}", words(&mut mia));
    app.advance(days(5));
    let mut mia = app.signed_in(MIA);
    let over = words(&mut mia);
    let part = format!(
        "Your API key {start} stopped working on {moment}. Make a new key to use the API again."
    );
    assert!(over.contains(&part), "{over}");
    // Nothing to lose: no question, and nothing to revoke.
    let page = mia.get(LIST).is(200).page();
    assert!(
        page.attr("td a[href^='/settings/api-keys/new?']", "href")
            .is_some()
    );
    assert_eq!(page.count("td a[href$='/revoke']"), 0);
    app.mails();
}

#[test]
fn a_key_without_an_end_is_given_one() {
    let app = TestApp::start();
    let mut mia = app.member();
    let (id, secret) = app.key_that_ends(MIA, &["all"], Ends::Never);
    let api = Api::new(&app.base, Some(secret.clone()));
    assert_eq!(
        api.get("/api/v1/me")
            .is(200)
            .header("vestibule-key-expires"),
        ""
    );
    let (start, _) = parts(&secret, app.parts.app.clock.now());
    let part = format!(
        "Your API key {start} works until you revoke it. It never expires. We suggest a key that expires: set an end date below."
    );
    let page = mia.get(LIST).is(200).page();
    assert!(page.text("main").contains(&part), "{}", page.text("main"));
    assert!(page.text("main").contains("Never expires"));
    let way = page.link("Set an end date Test");
    assert_eq!(way, format!("{LIST}/{id}/end"));
    let form = mia.get(&way).is(200).page().form(&way);
    assert_eq!(form.value("expires"), "90");
    // What the policy does not let one choose comes back with its words.
    for (expires, ends_on, words) in [
        ("date", "", "Choose the date on which it ends."),
        ("date", "2020-01-01", "future"),
        ("date", "2099-01-01", "Choose a date within the next"),
        ("3651", "", "days"),
        ("never", "", "A key must have an end here."),
    ] {
        let csrf = form.value("csrf");
        let fields = [("csrf", &*csrf), ("expires", expires), ("ends_on", ends_on)];
        let back = mia.post(&way, &fields).is(422).page();
        assert!(
            back.text("main").contains(words),
            "{expires}: {}",
            back.text("main")
        );
    }
    let sent = form.clone().fill("expires", "30").submit();
    mia.submit(sent.clone()).is(303);
    let done = words(&mut mia);
    assert!(
        done.contains("(in 30 days)") && !done.contains("never expires"),
        "{done}"
    );
    // Who remembers that it never ends has forgotten it.
    assert_ne!(
        api.get("/api/v1/me")
            .is(200)
            .header("vestibule-key-expires"),
        ""
    );
    mia.submit(sent).is(409);
    mia.get(&way).is(409);
    let audited = "SELECT count(*) AS count FROM audit WHERE action = 'api_key.end_set'";
    assert_eq!(app.count(audited), 1);
    // Its owner is told before, and it ends.
    app.advance(days(23));
    app.advance(minutes(1));
    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].subject().ends_with("stops working in 7 days"));
    app.advance(days(7));
    let refused = api.get("/api/v1/me").is(401);
    assert_eq!(refused.code(), "key_expired");
    let words = refused.json()["detail"].as_str().unwrap().to_owned();
    for part in ["2026-12-22T09:0", "/settings/api-keys"] {
        assert!(words.contains(part), "{words}");
    }
    app.mails();
}

#[test]
fn the_keys_of_others_get_no_end() {
    let app = TestApp::start();
    let mut mia = app.member();
    let (id, _) = app.key_that_ends("grace@example.org", &["all"], Ends::Never);
    let (ended, _) = app.key(MIA, &["all"]);
    let path = |id| format!("{LIST}/{id}/end");
    mia.get(&path(id)).is(404);
    mia.get(&path(ended)).is(409);
    let page = mia.get("/settings/profile").page();
    let csrf = page.form("/sign-out").value("csrf");
    let fields = [("csrf", &*csrf), ("expires", "30")];
    mia.post(&path(id), &fields).is(404);
    mia.post(&path(ended), &fields).is(409);
    let endless = "SELECT count(*) AS count FROM api_keys WHERE expires_at IS NULL";
    assert_eq!(app.count(endless), 1);
}
