//! A schema, checked and ready to check traits.

use diesel::prelude::*;
use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value, json};

use super::form::{Field, fields};
use crate::clock::Time;
use crate::db::Json;
use crate::error::{Error, FieldError, Result};
use crate::input::{Faults, etag};

/// The id of the schema that is always there.
pub const DEFAULT: &str = "default";
/// The longest id, in characters.
const LONGEST_ID: usize = 40;
/// The longest name, in characters.
pub const LONGEST_NAME: usize = 80;
/// The largest document, in bytes.
pub const LARGEST: usize = 64 * 1024;

/// A row of `schemas`.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = crate::db::schema::schemas)]
pub struct Schema {
    /// A word of the administrator's choice.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The JSON Schema, as text: the order of its properties is the order of the form.
    pub document: String,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

impl Schema {
    /// Says whether what somebody edits is still what is kept.
    pub fn etag(&self) -> String {
        etag(&(&self.name, &self.document))
    }

    /// The document in lines, for people.
    ///
    /// # Errors
    /// A fault of ours: what is kept was checked before.
    pub fn in_lines(&self) -> Result<String> {
        let document: Value = serde_json::from_str(&self.document).map_err(Error::internal)?;
        serde_json::to_string_pretty(&document).map_err(Error::internal)
    }

    /// The schema, ready to check traits.
    ///
    /// # Errors
    /// A fault of ours: what is kept was checked before.
    pub fn rules(&self) -> Result<Rules> {
        Rules::read("schema", &self.document).map_err(|_| Error::internal("a schema that is none"))
    }
}

/// A word that can name a schema: small letters, digits, `-` and `_`.
pub fn read_id(faults: &mut Faults, text: &str) -> String {
    let id = faults.line("id", text, 1..=LONGEST_ID);
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
    };
    if !id.is_empty() && !id.bytes().all(plain) {
        faults.add(FieldError::new("id", "not_a_word"));
    }
    id
}

/// A schema that was checked.
#[derive(Debug)]
pub struct Rules {
    validator: Validator,
    document: Value,
}

impl Rules {
    /// Reads a document. It describes an object, refers to nothing outside of itself, and its patterns are
    /// matched in linear time.
    ///
    /// # Errors
    /// `too_long`, `not_json`, or `not_a_schema` with what is wrong, for `field`.
    pub fn read(field: &'static str, text: &str) -> Result<Self, FieldError> {
        if text.len() > LARGEST {
            return Err(FieldError::new(field, "too_long").with("max", LARGEST));
        }
        let document: Value = serde_json::from_str(text)
            .map_err(|why| FieldError::new(field, "not_json").with("words", why))?;
        let wrong = |words: String| FieldError::new(field, "not_a_schema").with("words", words);
        if document.get("type") != Some(&json!("object")) {
            return Err(wrong("\"type\" must be \"object\"".to_owned()));
        }
        if text.contains("\\u0000") {
            return Err(FieldError::new(field, "control_characters"));
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex())
            .offline()
            .build(&document)
            .map_err(|why| wrong(short(&why)))?;
        Ok(Self {
            validator,
            document,
        })
    }

    /// The document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The fields that a form can ask for, in the order of the document.
    pub fn fields(&self) -> Vec<Field> {
        fields(&self.document)
    }

    /// Whether it names a trait.
    pub fn has(&self, name: &str) -> bool {
        self.document["properties"].get(name).is_some()
    }

    /// Whether a person may say something of that name: it is a property, or the schema allows no others and
    /// so refuses it.
    pub fn asks_for(&self, name: &str) -> bool {
        self.document["additionalProperties"] == json!(false) || self.has(name)
    }

    /// What is wrong with traits that are complete; the fields are called `traits.…`.
    pub fn faults(&self, traits: &Map<String, Value>) -> Vec<FieldError> {
        let traits = Value::Object(traits.clone());
        let errors = self.validator.iter_errors(&traits);
        errors.map(|why| fault(&why)).collect()
    }

    /// Refuses traits that an administrator or a program gives, when they are wrong so far: what a person will
    /// add may be missing. `cannot_add` says which traits the person is not asked for.
    ///
    /// # Errors
    /// `invalid_input`, each field called `traits.…`.
    pub fn check_so_far(&self, traits: &Json, cannot_add: impl Fn(&str) -> bool) -> Result<()> {
        let traits = traits.0.as_object();
        let traits = traits.ok_or_else(|| Error::internal("traits are an object"))?;
        let mut faults = self.faults(traits);
        faults.retain(|fault| {
            let name = fault.field.strip_prefix("traits.").unwrap_or_default();
            let is_missing = matches!(fault.code, "required" | "too_few");
            !is_missing || (cannot_add(name) && !traits.contains_key(name))
        });
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(faults))
        }
    }
}

/// An error of the library in few words, without the value that it is about.
fn short(why: &ValidationError<'_>) -> String {
    let place = why.instance_path().to_string();
    let what = why.masked().to_string();
    let words = if place.is_empty() {
        what
    } else {
        format!("{place}: {what}")
    };
    words.chars().take(300).collect()
}

