//! The description of the API: an OpenAPI 3.1 document made of the route table, and a page for people
//! made of that document. Each row of the table that programs call carries a [`Doc`]; nothing is described
//! anywhere else, and a test of the table finds a row without one.

mod document;
mod fields;
mod names;
mod pages;
mod problems;
mod reference;
mod sample;
mod schemas;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::access::{Role, Who};
use crate::error::Code;

pub use document::document;
pub use pages::{OPENAPI_JSON, Reference, docs, openapi_json};

/// Makes the schema of one type, with its parts among the components of the document.
pub type SchemaFn = fn(&mut SchemaGenerator) -> Schema;

/// The [`SchemaFn`] of a type.
pub fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// One row of the route table, as far as the description needs it.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// The method in capitals.
    pub method: &'a str,
    /// The pattern, parts in braces.
    pub path: &'a str,
    /// Who may call it.
    pub who: Who,
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
    /// The media type of a file that may be the body.
    pub file: Option<&'static str>,
    /// The answer when it worked.
    pub answer: Answer,
    /// Another answer in JSON, with its status.
    pub other: Option<(u16, SchemaFn)>,
    /// Whether browsers are answered too, with pages.
    pub browsers: bool,
    /// How it is told to clients of another system.
    pub dialect: Option<&'static Dialect>,
    /// Its refusals, beside those that every route of its kind has.
    pub codes: &'static [Code],
}

/// What the calls of another system have in common, whose clients are understood.
#[derive(Debug)]
pub struct Dialect {
    /// The group that its calls stand in.
    pub tag: &'static str,
    /// The body of a refusal, in the form that its clients read.
    pub refusal: SchemaFn,
}

/// What a route takes as its body.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(SchemaFn),
}

/// What a route answers when it worked.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// A status without a body.
    Nothing(u16),
    /// JSON.
    Json(u16, SchemaFn),
    /// 200 with a JSON document that follows a schema of its own.
    Document,
    /// 200 with text of a media type.
    Text(&'static str),
    /// It never works; its refusal says what to do instead.
    Never,
}

impl Doc {
    /// A route that takes nothing and answers 204.
    pub const fn new(summary: &'static str) -> Self {
        Self {
            summary,
            about: "",
            query: None,
            body: Body::None,
            file: None,
            answer: Answer::Nothing(204),
            other: None,
            browsers: false,
            dialect: None,
            codes: &[],
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

    /// Takes a file of a media type as its body too.
    #[must_use]
    pub const fn or_file(mut self, media: &'static str) -> Self {
        self.file = Some(media);
        self
    }

    /// Answers JSON.
    #[must_use]
    pub const fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        self.answer = Answer::Json(status, schema_of::<T>);
        self
    }

    /// Answers a JSON document that follows a schema of its own.
    #[must_use]
    pub const fn answers_document(mut self) -> Self {
        self.answer = Answer::Document;
        self
    }

    /// Answers text of a media type.
    #[must_use]
    pub const fn answers_text(mut self, media: &'static str) -> Self {
        self.answer = Answer::Text(media);
        self
    }

    /// Answers refusals alone.
    #[must_use]
    pub const fn never_works(mut self) -> Self {
        self.answer = Answer::Never;
        self
    }

    /// May answer JSON with another status too.
    #[must_use]
    pub const fn or_answers<T: JsonSchema>(mut self, status: u16) -> Self {
        self.other = Some((status, schema_of::<T>));
        self
    }

    /// Takes forms and answers pages, unless JSON is asked for.
    #[must_use]
    pub const fn and_pages(mut self) -> Self {
        self.browsers = true;
        self
    }

    /// Speaks to clients of another system: refusals have that system's form, and query parameters that nobody
    /// knows are passed over.
    #[must_use]
    pub const fn dialect(mut self, dialect: &'static Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Names its own refusals. Those that follow from its kind (credentials, scopes, bodies, query strings,
    /// ids in the path, `Idempotency-Key`, and faults of routes that take a key) are added by themselves.
    #[must_use]
    pub const fn codes(mut self, codes: &'static [Code]) -> Self {
        self.codes = codes;
        self
    }
}

impl Operation<'_> {
    /// Whether it takes an API key.
    const fn is_keyed(&self) -> bool {
        self.who.is_keyed()
    }

    /// Whether a repeat of it can be told from a second call.
    fn can_be_repeated(&self) -> bool {
        self.is_keyed() && self.method == "POST" && matches!(self.doc.body, Body::Json(_))
    }

    /// The role below which nobody may call it.
    const fn least_role(&self) -> Option<Role> {
        match self.who {
            Who::SignedIn | Who::Inviter => Some(Role::Member),
            who => who.least_role(),
        }
    }

    /// Every refusal that it may answer, in the order of the statuses.
    fn all_codes(&self) -> Vec<Code> {
        let mut codes = self.doc.codes.to_vec();
        let mut add = |when: bool, some: &[Code]| {
            if when {
                codes.extend(some);
            }
        };
        add(
            self.is_keyed(),
            &[
                Code::BadRequest,
                Code::CredentialInUrl,
                Code::CredentialMissing,
                Code::CredentialInvalid,
                Code::KeyExpired,
                Code::KeyRotated,
                Code::KeyRevoked,
                Code::OwnerDisabled,
                Code::InvalidInput,
                Code::Internal,
                Code::Unavailable,
            ],
        );
        let changes = self.is_keyed() && self.method != "GET";
        add(changes, &[Code::OutcomeUnknown]);
        add(self.who.scope().is_some(), &[Code::ScopeMissing]);
        add(self.least_role() > Some(Role::Member), &[Code::Forbidden]);
        add(
            matches!(self.doc.body, Body::Json(_)),
            &[
                Code::BadRequest,
                Code::RequestTimeout,
                Code::TooLarge,
                Code::UnsupportedMediaType,
                Code::InvalidInput,
            ],
        );
        add(
            self.can_be_repeated(),
            &[Code::RequestInProgress, Code::IdempotencyMismatch],
        );
        add(self.path.contains('{'), &[Code::NotFound]);
        codes.sort_by_key(|code| (code.status(), *code));
        codes.dedup();
        codes
    }
}
