//! `/self-service/invite`: what the invited person sees and does, as pages and as JSON.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Map;

use super::accept::{self, Done, Entered};
use super::api::{Answer, Flow, LandingView, Link, Outcome};
use super::asks;
use super::ended_pages::{ended, told};
use super::landing::{Landing, genuine, look};
use super::proof;
use super::view::LandingPage;
use crate::access::Role;
use crate::app::App;
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::InviteId;
use crate::invites::opened::Opened;
use crate::one_time_links;
use crate::sign_in::actions::From;
use crate::sign_in::sessions::hand_over;
use crate::users::model::Address;
use crate::web::{Flash, FormErrors, Guest, Page, Posted, TokenCookie, ok};

/// The id of an invite, or nothing.
fn id(flow: &str) -> String {
    let id = flow.parse::<InviteId>();
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// Keeps the token.
fn cookie(flow: &str) -> TokenCookie {
    TokenCookie::new(&format!("invite-{}", id(flow)))
}

/// Keeps the address that a code was asked for.
fn address_cookie(flow: &str) -> TokenCookie {
    TokenCookie::new(&format!("invite-address-{}", id(flow)))
}

fn path(flow: &str) -> String {
    format!("/self-service/invite?flow={}", id(flow))
}

async fn find(app: &web::Data<App>, guest: &Guest, flow: &str, token: &str) -> Result<Landing> {
    let viewer = guest.signed_in.as_ref().map(|who| who.user_id);
    let now = app.clock.now();
    let (flow, token) = (flow.to_owned(), token.to_owned());
    let found = app
        .db
        .read(move |conn| look(conn, &flow, &token, viewer, now))
        .await;
    counted(app, guest, found)
}

/// Makes sure that a token is exact, wherever its invite stands, and counts one that is not.
async fn exact(app: &web::Data<App>, guest: &Guest, flow: &str, token: &str) -> Result<()> {
    let (flow, token) = (flow.to_owned(), token.to_owned());
    let found = app.db.read(move |conn| genuine(conn, &flow, &token)).await;
    counted(app, guest, found).map(drop)
}

/// The page in the language of its invite, when the token is exact. When it is not, or cannot be looked up, that is
/// told by what looks it up next.
async fn in_its_language(app: &web::Data<App>, page: Page, flow: &str, token: &str) -> Page {
    if token.is_empty() {
        return page;
    }
    let (flow, token) = (flow.to_owned(), token.to_owned());
    match app.db.read(move |conn| genuine(conn, &flow, &token)).await {
        Ok((invite, _)) => page.answered_in(invite.text()),
        Err(_) => page,
    }
}

/// Counts a token that is not exact; nothing else that goes wrong is a try.
fn counted<T>(app: &App, guest: &Guest, found: Result<T>) -> Result<T> {
    if let Err(why) = &found
        && why.code() == Code::InviteUnknown
    {
        one_time_links::count_wrong(app, guest)?;
    }
    found
}

fn wants_json(request: &HttpRequest) -> bool {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

/// `GET /self-service/invite`: anybody with the link. Changes nothing, but that it is noted that the page was opened.
pub async fn open(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    opened: web::Data<Opened>,
    link: web::Query<Link>,
) -> Result<HttpResponse> {
    let json = wants_json(&request);
    if !json && !link.token.is_empty() {
        return cookie(&link.flow).move_token(&app, &link.token, &path(&link.flow));
    }
    let token = match link.token.as_str() {
        "" => cookie(&link.flow).token(&app, &request).unwrap_or_default(),
        token => token.to_owned(),
    };
    let found = find(&app, &guest, &link.flow, &token).await;
    if let Ok(landing) = &found {
        opened.note(landing.link, app.clock.now());
    }
    if json {
        return Ok(ok(&LandingView::new(&found?)));
    }
    match found {
        Ok(landing) => {
            let page = page.answered_in(landing.invite.text());
            let mut shown = LandingPage::new(&app, page, &guest, path(&link.flow), landing);
            let kept = address_cookie(&link.flow).token(&app, &request);
            // Whoever wants to name another address has not lost the code for this one.
            if !link.other {
                shown.proving = kept.unwrap_or_default();
            }
            shown.answer(StatusCode::OK)
        }
        Err(why) => ended(&app, page, &guest, (&link.flow, &token), why).await,
    }
}

/// `POST /self-service/invite`: anybody with the link.
pub async fn answer(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    session: Session,
    link: web::Query<Flow>,
    posted: Result<Posted<Answer>>,
) -> Result<HttpResponse> {
    let kept = cookie(&link.flow).token(&app, &request).unwrap_or_default();
    let page = in_its_language(&app, page, &link.flow, &kept).await;
    let (mut body, is_json) = match posted? {
        Posted::Json(body) => (body, true),
        Posted::Form(form) => {
            let body = Answer {
                action: form.get("action").to_owned(),
                token: String::new(),
                display_name: form.get("display_name").to_owned(),
                password: form.get("password").to_owned(),
                terms_accepted: form.has("terms_accepted"),
                terms_shown: form
                    .has("terms_version")
                    .then(|| form.get("terms_version").to_owned()),
                traits: Map::new(),
                email: form.get("email").to_owned(),
                phone: String::new(),
                code: form.get("code").to_owned(),
                suppress: form.has("suppress"),
                form: Some(form),
            };
            (body, false)
        }
    };
    let token = if body.token.is_empty() {
        kept
    } else {
        body.token.clone()
    };
    let addresses = address_cookie(&link.flow);
    if !is_json && body.email.is_empty() {
        body.email = addresses.token(&app, &request).unwrap_or_default();
    }
    let done = act(&app, &guest, &link.flow, &token, &body).await;
    if is_json {
        let mut done = done?;
        if let Done::Accepted(accepted) = &mut done
            && let Some(secret) = accepted.session.take()
        {
            hand_over(&session, secret)?;
        }
        let over = !matches!(done, Done::CodeSent(_));
        let mut answer = ok(&Outcome::from(done));
        if over {
            cookie(&link.flow).remove(&app, &mut answer);
        }
        return Ok(answer);
    }
    match done {
        // The page of the same link says that an administrator has yet to approve.
        Ok(Done::Waiting) => Ok(HttpResponse::SeeOther()
            .insert_header((LOCATION, path(&link.flow)))
            .finish()),
        Ok(Done::CodeSent(address)) => {
            let mut answer = addresses.move_token(&app, address.as_str(), &path(&link.flow))?;
            cookie(&link.flow).put(&app, &token, &mut answer)?;
            Ok(answer)
        }
        // The cookie stays: whoever goes back reads how the invite ended.
        Ok(Done::Declined) if body.suppress => told(page, &guest, "landing-suppressed"),
        Ok(Done::Declined) => Ok(HttpResponse::SeeOther()
            .insert_header((LOCATION, path(&link.flow)))
            .finish()),
        Ok(Done::Requested) => told(page, &guest, "landing-requested"),
        Ok(Done::Reported) => told(page, &guest, "landing-reported"),
        Ok(Done::Accepted(accepted)) => {
            let name = accepted.user.label().to_owned();
            if let Some(secret) = accepted.session {
                hand_over(&session, secret)?;
            }
            let words = match accepted.user.role {
                // Their start page bids welcome by itself.
                Role::Member => app.text.get("landing-accepted"),
                _ => app.text.get("landing-welcome").arg("name", name),
            };
            let to = accepted.redirect_url.unwrap_or_else(|| "/".to_owned());
            // The cookie stays: whoever goes back reads that the invite has been used.
            let mut answer = Flash::ok(words).redirect(&app, &to);
            addresses.remove(&app, &mut answer);
            Ok(answer)
        }
        Err(why) => again(&app, page, &guest, &link.flow, &token, &body, why).await,
    }
}

async fn act(
    app: &web::Data<App>,
    guest: &Guest,
    flow: &str,
    token: &str,
    body: &Answer,
) -> Result<Done> {
    let viewer = guest.signed_in.clone();
    let (flow_text, token_text) = (flow.to_owned(), token.to_owned());
    match body.action.as_str() {
        "accept" => {
            let landing = find(app, guest, flow, token).await?;
            let traits = match &body.form {
                Some(form) => landing.read_form(|name| form.has(name).then(|| form.get(name))),
                None => body.traits.clone(),
            };
            let entered = Entered {
                traits,
                ..body.entered()
            };
            let checked = accept::check(app, &landing, &entered).await;
            if let Err(why) = &checked
                && why.code() == Code::CodeRequired
            {
                send_code(app, guest, &landing, &entered).await?;
            }
            let input = checked?;
            let from = From {
                actor: guest.actor.clone(),
                agent: guest.agent.clone(),
            };
            let shared = app.clone();
            app.db
                .write(move |tx| {
                    if let Some(who) = &viewer {
                        who.acts(tx)?;
                    }
                    let viewer = viewer.as_ref().map(|who| (who.user_id, who.session_id));
                    accept::accept(tx, &shared, &from, viewer, &flow_text, &token_text, &input)
                })
                .await
        }
        "send_code" => {
            let landing = find(app, guest, flow, token).await?;
            let address = send_code(app, guest, &landing, &body.entered()).await?;
            Ok(Done::CodeSent(address))
        }
        action @ ("decline" | "request_new" | "report") => {
            exact(app, guest, flow, token).await?;
            let heard = action == "decline" || asks::are_heard(app, flow);
            let (action, suppress) = (action.to_owned(), body.suppress);
            let (shared, guest) = (app.clone(), guest.actor.clone());
            app.db
                .write(move |tx| {
                    let actor = viewer.as_ref().map(|who| who.acts(tx)).transpose()?;
                    let actor = actor.as_ref().unwrap_or(&guest);
                    let (flow, token) = (&flow_text, &token_text);
                    match action.as_str() {
                        "decline" => accept::decline(tx, &shared, actor, flow, token, suppress),
                        "report" => asks::report(tx, &shared, actor, (flow, token), heard)
                            .map(|()| Done::Reported),
                        _ => asks::request_new(tx, &shared, actor, (flow, token), heard)
                            .map(|()| Done::Requested),
                    }
                })
                .await
        }
        _ => Err(FieldError::new("action", "not_a_choice").into()),
    }
}

/// Sends a code to the address that the person can prove here.
async fn send_code(
    app: &web::Data<App>,
    guest: &Guest,
    landing: &Landing,
    entered: &Entered,
) -> Result<Address> {
    let address = landing.to_prove(entered.address())?;
    // Nobody else is asked for a code.
    let address = address.ok_or(FieldError::new("action", "not_a_choice"))?;
    proof::ask(app, &guest.source, landing, &address).await?;
    Ok(address)
}

/// The form with its errors, or the page that the refusal calls for.
async fn again(
    app: &web::Data<App>,
    page: Page,
    guest: &Guest,
    flow: &str,
    token: &str,
    body: &Answer,
    why: Error,
) -> Result<HttpResponse> {
    let code = why.code();
    let landing = find(app, guest, flow, token).await;
    let is_open = landing
        .as_ref()
        .is_ok_and(|landing| landing.invite.is_open());
    // The landing page says what to do, in a form that works.
    if code == Code::InviteMismatch || (code == Code::SignInRequired && !is_open) {
        return Ok(HttpResponse::SeeOther()
            .insert_header((LOCATION, path(flow)))
            .finish());
    }
    let errors = match why {
        // The code has proved that the person may know of the account.
        _ if code == Code::SignInRequired => FormErrors::none(),
        _ if code == Code::AddressTaken => {
            let words = page.t("logins-of-another").to_string();
            FormErrors::beside("code", &words, code)
        }
        why => match FormErrors::of(page.text(), why) {
            Ok(errors) => errors,
            Err(why) => return ended(app, page, guest, (flow, token), why).await,
        },
    };
    let mut shown = LandingPage::new(app, page, guest, path(flow), landing?);
    let mut status = shown.page.refuse(&errors);
    shown.errors = shown.arranged(errors);
    shown.display_name = body.display_name.clone();
    shown.named = body.email.clone();
    if body.action == "accept" {
        shown.proving = body.email.clone();
    }
    if code == Code::SignInRequired {
        shown = shown.sign_in_first();
        status = StatusCode::OK;
    }
    if let Some(form) = &body.form {
        shown.keep(form);
    }
    // A tick beside another version is no tick beside this one.
    let version = shown.terms().map(|terms| &terms.version);
    shown.terms_accepted = body.terms_accepted && body.terms_shown.as_ref() == version;
    let mut answer = shown.answer(status)?;
    cookie(flow).put(app, token, &mut answer)?;
    Ok(answer)
}
