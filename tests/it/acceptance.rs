//! What the invited person sees and does, as pages: one test for each state of the link.

mod asks;
mod ends;
mod json;
mod matching;
mod meanwhile;
mod once;
mod open_links;
mod other_account;
mod phones;
mod terms;
mod unasked;

use serde_json::json;
use vestibule::access::Role;
use vestibule::clock::minutes;

use crate::support::app::{PASSWORD, TestApp};

#[test]
fn a_new_person_sees_who_invites_whom_to_what_and_gets_an_account_by_accepting() {
    let app = TestApp::start();
    let api = app.api();
    let group = api.post("/api/v1/groups", &json!({ "name": "Analysts" }));
    let group = group.is(201).json()["id"].as_str().unwrap().to_owned();
    let invited = app.invited_with(&json!({
        "email": "Ada@Example.org",
        "role": "admin",
        "groups": [group],
        "traits": { "name": "Ada L." },
        "metadata_public": { "plan": "pro" },
        "message": "We start on Tuesday.\nBring your laptop.",
    }));

    let mut ada = app.anonymous();
    let moved = ada.get(&invited.link).is(303);
    assert_eq!(moved.header("location"), invited.path());
    assert_eq!(moved.header("referrer-policy"), "no-referrer");
    assert_eq!(moved.header("cache-control"), "no-store");
    let cookie = moved
        .headers("set-cookie")
        .into_iter()
        .find(|cookie| cookie.contains(&invited.id));
    let cookie = cookie.unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Max-Age=3600", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(invited.token()));

    let page = ada.get(&invited.path()).is(200);
    assert!(!page.body.contains(invited.token()));
    let page = page.page();
    assert_eq!(page.text("h1"), "Join Vestibule");
    assert_eq!(
        page.text("main p"),
        "Grace Hopper invited Ada@Example.org to Vestibule. You will be in: Analysts."
    );
    assert!(
        page.text("main")
            .contains("Accepting makes you an administrator")
    );
    assert!(page.text("blockquote").contains("Bring your laptop."));
    assert!(page.text(".hint").contains("29 November 2026, 09:00 UTC"));
    let form = page.form("/self-service/invite");
    assert_eq!(form.value("display_name"), "Ada L.");
    assert_eq!(
        page.attr("[name=password]", "autocomplete").as_deref(),
        Some("new-password")
    );
    let form = form
        .fill("display_name", "Ada Lovelace")
        .fill("password", PASSWORD);
    let done = ada.submit(form.press_named("action", "accept")).is(303);
    assert_eq!(done.header("location"), "/");
    assert!(ada.get("/").is(200).body.contains("Welcome"));
    let back = ada.get(&invited.path()).is(410).page();
    assert_eq!(back.text("h1"), "This invite has been used");
    assert!(back.text("main").contains("You are signed in now."));

    let list = api.get("/api/v1/users?q=ada@example.org").is(200).json();
    let user = &list["items"][0];
    assert_eq!(user["email"], "Ada@Example.org");
    assert_eq!(user["email_verified"], true);
    assert_eq!(user["role"], "admin");
    assert_eq!(user["groups"][0]["name"], "Analysts");
    assert_eq!(user["display_name"], "Ada Lovelace");
    assert_eq!(user["metadata_public"]["plan"], "pro");
    assert_eq!(user["invite_id"], invited.id.as_str());
    let invite = api.get(&format!("/api/v1/invites/{}", invited.id)).json();
    assert_eq!(invite["state"], "accepted");
    assert_eq!(invite["uses"], 1);
    assert_eq!(invite["accepted_by"], user["id"]);
}

#[test]
fn what_is_wrong_in_the_form_is_told_and_what_was_typed_is_kept() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let mut ada = app.anonymous();
    let page = ada.open(&invited.link).is(200).page();
    let form = page
        .form("/self-service/invite")
        .fill("display_name", "Ada Lovelace")
        .fill("password", "short");
    let refused = ada.submit(form.press_named("action", "accept")).is(422);
    assert!(!refused.body.contains("short\""));
    let page = refused.page();
    assert!(page.title().starts_with("Error: "));
    let form = page.form("/self-service/invite");
    assert_eq!(form.value("display_name"), "Ada Lovelace");
    // The cookie was renewed by the POST: half an hour each, three times.
    let mut form = form;
    for _ in 0..3 {
        app.advance(minutes(30));
        let answer = ada.submit(
            form.fill("password", "short")
                .press_named("action", "accept"),
        );
        form = answer.is(422).page().form("/self-service/invite");
    }
    let form = form.fill("password", PASSWORD);
    ada.submit(form.press_named("action", "accept")).is(303);
}

#[test]
fn looking_at_a_link_changes_nothing_however_often_and_however_asked() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let rows = || {
        app.run_jobs();
        ["users", "sessions", "audit", "events", "outbox"]
            .map(|table| app.count(&format!("SELECT count(*) AS count FROM {table}")))
    };
    let before = rows();
    for _ in 0..20 {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let mut scanner = app.anonymous();
            scanner.request(method, &invited.link, &[("accept", "text/html")], None);
            scanner.request(method, &invited.path(), &[("accept", "text/html")], None);
            assert_eq!(
                scanner.get("/settings/profile").status,
                303,
                "a look opened a session"
            );
        }
    }
    assert_eq!(rows(), before);
    app.anonymous()
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(200);
}