fn fault(why: &ValidationError<'_>) -> FieldError {
    let mut field = "traits".to_owned();
    let path = why.instance_path().to_string();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        field.push('.');
        field.push_str(&part.replace("~1", "/").replace("~0", "~"));
    }
    let new = |code| FieldError::new(field.clone(), code);
    match why.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            FieldError::new(format!("{field}.{name}"), "required")
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let name = unexpected.first().map_or("", String::as_str);
            FieldError::new(format!("{field}.{name}"), "unknown_field")
        }
        Kind::Enum { .. } | Kind::Constant { .. } => new("not_a_choice"),
        Kind::MinLength { limit: 1 } => new("required"),
        Kind::MinLength { limit } => new("too_short").with("min", limit),
        Kind::MaxLength { limit } => new("too_long").with("max", limit),
        Kind::Minimum { limit } => new("too_small").with("min", limit),
        Kind::Maximum { limit } => new("too_large").with("max", limit),
        Kind::MinProperties { .. } | Kind::MinItems { .. } => new("too_few"),
        Kind::Format { format } if format == "date" => new("not_a_date"),
        Kind::Format { format } if format == "email" => new("not_an_email"),
        Kind::Type { .. } => new("wrong_type"),
        _ => new("not_allowed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(document: &Value) -> Rules {
        Rules::read("schema", &document.to_string()).unwrap()
    }

    fn codes(faults: &[FieldError]) -> Vec<(&str, &str)> {
        faults
            .iter()
            .map(|fault| (fault.field.as_str(), fault.code))
            .collect()
    }

    #[test]
    fn traits_are_held_to_the_schema_and_every_fault_names_its_field() {
        let rules = rules(&json!({
            "type": "object",
            "properties": {
                "department": { "type": "string", "minLength": 2, "maxLength": 5 },
                "floor": { "type": "integer", "minimum": 0, "maximum": 9 },
                "badge": { "enum": ["blue", "red"] },
                "since": { "type": "string", "format": "date" },
                "desk": { "type": "object", "properties": { "row": { "type": "integer" } } },
            },
            "required": ["department", "floor"],
            "additionalProperties": false,
        }));
        let object = |value: Value| value.as_object().unwrap().clone();
        let good = object(json!({ "department": "Ops", "floor": 3, "since": "2026-11-22" }));
        assert!(rules.faults(&good).is_empty());
        let bad = object(json!({
            "department": "Operations", "floor": 12, "badge": "green", "since": "soon",
            "desk": { "row": "a" }, "shoe": 43,
        }));
        let mut faults = rules.faults(&bad);
        faults.sort_by(|a, b| a.field.cmp(&b.field));
        assert_eq!(
            codes(&faults),
            [
                ("traits.badge", "not_a_choice"),
                ("traits.department", "too_long"),
                ("traits.desk.row", "wrong_type"),
                ("traits.floor", "too_large"),
                ("traits.shoe", "unknown_field"),
                ("traits.since", "not_a_date"),
            ]
        );
        let none = Map::new();
        assert_eq!(rules.faults(&none).len(), 2);
        let none = Json(Value::Object(none));
        rules.check_so_far(&none, |_| false).unwrap();
        let held = rules.check_so_far(&none, |name| name == "floor");
        let Err(Error::Invalid(faults)) = held else {
            panic!("{held:?}");
        };
        assert_eq!(codes(&faults), [("traits.floor", "required")]);
    }

    #[test]
    fn what_is_no_schema_is_refused_with_words() {
        for (text, code) in [
            ("", "not_json"),
            ("{", "not_json"),
            ("[]", "not_a_schema"),
            ("{}", "not_a_schema"),
            (r#"{"type":"string"}"#, "not_a_schema"),
            (r#"{"type":"object","properties":7}"#, "not_a_schema"),
            (
                r#"{"type":"object","properties":{"a":{"type":"text"}}}"#,
                "not_a_schema",
            ),
            (
                r#"{"type":"object","properties":{"a":{"pattern":"("}}}"#,
                "not_a_schema",
            ),
            (
                r#"{"type":"object","$ref":"https://example.org/schema.json"}"#,
                "not_a_schema",
            ),
            (
                r#"{"type":"object","$ref":"file:///etc/passwd"}"#,
                "not_a_schema",
            ),
        ] {
            let refused = Rules::read("schema", text).unwrap_err();
            assert_eq!(refused.code, code, "{text}");
        }
        let large = format!(r#"{{"type":"object","title":"{}"}}"#, "x".repeat(LARGEST));
        assert_eq!(Rules::read("schema", &large).unwrap_err().code, "too_long");
    }

    #[test]
    fn a_pattern_cannot_hold_the_server_up() {
        let rules = rules(&json!({
            "type": "object", "properties": { "a": { "type": "string", "pattern": "^(a+)+$" } },
        }));
        let evil = json!({ "a": format!("{}!", "a".repeat(5_000)) });
        let faults = rules.faults(evil.as_object().unwrap());
        assert_eq!(codes(&faults), [("traits.a", "not_allowed")]);
    }

    #[test]
    fn ids_are_words() {
        for good in ["default", "staff-2026", "a_b"] {
            let mut faults = Faults::default();
            read_id(&mut faults, good);
            assert!(faults.none_in(()).is_ok(), "{good}");
        }
        for bad in ["", "Staff", "a b", "a/b", "ä", "a\0"] {
            let mut faults = Faults::default();
            read_id(&mut faults, bad);
            assert!(faults.none_in(()).is_err(), "{bad}");
        }
    }
}
