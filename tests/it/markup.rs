//! Stored XSS: whatever an outsider or an administrator writes is text, in every page and mail
//! (security.md, D28).

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::Answer;

/// What has broken out of pages elsewhere: out of elements, attributes, scripts, comments and templates.
const CORPUS: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "\" autofocus onfocus=alert(1) x=\"",
    "javascript:alert(1)",
    "--><script>alert(1)</script>",
    "{{7*7}}${7*7}{% raw %}{ $email }",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>@import 'https://evil.example'</style>",
];

/// A page in which no payload is anything but text.
#[track_caller]
fn inert(answer: &Answer, wanted: &str) {
    answer.page();
    let body = &answer.body;
    // Everything of ours loads from /static; nothing else may be an element that runs or loads.
    let page = crate::support::html::Page::parse(body);
    for selector in [
        "iframe",
        "img",
        "style",
        "object",
        "embed",
        "base",
        "svg[onload]",
        "[autofocus][onfocus]",
        "meta[http-equiv]",
    ] {
        assert_eq!(page.count(selector), 0, "{selector} in {body}");
    }
    assert_eq!(
        page.count("script"),
        page.count("script[src^='/static/']"),
        "{body}"
    );
    for raw in [
        "<script>",
        "onerror=alert(1)>",
        "<iframe",
        "<style",
        "49$49",
    ] {
        let at = body.find(raw);
        assert!(
            at.is_none(),
            "{raw} in …{}",
            &body[at.unwrap_or(0).saturating_sub(80)..]
        );
    }
    assert!(
        wanted.is_empty()
            || page
                .text("html")
                .contains(&wanted.split_whitespace().collect::<Vec<_>>().join(" ")),
        "{wanted} is not in {body}"
    );
}

