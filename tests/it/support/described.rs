//! What the description of the API says of an operation.

use std::collections::BTreeSet;

use serde_json::Value;

use super::app::TestApp;

/// The codes with which an operation may refuse; `path` as in the description.
pub fn codes(app: &TestApp, method: &str, path: &str) -> BTreeSet<String> {
    let whole = app.no_key().get("/openapi.json").is(200).json();
    let answers = whole["paths"][path][method]["responses"].as_object();
    let answers = answers.unwrap_or_else(|| panic!("{method} {path} is not described"));
    let mut codes = BTreeSet::new();
    for answer in answers.values() {
        let told = match answer["$ref"].as_str() {
            Some(to) => whole.pointer(to.trim_start_matches('#')).unwrap(),
            None => answer,
        };
        let parts = &told["content"]["application/problem+json"]["schema"]["allOf"];
        for part in parts.as_array().into_iter().flatten() {
            let words = part["properties"]["code"]["enum"].as_array();
            let words = words.into_iter().flatten().filter_map(Value::as_str);
            codes.extend(words.map(str::to_owned));
        }
    }
    codes
}
