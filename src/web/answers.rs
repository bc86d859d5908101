//! The outermost layer: every answer gets its headers here, every error its words, every request its
//! line in the log.

use std::rc::Rc;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode, Uri, header};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, ResponseError, web};
use askama::Template;

use super::page::{Page, render};
use super::problem::{Problem, retry_after};
use super::visit::Visit;
use crate::app::App;
use crate::error::{Code, Error};

const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Handlers answer with [`Error`]; the words are put in by [`answers`], which knows the request.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// What an answer needs to know of its request. Taken before the request goes on: actix takes a request
/// apart on its way to the route, which nobody may hold meanwhile, and an error comes back without it.
struct Asked {
    method: Method,
    uri: Uri,
    json: bool,
    visit: Option<Rc<Visit>>,
    started: Instant,
}

/// Wraps every route: error words, security headers, access log.
///
/// # Errors
/// With an answer that is ready, when an inner layer failed and left no request to answer to.
pub async fn answers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let app = request.app_data::<web::Data<App>>().cloned().expect("the server has an App");
    let mut asked = Asked {
        method: request.method().clone(),
        uri: request.uri().clone(),
        json: wants_json(request.path(), request.headers()),
        visit: None,
        started: Instant::now(),
    };
    match next.call(request).await {
        Ok(response) => {
            let (request, response) = response.into_parts();
            asked.visit = Visit::of(&request).ok();
            let answer = match response.error().map(known) {
                Some(error) => {
                    let mut worded = asked.worded(&app, &error);
                    keep_headers(response.headers(), worded.headers_mut());
                    worded
                }
                None => response.map_into_boxed_body(),
            };
            Ok(ServiceResponse::new(request, asked.finish(&app, answer)))
        }
        Err(why) => {
            let answer = asked.worded(&app, &known(&why));
            Err(InternalError::from_response(why, asked.finish(&app, answer)).into())
        }
    }
}

/// Keeps what inner layers said beside the refusal: cookies, `Allow`, the end of the caller's key.
fn keep_headers(from: &HeaderMap, to: &mut HeaderMap) {
    for (name, value) in from {
        if name == SET_COOKIE || !to.contains_key(name) {
            to.append(name.clone(), value.clone());
        }
    }
}

/// Our error behind actix's, or the closest one of ours.
fn known(why: &actix_web::Error) -> Error {
    if let Some(ours) = why.as_error::<Error>() {
        return copy(ours);
    }
    if let Some(session) = why.as_error::<actix_web::error::InternalError<actix_session::storage::LoadError>>() {
        tracing::warn!(why = %session, "a session could not be read");
        return Error::Unavailable("a session could not be read".into());
    }
    match why.as_response_error().status_code().as_u16() {
        404 => Code::NotFound.into(),
        405 => Code::MethodNotAllowed.into(),
        413 => Code::TooLarge.with("limit", "1 MiB"),
        415 => Code::UnsupportedMediaType.into(),
        400..500 => Code::BadRequest.into(),
        _ => Error::internal(why.to_string()),
    }
}

/// What is needed of an error that actix only lends.
fn copy(error: &Error) -> Error {
    match error {
        Error::Refused(code, args) => Error::Refused(*code, args.clone()),
        Error::Invalid(fields) => Error::Invalid(fields.clone()),
        Error::TooMany(seconds) => Error::TooMany(*seconds),
        Error::Unavailable(why) => Error::Unavailable(why.clone()),
        other if other.code() == Code::Unavailable => Error::Unavailable(other.to_string()),
        other => Error::internal(other.to_string()),
    }
}

impl Asked {
    fn request_id(&self) -> &str {
        self.visit.as_ref().map_or("", |visit| &visit.request_id)
    }

