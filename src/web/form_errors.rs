//! What is wrong with what was sent, in words.

use std::collections::HashMap;

use crate::error::{Code, Error, FieldError, Result};
use crate::text::Text;

/// What is wrong with a form, in words, field by field.
#[derive(Clone, Debug, Default)]
pub struct FormErrors {
    list: Vec<(String, String)>,
    /// What the fields are called whose words do not say so themselves.
    labels: HashMap<String, String>,
    /// Fields whose words would do beside any other.
    vague: Vec<String>,
    status: u16,
    retry_after: Option<u64>,
}

impl FormErrors {
    /// Nothing is wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// The words for `error`, when it is one that the person can mend in the form; any other error is
    /// given back.
    ///
    /// # Errors
    /// The error that no form can mend.
    pub fn of(text: Text, error: Error) -> Result<Self> {
        match error {
            Error::Invalid(errors) => Ok(Self {
                vague: errors
                    .iter()
                    .filter(|error| !text.has(&keys(error).1))
                    .map(|error| error.field.clone())
                    .collect(),
                list: errors
                    .into_iter()
                    .map(|error| (error.field.clone(), words(text, &error)))
                    .collect(),
                status: 422,
                ..Self::default()
            }),
            Error::TooMany(seconds) => {
                let words = text.wait(seconds, "web-too-many-tries");
                Ok(Self::too_many(seconds, words))
            }
            Error::Refused(code, args) if is_mendable(code) => Ok(Self {
                list: vec![(field_of(code).to_owned(), refusal(text, code, &args))],
                status: code.status(),
                ..Self::default()
            }),
            error => Err(error),
        }
    }

    /// Sent too often: may be sent again after so many seconds, in words of the page's own.
    pub fn too_many(seconds: u64, words: String) -> Self {
        Self {
            list: vec![(String::new(), words)],
            status: Code::TooManyRequests.status(),
            retry_after: Some(seconds),
            ..Self::default()
        }
    }

    /// A refusal that concerns one field, in words of the page's own.
    pub fn beside(field: &str, words: &str, code: Code) -> Self {
        Self {
            list: vec![(field.to_owned(), words.to_owned())],
            status: code.status(),
            ..Self::default()
        }
    }

    /// Names the fields by their labels, for the list of what is wrong, where the words beside a field do not.
    #[must_use]
    pub fn labelled(mut self, labels: impl IntoIterator<Item = (String, String)>) -> Self {
        self.labels.extend(labels);
        self
    }

    /// What a field is called, when its words in the list need it.
    pub fn label(&self, name: &str) -> Option<&str> {
        let is_vague = self.vague.iter().any(|field| field == name);
        let label = self.labels.get(name).filter(|_| is_vague);
        label.map(String::as_str)
    }

    /// The errors in the order in which the fields stand on the page; others come last.
    #[must_use]
    pub fn in_order(mut self, fields: &[&str]) -> Self {
        let place = |name: &str| fields.iter().position(|field| *field == name);
        self.list
            .sort_by_key(|(name, _)| place(name).unwrap_or(fields.len()));
        self
    }

    /// The words beside a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.list
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, words)| words.as_str())
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Every error: the field's name, empty for the form as a whole, and the words.
    pub fn list(&self) -> &[(String, String)] {
        &self.list
    }

    /// Seconds after which the form may be sent again, when it was sent too often.
    pub const fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// The status of the page that shows the form again.
    pub fn status(&self) -> u16 {
        if self.status == 0 { 200 } else { self.status }
    }
}

/// Refusals that concern what was entered; the others are about the caller or the page.
const fn is_mendable(code: Code) -> bool {
    matches!(code.status(), 409 | 422)
        || matches!(
            code,
            Code::SignInFailed
                | Code::AccountDisabled
                | Code::AboveYou
                | Code::CodeInvalid
                | Code::CodeExpired
                | Code::RoleNotGrantable
                | Code::GroupNotGrantable
                | Code::TooManyInvites
        )
}

/// The field that a refusal is about: every page calls the field of a code so. Empty for the form as a whole.
const fn field_of(code: Code) -> &'static str {
    match code {
        Code::CodeInvalid | Code::CodeExpired => "code",
        _ => "",
    }
}

/// The key of the words for any field, and of those for this one.
fn keys(error: &FieldError) -> (String, String) {
    let key = format!("field-{}", error.code.replace('_', "-"));
    let closer = format!("{key}-{}", error.field.replace(['_', '.'], "-"));
    (key, closer)
}

/// The words of a field's error, in the catalogue as `field-<code>`; where the code says too little in a
/// list of errors, as `field-<code>-<field>`.
pub(super) fn words(text: Text, error: &FieldError) -> String {
    let (key, closer) = keys(error);
    let key = if text.has(&closer) { closer } else { key };
    let words = error
        .args
        .iter()
        .fold(text.get(key), |words, (name, value)| {
            match (*name, value.parse::<i64>()) {
                ("min" | "max" | "line", Ok(number)) => words.arg(name, number),
                _ => words.arg(name, value),
            }
        });
    words.to_string()
}

/// What went wrong in words, a line for each field: for the command line.
pub fn spoken(text: Text, error: &Error) -> String {
    match error {
        Error::Refused(code, args) => refusal(text, *code, args),
        Error::Invalid(fields) => fields
            .iter()
            .map(|field| format!("{}: {}", field.field, words(text, field)))
            .collect::<Vec<_>>()
            .join("\n"),
        Error::TooMany(seconds) => text.wait(*seconds, "web-too-many-tries"),
        Error::Unavailable(why) => why.clone(),
        Error::Database(_) | Error::Internal(_) => error.to_string(),
    }
}

/// The stable code of an error and its words, without the names of fields: for one line of many.
pub fn reason(text: Text, error: &Error) -> (&'static str, String) {
    match error {
        Error::Invalid(fields) => {
            let all: Vec<String> = fields.iter().map(|field| words(text, field)).collect();
            let first = fields.first().map_or("invalid_input", |field| field.code);
            (first, all.join(" "))
        }
        Error::Refused(code, args) => (code.as_str(), refusal(text, *code, args)),
        other => (other.code().as_str(), spoken(text, other)),
    }
}

/// The words of a refusal, in the catalogue as `problem-<code>`.
pub(super) fn refusal(text: Text, code: Code, args: &[(&'static str, String)]) -> String {
    let key = format!("problem-{}", code.as_str().replace('_', "-"));
    args.iter()
        .fold(text.get(key), |words, (name, value)| words.arg(name, value))
        .to_string()
}
