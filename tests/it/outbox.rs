//! Mail: what happens while the mail server is away, says no, or was never set up.

mod servers;

use std::time::{Duration, Instant};

use serde_json::json;
use vestibule::clock::minutes;

use crate::support::app::{Options, TestApp};
use crate::support::smtp::{Rule, Stage};

#[test]
fn when_the_mail_server_was_away_every_mail_comes_once_and_nobody_waited() {
    let app = TestApp::start();
    let api = app.api();
    app.sink.rule(Rule::close(Stage::Connect));
    for number in 0..30 {
        let asked = Instant::now();
        let body = json!({ "email": format!("p{number}@example.org") });
        api.post("/api/v1/invites", &body).is(201);
        api.get("/api/v1/me").is(200);
        assert!(
            asked.elapsed() < Duration::from_secs(2),
            "{:?}",
            asked.elapsed()
        );
    }
    for _ in 0..5 {
        app.run_jobs();
        app.advance(minutes(2));
    }
    assert!(app.sink.mails().is_empty());
    let waiting = api
        .get("/api/v1/outbox?state=waiting&limit=100")
        .is(200)
        .json();
    let waiting = waiting["items"].as_array().unwrap().clone();
    assert_eq!(waiting.len(), 30);
    for mail in &waiting {
        assert!(
            mail["last_error"]
                .as_str()
                .unwrap()
                .starts_with("unreachable"),
            "{mail}"
        );
        assert!(mail["attempts"].as_i64().unwrap() >= 1);
        assert!(mail["next_attempt_at"].is_string());
    }
    let invite = api.get("/api/v1/invites?q=p7@").is(200).json();
    assert_eq!(invite["items"][0]["mail"]["state"], "deferred");
    let mut grace = app.owner();
    let page = grace.get("/admin/outbox").is(200).page();
    assert!(page.text("main").contains("The mail server is away"));

    app.sink.clear_rules();
    for _ in 0..30 {
        app.advance(minutes(5));
        app.run_jobs();
    }
    let mails = app.sink.take_mails();
    let to: std::collections::BTreeSet<_> = mails.iter().map(|mail| mail.to.clone()).collect();
    assert_eq!((mails.len(), to.len()), (30, 30));
    assert_eq!(
        api.get("/api/v1/outbox?state=waiting").json()["items"],
        json!([])
    );
}

