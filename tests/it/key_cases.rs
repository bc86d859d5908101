//! Aleph's cases on API keys that no other test has, as they hold here (docs/cases.md names the tests of all of them).

use std::collections::BTreeSet;

use vestibule::access::Role;
use vestibule::api_keys::model::Ends;
use vestibule::clock::{Span, Time, days};

use crate::support::app::TestApp;
use crate::support::client::{Answer, Api, Browser};
use crate::support::smtp::Received;

const MIA: &str = "mia@example.org";

/// Makes a key as people do, at `path`, and answers its secret.
fn made(browser: &mut Browser, path: &str) -> String {
    let form = browser.get(path).is(200).page().form(path);
    let form = form.fill("name", "Nightly").fill("scopes", "all");
    let page = browser.submit(form.submit()).is(200).page();
    page.text("textarea")
}

fn end(api: &Api) -> Time {
    let me = api.get("/api/v1/me").is(200);
    Time::parse(me.header("vestibule-key-expires")).unwrap()
}

#[test]
fn nobody_has_a_key_to_begin_with_and_each_new_one_lives_ninety_days() {
    let app = TestApp::start();
    let mut mia = app.member();
    let keys = "SELECT count(*) AS count FROM api_keys";
    assert_eq!(app.count(keys), 0);
    let life = |api: &Api| (end(api) - app.parts.app.clock.now()).as_micros() / 1_000_000;
    let about_ninety = days(90).as_micros() / 1_000_000 - 10..=days(90).as_micros() / 1_000_000;
    let first = made(&mut mia, "/settings/api-keys/new");
    let old = Api::new(&app.base, Some(first.clone()));
    assert!(about_ninety.contains(&life(&old)), "{}", life(&old));
    app.advance(days(31));
    let mut mia = app.signed_in(MIA);
    let list = mia.get("/settings/api-keys").is(200).page();
    let way = list.attr("td a[href$='/rotate']", "href").unwrap();
    let second = made(&mut mia, &way);
    let new = Api::new(&app.base, Some(second.clone()));
    assert_ne!(first, second);
    assert!(about_ninety.contains(&life(&new)), "{}", life(&new));
    let digests = "SELECT count(DISTINCT digest) AS count FROM api_keys";
    assert_eq!(app.count(digests), 2);
    app.mails();
}

#[test]
fn each_key_that_is_made_is_mailed_once_to_its_owner_in_text_and_html() {
    let app = TestApp::start();
    let mut mia = app.member();
    let secret = made(&mut mia, "/settings/api-keys/new");
    let list = mia.get("/settings/api-keys").is(200).page();
    let way = list.attr("td a[href$='/rotate']", "href").unwrap();
    let first = app.mails();
    let replaced = made(&mut mia, &way);
    for (mails, subject, words) in [
        (
            first,
            "A new API key for your account",
            "was made for your account",
        ),
        (
            app.mails(),
            "An API key of your account was replaced",
            "in place of another one",
        ),
    ] {
        assert_eq!(mails.len(), 1, "{subject}");
        assert_eq!(
            (&*mails[0].to[0], mails[0].subject().as_str()),
            (MIA, subject)
        );
        for part in [mails[0].text(), mails[0].html().unwrap()] {
            assert!(part.contains(words), "{part}");
            assert!(!part.contains(&secret) && !part.contains(&replaced));
        }
    }
    assert!(app.mails().is_empty());
}

#[test]
fn who_has_no_key_is_told_nothing() {
    let app = TestApp::start();
    app.user(MIA, "Mia", Role::Member);
    for _ in 0..4 {
        app.advance(days(30));
        assert!(app.mails().is_empty());
    }
}

#[test]
fn a_new_key_has_notices_of_its_own() {
    let app = TestApp::start();
    let mut mia = app.member();
    made(&mut mia, "/settings/api-keys/new");
    app.mails();
    // Nothing ran until the end: one mail, and not also the one that it ends in seven days.
    app.advance(days(90));
    let subjects = |app: &TestApp| -> Vec<String> {
        let mails = app.mails();
        mails.iter().map(Received::subject).collect()
    };
    let over = subjects(&app);
    assert_eq!(over.len(), 1, "{over:?}");
    assert!(over[0].ends_with("has stopped working"));
    let mut mia = app.signed_in(MIA);
    made(&mut mia, "/settings/api-keys/new");
    assert_eq!(subjects(&app), ["A new API key for your account"]);
    app.advance(days(83));
    let soon = subjects(&app);
    assert_eq!(soon.len(), 1, "{soon:?}");
    assert!(soon[0].ends_with("stops working in 7 days"), "{soon:?}");
    app.advance(days(7));
    let over = subjects(&app);
    assert_eq!(over.len(), 1, "{over:?}");
    assert!(over[0].ends_with("has stopped working"));
}

