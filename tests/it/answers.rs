//! What every answer has in common: HEAD, unknown addresses, wrong methods, and the headers that
//! protect.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use vestibule::routes::routes;

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::client::{Answer, Browser};
use crate::support::door::{Part, csrf, filled, is_api, sign_in};

const HTTPS: &str = "https://vestibule.example";

/// Headers that are told apart from one answer to the next.
const PASSING: [&str; 3] = ["date", "x-request-id", "content-length"];

fn lasting(answer: &Answer) -> Vec<(String, String)> {
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| !PASSING.contains(&&**name));
    headers.sort();
    headers
}

#[test]
fn head_is_get_without_a_body() {
    let app = TestApp::start();
    let (mut owner, api) = (app.owner(), app.api());
    for route in routes().iter().filter(|route| route.method == Method::GET) {
        let path = filled(route.path, Part::of_nothing);
        let mut ask = |method: &str| {
            if is_api(route) {
                api.send(method, &path, &[], None)
            } else {
                owner.request(method, &path, &[("accept", "text/html")], None)
            }
        };
        let (get, head) = (ask("GET"), ask("HEAD"));
        assert_eq!(get.status, head.status, "{path}");
        assert_eq!(lasting(&get), lasting(&head), "{path}");
        assert_eq!(head.body, "", "{path}");
    }
}

#[test]
fn an_unknown_address_is_404_in_the_language_of_who_asks() {
    let app = TestApp::start();
    let page = app.anonymous().get("/nothing/here").is(404);
    page.page().text("h1");
    let mut program = app.anonymous();
    for path in ["/api/v1/nothing", "/api/", "/nothing"] {
        let json = [("accept", "application/json")];
        let answer = program.request("GET", path, &json, None).is(404);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.code(), "not_found");
        assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
    }
    for path in [
        "/.git/config",
        "/.env",
        "/target",
        "/static/",
        "/static/..%2fCargo.toml",
        "/static/../Cargo.toml",
        "/admin",
        "/%2e%2e/etc/passwd",
        "//sign-in",
        "/sign-in/",
    ] {
        assert_eq!(app.owner().get(path).status, 404, "{path}");
    }
}

#[test]
fn another_method_is_405_and_told_which_ones_there_are() {
    let app = TestApp::start();
    let (mut owner, api) = (app.owner(), app.api());
    let mut allowed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for route in routes() {
        let methods = allowed.entry(route.path).or_default();
        methods.insert(route.method.to_string());
        if route.method == Method::GET {
            methods.insert("HEAD".to_owned());
        }
    }
    for (pattern, methods) in allowed {
        // A part that stands for anything may also be the address of another route.
        let path = filled(pattern, Part::of_nothing);
        for method in [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE",
        ] {
            if methods.contains(method) {
                continue;
            }
            let what = format!("{method} {pattern}");
            let api_path = pattern.starts_with("/api/");
            let answer = if api_path {
                api.send(method, &path, &[], None)
            } else {
                owner.request(method, &path, &[("accept", "text/html")], None)
            };
            assert_eq!(answer.status, 405, "{what}: {}", answer.body);
            let told: BTreeSet<String> = answer
                .header("allow")
                .split(',')
                .map(|method| method.trim().to_owned())
                .collect();
            assert_eq!(told, methods, "{what}");
            if method == "HEAD" {
                continue;
            }
            if api_path {
                assert_eq!(answer.code(), "method_not_allowed", "{what}");
            } else if ![
                "/healthz",
                "/readyz",
                "/metrics",
                "/openapi.json",
                "/gate",
                "/oauth2/introspect",
            ]
            .contains(&pattern)
            {
                answer.page().text("h1");
            }
        }
    }
}

