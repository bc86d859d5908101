//! Errors for programs: RFC 9457, with a stable `code`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Serialize;

use super::forms::{refusal, words};
use crate::error::{Code, Error};
use crate::text::Text;

/// Seconds after which an answer of 503 may be asked for again.
pub(super) const RETRY_SECONDS: u64 = 5;

/// The body of every error answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Problem {
    /// Names the kind of problem: `about:blank#` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of problem in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened and what to do.
    detail: String,
    /// Stable; programs branch on it.
    code: String,
    /// Finds the request in the log.
    request_id: String,
    /// What is wrong with each field, for 422.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, JsonSchema)]
struct FieldProblem {
    field: String,
    code: String,
    detail: String,
}

impl Problem {
    /// The answer to a program.
    pub fn answer(text: Text, error: &Error, request_id: &str) -> HttpResponse {
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
        let problem = Self {
            kind: format!("about:blank#{}", code.as_str()),
            title: text
                .get(format!("problem-title-{}", code.status()))
                .to_string(),
            status: code.status(),
            detail,
            code: code.as_str().to_owned(),
            request_id: request_id.to_owned(),
            errors,
        };
        let status =
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = HttpResponse::build(status);
        answer.insert_header((CONTENT_TYPE, "application/problem+json"));
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
        answer.body(serde_json::to_string(&problem).unwrap_or_default())
    }
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