    fn worded(&self, app: &App, error: &Error) -> HttpResponse {
        let (request_id, path) = (self.request_id(), self.uri.path());
        match error.code().status() {
            500.. => tracing::error!(request_id, path, %error, "failed"),
            _ => tracing::debug!(request_id, path, %error, "refused"),
        }
        if self.json {
            return Problem::answer(app.text, error, request_id);
        }
        if error.code() == Code::SignInRequired && self.method.is_safe() {
            let back = serde_urlencoded::to_string([("next", self.uri.to_string())]).unwrap_or_default();
            return HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/sign-in?{back}"))).finish();
        }
        let page = match &self.visit {
            Some(visit) => Page::of(app, visit),
            None => Page::of(app, &Visit::default()),
        };
        let mut answer = render(error.status_code(), &ErrorPage::of(app, page, error, request_id))
            .unwrap_or_else(|_| HttpResponse::build(error.status_code()).body(error.code().as_str()));
        if let Some(seconds) = retry_after(error) {
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }

    /// Gives words to what actix refused by itself, and every answer its headers and its line in the log.
    fn finish(&self, app: &App, answer: HttpResponse) -> HttpResponse {
        let without_words = !answer.headers().contains_key(CONTENT_TYPE);
        let code = match answer.status() {
            StatusCode::NOT_FOUND if without_words => Some(Code::NotFound),
            StatusCode::METHOD_NOT_ALLOWED if without_words => Some(Code::MethodNotAllowed),
            _ => None,
        };
        let mut answer = match code {
            Some(code) => {
                let mut worded = self.worded(app, &code.into());
                keep_headers(answer.headers(), worded.headers_mut());
                worded
            }
            None => answer,
        };
        self.secure(app, &mut answer);
        self.log(&answer);
        answer
    }

    /// The headers that every answer carries, errors and files included (security.md, Decisions).
    fn secure(&self, app: &App, answer: &mut HttpResponse) {
        let path = self.uri.path();
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_page = kind.is_some_and(|kind| kind.starts_with("text/html"));
        let is_static = path.starts_with("/static/") && answer.status() == StatusCode::OK;
        let headers = answer.headers_mut();
        let mut put = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
        put(CONTENT_SECURITY_POLICY, if is_page { PAGE_POLICY } else { DATA_POLICY });
        put(X_CONTENT_TYPE_OPTIONS, "nosniff");
        put(REFERRER_POLICY, if path.starts_with("/self-service/") { "no-referrer" } else { "same-origin" });
        put(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        put(HeaderName::from_static("x-frame-options"), "DENY");
        if !is_static {
            put(CACHE_CONTROL, "no-store");
        }
        if app.config.public_url.https() {
            put(STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
        }
        if let Ok(id) = HeaderValue::from_str(self.request_id())
            && !id.is_empty()
        {
            headers.insert(HeaderName::from_static("x-request-id"), id);
        }
    }

    /// The query is left out: it may hold a link's token.
    fn log(&self, answer: &HttpResponse) {
        tracing::info!(
            request_id = self.request_id(),
            ip = self.visit.as_ref().and_then(|visit| visit.ip).map(tracing::field::display),
            method = %self.method,
            path = self.uri.path(),
            status = answer.status().as_u16(),
            micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            "request"
        );
    }
}

/// Whether the caller is a program.
fn wants_json(path: &str, headers: &HeaderMap) -> bool {
    let accepts = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    ["/api/", "/oauth2/", "/.well-known/", "/healthz", "/readyz", "/metrics", "/openapi.json"]
        .iter()
        .any(|start| path.starts_with(start))
        || (accepts.contains("application/json") && !accepts.contains("text/html"))
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    heading: String,
    detail: String,
    what_next: String,
    reference: String,
    link_href: String,
    link_text: String,
}

impl ErrorPage {
    fn of(app: &App, page: Page, error: &Error, request_id: &str) -> Self {
        let code = error.code();
        let kind = match code {
            Code::FormExpired => "csrf".to_owned(),
            code => code.status().to_string(),
        };
        let text = |part: &str| page.t(format!("error-{kind}-{part}"));
        let args = match error {
            Error::Refused(_, args) => args.as_slice(),
            _ => &[],
        };
        // A refusal with words of its own says more than its status.
        let detail = match error {
            Error::Refused(Code::NotFound | Code::MethodNotAllowed | Code::FormExpired | Code::BadRequest, _) => {
                text("detail").to_string()
            }
            Error::Refused(code, args) => super::forms::refusal(app.text, *code, args),
            _ => args.iter().fold(text("detail"), |words, (name, value)| words.arg(name, value)).to_string(),
        };
        let what_next = match error {
            Error::TooMany(seconds) => app.text.wait(*seconds, "error-429-next"),
            _ => text("next").to_string(),
        };
        let heading = text("title").arg("site", &page.site_name).to_string();
        let link_text = text("link").to_string();
        let mut page = page;
        page.title.clone_from(&heading);
        Self {
            heading,
            detail,
            what_next,
            reference: if code.status() >= 500 { request_id.to_owned() } else { String::new() },
            link_href: if code == Code::SignInRequired { "/sign-in".into() } else { "/".into() },
            link_text,
            page,
        }
    }
}
