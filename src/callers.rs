//! Who is calling: finds it out once for each request and puts it where handlers read it.
//!
//! Pages are asked for with a session cookie, the API with a key; neither is looked at on the other
//! side. What a route demands stands in the route table; [`admit`] holds it there.

use std::net::IpAddr;
use std::rc::Rc;

use actix_session::SessionExt;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::access::{Actor, ActorKind, Who};
use crate::api_keys::{self, Keys};
use crate::app::App;
use crate::clock::Time;
use crate::console::chrome::ChromeCache;
use crate::error::{Code, Error, FieldError, Result};
use crate::secret::SecretKind;
use crate::sign_in::sessions;
use crate::web::{ApiCaller, Chrome, Flash, SignedIn, Visit, browser_cookie, cookie_value};

/// What the features need to know who calls, one for each server.
pub struct Callers {
    /// What this process remembers about API keys.
    pub keys: web::Data<Keys>,
    /// The counts and names in the frame of pages.
    pub chrome: ChromeCache,
}

/// The random cookie that CSRF tokens are bound to before there is a session.
const BEFORE_COOKIE: &str = "vestibule-before";

/// Which credential a path is asked for with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Needs to know nobody: files, health.
    Bare,
    /// API keys.
    Api,
    /// Sessions.
    Page,
}

impl Side {
    fn of(path: &str) -> Self {
        match path {
            "/healthz" | "/readyz" => Self::Bare,
            path if path.starts_with("/static/") => Self::Bare,
            "/metrics" | "/openapi.json" => Self::Api,
            path if path.starts_with("/api/") => Self::Api,
            _ => Self::Page,
        }
    }
}

/// The layer that makes the [`Visit`].
///
/// # Errors
/// None of ours: a credential that is not good, or the database away, is answered.
pub async fn visit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let app = request
        .app_data::<web::Data<App>>()
        .cloned()
        .expect("the server has an App");
    let callers = request
        .app_data::<web::Data<Callers>>()
        .cloned()
        .expect("the server has Callers");
    let side = Side::of(request.path());
    let mut visit = Visit {
        request_id: hex(&crate::secret::random::<8>()),
        ip: client_ip(&app, &request),
        agent: header(&request, USER_AGENT)
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect(),
        ..Visit::default()
    };
    let mut new_cookie = None;
    // No text of ours holds NUL, and PostgreSQL can be asked for none that does.
    let mut refused = request
        .query_string()
        .contains("%00")
        .then(|| Error::from(Code::BadRequest));
    match side {
        Side::Bare => {}
        Side::Api => match key_caller(&app, &callers, &request, &visit).await {
            Ok(caller) => visit.api = caller,
            Err(why) => refused = Some(why),
        },
        Side::Page => {
            match sessions::known(&request.get_session()) {
                Ok(known) => visit.signed_in = known.map(|known| signed_in(known, &visit)),
                Err(why) => refused = Some(why),
            }
            visit.chrome = chrome(&app, &callers).await;
            match &visit.signed_in {
                // Each kind says so: the id of a session is no secret, and whoever sends it as the random
                // cookie must not get a token that is good in that session.
                Some(who) => visit.binding = format!("session {}", who.session_id),
                None => {
                    let value = cookie_value(&app, request.request(), BEFORE_COOKIE)
                        .unwrap_or_else(|| {
                            let value = URL_SAFE_NO_PAD.encode(crate::secret::random::<32>());
                            new_cookie = Some(browser_cookie(&app, BEFORE_COOKIE, value.clone()));
                            value
                        });
                    visit.binding = format!("before {value}");
                }
            }
            visit.flash = cookie_value(&app, request.request(), crate::web::FLASH_COOKIE)
                .and_then(|value| Flash::read(&app.master, &value));
        }
    }
    let visit = Rc::new(visit);
    request.extensions_mut().insert(visit.clone());
    // No text of ours holds the character NUL, and PostgreSQL takes none to search for.
    if request.query_string().contains("%00") {
        refused = Some(Code::BadRequest.into());
    }
    if let Some(why) = refused {
        return Ok(request.error_response(why).map_into_boxed_body());
    }
    if let Some(elsewhere) = other_loopback_name(&app, &request, side) {
        return Ok(request.into_response(elsewhere).map_into_boxed_body());
    }
    let mut answer = next.call(request).await?.map_into_boxed_body();
    let flash_is_old = visit.flash_shown.get() && visit.flash.is_some();
    let mut cookies = Vec::from_iter(new_cookie);
    if flash_is_old {
        let mut gone = browser_cookie(&app, crate::web::FLASH_COOKIE, String::new());
        gone.make_removal();
        cookies.push(gone);
    }
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            answer
                .headers_mut()
                .append(actix_web::http::header::SET_COOKIE, value);
        }
    }
    if let Some(end) = visit.api.as_ref().and_then(|caller| caller.expires_at)
        && let Ok(value) = HeaderValue::from_str(&end.rfc3339())
    {
        answer
            .headers_mut()
            .insert(HeaderName::from_static("vestibule-key-expires"), value);
    }
    Ok(answer)
}

/// Holds a route to what the table says about it: who may call it, and whether it is called without a
/// query string.
///
/// # Errors
/// None of ours: who may not is answered `sign_in_required`, `credential_missing`, `scope_missing` or
/// `forbidden`; a parameter that nothing would read `invalid_input`.
pub async fn admit(
    who: Who,
    bare: bool,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let unread = || match form_urlencoded::parse(request.query_string().as_bytes()).next() {
        Some((name, _)) if bare => Err(FieldError::new(name, "unknown_field").into()),
        _ => Ok(()),
    };
    let checked = Visit::of(request.request())
        .and_then(|visit| check(who, &visit))
        .and_then(|()| unread());
    match checked {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(why) => Ok(request.error_response(why).map_into_boxed_body()),
    }
}

