//! JSON in and out for the API, strict: unknown fields, doubled keys and wrong types are told, not
//! guessed at.

use std::future::{Future, Ready, ready};
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::idempotency::Once;
use super::strict::{self, Fault};
use super::visit::ApiCaller;
use crate::access::Actor;
use crate::app::App;
use crate::db::Tx;
use crate::error::{Code, Error, FieldError, Result};

/// 200 with a JSON body.
pub fn ok(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().json(body)
}

/// 201 with a JSON body.
pub fn created(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Created().json(body)
}

/// The body of a call without fields.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A text that is there: null is none. For fields that mean something else when they are left out.
///
/// # Errors
/// For anything that is no text.
pub fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    String::deserialize(from).map(Some)
}

/// A call that changes something: who calls, the body, and the way to do it once only.
pub struct Call<T> {
    /// Who calls.
    pub caller: ApiCaller,
    /// The body.
    pub input: T,
    once: Once,
}

impl<T: Clone + Send + 'static> Call<T> {
    /// Runs `action` as one transaction and answers what it made. With an `Idempotency-Key` a repeat
    /// answers the first answer again.
    ///
    /// # Errors
    /// What the action answered, or what the key's rules say.
    pub async fn run<A, F>(
        self,
        app: &App,
        status: StatusCode,
        mut action: F,
    ) -> Result<HttpResponse>
    where
        A: Serialize + Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor, &T) -> Result<A> + Send + 'static,
    {
        let Self {
            caller,
            input,
            once,
        } = self;
        let action = move |tx: &mut Tx<'_>, actor: &Actor| action(tx, actor, &input);
        once.answer(app, &caller, status, action).await
    }

    /// Runs `action` as one transaction and gives what it made, for a call that is not over with it. With an
    /// `Idempotency-Key` the id is kept that `action` tells, and a repeat calls `again` with it.
    ///
    /// # Errors
    /// What the action answered, or what the key's rules say.
    pub async fn make<A, F, G>(self, app: &App, mut action: F, again: G) -> Result<A>
    where
        A: Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor, &T) -> Result<(String, A)> + Send + 'static,
        G: FnMut(&mut Tx<'_>, &Actor, &str) -> Result<(String, A)> + Send + 'static,
    {
        let Self {
            caller,
            input,
            once,
        } = self;
        let action = move |tx: &mut Tx<'_>, actor: &Actor| action(tx, actor, &input);
        once.make(app, &caller, StatusCode::CREATED, action, again)
            .await
    }

    /// [`Call::run`] for an action whose answer holds a secret: `action` also tells the id of what it made,
    /// and a repeat with the same `Idempotency-Key` calls `again` with that id, for another secret in
    /// place of the first.
    ///
    /// # Errors
    /// What the action answered, or what the key's rules say.
    pub async fn run_secret<A, F, G>(
        self,
        app: &App,
        status: StatusCode,
        mut action: F,
        again: G,
    ) -> Result<HttpResponse>
    where
        A: Serialize + Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor, &T) -> Result<(String, A)> + Send + 'static,
        G: FnMut(&mut Tx<'_>, &Actor, &str) -> Result<(String, A)> + Send + 'static,
    {
        let Self {
            caller,
            input,
            once,
        } = self;
        let action = move |tx: &mut Tx<'_>, actor: &Actor| action(tx, actor, &input);
        once.answer_secret(app, &caller, status, action, again)
            .await
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Call<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let caller = ApiCaller::from_request(&request, payload).into_inner();
        let body = web::Bytes::from_request(&request, payload);
        Box::pin(async move {
            let caller = caller?;
            let body = whole(&request, body).await?;
            let once = Once::of(&request, &caller, &body)?;
            Ok(Self {
                caller,
                input: read_json(&request, &body)?,
                once,
            })
        })
    }
}

/// A call whose body may be more than JSON: the body as it came, and how to go on as a [`Call`].
pub struct Upload {
    /// Who calls.
    pub caller: ApiCaller,
    /// The body.
    pub body: web::Bytes,
    request: HttpRequest,
    once: Once,
}

impl Upload {
    /// Whether the body says that it is of a media type.
    pub fn is(&self, media: &str) -> bool {
        is_of(&self.request, media)
    }

    /// Reads the body as JSON, where that may take its time: a large one would keep other requests waiting.
    ///
    /// # Errors
    /// As for every call: at once when it is no JSON by its type, else when it is read.
    pub fn json<T: DeserializeOwned + 'static>(
        &self,
    ) -> Result<impl FnOnce() -> Result<T> + Send + use<T>> {
        require_json(&self.request, &self.body)?;
        let body = self.body.clone();
        Ok(move || parse(&body))
    }

    /// The call with what was read of its body.
    pub fn with<T>(self, input: T) -> Call<T> {
        Call {
            caller: self.caller,
            input,
            once: self.once,
        }
    }
}

impl FromRequest for Upload {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let caller = ApiCaller::from_request(&request, payload).into_inner();
        let body = web::Bytes::from_request(&request, payload);
        Box::pin(async move {
            let caller = caller?;
            let body = whole(&request, body).await?;
            Ok(Self {
                once: Once::of(&request, &caller, &body)?,
                caller,
                body,
                request,
            })
        })
    }
}

