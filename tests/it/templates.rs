//! Invite templates and schemas: what they allow, and what the person is asked.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::{days, hours};

use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::{Answer, Api};
use crate::support::invited::Invited;

const TEMPLATES: &str = "/api/v1/invite-templates";
const SCHEMAS: &str = "/api/v1/schemas";
const INVITES: &str = "/api/v1/invites";

fn template(app: &TestApp, body: &Value) -> String {
    let made = app.api().post(TEMPLATES, body).is(201).json();
    made["id"].as_str().unwrap().to_owned()
}

fn invite(app: &TestApp, body: &Value) -> Answer {
    app.api().post(INVITES, body)
}

fn faults(answer: &Answer) -> Vec<(String, String)> {
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    let told = errors.iter().map(|error| {
        let word = |name: &str| error[name].as_str().unwrap().to_owned();
        (word("field"), word("code"))
    });
    told.collect()
}

/// A schema that asks for a department and a floor, and an invite with it.
fn asking(app: &TestApp, policy: &Value, traits: &Value) -> Invited {
    let schema = json!({
        "type": "object",
        "properties": {
            "department": { "type": "string", "title": "Department", "maxLength": 20 },
            "floor": { "type": "integer", "title": "Floor", "minimum": 0, "maximum": 9 },
            "badge": { "enum": ["blue", "red"], "title": "Badge" },
            "news": { "type": "boolean", "title": "News by mail" },
            "since": { "type": "string", "format": "date", "title": "First day" },
            "grade": { "type": "string" },
        },
        "required": ["department", "floor"],
        "additionalProperties": false,
    });
    let body = json!({ "id": "staff", "schema": schema });
    app.api().post(SCHEMAS, &body).is(201);
    let mut body = json!({ "name": "Staff", "schema_id": "staff" });
    for (name, value) in policy.as_object().unwrap() {
        body[name] = value.clone();
    }
    let id = template(app, &body);
    app.invited_with(&json!({ "email": "ada@example.org", "template": id, "traits": traits }))
}

#[test]
fn a_template_is_made_changed_and_deleted_while_nobody_uses_it() {
    let app = TestApp::start();
    let api = app.api();
    let all = api.get(TEMPLATES).is(200).json();
    assert_eq!(all["items"][0]["name"], "Default");
    assert_eq!(all["items"][0]["match"], "strict");
    let plain = all["items"][0]["id"].as_str().unwrap();
    let id = template(&app, &json!({ "name": "Workshop", "roles": ["member"] }));
    assert_ne!(plain, id);
    let same = api.post(TEMPLATES, &json!({ "name": " workshop " }));
    assert_eq!(same.is(409).code(), "template_exists");
    let path = format!("{TEMPLATES}/{id}");
    let changed = api.patch(&path, &json!({ "approval": true, "roles": null }));
    let changed = changed.is(200).json();
    assert_eq!(changed["approval"], true);
    assert_eq!(changed["roles"], Value::Null);
    assert_eq!(changed["name"], "Workshop");
    for (body, field) in [
        (json!({ "roles": ["king"] }), "roles[0]"),
        (json!({ "name": "" }), "name"),
        (json!({ "schema_id": "nowhere" }), "schema_id"),
        (json!({ "colour": 1 }), "colour"),
        (json!({ "quota": { "per_week": 1 } }), "quota.per_week"),
        (
            json!({ "groups": ["grp_01a2027b-d6b5-7cd0-be67-ab79529a31c9"] }),
            "groups",
        ),
    ] {
        let refused = api.patch(&path, &body).is(422);
        assert_eq!(faults(&refused)[0].0, field, "{body}");
    }
    assert_eq!(
        api.delete(&format!("{TEMPLATES}/{plain}")).is(409).code(),
        "in_use"
    );
    let body = json!({ "email": "ada@example.org", "template": id });
    let made = invite(&app, &body).is(201).json();
    assert_eq!(made["template"], id.as_str());
    assert_eq!(api.delete(&path).is(409).code(), "in_use");
    let other = template(&app, &json!({ "name": "Other" }));
    api.delete(&format!("{TEMPLATES}/{other}")).is(204);
    api.get(&format!("{TEMPLATES}/{other}")).is(404);
    app.mails();
}

