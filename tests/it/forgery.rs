//! Requests that another site makes a browser send (abuse cases D15 and D16).

use std::collections::BTreeMap;

use actix_web::http::Method;
use serde_json::json;
use vestibule::routes::routes;

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::client::Browser;
use crate::support::door::{
    Part, audited, csrf, filled, has_twin, is_api, sign_in, state, text, user_id,
};

const HTTPS: &str = "https://vestibule.example";
const JSON: (&str, &str) = ("accept", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A site over https, where every part of every path names something that is there.
struct Site {
    app: TestApp,
    ids: BTreeMap<&'static str, String>,
}

impl Site {
    fn start() -> Self {
        let app = TestApp::with(Options {
            public_url: Some(HTTPS.to_owned()),
            ..Options::default()
        });
        app.admin_account();
        let invited = serde_json::json!({ "email": "ivo@example.org" });
        app.api().post("/api/v1/invites", &invited).is(201);
        app.mails();
        let key = app.key("alan@example.org", &["all"]).0.to_string();
        sign_in(&mut app.anonymous(), "grace@example.org", PASSWORD).is(303);
        let batch = serde_json::json!({ "rows": [{ "email": "ben@example.org" }] });
        app.api().post("/api/v1/invites/batches", &batch).is(201);
        app.mails();
        let of = |table: &str| text(&app, &format!("SELECT id AS text FROM {table} LIMIT 1"));
        let ids = BTreeMap::from([
            ("User", user_id(&app, "alan@example.org")),
            ("Key", key),
            ("Invite", of("invites")),
            ("Batch", of("invite_batches")),
            ("Template", of("invite_templates")),
            ("Schema", of("schemas")),
            ("Session", of("sessions")),
            ("Group", Part::Group.of_nothing()),
            ("Mail", of("outbox")),
            ("File", Part::File.of_nothing()),
        ]);
        Self { app, ids }
    }

    fn path(&self, pattern: &str) -> String {
        filled(pattern, |part| self.ids[&*format!("{part:?}")].clone())
    }

    fn owner(&self) -> Browser {
        let mut browser = self.app.anonymous();
        sign_in(&mut browser, "grace@example.org", PASSWORD).is(303);
        browser
    }
}

/// Every way to send a form that is not one of ours.
fn forgeries(good: &str, foreign: &str, nobodys: &str) -> Vec<(&'static str, String, Headers)> {
    let with = |token: &str| format!("csrf={token}&name=Mallory&email=m@example.org&reason=x");
    let mut flipped = good.to_owned();
    flipped.replace_range(..1, if good.starts_with('A') { "B" } else { "A" });
    let from = |headers: &[(&'static str, &'static str)]| headers.to_vec();
    vec![
        ("no token", "name=Mallory".to_owned(), vec![]),
        ("no body", String::new(), vec![]),
        ("an empty token", with(""), vec![]),
        ("the token of another session", with(foreign), vec![]),
        ("the token of nobody", with(nobodys), vec![]),
        ("a changed token", with(&flipped), vec![]),
        (
            "an empty token before the good one",
            format!("csrf=&{}", with(good)),
            vec![],
        ),
        (
            "another origin",
            with(good),
            from(&[("origin", "https://evil.example")]),
        ),
        (
            "an origin that begins like ours",
            with(good),
            from(&[("origin", "https://vestibule.example.evil.example")]),
        ),
        (
            "our name over http",
            with(good),
            from(&[("origin", "http://vestibule.example")]),
        ),
        (
            "another port",
            with(good),
            from(&[("origin", "https://vestibule.example:8443")]),
        ),
        (
            "a cross-site request",
            with(good),
            from(&[("sec-fetch-site", "cross-site")]),
        ),
        (
            "a same-site request",
            with(good),
            from(&[("sec-fetch-site", "same-site")]),
        ),
        (
            "a frame without an origin",
            with(good),
            from(&[("origin", "null"), ("sec-fetch-site", "cross-site")]),
        ),
        (
            "another referrer",
            with(good),
            from(&[("referer", "https://evil.example/x")]),
        ),
    ]
}

type Headers = Vec<(&'static str, &'static str)>;

#[test]
fn no_page_takes_a_form_that_is_not_its_own() {
    let site = Site::start();
    let (mut owner, mut nobody) = (site.owner(), site.app.anonymous());
    let (good, foreign) = (csrf(&mut owner), csrf(&mut site.owner()));
    let (nobodys, other_nobodys) = (csrf(&mut nobody), csrf(&mut site.app.anonymous()));
    let before = state(&site.app);
    for route in routes().iter().filter(|route| !is_api(route)) {
        // Under `/api` no form is read, and a cookie counts for Aleph's clients alone: `compatible::aleph`.
        if route.method == Method::GET || route.path.starts_with("/api/") {
            continue;
        }
        let path = site.path(route.path);
        let mut all = vec![(&mut owner, forgeries(&good, &foreign, &nobodys))];
        if route.who == vestibule::access::Who::Anyone {
            all.push((&mut nobody, forgeries(&nobodys, &other_nobodys, &foreign)));
        }
        for (browser, forgeries) in all {
            for (what, body, mut headers) in forgeries {
                headers.extend([JSON, FORM]);
                let answer = browser.request("POST", &path, &headers, Some(body.as_bytes()));
                assert_eq!(answer.status, 403, "{path}, {what}: {}", answer.body);
                assert_eq!(answer.code(), "form_expired", "{path}, {what}");
                assert_eq!(answer.headers("set-cookie").len(), 0, "{path}, {what}");
            }
        }
    }
    assert_eq!(state(&site.app), before);
}

#[test]
fn what_browsers_send_from_our_own_pages_is_taken() {
    let site = Site::start();
    let mut owner = site.owner();
    let body = format!("csrf={}&name=Grace", csrf(&mut owner));
    let own: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", HTTPS), ("sec-fetch-site", "same-origin")],
        // A page with `Referrer-Policy: no-referrer` makes browsers hide the origin.
        &[("origin", "null"), ("sec-fetch-site", "same-origin")],
        &[("referer", "https://vestibule.example/settings/profile")],
        &[("sec-fetch-site", "none")],
    ];
    for headers in own {
        let mut all = headers.to_vec();
        all.push(FORM);
        let answer = owner.request("POST", "/settings/profile", &all, Some(body.as_bytes()));
        assert_eq!(answer.status, 303, "{headers:?}: {}", answer.body);
    }
}

