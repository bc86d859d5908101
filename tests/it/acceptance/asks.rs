//! What people say whom their link does not let in: ask for another, report, and never be mailed again.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::days;

use crate::support::app::TestApp;
use crate::support::client::Browser;
use crate::support::invited::Invited;

const ADA: &str = "ada@example.org";

fn press(browser: &mut Browser, link: &str, status: u16, action: &str) -> String {
    let page = browser.open(link).is(status).page();
    let form = page.form("/self-service/invite");
    let answer = browser.submit(form.press_named("action", action));
    match answer.status {
        303 => answer.header("location").to_owned(),
        _ => answer.is(200).page().text("main"),
    }
}

fn say(app: &TestApp, invited: &Invited, body: &Value) -> (u16, String) {
    let mut whole = body.clone();
    whole["token"] = json!(invited.token());
    let answer = app.anonymous().post_json(&invited.path(), &whole, &[]);
    match answer.status {
        200 => (200, answer.json()["state"].as_str().unwrap().to_owned()),
        status => (status, answer.code()),
    }
}

#[test]
fn an_expired_invite_is_asked_for_again_and_its_maker_told() {
    let app = TestApp::start();
    let invited = app.invited(ADA);
    // One that works needs no other.
    let ask = json!({ "action": "request_new" });
    assert_eq!(say(&app, &invited, &ask).0, 422);
    app.advance(days(8));
    app.run_jobs();
    let said = press(&mut app.anonymous(), &invited.link, 410, "request_new");
    assert!(said.contains("We have told the person who invited you."));
    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["grace@example.org"]);
    assert_eq!(mails[0].subject(), "ada@example.org asks for a new invite");
    let page = format!("/admin/invites/{}", invited.id);
    assert!(mails[0].text().contains(&page));
    // Whoever asks on and on is answered the same, and heard three times a day.
    for _ in 0..4 {
        assert_eq!(say(&app, &invited, &ask), (200, "requested".to_owned()));
    }
    assert_eq!(app.mails().len(), 2);
    let happened = app.owner().get(&page).is(200).page().text("main");
    assert!(happened.contains("asked for a new invite"));
    // The link says no more than that it is exact.
    let mut wrong = ask.clone();
    wrong["token"] = json!(format!("{}x", invited.token()));
    let refused = app.anonymous().post_json(&invited.path(), &wrong, &[]);
    assert_eq!(refused.is(404).code(), "invite_unknown");
}

#[test]
fn the_owners_are_told_when_the_maker_is_gone() {
    let app = TestApp::start();
    app.user("ann@example.org", "Ann", Role::Admin);
    let ann = app.with_key("ann@example.org", &["invites:write"]);
    ann.post("/api/v1/invites", &json!({ "email": ADA }))
        .is(201);
    let link = app.mailed_link();
    let id = link
        .split("flow=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let invited = Invited {
        id: id.to_owned(),
        link: link.clone(),
    };
    app.advance(days(8));
    app.run_jobs();
    app.execute("UPDATE users SET status = 'suspended' WHERE email = 'ann@example.org'");
    let ask = json!({ "action": "request_new" });
    assert_eq!(say(&app, &invited, &ask), (200, "requested".to_owned()));
    assert_eq!(app.mails()[0].to, ["grace@example.org"]);
}

#[test]
fn somebody_signed_in_elsewhere_asks_for_an_invite_of_their_own() {
    let app = TestApp::start();
    app.user("sam@other.test", "Sam", Role::Member);
    let invited = app.invited(ADA);
    let mut sam = app.signed_in("sam@other.test");
    let said = press(&mut sam, &invited.link, 200, "request_new");
    assert!(said.contains("We have told"));
    let mails = app.mails();
    assert_eq!(mails[0].subject(), "sam@other.test asks for an invite");
    assert!(mails[0].text().contains(ADA));
}

#[test]
fn a_used_invite_can_be_reported() {
    let app = TestApp::start();
    let invited = app.invited(ADA);
    let report = json!({ "action": "report" });
    assert_eq!(say(&app, &invited, &report).0, 422);
    app.anonymous()
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(200);
    let said = press(&mut app.anonymous(), &invited.link, 410, "report");
    assert!(said.contains("it was not you"));
    let mails = app.mails();
    assert_eq!(mails[0].to, ["grace@example.org"]);
    assert!(mails[0].subject().contains("used by somebody else"));
    assert_eq!(say(&app, &invited, &report), (200, "reported".to_owned()));
    assert_eq!(app.mails().len(), 1);
}

#[test]
fn who_declines_may_never_want_to_be_mailed_again() {
    let app = TestApp::start();
    let invited = app.invited(ADA);
    let mut ada = app.anonymous();
    let declined = press(&mut ada, &invited.link, 200, "decline");
    // The page of the link says how it ended, and offers the rest.
    let page = ada.get(&declined).is(410).page();
    assert_eq!(page.text("h1"), "This invite was declined");
    let form = page.form("/self-service/invite");
    let told = ada.submit(form.press_named("action", "decline")).is(200);
    assert_eq!(told.page().text("h1"), "We send you no more invites");
    let refused = app
        .api()
        .post("/api/v1/invites", &json!({ "email": "Ada@Example.org" }));
    let refused = refused.is(422).json();
    assert_eq!(refused["errors"][0]["field"], "email");
    assert_eq!(refused["errors"][0]["code"], "never_mail");
    assert!(app.mails().is_empty());
    // Nothing tells who is on the list.
    assert_eq!(
        app.count("SELECT count(*) AS count FROM suppressions WHERE length(address) = 32"),
        1
    );
    // A link can be handed over. Whoever uses it has not shown that the mailbox is theirs, so the silence stays.
    let handed = app.invited_with(&json!({ "email": ADA, "delivery": "link" }));
    let resend = format!("/api/v1/invites/{}/resend", handed.id);
    let again = app.api().post(&resend, &json!({}));
    assert_eq!(again.is(422).json()["errors"][0]["code"], "never_mail");
    app.anonymous()
        .post_json(&handed.path(), &handed.accept(), &[])
        .is(200);
    let silent = || app.count("SELECT count(*) AS count FROM suppressions");
    assert_eq!(silent(), 1);
    // Who has proved it ends the silence by accepting.
    app.execute("UPDATE users SET email_verified = true");
    let next = app.invited_with(&json!({ "email": ADA, "role": "admin", "delivery": "link" }));
    let mut ada = app.signed_in(ADA);
    press(&mut ada, &next.link, 200, "accept");
    assert_eq!(silent(), 0);
}

#[test]
fn whoever_was_handed_a_link_does_not_speak_for_the_mailbox() {
    let app = TestApp::start();
    let handed = app.invited_with(&json!({ "email": ADA, "delivery": "link" }));
    let decline = json!({ "action": "decline", "suppress": true });
    assert_eq!(say(&app, &handed, &decline).0, 422);
    // Nothing of it was done.
    assert_eq!(
        app.anonymous().get_json(&handed.link).is(200).json()["kind"],
        "register"
    );
    assert_eq!(
        say(&app, &handed, &json!({ "action": "decline" })),
        (200, "declined".to_owned())
    );
    let page = app.anonymous().open(&handed.link).is(410).page();
    assert_eq!(page.count("button[value=decline]"), 0);
    let mailed = app.invited("ben@example.org");
    assert_eq!(say(&app, &mailed, &decline), (200, "declined".to_owned()));
    app.api()
        .post("/api/v1/invites", &json!({ "email": "ben@example.org" }))
        .is(422);
}
