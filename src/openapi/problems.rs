//! The error answers of a document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::error::Code;
use crate::text::Text;

/// The error answers: one component for each set of codes of a status.
#[derive(Default)]
pub(super) struct Problems(BTreeMap<(u16, Vec<Code>), String>);

impl Problems {
    pub(super) fn name(&mut self, status: u16, codes: Vec<Code>) -> String {
        let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let name = format!("{status}.{}", words.join("."));
        self.0.entry((status, codes)).or_insert(name).clone()
    }

    pub(super) fn responses(&self, problem: &Value) -> Value {
        let mut all = Map::new();
        for ((status, codes), name) in &self.0 {
            let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
            let examples: Map<String, Value> = words
                .iter()
                .map(|word| {
                    (
                        (*word).to_owned(),
                        json!({ "$ref": format!("#/components/examples/{word}") }),
                    )
                })
                .collect();
            let schema =
                json!({ "allOf": [problem, { "properties": { "code": { "enum": words } } }] });
            let content =
                json!({ "application/problem+json": { "schema": schema, "examples": examples } });
            let mut response = json!({ "description": title(*status), "content": content });
            let header = match status {
                401 => Some("WWW-Authenticate"),
                429 | 503 => Some("Retry-After"),
                _ => None,
            };
            if let Some(header) = header {
                response["headers"] =
                    json!({ (header): { "$ref": format!("#/components/headers/{header}") } });
            }
            all.insert(name.clone(), response);
        }
        all.into()
    }

    pub(super) fn examples(&self) -> Value {
        let codes: BTreeSet<Code> = self
            .0
            .keys()
            .flat_map(|(_, codes)| codes.iter().copied())
            .collect();
        let all: Map<String, Value> = codes
            .into_iter()
            .map(|code| {
                let value = json!({
                    "type": format!("about:blank#{}", code.as_str()),
                    "title": title(code.status()),
                    "status": code.status(),
                    "detail": words(code),
                    "code": code.as_str(),
                    "request_id": "0f3b9c2d7a615e48",
                });
                (
                    code.as_str().to_owned(),
                    json!({ "summary": words(code), "value": value }),
                )
            })
            .collect();
        all.into()
    }
}

/// What a refusal says, with lifelike values in it.
pub(super) fn words(code: Code) -> String {
    Text::ENGLISH
        .get(format!("problem-{}", code.as_str().replace('_', "-")))
        .arg("scope", "groups:read")
        .arg("role", "admin")
        .arg("limit", "1 MiB")
        .arg("contact", "an administrator")
        .to_string()
}

/// What an error of this status is called.
pub(super) fn title(status: u16) -> String {
    Text::ENGLISH
        .get(format!("problem-title-{status}"))
        .to_string()
}
