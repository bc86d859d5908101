//! The outermost layer: every answer gets its headers here, every error its words, every request its
//! line in the log.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};

use super::error_page::{ErrorPage, path_of, sign_in_and_back};
use super::page::render;
use super::problem::{Problem, retry_after};
use super::traffic::Traffic;
use super::visit::Visit;
use crate::app::App;
use crate::error::{Code, Error};

const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Where the form of a page may lead, beside this site.
struct FormLeadsTo(String);

/// Lets the form of a page lead on to another origin: browsers hold the redirect that answers a form to
/// the `form-action` of the page that had it.
pub fn form_leads_to(answer: &mut HttpResponse, origin: &str) {
    answer
        .extensions_mut()
        .insert(FormLeadsTo(origin.to_owned()));
}

/// Handlers answer with [`Error`]; the words are put in by [`answers`], which knows the request.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

/// Wraps every route: error words, security headers, access log.
///
/// # Errors
/// None: errors of the inner layers become answers.
pub async fn answers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let app = request
        .app_data::<web::Data<App>>()
        .cloned()
        .expect("the server has an App");
    // The inner layers answer their errors themselves; an error here has lost its request.
    let response = next.call(request).await?;
    let http = response.request().clone();
    let mut answered = match response.response().error().map(known) {
        Some(error) => {
            let mut answer = worded(&app, &http, &error);
            keep_headers(response.headers(), answer.headers_mut());
            response.into_response(answer)
        }
        None => response.map_into_boxed_body(),
    };
    let plain_error = answered.status().is_client_error()
        && !answered.headers().contains_key(CONTENT_TYPE)
        && matches!(answered.status().as_u16(), 404 | 405);
    if plain_error {
        let code = if answered.status() == StatusCode::NOT_FOUND {
            Code::NotFound
        } else {
            Code::MethodNotAllowed
        };
        let mut answer = worded(&app, &http, &code.into());
        keep_headers(answered.headers(), answer.headers_mut());
        answered = answered.into_response(answer);
    }
    secure(&app, &http, &mut answered);
    if let Some(traffic) = http.app_data::<web::Data<Traffic>>() {
        traffic.count(answered.status().as_u16());
    }
    log(&http, &answered, started);
    Ok(answered)
}

/// Keeps what inner layers said beside a refusal: cookies, `Allow`, the end of the caller's key. How its
/// body was compressed does not go with the new one.
fn keep_headers(from: &HeaderMap, to: &mut HeaderMap) {
    for (name, value) in from.iter().filter(|(name, _)| *name != CONTENT_ENCODING) {
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

fn worded(app: &App, request: &HttpRequest, error: &Error) -> HttpResponse {
    let visit = Visit::of(request).unwrap_or_default();
    let request_id = &visit.request_id;
    match error.code().status() {
        500.. => tracing::error!(request_id, path = request.path(), %error, "failed"),
        _ => tracing::debug!(request_id, path = request.path(), %error, "refused"),
    }
    if visit.is_program.get() || wants_json(request) {
        let tell = visit.telling.unwrap_or(Problem::answer);
        return tell(app.text, error, request_id);
    }
    if error.code() == Code::SignInRequired && request.method().is_safe() {
        return HttpResponse::SeeOther()
            .insert_header((header::LOCATION, sign_in_and_back(path_of(request))))
            .finish();
    }
    let mut answer = ErrorPage::of(app, request, error, request_id)
        .and_then(|page| render(error.status_code(), &page))
        .unwrap_or_else(|_| HttpResponse::build(error.status_code()).body(error.code().as_str()));
    if let Some(seconds) = retry_after(error) {
        answer
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// Whether the caller is a program.
fn wants_json(request: &HttpRequest) -> bool {
    let path = request.path();
    let header = |name: HeaderName| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let accepts = header(ACCEPT);
    [
        "/api/",
        "/oauth2/",
        "/.well-known/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
    ]
    .iter()
    .any(|start| path.starts_with(start))
        || header(CONTENT_TYPE).starts_with("application/json")
        || (accepts.contains("application/json") && !accepts.contains("text/html"))
}

/// The headers that every answer carries, errors and files included (security.md, Headers).
fn secure(app: &App, request: &HttpRequest, answer: &mut ServiceResponse) {
    let is_page = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html"));
    let is_static = request.path().starts_with("/static/") && answer.status() == StatusCode::OK;
    let leads_to = answer
        .response_mut()
        .extensions_mut()
        .remove::<FormLeadsTo>();
    let policy = match leads_to {
        Some(FormLeadsTo(origin)) => {
            let own = "form-action 'self'";
            HeaderValue::from_str(&PAGE_POLICY.replace(own, &format!("{own} {origin}"))).ok()
        }
        None => None,
    };
    let usual = HeaderValue::from_static(if is_page { PAGE_POLICY } else { DATA_POLICY });
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy.unwrap_or(usual));
    let mut put = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value))
    };
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(
        REFERRER_POLICY,
        if ["/self-service/", "/recover", "/setup", "/verify"]
            .iter()
            .any(|start| request.path().starts_with(start))
        {
            // The addresses of links from mails, which hold a token at the first look.
            "no-referrer"
        } else {
            "same-origin"
        },
    );
    put(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    put(HeaderName::from_static("x-frame-options"), "DENY");
    if !is_static {
        put(CACHE_CONTROL, "no-store");
    }
    if app.config.public_url.https() {
        put(
            STRICT_TRANSPORT_SECURITY,
            "max-age=63072000; includeSubDomains",
        );
    }
    let Ok(visit) = Visit::of(request) else {
        return;
    };
    if is_page {
        let lang = visit.text.get().unwrap_or(app.text).lang();
        let lang = HeaderValue::from_static(lang);
        answer.headers_mut().insert(CONTENT_LANGUAGE, lang);
    }
    if let Some(seconds) = visit.retry_after.get() {
        answer
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Ok(id) = HeaderValue::from_str(&visit.request_id) {
        answer
            .headers_mut()
            .insert(HeaderName::from_static("x-request-id"), id);
    }
}

/// The query is left out: it may hold a link's token.
fn log(request: &HttpRequest, answer: &ServiceResponse, started: Instant) {
    let visit = Visit::of(request).ok();
    tracing::info!(
        request_id = visit.as_ref().map(|visit| visit.request_id.as_str()),
        ip = visit.as_ref().and_then(|visit| visit.ip).map(tracing::field::display),
        method = %request.method(),
        path = request.path(),
        status = answer.status().as_u16(),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_cookies_and_adds_nothing_twice() {
        let (mut inner, mut outer) = (HeaderMap::new(), HeaderMap::new());
        let expires = HeaderName::from_static("vestibule-key-expires");
        inner.append(SET_COOKIE, HeaderValue::from_static("a=1"));
        inner.append(SET_COOKIE, HeaderValue::from_static("b=2"));
        inner.append(
            expires.clone(),
            HeaderValue::from_static("2027-02-20T09:00:00Z"),
        );
        inner.append(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        inner.append(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        outer.append(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        keep_headers(&inner, &mut outer);
        assert_eq!(outer.get_all(SET_COOKIE).count(), 2);
        assert!(outer.contains_key(expires));
        assert!(!outer.contains_key(CONTENT_ENCODING));
        assert_eq!(outer.get_all(CONTENT_TYPE).count(), 1);
        assert_eq!(outer.get(CONTENT_TYPE).unwrap(), "application/problem+json");
    }
}
