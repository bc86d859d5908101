//! Who is calling: finds it out once for each request and puts it where handlers read it.
//!
//! Pages are asked for with a session cookie, the API with a key; neither is looked at on the other
//! side. Where both stand at one address, as clients of other systems want it, whoever names a key is a program. What a route demands stands in the route table; [`admit`] holds it there.

mod address;
mod key;

use std::cell::Cell;
use std::rc::Rc;

use actix_session::SessionExt;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::guard::GuardContext;
use actix_web::http::header::{CONTENT_ENCODING, HeaderName, HeaderValue, USER_AGENT};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use self::address::{OtherName, client_ip, other_loopback_name};
use self::key::{key_caller, names_key};
use crate::access::{Actor, ActorKind, Role, Who};
use crate::api_keys::Keys;
use crate::app::{App, Kept};
use crate::clock::Time;
use crate::compatible::{self, System};
use crate::console::chrome;
use crate::db::Conn;
use crate::error::{Code, Error, FieldError, Result};
use crate::invite_templates::actions as templates;
use crate::sign_in::sessions;
use crate::tokens;
use crate::web::{Again, Chrome, Flash, SignedIn, Telling, Visit, browser_cookie, cookie_value};

/// What the features need to know who calls, one for each server.
pub struct Callers {
    keys: web::Data<Keys>,
    chrome: Kept<Chrome>,
    other_name: OtherName,
}

impl Callers {
    /// With what this process remembers about API keys.
    pub fn new(keys: web::Data<Keys>) -> Self {
        Self {
            keys,
            chrome: Kept::default(),
            other_name: OtherName::default(),
        }
    }
}

/// The random cookie that CSRF tokens are bound to before there is a session.
const BEFORE_COOKIE: &str = "vestibule-before";

/// Where proxies ask, with the key as the program sent it to them.
const GATE: &str = "/gate";

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
    /// Where a system has calls at addresses of pages, the credential tells: a request has one side, never both.
    fn of(request: &ServiceRequest, system: Option<&System>) -> Self {
        match request.path() {
            "/healthz" | "/readyz" => Self::Bare,
            path if path.starts_with("/static/") => Self::Bare,
            "/metrics" | "/openapi.json" | GATE => Self::Api,
            _ if system.is_some() && names_key(request) => Self::Api,
            _ if system.is_some() => Self::Page,
            path if path.starts_with("/api/") || path.starts_with(tokens::PATHS) => Self::Api,
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
    let system = compatible::system(&request);
    let side = Side::of(&request, system);
    let mut visit = Visit {
        request_id: hex(&crate::secret::random::<8>()),
        ip: client_ip(&app, &request),
        agent: header(&request, USER_AGENT)
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect(),
        telling: telling(request.path(), system),
        is_program: Cell::new(side == Side::Api),
        ..Visit::default()
    };
    if side != Side::Bare {
        callers.other_name.note(&app, &request);
    }
    let mut new_cookie = None;
    // No text of ours holds NUL, and PostgreSQL can be asked for none that does.
    let mut refused = request
        .query_string()
        .contains("%00")
        .then(|| Error::from(Code::BadRequest));
    match side {
        Side::Bare => {}
        Side::Api => {
            let takes_bare =
                request.path() == GATE || system.is_some_and(|one| one.takes_bare_keys);
            match key_caller(&app, &callers, &request, &visit, takes_bare).await {
                Ok(caller) => visit.api = caller,
                Err(why) => refused = Some(why),
            }
        }
        Side::Page => {
            match sessions::known(&request.get_session()) {
                Ok(known) => visit.signed_in = known.map(|known| signed_in(known, &visit)),
                Err(why) => refused = Some(why),
            }
            visit.chrome = frame(&app, &callers).await;
            visit.chrome.other_name = callers.other_name.recent(app.clock.now());
            match may_invite(&app, &visit).await {
                Ok(may) => visit.may_invite = may,
                Err(why) => refused = Some(why),
            }
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
    if let Some(why) = refused {
        return Ok(request.error_response(why).map_into_boxed_body());
    }
    if side == Side::Page
        && let Some(elsewhere) = other_loopback_name(&app, &request)
    {
        return Ok(request.into_response(elsewhere).map_into_boxed_body());
    }
    let mut answer = next.call(request).await?.map_into_boxed_body();
    // A redirect shows nothing: the notice goes on to the page behind it.
    let shown = visit.flash_shown.get() && !answer.status().is_redirection();
    let flash_is_old = shown && visit.flash.is_some();
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

/// How errors are told to the programs of a path, when not as problem details.
fn telling(path: &str, system: Option<&System>) -> Option<Telling> {
    let oauth = path
        .starts_with(tokens::PATHS)
        .then_some(tokens::tell as Telling);
    system.map(|system| system.telling).or(oauth)
}

/// Whether somebody who is no administrator may invite.
async fn may_invite(app: &App, visit: &Visit) -> Result<bool> {
    let member = visit.signed_in.as_ref();
    let member = member.filter(|who| visit.chrome.members_invite && who.actor.role < Role::Admin);
    let Some(who) = member else {
        return Ok(false);
    };
    let actor = who.actor.clone();
    let read = move |conn: &mut Conn| templates::usable(conn, &actor);
    Ok(!app.db.read(read).await?.is_empty())
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
        .and_then(|visit| {
            visit.least.set(who.least_role());
            visit
                .is_program
                .set(visit.is_program.get() || who.is_keyed());
            check(who, &visit)
        })
        .and_then(|()| unread())
        .and_then(|()| plain_body(&request));
    match checked {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(why) => Ok(request.error_response(why).map_into_boxed_body()),
    }
}

/// Refuses a body that is compressed: 60 KB of it are 60 MB of memory, for anybody who asks. A GET has none, whatever a
/// proxy repeats of the headers of another request.
fn plain_body(request: &ServiceRequest) -> Result<(), Error> {
    if request.method().is_safe() {
        return Ok(());
    }
    match request.headers().get(CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Code::UnsupportedMediaType.refuse(),
        _ => Ok(()),
    }
}

/// Whether a request is on the side of programs, for an address that has a page too.
pub fn is_for_programs(of: &GuardContext<'_>) -> bool {
    let data = of.req_data();
    data.get::<Rc<Visit>>()
        .is_some_and(|visit| visit.is_program.get())
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
        Who::Inviter if visit.may_invite => Ok(()),
        Who::Inviter => session()?.actor.require(Role::Admin),
        Who::Key => key().map(drop),
        Who::Scope(scope) | Who::AdminScope(scope) => {
            let caller = key()?;
            caller.require(scope)?;
            who.least_role()
                .map_or(Ok(()), |least| caller.actor.require(least))
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
        again: Again::by(sessions::look_again),
    }
}

/// What the frame shows. A page that cannot learn it is shown without: it may be the one that explains
/// that the database is away.
async fn frame(app: &App, callers: &Callers) -> Chrome {
    let values = chrome::get(&callers.chrome, app).await;
    values.unwrap_or_else(|why| {
        tracing::warn!(%why, "the frame of a page could not be read");
        Chrome {
            site_name: "Vestibule".to_owned(),
            ..Chrome::default()
        }
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
