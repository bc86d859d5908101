//! Links that no longer lead in, and what is told to whom.

use serde_json::json;
use vestibule::access::Role;
use vestibule::clock::{days, seconds};

use crate::support::app::TestApp;
use crate::support::invited::Invited;

/// Opens a link as somebody who is not signed in; the heading of an invite that has ended.
fn ended(app: &TestApp, invited: &Invited, status: u16) -> String {
    let page = app.anonymous().open(&invited.link).is(status).page();
    let offered: &[&str] = match page.text("h1").as_str() {
        "This invite has expired" => &["Ask for a new one"],
        "This invite has been used" => &["It was not me: report this"],
        "This invite was declined" => &["Never send me invites again"],
        _ => &[],
    };
    assert_eq!(page.texts("form[action^='/self-service'] button"), offered);
    format!("{} | {}", page.text("h1"), page.text("main p"))
}

#[test]
fn each_end_of_an_invite_has_a_page_of_its_own() {
    let app = TestApp::start();
    let api = app.api();

    let revoked = app.invited("revoked@example.org");
    let path = format!("/api/v1/invites/{}/revoke", revoked.id);
    api.post(&path, &json!({})).is(200);
    assert_eq!(
        ended(&app, &revoked, 410),
        "This invite was withdrawn | Ask Grace Hopper if you think that is a mistake."
    );

    let used = app.invited("used@example.org");
    let mut ada = app.anonymous();
    ada.post_json(&used.path(), &used.accept(), &[]).is(200);
    assert!(ended(&app, &used, 410).starts_with("This invite has been used | If it was you"));
    let page = ada.open(&used.link).is(410).page();
    assert!(page.text("main").contains("You are signed in now."));
    assert_eq!(page.link("Go on"), "/");

    let declined = app.invited("declined@example.org");
    let mut person = app.anonymous();
    let page = person.open(&declined.link).is(200).page();
    let form = page.form("/self-service/invite");
    let back = person.submit(form.press_named("action", "decline")).is(303);
    let page = person.get(back.header("location")).is(410).page();
    assert_eq!(page.text("h1"), "This invite was declined");
    assert!(ended(&app, &declined, 410).starts_with("This invite was declined"));

    let moved = app.invited("before@example.org");
    let path = format!("/api/v1/invites/{}", moved.id);
    api.patch(&path, &json!({ "email": "after@example.org" }))
        .is(200);
    assert!(ended(&app, &moved, 410).starts_with("This invite was withdrawn"));
    let new = Invited {
        link: app.mailed_link(),
        ..moved.clone()
    };
    let page = app.anonymous().open(&new.link).is(200).page();
    assert!(page.text("main").contains("after@example.org"));

    let expired = app.invited("expired@example.org");
    app.advance(seconds(7 * 86_400 + 1));
    assert!(
        ended(&app, &expired, 410)
            .starts_with("This invite has expired | It ended on 29 November 2026, 09:00 UTC.")
    );
}

#[test]
fn whoever_has_no_exact_link_learns_nothing() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let other = app.invited("bob@example.org");
    let (token, id) = (invited.token(), invited.id.as_str());
    let flipped = format!(
        "{}{}",
        &token[..token.len() - 1],
        if token.ends_with('0') { '1' } else { '0' }
    );
    let base = "/self-service/invite";
    let garbled = [
        format!("{base}?flow={id}&token={flipped}"),
        format!("{base}?flow={id}&token={}", &token[..30]),
        format!("{base}?flow={}&token={token}", other.id),
        format!("{base}?flow=&token={token}"),
        format!("{base}?flow=usr_0&token={token}"),
        format!("{base}?flow={id}"),
        format!("{base}?flow={id}&token="),
        format!("{base}?token={token}"),
        base.to_owned(),
        format!("{base}?flow={id}&token={}", "x".repeat(4_000)),
    ];
    let mut seen = Vec::new();
    for link in garbled {
        let answer = app.anonymous().open(&link).is(404);
        assert!(
            !answer.body.contains("Grace") && !answer.body.contains("example.org"),
            "{link}"
        );
        seen.push(format!(
            "{} {}",
            answer.page().text("h1"),
            answer.page().text("main p")
        ));
        let json = app.anonymous().get_json(&link).is(404);
        assert_eq!(json.code(), "invite_unknown", "{link}");
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].starts_with("We do not recognise this link"));
}

