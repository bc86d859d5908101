//! The document as people read it: what the page shows, made of the document alone.

use serde_json::{Map, Value};

use super::fields::{Field, Kind, about, fields, kind, marked};
use super::problems::words;
use super::sample::{sample, sample_of};
use crate::access::Scope;
use crate::error::Code;

/// A group of operations.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) tag: String,
    pub(super) about: String,
    pub(super) operations: Vec<Entry>,
}

impl Section {
    /// The key of its heading.
    pub(super) fn title(&self) -> String {
        format!("docs-tag-{}", self.tag)
    }
}

/// One operation.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) method: String,
    /// The kind of tag that the method is shown in.
    pub(super) tone: &'static str,
    pub(super) path: String,
    pub(super) summary: String,
    pub(super) about: String,
    pub(super) open: bool,
    pub(super) scope: Option<String>,
    pub(super) role: Option<String>,
    pub(super) parameters: Vec<Field>,
    pub(super) body: Vec<Field>,
    pub(super) status: String,
    pub(super) outcome: String,
    pub(super) answer: Option<Kind>,
    pub(super) answer_sample: Option<String>,
    /// Its own refusals: status and code.
    pub(super) codes: Vec<(u16, String)>,
    pub(super) curl: String,
}

impl Entry {
    /// The id of the example, for copying.
    pub(super) fn curl_id(&self) -> String {
        format!("{}-curl", self.id)
    }

    /// The id of the example answer.
    pub(super) fn sample_id(&self) -> String {
        format!("{}-answer", self.id)
    }
}

/// An object of the API.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) fields: Vec<Field>,
}

/// A scope, and the operations that it opens: id, method and path.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) scope: &'static str,
    pub(super) role: &'static str,
    pub(super) operations: Vec<(String, String)>,
}

/// A code with its status and words.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) words: String,
}

/// Codes that follow from the kind of a call; said once, not at each operation.
const EVERYWHERE: &[Code] = &[
    Code::BadRequest,
    Code::CredentialInUrl,
    Code::CredentialMissing,
    Code::CredentialInvalid,
    Code::KeyExpired,
    Code::KeyRotated,
    Code::KeyRevoked,
    Code::OwnerDisabled,
    Code::ScopeMissing,
    Code::Forbidden,
    Code::RequestInProgress,
    Code::RequestTimeout,
    Code::TooLarge,
    Code::UnsupportedMediaType,
    Code::InvalidInput,
    Code::IdempotencyMismatch,
    Code::Internal,
    Code::OutcomeUnknown,
    Code::Unavailable,
];

/// The operations for programs, by group.
pub(super) fn sections(document: &Value) -> Vec<Section> {
    let tags = document["tags"].as_array().into_iter().flatten();
    tags.map(|tag| Section {
        tag: text(tag, "name"),
        about: text(tag, "description"),
        operations: operations(document, &tag["name"]),
    })
    .filter(|section| !section.operations.is_empty())
    .collect()
}

fn operations(document: &Value, tag: &Value) -> Vec<Entry> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (path, method, operation))
        })
        .filter(|(_, _, operation)| operation["tags"][0] == *tag)
        .map(|(path, method, operation)| entry(document, path, method, operation))
        .collect()
}

fn entry(document: &Value, path: &str, method: &str, operation: &Value) -> Entry {
    let method = method.to_ascii_uppercase();
    let body = ["json", "x-www-form-urlencoded"].iter().find_map(|kind| {
        operation.pointer(&format!("/requestBody/content/application~1{kind}/schema"))
    });
    let (status, success) = success(operation);
    let content = success.get("content").and_then(Value::as_object);
    let schema = content
        .and_then(|content| content.get("application/json"))
        .map(|json| &json["schema"]);
    let media = content.and_then(|content| content.keys().find(|kind| *kind != "application/json"));
    let answer = schema.map(|schema| kind(document, schema)).or_else(|| {
        media.map(|media| Kind {
            words: media.clone(),
            ..Kind::default()
        })
    });
    Entry {
        id: text(operation, "operationId"),
        tone: match method.as_str() {
            "GET" => "info",
            "DELETE" => "bad",
            "POST" => "ok",
            _ => "warn",
        },
        summary: text(operation, "summary"),
        about: marked(&text(operation, "description")),
        open: operation["security"].as_array().is_some_and(Vec::is_empty),
        scope: operation
            .pointer("/security/0/bearer/0")
            .and_then(Value::as_str)
            .map(str::to_owned),
        role: operation["x-least-role"]
            .as_str()
            .filter(|role| *role != "member")
            .map(str::to_owned),
        parameters: parameters(document, operation),
        body: body
            .map(|schema| fields(document, schema))
            .unwrap_or_default(),
        outcome: text(success, "description"),
        answer_sample: schema.map(|schema| pretty(&sample(document, schema, true))),
        status,
        answer,
        codes: codes(document, operation),
        curl: curl(document, &method, path, operation, body),
        path: path.to_owned(),
        method,
    }
}

fn success(operation: &Value) -> (String, &Value) {
    let answers = operation["responses"].as_object();
    answers
        .and_then(|answers| {
            answers
                .iter()
                .find(|(status, _)| status.starts_with(['2', '3']))
        })
        .map_or((String::new(), &Value::Null), |(status, answer)| {
            (status.clone(), answer)
        })
}

