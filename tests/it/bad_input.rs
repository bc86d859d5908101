//! Whatever is sent to the forms at the door is answered with words, and never with a fault of ours.

use vestibule::access::Role;
use vestibule::clock::minutes;

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::client::{Answer, Browser};
use crate::support::door::{csrf, recovery_link, user_id};
use crate::support::html::percent_encode;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A form, and the field of it that is tried.
struct Target<'a> {
    app: &'a TestApp,
    browser: Browser,
    path: String,
    field: &'static str,
    /// The other fields, as they are sent.
    rest: String,
}

impl Target<'_> {
    fn send(&mut self, field: &str) -> Answer {
        let token = csrf(&mut self.browser);
        let body = format!("csrf={token}&{}&{field}", self.rest);
        let (path, browser) = (self.path.clone(), &mut self.browser);
        let answer = browser.request("POST", &path, &[FORM], Some(body.as_bytes()));
        let shown: String = field.chars().take(60).collect();
        assert!(
            answer.status < 500,
            "{path} {shown}: {} {}",
            answer.status,
            answer.body
        );
        assert!(
            !answer.body.contains("<script>"),
            "{path} {shown}: {}",
            answer.body
        );
        if answer.header("content-type").starts_with("text/html") {
            answer.page().text("h1");
        }
        answer
    }

    fn value(&mut self, value: &str) -> Answer {
        let field = format!("{}={}", self.field, percent_encode(value));
        self.send(&field)
    }

    /// The value is refused with words beside the form, and stands in it again.
    fn refuses(&mut self, value: &str, statuses: &[u16]) {
        let answer = self.value(value);
        let shown: String = value.chars().take(60).collect();
        assert!(
            statuses.contains(&answer.status),
            "{} {shown:?}: {}",
            self.path,
            answer.status
        );
        let page = answer.page();
        assert!(
            !page.text(".error-sum li").is_empty(),
            "{} {shown:?}",
            self.path
        );
        assert!(page.title().starts_with("Error"), "{}", page.title());
        if !["password", "current_password"].contains(&self.field) {
            let kept = page.form(&self.path).value(self.field);
            let sent = value.replace("\r\n", "\n").replace(['\0', '\r'], "");
            let plain = |text: &str| text.replace(['\u{fffd}', '\r', '\n', '\0'], "");
            assert_eq!(plain(&kept), plain(&sent), "{} {shown:?}", self.path);
        }
    }

    /// What no form of ours can send.
    fn is_abused(&mut self) {
        let field = self.field;
        self.send("");
        self.send(&format!("{field}=%ff%fe%c3%28"));
        self.send(&format!("{field}=%"));
        self.send(&format!("{field}=a&{field}=b"));
        self.send(&format!("{field}[]=a&{field}%00=b&=c&&&"));
        self.send(&"x=y&".repeat(20_000));
        let large = self.send(&format!("{field}={}", "a".repeat(2_000_000)));
        assert_eq!(large.status, 413, "{}", self.path);
    }
}

/// Texts that are not one plain line.
const ODD_LINES: [&str; 5] = [
    "a\0b",
    "a\u{1}b",
    "a\u{7f}b",
    "Ada\r\nBcc: eve@example.org",
    "a\u{85}b",
];

const MARKUP: &str = "<script>alert(1)</script>\"'>&amp;";

#[test]
fn the_sign_in_form_takes_anything() {
    let app = TestApp::start();
    let mut email = Target {
        app: &app,
        browser: app.anonymous(),
        path: "/sign-in".to_owned(),
        field: "email",
        rest: "password=wrong".to_owned(),
    };
    let long = "a".repeat(255);
    for value in ODD_LINES.into_iter().chain(["", "x", MARKUP, &long]) {
        email.refuses(value, &[401]);
    }
    email.is_abused();
    let mut password = Target {
        field: "password",
        rest: "email=grace%40example.org".to_owned(),
        ..email
    };
    let (most, more) = ("a".repeat(1_024), "a".repeat(1_025));
    for value in ODD_LINES.into_iter().chain(["", "x", MARKUP, &most, &more]) {
        password.refuses(value, &[401]);
        password.app.advance(minutes(6));
    }
    app.advance(minutes(16));
    password.is_abused();
}