#[test]
fn who_tries_links_at_random_is_slowed_down_while_a_good_link_still_works() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let wrong = "/self-service/invite?flow=inv_0&token=vsti_0";
    let statuses: Vec<u16> = (0..51)
        .map(|_| app.anonymous().get_json(wrong).status)
        .collect();
    assert_eq!(statuses[..50], [404; 50]);
    assert_eq!(statuses[50], 429);
    let slowed = app.anonymous().get_json(wrong).is(429);
    assert!(!slowed.header("retry-after").is_empty());
    app.anonymous().open(&invited.link).is(200);
}

#[test]
fn former_links_stay_good_until_one_is_used() {
    let app = TestApp::start();
    let api = app.api();
    let first = app.invited("ada@example.org");
    app.advance(days(2));
    let again = api.post(&format!("/api/v1/invites/{}/resend", first.id), &json!({}));
    assert_eq!(again.is(200).json()["expires_at"], "2026-12-01T09:00:00Z");
    let second = Invited {
        link: app.mailed_link(),
        ..first.clone()
    };
    assert_ne!(first.link, second.link);
    assert_eq!(
        app.anonymous().open(&first.link).is(200).page().text("h1"),
        "Join Vestibule"
    );
    assert_eq!(
        app.anonymous().open(&second.link).is(200).page().text("h1"),
        "Join Vestibule"
    );
    app.anonymous()
        .post_json(&first.path(), &first.accept(), &[])
        .is(200);
    assert!(ended(&app, &second, 410).starts_with("This invite has been used"));
}

#[test]
fn an_invite_is_on_hold_when_its_maker_lost_the_right_to_it() {
    let app = TestApp::start();
    let api = app.api();
    let alan = app.user("alan@example.org", "Alan Turing", Role::Admin);
    let by_alan = app.with_key("alan@example.org", &["all"]);
    let invite = |email: &str| {
        let made = by_alan
            .post("/api/v1/invites", &json!({ "email": email }))
            .is(201)
            .json();
        Invited {
            id: made["id"].as_str().unwrap().to_owned(),
            link: app.mailed_link(),
        }
    };
    let state = |invited: &Invited| {
        api.get(&format!("/api/v1/invites/{}", invited.id)).json()["state"].clone()
    };
    let user = format!("/api/v1/users/{alan}");

    let demoted = invite("ada@example.org");
    api.patch(&user, &json!({ "role": "member" })).is(200);
    assert!(ended(&app, &demoted, 410).starts_with("This invite is on hold"));
    let tried = app
        .anonymous()
        .post_json(&demoted.path(), &demoted.accept(), &[])
        .is(410);
    assert_eq!(tried.code(), "invite_suspended");
    // The sweep makes it visible, and a later promotion does not bring it back.
    app.run_jobs();
    assert_eq!(state(&demoted), "suspended");
    api.patch(&user, &json!({ "role": "admin" })).is(200);
    app.run_jobs();
    assert!(ended(&app, &demoted, 410).starts_with("This invite is on hold"));

    let switched_off = invite("bob@example.org");
    api.put(&format!("{user}/suspension"), &json!({ "reason": "left" }))
        .is(200);
    assert_eq!(state(&switched_off), "suspended");
    assert!(ended(&app, &switched_off, 410).starts_with("This invite is on hold"));
    api.delete(&format!("{user}/suspension")).is(200);
    assert!(ended(&app, &switched_off, 410).starts_with("This invite is on hold"));
    let revoke = format!("/api/v1/invites/{}/revoke", switched_off.id);
    api.post(&revoke, &json!({})).is(200);
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 2);
}
