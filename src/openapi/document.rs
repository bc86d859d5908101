//! The OpenAPI 3.1 document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::names::{TAGS, id_schema, operation_id, plain_path, tag};
use super::problems::{Problems, Told, header_of, title};
use super::schemas::{Renamed, Schemas};
use super::{Answer, Body, Operation, SchemaFn, schema_of};
use crate::access::{Scope, Who};
use crate::error::Code;
use crate::web::Problem;

/// The document for the routes `rows` of the server at `public_url`.
pub fn document<'a>(rows: impl IntoIterator<Item = Operation<'a>>, public_url: &str) -> Value {
    let mut writer = Writer {
        schemas: Schemas::new(),
        problems: Problems::default(),
    };
    let problem = writer.schemas.answer(schema_of::<Problem>);
    let mut paths: Map<String, Value> = Map::new();
    let mut tags = BTreeSet::new();
    for row in rows {
        let path = plain_path(row.path);
        tags.insert(tag(&row));
        let operation = writer.operation(&row, &path);
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[row.method.to_ascii_lowercase()] = operation;
    }
    let Writer { schemas, problems } = writer;
    let (components, renamed) = schemas.finish();
    point(&mut paths, &renamed);
    let tags: Vec<Value> = TAGS
        .iter()
        .filter(|(name, _)| tags.contains(name))
        .map(|(name, about)| json!({ "name": name, "description": about }))
        .collect();
    let mut document = json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Vestibule",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Account-lifecycle server: invites, users, groups and API keys",
            "description": "Send an API key with each request. Times are RFC 3339 in UTC, lists go on with \
                a cursor, errors are problem details (RFC 9457) with a stable `code`.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": public_url }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": problems.responses(&problem),
            "examples": problems.examples(),
            "headers": headers(),
            "securitySchemes": security_schemes(),
        },
    });
    unlink(&mut document);
    document
}

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

struct Writer {
    schemas: Schemas,
    problems: Problems,
}

