//! Proving that mail to an address reaches its user.

use serde_json::json;
use vestibule::access::Role;
use vestibule::clock::{hours, minutes};

use crate::support::app::TestApp;
use crate::support::door::{is_in, mailed_link, user_id};

#[test]
fn the_link_in_the_mail_proves_the_address_and_a_look_at_it_does_not() {
    let app = TestApp::start();
    // An account that a link made which somebody was shown: nothing is known about the mailbox.
    let link = json!({ "email": "ada@example.org", "delivery": "link" });
    let mut ada = app.anonymous();
    let invited = app.invited_with(&link);
    ada.post_json(&invited.path(), &invited.accept(), &[])
        .is(200);
    let user = format!("/api/v1/users/{}", user_id(&app, "ada@example.org"));
    let api = app.api();
    let is_verified = || api.get(&user).json()["email_verified"] == true;
    assert!(!is_verified());

    let profile = ada.get("/settings/profile").is(200).page();
    ada.submit(profile.form("/settings/profile/verification").submit())
        .is(303);
    let said = ada.get("/settings/profile").page();
    assert!(said.text("main").contains("on its way to ada@example.org"));
    let link = mailed_link(&app, "/verify");

    let mut stranger = app.anonymous();
    let page = stranger.open(&link).is(200).page();
    assert!(page.text("main").contains("ada@example.org"));
    assert!(!is_verified(), "looking proves nothing");
    stranger.submit(page.form("/verify").submit()).is(303);
    assert!(is_verified());
    assert!(!is_in(&mut stranger), "a mailbox is no password");
    assert_eq!(app.anonymous().open(&link).status, 410);
    let profile = ada.get("/settings/profile").page();
    assert_eq!(
        profile.count("form[action='/settings/profile/verification']"),
        0
    );
}

#[test]
fn a_link_is_good_for_a_day_and_for_the_last_mail_alone() {
    let app = TestApp::start();
    app.user("ada@example.org", "Ada", Role::Member);
    let send = format!(
        "/api/v1/users/{}/verification",
        user_id(&app, "ada@example.org")
    );
    let api = app.api();
    let sent = api
        .post(&send, &json!({ "email": "ADA@example.org" }))
        .is(202)
        .json();
    assert_eq!(sent["email"], "ada@example.org");
    let first = mailed_link(&app, "/verify");
    api.post(&send, &json!({})).is(202);
    let second = mailed_link(&app, "/verify");
    assert_eq!(app.anonymous().open(&first).status, 410);
    app.advance(hours(24));
    assert_eq!(app.anonymous().open(&second).status, 410);

    let other = api
        .post(&send, &json!({ "email": "eve@example.org" }))
        .is(422)
        .json();
    assert_eq!(other["errors"][0]["field"], "email");
}

#[test]
fn a_mailbox_is_not_filled_with_links() {
    let app = TestApp::start();
    app.user("ada@example.org", "Ada", Role::Member);
    let send = format!(
        "/api/v1/users/{}/verification",
        user_id(&app, "ada@example.org")
    );
    let api = app.api();
    for _ in 0..3 {
        api.post(&send, &json!({})).is(202);
    }
    api.post(&send, &json!({})).is(429);
    app.advance(minutes(15));
    api.post(&send, &json!({})).is(202);
    app.mails();
}

#[test]
fn only_the_user_and_those_above_may_send_it() {
    let app = TestApp::start();
    app.user("alan@example.org", "Alan", Role::Admin);
    let grace = user_id(&app, "grace@example.org");
    let alan = app.with_key("alan@example.org", &["all"]);
    let refused = alan.post(&format!("/api/v1/users/{grace}/verification"), &json!({}));
    assert_eq!(refused.is(403).code(), "above_you");
}

#[test]
fn only_mails_that_are_sent_count() {
    let app = TestApp::start();
    app.user("ada@example.org", "Ada", Role::Member);
    app.user("mia@example.org", "Mia", Role::Member);
    let send = format!(
        "/api/v1/users/{}/verification",
        user_id(&app, "ada@example.org")
    );
    let stranger = app.with_key("mia@example.org", &["all"]);
    for _ in 0..5 {
        let refused = stranger.post(&send, &json!({})).status;
        assert!([403, 404].contains(&refused), "{refused}");
    }
    let api = app.api();
    for _ in 0..5 {
        api.post(&send, &json!({ "email": "other@example.org" }))
            .is(422);
    }
    // A repeat is answered as the first time, and is no mail of its own.
    for _ in 0..5 {
        api.json("POST", &send, &json!({}), &[("idempotency-key", "once")])
            .is(202);
    }
    for _ in 0..2 {
        api.post(&send, &json!({})).is(202);
    }
    assert_eq!(
        api.post(&send, &json!({})).is(429).code(),
        "too_many_requests"
    );
    api.json("POST", &send, &json!({}), &[("idempotency-key", "once")])
        .is(202);
    assert_eq!(app.mails().len(), 3);
}
