//! `/openapi.json` and the page `/docs`, both made once when the server starts.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::reference::{
    Object, Opened, Refusal, Section, objects, problem, refusals, scopes, sections,
};
use super::{Doc, Operation, document};
use crate::error::{Code, Result};
use crate::web::{Page, show};

/// The description of this server's API, ready to be shown. Handlers get it as `web::Data<Reference>`.
#[derive(Debug)]
pub struct Reference {
    json: String,
    origin: String,
    sections: Vec<Section>,
    objects: Vec<Object>,
    scopes: Vec<Opened>,
    refusals: Vec<Refusal>,
    problem: String,
}

impl Reference {
    /// The description of the routes `rows` of the server at `public_url`.
    pub fn new<'a>(rows: impl IntoIterator<Item = Operation<'a>>, public_url: &str) -> Self {
        let document = document(rows, public_url);
        let sections = sections(&document);
        Self {
            json: document.to_string(),
            origin: public_url.to_owned(),
            objects: objects(&document),
            scopes: scopes(&sections),
            refusals: refusals(&document),
            problem: problem(&document),
            sections,
        }
    }
}

#[derive(Template)]
#[template(path = "docs/reference.html")]
struct ReferencePage<'a> {
    page: Page,
    reference: &'a Reference,
    conventions: &'static [(&'static str, &'static str)],
}

/// What holds for every call: the keys of its name and its text.
const CONVENTIONS: &[(&str, &str)] = &[
    ("docs-json-name", "docs-json-text"),
    ("docs-ids-name", "docs-ids-text"),
    ("docs-times-name", "docs-times-text"),
    ("docs-lists-name", "docs-lists-text"),
    ("docs-repeats-name", "docs-repeats-text"),
    ("docs-changes-name", "docs-changes-text"),
    ("docs-waiting-name", "docs-waiting-text"),
];

/// Describes [`openapi_json`].
pub const OPENAPI_JSON: Doc = Doc::new("Read this description")
    .about("An OpenAPI 3.1 document.")
    .answers_document()
    .codes(&[
        Code::CredentialInUrl,
        Code::CredentialInvalid,
        Code::KeyExpired,
        Code::KeyRotated,
        Code::KeyRevoked,
        Code::OwnerDisabled,
        Code::Internal,
        Code::Unavailable,
    ]);

/// `GET /openapi.json`: public.
pub async fn openapi_json(reference: web::Data<Reference>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(reference.json.clone())
}

/// `GET /docs`: public.
///
/// # Errors
/// When the page cannot be rendered.
pub async fn docs(page: Page, reference: web::Data<Reference>) -> Result<HttpResponse> {
    let page = page.titled("docs-title", "");
    show(&ReferencePage {
        page,
        reference: &reference,
        conventions: CONVENTIONS,
    })
}
