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