#[test]
fn a_schema_is_checked_when_it_is_made_and_stays_while_it_is_used() {
    let app = TestApp::start();
    let api = app.api();
    let make = |id: &str, schema: Value| api.post(SCHEMAS, &json!({ "id": id, "schema": schema }));
    make(
        "staff",
        json!({ "type": "object", "properties": { "a": {}, "b": {} } }),
    )
    .is(201);
    assert_eq!(
        make("staff", json!({ "type": "object" })).is(409).code(),
        "schema_exists"
    );
    for (id, schema, field) in [
        ("Staff", json!({ "type": "object" }), "id"),
        ("x", json!({ "type": "array" }), "schema"),
        ("x", json!({ "type": "object", "properties": 1 }), "schema"),
        (
            "x",
            json!({ "type": "object", "$ref": "https://example.org/x" }),
            "schema",
        ),
        ("x", json!("no schema at all"), "schema"),
    ] {
        assert_eq!(faults(&make(id, schema).is(422))[0].0, field);
    }
    let read = api.get(&format!("{SCHEMAS}/staff")).is(200);
    // The order of the properties is the order of the form.
    assert!(read.body.find("\"a\"") < read.body.find("\"b\""));
    template(&app, &json!({ "name": "Staff", "schema_id": "staff" }));
    assert_eq!(
        api.delete(&format!("{SCHEMAS}/staff")).is(409).code(),
        "in_use"
    );
    assert_eq!(
        api.delete(&format!("{SCHEMAS}/default")).is(409).code(),
        "in_use"
    );
    make("lone", json!({ "type": "object" })).is(201);
    api.delete(&format!("{SCHEMAS}/lone")).is(204);
    api.get(&format!("{SCHEMAS}/lone")).is(404);
    let alan = app.with_key("grace@example.org", &["settings:read"]);
    assert_eq!(
        alan.post(SCHEMAS, &json!({ "id": "b", "schema": {} }))
            .is(403)
            .code(),
        "scope_missing"
    );
}

#[test]
fn an_invite_keeps_within_its_template() {
    let app = TestApp::start();
    let group = app
        .api()
        .post("/api/v1/groups", &json!({ "name": "Analysts" }));
    let group = group.is(201).json()["id"].clone();
    let id = template(
        &app,
        &json!({
            "name": "Partners",
            "roles": ["member"],
            "groups": [],
            "domains": ["example.org"],
            "redirect_urls": ["https://app.example.org/in"],
            "expires_in": 3600,
            "delivery": "link",
        }),
    );
    let with = |more: Value| {
        let mut body = json!({ "email": "ada@example.org", "template": id });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        invite(&app, &body)
    };
    for (more, status, code) in [
        (json!({ "role": "admin" }), 403, "role_not_grantable"),
        (json!({ "groups": [group] }), 403, "group_not_grantable"),
        (
            json!({ "email": "ada@evil.test" }),
            422,
            "domain_not_allowed",
        ),
        (
            json!({ "email": "ada@evil-example.org" }),
            422,
            "domain_not_allowed",
        ),
        (json!({ "domains": ["evil.test"] }), 422, "invalid_input"),
        (json!({ "domains": [] }), 422, "invalid_input"),
        (
            json!({ "redirect_url": "https://app.example.org.evil.test/in" }),
            422,
            "invalid_input",
        ),
        (json!({ "locale": "xx" }), 422, "invalid_input"),
        (json!({ "schema_id": "nowhere" }), 422, "invalid_input"),
        (
            json!({ "template": "tpl_01a2027b-d6b5-7cd0-be67-ab79529a31c9" }),
            422,
            "invalid_input",
        ),
    ] {
        assert_eq!(with(more.clone()).is(status).code(), code, "{more}");
    }
    let made = with(json!({ "redirect_url": "https://app.example.org/in/a" }));
    let made = made.is(201).json();
    assert_eq!(made["delivery"], "link");
    assert_eq!(made["expires_at"], "2026-11-22T10:00:00Z");
    assert_eq!(made["domains"], json!(["example.org"]));
    // Later changes are held to the template too.
    let path = format!("{INVITES}/{}", made["id"].as_str().unwrap());
    let api = app.api();
    let elsewhere = api.patch(&path, &json!({ "email": "ada@evil.test" }));
    assert_eq!(elsewhere.is(422).code(), "domain_not_allowed");
    let higher = api.patch(&path, &json!({ "role": "admin" }));
    assert_eq!(higher.is(403).code(), "role_not_grantable");
}

