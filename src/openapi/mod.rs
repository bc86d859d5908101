//! The description of the API: an OpenAPI 3.1 document made of the route table, and a page for people
//! made of that document. Each row of the table carries a [`Doc`]; nothing is described anywhere else,
//! so that a route cannot be forgotten.

mod document;
mod fields;
mod pages;
mod problems;
mod reference;
mod sample;
mod schemas;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::access::{Role, Scope};
use crate::error::Code;

pub use document::document;
pub use pages::{Reference, docs, openapi_json};

/// Makes the schema of one type, with its parts among the components of the document.
pub type SchemaFn = fn(&mut SchemaGenerator) -> Schema;

/// The [`SchemaFn`] of a type.
pub fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Who may call a route, as the description tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Anyone,
    /// Who is signed in, with at least this role.
    SignedIn(Role),
    /// Any API key.
    Key,
    /// An API key with this scope, whose owner's role has use for it.
    Scope(Scope),
}

/// One row of the route table, as far as the description needs it.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// The method in capitals.
    pub method: &'a str,
    /// The pattern, parts in braces.
    pub path: &'a str,
    /// Who may call it.
    pub access: Access,
    /// What it does, takes and answers.
    pub doc: &'a Doc,
}

/// What a route does, takes and answers. Made in a constant: [`Doc::new`] and the methods after it.
#[derive(Clone, Copy, Debug)]
pub struct Doc {
    /// A few words that start with a verb: "List groups".
    pub summary: &'static str,
    /// What else there is to know; may be empty.
    pub about: &'static str,
    /// The query string.
    pub query: Option<SchemaFn>,
    /// The body.
    pub body: Body,
    /// The answer when it worked.
    pub answer: Answer,
    /// Its refusals, beside those that every route of its kind has.
    pub codes: &'static [Code],
}

/// What a route takes as its body.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(SchemaFn),
    /// A form of a page of ours.
    Form,
}

/// What a route answers when it worked.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// A status without a body.
    Nothing(u16),
    /// JSON.
    Json(u16, SchemaFn),
    /// 200 with a text of this media type.
    Text(&'static str),
    /// 303 to a page.
    Redirect,
}

impl Doc {
    /// A route that takes nothing and answers 204.
    pub const fn new(summary: &'static str) -> Self {
        Self {
            summary,
            about: "",
            query: None,
            body: Body::None,
            answer: Answer::Nothing(204),
            codes: &[],
        }
    }

    /// A page.
    pub const fn page(summary: &'static str) -> Self {
        Self {
            answer: Answer::Text("text/html"),
            ..Self::new(summary)
        }
    }

    /// What a form of a page is sent to.
    pub const fn form(summary: &'static str) -> Self {
        Self {
            body: Body::Form,
            answer: Answer::Redirect,
            ..Self::new(summary)
        }
    }

    /// Says more than the summary.
    #[must_use]
    pub const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// Takes a query string.
    #[must_use]
    pub const fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(schema_of::<T>);
        self
    }

    /// Takes a JSON body.
    #[must_use]
    pub const fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Body::Json(schema_of::<T>);
        self
    }

    /// Answers JSON.
    #[must_use]
    pub const fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answer = Answer::Json(status, schema_of::<T>);
        self
    }

    /// Answers a status alone.
    #[must_use]
    pub const fn answers_nothing(mut self, status: u16) -> Self {
        self.answer = Answer::Nothing(status);
        self
    }

    /// Answers a text.
    #[must_use]
    pub const fn answers_text(mut self, media_type: &'static str) -> Self {
        self.answer = Answer::Text(media_type);
        self
    }

    /// Names its own refusals. Those that follow from its kind (credentials, bodies, ids in the path,
    /// cursors, `Idempotency-Key`, limits, faults) are added by themselves.
    #[must_use]
    pub const fn codes(mut self, codes: &'static [Code]) -> Self {
        self.codes = codes;
        self
    }
}

impl Operation<'_> {
    /// Whether programs call it, rather than browsers.
    fn is_api(&self) -> bool {
        !matches!(self.access, Access::SignedIn(_))
            && !matches!(self.doc.body, Body::Form)
            && !matches!(self.doc.answer, Answer::Text("text/html"))
    }

    /// Every refusal that it may answer, in the order of the statuses.
    fn all_codes(&self) -> Vec<Code> {
        let mut codes = self.doc.codes.to_vec();
        let keyed = matches!(self.access, Access::Key | Access::Scope(_));
        let has_body = matches!(self.doc.body, Body::Json(_));
        let takes_key = keyed && self.method == "POST";
        let mut add = |when: bool, some: &[Code]| {
            if when {
                codes.extend(some);
            }
        };
        let under_api = self.path.starts_with("/api/");
        add(under_api, &[Code::CredentialInUrl, Code::CredentialInvalid]);
        add(
            keyed,
            &[
                Code::CredentialMissing,
                Code::KeyExpired,
                Code::KeyRevoked,
                Code::OwnerDisabled,
            ],
        );
        add(
            matches!(self.access, Access::Scope(_)),
            &[Code::ScopeMissing, Code::Forbidden],
        );
        add(
            matches!(self.access, Access::SignedIn(_)),
            &[Code::SignInRequired, Code::Forbidden],
        );
        add(
            matches!(self.doc.body, Body::Form),
            &[Code::FormExpired, Code::TooLarge, Code::InvalidInput],
        );
        add(
            has_body,
            &[
                Code::BadRequest,
                Code::TooLarge,
                Code::UnsupportedMediaType,
                Code::InvalidInput,
            ],
        );
        add(self.doc.query.is_some(), &[Code::InvalidInput]);
        add(
            takes_key,
            &[Code::RequestInProgress, Code::IdempotencyMismatch],
        );
        add(self.path.contains('{'), &[Code::NotFound]);
        add(under_api, &[Code::TooManyRequests]);
        add(true, &[Code::Internal, Code::Unavailable]);
        codes.sort_by_key(|code| (code.status(), *code));
        codes.dedup();
        codes
    }
}