#[test]
fn somebody_with_an_account_signs_in_first_and_gains_what_the_invite_gives() {
    let app = TestApp::start();
    let api = app.api();
    let bob = app.user("bob@example.org", "Bob", Role::Member);
    let group = api.post("/api/v1/groups", &json!({ "name": "Analysts" }));
    let group = group.is(201).json()["id"].as_str().unwrap().to_owned();
    let body = json!({ "email": "BOB@example.org", "role": "admin", "groups": [group] });
    let invited = app.invited_with(&body);

    let mut browser = app.anonymous();
    let page = browser.open(&invited.link).is(200).page();
    assert_eq!(page.text("h1"), "You already have an account");
    assert_eq!(page.count("#display_name"), 0);
    // Accepting without a session leads back here and opens none.
    let decline = page.form("/self-service/invite");
    let sent = browser.submit(decline.forge("action", "accept").submit());
    assert_eq!(sent.status, 303);
    assert_eq!(browser.get("/settings/profile").status, 303);

    let form = page.form("/sign-in").fill("password", PASSWORD);
    let signed_in = browser.submit(form.submit()).is(303);
    assert_eq!(signed_in.header("location"), invited.path());
    let page = browser.get(&invited.path()).is(200).page();
    assert_eq!(page.text("h1"), "Accept invite");
    assert_eq!(
        page.text("main p"),
        "Grace Hopper invited you. You are signed in as bob@example.org. Accepting adds you to: Analysts."
    );
    let form = page.form("/self-service/invite");
    let mut copied = browser.clone();
    browser.submit(form.press_named("action", "accept")).is(303);
    // The rights grew, so a copy of the cookie from before is worth nothing.
    copied.get("/settings/profile").is(303);
    let user = api.get(&format!("/api/v1/users/{bob}")).is(200).json();
    assert_eq!(user["role"], "admin");
    assert_eq!(user["groups"][0]["name"], "Analysts");
    assert_eq!(user["display_name"], "Bob");
    // The rights hold on the very next request.
    browser.get("/admin/users").is(200);
    assert_eq!(
        app.count("SELECT count(*) AS count FROM users WHERE email_norm = 'bob@example.org'"),
        1
    );
}

#[test]
fn an_invite_never_lowers_a_role() {
    let app = TestApp::start();
    let alan = app.user("alan@example.org", "Alan", Role::Admin);
    let invited = app.invited_with(&json!({ "email": "alan@example.org", "role": "member" }));
    let mut browser = app.signed_in("alan@example.org");
    let page = browser.open(&invited.link).is(200).page();
    let form = page.form("/self-service/invite");
    browser.submit(form.press_named("action", "accept")).is(303);
    let user = app.api().get(&format!("/api/v1/users/{alan}")).json();
    assert_eq!(user["role"], "admin");
}

#[test]
fn somebody_else_who_is_signed_in_learns_little_and_can_change_over() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let mut mia = app.member();
    let answer = mia.open(&invited.link).is(200);
    assert!(!answer.body.contains("ada@example.org"));
    let page = answer.page();
    assert_eq!(page.text("h1"), "This invite is for someone else");
    assert!(page.text("main").contains("mia@example.org"));
    assert!(page.text("main").contains("a…@example.org"));
    // A forged acceptance does nothing.
    let forged = page.form("/sign-out").forge("action", "accept");
    let mut sent = forged.submit();
    sent.action = invited.path();
    let back = mia.submit(sent).is(303);
    assert_eq!(back.header("location"), invited.path());
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invites WHERE state = 'pending'"),
        1
    );

    let out = mia.submit(page.form("/sign-out").submit()).is(303);
    assert_eq!(out.header("location"), invited.path());
    let page = mia.get(&invited.path()).is(200).page();
    assert_eq!(page.text("h1"), "Join Vestibule");
}

#[test]
fn the_invite_survives_a_sign_in_on_the_ordinary_page_but_not_an_hour() {
    let app = TestApp::start();
    app.user("bob@example.org", "Bob", Role::Member);
    let invited = app.invited("bob@example.org");
    let mut bob = app.anonymous();
    bob.open(&invited.link).is(200);
    let page = bob.get("/sign-in").page();
    let form = page
        .form("/sign-in")
        .fill("email", "bob@example.org")
        .fill("password", PASSWORD);
    bob.submit(form.submit()).is(303);
    assert_eq!(
        bob.get(&invited.path()).is(200).page().text("h1"),
        "Accept invite"
    );
    app.advance(minutes(61));
    assert_eq!(
        bob.get(&invited.path()).is(404).page().text("h1"),
        "We do not recognise this link"
    );
    // The link in the mail works as before.
    assert_eq!(
        bob.open(&invited.link).is(200).page().text("h1"),
        "Accept invite"
    );
}
