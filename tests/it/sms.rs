//! Text messages: through a gateway that takes, refuses, redirects or hangs; kept while there is none.

use vestibule::clock::{hours, minutes};
use vestibule::outbox::{Frame, actions};

use crate::support::app::{Options, TestApp};
use crate::support::sms::{Gateway, Mood};

const NUMBER: &str = "+351215550100";

fn with_gateway(gateway: &Gateway) -> TestApp {
    TestApp::with(Options {
        sms: Some(gateway.url()),
        ..Options::default()
    })
}

/// Puts a message of that kind into the outbox; its id.
fn write(app: &TestApp, kind: &'static str) -> String {
    let shared = app.parts.app.clone();
    let made = app.parts.app.db.write_now(move |tx| {
        let words = shared.text.get("sms-code");
        let words = words.arg("code", "042137").arg("site", "\"Lab\"");
        let letter = Frame::of(&shared, "Lab").sms(kind, &words, NUMBER, None);
        actions::enqueue(tx, &shared, &letter)
    });
    made.unwrap().to_string()
}

fn listed(app: &TestApp) -> serde_json::Value {
    let list = app.api().get("/api/v1/outbox?q=%2B351").is(200).json();
    list["items"][0].clone()
}

#[test]
fn a_message_is_posted_once_and_its_text_erased() {
    let gateway = Gateway::start();
    let app = with_gateway(&gateway);
    let id = write(&app, "test");
    let mut owner = app.owner();
    let page = owner.get(&format!("/admin/outbox/{id}")).is(200).page();
    let text = page.text("main");
    assert!(
        text.contains("BySMS") && text.contains("(code hidden)"),
        "{text}"
    );
    assert!(!text.contains("042137"), "{text}");

    app.run_jobs();
    app.run_jobs();
    let taken = gateway.take();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(taken[0].to, NUMBER);
    assert!(
        taken[0]
            .text
            .starts_with("042137 is your code for \"Lab\".")
    );
    assert!(taken[0].head.contains("authorization: Bearer s3cret"));
    assert!(taken[0].head.contains("content-type: application/json"));
    assert_eq!(taken[0].code(), "042137");
    let sent = listed(&app);
    assert_eq!(
        (&sent["channel"], &sent["state"]),
        (&"sms".into(), &"sent".into())
    );
    assert_eq!(
        app.count(
            "SELECT count(*) AS count FROM outbox WHERE body IS NOT NULL AND channel = 'sms'"
        ),
        0
    );
}

#[test]
fn what_a_gateway_answers_decides_whether_a_message_is_tried_again() {
    let gateway = Gateway::start();
    let app = with_gateway(&gateway);
    let other = Gateway::start();
    for (mood, state, said) in [
        (
            Mood::Says(400, "no such number"),
            "failed",
            "400 no such number",
        ),
        (
            Mood::Says(401, "who are you"),
            "waiting",
            "login: 401 who are you",
        ),
        (Mood::Says(429, ""), "waiting", "429"),
        (Mood::Says(503, "later"), "waiting", "503 later"),
        (Mood::SendsOn(other.url()), "waiting", "307"),
    ] {
        gateway.feels(mood.clone());
        write(&app, "test");
        app.run_jobs();
        let told = listed(&app);
        assert_eq!(told["state"], state, "{mood:?}");
        assert_eq!(told["last_error"], said, "{mood:?}");
    }
    assert!(other.take().is_empty(), "a redirect is not followed");
    let mut owner = app.owner();
    let words = owner.get("/admin/outbox").page().text("main");
    assert!(
        words.contains("The SMS gateway said: 503 later. It is tried again"),
        "{words}"
    );
    assert!(words.contains("VESTIBULE_SMS_HEADERS"), "{words}");

    gateway.feels(Mood::Takes);
    gateway.take();
    app.advance(hours(7));
    app.run_jobs();
    assert_eq!(gateway.take().len(), 4, "all but the one that was refused");
}

#[test]
fn a_gateway_that_hangs_holds_up_neither_pages_nor_mails() {
    let gateway = Gateway::start();
    gateway.feels(Mood::Hangs);
    let app = with_gateway(&gateway);
    write(&app, "test");
    let parts = app.parts.clone();
    let sending = std::thread::spawn(move || vestibule::outbox::jobs::deliver_sms(&parts.app));
    app.owner().get("/admin/outbox").is(200);
    assert_eq!(vestibule::outbox::jobs::deliver(&app.parts.app).unwrap(), 0);
    assert_eq!(sending.join().unwrap().unwrap(), 1);
    let told = listed(&app);
    assert_eq!(told["state"], "waiting");
    assert_eq!(told["last_error"], "unreachable: no answer in 20 seconds");
    app.leaves_mails();
}

#[test]
fn without_a_gateway_messages_wait_and_the_console_says_so() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let missing = "SMS is not set up";
    assert!(
        !owner
            .get("/admin/outbox")
            .page()
            .text("main")
            .contains(missing)
    );
    write(&app, "test");
    app.run_jobs();
    let words = owner.get("/admin/outbox").page().text("main");
    assert!(words.contains(missing), "{words}");
    let told = listed(&app);
    assert_eq!(
        (&told["state"], &told["attempts"]),
        (&"waiting".into(), &0.into())
    );
    app.leaves_mails();
}

#[test]
fn a_code_that_is_too_old_is_cancelled_and_not_paid_for() {
    let gateway = Gateway::start();
    let app = with_gateway(&gateway);
    gateway.feels(Mood::Says(503, "later"));
    write(&app, "code");
    app.run_jobs();
    gateway.feels(Mood::Takes);
    gateway.take();
    app.advance(minutes(10));
    app.run_jobs();
    assert!(gateway.take().is_empty());
    assert_eq!(listed(&app)["state"], "cancelled");
}
