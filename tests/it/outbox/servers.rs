//! Conversations with mail servers of every kind, and mails whose content tries to be more than content.

use serde_json::json;
use vestibule::access::Role;

use crate::support::app::{Options, TestApp};
use crate::support::smtp::{Security, SmtpSink};

fn with_sink(sink: SmtpSink, url: Option<String>) -> TestApp {
    let url = url.unwrap_or_else(|| sink.url());
    let mail_server = Some((url, sink.ca_file().to_owned()));
    let mut app = TestApp::with(Options {
        mail_server,
        ..Options::default()
    });
    app.sink = sink;
    app
}

fn invite(app: &TestApp, email: &str) {
    app.api()
        .post("/api/v1/invites", &json!({ "email": email }))
        .is(201);
}

fn last_error(app: &TestApp) -> String {
    app.leaves_mails();
    app.run_jobs();
    assert!(app.sink.take_mails().is_empty());
    let found = app.api().get("/api/v1/outbox?q=ada@").is(200).json();
    found["items"][0]["last_error"].as_str().unwrap().to_owned()
}

#[test]
fn mail_goes_over_starttls_and_tls_with_credentials() {
    for security in [Security::StartTls, Security::Tls] {
        let sink = SmtpSink::start_with_login(security, "vestibule@example.org", "p:w/é %");
        let app = with_sink(sink, None);
        invite(&app, "ada@example.org");
        let mails = app.mails();
        assert!(mails[0].encrypted, "{security:?}");
        assert_eq!(mails[0].user.as_deref(), Some("vestibule@example.org"));
    }
}

#[test]
fn a_server_without_starttls_gets_no_mail_and_no_password() {
    let sink = SmtpSink::start(Security::Plain);
    let url = format!("smtp+starttls://ada:secret@localhost:{}", sink.port());
    let app = with_sink(sink, Some(url));
    invite(&app, "ada@example.org");
    let said = last_error(&app);
    assert!(said.starts_with("unsafe"), "{said}");
    assert!(!said.contains("secret"));
}

#[test]
fn a_wrong_password_is_told_without_repeating_it() {
    let sink = SmtpSink::start_with_login(Security::Tls, "vestibule", "right");
    let url = format!("smtps://vestibule:wrong-one@localhost:{}", sink.port());
    let app = with_sink(sink, Some(url));
    invite(&app, "ada@example.org");
    let said = last_error(&app);
    assert!(said.starts_with("login"), "{said}");
    assert!(!said.contains("wrong-one"));
    let mut grace = app.owner();
    let page = grace.get("/admin/outbox").is(200).page();
    assert!(
        page.text("main")
            .contains("Check the user name and password in VESTIBULE_SMTP_URL")
    );
}

#[test]
fn names_and_messages_add_no_header_no_recipient_and_no_markup() {
    let app = TestApp::start();
    let api = app.api();
    // The name of the inviter stands in the subject.
    let name = "Grace =?utf-8?q?x?= <script>alert(1)</script> Ünïcode 🦀 \"q\"";
    let me = api.get("/api/v1/me").json()["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    api.patch(
        &format!("/api/v1/users/{me}"),
        &json!({ "display_name": name }),
    )
    .is(200);
    for bad in [
        "Ada\r\nBcc: eve@example.org",
        "Ada\nX: y",
        "Ada\0",
        "Ada\u{85}x",
    ] {
        api.patch(
            &format!("/api/v1/users/{me}"),
            &json!({ "display_name": bad }),
        )
        .is(422);
    }
    // The name of the invited person is one line; other traits may hold anything.
    let lines = "Ada\r\nBcc: eve@example.org\r\n\r\n.\r\nMAIL FROM:<eve@example.org>";
    let named = json!({ "email": "ada@example.org", "traits": { "name": lines } });
    api.post("/api/v1/invites", &named).is(422);
    let body = json!({
        "email": "ada@example.org",
        "traits": { "name": "Ada \"x\" <eve@example.org>", "desk": lines },
        "message": ".\n.\nMAIL FROM:<eve@example.org>\n<a href=\"https://evil.example\" onload=x>click</a> <script>alert(1)</script> & more\n=?utf-8?q?y?=",
    });
    api.post("/api/v1/invites", &body).is(201);
    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    assert_eq!(mail.to, ["ada@example.org"]);
    assert_eq!(mail.from, "vestibule@localhost");
    let names: Vec<String> = mail
        .header_names()
        .iter()
        .map(|name| name.to_ascii_lowercase())
        .collect();
    assert!(!names.contains(&"bcc".to_owned()), "{names:?}");
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(
        unique.len(),
        names.len(),
        "a header is there twice: {names:?}"
    );
    // Readers would take "=?" for the start of an encoded word.
    let shown = name.replace("=?", "= ?");
    assert!(mail.subject().contains(&shown), "{}", mail.subject());
    let head = mail.data.split("\r\n\r\n").next().unwrap();
    assert!(head.is_ascii() && head.lines().all(|line| line.len() <= 998));

    let text = mail.text();
    assert!(text.contains("<script>alert(1)</script> & more"), "{text}");
    assert!(text.contains("> MAIL FROM:<eve@example.org>"));
    let html = mail.html().unwrap();
    assert!(
        html.contains("&#60;script&#62;alert(1)&#60;/script&#62; &#38; more"),
        "{html}"
    );
    assert!(!html.contains("<script") && !html.contains("<a href=\"https://evil"));
    let page = mail.page();
    page.assert_no_inline();
}

#[test]
fn links_are_built_from_the_public_url_whatever_the_request_says() {
    let app = TestApp::with(Options {
        public_url: Some("https://accounts.example.org".into()),
        ..Options::default()
    });
    let key = app.key("grace@example.org", &["all"]).1;
    let body = json!({ "email": "ada@example.org" }).to_string();
    let mut evil = app.anonymous();
    let credential = format!("Bearer {key}");
    let headers = [
        ("authorization", credential.as_str()),
        ("content-type", "application/json"),
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "host=evil.example;proto=http"),
    ];
    evil.request("POST", "/api/v1/invites", &headers, Some(body.as_bytes()))
        .is(201);
    let mail = app.mails().remove(0);
    assert!(!mail.data.contains("evil"));
    for link in mail.links() {
        assert!(link.starts_with("https://accounts.example.org"), "{link}");
    }
}

#[test]
fn a_user_who_is_made_gets_a_link_to_set_a_password_and_nobody_else_does() {
    let app = TestApp::start();
    let api = app.api();
    app.user("old@example.org", "Old", Role::Member);
    let body = json!({ "email": "new@example.org", "display_name": "New" });
    api.post("/api/v1/users", &body).is(201);
    let taken = json!({ "email": "OLD@example.org", "display_name": "Other" });
    assert_eq!(
        api.post("/api/v1/users", &taken).is(409).code(),
        "address_taken"
    );
    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["new@example.org"]);
    let links = mails[0].links();
    assert!(
        links
            .iter()
            .any(|link| link.contains("/recover/new?token="))
    );
}
