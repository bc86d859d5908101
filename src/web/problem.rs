//! Errors for programs: RFC 9457, with a stable `code`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Serialize;

use super::form_errors::{refusal, words};
use crate::error::{Code, Error};
use crate::text::Text;

/// Seconds after which an answer of 503 may be asked for again.
pub(super) const RETRY_SECONDS: u64 = 5;

/// How errors are told to the programs of a path: in which words, the error, and the id of the request.
pub type Telling = fn(Text, &Error, &str) -> HttpResponse;

/// The body of every error answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Problem {
    /// Names the kind of problem: `about:blank#` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// Stable; programs branch on it.
    pub code: String,
    /// Finds the request in the log.
    pub request_id: String,
    /// What is wrong with each field, for 422.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldProblem {
    /// The field as it is called in the body.
    pub field: String,
    /// Stable; programs branch on it.
    pub code: String,
    /// What is wrong, in words.
    pub detail: String,
}

impl Problem {
    /// The answer to a program; a [`Telling`].
    pub fn answer(text: Text, error: &Error, request_id: &str) -> HttpResponse {
        let problem = Self::of(text, error, request_id);
        refused(error, "application/problem+json", &problem)
    }

    /// What is told of an error.
    pub fn of(text: Text, error: &Error, request_id: &str) -> Self {
        let code = error.code();
        let no_args = Vec::new();
        let (detail, errors) = match error {
            Error::Refused(code, args) => (refusal(text, *code, args), Vec::new()),
            Error::Invalid(fields) => (
                refusal(text, code, &no_args),
                fields
                    .iter()
                    .map(|field| FieldProblem {
                        field: field.field.clone(),
                        code: field.code.to_owned(),
                        detail: words(text, field),
                    })
                    .collect(),
            ),
            Error::TooMany(seconds) => (text.wait(*seconds, "web-too-many-tries"), Vec::new()),
            _ => (refusal(text, code, &no_args), Vec::new()),
        };
        Self {
            kind: format!("about:blank#{}", code.as_str()),
            title: text
                .get(format!("problem-title-{}", code.status()))
                .to_string(),
            status: code.status(),
            detail,
            code: code.as_str().to_owned(),
            request_id: request_id.to_owned(),
            errors,
        }
    }
}

/// An answer that refuses, with the headers that belong to the error.
pub fn refused(error: &Error, kind: &'static str, body: &impl Serialize) -> HttpResponse {
    let code = error.code();
    let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    answer.insert_header((CONTENT_TYPE, kind));
    if let Some(seconds) = retry_after(error) {
        answer.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    match code {
        Code::CredentialMissing | Code::SignInRequired | Code::SignInFailed => {
            answer.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        _ if status == StatusCode::UNAUTHORIZED => {
            answer.insert_header((WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""));
        }
        _ => {}
    }
    answer.body(serde_json::to_string(body).unwrap_or_default())
}

/// When to come back, in seconds.
pub(super) fn retry_after(error: &Error) -> Option<u64> {
    match error {
        Error::TooMany(seconds) => Some(*seconds),
        // Quotas count over a day: an hour later the oldest may have left the count.
        error if error.code().status() == 429 => Some(3_600),
        error if error.code().status() == 503 => Some(RETRY_SECONDS),
        _ => None,
    }
}