#[test]
fn nobody_gets_a_token_for_a_session_by_sending_its_id_as_another_cookie() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let id = text(&app, "SELECT id AS text FROM sessions LIMIT 1");
    let mut mallory = app.anonymous();
    mallory.cookies.insert("vestibule-before".to_owned(), id);
    let token = csrf(&mut mallory);
    let fields = [("csrf", &*token), ("name", "Mallory")];
    owner.post("/settings/profile", &fields).is(403);
}

#[test]
fn the_form_of_a_page_that_was_open_too_long_says_so() {
    let app = TestApp::start();
    let mut member = app.member();
    let page = member
        .post("/settings/profile", &[("name", "Mia")])
        .is(403)
        .page();
    assert!(
        page.text("main").contains("open too long"),
        "{}",
        page.text("main")
    );
}

#[test]
fn nobody_sends_a_compressed_body() {
    let app = TestApp::start();
    let body = json!({ "token": "x" });
    let zipped = [("content-encoding", "gzip")];
    let path = "/self-service/invite?flow=inv_01a2027b-d6eb-76fd-aa61-9082114bfab4";
    app.anonymous().post_json(path, &body, &zipped).is(415);
    app.api()
        .json("POST", "/api/v1/invites", &body, &zipped)
        .is(415);
    let plain = [("content-encoding", "identity")];
    app.anonymous().post_json(path, &body, &plain).is(422);
}

#[test]
fn the_api_takes_json_alone() {
    let app = TestApp::start();
    let (api, mut owner) = (app.api(), app.owner());
    let bodies = [
        ("text/plain", "{}"),
        ("application/x-www-form-urlencoded", "email=a%40example.org"),
        ("multipart/form-data; boundary=x", "--x--"),
        ("application/jsonp", "{}"),
        ("", "{}"),
    ];
    let before = audited(&app);
    for route in routes().iter().filter(|route| is_api(route)) {
        // No key makes keys, whatever the body. OAuth takes forms, and JSON is what it refuses.
        let takes_none = ["/api/v1/keys", "/oauth2/introspect"].contains(&route.path);
        if takes_none || [Method::GET, Method::DELETE].contains(&route.method) {
            continue;
        }
        let (method, path) = (route.method.as_str(), filled(route.path, Part::of_nothing));
        for (kind, body) in bodies {
            let headers = [("content-type", kind)];
            let answer = api.send(method, &path, &headers, Some(body.as_bytes()));
            assert_eq!(
                answer.status, 415,
                "{method} {path} {kind}: {}",
                answer.body
            );
            assert_eq!(answer.code(), "unsupported_media_type");
            let answer = owner.request(method, &path, &headers, Some(body.as_bytes()));
            // Beside the call stands what a person does with a token of forms.
            if has_twin(route) {
                assert_eq!(answer.is(403).code(), "form_expired");
            } else {
                assert_eq!(answer.is(401).code(), "credential_missing");
            }
        }
        // A method that hides in a header or the query is not looked at.
        let answer = api.send(
            "POST",
            "/api/v1/me",
            &[("x-http-method-override", "GET")],
            None,
        );
        answer.is(405);
    }
    assert_eq!(audited(&app), before);
}
