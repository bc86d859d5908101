//! JSON as it is meant: nothing is said twice, no number is changed, and an object is an object.
//!
//! Readers of JSON forgive more than that. Of two values of one name the last one wins, a whole number beyond 64 bits becomes
//! another number, and a list is taken for an object whose fields it holds in their order.

use std::collections::HashSet;

use serde::Deserializer;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

use crate::error::FieldError;

/// Why a body cannot be read.
pub(super) enum Fault {
    /// It is no JSON.
    Broken,
    /// One field is not right.
    Field(FieldError),
    /// It is not of the wanted type: where, and serde's words.
    Type(String, String),
}

/// Reads a body.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    let value: Value = serde_json::from_slice(body).map_err(|_| Fault::Broken)?;
    if let Some(fault) = Text::new(body).fault() {
        return Err(Fault::Field(fault));
    }
    read_value(&value)
}

/// Reads a value.
pub(super) fn read_value<T: DeserializeOwned>(value: &Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(Strict(value))
        .map_err(|why| Fault::Type(why.path().to_string(), why.inner().to_string()))
}

/// Reads a document that was typed into the field of a form.
///
/// # Errors
/// `not_json` with what is wrong and where; `duplicate_field` and `number_too_large` with the place.
pub fn document(field: &str, text: &str) -> Result<Value, FieldError> {
    let value = serde_json::from_str(text)
        .map_err(|why| FieldError::new(field, "not_json").with("words", why))?;
    match Text::new(text.as_bytes()).fault() {
        Some(fault) => Err(FieldError::new(field, fault.code).with("place", fault.field)),
        None => Ok(value),
    }
}

/// A value that gives objects to who wants an object, at every depth.
#[derive(Clone, Copy)]
struct Strict<'a>(&'a Value);

impl<'de> IntoDeserializer<'de, Error> for Strict<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Strict<'de> {
    fn object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), Strict(value)));
                visitor.visit_map(MapDeserializer::new(fields))
            }
            other => other.deserialize_map(visitor),
        }
    }
}

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(_) => self.object(visitor),
            Value::Array(items) => {
                visitor.visit_seq(SeqDeserializer::new(items.iter().map(Strict)))
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.object(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        // Words alone: no body holds an enum with fields.
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}

/// The text of a body that is known to be JSON: what is lost when it is read as values is seen here.
struct Text<'a> {
    text: &'a [u8],
    at: usize,
    open: Vec<Open>,
}

/// An object or a list that has not ended.
enum Open {
    Object {
        names: HashSet<String>,
        name: String,
        /// Whether the next text is a name.
        wants_name: bool,
    },
    List(usize),
}

impl<'a> Text<'a> {
    const fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            open: Vec::new(),
        }
    }

    /// The first name that is there twice, or number that is not kept as it is written.
    fn fault(mut self) -> Option<FieldError> {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'{' => self.open.push(Open::Object {
                    names: HashSet::new(),
                    name: String::new(),
                    wants_name: true,
                }),
                b'[' => self.open.push(Open::List(0)),
                b'}' | b']' => drop(self.open.pop()),
                b',' => self.next_item(),
                b'"' => {
                    let text = self.string();
                    if let Some(Open::Object {
                        names,
                        name,
                        wants_name: wants_name @ true,
                    }) = self.open.last_mut()
                    {
                        *wants_name = false;
                        // serde_json has read it before.
                        *name = serde_json::from_slice(text).unwrap_or_default();
                        if !names.insert(name.clone()) {
                            return Some(FieldError::new(self.path(), "duplicate_field"));
                        }
                    }
                    continue;
                }
                b'-' | b'0'..=b'9' => {
                    if !is_kept(self.number()) {
                        return Some(FieldError::new(self.path(), "number_too_large"));
                    }
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
        None
    }

    fn next_item(&mut self) {
        match self.open.last_mut() {
            Some(Open::Object { wants_name, .. }) => *wants_name = true,
            Some(Open::List(index)) => *index += 1,
            None => {}
        }
    }

    /// The string that begins here, with its quotes.
    fn string(&mut self) -> &'a [u8] {
        let start = self.at;
        self.at += 1;
        while let Some(&byte) = self.text.get(self.at) {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        &self.text[start..self.at.min(self.text.len())]
    }

    /// The number that begins here.
    fn number(&mut self) -> &'a [u8] {
        let start = self.at;
        let rest = &self.text[start..];
        let is_part =
            |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        self.at += rest.iter().take_while(|byte| is_part(byte)).count();
        &self.text[start..self.at]
    }

    /// Where the reader stands, as `serde_path_to_error` writes it.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match open {
                Open::Object { name, .. } => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Open::List(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }
}

/// Whether a number is kept as it is written: a whole one has 64 bits at most.
fn is_kept(number: &[u8]) -> bool {
    let text = std::str::from_utf8(number).unwrap_or_default();
    text.contains(['.', 'e', 'E']) || text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Map;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        list: Vec<Inner>,
        #[serde(default)]
        free: Map<String, Value>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "read, and that is all")]
        name: String,
    }

    fn fault(body: &str) -> String {
        match read::<Outer>(body.as_bytes()) {
            Ok(outer) => format!(
                "{} {} {}",
                outer.inner.is_some(),
                outer.list.len(),
                outer.free.len()
            ),
            Err(Fault::Broken) => "broken".to_owned(),
            Err(Fault::Field(fault)) => format!("{} {}", fault.field, fault.code),
            Err(Fault::Type(path, words)) => format!("{path}: {words}"),
        }
    }

    #[test]
    fn what_other_readers_forgive_is_told_at_every_depth() {
        for (body, wanted) in [
            (
                r#"{"inner":{"name":"a"},"list":[{"name":"b"}],"free":{"x":[{}],"y":-0.5e3}}"#,
                "true 1 2",
            ),
            (r#"{"inner":null}"#, "false 0 0"),
            (
                r#"{"free":{"a":18446744073709551615,"b":-9223372036854775808}}"#,
                "false 0 2",
            ),
            ("[]", ".: invalid type: sequence, expected struct Outer"),
            (
                r#"{"inner":["a"]}"#,
                "inner: invalid type: sequence, expected struct Inner",
            ),
            (
                r#"{"list":[["a"]]}"#,
                "list[0]: invalid type: sequence, expected struct Inner",
            ),
            (
                r#"{"list":{}}"#,
                "list: invalid type: map, expected a sequence",
            ),
            (r#"{"list":[],"list":[]}"#, "list duplicate_field"),
            (
                r#"{"free":{"a":1,"b":{"c":[0,{"d":1,"\u0064":2}]}}}"#,
                "free.b.c[1].d duplicate_field",
            ),
            (r#"{"free":{"a":{"x":1},"b":{"x":1}}}"#, "false 0 2"),
            (r#"{"free":{"a":["x","x",{"\"":"{"}]}}"#, "false 0 1"),
            (
                r#"{"free":{"a":[1,18446744073709551616]}}"#,
                "free.a[1] number_too_large",
            ),
            (
                r#"{"free":{"a":-9223372036854775809}}"#,
                "free.a number_too_large",
            ),
            (r#"{"free":{"a":1}} {}"#, "broken"),
            ("{", "broken"),
        ] {
            assert_eq!(fault(body), wanted, "{body}");
        }
    }
}