/// One answer of every kind that there is, with a name.
fn of_every_kind(app: &TestApp) -> Vec<(&'static str, Answer)> {
    let (api, mut nobody) = (app.api(), app.anonymous());
    let mut owner = signed_in_over_https(app);
    let page = nobody.get("/sign-in").is(200);
    let css = page.page().attr("link[rel=stylesheet]", "href").unwrap();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let mut large = vec![b'a'; 1_100_000];
    large[1] = b'=';
    let json = [("content-type", "application/json")];
    let text = [("content-type", "text/plain")];
    let kinds = vec![
        ("page", page),
        ("page behind the door", owner.get("/admin/users").is(200)),
        ("file", nobody.get(&css).is(200)),
        ("unknown file", nobody.get("/static/none.css").is(404)),
        ("health", nobody.get("/healthz").is(200)),
        ("redirect", nobody.get("/settings").is(303)),
        ("401", nobody.post("/settings/profile", &[]).is(401)),
        ("403", nobody.post("/sign-in", &[]).is(403)),
        ("404", nobody.get("/nothing").is(404)),
        ("405", nobody.post("/healthz", &[]).is(405)),
        ("410", nobody.get("/recover/new").is(410)),
        ("bad query", nobody.get("/sign-in?next=a&next=b").is(400)),
        (
            "413",
            nobody
                .request("POST", "/sign-in", &form, Some(&large))
                .is(413),
        ),
        ("api", api.get("/api/v1/me").is(200)),
        ("api 401", app.no_key().get("/api/v1/me").is(401)),
        ("api 404", api.get("/api/v1/nothing").is(404)),
        ("api 405", api.delete("/api/v1/me").is(405)),
        (
            "api 413",
            api.send("POST", "/api/v1/users", &json, Some(&large))
                .is(413),
        ),
        (
            "api 415",
            api.send("POST", "/api/v1/users", &text, Some(b"{}"))
                .is(415),
        ),
        (
            "api 422",
            api.post("/api/v1/users", &serde_json::json!({})).is(422),
        ),
    ];
    let token = csrf(&mut nobody);
    let wrong = [
        ("csrf", &*token),
        ("email", "a@example.org"),
        ("password", "wrong"),
    ];
    for _ in 0..5 {
        nobody.post("/sign-in", &wrong).is(401);
    }
    let refused = nobody.post("/sign-in", &wrong).is(429);
    kinds.into_iter().chain([("429", refused)]).collect()
}

fn signed_in_over_https(app: &TestApp) -> Browser {
    let mut browser = app.anonymous();
    sign_in(&mut browser, "grace@example.org", PASSWORD).is(303);
    browser
}

fn over_https() -> TestApp {
    TestApp::with(Options {
        public_url: Some(HTTPS.to_owned()),
        ..Options::default()
    })
}

#[test]
fn every_answer_carries_the_headers_that_protect() {
    for (app, https) in [(TestApp::start(), false), (over_https(), true)] {
        for (kind, answer) in of_every_kind(&app) {
            let header = |name: &str| {
                let values = answer.headers(name);
                assert!(values.len() <= 1, "{kind}: {name} {values:?}");
                values.first().copied().unwrap_or_default().to_owned()
            };
            let policy = header("content-security-policy");
            for part in ["default-src 'none'", "frame-ancestors 'none'"] {
                assert!(policy.contains(part), "{kind}: {policy}");
            }
            assert!(!policy.contains("unsafe-"), "{kind}: {policy}");
            assert!(!policy.contains("data:"), "{kind}: {policy}");
            if answer.header("content-type").starts_with("text/html") {
                for part in ["base-uri 'none'", "form-action 'self'"] {
                    assert!(policy.contains(part), "{kind}: {policy}");
                }
            }
            assert_eq!(header("x-content-type-options"), "nosniff", "{kind}");
            assert_eq!(header("x-frame-options"), "DENY", "{kind}");
            let referrer = if kind == "410" {
                "no-referrer"
            } else {
                "same-origin"
            };
            assert_eq!(header("referrer-policy"), referrer, "{kind}");
            let cache = header("cache-control");
            assert_eq!(
                cache.contains("no-store"),
                kind != "file",
                "{kind}: {cache}"
            );
            let strict = header("strict-transport-security");
            let age: i64 = strict
                .strip_prefix("max-age=")
                .and_then(|rest| rest.split(';').next()?.parse().ok())
                .unwrap_or(0);
            assert_eq!(age >= 31_536_000, https, "{kind}: {strict}");
            assert_eq!(header("access-control-allow-origin"), "", "{kind}");
            let busy = answer.status == 429;
            assert_eq!(
                header("retry-after").parse().unwrap_or(0) > 0,
                busy,
                "{kind}"
            );
            assert!(!header("x-request-id").is_empty(), "{kind}");
            if answer.status >= 400 && kind.starts_with("api") {
                assert_eq!(header("content-type"), "application/problem+json", "{kind}");
            }
        }
    }
}

