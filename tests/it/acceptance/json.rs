//! The same for front ends of others: JSON in and out.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::{days, seconds};

use crate::support::app::{PASSWORD, TestApp};
use crate::support::invited::Invited;

#[test]
fn the_landing_tells_a_program_what_the_person_can_do() {
    let app = TestApp::start();
    let body = json!({ "email": "ada@example.org", "traits": { "name": "Ada", "desk": 4 } });
    let invited = app.invited_with(&body);
    let seen = app.anonymous().get_json(&invited.link).is(200);
    assert!(
        seen.headers("set-cookie")
            .iter()
            .all(|cookie| !cookie.contains("session"))
    );
    let seen = seen.json();
    assert_eq!(seen["flow"], invited.id.as_str());
    assert_eq!(seen["kind"], "register");
    assert_eq!(seen["invited_by"], "Grace Hopper");
    assert_eq!(seen["identifier"], "ada@example.org");
    assert_eq!(seen["locked"], json!(["email"]));
    assert_eq!(seen["traits"]["desk"], 4);
    assert_eq!(seen["terms"], Value::Null);
    assert_eq!(seen["expires_at"], "2026-11-29T09:00:00Z");

    app.user("bob@example.org", "Bob", Role::Member);
    let to_bob = app.invited("bob@example.org");
    let kind = |browser: &mut crate::support::client::Browser, invited: &Invited| {
        browser.get_json(&invited.link).is(200).json()["kind"].clone()
    };
    assert_eq!(kind(&mut app.anonymous(), &to_bob), "sign_in_first");
    assert_eq!(
        kind(&mut app.signed_in("bob@example.org"), &to_bob),
        "accept"
    );
    let seen = app.member().get_json(&to_bob.link).is(200);
    assert_eq!(seen.json()["kind"], "wrong_user");
    assert!(!seen.body.contains("bob@example.org"));
}

#[test]
fn a_front_end_that_opened_the_page_goes_on_with_the_cookie() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let mut ada = app.anonymous();
    ada.open(&invited.link).is(200);
    let mut body = invited.accept();
    body.as_object_mut().unwrap().remove("token");
    assert_eq!(
        ada.get_json(&invited.path()).is(200).json()["kind"],
        "register"
    );
    let done = ada.post_json(&invited.path(), &body, &[]).is(200).json();
    assert_eq!(done["state"], "accepted");
    assert_eq!(done["user"]["email"], "ada@example.org");
    assert_eq!(done["redirect_url"], Value::Null);
    ada.get("/settings/profile").is(200);
}

#[test]
fn whatever_the_body_says_the_account_is_as_invited() {
    let app = TestApp::start();
    let api = app.api();
    let group = api.post("/api/v1/groups", &json!({ "name": "Owners club" }));
    let group = group.is(201).json()["id"].clone();
    let invited = app.invited("ada@example.org");
    let mut body = invited.accept();
    let more = json!({
        "email": "mallory@example.org",
        "role": "owner",
        "is_admin": true,
        "groups": [group],
        "traits": { "role": "owner" },
        "metadata_public": { "plan": "gold" },
        "metadata_admin": { "x": 1 },
        "email_verified": true,
        "invite_id": "inv_x",
        "user_id": "usr_x",
    });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let done = app
        .anonymous()
        .post_json(&invited.path(), &body, &[])
        .is(200)
        .json();
    let id = done["user"]["id"].as_str().unwrap();
    let user = api.get(&format!("/api/v1/users/{id}")).is(200).json();
    assert_eq!(user["email"], "ada@example.org");
    assert_eq!(user["role"], "member");
    assert_eq!(user["groups"], json!([]));
    assert_eq!(user["traits"], json!({}));
    assert_eq!(user["metadata_public"], json!({}));
    assert_eq!(user["metadata_admin"], json!({}));
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 2);
}

