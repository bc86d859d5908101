//! The description of the API, and whether the server does what it says.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::Time;
use vestibule::routes::routes;

use super::support::app::TestApp;
use super::support::client::{Answer, Api};
use super::support::door::text;

/// The description, for checking answers against it.
struct Description(Value);

impl Description {
    fn of(app: &TestApp) -> Self {
        Self(app.no_key().get("/openapi.json").is(200).json())
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(to) => {
                let found = self.0.pointer(to.trim_start_matches('#'));
                self.resolve(found.unwrap_or_else(|| panic!("{to} leads nowhere")))
            }
            None => schema,
        }
    }

    /// What is wrong with `value`, judged by the keywords that the description uses.
    fn faults(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let schema = self.resolve(schema);
        let mut faults = Vec::new();
        let mut fault = |wrong: bool, why: &str| {
            if wrong {
                faults.push(format!("{at}: {why}: {value}"));
            }
        };
        let kinds: Vec<&str> = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            kind => kind.as_str().into_iter().collect(),
        };
        let fits = kinds.iter().any(|kind| match *kind {
            "null" => value.is_null(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("{other}"),
        });
        fault(!kinds.is_empty() && !fits, "another type");
        if let Some(words) = schema["enum"].as_array() {
            fault(!words.contains(value), "not one of the words");
        }
        if let Some(only) = schema.get("const") {
            fault(only != value, "another word");
        }
        if let Some(text) = value.as_str() {
            if schema["format"] == "date-time" {
                let whole = Time::parse(text).is_some_and(|time| time.rfc3339() == text);
                fault(!whole, "not a time in UTC and whole seconds");
            }
            if let Some(pattern) = schema["pattern"].as_str() {
                fault(!text.starts_with(&pattern[1..5]), "not an id of the kind");
            }
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            let missing = value.get(name.as_str().unwrap()).is_none();
            fault(missing, &format!("{name} is missing"));
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            faults.extend(self.faults(part, value, at));
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(options) = schema[choice].as_array() {
                let fitting = |one: &&Value| self.faults(one, value, at).is_empty();
                if options.iter().filter(fitting).count() == 0 {
                    faults.push(format!("{at}: fits nothing of {choice}: {value}"));
                }
            }
        }
        if let Some(items) = value.as_array() {
            for (index, item) in items.iter().enumerate() {
                faults.extend(self.faults(&schema["items"], item, &format!("{at}[{index}]")));
            }
        }
        if let (Some(known), Some(fields)) = (schema["properties"].as_object(), value.as_object()) {
            for (name, field) in fields {
                let at = format!("{at}.{name}");
                match known.get(name) {
                    Some(schema) => faults.extend(self.faults(schema, field, &at)),
                    // Parts of `allOf` know the rest of the fields.
                    None if schema.get("required").is_none() => {}
                    None => faults.push(format!("{at}: not described")),
                }
            }
        }
        faults
    }

    /// Asserts that an operation may give this answer.
    #[track_caller]
    fn allows(&self, method: &str, path: &str, answer: &Answer) {
        let name = format!("{method} {path} {}", answer.status);
        let operation = &self.0["paths"][path][method.to_ascii_lowercase()];
        let told = self.resolve(&operation["responses"][answer.status.to_string()]);
        assert!(!told.is_null(), "{name} is not described: {}", answer.body);
        let kind = answer.header("content-type");
        match told["content"].as_object() {
            None => assert_eq!(answer.body, "", "{name}"),
            Some(content) => {
                let schema = &content
                    .get(kind)
                    .unwrap_or_else(|| panic!("{name}: {kind}"))["schema"];
                assert_eq!(
                    self.faults(schema, &answer.json(), "$"),
                    Vec::<String>::new(),
                    "{name}"
                );
            }
        }
        for (header, about) in told["headers"].as_object().into_iter().flatten() {
            if self.resolve(about)["required"] == true {
                let value = answer.header(&header.to_ascii_lowercase());
                assert!(!value.is_empty(), "{name} has no {header}");
            }
        }
    }
}

/// A program whose every answer is held against the description.
struct Checked<'a> {
    api: Api,
    description: &'a Description,
}