fn parameters(document: &Value, operation: &Value) -> Vec<Field> {
    let all = operation["parameters"].as_array().into_iter().flatten();
    all.map(|parameter| {
        let said = marked(&text(parameter, "description"));
        Field {
            name: text(parameter, "name"),
            place: text(parameter, "in"),
            kind: kind(document, &parameter["schema"]),
            required: parameter["required"] == true,
            about: if said.is_empty() {
                about(document, &parameter["schema"])
            } else {
                said
            },
        }
    })
    .collect()
}

fn codes(document: &Value, operation: &Value) -> Vec<(u16, String)> {
    let answers = operation["responses"].as_object().into_iter().flatten();
    answers
        .filter_map(|(status, answer)| {
            let name = answer["$ref"]
                .as_str()?
                .strip_prefix("#/components/responses/")?;
            let response = &document["components"]["responses"][name];
            let codes = response.get("x-codes").or_else(|| {
                response.pointer(
                    "/content/application~1problem+json/schema/allOf/1/properties/code/enum",
                )
            })?;
            Some((status.parse().ok()?, codes.as_array()?))
        })
        .flat_map(|(status, codes)| {
            codes
                .iter()
                .filter_map(move |code| Some((status, code.as_str()?)))
        })
        .filter(|(_, code)| EVERYWHERE.iter().all(|common| common.as_str() != *code))
        .map(|(status, code)| (status, code.to_owned()))
        .collect()
}

fn curl(
    document: &Value,
    method: &str,
    path: &str,
    operation: &Value,
    body: Option<&Value>,
) -> String {
    let mut url = format!("{}{path}", text(&document["servers"][0], "url"));
    let mut query = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = text(parameter, "name");
        let value = sample_of(document, &parameter["schema"], &name);
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        match parameter["in"].as_str() {
            Some("path") => url = url.replace(&format!("{{{name}}}"), &value),
            Some("query")
                if parameter["required"] == true
                    || ["limit", "flow", "token"].contains(&name.as_str()) =>
            {
                query.push(format!("{name}={value}"));
            }
            _ => {}
        }
    }
    if !query.is_empty() {
        url = format!("{url}?{}", query.join("&"));
    }
    let mut lines = vec![match method {
        "GET" => format!("curl '{url}'"),
        other => format!("curl -X {other} '{url}'"),
    }];
    if operation["security"]
        .as_array()
        .is_some_and(|some| !some.is_empty())
    {
        lines.push("-H \"Authorization: Bearer $VESTIBULE_KEY\"".to_owned());
    }
    let is_json = operation
        .pointer("/requestBody/content/application~1json")
        .is_some();
    if let Some(schema) = body {
        let required = sample(document, schema, false);
        let whole = if required.as_object().is_none_or(Map::is_empty) {
            sample(document, schema, true)
        } else {
            required
        };
        if is_json {
            lines.push("-H 'Content-Type: application/json'".to_owned());
            lines.push(format!("-d '{}'", whole.to_string().replace('\'', "'\\''")));
        } else {
            let fields = whole.as_object().into_iter().flatten();
            lines.extend(fields.map(|(name, value)| {
                let value = value.as_str().unwrap_or_default();
                format!("--data-urlencode '{name}={value}'")
            }));
        }
    }
    lines.join(" \\\n  ")
}

/// The objects that answers and bodies are made of.
pub(super) fn objects(document: &Value) -> Vec<Object> {
    let schemas = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten();
    schemas
        .filter(|(_, schema)| {
            schema["properties"].is_object() && schema["properties"]["next_cursor"].is_null()
        })
        .filter(|(name, _)| !is_body(document, name))
        .map(|(name, schema)| Object {
            name: name.clone(),
            about: about(document, schema),
            fields: fields(document, schema),
        })
        .collect()
}

/// Whether a schema is the whole body of operations and nothing else: its fields stand there.
fn is_body(document: &Value, name: &str) -> bool {
    let to = format!("#/components/schemas/{name}");
    let mut places = Vec::new();
    find(document, &to, false, &mut places);
    !places.is_empty() && places.iter().all(|in_body| *in_body)
}

fn find(value: &Value, to: &str, in_body: bool, places: &mut Vec<bool>) {
    match value {
        Value::Object(map) => {
            if value["$ref"] == to {
                places.push(in_body);
            }
            for (key, value) in map {
                find(value, to, in_body || key == "requestBody", places);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| find(item, to, in_body, places)),
        _ => {}
    }
}

/// Every scope with what it opens.
pub(super) fn scopes(sections: &[Section]) -> Vec<Opened> {
    let entries = || sections.iter().flat_map(|section| &section.operations);
    Scope::EACH
        .iter()
        .map(|scope| Opened {
            scope: scope.as_str(),
            role: scope.least_role().as_str(),
            operations: entries()
                .filter(|entry| entry.scope.as_deref() == Some(scope.as_str()))
                .map(|entry| (entry.id.clone(), format!("{} {}", entry.method, entry.path)))
                .collect(),
        })
        .collect()
}

/// Every code that the document knows, by status.
pub(super) fn refusals(document: &Value) -> Vec<Refusal> {
    let known = &document["components"]["examples"];
    let mut all: Vec<Refusal> = Code::ALL
        .iter()
        .filter(|code| !known[code.as_str()].is_null())
        .map(|code| Refusal {
            status: code.status(),
            code: code.as_str(),
            words: words(*code),
        })
        .collect();
    all.sort_by_key(|refusal| refusal.status);
    all
}

/// An error answer as an example.
pub(super) fn problem(document: &Value) -> String {
    pretty(&document["components"]["examples"][Code::NotFound.as_str()]["value"])
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