#[test]
fn the_set_up_form_takes_anything() {
    let app = TestApp::empty(Options::default());
    let mut browser = app.anonymous();
    browser.open(&app.set_up_link).is(200);
    let long = "é".repeat(201);
    let most = "é".repeat(200);
    let mut name = Target {
        app: &app,
        browser,
        path: "/setup".to_owned(),
        field: "name",
        rest: "email=a%40example.org&password=short".to_owned(),
    };
    for value in ODD_LINES.into_iter().chain(["", "x", MARKUP, &most, &long]) {
        name.refuses(value, &[422]);
    }
    name.is_abused();
    let mut email = Target {
        field: "email",
        rest: "name=Ada&password=short".to_owned(),
        ..name
    };
    let long = format!("{}@example.org", "a".repeat(300));
    for value in ODD_LINES.into_iter().chain(["", "x", MARKUP, &long]) {
        email.refuses(value, &[422]);
    }
    email.is_abused();
    let rest = "name=Ada&email=ada%40example.org".to_owned();
    let mut password = Target {
        field: "password",
        rest,
        ..email
    };
    let long = "b7".repeat(513);
    for value in [
        "",
        "x",
        "elevenchars",
        "ada@example.org",
        "password1234",
        &long,
    ] {
        password.refuses(value, &[422]);
    }
    password.is_abused();
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 0);
    // Twelve characters of any kind are enough.
    password.value("twelve chärs").is(303);
}

#[test]
fn the_recovery_forms_take_anything() {
    let app = TestApp::start();
    let mut email = Target {
        app: &app,
        browser: app.anonymous(),
        path: "/recover".to_owned(),
        field: "email",
        rest: "x=y".to_owned(),
    };
    let long = format!("{}@example.org", "a".repeat(243));
    for value in ODD_LINES.into_iter().chain(["", "x", MARKUP, &long]) {
        email.refuses(value, &[422]);
    }
    email.is_abused();
    let link = recovery_link(&app, "grace@example.org");
    let mut browser = app.anonymous();
    browser.open(&link).is(200);
    let path = "/recover/new".to_owned();
    let longest: String = (1_000..1_256).map(|number| number.to_string()).collect();
    assert_eq!(longest.len(), 1_024);
    let mut password = Target {
        browser,
        path,
        field: "password",
        ..email
    };
    let long = "b7".repeat(513);
    for value in [
        "",
        "x",
        "elevenchars",
        "Grace Hopper",
        "grace@example.org",
        &long,
    ] {
        password.refuses(value, &[422]);
    }
    // What is left out is empty, so the link is not used up.
    password.send("");
    password.send("password=%");
    password.send("password[]=a");
    password.value(&longest).is(303);
    app.mails();
}

#[test]
fn the_profile_takes_anything() {
    let app = TestApp::start();
    let mut name = Target {
        app: &app,
        browser: app.owner(),
        path: "/settings/profile".to_owned(),
        field: "name",
        rest: "x=y".to_owned(),
    };
    let (most, long) = ("é".repeat(200), "é".repeat(201));
    for value in ODD_LINES.into_iter().chain(["", " \t ", &long]) {
        name.refuses(value, &[422]);
    }
    for value in ["x", MARKUP, &most] {
        name.value(value).is(303);
        let page = name.browser.get("/settings/profile").is(200).page();
        assert_eq!(page.form("/settings/profile").value("name"), value);
    }
    name.is_abused();
}

#[test]
fn the_password_form_takes_anything() {
    let app = TestApp::start();
    let mut password = Target {
        app: &app,
        browser: app.owner(),
        path: "/settings/password".to_owned(),
        field: "password",
        rest: format!("current_password={}", percent_encode(PASSWORD)),
    };
    let long = "b7".repeat(513);
    for value in [
        "",
        "x",
        "elevenchars",
        "Grace Hopper",
        "grace@example.org",
        &long,
    ] {
        password.refuses(value, &[422]);
    }
    password.send("");
    let large = password.send(&format!("password={}", "a".repeat(2_000_000)));
    assert_eq!(large.status, 413);
    // Spaces, case and what lies beyond 72 bytes count.
    let odd = format!(" {}\u{1f511} end ", "long and odd ".repeat(20));
    password.value(&odd).is(303);
    let mut door = app.anonymous();
    for near in [odd.trim(), &odd.to_uppercase(), &odd[..72]] {
        crate::support::door::sign_in(&mut door, "grace@example.org", near).is(401);
    }
    crate::support::door::sign_in(&mut door, "grace@example.org", &odd).is(303);
}

