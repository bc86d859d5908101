//! Signing in and asking for a recovery link tell nobody who has an account (D9), lead nowhere else
//! (D32), and hold up nothing else.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use vestibule::access::Role;
use vestibule::clock::minutes;
use vestibule::passwords::Cost;
use vestibule::sign_in::password::prove;

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::client::Answer;
use crate::support::door::{
    ask_recovery, csrf, is_in, recover, recovery_link, session_cookie, sign_in, user_id,
    without_tokens,
};

/// Somebody of every kind: known, suspended, without a password; and people who are not there.
const ADDRESSES: [&str; 7] = [
    "grace@example.org",
    "GRACE@Example.org",
    "suspended@example.org",
    "new@example.org",
    "nobody@example.org",
    "grace@example.com",
    "grace+1@example.org",
];

fn with_everybody(options: Options) -> TestApp {
    let app = TestApp::with(options);
    app.user("suspended@example.org", "Sue", Role::Member);
    let api = app.api();
    let id = user_id(&app, "suspended@example.org");
    let reason = serde_json::json!({ "reason": "x" });
    api.put(&format!("/api/v1/users/{id}/suspension"), &reason)
        .is(200);
    let new = serde_json::json!({ "email": "new@example.org", "display_name": "New" });
    api.post("/api/v1/users", &new).is(201);
    app.run_jobs();
    app.sink.take_mails();
    app
}

/// What is left of an answer to compare: all but times, request ids, tokens and the address itself.
fn comparable(answer: &Answer, email: &str) -> (u16, Vec<(String, String)>, String) {
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| !["date", "x-request-id", "content-length"].contains(&&**name));
    headers.sort();
    (
        answer.status,
        headers,
        without_tokens(&answer.body).replace(email, "ADDRESS"),
    )
}

#[test]
fn a_wrong_password_looks_the_same_whoever_is_asked_about() {
    let app = with_everybody(Options::default());
    let answers = ADDRESSES.map(|email| {
        let answer = sign_in(&mut app.anonymous(), email, "a wrong password").is(401);
        comparable(&answer, email)
    });
    for (email, answer) in ADDRESSES.iter().zip(&answers) {
        assert_eq!(answer, &answers[0], "{email}");
    }
    assert!(answers[0].2.contains("ADDRESS"), "the address is kept");
    // The limit comes at the same number for everybody.
    for email in [
        "grace@example.org",
        "suspended@example.org",
        "nobody@example.org",
    ] {
        let tries = (0..7).map(|_| sign_in(&mut app.anonymous(), email, "wrong").status);
        let refused = tries.filter(|status| *status == 429).count();
        let before = ADDRESSES
            .iter()
            .filter(|one| one.to_lowercase() == email)
            .count();
        assert_eq!(refused, 7 - (5 - before), "{email}");
    }
}

#[test]
fn tries_that_fail_are_in_the_log_without_what_was_typed() {
    let app = with_everybody(Options::default());
    for (email, password) in [
        ("grace@example.org", "my old password"),
        ("nobody@example.org", "my old password"),
        ("suspended@example.org", PASSWORD),
    ] {
        sign_in(&mut app.anonymous(), email, password);
    }
    let log = app
        .api()
        .get("/api/v1/audit?action=session.refused")
        .is(200);
    for typed in ["my old password", "nobody@example.org", PASSWORD] {
        assert!(!log.body.contains(typed), "{}", log.body);
    }
    let entries = log.json();
    let told: Vec<[&str; 3]> = (0..3)
        .map(|n| {
            let entry = &entries["items"][n];
            let parts = [
                &entry["result"],
                &entry["target"]["id"],
                &entry["after"]["why"],
            ];
            parts.map(|part| part.as_str().unwrap())
        })
        .collect();
    let grace = user_id(&app, "grace@example.org");
    let suspended = user_id(&app, "suspended@example.org");
    for expected in [
        ["refused", &grace, "sign_in_failed"],
        ["refused", "", "sign_in_failed"],
        ["refused", &suspended, "account_disabled"],
    ] {
        assert!(told.contains(&expected), "{told:?}");
    }
}

#[test]
fn who_is_suspended_learns_so_with_the_right_password_alone() {
    let app = with_everybody(Options::default());
    let mut sue = app.anonymous();
    let page = sign_in(&mut sue, "suspended@example.org", PASSWORD)
        .is(403)
        .page();
    assert!(
        page.text("main").contains("suspended"),
        "{}",
        page.text("main")
    );
    assert!(!is_in(&mut sue));
}

