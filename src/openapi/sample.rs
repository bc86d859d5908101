//! Lifelike values for schemas, for the examples on the page.

use serde_json::{Map, Value, json};

use super::fields::{id_prefix, is_null, resolve};

/// A value that fits `schema`; `optional` says whether fields that may be left out are there.
pub(super) fn sample(document: &Value, schema: &Value, optional: bool) -> Value {
    made(document, schema, optional, 0, "")
}

/// A value for the parameter `name`.
pub(super) fn sample_of(document: &Value, schema: &Value, name: &str) -> Value {
    made(document, schema, true, 0, name)
}

/// Objects in objects in objects: deeper ones are left empty, and schemas that hold themselves end.
const DEEPEST: u32 = 4;

fn made(document: &Value, schema: &Value, optional: bool, depth: u32, name: &str) -> Value {
    let schema = resolve(document, schema);
    if let Some(example) = schema["examples"].get(0).or_else(|| schema.get("const")) {
        return example.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let options = schema[choice].as_array();
        if let Some(first) = options.and_then(|all| all.iter().find(|one| !is_null(one))) {
            return made(document, first, optional, depth, name);
        }
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null"),
        kind => kind.as_str(),
    };
    match kind {
        Some("string") => text(schema, name).into(),
        Some("integer" | "number") => number(schema, name),
        Some("boolean") => false.into(),
        Some("array") if depth < DEEPEST => {
            json!([made(document, &schema["items"], optional, depth + 1, name)])
        }
        Some("array") => json!([]),
        Some("object") if depth < DEEPEST => {
            let required: Vec<&str> = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let properties = schema["properties"].as_object().into_iter().flatten();
            let fields: Map<String, Value> = properties
                .filter(|(name, _)| optional || required.contains(&name.as_str()))
                .map(|(name, schema)| {
                    (
                        name.clone(),
                        made(document, schema, optional, depth + 1, name),
                    )
                })
                .collect();
            fields.into()
        }
        Some("object") => json!({}),
        _ => Value::Null,
    }
}

fn text(schema: &Value, name: &str) -> String {
    if let Some(prefix) = schema["pattern"].as_str().and_then(id_prefix) {
        return format!("{prefix}0198c0de-7a11-7b3c-9d4e-5f6a7b8c9d0e");
    }
    if schema["format"] == "date-time" {
        return "2026-11-22T09:00:00Z".to_owned();
    }
    match name {
        "email" | "to" => "ada@example.org",
        "display_name" | "name" => "Ada Lovelace",
        "url" | "redirect_url" | "invite_url" => "https://example.org/welcome",
        "flow" => "inv_0198c0de-7a11-7b3c-9d4e-5f6a7b8c9d0e",
        "token" => "vsti_…",
        "ip" | "last_used_ip" => "203.0.113.7",
        "version" => "2026-11",
        "locale" => "en",
        _ => "text",
    }
    .to_owned()
}

fn number(schema: &Value, name: &str) -> Value {
    match name {
        "status" => 200.into(),
        "limit" => 50.into(),
        _ => schema["minimum"]
            .as_i64()
            .map_or(1, |least| least.max(1))
            .into(),
    }
}