#[test]
fn the_reason_of_a_suspension_takes_anything() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let id = user_id(&app, "mia@example.org");
    let mut reason = Target {
        app: &app,
        browser: app.owner(),
        path: format!("/admin/users/{id}/suspend"),
        field: "reason",
        rest: "x=y".to_owned(),
    };
    let (most, long) = ("é".repeat(500), "é".repeat(501));
    for value in ODD_LINES.into_iter().chain([&*long]) {
        reason.refuses(value, &[422]);
    }
    let api = app.api();
    for value in ["", "x", MARKUP, &most] {
        reason.value(value).is(303);
        let page = reason
            .browser
            .get(&format!("/admin/users/{id}"))
            .is(200)
            .page();
        assert!(
            page.text("main")
                .contains(value.split("\"").next().unwrap()),
            "{value}"
        );
        api.delete(&format!("/api/v1/users/{id}/suspension"))
            .is(200);
    }
    reason.is_abused();
    app.mails();
}

#[test]
fn nul_is_refused_in_every_query_and_document() {
    let app = TestApp::start();
    let (mut owner, api) = (app.owner(), app.api());
    let routes = vestibule::routes::routes();
    for route in routes
        .iter()
        .filter(|route| route.method == actix_web::http::Method::GET)
    {
        if route.path.contains('{') || route.path.ends_with('z') {
            continue;
        }
        for name in [
            "q", "cursor", "actor", "action", "target", "ip", "older", "next", "token",
        ] {
            let path = format!("{}?{name}=a%00b", route.path);
            let answer = if crate::support::door::is_api(route) {
                api.get(&path)
            } else {
                owner.get(&path)
            };
            assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        }
    }
    for field in ["traits", "metadata_public", "metadata_admin"] {
        for document in [
            serde_json::json!({ "a": "x\0" }),
            serde_json::json!({ "a\0": 1 }),
            serde_json::json!({ "a": [{ "b": ["\0"] }] }),
        ] {
            let user = serde_json::json!({
                "email": "a@example.org", "display_name": "A", field: document
            });
            assert_eq!(
                api.post("/api/v1/users", &user).is(422).code(),
                "invalid_input"
            );
        }
    }
}

#[test]
fn times_that_no_calendar_has_are_refused_before_the_database_sees_them() {
    let app = TestApp::start();
    let (api, mut owner) = (app.api(), app.owner());
    // The lowest number of 64 bits, where a cursor has its time.
    let cursor = "LTkyMjMzNzIwMzY4NTQ3NzU4MDgudXNyX3g";
    let list = api.get(&format!("/api/v1/users?cursor={cursor}")).is(400);
    assert_eq!(list.code(), "cursor_invalid");
    owner.get(&format!("/admin/users?older={cursor}")).is(200);
    let from = "-009999-01-02";
    owner.get(&format!("/admin/audit?from={from}")).is(422);
    api.get(&format!("/api/v1/audit?from={from}T00:00:00Z"))
        .is(422);
}

#[test]
fn no_name_of_anything_is_invisible_or_turns_what_stands_around_it() {
    let app = TestApp::start();
    let api = app.api();
    for name in ["\u{202e}gro.live", "\u{200b}\u{2800}"] {
        let name = serde_json::json!(name);
        for (method, path, body) in [
            (
                "PATCH",
                "/api/v1/settings",
                serde_json::json!({ "site_name": name }),
            ),
            (
                "POST",
                "/api/v1/groups",
                serde_json::json!({ "name": name }),
            ),
            (
                "POST",
                "/api/v1/invites",
                serde_json::json!({ "email": "a@example.org", "label": name }),
            ),
            (
                "POST",
                "/api/v1/invites",
                serde_json::json!({ "email": "a@example.org", "traits": { "name": name } }),
            ),
        ] {
            api.json(method, path, &body, &[]).is(422);
        }
    }
}
