//! The error answers of a document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::error::Code;
use crate::text::Text;

/// How refusals are told.
pub(super) enum Told {
    /// As problem details.
    Problem,
    /// As problem details, or as a page.
    ProblemOrPage,
    /// In the form of another system: its name, and the schema of the body.
    As(&'static str, Value),
}

impl Told {
    /// What tells it apart in the name of a component.
    const fn word(&self) -> &'static str {
        match self {
            Self::Problem => "",
            Self::ProblemOrPage => "page",
            Self::As(system, _) => system,
        }
    }
}

/// The error answers: one component for each set of codes of a status, and each way in which they are told.
#[derive(Default)]
pub(super) struct Problems(BTreeMap<(u16, Vec<Code>, &'static str), (String, Told)>);

impl Problems {
    pub(super) fn name(&mut self, status: u16, codes: Vec<Code>, told: Told) -> String {
        let word = told.word();
        let words = codes.iter().map(|code| code.as_str());
        let words: Vec<&str> = words
            .chain(Some(word).filter(|word| !word.is_empty()))
            .collect();
        let name = format!("{status}.{}", words.join("."));
        let known = self.0.entry((status, codes, word));
        known.or_insert((name, told)).0.clone()
    }

    pub(super) fn responses(&self, problem: &Value) -> Value {
        let mut all = Map::new();
        for ((status, codes, _), (name, told)) in &self.0 {
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
            let browsers = matches!(told, Told::ProblemOrPage);
            let mut response = json!({ "description": title(*status) });
            if let Told::As(_, schema) = told {
                response["content"] = json!({ "application/json": { "schema": schema } });
                response["x-codes"] = json!(words);
            } else {
                let schema =
                    json!({ "allOf": [problem, { "properties": { "code": { "enum": words } } }] });
                response["content"] = json!({ "application/problem+json": { "schema": schema, "examples": examples } });
            }
            if browsers {
                response["content"]["text/html"] = json!({ "schema": { "type": "string" } });
            }
            // A page asks for no credential in a header.
            if let Some(header) = header_of(*status).filter(|_| !browsers || *status != 401) {
                response["headers"] = header;
            }
            all.insert(name.clone(), response);
        }
        all.into()
    }

    pub(super) fn examples(&self) -> Value {
        let codes: BTreeSet<Code> = self
            .0
            .iter()
            .filter(|(_, (_, told))| !matches!(told, Told::As(..)))
            .flat_map(|((_, codes, _), _)| codes.iter().copied())
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

/// The header that comes with an error of this status.
pub(super) fn header_of(status: u16) -> Option<Value> {
    let name = match status {
        401 => "WWW-Authenticate",
        429 | 503 => "Retry-After",
        _ => return None,
    };
    Some(json!({ (name): { "$ref": format!("#/components/headers/{name}") } }))
}

/// What a refusal says, with lifelike values in it.
pub(super) fn words(code: Code) -> String {
    Text::ENGLISH
        .get(format!("problem-{}", code.as_str().replace('_', "-")))
        .arg("scope", "groups:read")
        .arg("role", "admin")
        .arg("limit", "1 MiB")
        .arg("contact", "an administrator")
        .arg("time", "2026-11-18T09:00:00Z")
        .to_string()
}

/// What an error of this status is called.
pub(super) fn title(status: u16) -> String {
    Text::ENGLISH
        .get(format!("problem-title-{status}"))
        .to_string()
}