#[test]
fn asking_for_a_recovery_link_looks_the_same_whoever_is_asked_about() {
    for no_mail in [false, true] {
        let app = with_everybody(Options {
            no_mail,
            ..Options::default()
        });
        let answers = ADDRESSES.map(|email| {
            let mut browser = app.anonymous();
            let answer = if no_mail {
                // The page has no form then, and asking all the same tells nothing either.
                assert_eq!(browser.get("/recover").is(200).page().count("form"), 0);
                let csrf = csrf(&mut browser);
                browser.post("/recover", &[("csrf", &csrf), ("email", email)])
            } else {
                ask_recovery(&mut browser, email)
            };
            comparable(&answer.is(200), email)
        });
        for (email, answer) in ADDRESSES.iter().zip(&answers) {
            assert_eq!(answer, &answers[0], "{email}");
        }
        if no_mail {
            continue;
        }
        let mut mailed: Vec<String> = app.mails().into_iter().flat_map(|mail| mail.to).collect();
        mailed.sort();
        let expected = ["grace@example.org", "grace@example.org", "new@example.org"];
        assert_eq!(mailed, expected, "to the address that the account has");
    }
}

#[test]
fn addresses_that_look_like_another_reach_nobody() {
    let app = TestApp::start();
    for email in [
        "gr\u{430}ce@example.org",
        "grace@example.org,evil@example.org",
        "grace@example.org\nBcc: evil@example.org",
        "grace@example.org\u{0}",
        "grace@\u{212a}.org",
        "\"grace\"@example.org",
    ] {
        let answer = ask_recovery(&mut app.anonymous(), email);
        assert_eq!(answer.status, 422, "{email:?}");
        let answer = sign_in(&mut app.anonymous(), email, PASSWORD);
        assert_eq!(answer.status, 401, "{email:?}");
    }
    assert_eq!(app.mails().len(), 0);
}

/// Where nobody may be led to.
const ELSEWHERE: [&str; 24] = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https:evil.example",
    "HTTPS://evil.example",
    "http:///evil.example",
    "//evil.example@vestibule.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    ".evil.example",
    " /",
    " //evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "/\u{0}",
    "/ä",
    "",
];

#[test]
fn going_on_after_signing_in_stays_on_the_site() {
    let app = TestApp::start();
    let mut inside = app.owner();
    let query = |next: &str| serde_urlencoded::to_string([("next", next)]).unwrap();
    for next in ELSEWHERE {
        let mut browser = app.anonymous();
        let token = csrf(&mut browser);
        let fields = [
            ("csrf", &*token),
            ("next", next),
            ("email", "grace@example.org"),
            ("password", PASSWORD),
        ];
        let answer = browser.post("/sign-in", &fields).is(303);
        assert_eq!(answer.header("location"), "/", "{next:?}");
        let token = csrf(&mut browser);
        let fields = [("csrf", &*token), ("next", next), ("password", PASSWORD)];
        let answer = browser.post("/sign-in/confirm", &fields).is(303);
        assert_eq!(answer.header("location"), "/", "{next:?}");
        let token = csrf(&mut browser);
        let answer = browser
            .post("/sign-out", &[("csrf", &*token), ("next", next)])
            .is(303);
        assert_eq!(answer.header("location"), "/sign-in", "{next:?}");

        let answer = inside.get(&format!("/sign-in?{}", query(next)));
        if !next.contains('\0') {
            assert_eq!(answer.is(303).header("location"), "/", "{next:?}");
            let page = app
                .anonymous()
                .get(&format!("/sign-in?{}", query(next)))
                .page();
            assert_eq!(page.form("/sign-in").value("next"), "/", "{next:?}");
        }
    }
    for next in [
        "/settings/api-keys",
        "/admin/users?q=a&status=",
        "/self-service/invite?flow=x",
    ] {
        let answer = inside.get(&format!("/sign-in?{}", query(next))).is(303);
        assert_eq!(answer.header("location"), next);
    }
}

#[test]
fn a_session_cookie_that_was_there_before_is_not_taken_over() {
    let app = TestApp::start();
    let mut browser = app.anonymous();
    let planted = session_cookie(&app.owner());
    for cookie in ["planted", &planted[..planted.len() - 4], ""] {
        browser
            .cookies
            .insert("vestibule".to_owned(), cookie.to_owned());
        sign_in(&mut browser, "grace@example.org", PASSWORD).is(303);
        assert_ne!(session_cookie(&browser), cookie);
        assert!(is_in(&mut browser));
    }
    // Signing in anew leaves no copy of the session before that works.
    let mut before = browser.clone();
    sign_in(&mut browser, "grace@example.org", PASSWORD).is(303);
    assert_ne!(session_cookie(&browser), session_cookie(&before));
    assert!(is_in(&mut browser));
    assert!(!is_in(&mut before));
}

