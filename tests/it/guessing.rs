//! Guessing passwords (abuse cases D22 and D23): refused after as many tries as documented, without
//! locking anybody else out, and let go at the time that was told.

use vestibule::clock::{minutes, seconds};

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::client::{Answer, Browser};
use crate::support::door::{csrf, is_in, sign_in, text};

const GRACE: &str = "grace@example.org";

/// A server behind a proxy on the same machine.
fn behind_a_proxy() -> TestApp {
    TestApp::with(Options {
        trusted_proxies: Some("127.0.0.1".to_owned()),
        ..Options::default()
    })
}

fn from(app: &TestApp, lines: &[&str]) -> Browser {
    let mut browser = app.anonymous();
    let line = |line: &&str| ("x-forwarded-for".to_owned(), (*line).to_owned());
    browser.extra.extend(lines.iter().map(line));
    browser
}

fn retry_after(answer: &Answer) -> i64 {
    answer.header("retry-after").parse().unwrap()
}

#[test]
fn after_fifty_wrong_passwords_the_right_one_waits_and_nobody_else_does() {
    let app = behind_a_proxy();
    app.admin_account();
    let (here, there) = ("198.51.100.1", "198.51.100.2");
    let mut guesser = from(&app, &[here]);
    for number in 0..50 {
        let expected = if number < 5 { 401 } else { 429 };
        sign_in(&mut guesser, GRACE, &format!("wrong {number}")).is(expected);
    }
    let refused = sign_in(&mut guesser, GRACE, PASSWORD).is(429);
    assert!(refused.page().text("main").contains("Too many tries"));
    assert!(!is_in(&mut guesser));
    // From elsewhere, and other people from here.
    sign_in(&mut from(&app, &[there]), GRACE, PASSWORD).is(303);
    sign_in(&mut from(&app, &[here]), "alan@example.org", PASSWORD).is(303);
    // At the time that was told, and not before.
    let wait = retry_after(&refused);
    assert!((1..=300).contains(&wait), "{wait}");
    app.advance(seconds(wait - 1));
    let refused = sign_in(&mut guesser, GRACE, PASSWORD).is(429);
    assert_eq!(retry_after(&refused), 1);
    app.advance(seconds(1));
    sign_in(&mut guesser, GRACE, PASSWORD).is(303);
    assert!(is_in(&mut guesser));
}

