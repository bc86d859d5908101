//! The doors by which an invite comes in: a call, a line of a call, a line of a file, the form. The same input meets the
//! same rules at each.

use serde_json::{Map, Value, json};
use vestibule::access::Role;

use crate::support::app::TestApp;
use crate::support::client::{Answer, Api, Browser};
use crate::support::described::codes;

const INVITES: &str = "/api/v1/invites";
const BATCHES: &str = "/api/v1/invites/batches";
const FORM: &str = "/admin/invites/new";

/// Somebody who asks, at every door.
struct Asking<'a> {
    app: &'a TestApp,
    api: Api,
    browser: Browser,
    name: &'static str,
}

impl<'a> Asking<'a> {
    fn of(app: &'a TestApp, email: &'static str) -> Self {
        Self {
            app,
            api: app.with_key(email, &["all"]),
            browser: app.signed_in(email),
            name: email,
        }
    }

    /// The code of a refusal by itself, or of its first field.
    fn code(answer: &Answer) -> String {
        match answer.code().as_str() {
            "invalid_input" => answer.json()["errors"][0]["code"]
                .as_str()
                .unwrap()
                .to_owned(),
            code => code.to_owned(),
        }
    }

    fn by_call(&self, body: &Value) -> String {
        let answer = self.api.post(INVITES, body);
        assert!(
            answer.status >= 400,
            "{} {body}: {}",
            self.name,
            answer.body
        );
        Self::code(&answer)
    }

    fn by_row(&self, body: &Value) -> String {
        let told = self.api.post(
            &format!("{BATCHES}?dry_run=true"),
            &json!({ "rows": [body] }),
        );
        told.is(200).json()["rows"][0]["code"]
            .as_str()
            .unwrap_or("ready")
            .to_owned()
    }

    /// Nothing where a file has no column for it.
    fn by_file(&self, body: &Map<String, Value>) -> Option<String> {
        let mut cells: Vec<(&str, String)> = Vec::new();
        for (name, value) in body {
            let cell = match (name.as_str(), value) {
                // An empty line is none.
                ("email", Value::String(text)) if text.is_empty() => return None,
                ("email" | "role" | "message" | "locale", Value::String(text)) => text.clone(),
                ("groups", Value::Array(groups)) => groups
                    .iter()
                    .map(|group| group.as_str().unwrap())
                    .collect::<Vec<_>>()
                    .join(";"),
                ("traits", Value::Object(traits)) if traits.keys().eq(["name"]) => {
                    cells.push(("name", traits["name"].as_str()?.to_owned()));
                    continue;
                }
                _ => return None,
            };
            cells.push((name.as_str(), cell));
        }
        let head: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
        let row = cells
            .iter()
            .map(|(_, cell)| format!("\"{}\"", cell.replace('"', "\"\"")));
        let file = format!(
            "{}\n{}\n",
            head.join(","),
            row.collect::<Vec<_>>().join(",")
        );
        let path = format!("{BATCHES}?dry_run=true");
        let kind = [("content-type", "text/csv")];
        let told = self.api.send("POST", &path, &kind, Some(file.as_bytes()));
        let row = told.is(200).json()["rows"][0].clone();
        Some(row["code"].as_str().unwrap_or("ready").to_owned())
    }

    /// The words of the form's check page; nothing where the form has no field for it.
    fn by_form(&mut self, body: &Map<String, Value>) -> Option<Answer> {
        let template = body
            .get("template")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let page = self.browser.get(&format!("{FORM}?template={template}"));
        let mut form = page.is(200).page().form("main form[method='post']");
        for (name, value) in body {
            form = match (name.as_str(), value) {
                ("template", _) => form,
                ("email" | "phone", Value::String(text)) => form.forge("email", text),
                ("role" | "message" | "label" | "locale" | "delivery", Value::String(text)) => {
                    form.forge(name, text)
                }
                ("groups", Value::Array(groups)) if groups.len() == 1 => {
                    form.forge("groups", groups[0].as_str().unwrap())
                }
                ("traits", Value::Object(traits)) if traits.keys().eq(["name"]) => {
                    form.forge("name", traits["name"].as_str().unwrap())
                }
                _ => return None,
            };
        }
        Some(self.browser.submit(form.submit()))
    }
}