fn check(who: Who, visit: &Visit) -> Result<()> {
    let session = || {
        visit
            .signed_in
            .as_ref()
            .ok_or(Error::from(Code::SignInRequired))
    };
    let key = || {
        visit
            .api
            .as_ref()
            .ok_or(Error::from(Code::CredentialMissing))
    };
    match who {
        Who::Anyone => Ok(()),
        Who::SignedIn => session().map(drop),
        Who::Role(least) => session()?.actor.require(least),
        Who::Key => key().map(drop),
        Who::Scope(scope) => {
            let caller = key()?;
            caller.require(scope)?;
            caller.actor.require(scope.least_role())
        }
    }
}

fn signed_in(known: sessions::KnownSession, visit: &Visit) -> SignedIn {
    SignedIn {
        actor: Actor {
            kind: ActorKind::User,
            user: Some(known.user_id),
            role: known.role,
            ip: visit.ip,
            request_id: visit.request_id.clone(),
        },
        user_id: known.user_id,
        name: known.name,
        email: known.email,
        session_id: known.id,
        authenticated_at: Time::from_micros(known.authenticated_at),
    }
}

/// The API key of a request. No credential is `None`; one that is not good is refused, on public routes
/// too, so that a program is never served as somebody else than it thinks.
async fn key_caller(
    app: &App,
    callers: &Callers,
    request: &ServiceRequest,
    visit: &Visit,
) -> Result<Option<ApiCaller>> {
    if holds_credential(request.query_string()) {
        return Code::CredentialInUrl.refuse();
    }
    let odd = |name: &HeaderName| {
        request
            .headers()
            .get(name)
            .is_some_and(|value| value.to_str().is_err())
    };
    if odd(&AUTHORIZATION) || odd(&HeaderName::from_static("x-api-key")) {
        return Code::CredentialInvalid.refuse();
    }
    let authorization = header(request, AUTHORIZATION);
    let secret = match authorization.split_once(' ') {
        Some((scheme, secret))
            if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("apikey") =>
        {
            secret.trim()
        }
        _ if !authorization.is_empty() => return Code::CredentialInvalid.refuse(),
        _ => header(request, HeaderName::from_static("x-api-key")),
    };
    if secret.is_empty() {
        return Ok(None);
    }
    let now = app.clock.now();
    let key = api_keys::authenticate(&app.db, &callers.keys.cache, secret, now).await?;
    callers
        .keys
        .usage
        .note(key.key_id, now, visit.ip, &visit.agent);
    Ok(Some(key.caller(visit.ip, visit.request_id.clone())))
}

/// Whether a query string carries a secret, by its name or by its form.
fn holds_credential(query: &str) -> bool {
    !query.is_empty()
        && form_urlencoded::parse(query.as_bytes()).any(|(name, value)| {
            matches!(
                name.as_ref(),
                "api_key" | "apikey" | "access_token" | "token"
            ) || SecretKind::of_well_formed(&value).is_some()
        })
}

/// What the frame shows. A page that cannot learn it is shown without: it may be the one that explains
/// that the database is away.
async fn chrome(app: &web::Data<App>, callers: &Callers) -> Chrome {
    callers.chrome.get(app).await.unwrap_or_else(|why| {
        tracing::warn!(%why, "the frame of a page could not be read");
        Chrome {
            site_name: "Vestibule".to_owned(),
            ..Chrome::default()
        }
    })
}

/// The address of the client, trusted proxies looked through from the last one on.
fn client_ip(app: &App, request: &ServiceRequest) -> Option<IpAddr> {
    let mut ip = request.peer_addr()?.ip().to_canonical();
    // Some proxies add a line of their own below the one that came with the request.
    let lines: Vec<&str> = request
        .headers()
        .get_all(HeaderName::from_static("x-forwarded-for"))
        .map(|line| line.to_str().unwrap_or_default())
        .collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !app.config.trusted_proxies.contains(ip) {
            break;
        }
        match hop.trim().parse::<IpAddr>() {
            Ok(before) => ip = before.to_canonical(),
            Err(_) => break,
        }
    }
    Some(ip)
}

/// On loopback `localhost`, `127.0.0.1` and `[::1]` are one site; its cookies live under one name.
fn other_loopback_name(app: &App, request: &ServiceRequest, side: Side) -> Option<HttpResponse> {
    let url = &app.config.public_url;
    let host = header(request, HOST);
    let elsewhere = side == Side::Page && request.method().is_safe() && url.is_loopback_alias(host);
    elsewhere.then(|| {
        // The path alone: a request line may hold a whole address.
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let to = format!("{}{path}", url.origin());
        HttpResponse::TemporaryRedirect()
            .insert_header((LOCATION, to))
            .finish()
    })
}

fn header(request: &ServiceRequest, name: HeaderName) -> &str {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::holds_credential;

    #[test]
    fn secrets_in_the_address_are_seen() {
        assert!(holds_credential("limit=5&api_key=x"));
        assert!(holds_credential("access_token="));
        let key = crate::secret::PlainSecret::generate(crate::secret::SecretKind::ApiKey);
        assert!(holds_credential(&format!("q={}", key.reveal())));
        assert!(!holds_credential(""));
        assert!(!holds_credential("q=vstk_short&limit=5"));
    }
}