impl Writer {
    fn operation(&mut self, row: &Operation<'_>, path: &str) -> Value {
        let doc = row.doc;
        let mut operation = json!({
            "operationId": operation_id(row.method, path),
            "tags": [tag(row)],
            "summary": doc.summary,
        });
        if !doc.about.is_empty() {
            operation["description"] = doc.about.into();
        }
        operation["security"] = security(row.who);
        if let Some(least) = row.least_role() {
            operation["x-least-role"] = least.as_str().into();
        }
        let parameters = self.parameters(row, path);
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Body::Json(make) = doc.body {
            operation["requestBody"] = self.body(make, doc.browsers);
            if let Some(media) = doc.file {
                let file = json!({ "schema": { "type": "string" } });
                operation["requestBody"]["content"][media] = file;
            }
        }
        if let Body::Form(make) = doc.body {
            let content = json!({ (FORM): { "schema": self.schemas.request(make) } });
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        operation["responses"] = self.answers(row);
        operation
    }

    /// A body whose fields may all be left out may be left out itself.
    fn body(&mut self, make: SchemaFn, browsers: bool) -> Value {
        let required = self.schemas.requires(make);
        let schema = self.schemas.request(make);
        let mut content = json!({ "application/json": { "schema": schema } });
        if browsers {
            let schema = json!({
                "type": "object",
                "required": ["csrf"],
                "properties": { "csrf": { "type": "string", "description": "From the form of the page." } },
                "additionalProperties": true,
            });
            content[FORM] = json!({ "schema": schema });
        }
        json!({ "required": required, "content": content })
    }

    fn parameters(&mut self, row: &Operation<'_>, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut before = "";
        for segment in path.split('/') {
            if let Some(name) = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'))
            {
                let schema = match id_schema(name, before) {
                    Some(make) => self.schemas.answer(make),
                    None => json!({ "type": "string" }),
                };
                all.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
            }
            before = segment;
        }
        if let Some(make) = row.doc.query {
            let query = self.schemas.query(make);
            let required: Vec<&str> = query["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            for (name, schema) in query["properties"].as_object().into_iter().flatten() {
                let mut schema = schema.clone();
                let about = schema
                    .as_object_mut()
                    .and_then(|map| map.remove("description"));
                let mut parameter = json!({ "name": name, "in": "query" });
                if let Some(about) = about {
                    parameter["description"] = about;
                }
                if required.contains(&name.as_str()) {
                    parameter["required"] = true.into();
                }
                parameter["schema"] = without_null(schema);
                all.push(parameter);
            }
        }
        if row.can_be_repeated() {
            all.push(json!({
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Any text of your choice. A repeat with the same key answers the first answer again, for 24 hours.",
                "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            }));
        }
        all
    }

    fn answers(&mut self, row: &Operation<'_>) -> Value {
        let mut answers = Map::new();
        if let Some((status, answer)) = self.success(row) {
            answers.insert(status.to_string(), answer);
        }
        if row.doc.browsers {
            let to = json!({ "schema": { "type": "string", "format": "uri-reference" } });
            let answer = json!({ "description": "A page shows how it goes on", "headers": { "Location": to } });
            answers.insert("303".to_owned(), answer);
        }
        if let Some((status, make)) = row.doc.other {
            let content = json!({ "application/json": { "schema": self.schemas.answer(make) } });
            let mut answer = json!({ "description": title(status), "content": content });
            if let Some(header) = header_of(status) {
                answer["headers"] = header;
            }
            answers.insert(status.to_string(), answer);
        }
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in row.all_codes() {
            by_status.entry(code.status()).or_default().push(code);
        }
        for (status, codes) in by_status {
            let told = match row.doc.dialect {
                Some(dialect) => Told::As(dialect.tag, self.schemas.answer(dialect.refusal)),
                None if row.doc.browsers => Told::ProblemOrPage,
                None => Told::Problem,
            };
            let name = self.problems.name(status, codes, told);
            let answer = json!({ "$ref": format!("#/components/responses/{name}") });
            answers.insert(status.to_string(), answer);
        }
        answers.into()
    }

    fn success(&mut self, row: &Operation<'_>) -> Option<(u16, Value)> {
        let (status, schema) = match row.doc.answer {
            Answer::Never => return None,
            Answer::Nothing(status) => (status, None),
            Answer::Json(status, make) => (status, Some(self.schemas.answer(make))),
            Answer::Document => (200, Some(json!({ "type": "object" }))),
            Answer::Text(_) => (200, None),
        };
        let mut answer = json!({ "description": status_words(status) });
        if let Answer::Text(media) = row.doc.answer {
            answer["content"] = json!({ media: { "schema": { "type": "string" } } });
        }
        if let Some(schema) = schema {
            answer["content"] = json!({ "application/json": { "schema": schema } });
            if row.doc.browsers {
                answer["content"]["text/html"] = json!({ "schema": { "type": "string" } });
            }
        }
        let mut headers = Map::new();
        let mut header = |when: bool, name: &str| {
            if when {
                let to = json!({ "$ref": format!("#/components/headers/{name}") });
                headers.insert(name.to_owned(), to);
            }
        };
        header(row.is_keyed(), "Vestibule-Key-Expires");
        header(row.can_be_repeated(), "Idempotency-Replayed");
        if !headers.is_empty() {
            answer["headers"] = headers.into();
        }
        Some((status, answer))
    }
}

const fn status_words(status: u16) -> &'static str {
    match status {
        201 => "Made",
        202 => "Taken on; it is done in the background",
        204 => "Done",
        _ => "It worked",
    }
}

/// A query parameter is left out, never null.
fn without_null(mut schema: Value) -> Value {
    if let Some(kinds) = schema.get_mut("type").and_then(Value::as_array_mut) {
        kinds.retain(|kind| kind != "null");
        if let [one] = kinds.as_slice() {
            schema["type"] = one.clone();
        }
    }
    let rest: Option<Vec<Value>> = schema.get("anyOf").and_then(Value::as_array).map(|any| {
        any.iter()
            .filter(|one| one["type"] != "null")
            .cloned()
            .collect()
    });
    match rest.as_deref() {
        Some([one]) => one.clone(),
        _ => schema,
    }
}

/// Gives the body and the parameters of every operation the names that schemas have in requests.
fn point(paths: &mut Map<String, Value>, renamed: &Renamed) {
    let operations = paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    for operation in operations {
        for part in ["requestBody", "parameters"] {
            operation
                .get_mut(part)
                .into_iter()
                .for_each(|part| renamed.apply(part));
        }
    }
}

/// Takes the brackets of links between items of the code out of what is said in its comments.
fn unlink(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    Value::String(text) if key == "description" => {
                        *text = text.replace("[`", "`").replace("`]", "`");
                    }
                    other => unlink(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(unlink),
        _ => {}
    }
}

fn security(who: Who) -> Value {
    let with = |scopes: &[Scope]| {
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        json!([{ "bearer": scopes }, { "apiKey": scopes }, { "header": scopes }])
    };
    match who {
        Who::Key => with(&[]),
        Who::Scope(scope) | Who::AdminScope(scope) => with(&[scope]),
        // Pages are no part of the description.
        Who::Anyone | Who::SignedIn | Who::Inviter | Who::Role(_) => json!([]),
    }
}

fn security_schemes() -> Value {
    json!({
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "vstk_…", "description": "`Authorization: Bearer vstk_…`" },
        "apiKey": { "type": "http", "scheme": "ApiKey", "description": "`Authorization: ApiKey vstk_…`" },
        "header": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "`X-API-Key: vstk_…`" },
    })
}

fn headers() -> Value {
    json!({
        "Vestibule-Key-Expires": {
            "description": "When the API key of the request ends; absent when it has no end.",
            "schema": { "type": "string", "format": "date-time" },
        },
        "Idempotency-Replayed": {
            "description": "`true` when this is the first answer to the `Idempotency-Key` again.",
            "schema": { "const": "true" },
        },
        "Retry-After": { "description": "Seconds to wait.", "required": true, "schema": { "type": "integer", "minimum": 1 } },
        "WWW-Authenticate": { "description": "How to say who you are (RFC 6750).", "required": true, "schema": { "type": "string" } },
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
