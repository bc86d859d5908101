//! The fields of a form that asks for traits, and what was entered as JSON.

use serde_json::{Map, Value};

/// A property of a schema that a form can ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name of the property.
    pub name: String,
    /// What stands beside the field.
    pub label: String,
    /// A sentence of explanation; empty for none.
    pub hint: String,
    /// What is entered.
    pub kind: FieldKind,
    /// Whether it has to be filled in.
    pub required: bool,
}

/// What is entered in a field.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// A line of text of at most so many characters.
    Text(usize),
    /// A number, whole or not.
    Number,
    /// Yes or no.
    YesNo,
    /// One of some words.
    Choice(Vec<String>),
    /// A day.
    Date,
}

/// The longest text when the schema sets no limit, in characters.
const LONGEST_TEXT: u64 = 1_000;

/// The fields of the properties that a form can ask for: others are set by the inviter or through the API.
pub(super) fn fields(document: &Value) -> Vec<Field> {
    let required: Vec<&str> = document["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let properties = document["properties"].as_object();
    let fields = properties
        .into_iter()
        .flatten()
        .filter_map(|(name, property)| {
            let words = |key: &str| property[key].as_str().unwrap_or_default().trim().to_owned();
            let title = words("title");
            Some(Field {
                name: name.clone(),
                label: if title.is_empty() {
                    name.clone()
                } else {
                    title
                },
                hint: words("description"),
                kind: kind(property)?,
                required: required.contains(&name.as_str()),
            })
        });
    fields.collect()
}

fn kind(property: &Value) -> Option<FieldKind> {
    if let Some(choices) = property["enum"].as_array() {
        let words = choices
            .iter()
            .map(|choice| choice.as_str().map(str::to_owned));
        return words.collect::<Option<_>>().map(FieldKind::Choice);
    }
    match property["type"].as_str()? {
        "string" if property["format"] == "date" => Some(FieldKind::Date),
        "string" => {
            let most = property["maxLength"].as_u64().unwrap_or(LONGEST_TEXT);
            Some(FieldKind::Text(usize::try_from(most).unwrap_or(usize::MAX)))
        }
        "integer" | "number" => Some(FieldKind::Number),
        "boolean" => Some(FieldKind::YesNo),
        _ => None,
    }
}

impl Field {
    /// The name of the field in a form.
    pub fn input(&self) -> String {
        format!("traits.{}", self.name)
    }

    /// Whether it stands with a tick rather than with a text.
    pub fn is_yes_no(&self) -> bool {
        self.kind == FieldKind::YesNo
    }

    /// The longest text that it takes, in characters; 0 for no limit.
    pub fn longest(&self) -> usize {
        match self.kind {
            FieldKind::Text(most) => most,
            _ => 0,
        }
    }

    /// The choices; none when it is entered freely.
    pub fn choices(&self) -> &[String] {
        match &self.kind {
            FieldKind::Choice(words) => words,
            _ => &[],
        }
    }

    /// What was entered, as JSON. A text that is no number stays a text, so that the schema refuses it with
    /// words of its own. `None` when nothing was entered.
    pub fn read(&self, entered: Option<&str>) -> Option<Value> {
        if self.is_yes_no() {
            // A box without a tick is not sent, and means no; where nothing has to be said, it says nothing.
            return match entered {
                Some(_) => Some(Value::Bool(true)),
                None => self.required.then_some(Value::Bool(false)),
            };
        }
        let text = entered.map(str::trim).filter(|text| !text.is_empty())?;
        if self.kind == FieldKind::Number {
            let number = text.parse::<serde_json::Number>().ok();
            return Some(number.map_or_else(|| text.into(), Value::Number));
        }
        Some(text.into())
    }

    /// A value as it stands in the field.
    pub fn shown(&self, traits: &Map<String, Value>) -> String {
        match traits.get(&self.name) {
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            _ => String::new(),
        }
    }
}

/// A field as a page shows it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The field.
    pub field: Field,
    /// What stands in it.
    pub value: String,
    /// Whether it is shown and cannot be changed.
    pub locked: bool,
    /// Its name in the form.
    pub input: String,
}

impl Asked {
    /// A field with what stands in it.
    pub fn new(field: Field, value: String, locked: bool) -> Self {
        Self {
            input: field.input(),
            field,
            value,
            locked,
        }
    }

    /// What each field is called, by its name in the form.
    pub fn labels(asked: &[Self]) -> Vec<(String, String)> {
        let labels = asked.iter();
        labels
            .map(|one| (one.input.clone(), one.field.label.clone()))
            .collect()
    }

    /// The choices with an empty one in front.
    pub fn options(&self) -> Vec<(String, String)> {
        let choices = self.field.choices().iter();
        let words = choices.map(|word| (word.clone(), word.clone()));
        std::iter::once(Default::default()).chain(words).collect()
    }

    /// The type of the input.
    pub fn kind(&self) -> &'static str {
        match self.field.kind {
            FieldKind::Date => "date",
            FieldKind::Text(_) | FieldKind::Number | FieldKind::YesNo | FieldKind::Choice(_) => {
                "text"
            }
        }
    }

    /// Whether the box is ticked.
    pub fn is_ticked(&self) -> bool {
        matches!(self.value.as_str(), "true" | "yes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_asks_in_the_order_of_the_schema_for_what_can_be_typed() {
        let document = json!({
            "properties": {
                "zone": { "type": "string", "title": "Time zone", "description": "Where you work." },
                "age": { "type": "integer" },
                "news": { "type": "boolean" },
                "size": { "enum": ["S", "M"] },
                "born": { "type": "string", "format": "date" },
                "tags": { "type": "array" },
                "mixed": { "enum": ["S", 1] },
            },
            "required": ["zone", "news"],
        });
        let fields = fields(&document);
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["zone", "age", "news", "size", "born"]);
        assert_eq!(fields[0].label, "Time zone");
        assert!(fields[0].required && !fields[1].required);
        assert_eq!(fields[3].choices(), ["S", "M"]);
        assert_eq!(fields[4].kind, FieldKind::Date);
    }

    #[test]
    fn what_was_entered_becomes_json() {
        let field = |kind, required| Field {
            name: "a".into(),
            label: "A".into(),
            hint: String::new(),
            kind,
            required,
        };
        let number = field(FieldKind::Number, true);
        assert_eq!(number.read(Some(" 12 ")), Some(json!(12)));
        assert_eq!(number.read(Some("1.5")), Some(json!(1.5)));
        assert_eq!(number.read(Some("twelve")), Some(json!("twelve")));
        assert_eq!(number.read(Some("")), None);
        let text = field(FieldKind::Text(9), false);
        assert_eq!(text.read(Some(" 12 ")), Some(json!("12")));
        assert_eq!(text.read(None), None);
        assert_eq!(field(FieldKind::YesNo, true).read(None), Some(json!(false)));
        assert_eq!(field(FieldKind::YesNo, false).read(None), None);
        assert_eq!(
            field(FieldKind::YesNo, false).read(Some("yes")),
            Some(json!(true))
        );
    }
}
