//! Every route of the table × everybody who may call: what the table says is what happens.

use actix_web::http::Method;
use vestibule::access::{Role, Scope, Who};

use vestibule::routes::{Route, routes};

use crate::support::app::TestApp;
use crate::support::client::{Answer, Api, Browser};
use crate::support::door::{
    Part, answers_json, browser, csrf, filled, has_twin, is_api, is_in, session_cookie, user_id,
};

const JSON: (&str, &str) = ("accept", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// What the gate says; everything else comes from behind it.
const GATE: [&str; 4] = [
    "sign_in_required",
    "forbidden",
    "credential_missing",
    "scope_missing",
];

fn path(route: &Route) -> String {
    filled(route.path, Part::of_nothing)
}

fn label(route: &Route, caller: &str) -> String {
    format!("{} {} as {caller}", route.method, route.path)
}

/// The code of the gate in an answer, if it is one.
fn refusal(answer: &Answer) -> Option<String> {
    let is_json = answer.header("content-type").ends_with("json");
    let code = (is_json && answer.status >= 400).then(|| answer.code())?;
    GATE.contains(&&*code).then_some(code)
}

/// Sends a page's request as a program would, so that refusals have codes.
fn knock(browser: &mut Browser, route: &Route) -> Answer {
    if route.method == Method::GET {
        return browser.request("GET", &path(route), &[JSON], None);
    }
    let body = format!("csrf={}", csrf(browser));
    let method = route.method.as_str();
    browser.request(method, &path(route), &[JSON, FORM], Some(body.as_bytes()))
}

fn expected_of_session(who: Who, role: Option<Role>) -> Option<&'static str> {
    match (who, role) {
        (Who::Anyone, _) | (Who::SignedIn, Some(_)) => None,
        (Who::SignedIn | Who::Inviter | Who::Role(_), None) => Some("sign_in_required"),
        // No template names a group of theirs.
        (Who::Inviter, Some(role)) => (role < Role::Admin).then_some("forbidden"),
        (Who::Role(least), Some(role)) => (role < least).then_some("forbidden"),
        (Who::Key | Who::Scope(_) | Who::AdminScope(_), _) => Some("credential_missing"),
    }
}

#[test]
fn every_page_lets_in_whom_the_table_says() {
    let app = TestApp::start();
    for role in [
        None,
        Some(Role::Member),
        Some(Role::Admin),
        Some(Role::Owner),
    ] {
        let caller = role.map_or("nobody".to_owned(), |role| role.to_string());
        let mut at_hand = browser(&app, role);
        for route in routes().iter().filter(|route| !is_api(route)) {
            // A POST may end the session, so each has its own.
            let mut own = browser(&app, role);
            let from = if route.method == Method::GET {
                &mut at_hand
            } else {
                &mut own
            };
            let answer = knock(from, route);
            let said = refusal(&answer);
            let expected = expected_of_session(route.who, role);
            assert_eq!(said.as_deref(), expected, "{}", label(route, &caller));
            assert!(
                answer.status < 500,
                "{}: {}",
                label(route, &caller),
                answer.body
            );
            if !is_in(&mut at_hand) {
                at_hand = browser(&app, role);
            }
        }
    }
    app.mails();
}

#[test]
fn a_refused_page_is_a_sign_in_or_a_page_that_says_so() {
    let app = TestApp::start();
    let (mut nobody, mut member) = (app.anonymous(), app.member());
    let pages = |route: &&Route| !is_api(route) && !answers_json(route);
    for route in routes().iter().filter(pages) {
        let to = path(route);
        if expected_of_session(route.who, None).is_some() {
            if route.method == Method::GET {
                let answer = nobody.get(&to).is(303);
                let next = serde_urlencoded::to_string([("next", &to)]).unwrap();
                assert_eq!(answer.header("location"), format!("/sign-in?{next}"));
            } else {
                let answer = nobody.post(&to, &[]).is(401);
                answer.page().text("h1");
            }
        }
        if expected_of_session(route.who, Some(Role::Member)).is_some() {
            let method = route.method.as_str();
            let body = (route.method != Method::GET).then_some(&b""[..]);
            let answer = member.request(method, &to, &[("accept", "text/html")], body);
            assert_eq!(answer.status, 403, "{}", label(route, "member"));
            answer.page().text("h1");
        }
    }
}

