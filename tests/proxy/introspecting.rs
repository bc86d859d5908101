//! The app of the paper that asks by itself.

use serde_json::json;
use vestibule::access::Role;

use crate::suite::app::TestApp;
use crate::suite::client::Api;
use crate::support::ExampleApp;

const MIA: &str = "mia@example.org";

fn start(app: &TestApp, own: &str) -> (ExampleApp, String) {
    let environment = [("VESTIBULE_URL", &*app.base), ("VESTIBULE_KEY", own)];
    let running = ExampleApp::start("examples/introspecting.py", &environment);
    let base = format!("http://127.0.0.1:{}", running.port);
    (running, base)
}

#[test]
fn an_app_that_introspects_knows_whom_a_key_stands_for() {
    let app = TestApp::start();
    let mia = app.user(MIA, "Mia", Role::Member).to_string();
    let owner = app.api();
    let group = owner
        .post("/api/v1/groups", &json!({ "name": "Readers" }))
        .is(201)
        .json();
    let member = format!(
        "/api/v1/groups/{}/members/{mia}",
        group["id"].as_str().unwrap()
    );
    owner.put(&member, &json!({})).is(200);
    let (_, own) = app.key("grace@example.org", &["introspect"]);
    let (_running, base) = start(&app, &own);

    let (_, key) = app.key(MIA, &["groups:read", "keys:revoke"]);
    let wanted = json!({ "user": mia, "role": "member", "groups": ["Readers"] });
    for value in [
        format!("Bearer {key}"),
        format!("ApiKey {key}"),
        key.clone(),
    ] {
        let headers = [("authorization", &*value)];
        let answer = Api::new(&base, None).send("GET", "/", &headers, None);
        assert_eq!(answer.is(200).json(), wanted, "{value}");
    }
    Api::new(&base, None).get("/").is(401);
    let weak = app.key(MIA, &["users:read"]).1;
    Api::new(&base, Some(weak)).get("/").is(403);
    Api::new(&app.base, Some(key.clone()))
        .delete("/api/v1/keys/current")
        .is(204);
    Api::new(&base, Some(key)).get("/").is(401);
}

#[test]
fn an_app_whose_own_key_is_not_good_lets_nobody_in() {
    let app = TestApp::start();
    let (_, own) = app.key("grace@example.org", &["groups:read"]);
    let (_running, base) = start(&app, &own);
    let (_, key) = app.key("grace@example.org", &["all"]);
    Api::new(&base, Some(key)).get("/").is(503);
}