#[test]
fn one_address_that_is_refused_holds_up_no_other() {
    let app = TestApp::start();
    let api = app.api();
    app.sink.rule(
        Rule::refuse(Stage::Recipient, 550, "5.1.1 No <such> user here")
            .only_to("typo@example.org"),
    );
    app.sink.rule(
        Rule::refuse(Stage::Recipient, 451, "4.7.1 Greylisted, come back later")
            .only_to("grey@example.org")
            .times(1),
    );
    for name in ["first", "typo", "grey", "last"] {
        api.post(
            "/api/v1/invites",
            &json!({ "email": format!("{name}@example.org") }),
        )
        .is(201);
    }
    let to = |mails: Vec<crate::support::smtp::Received>| {
        mails
            .into_iter()
            .map(|mail| mail.to[0].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(to(app.mails()), ["first@example.org", "last@example.org"]);

    let failed = api.get("/api/v1/outbox?state=failed").is(200).json();
    assert_eq!(failed["items"].as_array().unwrap().len(), 1);
    let failed = &failed["items"][0];
    assert_eq!(failed["to"], "typo@example.org");
    assert_eq!(failed["last_error"], "550 5.1.1 No <such> user here");
    assert_eq!(failed["attempts"], 1);
    let invite = api.get("/api/v1/invites?mail_state=failed").json()["items"][0].clone();
    assert_eq!(invite["mail"]["state"], "failed");
    assert_eq!(
        invite["mail"]["last_error"],
        "550 5.1.1 No <such> user here"
    );

    let mut grace = app.owner();
    let detail = format!("/admin/invites/{}", invite["id"].as_str().unwrap());
    let page = grace.get(&detail).is(200).page();
    assert!(page.text("main").contains("550 5.1.1 No <such> user here"));
    let mail = format!("/admin/outbox/{}", failed["id"].as_str().unwrap());
    let page = grace.get(&mail).is(200).page();
    assert!(
        page.text("main")
            .contains("The mail server said: 550 5.1.1 No <such> user here. Check the address.")
    );
    assert!(page.text("main").contains("(link hidden)"));
    assert!(!page.text("main").contains("vsti_"));
    assert!(grace.get("/").is(200).page().text("nav").contains('1'));

    app.sink.clear_rules();
    let form = page.form(&format!("{mail}/retry"));
    grace.submit(form.clone().submit()).is(303);
    assert_eq!(to(app.mails()), ["typo@example.org"]);
    assert_eq!(
        api.get(&format!(
            "/api/v1/invites?q={}",
            invite["id"].as_str().unwrap()
        ))
        .json()["items"][0]["mail"]["state"],
        "sent"
    );
    // Too late for a second time: it has left, and its text is gone.
    grace.submit(form.submit()).is(303);
    assert!(grace.get(&mail).page().text(".flash").contains("too late"));
    let retry = format!("/api/v1/outbox/{}/retry", failed["id"].as_str().unwrap());
    assert_eq!(api.post(&retry, &json!({})).is(409).code(), "wrong_state");
    assert_eq!(
        app.count("SELECT count(*) AS count FROM outbox WHERE state = 'sent' AND body IS NOT NULL"),
        0
    );
    // The greylisted one is tried again by itself.
    app.advance(minutes(30));
    assert_eq!(to(app.mails()), ["grey@example.org"]);
}

#[test]
fn what_somebody_waits_for_goes_before_what_was_written_earlier() {
    let app = TestApp::start();
    let api = app.api();
    for number in 0..3 {
        let body = json!({ "email": format!("p{number}@example.org") });
        api.post("/api/v1/invites", &body).is(201);
    }
    let mut somebody = app.anonymous();
    let page = somebody.get("/recover").is(200).page();
    let form = page.form("/recover").fill("email", "grace@example.org");
    somebody.submit(form.submit());
    let mails = app.mails();
    let whom: Vec<&str> = mails.iter().map(|mail| mail.to[0].as_str()).collect();
    assert_eq!((whom.len(), whom[0]), (4, "grace@example.org"), "{whom:?}");
}

#[test]
fn a_program_tries_a_mail_again() {
    let app = TestApp::start();
    let api = app.api();
    app.sink
        .rule(Rule::refuse(Stage::Sender, 554, "5.7.1 Not from you").times(1));
    api.post("/api/v1/invites", &json!({ "email": "ada@example.org" }))
        .is(201);
    assert!(app.mails().is_empty());
    let mail = api.get("/api/v1/outbox").json()["items"][0].clone();
    let retry = format!("/api/v1/outbox/{}/retry", mail["id"].as_str().unwrap());
    let done = api.post(&retry, &json!({})).is(200).json();
    assert_eq!(done["state"], "waiting");
    assert_eq!(app.mails().len(), 1);
    let reader = app.with_key("grace@example.org", &["outbox:read"]);
    assert_eq!(
        reader.post(&retry, &json!({})).is(403).code(),
        "scope_missing"
    );
    app.user("mia@example.org", "Mia", vestibule::access::Role::Member);
    let mia = app.with_key("mia@example.org", &["all"]);
    mia.get("/api/v1/outbox").is(403);
    mia.post(&retry, &json!({})).is(403);
    api.post("/api/v1/outbox/out_0/retry", &json!({})).is(404);
    for path in ["/api/v1/outbox?q=ada@", "/api/v1/outbox?q=ADA@"] {
        assert_eq!(
            api.get(path).is(200).json()["items"]
                .as_array()
                .unwrap()
                .len(),
            1,
            "{path}"
        );
    }
    assert_eq!(
        api.get("/api/v1/outbox?q=%25").is(200).json()["items"],
        json!([])
    );
}

#[test]
fn a_mail_that_a_server_took_and_never_acknowledged_is_told_apart_by_its_message_id() {
    let app = TestApp::start();
    let api = app.api();
    app.sink.rule(Rule::close(Stage::Kept).times(1));
    api.post("/api/v1/invites", &json!({ "email": "ada@example.org" }))
        .is(201);
    app.run_jobs();
    app.advance(minutes(30));
    let mails = app.mails();
    assert_eq!(mails.len(), 2, "SMTP cannot know, so it is sent again");
    assert_eq!(mails[0].message_id(), mails[1].message_id());
    assert!(!mails[0].message_id().is_empty());
}

#[test]
fn without_a_mail_server_mails_wait_and_every_page_says_so() {
    let app = TestApp::with(Options {
        no_mail: true,
        ..Options::default()
    });
    let api = app.api();
    api.post("/api/v1/invites", &json!({ "email": "ada@example.org" }))
        .is(201);
    app.run_jobs();
    let mail = api.get("/api/v1/outbox?state=waiting").is(200).json();
    assert!(
        mail["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|mail| mail["to"] == "ada@example.org" && mail["attempts"] == 0)
    );
    let mut grace = app.owner();
    for path in ["/", "/admin/invites", "/admin/users"] {
        assert!(
            grace.get(path).is(200).body.contains("Mail is not set up"),
            "{path}"
        );
    }
    let page = grace.get("/admin/outbox").is(200).page();
    assert!(page.text("main").contains("VESTIBULE_SMTP_URL"));
    assert_eq!(page.count("form[action='/admin/outbox/test']"), 0);
}

#[test]
fn ending_an_invite_cancels_its_mail() {
    let app = TestApp::start();
    let api = app.api();
    let made = |email: &str| {
        api.post("/api/v1/invites", &json!({ "email": email }))
            .is(201)
            .json()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let revoked = made("revoked@example.org");
    api.post(&format!("/api/v1/invites/{revoked}/revoke"), &json!({}))
        .is(200);
    let moved = made("before@example.org");
    api.patch(
        &format!("/api/v1/invites/{moved}"),
        &json!({ "email": "after@example.org" }),
    )
    .is(200);
    let mails = app.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].to, ["after@example.org"]);
    assert_eq!(
        app.count(
            "SELECT count(*) AS count FROM outbox WHERE state = 'cancelled' AND body IS NULL"
        ),
        2
    );

    // By hand: cancelled on its page.
    made("ada@example.org");
    let mail = api.get("/api/v1/outbox?state=waiting").json()["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut grace = app.owner();
    let path = format!("/admin/outbox/{mail}");
    let page = grace.get(&path).is(200).page();
    grace
        .submit(page.form(&format!("{path}/cancel")).submit())
        .is(303);
    assert!(
        grace
            .get(&path)
            .page()
            .text(".flash")
            .contains("is cancelled")
    );
    assert!(app.mails().is_empty());
    let page = grace.get("/admin/outbox?state=cancelled").is(200).page();
    assert_eq!(page.count("tbody tr"), 3);
}

#[test]
fn a_test_mail_shows_whether_mail_works() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let page = grace.get("/admin/outbox").is(200).page();
    let form = page.form("/admin/outbox/test");
    assert_eq!(form.value("to"), "grace@example.org");
    let refused = grace
        .submit(form.clone().fill("to", "nobody").submit())
        .is(422)
        .page();
    assert_eq!(refused.form("/admin/outbox/test").value("to"), "nobody");
    for bad in [
        "",
        "a@example.org\r\nBcc: eve@example.org",
        "a@example.org, b@example.org",
        "<a@example.org>",
    ] {
        grace.submit(form.clone().forge("to", bad).submit()).is(422);
    }
    let sent = grace.submit(form.submit()).is(303);
    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["grace@example.org"]);
    let page = grace.get(sent.header("location")).is(200).page();
    assert!(page.text("main").contains("Sent"));
}
