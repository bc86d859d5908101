//! The schemas of a document: made by schemars from the types that requests and answers are read into
//! and written from, and gathered under `components`.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{SchemaGenerator, generate::Contract};
use serde_json::{Map, Value};

use super::SchemaFn;

/// Where the document keeps its schemas.
const COMPONENTS: &str = "/components/schemas";

/// Two generators: a field with a default may be left out of a request but is there in an answer, so
/// one type can have a schema for each way.
pub(super) struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
    /// Schemas of query strings: they are no components.
    queries: BTreeSet<String>,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let generator = |contract: Contract| {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path = COMPONENTS.into();
            settings.meta_schema = None;
            settings.contract = contract;
            SchemaGenerator::new(settings)
        };
        Self {
            requests: generator(Contract::Deserialize),
            answers: generator(Contract::Serialize),
            queries: BTreeSet::new(),
        }
    }

    /// The schema of a body, in a request.
    pub(super) fn request(&mut self, make: SchemaFn) -> Value {
        make(&mut self.requests).to_value()
    }

    /// Whether a body must have any field.
    pub(super) fn requires(&mut self, make: SchemaFn) -> bool {
        let schema = make(&mut self.requests).to_value();
        let schema = match reference(&schema) {
            Some(name) => &self.requests.definitions()[name],
            None => &schema,
        };
        schema["required"]
            .as_array()
            .is_some_and(|fields| !fields.is_empty())
    }

    /// The schema of a query string, written out, because each property becomes a parameter.
    pub(super) fn query(&mut self, make: SchemaFn) -> Value {
        let schema = make(&mut self.requests).to_value();
        let Some(name) = reference(&schema) else {
            return schema;
        };
        self.queries.insert(name.to_owned());
        self.requests
            .definitions()
            .get(name)
            .cloned()
            .unwrap_or_default()
    }

    /// The schema of an answer.
    pub(super) fn answer(&mut self, make: SchemaFn) -> Value {
        make(&mut self.answers).to_value()
    }

    /// The components, and the names under which requests find theirs: a schema that differs between
    /// requests and answers is called `…Input` in requests.
    pub(super) fn finish(mut self) -> (Map<String, Value>, Renamed) {
        let mut answers = self.answers.take_definitions(true);
        let mut requests = self.requests.take_definitions(true);
        requests.retain(|name, _| !self.queries.contains(name));
        let mut renamed: BTreeSet<String> = requests
            .iter()
            .filter(|(name, schema)| answers.get(*name).is_some_and(|other| other != *schema))
            .map(|(name, _)| name.clone())
            .collect();
        // A schema that is the same in words differs when one that it refers to does.
        loop {
            let more: Vec<String> = requests
                .iter()
                .filter(|(name, schema)| {
                    !renamed.contains(*name)
                        && answers.contains_key(*name)
                        && references(schema).iter().any(|to| renamed.contains(to))
                })
                .map(|(name, _)| name.clone())
                .collect();
            if more.is_empty() {
                break;
            }
            renamed.extend(more);
        }
        let renamed = Renamed(renamed);
        for (name, mut schema) in requests {
            renamed.apply(&mut schema);
            answers.entry(renamed.name(name)).or_insert(schema);
        }
        answers.sort_keys();
        (answers, renamed)
    }
}

/// Schemas that have another name in requests.
pub(super) struct Renamed(BTreeSet<String>);

impl Renamed {
    fn name(&self, name: String) -> String {
        if self.0.contains(&name) {
            format!("{name}Input")
        } else {
            name
        }
    }

    /// Points the references of a request's schema to the names in requests.
    pub(super) fn apply(&self, schema: &mut Value) {
        match schema {
            Value::Object(map) => {
                for (key, value) in map.iter_mut() {
                    match value {
                        Value::String(to) if key == "$ref" => {
                            if let Some(name) = to.strip_prefix(PREFIX) {
                                *to = format!("{PREFIX}{}", self.name(name.to_owned()));
                            }
                        }
                        other => self.apply(other),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.apply(item)),
            _ => {}
        }
    }
}

const PREFIX: &str = "#/components/schemas/";

/// The component that a schema is a plain reference to.
pub(super) fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(PREFIX)
}

/// Every component that a schema refers to.
fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(map) => {
            let own = reference(schema).map(str::to_owned);
            own.into_iter()
                .chain(map.values().flat_map(references))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