#[test]
fn the_same_input_is_refused_with_the_same_code_at_every_door() {
    let app = TestApp::start();
    app.admin_account();
    app.user("mia@example.org", "Mia", Role::Member);
    let api = app.api();
    let made = |path: &str, body: Value| {
        let made = api.post(path, &body).is(201).json();
        made["id"].as_str().unwrap().to_owned()
    };
    let group = made("/api/v1/groups", json!({ "name": "Analysts" }));
    let narrow = made(
        "/api/v1/invite-templates",
        json!({
            "name": "Narrow", "roles": ["member"], "groups": [], "domains": ["example.org"],
            "reveal_existing": true, "identifier": "email",
        }),
    );
    let full = made(
        "/api/v1/invite-templates",
        json!({ "name": "Full", "quota": { "per_day": 0 } }),
    );
    let owners = json!({ "name": "Owners", "invitable_by": { "roles": ["owner"] } });
    let owners = made("/api/v1/invite-templates", owners);
    api.post(INVITES, &json!({ "email": "pending@example.org" }))
        .is(201);
    let sent = app.mails().len();
    assert_eq!(sent, 1);

    let described = codes(&app, "post", INVITES);
    let person = "ada@example.org";
    let mut alan = Asking::of(&app, "alan@example.org");
    for (body, code, words) in [
        (
            json!({ "email": "ada@" }),
            "not_an_email",
            "not a full email address",
        ),
        (
            json!({ "email": "a..b@x.org" }),
            "not_an_email",
            "not a full email address",
        ),
        (
            json!({ "email": "a@x.123" }),
            "not_an_email",
            "not a full email address",
        ),
        (
            json!({ "email": "a@xn--a.org" }),
            "not_an_email",
            "not a full email address",
        ),
        (json!({ "email": "" }), "required", "Enter an email address"),
        (
            json!({ "email": format!("{}@example.org", "a".repeat(250)) }),
            "too_long",
            "at most 254",
        ),
        (json!({ "phone": "+1" }), "not_a_phone", "+ and the country"),
        (
            json!({ "email": person, "role": "owner" }),
            "role_not_grantable",
            "role owner",
        ),
        (
            json!({ "email": person, "groups": ["grp_01a2027b-d6b5-7cd0-be67-ab79529a31c9"] }),
            "group_not_grantable",
            "cannot give that group",
        ),
        (
            json!({ "email": person, "message": "bell\u{7}" }),
            "control_characters",
            "control characters",
        ),
        (
            json!({ "email": person, "message": "x".repeat(501) }),
            "too_long",
            "at most 500",
        ),
        (
            json!({ "email": person, "label": "x".repeat(101) }),
            "too_long",
            "at most 100",
        ),
        (
            json!({ "email": person, "locale": "tlh" }),
            "not_a_choice",
            "not spoken here",
        ),
        (
            json!({ "email": person, "traits": { "name": "x".repeat(201) } }),
            "too_long",
            "at most 200",
        ),
        (
            json!({ "email": person, "delivery": "sms" }),
            "not_for_address",
            "",
        ),
        (
            json!({ "phone": "+351215550100", "delivery": "email" }),
            "not_for_address",
            "",
        ),
        (
            json!({ "email": "pending@example.org" }),
            "invite_exists",
            "Already invited",
        ),
        (
            json!({ "email": "Pending@Example.org" }),
            "invite_exists",
            "Already invited",
        ),
        (
            json!({ "email": "ada@example.net", "template": narrow }),
            "domain_not_allowed",
            "address",
        ),
        (
            json!({ "email": "mia@example.org", "template": narrow }),
            "user_exists",
            "account",
        ),
        (
            json!({ "email": person, "template": narrow, "role": "admin" }),
            "role_not_grantable",
            "role admin",
        ),
        (
            json!({ "email": person, "template": narrow, "groups": [group] }),
            "group_not_grantable",
            "cannot give that group",
        ),
        (
            json!({ "phone": "+351215550100", "template": narrow }),
            "not_by_template",
            "template does not allow",
        ),
        (
            json!({ "email": person, "template": full }),
            "too_many_invites",
            "many",
        ),
        (
            json!({ "email": person, "max_uses": 2 }),
            "only_for_open_links",
            "",
        ),
        (
            json!({ "email": person, "match": "domain" }),
            "required_for_match",
            "",
        ),
        (
            json!({ "email": person, "redirect_url": "javascript:alert(1)" }),
            "not_a_url",
            "",
        ),
        (
            json!({ "email": person, "schema_id": "nowhere" }),
            "not_found",
            "",
        ),
        (
            json!({ "email": person, "expires_in": 5 }),
            "out_of_range",
            "",
        ),
        (
            json!({ "email": person, "template": owners }),
            "template_not_usable",
            "",
        ),
    ] {
        let fields = body.as_object().unwrap().clone();
        assert_eq!(alan.by_call(&body), code, "a call: {body}");
        let problem = alan.api.post(INVITES, &body).code();
        assert!(described.contains(&problem), "{problem} is not described");
        assert_eq!(alan.by_row(&body), code, "a row: {body}");
        if let Some(told) = alan.by_file(&fields) {
            assert_eq!(told, code, "a file: {body}");
        }
        let is_in_form = !words.is_empty();
        if let Some(answer) = is_in_form.then(|| alan.by_form(&fields)).flatten() {
            assert!(answer.status >= 400, "the form: {body}");
            let said = answer.page().text("[role=alert]");
            assert!(said.contains(words), "the form: {body}: {said}");
        } else {
            assert!(!is_in_form, "the form has no field for {body}");
        }
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM invites"), 1);
    assert!(app.mails().is_empty());
    assert_eq!(
        alan.app
            .count("SELECT count(*) AS count FROM invite_batches"),
        0
    );
}

#[test]
fn sending_again_and_changing_meet_the_rules_of_the_template_as_it_is_then() {
    let person = "ada@example.org";
    for (narrow, code) in [
        (json!({ "roles": ["admin"] }), "role_not_grantable"),
        (json!({ "groups": [] }), "group_not_grantable"),
        (json!({ "domains": ["example.net"] }), "invalid_input"),
        (json!({ "identifier": "phone" }), "invalid_input"),
        (json!({ "quota": { "per_day": 0 } }), "too_many_invites"),
        (
            json!({ "invitable_by": { "roles": ["owner"] } }),
            "template_not_usable",
        ),
        (json!({}), "invite_not_pending"),
    ] {
        let app = TestApp::start();
        app.admin_account();
        let api = app.api();
        let group = api
            .post("/api/v1/groups", &json!({ "name": "Analysts" }))
            .is(201)
            .json();
        let template = json!({ "name": "Staff" });
        let template = api
            .post("/api/v1/invite-templates", &template)
            .is(201)
            .json();
        let body = json!({ "email": person, "template": template["id"], "groups": [group["id"]], "delivery": "link" });
        let alan = app.with_key("alan@example.org", &["all"]);
        let made = alan.post(INVITES, &body).is(201).json();
        let path = format!("{INVITES}/{}", made["id"].as_str().unwrap());
        let id = template["id"].as_str().unwrap();
        api.patch(&format!("/api/v1/invite-templates/{id}"), &narrow)
            .is(200);
        match code {
            "too_many_invites" => app.advance(vestibule::clock::days(8)),
            "invite_not_pending" => drop(api.post(&format!("{path}/revoke"), &json!({})).is(200)),
            _ => {}
        }
        let again = alan.post(&format!("{path}/resend"), &json!({ "delivery": "link" }));
        assert_eq!(again.code(), code, "{narrow}: {}", again.body);
        let resend = codes(&app, "post", &format!("{INVITES}/{{id}}/resend"));
        assert!(resend.contains(code), "{code}");
        if code != "too_many_invites" {
            let changed = alan.patch(&path, &json!({ "label": "x" }));
            assert_eq!(changed.code(), code, "{narrow}: {}", changed.body);
            assert!(codes(&app, "patch", &format!("{INVITES}/{{id}}")).contains(code));
        }
    }
}