#[test]
fn a_key_works_until_just_before_its_end_and_not_at_it() {
    let app = TestApp::start();
    app.user(MIA, "Mia", Role::Member);
    let api = app.with_key(MIA, &["all"]);
    let end = end(&api);
    let clock = &app.parts.app.clock;
    let until = |moment: Time| app.advance(moment - clock.now());
    // Each look at the clock of the tests moves it by a thousandth of a second.
    until(end.minus(Span::from_micros(500_000)));
    api.get("/api/v1/me").is(200);
    until(end);
    assert_eq!(api.get("/api/v1/me").is(401).code(), "key_expired");
    app.mails();
}

#[test]
fn a_key_without_an_end_goes_on_working() {
    let app = TestApp::start();
    app.user(MIA, "Mia", Role::Member);
    let (_, secret) = app.key_that_ends(MIA, &["all"], Ends::Never);
    let api = Api::new(&app.base, Some(secret));
    app.advance(days(3_650));
    let me = api.get("/api/v1/me").is(200);
    assert_eq!(me.header("vestibule-key-expires"), "");
    assert!(app.mails().is_empty());
}

#[test]
fn what_is_told_of_a_key_never_holds_it() {
    let app = TestApp::start();
    app.user(MIA, "Mia", Role::Member);
    let (id, secret) = app.key(MIA, &["keys:read"]);
    let api = Api::new(&app.base, Some(secret.clone()));
    let told = api.get(&format!("/api/v1/keys/{id}")).is(200);
    assert!(!told.body.contains(&secret));
    let told = told.json();
    let names: BTreeSet<&str> = told
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = BTreeSet::from([
        "id",
        "owner_id",
        "name",
        "note",
        "prefix",
        "last_four",
        "scopes",
        "role_ceiling",
        "state",
        "created_at",
        "expires_at",
        "last_used_at",
        "last_used_ip",
        "last_used_agent",
        "successor_id",
    ]);
    assert_eq!(names, expected);
    assert_eq!(told["prefix"], secret[..9]);
    assert_eq!(told["last_four"], secret[50..]);
    // To anybody else there is no such key.
    app.user("ben@example.org", "Ben", Role::Member);
    let other = app.with_key("ben@example.org", &["all"]);
    other.get(&format!("/api/v1/keys/{id}")).is(404);
    app.no_key().get(&format!("/api/v1/keys/{id}")).is(401);
}

fn with(app: &TestApp, path: &str, credential: &str) -> Answer {
    let headers = [("authorization", credential)];
    app.no_key().send("GET", path, &headers, None)
}

#[test]
fn a_credential_that_is_not_good_is_refused_wherever_it_is_sent() {
    let app = TestApp::start();
    app.user(MIA, "Mia", Role::Member);
    let (_, secret) = app.key(MIA, &["all"]);
    with(&app, "/api/v1/me", &format!("ApiKey {secret}")).is(200);
    // A program is never served as somebody else than it thinks, on public routes either.
    for credential in [
        "ApiKey INVALID",
        "Bearer INVALID",
        "Token INVALID",
        "INVALID",
        &format!("Token {secret}"),
        &format!("ApiKey {secret}x"),
        &format!("ApiKey {}", &secret[..53]),
        &format!("ApiKey {}", secret.to_lowercase()),
    ] {
        for path in ["/api/v1/me", "/openapi.json"] {
            let refused = with(&app, path, credential).is(401);
            assert_eq!(refused.code(), "credential_invalid", "{credential} {path}");
            assert_eq!(
                refused.header("www-authenticate"),
                "Bearer error=\"invalid_token\""
            );
        }
    }
    // Blanks are no credential.
    for credential in ["", " ", "   "] {
        let refused = with(&app, "/api/v1/me", credential).is(401);
        assert_eq!(refused.code(), "credential_missing", "{credential:?}");
        with(&app, "/openapi.json", credential).is(200);
    }
    for credential in ["ApiKey ", "ApiKey   ", "Bearer "] {
        let refused = with(&app, "/api/v1/me", credential).is(401);
        assert!(refused.code().starts_with("credential_"), "{credential:?}");
    }
}

#[test]
fn a_key_in_the_address_is_refused_good_or_bad() {
    let app = TestApp::start();
    app.user(MIA, "Mia", Role::Member);
    let (_, secret) = app.key(MIA, &["all"]);
    for value in [&*secret, "INVALID", "", "%20%20"] {
        for path in ["/api/v1/me", "/openapi.json"] {
            let refused = app.no_key().get(&format!("{path}?api_key={value}")).is(400);
            assert_eq!(refused.code(), "credential_in_url", "{path} {value:?}");
            assert!(!refused.body.contains(&secret));
        }
    }
}
