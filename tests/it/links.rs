//! Links that arrive by mail or stand in the log: looked at by scanners, built from the public URL,
//! good once (abuse cases D7, D8, D10).

use vestibule::access::Role;
use vestibule::clock::{Clock, minutes, seconds};
use vestibule::passwords::Cost;
use vestibule::server::Server;

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::client::Browser;
use crate::support::door::{
    ask_recovery, audited, csrf, is_in, mailed_link, raw, recover, recovery_link, sign_in, state,
};

const NEW_PASSWORD: &str = "nine loud foghorns at night";

/// What a mail scanner does: everything that is not a POST, with and without cookies.
fn scan(app: &TestApp, link: &str, page: &str) {
    let before = state(app);
    let mut scanner = app.anonymous();
    for _ in 0..20 {
        for method in ["GET", "HEAD", "OPTIONS"] {
            for path in [link, page] {
                for browser in [&mut scanner, &mut app.anonymous()] {
                    let answer = browser.request(method, path, &[("accept", "text/html")], None);
                    assert!(answer.status < 500, "{method} {path}");
                    let cookies = answer.headers("set-cookie");
                    let session = cookies.iter().find(|one| one.starts_with("vestibule="));
                    assert_eq!(session, None, "{method} {path}");
                }
            }
        }
        // Scanners come over hours; the limit on wrong links is not what is looked at here.
        app.advance(seconds(20));
    }
    assert!(!is_in(&mut scanner));
    assert_eq!(state(app), before);
}

#[test]
fn looking_at_an_invite_link_changes_nothing() {
    let app = TestApp::start();
    let invited = serde_json::json!({ "email": "ivo@example.org" });
    app.api().post("/api/v1/invites", &invited).is(201);
    let link = mailed_link(&app, "/self-service/invite");
    scan(&app, &link, "/self-service/invite");
    let mut ivo = app.anonymous();
    let page = ivo.open(&link).is(200).page();
    let form = page
        .form("/self-service/invite")
        .fill("display_name", "Ivo")
        .fill("password", PASSWORD);
    ivo.submit(form.press_named("action", "accept")).is(303);
    assert!(is_in(&mut ivo));
    app.mails();
}

#[test]
fn looking_at_a_recovery_link_changes_nothing() {
    let app = TestApp::start();
    let link = recovery_link(&app, "grace@example.org");
    scan(&app, &link, "/recover");
    let mut grace = app.anonymous();
    recover(&mut grace, &link, NEW_PASSWORD).is(303);
    assert!(is_in(&mut grace));
}

#[test]
fn links_in_mails_start_with_the_public_url_whatever_the_request_says() {
    let app = TestApp::start();
    let mut browser = app.anonymous();
    let body = format!("csrf={}&email=grace%40example.org", csrf(&mut browser));
    let cookie = &browser.cookies["vestibule-before"];
    let host = &app.base["http://".len()..];
    let own = format!("Host: {host}");
    let evil = "evil.example";
    let tries = [
        ("/recover".to_owned(), format!("Host: {evil}")),
        (
            "/recover".to_owned(),
            format!("{own}\r\nX-Forwarded-Host: {evil}"),
        ),
        (
            "/recover".to_owned(),
            format!("{own}\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1"),
        ),
        (
            "/recover".to_owned(),
            format!("{own}\r\nForwarded: host={evil};proto=https"),
        ),
        (
            "/recover".to_owned(),
            format!("{own}\r\nX-Original-URL: http://{evil}/recover"),
        ),
        (
            "/recover".to_owned(),
            format!("{own}\r\nX-Forwarded-Prefix: //{evil}"),
        ),
        (format!("http://{evil}/recover"), format!("Host: {evil}")),
    ];
    for (target, headers) in tries {
        let answer = raw(
            &app,
            &format!(
                "POST {target} HTTP/1.1\r\n{headers}\r\nCookie: vestibule-before={cookie}\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{body}",
                body.len()
            ),
        );
        assert!(
            answer.starts_with("HTTP/1.1 200"),
            "{target} {headers}: {answer}"
        );
        assert!(!answer.contains(evil), "{answer}");
        let mails = app.mails();
        assert_eq!(mails.len(), 1, "{headers}");
        for link in mails[0].links() {
            let rest = link.strip_prefix(&app.base);
            let own = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            assert!(own, "{headers}: {link}");
        }
        app.advance(minutes(16));
    }
}

