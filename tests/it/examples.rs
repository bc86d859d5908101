//! The examples of the reference: whoever copies one is not told that it is wrong.

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::support::app::TestApp;
use crate::support::client::Answer;

/// A command of the reference, taken apart.
struct Example {
    method: String,
    path: String,
    body: Option<Value>,
    form: Vec<(String, String)>,
}

fn examples(app: &TestApp) -> Vec<Example> {
    let page = app.anonymous().get("/docs").is(200).page();
    let origin = app.origin();
    let commands = page.texts("pre code");
    let read = |command: &String| {
        let rest = command.strip_prefix("curl -X ")?;
        let (method, rest) = rest.split_once(" '")?;
        let (url, rest) = rest.split_once('\'')?;
        let body = rest
            .split_once("-d '")
            .map(|(_, body)| serde_json::from_str(body.trim_end_matches('\'').trim()).unwrap());
        let form = rest.split("--data-urlencode '").skip(1).map(|field| {
            let (name, value) = field.split_once('\'').unwrap().0.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        });
        Some(Example {
            form: form.collect(),
            method: method.to_owned(),
            path: url.strip_prefix(&origin).unwrap_or(url).to_owned(),
            body,
        })
    };
    let found: Vec<Example> = commands.iter().filter_map(read).collect();
    assert!(found.len() > 20, "{commands:?}");
    found
}

/// The path with ids of what is there, in place of the ones in the example.
fn real(path: &str, ids: &[(&str, String)]) -> String {
    path.split('/')
        .map(|part| {
            let id = ids.iter().find(|(prefix, _)| part.starts_with(prefix));
            id.map_or(part, |(_, id)| id.as_str())
        })
        .collect::<Vec<_>>()
        .join("/")
}

#[test]
fn no_example_of_the_reference_is_refused_for_its_form() {
    let app = TestApp::start();
    let api = app.api();
    let group = api
        .post("/api/v1/groups", &json!({ "name": "Readers" }))
        .is(201);
    let ids = [
        (
            "usr_",
            app.user("ada@example.org", "Ada", Role::Member).to_string(),
        ),
        ("inv_", app.invited("bob@example.org").id),
        ("grp_", group.json()["id"].as_str().unwrap().to_owned()),
    ];
    for example in examples(&app) {
        // What is deleted is missing for the examples after it.
        if example.method == "DELETE" || example.path.starts_with("/self-service/") {
            continue;
        }
        let path = real(&example.path, &ids);
        let body = example.body.unwrap_or(Value::Null);
        let form: Vec<(&str, &str)> = example
            .form
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let answer: Answer = match example.method.as_str() {
            "POST" if !form.is_empty() => api.form(&path, &form),
            "POST" => api.post(&path, &body),
            "PUT" => api.put(&path, &body),
            "PATCH" => api.patch(&path, &body),
            other => panic!("{other}"),
        };
        assert!(
            ![400, 415, 422].contains(&answer.status),
            "{} {path}: {} {}",
            example.method,
            answer.status,
            answer.body
        );
    }
    app.leaves_mails();
}