#[test]
fn what_people_write_is_text_on_every_page_and_in_every_mail() {
    let app = TestApp::start();
    let api = app.api();
    let mut grace = app.owner();
    let me = api.get("/api/v1/me").json()["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (number, payload) in CORPUS.iter().copied().enumerate() {
        let email = format!("ada{number}@example.org");
        // What an administrator writes.
        api.patch(
            &format!("/api/v1/users/{me}"),
            &json!({ "display_name": payload }),
        )
        .is(200);
        api.patch("/api/v1/settings", &json!({ "site_name": payload, "contact": payload, "terms": { "version": &payload[..payload.len().min(40)], "url": "" } })).is(200);
        let group = api
            .post(
                "/api/v1/groups",
                &json!({ "name": payload, "description": payload }),
            )
            .is(201)
            .json();
        let body = json!({
            "email": email, "traits": { "name": payload }, "metadata_public": { payload: payload },
            "message": payload, "label": payload, "groups": [group["id"]],
        });
        let made = api.post("/api/v1/invites", &body).is(201).json();
        let id = made["id"].as_str().unwrap();
        let invite = format!("/admin/invites/{id}");
        for path in [
            invite.as_str(),
            &format!("{invite}/revoke"),
            "/admin/invites",
            "/admin/invites/new",
            "/",
        ] {
            inert(&grace.get(path).is(200), payload);
        }
        let mail = app.mails().remove(0);
        let html = mail.html().unwrap();
        let page = mail.page();
        page.assert_no_inline();
        assert_eq!(page.count("script, img, iframe, style, svg"), 0, "{html}");
        assert!(
            page.text("html")
                .contains(&payload.split_whitespace().collect::<Vec<_>>().join(" ")),
            "{html}"
        );

        // What an outsider writes: a name, and the program they use.
        let link = mail
            .links()
            .into_iter()
            .find(|link| link.contains("token="))
            .unwrap();
        let mut ada = app.anonymous();
        ada.extra
            .push(("user-agent".to_owned(), payload.to_owned()));
        let landing = ada.open(&link).is(200);
        inert(&landing, payload);
        let form = landing
            .page()
            .form("/self-service/invite")
            .fill("display_name", payload)
            .fill("password", "short");
        let again = ada.submit(form.press_named("action", "accept")).is(422);
        inert(&again, "");
        let form = again
            .page()
            .form("/self-service/invite")
            .fill("password", PASSWORD)
            .tick("terms_accepted");
        assert_eq!(form.value("display_name"), payload);
        ada.submit(form.press_named("action", "accept")).is(303);
        inert(&ada.open("/"), payload);
        inert(&ada.get("/settings/sessions").is(200), "");
        inert(&ada.get("/settings/profile").is(200), "");
        let page = ada.get("/settings/api-keys/new").is(200).page();
        let form = page
            .form("/settings/api-keys/new")
            .fill("name", payload)
            .fill("scopes", "all");
        inert(&ada.submit(form.submit()).is(200), payload);
        inert(&ada.get("/settings/api-keys").is(200), payload);
        let mail = app.mails().remove(0);
        assert_eq!(
            crate::support::html::Page::parse(&mail.html().unwrap())
                .count("script, img, iframe, style, svg"),
            0
        );

        let found = api.get(&format!("/api/v1/users?q={email}")).json()["items"][0].clone();
        let user = format!("/admin/users/{}", found["id"].as_str().unwrap());
        for path in [
            user.as_str(),
            &format!("{user}/suspend"),
            "/admin/users",
            &invite,
        ] {
            inert(&grace.get(path).is(200), payload);
        }
        for path in [
            "/admin/audit",
            "/admin/outbox?state=sent",
            "/admin/settings",
            "/admin/invites?tab=all",
        ] {
            inert(&grace.get(path).is(200), "");
        }
        let query = crate::support::html::percent_encode(payload);
        for path in [
            "/admin/users",
            "/admin/invites",
            "/admin/audit",
            "/admin/outbox",
        ] {
            inert(&grace.get(&format!("{path}?q={query}&tab={query}&state={query}&group={query}&newer={query}&actor={query}&action={query}&kind={query}")), "");
        }
        inert(
            &app.anonymous()
                .get(&format!("/sign-in?email={query}&next={query}"))
                .is(200),
            "",
        );
        inert(
            &app.anonymous()
                .open(&format!("/self-service/invite?flow={query}&token={query}"))
                .is(404),
            "",
        );
        inert(&app.anonymous().get(&format!("/{query}")).is(404), "");
        inert(&app.anonymous().open(&link).is(410), "");

        // Out of the way of the next one: the address is free again.
        remove(&app, &found);
    }
}

/// Gives a user another address, as no page can, so that the next round may use the first.
fn remove(app: &TestApp, user: &Value) {
    use diesel::prelude::*;
    let id = user["id"].as_str().unwrap().to_owned();
    let written = app.parts.app.db.write_now(move |tx| {
        let sql = format!("UPDATE users SET email = '{id}@example.org', email_norm = '{id}@example.org' WHERE id = '{id}'");
        Ok(diesel::sql_query(sql).execute(&mut **tx)?)
    });
    assert_eq!(written.unwrap(), 1);
}

#[test]
fn what_a_mail_server_says_is_text_too() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let api = app.api();
    for (number, payload) in CORPUS.iter().enumerate() {
        use crate::support::smtp::{Rule, Stage};
        app.sink.clear_rules();
        app.sink.rule(Rule::refuse(Stage::Recipient, 550, payload));
        let made = api
            .post(
                "/api/v1/invites",
                &json!({ "email": format!("p{number}@example.org") }),
            )
            .is(201)
            .json();
        app.run_jobs();
        let mut grace = app.owner();
        inert(
            &grace
                .get(&format!("/admin/invites/{}", made["id"].as_str().unwrap()))
                .is(200),
            payload,
        );
        let mail = api.get("/api/v1/outbox?state=failed&limit=1").json()["items"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        inert(
            &grace.get(&format!("/admin/outbox/{mail}")).is(200),
            payload,
        );
        inert(&grace.get("/admin/outbox?state=failed").is(200), payload);
    }
}