#[test]
fn no_redirect_leaves_the_site_because_of_the_request_line() {
    let app = TestApp::start();
    let port = app.base.rsplit(':').next().unwrap();
    let host = format!("localhost:{port}");
    for target in [
        "/settings",
        "http://evil.example/settings",
        "http://evil.example",
    ] {
        for host in [&*host, "evil.example", &app.base["http://".len()..]] {
            let request =
                format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            let answer = raw(&app, &request);
            assert!(answer.starts_with("HTTP/1.1 30"), "{answer}");
            let lower = answer.to_lowercase();
            let to = lower.split("\r\nlocation: ").nth(1).unwrap();
            let to = to.split("\r\n").next().unwrap();
            let own = to.starts_with("/sign-in") || to.starts_with(&format!("{}/", app.base));
            assert!(own && !to.contains("evil"), "{target} {host}: {to}");
        }
    }
}

#[test]
fn a_recovery_link_works_once_and_signs_in() {
    let app = TestApp::start();
    let mut elsewhere = app.owner();
    let link = recovery_link(&app, "grace@example.org");
    let (mut first, mut second) = (app.anonymous(), app.anonymous());
    let opened = second.open(&link).is(200).page();
    recover(&mut first, &link, NEW_PASSWORD).is(303);
    assert!(is_in(&mut first));
    assert!(!is_in(&mut elsewhere), "every other session ends");
    recover(&mut app.anonymous(), &link, NEW_PASSWORD).is(410);
    // A form that was opened before is no way around.
    let form = opened
        .form("/recover/new")
        .fill("password", "a third good password");
    second.submit(form.submit()).is(410);
    assert!(!is_in(&mut second));
    sign_in(&mut app.anonymous(), "grace@example.org", PASSWORD).is(401);
    sign_in(&mut app.anonymous(), "grace@example.org", NEW_PASSWORD).is(303);
    app.mails();
}

#[test]
fn of_many_uses_of_a_recovery_link_at_once_one_succeeds() {
    let app = TestApp::start();
    let link = recovery_link(&app, "grace@example.org");
    let ready: Vec<(Browser, _)> = (0..20)
        .map(|_| {
            let mut browser = app.anonymous();
            let page = browser.open(&link).is(200).page();
            let form = page.form("/recover/new").fill("password", NEW_PASSWORD);
            (browser, form.submit())
        })
        .collect();
    let sent: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = ready
            .into_iter()
            .map(|(mut browser, form)| scope.spawn(move || browser.submit(form).status))
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(
        sent.iter().filter(|status| **status == 303).count(),
        1,
        "{sent:?}"
    );
    assert!(
        sent.iter().all(|status| [303, 410].contains(status)),
        "{sent:?}"
    );
}

#[test]
fn a_recovery_link_ends_with_a_newer_one_a_new_password_suspension_and_time() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia Member", Role::Member);
    let fail = |link: &str| {
        recover(&mut app.anonymous(), link, NEW_PASSWORD).is(410);
    };
    // A newer request.
    let older = recovery_link(&app, "mia@example.org");
    let newer = recovery_link(&app, "mia@example.org");
    fail(&older);
    // A changed password.
    let mut mia = app.signed_in("mia@example.org");
    let page = mia.get("/settings/password").is(200).page();
    let form = page
        .form("/settings/password")
        .fill("current_password", PASSWORD)
        .fill("password", "another good one, this");
    mia.submit(form.submit()).is(303);
    fail(&newer);
    // Suspension, and reactivation does not revive it.
    app.advance(minutes(16));
    let link = recovery_link(&app, "mia@example.org");
    let id = crate::support::door::user_id(&app, "mia@example.org");
    let suspension = format!("/api/v1/users/{id}/suspension");
    app.api().put(&suspension, &serde_json::json!({})).is(200);
    fail(&link);
    app.api().delete(&suspension).is(200);
    fail(&link);
    // Ten minutes.
    let link = recovery_link(&app, "mia@example.org");
    app.advance(minutes(10));
    fail(&link);
    app.advance(minutes(6));
    let link = recovery_link(&app, "mia@example.org");
    let mut last = app.anonymous();
    app.advance(seconds(9 * 60 + 59));
    recover(&mut last, &link, NEW_PASSWORD).is(303);
    app.mails();
}