#[test]
fn a_link_handed_over_proves_nothing_about_the_mailbox_and_a_mailed_one_does() {
    let app = TestApp::start();
    let api = app.api();
    let verified = |invited: &Invited| {
        let done = app
            .anonymous()
            .post_json(&invited.path(), &invited.accept(), &[])
            .is(200);
        let id = done.json()["user"]["id"].as_str().unwrap().to_owned();
        api.get(&format!("/api/v1/users/{id}")).json()["email_verified"].clone()
    };
    let shown = app.invited_with(&json!({ "email": "a@example.org", "delivery": "link" }));
    assert!(app.mails().is_empty());
    assert_eq!(verified(&shown), false);
    assert_eq!(verified(&app.invited("b@example.org")), true);
    // Of two links of one invite the one that was used counts.
    let mailed = app.invited("c@example.org");
    let path = format!("/api/v1/invites/{}/resend", mailed.id);
    let again = api
        .post(&path, &json!({ "delivery": "link" }))
        .is(200)
        .json();
    let link = again["invite_url"].as_str().unwrap().to_owned();
    assert_eq!(
        verified(&Invited {
            link,
            ..mailed.clone()
        }),
        false
    );
    // Somebody who has an account and signs in: the mailed link proves the address now.
    let mut first = app.signed_in("a@example.org");
    let mailed = app.invited("a@example.org");
    let here = app.origin();
    let origin = [("origin", here.as_str())];
    let body = json!({ "action": "accept", "token": mailed.token() });
    let done = first
        .post_json(&mailed.path(), &body, &origin)
        .is(200)
        .json();
    let id = done["user"]["id"].as_str().unwrap();
    assert_eq!(
        api.get(&format!("/api/v1/users/{id}")).json()["email_verified"],
        true
    );
}

#[test]
fn an_existing_person_needs_a_session_and_a_session_needs_the_origin() {
    let app = TestApp::start();
    app.user("bob@example.org", "Bob", Role::Member);
    let invited = app.invited("bob@example.org");
    let body = json!({ "action": "accept", "token": invited.token() });
    let mut stranger = app.anonymous();
    let refused = stranger
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(401);
    assert_eq!(refused.code(), "sign_in_required");
    assert_eq!(stranger.get("/settings/profile").status, 303);

    let mut mia = app.member();
    let site = app.origin();
    let here = [("origin", site.as_str())];
    let refused = mia.post_json(&invited.path(), &body, &here).is(403);
    assert_eq!(refused.code(), "invite_mismatch");

    let mut bob = app.signed_in("bob@example.org");
    for headers in [
        &[][..],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("x-csrf-token", "AAAA")],
    ] {
        let refused = bob.post_json(&invited.path(), &body, headers).is(403);
        assert_eq!(refused.code(), "form_expired", "{headers:?}");
    }
    let text = [
        ("content-type", "text/plain"),
        ("accept", "application/json"),
        here[0],
    ];
    let plain = bob.request(
        "POST",
        &invited.path(),
        &text,
        Some(body.to_string().as_bytes()),
    );
    assert_eq!(plain.status, 415);
    let page = bob.get("/settings/profile").is(200).page();
    let token = page.form("/settings/profile").value("csrf");
    bob.post_json(&invited.path(), &body, &[("x-csrf-token", &token)])
        .is(200);
    // The second invite by origin.
    let again = app.invited("bob@example.org");
    let body = json!({ "action": "accept", "token": again.token() });
    bob.post_json(&again.path(), &body, &here).is(200);
}

#[test]
fn a_program_learns_how_an_invite_ended_by_its_code() {
    let app = TestApp::start();
    let api = app.api();
    let both = |invited: &Invited, code: &str| {
        let seen = app.anonymous().get_json(&invited.link).is(410);
        assert_eq!(seen.code(), code);
        assert_eq!(seen.header("content-type"), "application/problem+json");
        let tried = app
            .anonymous()
            .post_json(&invited.path(), &invited.accept(), &[])
            .is(410);
        assert_eq!(tried.code(), code);
        let decline = json!({ "action": "decline", "token": invited.token() });
        let tried = app
            .anonymous()
            .post_json(&invited.path(), &decline, &[])
            .is(410);
        assert_eq!(tried.code(), code);
    };
    let revoked = app.invited("a@example.org");
    api.post(
        &format!("/api/v1/invites/{}/revoke", revoked.id),
        &json!({}),
    )
    .is(200);
    both(&revoked, "invite_revoked");
    let used = app.invited("b@example.org");
    app.anonymous()
        .post_json(&used.path(), &used.accept(), &[])
        .is(200);
    both(&used, "invite_used");
    let declined = app.invited("c@example.org");
    let body = json!({ "action": "decline", "token": declined.token() });
    let done = app
        .anonymous()
        .post_json(&declined.path(), &body, &[])
        .is(200)
        .json();
    assert_eq!(done["state"], "declined");
    both(&declined, "invite_declined");
    let moved = app.invited("d@example.org");
    let path = format!("/api/v1/invites/{}", moved.id);
    api.patch(&path, &json!({ "email": "e@example.org" }))
        .is(200);
    both(&moved, "invite_revoked");
    let expired = app.invited("f@example.org");
    app.advance(days(7));
    both(&expired, "invite_expired");
    app.run_jobs();
    both(&expired, "invite_expired");
    // Whoever declined can be invited anew.
    app.invited("c@example.org");
}