#[test]
fn a_template_lets_the_members_of_a_group_invite_members() {
    let app = TestApp::start();
    let api = app.api();
    let mia = app.user("mia@example.org", "Mia", Role::Member);
    app.user("alan@example.org", "Alan", Role::Admin);
    let group = api.post("/api/v1/groups", &json!({ "name": "Hosts" }));
    let group = group.is(201).json()["id"].as_str().unwrap().to_owned();
    let id = template(
        &app,
        &json!({ "name": "Guests", "invitable_by": { "roles": [], "groups": [group] } }),
    );
    let key = app.with_key("mia@example.org", &["invites:read", "invites:write"]);
    let body = json!({ "email": "ada@example.org", "template": id });
    assert_eq!(key.post(INVITES, &body).is(422).code(), "invalid_input");
    assert_eq!(key.get(TEMPLATES).json()["items"], json!([]));
    // An administrator whom the template leaves out sees it, and cannot invite with it.
    let alan = app.with_key("alan@example.org", &["all"]);
    assert_eq!(
        alan.post(INVITES, &body).is(403).code(),
        "template_not_usable"
    );

    let member = format!("/api/v1/groups/{group}/members/{mia}");
    api.put(&member, &json!({})).is(200);
    assert_eq!(key.get(TEMPLATES).json()["items"][0]["id"], id.as_str());
    for (more, code) in [
        ("admin", "role_not_grantable"),
        ("owner", "role_not_grantable"),
    ] {
        let mut higher = body.clone();
        higher["role"] = json!(more);
        assert_eq!(key.post(INVITES, &higher).is(403).code(), code);
    }
    let plain = json!({ "email": "ada@example.org" });
    assert_eq!(key.post(INVITES, &plain).is(403).code(), "forbidden");
    key.post(INVITES, &body).is(201);
    let link = app.mailed_link();
    app.anonymous().get_json(&link).is(200);
    app.run_jobs();
    app.anonymous().get_json(&link).is(200);
    // Once Mia is out of the group, her invite stands for nothing.
    api.delete(&member).is(204);
    assert_eq!(
        app.anonymous().get_json(&link).is(410).code(),
        "invite_suspended"
    );
}

#[test]
fn a_quota_counts_what_one_person_sent_and_owners_are_free() {
    let app = TestApp::start();
    app.user("alan@example.org", "Alan", Role::Admin);
    let alan = app.with_key("alan@example.org", &["all"]);
    let daily = template(
        &app,
        &json!({ "name": "Two a day", "quota": { "per_day": 2 } }),
    );
    let open = template(
        &app,
        &json!({ "name": "One at a time", "quota": { "pending": 1 } }),
    );
    let send = |email: &str, template: &str| {
        let body = json!({ "email": email, "template": template, "delivery": "link" });
        alan.post(INVITES, &body)
    };
    send("a@example.org", &daily).is(201);
    send("b@example.org", &daily).is(201);
    let full = send("c@example.org", &daily).is(429);
    assert_eq!(full.code(), "too_many_invites");
    app.advance(hours(24));
    send("c@example.org", &daily).is(201);
    let first = send("d@example.org", &open).is(201).json();
    assert_eq!(
        send("e@example.org", &open).is(429).code(),
        "too_many_invites"
    );
    let path = format!("{INVITES}/{}/revoke", first["id"].as_str().unwrap());
    alan.post(&path, &json!({})).is(200);
    send("e@example.org", &open).is(201);
    // Sending again makes one more of an invite whose time is over, and none more of one that is pending.
    let again = |invite: &Value, by: &Api| {
        let path = format!("{INVITES}/{}/resend", invite["id"].as_str().unwrap());
        by.post(&path, &json!({ "delivery": "link" }))
    };
    app.advance(days(8));
    let one = send("f@example.org", &open).is(201).json();
    again(&one, &alan).is(200);
    app.advance(days(8));
    send("g@example.org", &open).is(201);
    assert_eq!(again(&one, &alan).is(429).code(), "too_many_invites");
    again(&one, &app.api()).is(200);
    for n in 0..3 {
        let body =
            json!({ "email": format!("o{n}@example.org"), "template": daily, "delivery": "link" });
        invite(&app, &body).is(201);
    }
}