impl Checked<'_> {
    /// `path` as in the description, `ids` for its braces, a query behind it.
    #[track_caller]
    fn call(&self, method: &str, path: &str, ids: &[&str], query: &str, body: &Value) -> Answer {
        let mut ids = ids.iter();
        let parts = path.split('/').map(|part| match part.starts_with('{') {
            true => (*ids.next().unwrap()).to_owned(),
            false => part.to_owned(),
        });
        let real = format!("{}{query}", parts.collect::<Vec<_>>().join("/"));
        let answer = if body.is_null() {
            self.api.send(method, &real, &[], None)
        } else {
            self.api.json(method, &real, body, &[])
        };
        self.description.allows(method, path, &answer);
        answer
    }
}

#[test]
fn every_route_for_programs_is_described_and_every_reference_leads_somewhere() {
    let app = TestApp::start();
    let description = Description::of(&app);
    let mut described = 0;
    for route in routes().iter().filter(|route| route.doc.is_some()) {
        let operation = &description.0["paths"][route.path][route.method.as_str().to_lowercase()];
        assert!(
            operation["responses"].is_object(),
            "{} {}",
            route.method,
            route.path
        );
        described += 1;
    }
    let methods = description.0["paths"].as_object().unwrap().values();
    let told: usize = methods
        .map(|methods| methods.as_object().unwrap().len())
        .sum();
    assert_eq!(told, described);

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
        match value {
            Value::Object(map) => {
                found.extend(map.contains_key("$ref").then_some(value));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    references(&description.0, &mut found);
    assert!(found.len() > 100);
    for reference in found {
        description.resolve(reference);
    }
}

#[test]
fn answers_are_what_the_description_says() {
    let app = TestApp::start();
    app.leaves_mails();
    let description = &Description::of(&app);
    let checked = Checked {
        api: app.api(),
        description,
    };
    let none = &Value::Null;
    let get = |path, ids: &[&str]| checked.call("GET", path, ids, "", none).is(200).json();

    let me = get("/api/v1/me", &[])["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = json!({ "email": "ada@example.org", "display_name": "Ada" });
    let ada = checked
        .call("POST", "/api/v1/users", &[], "", &body)
        .is(201)
        .json();
    let ada = ada["id"].as_str().unwrap();
    checked
        .call("POST", "/api/v1/users", &[], "", &body)
        .is(409);
    checked
        .call(
            "PATCH",
            "/api/v1/users/{id}",
            &[ada],
            "",
            &json!({ "traits": { "a": [1] } }),
        )
        .is(200);
    checked
        .call(
            "PATCH",
            "/api/v1/users/{id}",
            &[&me],
            "",
            &json!({ "role": "admin" }),
        )
        .is(409);
    checked
        .call(
            "PUT",
            "/api/v1/users/{id}/suspension",
            &[ada],
            "",
            &json!({}),
        )
        .is(200);
    checked
        .call("DELETE", "/api/v1/users/{id}/suspension", &[ada], "", none)
        .is(200);
    checked
        .call("DELETE", "/api/v1/users/{id}/suspension", &[ada], "", none)
        .is(409);

    let group = checked
        .call(
            "POST",
            "/api/v1/groups",
            &[],
            "",
            &json!({ "name": "Readers" }),
        )
        .is(201)
        .json();
    let group = group["id"].as_str().unwrap();
    checked
        .call(
            "PUT",
            "/api/v1/groups/{id}/members/{user_id}",
            &[group, ada],
            "",
            &json!({}),
        )
        .is(200);
    get("/api/v1/groups/{id}/members", &[group]);
    get("/api/v1/users/{id}", &[ada]);

    let body = json!({ "email": "bob@example.org", "groups": [group], "expires_in": 3600 });
    let invite = checked
        .call("POST", "/api/v1/invites", &[], "", &body)
        .is(201)
        .json();
    let invite = invite["id"].as_str().unwrap();
    checked
        .call("POST", "/api/v1/invites", &[], "", &body)
        .is(409);
    checked
        .call(
            "PATCH",
            "/api/v1/invites/{id}",
            &[invite],
            "",
            &json!({ "label": "x" }),
        )
        .is(200);
    let link = json!({ "delivery": "link" });
    let link = checked
        .call("POST", "/api/v1/invites/{id}/resend", &[invite], "", &link)
        .is(200)
        .json();
    let query = link["invite_url"]
        .as_str()
        .unwrap()
        .split_once('?')
        .unwrap()
        .1
        .to_owned();
    let landing = "/self-service/invite";
    let json_only = [("accept", "application/json")];
    let looked = app
        .no_key()
        .send("GET", &format!("{landing}?{query}"), &json_only, None);
    description.allows("GET", landing, &looked.is(200));
    let guest = Checked {
        api: app.no_key(),
        description,
    };
    // Whatever the order of the query: its values by name.
    let value = |name: &str| {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let found = pairs.into_iter().find(|(known, _)| known == name);
        found.unwrap().1.into_owned()
    };
    let answer = |action: &str| {
        let body = json!({ "action": action, "token": value("token") });
        let flow = format!("?flow={}", value("flow"));
        guest.call("POST", landing, &[], &flow, &body)
    };
    answer("accept").is(422);
    answer("decline").is(200);
    answer("decline").is(410);
    checked
        .call("POST", "/api/v1/invites/{id}/revoke", &[invite], "", none)
        .is(409);
    get("/api/v1/invites/{id}", &[invite]);

    app.run_jobs();
    for list in [
        "users", "invites", "groups", "keys", "events", "audit", "outbox",
    ] {
        let listed = checked
            .call("GET", &format!("/api/v1/{list}"), &[], "?limit=1", none)
            .is(200)
            .json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{list}");
    }
    let mail = get("/api/v1/outbox", &[])["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    checked.call("POST", "/api/v1/outbox/{id}/retry", &[&mail], "", none);
    get("/api/v1/settings", &[]);
    checked
        .call(
            "PATCH",
            "/api/v1/settings",
            &[],
            "",
            &json!({ "invite_days": 9 }),
        )
        .is(200);
    checked.call("POST", "/api/v1/keys", &[], "", none).is(403);
    get("/api/v1/users/{id}/keys", &[&me]);
    checked
        .call("DELETE", "/api/v1/groups/{id}", &[group], "", none)
        .is(204);
    checked
        .call("DELETE", "/api/v1/keys/current", &[], "", none)
        .is(204);
    checked.call("GET", "/api/v1/me", &[], "", none).is(401);
    guest.call("GET", "/healthz", &[], "", none).is(200);
    guest.call("GET", "/readyz", &[], "", none).is(200);
}

#[test]
fn what_apps_ask_about_keys_is_answered_as_the_description_says() {
    let app = TestApp::start();
    let description = &Description::of(&app);
    let ida = app.user("ida@example.org", "Ida", Role::Member).to_string();
    let (_, shown) = app.key("ida@example.org", &["keys:rotate_self"]);
    let path = "/oauth2/introspect";
    let ask = |api: &Api, token: &str, status: u16| {
        let answer = api.form(path, &[("token", token)]).is(status);
        description.allows("POST", path, &answer);
    };
    ask(&app.api(), &shown, 200);
    ask(&app.api(), "x", 200);
    ask(&app.api(), "", 400);
    ask(&app.no_key(), &shown, 401);
    let own = Checked {
        api: Api::new(&app.base, Some(shown.clone())),
        description,
    };
    ask(&own.api, &shown, 403);

    let none = &Value::Null;
    own.call("GET", "/gate", &[], "", none).is(204);
    own.call("GET", "/gate", &[], "?scope=keys:rotate_self", none)
        .is(204);
    own.call("GET", "/gate", &[], "?scope=users:read", none)
        .is(403);
    own.call("GET", "/gate", &[], "?scope=x", none).is(422);

    let role = "/api/2/roles/{id}";
    let grace = text(&app, "SELECT id AS text FROM users WHERE role = 'owner'");
    own.call("GET", role, &[&ida], "", none).is(200);
    own.call("GET", role, &[&grace], "", none).is(403);
    own.call("GET", role, &["7"], "", none).is(404);
    let generate = "/api/2/roles/{id}/generate_api_key";
    own.call("POST", generate, &[&ida], "", &json!({ "x": 1 }))
        .is(422);
    own.call("POST", generate, &[&grace], "", none).is(403);
    own.call("POST", generate, &[&ida], "", none).is(200);
    own.call("POST", generate, &[&ida], "", none).is(401);
    app.mails();
}

#[test]
fn what_holds_for_every_call_holds() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let description = &Description::of(&app);
    let checked = Checked {
        api: app.api(),
        description,
    };
    let none = &Value::Null;

    // Bodies.
    let post = |kind: &str, body: &[u8]| {
        let answer = checked.api.send(
            "POST",
            "/api/v1/groups",
            &[("content-type", kind)],
            Some(body),
        );
        description.allows("POST", "/api/v1/groups", &answer);
        answer
    };
    let long = format!(r#"{{"name": "{}"}}"#, "x".repeat(1024 * 1024));
    assert_eq!(
        post("application/json", long.as_bytes()).is(413).code(),
        "too_large"
    );
    assert_eq!(
        post("text/plain", b"{}").is(415).code(),
        "unsupported_media_type"
    );
    assert_eq!(post("application/json", b"{").is(400).code(), "bad_request");
    let gzip = [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ];
    let zipped = checked
        .api
        .send("POST", "/api/v1/groups", &gzip, Some(b"{}"));
    assert_eq!(zipped.is(415).code(), "unsupported_media_type");
    for (body, fault) in [
        (r#"{"name": "a", "x": 1}"#, "unknown_field"),
        (r#"{"name": "a", "name": "b"}"#, "duplicate_field"),
        (r#"{"name": 1}"#, "wrong_type"),
        (r#"["a", "b"]"#, "wrong_type"),
        ("{}", "required"),
    ] {
        let told = post("application/json", body.as_bytes()).is(422).json();
        assert_eq!(told["errors"][0]["code"], fault, "{body}");
    }

    // Query strings and ids, on every route that has them.
    let user = app.user("ida@example.org", "Ida", Role::Member).to_string();
    for route in routes()
        .iter()
        .filter(|route| route.path.starts_with("/api/v1/"))
    {
        let (method, path) = (route.method.as_str(), route.path);
        if path == "/api/v1/keys/current" {
            continue;
        }
        // A user's id where another kind is meant, and another kind where a user is.
        let wrong = if path.starts_with("/api/v1/users") {
            "grp_0198c0de-7a11-7b3c-9d4e-5f6a7b8c9d0e"
        } else {
            &user
        };
        let body = match method {
            "POST" | "PUT" | "PATCH" => &json!({}),
            _ => none,
        };
        if method == "GET" || method == "DELETE" {
            let told = checked.call(method, path, &[wrong, wrong], "?unheard_of=1", body);
            assert_eq!(told.status, 422, "{method} {path}");
            assert_eq!(
                told.json()["errors"][0]["code"],
                "unknown_field",
                "{method} {path}"
            );
        }
        if path.contains('{') {
            let told = checked.call(method, path, &[wrong, wrong], "", body);
            assert_eq!(told.is(404).code(), "not_found", "{method} {path}");
        }
    }

    // Lists.
    let member = Checked {
        api: app.with_key("mia@example.org", &["all"]),
        description,
    };
    let empty = member
        .call("GET", "/api/v1/invites", &[], "", none)
        .is(200)
        .body;
    assert_eq!(empty, r#"{"items":[],"next_cursor":null}"#);
    checked
        .call("GET", "/api/v1/users", &[], "?limit=0", none)
        .is(422);
    checked
        .call("GET", "/api/v1/users", &[], "?cursor=x", none)
        .is(400);
    member.call("GET", "/api/v1/audit", &[], "", none).is(403);

    // Credentials and methods.
    let nobody = Checked {
        api: app.no_key(),
        description,
    };
    let told = nobody.call("GET", "/api/v1/me", &[], "", none).is(401);
    assert_eq!(told.header("www-authenticate"), "Bearer");
    let bad = Checked {
        api: Api::new(&app.base, Some("vstk_x".into())),
        description,
    };
    let told = bad.call("GET", "/api/v1/me", &[], "", none).is(401);
    assert_eq!(
        told.header("www-authenticate"),
        "Bearer error=\"invalid_token\""
    );
    assert_eq!(
        bad.call("GET", "/openapi.json", &[], "", none)
            .is(401)
            .code(),
        "credential_invalid"
    );
    assert_eq!(
        nobody
            .call("GET", "/api/v1/me", &[], "?token=x", none)
            .is(400)
            .code(),
        "credential_in_url"
    );
    let told = checked.api.send("PUT", "/api/v1/me", &[], None).is(405);
    assert_eq!(
        (told.code(), told.header("allow")),
        ("method_not_allowed".into(), "GET, HEAD")
    );

    // Guessing at links is slowed down, and says for how long.
    let token = "vsti_0000000000000000000000000000000000000000000000000";
    let flow = format!("?flow=inv_0198c0de-7a11-7b3c-9d4e-5f6a7b8c9d0e&token={token}");
    let guess = || {
        let path = format!("/self-service/invite{flow}");
        let json_only = [("accept", "application/json")];
        app.no_key().send("GET", &path, &json_only, None)
    };
    let slowed = (0..200)
        .map(|_| guess())
        .find(|told| told.status != 404)
        .unwrap()
        .is(429);
    description.allows("GET", "/self-service/invite", &slowed);
}

#[test]
fn calls_for_clients_of_kratos_answer_what_the_description_says() {
    let app = TestApp::start();
    app.leaves_mails();
    let description = &Description::of(&app);
    let (none, empty) = (&Value::Null, &json!({}));
    let checked = Checked {
        api: app.api(),
        description,
    };
    let call = |method: &str, path: &str, ids: &[&str], query: &str, body: &Value| {
        checked.call(method, path, ids, query, body)
    };
    let (invite, invites, one) = ("/admin/invite", "/admin/invites", "/admin/invites/{id}");
    let ada = &json!({ "identifier": "ada@example.org", "expires_in": "24h" });
    let made = call("POST", invite, &[], "", ada).is(201).json();
    let id = made["id"].as_str().unwrap();
    call("POST", invite, &[], "", ada).is(409);
    call("POST", invite, &[], "", &json!({ "expires_in": "1x" })).is(422);
    call("POST", invite, &[], "", empty).is(201);
    call("GET", invites, &[], "?page_size=1&alt=json", none).is(200);
    call("GET", invites, &[], "?page_token=x", none).is(400);
    call("GET", one, &[id], "", none).is(200);
    call("PATCH", one, &[id], "", &json!({ "expires_in": 3600 })).is(200);
    call("DELETE", one, &[id], "?alt=json", none).is(204);
    call("DELETE", one, &[id], "", none).is(409);
    call("GET", one, &["inv_x"], "", none).is(404);
    let me = call("GET", "/api/v1/me", &[], "", none).json()["user"]["id"].clone();
    let verification = |to: &str| json!({ "identity_id": me, "identifier": to });
    let path = "/admin/verification";
    call("POST", path, &[], "", &verification("grace@example.org")).is(204);
    call("POST", path, &[], "", &verification("ada@example.org")).is(404);
    app.user("mia@example.org", "Mia", Role::Member);
    for (api, status) in [
        (app.no_key(), 401),
        (app.with_key("mia@example.org", &["all"]), 403),
        (app.with_key("grace@example.org", &["audit:read"]), 403),
    ] {
        let other = Checked { api, description };
        other.call("POST", invite, &[], "", ada).is(status);
    }
}

#[test]
fn the_page_lists_every_call_and_code() {
    let app = TestApp::start();
    let description = Description::of(&app);
    let page = app.anonymous().get("/docs").is(200);
    page.page();
    for (path, _) in description.0["paths"].as_object().unwrap() {
        assert!(
            page.body.contains(&format!("<code>{path}</code>")),
            "{path}"
        );
    }
    let codes = description.0["components"]["examples"].as_object().unwrap();
    assert!(codes.len() > 25);
    for code in codes.keys() {
        assert!(page.body.contains(&format!("id=\"code-{code}\"")), "{code}");
    }
}
