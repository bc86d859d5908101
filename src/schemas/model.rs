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

    /// The same for a document that is to be kept: somebody can be what it says.
    ///
    /// # Errors
    /// As [`Rules::read`]; `not_a_schema` for a choice of nothing, and for something that has to be there and is not
    /// described.
    pub fn read_new(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let rules = Self::read(field, text)?;
        match hopeless(&rules.document, "") {
            Some(words) => Err(FieldError::new(field, "not_a_schema").with("words", words)),
            None => Ok(rules),
        }
    }

    /// The document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The fields that a form can ask for, in the order of the document.
    pub fn fields(&self) -> Vec<Field> {
        fields(&self.document)
    }

    /// The same for a form of the person themselves, which asks for their name in any case: where it is a trait, that
    /// one field is both.
    pub fn fields_but_name(&self) -> Vec<Field> {
        let mut fields = self.fields();
        fields.retain(|field| !is_name(field));
        fields
    }

    /// What a person entered, with their name as a trait where the schema asks for it: whichever of the two was
    /// entered is both.
    pub fn named(&self, name: &str, traits: &Map<String, Value>) -> (String, Map<String, Value>) {
        let (mut name, mut traits) = (name.trim().to_owned(), traits.clone());
        if self.fields().iter().any(is_name) {
            let told = traits.get(NAME).and_then(Value::as_str);
            match told {
                Some(told) if name.is_empty() => told.trim().clone_into(&mut name),
                None if !name.is_empty() && !traits.contains_key(NAME) => {
                    traits.insert(NAME.to_owned(), Value::String(name.clone()));
                }
                _ => {}
            }
        }
        (name, traits)
    }

    /// What is wrong with a name as a trait is told of the field that was filled in; once is enough.
    pub fn name_faults(entered: &Map<String, Value>, faults: &mut Vec<FieldError>, told: bool) {
        if entered.contains_key(NAME) {
            return;
        }
        let of_name = format!("traits.{NAME}");
        faults.retain(|fault| !told || fault.field != of_name);
        for fault in faults.iter_mut().filter(|fault| fault.field == of_name) {
            "display_name".clone_into(&mut fault.field);
        }
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

/// Why nobody can be what a schema says, in few words; `place` is where it stands in the document.
fn hopeless(schema: &Value, place: &str) -> Option<String> {
    if schema["enum"].as_array().is_some_and(Vec::is_empty) {
        return Some(format!("{place}/enum: there is nothing to choose from"));
    }
    let properties = schema["properties"].as_object();
    let known = |name: &str| properties.is_some_and(|all| all.contains_key(name));
    let required = schema["required"].as_array().into_iter().flatten();
    if let Some(name) = required.filter_map(Value::as_str).find(|name| !known(name))
        && schema.get("patternProperties").is_none()
    {
        return Some(format!(
            "{place}/required: \"{name}\" is not among the properties"
        ));
    }
    let mut properties = properties.into_iter().flatten();
    properties.find_map(|(name, one)| hopeless(one, &format!("{place}/properties/{name}")))
}

/// The trait that is the name of the person.
const NAME: &str = "name";

fn is_name(field: &Field) -> bool {
    field.name == NAME && field.longest() > 0
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
mod tests;