#[test]
fn only_a_template_that_reveals_accounts_says_that_somebody_has_one() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let id = template(
        &app,
        &json!({ "name": "Open book", "reveal_existing": true }),
    );
    let known = json!({ "email": "mia@example.org", "template": id });
    assert_eq!(invite(&app, &known).is(409).code(), "user_exists");
    let mut more = known.clone();
    more["role"] = json!("admin");
    invite(&app, &more).is(201);
    let path = format!("{INVITES}?q=mia@example.org");
    let made = app.api().get(&path).json()["items"][0]["id"].clone();
    let revoke = format!("{INVITES}/{}/revoke", made.as_str().unwrap());
    app.api().post(&revoke, &json!({})).is(200);
    invite(&app, &json!({ "email": "mia@example.org" })).is(201);
    app.mails();
}

#[test]
fn the_form_asks_what_the_schema_says_and_the_invite_decides_what_is_locked() {
    let app = TestApp::start();
    let invited = asking(
        &app,
        &json!({
            "fields": { "department": "locked", "grade": "hidden", "since": "required" },
            "intro": "Welcome to the lab.",
        }),
        &json!({ "department": "Optics", "grade": "7", "badge": "red" }),
    );
    let mut ada = app.anonymous();
    let page = ada.open(&invited.link).is(200).page();
    assert_eq!(page.count("[name='traits.department']"), 0);
    assert_eq!(page.count("[name='traits.grade']"), 0);
    assert!(
        page.text("main").contains("Optics") && page.text("main").contains("Welcome to the lab.")
    );
    let form = page.form("/self-service/invite");
    assert_eq!(form.value("traits.badge"), "red");
    let form = form
        .fill("display_name", "Ada Lovelace")
        .fill("password", PASSWORD)
        .fill("traits.floor", "twelve");
    let refused = ada
        .submit(form.press_named("action", "accept"))
        .is(422)
        .page();
    assert!(refused.count("[name='traits.since'][aria-invalid]") == 1);
    let form = refused.form("/self-service/invite");
    assert_eq!(form.value("traits.floor"), "twelve");
    let form = form
        .fill("password", PASSWORD)
        .fill("traits.floor", "3")
        .fill("traits.since", "2026-12-01")
        .forge("traits.department", "Boss")
        .forge("traits.grade", "99")
        .tick("traits.news");
    ada.submit(form.press_named("action", "accept")).is(303);
    let user = app.api().get("/api/v1/users?q=ada@example.org").json();
    assert_eq!(
        user["items"][0]["traits"],
        json!({ "department": "Optics", "grade": "7", "badge": "red", "floor": 3, "since": "2026-12-01", "news": true })
    );
    assert_eq!(user["items"][0]["schema_id"], "staff");
}

#[test]
fn a_program_sends_traits_as_json_and_is_told_every_fault() {
    let app = TestApp::start();
    let invited = asking(
        &app,
        &json!({ "fields": { "department": "locked", "grade": "hidden" } }),
        &json!({ "department": "Optics", "grade": "7", "badge": "red" }),
    );
    let mut ada = app.anonymous();
    let seen = ada.get_json(&invited.link).is(200).json();
    assert_eq!(
        seen["locked"],
        json!(["email", "traits.department", "traits.grade"])
    );
    assert_eq!(
        seen["traits"],
        json!({ "department": "Optics", "badge": "red" })
    );
    assert_eq!(seen["schema"]["required"], json!(["department", "floor"]));
    let answer = |traits: Value| {
        let mut body = invited.accept();
        body["traits"] = traits;
        app.anonymous().post_json(&invited.path(), &body, &[])
    };
    let refused = answer(json!({ "floor": 99, "shoe": 43, "news": "yes" })).is(422);
    let mut told = faults(&refused);
    told.sort();
    let expected = [
        ("traits.floor", "too_large"),
        ("traits.news", "wrong_type"),
        ("traits.shoe", "unknown_field"),
    ];
    let expected = expected.map(|(field, code)| (field.to_owned(), code.to_owned()));
    assert_eq!(told, expected);
    answer(json!({ "floor": 1, "department": "Boss", "grade": "99", "badge": null })).is(200);
    let user = app.api().get("/api/v1/users?q=ada@example.org").json();
    let kept = json!({ "department": "Optics", "grade": "7", "floor": 1 });
    assert_eq!(user["items"][0]["traits"], kept);
}

