//! Whose forms are taken.

use serde_json::json;

use crate::support::app::{PASSWORD, TestApp};

/// Opens an invite, whose page asks browsers for `no-referrer`, and accepts it with these headers.
fn accept_with(headers: &[(&str, &str)]) -> u16 {
    let app = TestApp::start();
    let body = json!({"email": "ada@example.org"});
    app.api().post("/api/v1/invites", &body).is(201);
    let links = app.mails()[0].links();
    let link = links.iter().find(|link| link.contains("/self-service/"));
    let mut ada = app.anonymous();
    let opened = ada.open(link.unwrap()).is(200);
    assert_eq!(opened.header("referrer-policy"), "no-referrer");
    let form = opened
        .page()
        .form("/self-service/invite")
        .fill("display_name", "Ada Lovelace")
        .fill("password", PASSWORD);
    ada.extra = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    ada.submit(form.press_named("action", "accept")).status
}

#[test]
fn a_browser_that_hides_where_a_form_of_ours_stood_is_heard() {
    assert_eq!(
        accept_with(&[("origin", "null"), ("sec-fetch-site", "same-origin")]),
        303
    );
    // Browsers from before Sec-Fetch-Site: the token decides.
    assert_eq!(accept_with(&[("origin", "null")]), 303);
}

#[test]
fn a_form_of_another_site_is_not_taken() {
    for from in ["cross-site", "same-site"] {
        assert_eq!(
            accept_with(&[("origin", "null"), ("sec-fetch-site", from)]),
            403
        );
    }
    assert_eq!(accept_with(&[("origin", "https://example.com")]), 403);
}

#[test]
fn answers_outlive_the_token_of_their_form_but_passwords_do_not() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let opened = owner.get("/admin/invites/new").is(200).page();
    let form = opened
        .form("/admin/invites/new")
        .fill("email", "ada@example.org")
        .fill("message", "Welcome & <b>enjoy</b>")
        .forge("csrf", "of another time");
    owner.extra = vec![("origin".to_owned(), app.origin())];
    let expired = owner.submit(form.submit()).is(403).page();
    assert!(expired.text("main").contains("your answers are kept"));
    let again = expired.form("/admin/invites/new");
    assert_eq!(again.value("message"), "Welcome & <b>enjoy</b>");
    let checked = owner.submit(again.submit()).is(200).page();
    assert!(checked.text("main").contains("ada@example.org"));

    let page = owner.get("/settings/password").page();
    let form = page
        .form("/settings/password")
        .fill("current_password", PASSWORD)
        .fill("password", "another good long password")
        .forge("csrf", "");
    let expired = owner.submit(form.submit()).is(403);
    for secret in [PASSWORD, "another good long password"] {
        assert!(!expired.body.contains(secret));
    }
    let again = expired.page().form("/settings/password");
    assert!(again.values("password").is_empty());
}

#[test]
fn a_form_that_no_page_of_ours_sent_is_not_given_back() {
    let app = TestApp::start();
    let mut owner = app.owner();
    for headers in [
        vec![],
        vec![("origin", "https://evil.example")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("origin", "null"), ("sec-fetch-site", "same-site")],
    ] {
        owner.extra = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let refused = owner.post("/settings/profile", &[("name", "Mallory")]);
        assert!(!refused.is(403).body.contains("Mallory"), "{headers:?}");
    }
}