/// The body of a call that needs no credential.
pub struct OpenCall<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for OpenCall<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let body = web::Bytes::from_request(&request, payload);
        Box::pin(async move {
            let body = whole(&request, body).await?;
            read_json(&request, &body).map(Self)
        })
    }
}

/// The largest body of one address, where it is not [`super::BODY_LIMIT`]: bytes, and the same in words.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimit(pub usize, pub &'static str);

/// How long a body may take to arrive. Whoever sends one slower holds a connection for nothing.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// A whole body.
///
/// # Errors
/// `request_timeout`, `too_large`, or `bad_request` when its compression is broken.
pub(super) async fn whole(
    request: &HttpRequest,
    body: impl Future<Output = Result<web::Bytes, actix_web::Error>>,
) -> Result<web::Bytes> {
    let limit = request.app_data::<BodyLimit>();
    within(BODY_PATIENCE, limit.map_or("1 MiB", |limit| limit.1), body).await
}

async fn within(
    patience: Duration,
    limit: &str,
    body: impl Future<Output = Result<web::Bytes, actix_web::Error>>,
) -> Result<web::Bytes> {
    match tokio::time::timeout(patience, body).await {
        Ok(body) => body.map_err(|why| unread(&why, limit)),
        Err(_) => Code::RequestTimeout.refuse(),
    }
}

/// Why a body could not be had.
fn unread(why: &actix_web::Error, limit: &str) -> Error {
    match why.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => Code::TooLarge.with("limit", limit),
        _ => Code::BadRequest.into(),
    }
}

/// Reads a JSON body.
pub(super) fn read_json<T: DeserializeOwned>(request: &HttpRequest, body: &[u8]) -> Result<T> {
    require_json(request, body)?;
    parse(body)
}

/// Whether the body of a request says that it is of a media type.
pub(super) fn is_of(request: &HttpRequest, media: &str) -> bool {
    let kind = request.headers().get(CONTENT_TYPE);
    let essence = kind.and_then(|kind| kind.to_str().ok()?.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media))
}

/// Makes sure that a body says that it is JSON, when there is one.
fn require_json(request: &HttpRequest, body: &[u8]) -> Result<()> {
    if body.is_empty() {
        return Ok(());
    }
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let other_charset = kind
        .to_ascii_lowercase()
        .split(';')
        .skip(1)
        .any(|parameter| {
            let charset = parameter.trim().strip_prefix("charset=");
            charset.is_some_and(|name| !matches!(name.trim_matches('"'), "utf-8" | "utf8"))
        });
    if !is_of(request, "application/json") || other_charset {
        return Code::UnsupportedMediaType.refuse();
    }
    Ok(())
}

/// No body at all reads as `{}`, for calls whose fields are all optional.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let body = if body.is_empty() { b"{}" } else { body };
    strict::read(body).map_err(told)
}

/// Reads a value that was in a JSON body, as strictly as a body.
///
/// # Errors
/// `invalid_input`.
pub fn read_value<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T> {
    strict::read_value(value).map_err(told)
}

fn told(fault: Fault) -> Error {
    match fault {
        Fault::Broken => Code::BadRequest.into(),
        Fault::Field(fault) => fault.into(),
        Fault::Type(path, words) => field_error(&path, &words),
    }
}

/// Turns serde's words into a field and a code.
fn field_error(path: &str, words: &str) -> Error {
    let named = || words.split('`').nth(1).unwrap_or_default().to_owned();
    let join = |name: String| {
        if path == "." {
            name
        } else {
            format!("{path}.{name}")
        }
    };
    let field = match () {
        () if words.starts_with("unknown field") => {
            // The path already ends in the unknown field where serde knows it.
            let name = named();
            let whole = if path.ends_with(&name) {
                path.to_owned()
            } else {
                join(name)
            };
            FieldError::new(whole, "unknown_field")
        }
        () if words.starts_with("missing field") => FieldError::new(join(named()), "required"),
        () if words.starts_with("duplicate field") => {
            FieldError::new(join(named()), "duplicate_field")
        }
        () => FieldError::new(path, "wrong_type"),
    };
    field.into()
}

/// The query string, strict like the bodies.
#[derive(Clone, Debug)]
pub struct Params<T>(pub T);

impl<T> Deref for Params<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = serde_urlencoded::Deserializer::new(form_urlencoded::parse(
            request.query_string().as_bytes(),
        ));
        ready(
            serde_path_to_error::deserialize(query)
                .map(Self)
                .map_err(|why| field_error(&why.path().to_string(), &why.inner().to_string())),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_does_not_come_is_not_waited_for() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let never = within(Duration::from_millis(5), "", std::future::pending());
        let refused = runtime.block_on(never).unwrap_err();
        assert_eq!(refused.code(), Code::RequestTimeout);
        let here = within(Duration::from_secs(5), "", async { Ok(web::Bytes::new()) });
        assert!(runtime.block_on(here).unwrap().is_empty());
    }
}
