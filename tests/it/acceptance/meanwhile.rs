//! What changed between looking at an invite and acting on it: a password takes long to hash.

use serde_json::{Map, Value, json};
use vestibule::access::Actor;
use vestibule::error::Code;
use vestibule::invites::acceptance::accept::{Done, Entered, accept, check};
use vestibule::invites::acceptance::landing::look;
use vestibule::sign_in::actions::From;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::invited::Invited;

/// Looks, checks and hashes as a request does, lets `meanwhile` happen, and accepts.
fn accept_after(
    app: &TestApp,
    invited: &Invited,
    traits: &Value,
    meanwhile: impl FnOnce(),
) -> Result<(), Code> {
    let shared = app.parts.app.clone();
    let (flow, token) = (invited.id.clone(), invited.token().to_owned());
    let now = shared.clock.now();
    let read = shared
        .db
        .read_now(|conn| look(conn, &flow, &token, None, now));
    let landing = read.unwrap();
    let entered = Entered {
        display_name: "Ada".to_owned(),
        password: PASSWORD.to_owned(),
        terms_accepted: true,
        traits: traits.as_object().cloned().unwrap_or(Map::new()),
        ..Entered::default()
    };
    let checked = actix_web::rt::System::new().block_on(check(&shared, &landing, &entered));
    let checked = checked.map_err(|why| why.code()).unwrap();
    meanwhile();
    let from = From {
        actor: Actor::system(),
        agent: String::new(),
    };
    let app = shared.clone();
    let done = shared
        .db
        .write_now(move |tx| accept(tx, &app, &from, None, &flow, &token, &checked));
    match done {
        Ok(Done::Accepted(_)) => Ok(()),
        Ok(_) => panic!("neither accepted nor refused"),
        Err(why) => Err(why.code()),
    }
}

fn terms(app: &TestApp, version: &str) {
    let terms = json!({ "terms": { "version": version, "url": "https://example.org/terms" } });
    app.api().patch("/api/v1/settings", &terms).is(200);
}

fn people(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS count FROM users")
}

#[test]
fn terms_that_came_into_force_meanwhile_are_not_taken_as_agreed() {
    let app = TestApp::start();
    terms(&app, "1");
    let invited = app.invited("ada@example.org");
    let refused = accept_after(&app, &invited, &json!({}), || terms(&app, "2"));
    assert_eq!(refused, Err(Code::TermsRequired));
    assert_eq!(people(&app), 1);
    // The refusal left the invite as it was.
    assert_eq!(accept_after(&app, &invited, &json!({}), || ()), Ok(()));
    assert_eq!(people(&app), 2);
}

#[test]
fn a_trait_that_was_locked_meanwhile_is_the_invites() {
    let app = TestApp::start();
    let api = app.api();
    let schema = json!({
        "id": "staff",
        "name": "Staff",
        "schema": {
            "type": "object",
            "properties": { "desk": { "type": "string" }, "city": { "type": "string" } },
        },
    });
    api.post("/api/v1/schemas", &schema).is(201);
    let template = json!({ "name": "Staff", "schema_id": "staff" });
    let template = api.post("/api/v1/invite-templates", &template).is(201);
    let template = template.json()["id"].as_str().unwrap().to_owned();
    let invited = app.invited_with(&json!({
        "email": "ada@example.org",
        "template": template,
        "traits": { "desk": "4" },
    }));
    let entered = json!({ "desk": "99", "city": "Porto" });
    let locked = accept_after(&app, &invited, &entered, || {
        let path = format!("/api/v1/invite-templates/{template}");
        api.patch(&path, &json!({ "fields": { "desk": "locked" } }))
            .is(200);
    });
    assert_eq!(locked, Ok(()));
    let ada = &api.get("/api/v1/users?q=ada").json()["items"][0];
    assert_eq!(ada["traits"], json!({ "desk": "4", "city": "Porto" }));
}
