//! Errors as clients of Aleph read them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::WWW_AUTHENTICATE;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Code, Error};
use crate::text::Text;
use crate::web::{Problem, refused};

/// The body of every error answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AlephError")]
pub(super) struct Refusal {
    /// `error`.
    status: &'static str,
    /// What happened and what to do.
    message: String,
    /// What is wrong with each field, by its name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    errors: Map<String, Value>,
    /// Stable; programs branch on it.
    code: String,
    /// Finds the request in the log.
    request_id: String,
}

/// The answer to a program. Who brings no credential at all is answered 403, as there; a credential that is not good is 401.
pub(super) fn tell(text: Text, error: &Error, request_id: &str) -> HttpResponse {
    let problem = Problem::of(text, error, request_id);
    let errors = problem.errors.into_iter();
    let body = Refusal {
        status: "error",
        message: problem.detail,
        errors: errors
            .map(|fault| (fault.field, fault.detail.into()))
            .collect(),
        code: problem.code,
        request_id: problem.request_id,
    };
    let mut answer = refused(error, "application/json", &body);
    if let Code::SignInRequired | Code::CredentialMissing = error.code() {
        *answer.status_mut() = StatusCode::FORBIDDEN;
        answer.headers_mut().remove(WWW_AUTHENTICATE);
    }
    answer
}
