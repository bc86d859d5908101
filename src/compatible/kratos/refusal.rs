//! Errors as clients of Kratos read them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Error;
use crate::text::Text;
use crate::web::{FieldProblem, Problem, refused};

/// The body of every error answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KratosError")]
pub(super) struct Refusal {
    error: Why,
}

/// What went wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KratosErrorWhy")]
struct Why {
    /// Stable; programs branch on it.
    id: String,
    /// The HTTP status.
    code: u16,
    /// The same in words.
    status: String,
    /// Finds the request in the log.
    request: String,
    /// What happened and what to do.
    reason: String,
    /// The kind of problem in words.
    message: String,
    /// What is wrong with each field, for 422.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
}

/// What is wrong with the fields of a body.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KratosErrorDetails")]
struct Details {
    errors: Vec<FieldProblem>,
}

/// Fields that have another name here than in the API.
const NAMES: [(&str, &str); 3] = [
    ("email", "identifier"),
    ("phone", "identifier"),
    ("metadata_admin", "metadata_private"),
];

/// The answer to a program.
pub(super) fn tell(text: Text, error: &Error, request_id: &str) -> HttpResponse {
    let problem = Problem::of(text, error, request_id);
    let status = StatusCode::from_u16(problem.status).ok();
    let status = status.and_then(|status| status.canonical_reason());
    let mut errors = problem.errors;
    for fault in &mut errors {
        if let Some((_, name)) = NAMES.iter().find(|(ours, _)| *ours == fault.field) {
            (*name).clone_into(&mut fault.field);
        }
    }
    let why = Why {
        id: problem.code,
        code: problem.status,
        status: status.unwrap_or_default().to_owned(),
        request: problem.request_id,
        reason: problem.detail,
        message: problem.title,
        details: (!errors.is_empty()).then_some(Details { errors }),
    };
    refused(error, "application/json", &Refusal { error: why })
}