#[test]
fn two_hundred_tries_at_once_are_no_more_than_the_limit() {
    let app = TestApp::start();
    let mut browser = app.anonymous();
    let token = csrf(&mut browser);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20)
            .map(|thread| {
                let (mut browser, token) = (browser.clone(), token.clone());
                scope.spawn(move || {
                    (0..10)
                        .map(|number| {
                            let password = format!("wrong {thread} {number}");
                            let fields =
                                [("csrf", &*token), ("email", GRACE), ("password", &password)];
                            browser.post("/sign-in", &fields).status
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|one| one.join().unwrap())
            .collect()
    });
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((count(401), count(429)), (5, 195), "{statuses:?}");
}

#[test]
fn ways_to_write_an_address_share_one_count() {
    let app = TestApp::start();
    for email in [
        GRACE,
        "GRACE@example.org",
        " grace@example.org",
        "grace@EXAMPLE.org ",
        "\tGrace@Example.Org\n",
    ] {
        sign_in(&mut app.anonymous(), email, "wrong").is(401);
    }
    for email in [GRACE, "gRACE@example.org"] {
        sign_in(&mut app.anonymous(), email, PASSWORD).is(429);
    }
}

#[test]
fn one_source_cannot_try_many_accounts() {
    let app = behind_a_proxy();
    let mut sprayer = from(&app, &["203.0.113.9"]);
    for number in 0..50 {
        sign_in(&mut sprayer, &format!("user{number}@example.org"), "wrong").is(401);
    }
    let refused = sign_in(&mut sprayer, GRACE, PASSWORD).is(429);
    sign_in(&mut from(&app, &["203.0.113.10"]), GRACE, PASSWORD).is(303);
    app.advance(seconds(retry_after(&refused)));
    sign_in(&mut sprayer, GRACE, PASSWORD).is(303);
}

#[test]
fn one_account_cannot_be_tried_from_everywhere() {
    let app = behind_a_proxy();
    for number in 0..200 {
        let mut browser = from(&app, &[&format!("203.0.113.{number}")]);
        sign_in(&mut browser, GRACE, "wrong").is(401);
    }
    sign_in(&mut from(&app, &["198.51.100.1"]), GRACE, "wrong").is(429);
    // Addresses of one customer in IPv6 are one source.
    for number in 0..5 {
        let mut browser = from(&app, &[&format!("2001:db8:0:1:{number}::1")]);
        sign_in(&mut browser, "x@example.org", "wrong").is(401);
    }
    sign_in(
        &mut from(&app, &["2001:db8:0:1::9"]),
        "x@example.org",
        "wrong",
    )
    .is(429);
    sign_in(
        &mut from(&app, &["2001:db8:0:2::9"]),
        "x@example.org",
        "wrong",
    )
    .is(401);
}

#[test]
fn a_right_password_is_no_failure_and_forgets_none() {
    let app = TestApp::start();
    for _ in 0..4 {
        sign_in(&mut app.anonymous(), GRACE, "wrong").is(401);
    }
    for _ in 0..10 {
        sign_in(&mut app.anonymous(), GRACE, PASSWORD).is(303);
    }
    sign_in(&mut app.anonymous(), GRACE, "wrong").is(401);
    sign_in(&mut app.anonymous(), GRACE, PASSWORD).is(429);
}

#[test]
fn an_address_that_a_stranger_claims_to_come_from_does_not_count() {
    let app = TestApp::start();
    for number in 0..8 {
        let mut browser = from(&app, &[&format!("203.0.113.{number}")]);
        browser
            .extra
            .push(("forwarded".to_owned(), format!("for=192.0.2.{number}")));
        browser
            .extra
            .push(("x-real-ip".to_owned(), format!("192.0.2.{number}")));
        let expected = if number < 5 { 401 } else { 429 };
        sign_in(&mut browser, GRACE, "wrong").is(expected);
    }
    app.advance(minutes(6));
    sign_in(&mut from(&app, &["203.0.113.77"]), GRACE, PASSWORD).is(303);
    assert_eq!(last_address(&app), "127.0.0.1");
}

fn last_address(app: &TestApp) -> String {
    let sql = "SELECT ip AS text FROM audit WHERE action = 'session.opened' \
               ORDER BY at DESC, id DESC LIMIT 1";
    text(app, sql)
}

#[test]
fn what_a_trusted_proxy_says_counts_from_the_last_address_on() {
    let app = behind_a_proxy();
    let cases: [(&[&str], &str); 8] = [
        (&["203.0.113.1"], "203.0.113.1"),
        (&["10.9.9.9, 203.0.113.2"], "203.0.113.2"),
        (&["203.0.113.3, 127.0.0.1"], "203.0.113.3"),
        (&["10.9.9.9", "203.0.113.4"], "203.0.113.4"),
        (&["10.9.9.9", "203.0.113.5, 127.0.0.1"], "203.0.113.5"),
        (&["203.0.113.6", "nonsense"], "127.0.0.1"),
        (&["::ffff:203.0.113.7"], "203.0.113.7"),
        (&[], "127.0.0.1"),
    ];
    for (lines, expected) in cases {
        sign_in(&mut from(&app, lines), GRACE, PASSWORD).is(303);
        assert_eq!(last_address(&app), expected, "{lines:?}");
        app.advance(seconds(1));
    }
}

#[test]
fn guessing_the_present_password_inside_counts_too() {
    for (page, field) in [
        ("/sign-in/confirm", "password"),
        ("/settings/password", "current_password"),
    ] {
        let app = TestApp::start();
        let mut browser = app.owner();
        let token = csrf(&mut browser);
        let mut try_it = |password: &str| {
            let mut fields = vec![("csrf", &*token), (field, password)];
            if field == "current_password" {
                fields.push(("password", "nine loud foghorns at night"));
            }
            browser.post(page, &fields)
        };
        for _ in 0..5 {
            assert!([401, 422].contains(&try_it("wrong").status), "{page}");
        }
        let refused = try_it(PASSWORD).is(429);
        assert!(retry_after(&refused) > 0);
        // The same counter as the door's.
        sign_in(&mut app.anonymous(), GRACE, PASSWORD).is(429);
    }
}

#[test]
fn many_right_passwords_at_once_are_let_in() {
    let app = TestApp::start();
    let mut browser = app.anonymous();
    let token = csrf(&mut browser);
    let fields = [("csrf", &*token), ("email", GRACE), ("password", PASSWORD)];
    std::thread::scope(|scope| {
        for _ in 0..60 {
            let mut browser = browser.clone();
            scope.spawn(move || assert_eq!(browser.post("/sign-in", &fields).status, 303));
        }
    });
}

#[test]
fn a_right_password_of_a_suspended_account_is_no_failure() {
    let app = TestApp::start();
    app.user("sue@example.org", "Sue", vestibule::access::Role::Member);
    let id = crate::support::door::user_id(&app, "sue@example.org");
    let path = format!("/api/v1/users/{id}/suspension");
    app.api().put(&path, &serde_json::json!({})).is(200);
    for _ in 0..7 {
        sign_in(&mut app.anonymous(), "sue@example.org", PASSWORD).is(403);
    }
}