#[test]
fn hashing_passwords_holds_up_nothing_else() {
    let cost = Some(Cost::STANDARD);
    let trusted_proxies = Some("127.0.0.1".to_owned());
    let app = TestApp::with(Options {
        cost,
        trusted_proxies,
        ..Options::default()
    });
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 0..64 {
            let (mut browser, done) = (app.anonymous(), &done);
            let source = format!("192.0.2.{number}");
            browser.extra.push(("x-forwarded-for".to_owned(), source));
            let email = format!("nobody{number}@example.org");
            scope.spawn(move || {
                sign_in(&mut browser, &email, "wrong").is(401);
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        let mut meanwhile = 0;
        while done.load(Ordering::Relaxed) < 64 {
            let started = Instant::now();
            app.anonymous().get("/healthz").is(200);
            app.anonymous().get("/sign-in").is(200);
            assert!(
                started.elapsed() < Duration::from_secs(2),
                "{:?}",
                started.elapsed()
            );
            meanwhile += 1;
        }
        assert!(
            meanwhile >= 3,
            "the sign-ins were over too soon: {meanwhile}"
        );
    });
}

type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Fills the queue of passwords that wait to be hashed, as long as `waiting` is kept.
fn fill<'a>(app: &'a TestApp, waiting: &mut Vec<Waiting<'a>>) {
    let mut pauses = 0;
    while pauses < 3 {
        let mut one: Waiting<'a> = Box::pin(async {
            let _ = app.parts.app.passwords.verify("x".to_owned(), None).await;
        });
        let turned_away = one
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready();
        if turned_away {
            // The threads may be about to take theirs out.
            pauses += 1;
            std::thread::sleep(Duration::from_millis(20));
        } else {
            waiting.push(one);
            pauses = 0;
        }
    }
}

#[test]
fn every_try_goes_through_the_hasher_whoever_is_asked_about() {
    // With a full queue whoever needs a hash is turned away at once, and only they are.
    let cost = Some(Cost {
        memory_kib: 65_536,
        passes: 8,
        lanes: 1,
    });
    let app = TestApp::with(Options {
        cost,
        ..Options::default()
    });
    let mut browser = app.anonymous();
    let token = csrf(&mut browser);
    let mut waiting = Vec::new();
    for email in [
        "grace@example.org",
        "nobody@example.org",
        "",
        "no address",
        "a\0b@example.org",
    ] {
        fill(&app, &mut waiting);
        let fields = [("csrf", &*token), ("email", email), ("password", "wrong")];
        let answer = browser.post("/sign-in", &fields).is(503);
        assert!(!answer.header("retry-after").is_empty());
    }
    app.anonymous().get("/healthz").is(200);
    app.anonymous().get("/sign-in").is(200);
}

#[test]
fn signing_in_often_is_no_failure() {
    let app = TestApp::start();
    for _ in 0..20 {
        let mut browser = app.anonymous();
        sign_in(&mut browser, "grace@example.org", PASSWORD).is(303);
    }
    app.advance(minutes(1));
    assert!(is_in(&mut app.owner()));
}

/// A right password, looked at before something happens to the account, and held after it.
fn proved_before(change: impl FnOnce(&TestApp)) -> bool {
    let app = TestApp::start();
    app.user("ada@example.org", "Ada", Role::Member);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let operator = vestibule::access::Actor::operator();
    let proof = prove(
        &app.parts.app,
        &operator,
        "here",
        "ada@example.org",
        PASSWORD,
    );
    let proof = runtime.unwrap().block_on(proof).unwrap();
    change(&app);
    let held = app.parts.app.db.write_now(move |tx| proof.holder(tx));
    app.mails();
    held.unwrap().is_some()
}

#[test]
fn a_password_is_proof_only_as_long_as_it_is_the_password_of_somebody_active() {
    assert!(proved_before(|_| ()));
    assert!(!proved_before(|app| {
        let link = recovery_link(app, "ada@example.org");
        recover(&mut app.anonymous(), &link, "nine loud lighthouses").is(303);
    }));
    assert!(!proved_before(|app| {
        let id = user_id(app, "ada@example.org");
        let path = format!("/api/v1/users/{id}/suspension");
        app.api().put(&path, &serde_json::json!({})).is(200);
    }));
}

#[test]
fn many_sign_ins_at_once_get_in_while_the_password_is_hashed_anew() {
    let app = TestApp::start();
    // A hash of other parameters than those of the settings.
    let old = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(async {
            let cost = Cost {
                memory_kib: 64,
                passes: 2,
                lanes: 1,
            };
            let hasher = vestibule::passwords::Passwords::start(cost, 1).unwrap();
            hasher.hash(PASSWORD.to_owned()).await.unwrap()
        });
    let id = user_id(&app, "grace@example.org").parse().unwrap();
    let db = &app.parts.app.db;
    db.write_now(move |tx| {
        let now = tx.now;
        Ok(vestibule::users::store::set_password(tx, id, &old, now)?)
    })
    .unwrap();
    let mut browser = app.anonymous();
    let token = csrf(&mut browser);
    let fields = [
        ("csrf", &*token),
        ("email", "grace@example.org"),
        ("password", PASSWORD),
    ];
    std::thread::scope(|scope| {
        for _ in 0..20 {
            let mut browser = browser.clone();
            scope.spawn(move || assert_eq!(browser.post("/sign-in", &fields).status, 303));
        }
    });
}
