//! Forms: read only when their CSRF token is right.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, ORIGIN, REFERER};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use serde::de::DeserializeOwned;

use super::csrf::Csrf;
use super::json::{is_of, read_json, whole};
use super::parts;
use super::visit::{ApiCaller, Visit};
use crate::app::App;
use crate::error::{Code, Error, Result};

/// A posted form whose CSRF token and origin are right. The only way a page handler gets at a body, so
/// that none can forget the check.
#[derive(Clone, Debug, Default)]
pub struct PostForm {
    fields: Vec<(String, String)>,
    files: Vec<(String, Vec<u8>)>,
}

impl PostForm {
    /// The first value of a field, with line ends as `\n`; empty when the form has none.
    pub fn get(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value)
    }

    /// Every value of a field, for checkboxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// The bytes of a file that was chosen; none when none was.
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        let chosen = self.files.iter().find(|(field, _)| field == name)?;
        Some(chosen.1.as_slice())
    }

    /// Whether a checkbox is ticked or a button was pressed.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }
}

impl FromRequest for PostForm {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let body = web::Bytes::from_request(&request, payload);
        Box::pin(async move {
            let visit = Visit::of(&request)?;
            let app = app_of(&request)?;
            if !same_site(&request, app) {
                return Code::FormExpired.refuse();
            }
            let body = whole(&request, body).await?;
            let form = if parts::has_files(&request) {
                let (fields, files) = parts::read(&request, body).await?;
                let fields = fields.into_iter();
                Self {
                    fields: fields.map(|(name, value)| (name, lines(&value))).collect(),
                    files,
                }
            } else {
                let fields: Vec<(String, String)> =
                    serde_urlencoded::from_bytes(&body).map_err(|_| Code::BadRequest)?;
                let fields = fields.into_iter();
                Self {
                    fields: fields.map(|(name, value)| (name, lines(&value))).collect(),
                    files: Vec::new(),
                }
            };
            if Csrf::of(&app.master, &visit.binding).matches(form.get("csrf")) {
                return Ok(form);
            }
            if is_of_this_origin(&request, app) {
                request.extensions_mut().insert(form.keep());
            }
            Code::FormExpired.refuse()
        })
    }
}

/// A value with line ends as `\n`.
fn lines(value: &str) -> String {
    value.replace("\r\n", "\n").replace('\r', "\n")
}

/// The answers of a form whose token was no longer good, so that the person can send them again with a
/// new one. Only of forms that this site's own pages posted: nobody else puts answers into one.
#[derive(Clone, Debug)]
pub(super) struct KeptAnswers(pub Vec<(String, String)>);

impl PostForm {
    /// The answers without the token, and without passwords: a page never gives those back. Their fields
    /// are those whose name ends so.
    fn keep(self) -> KeptAnswers {
        let mut answers = self.fields;
        answers.retain(|(name, _)| name != "csrf" && !name.ends_with("password"));
        KeptAnswers(answers)
    }
}

/// Whether the browser vouches that a page of this site sent the request. Unlike in [`same_site`], saying
/// nothing is not enough.
fn is_of_this_origin(request: &HttpRequest, app: &App) -> bool {
    let text = |name: &str| {
        let value = request.headers().get(name)?;
        value.to_str().ok()
    };
    text("sec-fetch-site") == Some("same-origin")
        || text(ORIGIN.as_str()).is_some_and(|origin| app.config.public_url.is_same_site(origin))
}

/// A form, or the same as JSON: for the public pages that other front ends may be built on.
pub enum Posted<T> {
    /// From a page of ours.
    Form(PostForm),
    /// From a program.
    Json(T),
}

impl<T: DeserializeOwned + 'static> FromRequest for Posted<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        if kind.is_empty() || kind.starts_with("application/x-www-form-urlencoded") {
            let form = PostForm::from_request(request, payload);
            return Box::pin(async move { form.await.map(Self::Form) });
        }
        let request = request.clone();
        let body = web::Bytes::from_request(&request, payload);
        Box::pin(async move {
            let visit = Visit::of(&request)?;
            let app = app_of(&request)?;
            // With a session cookie a program of another site could speak for the person.
            if visit.signed_in.is_some() {
                let origin = request.headers().get(ORIGIN);
                let from_here = origin
                    .and_then(|origin| origin.to_str().ok())
                    .is_some_and(|origin| app.config.public_url.is_same_site(origin));
                if !from_here && !brings_token(&request, app, &visit) {
                    return Code::FormExpired.refuse();
                }
            }
            let body = whole(&request, body).await?;
            read_json(&request, &body).map(Self::Json)
        })
    }
}

/// What a program posts as a form, as OAuth wants it. Unlike a [`PostForm`] it has no token, so it is for calls that take a
/// key: it cannot be had without one. Fields that nobody knows are passed over; one that is there twice is refused.
pub struct FormCall<T> {
    /// Who calls.
    pub caller: ApiCaller,
    /// The fields.
    pub input: T,
}

impl<T: DeserializeOwned + 'static> FromRequest for FormCall<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let caller = ApiCaller::from_request(&request, payload).into_inner();
        let body = web::Bytes::from_request(&request, payload);
        Box::pin(async move {
            let caller = caller?;
            if !is_of(&request, "application/x-www-form-urlencoded") {
                return Code::UnsupportedMediaType.refuse();
            }
            let body = whole(&request, body).await?;
            let input = serde_urlencoded::from_bytes(&body).map_err(|_| Code::BadRequest)?;
            Ok(Self { caller, input })
        })
    }
}

/// A call of a page of this site that sends no form: the token of its forms is in the header `X-CSRF-Token`.
pub struct OwnCall;

impl FromRequest for OwnCall {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let own =
            |app: &App, visit: &Visit| same_site(request, app) && brings_token(request, app, visit);
        ready(
            app_of(request).and_then(|app| match own(app, &*Visit::of(request)?) {
                true => Ok(Self),
                false => Code::FormExpired.refuse(),
            }),
        )
    }
}

fn app_of(request: &HttpRequest) -> Result<&web::Data<App>> {
    let app = request.app_data::<web::Data<App>>();
    app.ok_or_else(|| Error::internal("no App in the server"))
}

/// Whether the header `X-CSRF-Token` holds the token of forms.
fn brings_token(request: &HttpRequest, app: &App, visit: &Visit) -> bool {
    let token = request.headers().get("x-csrf-token");
    let token = token
        .and_then(|token| token.to_str().ok())
        .unwrap_or_default();
    Csrf::of(&app.master, &visit.binding).matches(token)
}

/// Whether the browser says that the form is one of ours. Browsers that say nothing are let through:
/// the token decides.
pub(super) fn same_site(request: &HttpRequest, app: &App) -> bool {
    let text = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if let Some(site) = text("sec-fetch-site")
        && !matches!(site, "same-origin" | "none")
        // The loopback names are one site; a browser that is unsure sends the origin too.
        && !(app.config.public_url.is_loopback_site() && site == "cross-site")
    {
        return false;
    }
    match text(ORIGIN.as_str()) {
        // What a browser writes of our own pages when they are shown under `Referrer-Policy: no-referrer`
        // (Fetch, "append a request Origin header"), and what a sandboxed page of another site writes.
        Some("null") => matches!(text("sec-fetch-site"), None | Some("same-origin")),
        Some(origin) => app.config.public_url.is_same_site(origin),
        None => text(REFERER.as_str()).is_none_or(|from| app.config.public_url.is_same_site(from)),
    }
}