#[test]
fn an_invite_works_until_the_last_second_and_never_after_it_without_any_job() {
    let app = TestApp::start();
    let late = app.invited_with(&json!({ "email": "late@example.org", "expires_in": 3600 }));
    let early = app.invited_with(&json!({ "email": "early@example.org", "expires_in": 3600 }));
    app.advance(seconds(3_599));
    app.anonymous()
        .post_json(&early.path(), &early.accept(), &[])
        .is(200);
    app.advance(seconds(2));
    let refused = app
        .anonymous()
        .post_json(&late.path(), &late.accept(), &[])
        .is(410);
    assert_eq!(refused.code(), "invite_expired");
    let invite = app
        .api()
        .get(&format!("/api/v1/invites/{}", late.id))
        .json();
    assert_eq!(invite["state"], "expired");
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 2);
}

#[test]
fn a_body_that_makes_no_sense_is_told_field_by_field() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let post = |body: Value| app.anonymous().post_json(&invited.path(), &body, &[]);
    let field = |answer: &Value| {
        (
            answer["errors"][0]["field"].clone(),
            answer["errors"][0]["code"].clone(),
        )
    };
    let wrong = post(json!({ "action": "steal", "token": invited.token() }))
        .is(422)
        .json();
    assert_eq!(field(&wrong), (json!("action"), json!("not_a_choice")));
    let wrong = post(json!({ "token": invited.token() })).is(422).json();
    assert_eq!(field(&wrong), (json!("action"), json!("required")));
    let mut body = invited.accept();
    body["password"] = json!(["a"]);
    assert_eq!(field(&post(body).is(422).json()).0, "password");
    let mut body = invited.accept();
    body["password"] = json!("ada@example.org");
    let weak = post(body).is(422);
    assert_eq!(weak.code(), "password_too_weak");
    let mut body = invited.accept();
    body["display_name"] = json!("Ada\r\nBcc: eve@example.org");
    assert_eq!(field(&post(body).is(422).json()).0, "display_name");
    for token in [json!(""), json!("  "), Value::Null, json!(7)] {
        let mut body = invited.accept();
        body["token"] = token;
        let answer = post(body);
        assert!(matches!(answer.status, 404 | 422), "{}", answer.body);
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 1);
    let password = json!({ "action": "accept", "display_name": "A", "password": PASSWORD });
    app.anonymous()
        .post_json(&invited.path(), &password, &[])
        .is(404);
}

#[test]
fn whoever_accepted_goes_on_where_the_invite_says() {
    let app = TestApp::start();
    let target = "https://app.example.org/start?from=invite";
    let body = |email: &str| json!({ "email": email, "redirect_url": target });
    let invited = app.invited_with(&body("ada@example.org"));
    let done = app
        .anonymous()
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(200);
    assert_eq!(done.json()["redirect_url"], target);

    let invited = app.invited_with(&body("bob@example.org"));
    let mut bob = app.anonymous();
    let landing = bob.open(&invited.link).is(200);
    // Browsers hold redirects of a form to the policy of the page that had it.
    let policy = landing.header("content-security-policy").to_owned();
    assert!(
        policy.contains("form-action 'self' https://app.example.org;"),
        "{policy}"
    );
    let form = landing
        .page()
        .form("/self-service/invite")
        .fill("display_name", "Bob")
        .fill("password", PASSWORD);
    let done = bob.submit(form.press_named("action", "accept")).is(303);
    assert_eq!(done.header("location"), target);

    for bad in [
        "http://app.example.org/",
        "javascript:alert(1)",
        "//evil.example",
        "https://",
        "https://a@evil.example/",
        "https://a b/",
        "https://x;script-src *",
        "https://app.example.org/ü",
    ] {
        let body = json!({ "email": "eve@example.org", "redirect_url": bad });
        let refused = app.api().post("/api/v1/invites", &body).is(422).json();
        assert_eq!(refused["errors"][0]["field"], "redirect_url", "{bad}");
    }
}
