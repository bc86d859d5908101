//! Errors as OAuth tells them (RFC 6749, section 5.2; RFC 6750, section 3.1).

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Serialize;

use crate::access::Scope;
use crate::error::{Code, Error};
use crate::openapi::{Dialect, schema_of};
use crate::text::Text;
use crate::web::{Problem, refused};

/// How the paths begin whose errors are told so.
pub const PATHS: &str = "/oauth2/";

/// The body of every error answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OAuthError")]
pub(super) struct Refusal {
    /// The word of the standard.
    error: &'static str,
    /// What happened and what to do.
    error_description: String,
    /// Our own word, which tells more; programs branch on it.
    code: String,
    /// Finds the request in the log.
    request_id: String,
}

/// What the descriptions of calls of OAuth have in common.
pub(super) const DIALECT: Dialect = Dialect {
    tag: "tokens",
    refusal: schema_of::<Refusal>,
};

/// The answer to a program.
pub fn tell(text: Text, error: &Error, request_id: &str) -> HttpResponse {
    let problem = Problem::of(text, error, request_id);
    let word = match (error.code(), problem.status) {
        (Code::CredentialMissing, _) => "invalid_client",
        (_, 401) => "invalid_token",
        (_, 403) => "insufficient_scope",
        (_, 429 | 503) => "temporarily_unavailable",
        (_, 500..) => "server_error",
        _ => "invalid_request",
    };
    let body = Refusal {
        error: word,
        error_description: problem.detail,
        code: problem.code,
        request_id: problem.request_id,
    };
    let mut answer = refused(error, "application/json", &body);
    if error.code() == Code::ScopeMissing {
        let needed = format!(
            "Bearer error=\"{word}\", scope=\"{}\"",
            Scope::Introspect.as_str()
        );
        if let Ok(needed) = HeaderValue::from_str(&needed) {
            answer.headers_mut().insert(WWW_AUTHENTICATE, needed);
        }
    }
    answer
}