/// Every scope but one.
fn all_but(scope: Scope) -> Vec<&'static str> {
    let others = Scope::EACH.iter().filter(|other| **other != scope);
    others.map(|scope| scope.as_str()).collect()
}

fn expected_of_key(who: Who, role: Role) -> Option<&'static str> {
    match who {
        Who::Anyone | Who::Key => None,
        Who::Scope(_) | Who::AdminScope(_) => {
            (Some(role) < who.least_role()).then_some("forbidden")
        }
        Who::SignedIn | Who::Inviter | Who::Role(_) => Some("sign_in_required"),
    }
}

fn call(api: &Api, route: &Route) -> Answer {
    call_about(api, route, &Part::User.of_nothing())
}

/// A body that changes nothing. An empty one would make an open link, for which a key needs more than the table says.
fn body_of(route: &Route) -> serde_json::Value {
    match route.path {
        "/api/v1/invites" => serde_json::json!({ "email": "" }),
        "/admin/invite" => serde_json::json!({ "identifier": "" }),
        _ => serde_json::json!({}),
    }
}

/// Calls a route. The keys of others are closed to members whether or not there is such a user, so those
/// routes are asked about `own`.
fn call_about(api: &Api, route: &Route, own: &str) -> Answer {
    let path = filled(route.path, |part| match part {
        Part::User if route.path.starts_with("/api/v1/users/{id}/keys") => own.to_owned(),
        part => part.of_nothing(),
    });
    match route.method {
        Method::GET => api.get(&path),
        _ => api.json(route.method.as_str(), &path, &body_of(route), &[]),
    }
}

#[test]
fn every_call_lets_in_whom_the_table_says() {
    let app = TestApp::start();
    drop((app.admin(), app.member()));
    let people = [
        ("mia@example.org", Role::Member),
        ("alan@example.org", Role::Admin),
        ("grace@example.org", Role::Owner),
    ];
    for route in routes().iter().filter(|route| is_api(route)) {
        let answer = call(&app.no_key(), route);
        if has_twin(route) && route.path.starts_with("/api/") {
            // The twin is for people and answers programs.
            assert_eq!(answer.is(403).code(), "sign_in_required");
        } else if has_twin(route) {
            // Whoever names no key asks for the page.
            assert!(answer.is(303).header("location").starts_with("/sign-in"));
        } else {
            assert_eq!(
                answer.is(401).code(),
                "credential_missing",
                "{}",
                label(route, "no key")
            );
        }
        if let Some(scope) = route.who.scope() {
            let answer = call(&app.with_key("grace@example.org", &all_but(scope)), route).is(403);
            assert_eq!(
                answer.code(),
                "scope_missing",
                "{}",
                label(route, "all but it")
            );
            let answer = call(&app.with_key("grace@example.org", &[scope.as_str()]), route);
            assert_eq!(refusal(&answer), None, "{}", label(route, "it alone"));
        }
        for (email, role) in people {
            // A key of its own each time: one of the routes revokes the key that calls.
            let own = user_id(&app, email);
            let answer = call_about(&app.with_key(email, &["all"]), route, &own);
            let expected = expected_of_key(route.who, role);
            assert_eq!(
                refusal(&answer).as_deref(),
                expected,
                "{}",
                label(route, email)
            );
            assert!(
                answer.status < 500,
                "{}: {}",
                label(route, email),
                answer.body
            );
        }
    }
    app.mails();
}