#[test]
fn what_the_inviter_says_of_a_person_is_held_to_the_schema() {
    let app = TestApp::start();
    asking(&app, &json!({}), &json!({ "department": "Optics" }));
    let body =
        json!({ "email": "bob@example.org", "schema_id": "staff", "traits": { "floor": "x" } });
    let refused = invite(&app, &body).is(422);
    assert_eq!(
        faults(&refused),
        [("traits.floor".to_owned(), "wrong_type".to_owned())]
    );
}

#[test]
fn what_the_person_is_not_asked_for_has_to_be_on_the_invite() {
    let app = TestApp::start();
    asking(&app, &json!({}), &json!({ "department": "Optics" }));
    for mode in ["hidden", "locked"] {
        let fields = json!({ "name": mode, "schema_id": "staff", "fields": { "floor": mode } });
        let template = template(&app, &fields);
        let missing = json!({ "email": "bob@example.org", "template": template });
        let refused = invite(&app, &missing).is(422);
        let wanted = [("traits.floor".to_owned(), "required".to_owned())];
        assert_eq!(faults(&refused), wanted);
        let given = json!({ "email": format!("{mode}@example.org"), "template": template, "traits": { "floor": 1 } });
        let made = invite(&app, &given).is(201).json();
        let path = format!("{INVITES}/{}", made["id"].as_str().unwrap());
        let refused = app.api().patch(&path, &json!({ "traits": {} })).is(422);
        assert_eq!(faults(&refused), wanted);
    }
}

#[test]
fn what_an_administrator_says_of_a_user_is_held_to_the_schema() {
    let app = TestApp::start();
    asking(&app, &json!({}), &json!({ "department": "Optics" }));
    let api = app.api();
    let make = |schema: &str, traits: Value| {
        let body = json!({ "email": "bob@example.org", "display_name": "Bob", "schema_id": schema, "traits": traits });
        api.post("/api/v1/users", &body)
    };
    let refused = make("staff", json!({ "floor": "x" })).is(422);
    assert_eq!(faults(&refused)[0].0, "traits.floor");
    assert_eq!(
        faults(&make("nowhere", json!({})).is(422))[0].0,
        "schema_id"
    );
    let bob = make("staff", json!({ "floor": 2 })).is(201).json();
    assert_eq!(bob["schema_id"], "staff");
    let path = format!("/api/v1/users/{}", bob["id"].as_str().unwrap());
    let refused = api
        .patch(&path, &json!({ "traits": { "floor": 12 } }))
        .is(422);
    assert_eq!(faults(&refused)[0].1, "too_large");
    api.patch(&path, &json!({ "traits": { "floor": 3 } }))
        .is(200);
    app.mails();
}

#[test]
fn a_template_has_terms_of_its_own() {
    let app = TestApp::start();
    let id = template(
        &app,
        &json!({ "name": "Partners", "terms": { "version": "partners-3", "url": "https://example.org/p3" } }),
    );
    let invited = app.invited_with(&json!({ "email": "ada@example.org", "template": id }));
    let mut ada = app.anonymous();
    let seen = ada.get_json(&invited.link).is(200).json();
    assert_eq!(seen["terms"]["version"], "partners-3");
    let refused = ada
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(422);
    assert_eq!(refused.code(), "terms_required");
    let mut body = invited.accept();
    body["terms_accepted"] = json!(true);
    ada.post_json(&invited.path(), &body, &[]).is(200);
    let user = app.api().get("/api/v1/users?q=ada@example.org").json();
    assert_eq!(user["items"][0]["terms"]["version"], "partners-3");
}