#[test]
fn a_link_of_one_kind_is_no_link_of_another() {
    let app = TestApp::empty(Options::default());
    let token = app.set_up_link.split("token=").nth(1).unwrap().to_owned();
    for path in ["/recover/new", "/self-service/invite"] {
        let answer = app.anonymous().open(&format!("{path}?token={token}"));
        assert!(
            [404, 410].contains(&answer.status),
            "{path} {}",
            answer.status
        );
    }
    let link = {
        app.user("grace@example.org", "Grace Hopper", Role::Owner);
        recovery_link(&app, "grace@example.org")
    };
    let token = link.split("token=").nth(1).unwrap();
    app.anonymous()
        .open(&format!("/setup?token={token}"))
        .is(410);
}

fn set_up(browser: &mut Browser, link: &str, email: &str) -> u16 {
    let page = browser.open(link);
    if page.status != 200 {
        return page.status;
    }
    let form = page
        .page()
        .form("/setup")
        .fill("name", "First Owner")
        .fill("email", email)
        .fill("password", PASSWORD);
    browser.submit(form.submit()).status
}

#[test]
fn the_set_up_link_makes_one_owner_and_a_restart_makes_a_new_link() {
    let app = TestApp::empty(Options::default());
    let mut late = app.anonymous();
    let opened = late.open(&app.set_up_link).is(200).page();
    let restart = || {
        let config = vestibule::config::Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            ..app.parts.app.config.clone()
        };
        let clock = Clock::manual(app.parts.app.clock.now());
        Server::build(config, clock, Cost::CHEAP)
            .unwrap()
            .set_up_link
    };
    let newer = restart().unwrap();
    assert_ne!(newer, app.set_up_link);
    assert_eq!(
        set_up(&mut app.anonymous(), &app.set_up_link, "old@example.org"),
        410
    );
    let form = opened
        .form("/setup")
        .fill("name", "Late")
        .fill("email", "late@example.org")
        .fill("password", PASSWORD);
    late.submit(form.submit()).is(410);
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 0);

    let mut second = app.anonymous();
    let opened = second.open(&newer).is(200).page();
    let mut first = app.anonymous();
    assert_eq!(set_up(&mut first, &newer, "first@example.org"), 303);
    first.get("/admin/users").is(200);
    let form = opened
        .form("/setup")
        .fill("name", "Second")
        .fill("email", "second@example.org")
        .fill("password", PASSWORD);
    second.submit(form.submit()).is(410);
    assert!(!is_in(&mut second));
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 1);
    assert_eq!(restart(), None);
}

#[test]
fn asking_for_set_up_without_the_link_costs_no_hash_and_makes_nobody() {
    let app = TestApp::empty(Options::default());
    let mut guess = app.anonymous();
    guess.get("/setup?token=vstl_guess").is(303);
    let csrf = csrf(&mut guess);
    let fields = [
        ("csrf", &*csrf),
        ("name", "M"),
        ("email", "m@example.org"),
        ("password", "short"),
    ];
    // The link is looked at before the fields.
    guess.post("/setup", &fields).is(410);
    assert_eq!(audited(&app), 0);
}

#[test]
fn recovery_mails_are_bounded_for_each_address_and_each_source() {
    let app = TestApp::start();
    let mut mallory = app.anonymous();
    for _ in 0..3 {
        ask_recovery(&mut mallory, "grace@example.org").is(200);
    }
    let refused = ask_recovery(&mut mallory, "GRACE@example.org ").is(429);
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert_eq!(app.mails().len(), 3);
    for number in 0..16 {
        ask_recovery(&mut mallory, &format!("nobody{number}@example.org")).is(200);
    }
    ask_recovery(&mut mallory, "another@example.org").is(429);
    app.advance(seconds(wait));
    ask_recovery(&mut app.anonymous(), "grace@example.org").is(200);
    assert_eq!(app.mails().len(), 1);
}

#[test]
fn administrators_are_told_when_the_site_is_opened_under_another_name() {
    let app = TestApp::start();
    let warning = "opened this site as";
    let mut owner = app.owner();
    assert!(!owner.get("/").body.contains(warning));

    let mut stray = app.anonymous();
    stray.extra = vec![("host".to_owned(), "old.example<b>".to_owned())];
    stray.get("/sign-in");
    assert!(!app.anonymous().get("/sign-in").body.contains(warning));
    assert!(!app.member().get("/settings/profile").body.contains(warning));
    let page = owner.get("/").page();
    let said = page.text(".status-bar");
    assert!(said.contains("as old.exampleb, but"), "{said}");
    assert!(said.contains(&app.origin()), "{said}");

    app.advance(minutes(61));
    let mut owner = app.owner();
    assert!(!owner.get("/").body.contains(warning));
    // A load balancer that asks for the address itself is no person.
    stray.get("/healthz");
    assert!(!owner.get("/").body.contains(warning));
}