#[test]
fn an_address_says_who_may_call_it() {
    let mut open = Vec::new();
    for route in routes() {
        let name = format!("{} {}", route.method, route.path);
        let reads = route.method == Method::GET;
        let start = |start: &str| route.path.starts_with(start);
        match route.who {
            Who::Anyone => open.push(name),
            Who::SignedIn => {
                assert!(
                    !start("/admin") && (!start("/api") || answers_json(&route)),
                    "{name}"
                );
            }
            Who::Inviter => assert!(start("/admin/invites"), "{name}"),
            Who::Role(role) => assert!(start("/admin/") && role >= Role::Admin, "{name}"),
            Who::Key => assert!(start("/api/") || route.path == "/gate", "{name}"),
            // Asking changes nothing; what is asked about must not stand in an address.
            Who::Scope(Scope::Introspect) => assert!(start("/oauth2/"), "{name}"),
            Who::Scope(scope) => {
                assert!(start("/api/") || route.path == "/metrics", "{name}");
                assert_eq!(
                    scope.as_str().ends_with(":read"),
                    reads,
                    "{name}: {scope:?}"
                );
            }
            Who::AdminScope(scope) => {
                assert!(start("/admin/"), "{name}");
                assert_eq!(
                    scope.as_str().ends_with(":read"),
                    reads,
                    "{name}: {scope:?}"
                );
            }
        }
        assert!(!start("/settings") || route.who == Who::SignedIn);
    }
    // Everything that is open to anybody, and nothing else.
    open.sort();
    assert_eq!(
        open,
        [
            "GET /docs",
            "GET /healthz",
            "GET /openapi.json",
            "GET /readyz",
            "GET /recover",
            "GET /recover/new",
            "GET /register",
            "GET /register/code",
            "GET /self-service/invite",
            "GET /setup",
            "GET /sign-in",
            "GET /sign-in/code",
            "GET /static/{file}",
            "GET /verify",
            "POST /api/v1/leaked-keys",
            "POST /recover",
            "POST /recover/new",
            "POST /register",
            "POST /register/code",
            "POST /self-service/invite",
            "POST /setup",
            "POST /sign-in",
            "POST /sign-in/code",
            "POST /verify",
        ]
    );
}

#[test]
fn a_session_is_nothing_on_the_api_and_a_key_is_nothing_on_pages() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let (_, key) = app.key("grace@example.org", &["all"]);
    let bearer = format!("Bearer {key}");
    let mut program = app.anonymous();
    // The secret of a session is no key, and a key is no session.
    let cookie = session_cookie(&owner);
    for secret in [&cookie, &cookie[..43]] {
        let api = Api::new(&app.base, Some(secret.to_owned()));
        assert_eq!(api.get("/api/v1/me").is(401).code(), "credential_invalid");
    }
    for route in routes() {
        let to = path(&route);
        let body = (route.method != Method::GET).then_some(&b"{}"[..]);
        let method = route.method.as_str();
        if has_twin(&route) {
            // Who asks decides which of the two answers: the cookie gets the page, the key the call.
            let page = owner.request(method, &to, &[("accept", "text/html")], body);
            let is_page = page.header("content-type").starts_with("text/html");
            assert_eq!(is_page, !route.path.starts_with("/api/"), "{to}");
            for headers in [("authorization", &*bearer), ("x-api-key", &*key)] {
                let answer = program.request(method, &to, &[headers], body);
                assert_eq!(answer.header("content-type"), "application/json", "{to}");
                assert_eq!(answer.headers("set-cookie").len(), 0, "{to}");
            }
        } else if is_api(&route) {
            let headers = [("content-type", "application/json")];
            let answer = owner.request(method, &to, &headers, body).is(401);
            assert_eq!(answer.code(), "credential_missing", "{}", route.path);
        } else if route.who != Who::Anyone {
            for headers in [("authorization", &*bearer), ("x-api-key", &*key)] {
                let answer = program.request(method, &to, &[headers, JSON], body).is(401);
                assert_eq!(answer.code(), "sign_in_required", "{}", route.path);
            }
        }
    }
    let mut thief = app.anonymous();
    thief.cookies.insert("vestibule".to_owned(), key);
    assert!(!is_in(&mut thief));
    app.mails();
}

#[test]
fn a_role_counts_as_it_is_now() {
    let app = TestApp::start();
    let (mut admin, owner) = (app.admin(), app.api());
    let id = user_id(&app, "alan@example.org");
    let key = app.with_key("alan@example.org", &["all"]);
    admin.get("/admin/users").is(200);
    key.get("/api/v1/audit").is(200);
    let member = serde_json::json!({ "role": "member" });
    owner.patch(&format!("/api/v1/users/{id}"), &member).is(200);
    admin.get("/admin/users").is(403);
    assert_eq!(key.get("/api/v1/audit").is(403).code(), "forbidden");
}
