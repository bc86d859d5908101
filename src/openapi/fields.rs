//! Schemas in words: what a field is, and the fields of an object, one line each.

use serde_json::Value;

use super::schemas::reference;

/// One field of an object, or one parameter.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    /// `path`, `query`, `header`; empty for fields of a body.
    pub(super) place: String,
    pub(super) kind: Kind,
    pub(super) required: bool,
    /// HTML: escaped, with `<code>`.
    pub(super) about: String,
}

/// What a value is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    /// Words before the name, such as "list of".
    pub(super) words: String,
    /// An object that is described elsewhere on the page.
    pub(super) object: Option<String>,
    /// The words that it may be.
    pub(super) choices: Vec<String>,
    /// Whether it may be null.
    pub(super) nullable: bool,
    /// Limits in words.
    pub(super) limits: String,
}

/// The schema itself, behind references.
pub(super) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match reference(schema) {
        Some(name) => resolve(document, &document["components"]["schemas"][name]),
        None => schema,
    }
}

/// Whether this is the schema of null.
pub(super) fn is_null(schema: &Value) -> bool {
    schema["type"] == "null"
}

/// What a value of `schema` is.
pub(super) fn kind(document: &Value, schema: &Value) -> Kind {
    if let Some(name) = reference(schema) {
        let to = resolve(document, schema);
        return match list_of(to) {
            Some(items) => listed(document, items),
            None if to["properties"].is_object() => Kind {
                object: Some(name.to_owned()),
                ..Kind::default()
            },
            None => kind(document, to),
        };
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let some: Vec<&Value> = options.iter().filter(|one| !is_null(one)).collect();
        if let [one] = some.as_slice() {
            return Kind {
                nullable: some.len() < options.len(),
                ..kind(document, one)
            };
        }
    }
    let choices = choices(schema);
    if !choices.is_empty() {
        return Kind {
            choices,
            ..Kind::default()
        };
    }
    let mut kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let nullable = kinds.contains(&"null");
    kinds.retain(|kind| *kind != "null");
    let plain = |words: &str| Kind {
        words: words.to_owned(),
        nullable,
        limits: limits(schema),
        ..Kind::default()
    };
    match kinds.first() {
        Some(&"string") => match schema["pattern"].as_str().and_then(id_prefix) {
            Some(prefix) => plain(&format!("id {prefix}…")),
            None if schema["format"] == "date-time" => plain("time"),
            None => plain("text"),
        },
        Some(&"integer") => plain("whole number"),
        Some(&"number") => plain("number"),
        Some(&"boolean") => plain("true or false"),
        Some(&"array") => Kind {
            nullable,
            ..listed(document, &schema["items"])
        },
        Some(&"object") => plain("object"),
        _ => plain("any value"),
    }
}

fn listed(document: &Value, items: &Value) -> Kind {
    let one = kind(document, items);
    let words = if one.words.is_empty() {
        "list of".to_owned()
    } else {
        format!("list of {}", one.words)
    };
    Kind {
        words,
        nullable: false,
        ..one
    }
}

/// The items of a page of a list.
fn list_of(schema: &Value) -> Option<&Value> {
    let properties = schema["properties"].as_object()?;
    properties
        .contains_key("next_cursor")
        .then(|| &properties["items"]["items"])
}

fn choices(schema: &Value) -> Vec<String> {
    let words = |all: &[Value], of: fn(&Value) -> Option<&str>| -> Option<Vec<String>> {
        all.iter().map(|one| of(one).map(str::to_owned)).collect()
    };
    let constants = schema["oneOf"]
        .as_array()
        .and_then(|all| words(all, |one| one["const"].as_str()));
    let listed = schema["enum"]
        .as_array()
        .and_then(|all| words(all, Value::as_str));
    constants.or(listed).unwrap_or_default()
}

fn limits(schema: &Value) -> String {
    let number = |name: &str| schema[name].as_i64();
    match (number("minimum"), number("maximum")) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        _ => match (number("minLength"), number("maxLength")) {
            (Some(min), Some(max)) => format!("{min} to {max} characters"),
            _ => String::new(),
        },
    }
}

/// The fields of an object.
pub(super) fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let schema = resolve(document, schema);
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, field)| Field {
            name: name.clone(),
            place: String::new(),
            kind: kind(document, field),
            required: required.contains(&name.as_str()),
            about: about(document, field),
        })
        .collect()
}

/// What is said about a value: at the place, or at the type.
pub(super) fn about(document: &Value, schema: &Value) -> String {
    let own = schema["description"].as_str();
    marked(
        own.or_else(|| resolve(document, schema)["description"].as_str())
            .unwrap_or_default(),
    )
}

/// Text with `` `code` `` as HTML.
pub(super) fn marked(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        let part = crate::text::escaped(part);
        if index % 2 == 1 {
            html.extend(["<code>", &part, "</code>"]);
        } else {
            html.push_str(&part);
        }
    }
    html
}

/// `usr_` for the pattern of the ids of users.
pub(super) fn id_prefix(pattern: &str) -> Option<&str> {
    let rest = pattern.strip_prefix('^')?;
    let end = rest.find('_')? + 1;
    let prefix = &rest[..end];
    (prefix.len() == 4 && prefix[..3].bytes().all(|byte| byte.is_ascii_lowercase()))
        .then_some(prefix)
}