#[test]
fn addresses_that_hold_a_token_are_told_to_nobody() {
    let app = TestApp::start();
    for path in ["/recover/new", "/setup", "/self-service/invite"] {
        for query in ["", "?token=vstl_x"] {
            let answer = app.anonymous().get(&format!("{path}{query}"));
            assert_eq!(
                answer.header("referrer-policy"),
                "no-referrer",
                "{path}{query}"
            );
            assert!(
                !answer.header("location").contains("token"),
                "{path}{query}"
            );
        }
    }
}

#[test]
fn cookies_are_for_this_host_alone_and_out_of_reach_of_scripts() {
    for (app, https) in [(TestApp::start(), false), (over_https(), true)] {
        let mut browser = app.anonymous();
        let mut answers = vec![browser.get("/sign-in")];
        answers.push(sign_in(&mut browser, "grace@example.org", PASSWORD).is(303));
        answers.push(browser.get("/recover/new?token=x"));
        let token = csrf(&mut browser);
        let profile = [("csrf", &*token), ("name", "Grace")];
        answers.push(browser.post("/settings/profile", &profile).is(303));
        let cookies: Vec<&str> = answers
            .iter()
            .flat_map(|answer| answer.headers("set-cookie"))
            .collect();
        let mut names = BTreeSet::new();
        for cookie in &cookies {
            let mut parts = cookie.split("; ");
            let (name, _) = parts.next().unwrap().split_once('=').unwrap();
            let flags: Vec<&str> = parts.collect();
            assert!(flags.contains(&"HttpOnly"), "{cookie}");
            assert!(flags.contains(&"SameSite=Lax"), "{cookie}");
            assert!(flags.contains(&"Path=/"), "{cookie}");
            assert_eq!(flags.contains(&"Secure"), https, "{cookie}");
            assert_eq!(name.starts_with("__Host-"), https, "{cookie}");
            assert!(!cookie.contains("Domain"), "{cookie}");
            names.insert(name.trim_start_matches("__Host-").to_owned());
        }
        let expected = [
            "vestibule",
            "vestibule-before",
            "vestibule-flash",
            "vestibule-recovery",
        ];
        assert_eq!(names.into_iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn who_takes_no_form_that_we_have_is_told_so_with_all_headers() {
    let app = TestApp::start();
    let mut browser = app.anonymous();
    let mut ask = |path: &str, takes: &str| {
        let headers = [("accept", "text/html"), ("accept-encoding", takes)];
        browser.request("GET", path, &headers, None)
    };
    let none = ask("/sign-in", "identity;q=0, br;q=0").is(406);
    assert_eq!(none.header("x-content-type-options"), "nosniff");
    assert_eq!(none.header("cache-control"), "no-store");
    assert!(!none.header("content-security-policy").is_empty());
    // The rest is compressed for who takes it, and has its headers too.
    let page = ask("/sign-in", "gzip").is(200);
    assert_eq!(page.header("content-encoding"), "gzip");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let unknown = ask("/nothing", "gzip").is(404);
    assert_eq!(unknown.header("content-encoding"), "");
    unknown.page().text("h1");
}
