//! `/self-service/invite`: what the invited person sees and does, as pages and as JSON.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::Map;

use super::accept::{self, Done, Entered};
use super::ended_pages::{declined, ended};
use super::landing::{Kind, Landing, look};
use super::landing_api::{Answer, Flow, LandingView, Link, Outcome};
use crate::access::Role;
use crate::app::App;
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::InviteId;
use crate::invite_templates::redirect;
use crate::one_time_links;
use crate::schemas::form::Asked;
use crate::sign_in::actions::From;
use crate::sign_in::sessions::hand_over;
use crate::site::Terms;
use crate::text::Message;
use crate::web::{
    Flash, FormErrors, Guest, Page, PostForm, Posted, TokenCookie, form_leads_to, ok, render,
};

fn cookie(flow: &str) -> TokenCookie {
    let id = flow
        .parse::<InviteId>()
        .map(|id| id.to_string())
        .unwrap_or_default();
    TokenCookie::new(&format!("invite-{id}"))
}

fn path(flow: &str) -> String {
    let flow = flow
        .parse::<InviteId>()
        .map(|id| id.to_string())
        .unwrap_or_default();
    format!("/self-service/invite?flow={flow}")
}

#[derive(Template)]
#[template(path = "invites/landing.html")]
struct LandingPage {
    page: Page,
    errors: FormErrors,
    landing: Landing,
    action: String,
    path: String,
    display_name: String,
    terms_accepted: bool,
    viewer_email: String,
    asked: Vec<Asked>,
}

impl LandingPage {
    fn new(page: Page, guest: &Guest, landing: Landing) -> Self {
        let title = match landing.kind {
            Kind::Register => page
                .t("landing-join-title")
                .arg("site", &landing.settings.site_name),
            Kind::Accept => page.t("landing-accept-title"),
            Kind::SignInFirst => page.t("landing-sign-in-title"),
            Kind::WrongUser => page.t("landing-wrong-title"),
        };
        let path = path(landing.invite.id.as_str());
        Self {
            page: page.headed(title, ""),
            errors: FormErrors::none(),
            action: path.clone(),
            path,
            display_name: landing.invite.name().to_owned(),
            terms_accepted: false,
            asked: asked(&landing, None),
            viewer_email: guest
                .signed_in
                .as_ref()
                .map(|who| who.email.clone())
                .unwrap_or_default(),
            landing,
        }
    }

    /// The page. Its form may lead on to where the invite says.
    fn answer(&self, status: StatusCode) -> Result<HttpResponse> {
        let mut answer = render(status, self)?;
        let goes_on_to = self.landing.invite.redirect_url.as_deref();
        if let Some(origin) = goes_on_to.and_then(redirect::origin) {
            form_leads_to(&mut answer, origin);
        }
        Ok(answer)
    }

    /// Terms that this person has yet to accept.
    fn terms(&self) -> Option<&Terms> {
        let accepted = self
            .landing
            .account
            .as_ref()
            .and_then(|user| user.terms_version.as_deref());
        self.landing
            .terms
            .as_ref()
            .filter(|terms| accepted != Some(&terms.version))
    }

    /// The invited address, with all but its ends hidden from who is not meant.
    fn masked(&self) -> String {
        let address = &self.landing.invite.address;
        let first: String = address.chars().take(1).collect();
        match address.rsplit_once('@') {
            Some((_, domain)) => format!("{first}…@{domain}"),
            // The last digits of a number.
            None => format!("…{}", &address[address.len().saturating_sub(2)..]),
        }
    }

    /// What the person becomes, when that is more than a member and more than they are.
    fn role_words(&self) -> Option<Message> {
        let role = self.landing.invite.role;
        let now = self.landing.account.as_ref().map(|user| user.role);
        match role {
            _ if now.is_some_and(|now| now >= role) => None,
            Role::Member => None,
            Role::Admin => Some(self.page.t("landing-makes-admin")),
            Role::Owner => Some(self.page.t("landing-makes-owner")),
        }
    }

    fn ends(&self) -> String {
        self.page.time_and_ago(&self.landing.invite.expires_at)
    }
}

/// The fields of the form: with what was entered, or what the invite knows.
fn asked(landing: &Landing, form: Option<&PostForm>) -> Vec<Asked> {
    let traits = landing.traits();
    let fields = landing.fields().into_iter();
    let asked = fields.map(|(field, mode)| {
        let input = field.input();
        let value = match form.filter(|_| !mode.is_fixed()) {
            Some(form) => form.get(&input).to_owned(),
            None => field.shown(&traits),
        };
        Asked::new(field, value, mode.is_fixed())
    });
    asked.collect()
}

async fn find(app: &web::Data<App>, guest: &Guest, flow: &str, token: &str) -> Result<Landing> {
    let viewer = guest.signed_in.as_ref().map(|who| who.user_id);
    let now = app.clock.now();
    let (flow, token) = (flow.to_owned(), token.to_owned());
    let found = app
        .db
        .read(move |conn| look(conn, &flow, &token, viewer, now))
        .await;
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

/// `GET /self-service/invite`: anybody with the link. Changes nothing.
pub async fn open(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
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
    if json {
        let landing = find(&app, &guest, &link.flow, &token).await?;
        return Ok(ok(&LandingView::new(&landing)));
    }
    match find(&app, &guest, &link.flow, &token).await {
        Ok(landing) => LandingPage::new(page, &guest, landing).answer(StatusCode::OK),
        Err(why) => ended(&app, page, &guest, why).await,
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
    posted: Posted<Answer>,
) -> Result<HttpResponse> {
    let kept = cookie(&link.flow).token(&app, &request).unwrap_or_default();
    let (body, is_json) = match posted {
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
    let done = act(&app, &guest, &link.flow, &token, &body).await;
    if is_json {
        let mut done = done?;
        if let Done::Accepted(accepted) = &mut done
            && let Some(secret) = accepted.session.take()
        {
            hand_over(&session, secret)?;
        }
        let mut answer = ok(&Outcome::from(done));
        cookie(&link.flow).remove(&app, &mut answer);
        return Ok(answer);
    }
    match done {
        // The page of the same link says that an administrator has yet to approve.
        Ok(Done::Waiting) => Ok(HttpResponse::SeeOther()
            .insert_header((LOCATION, path(&link.flow)))
            .finish()),
        Ok(Done::Declined) => {
            // The cookie stays: whoever goes back reads how the invite ended.
            declined(page, &guest)
        }
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
            Ok(Flash::ok(words).redirect(&app, &to))
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
                display_name: body.display_name.clone(),
                password: body.password.clone(),
                terms_accepted: body.terms_accepted,
                terms_shown: body.terms_shown.clone(),
            };
            let input = accept::check(app, &landing, &entered).await?;
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
        "decline" => {
            find(app, guest, flow, token).await?;
            let guest = guest.actor.clone();
            app.db
                .write(move |tx| {
                    let actor = viewer.as_ref().map(|who| who.acts(tx)).transpose()?;
                    let actor = actor.as_ref().unwrap_or(&guest);
                    accept::decline(tx, actor, &flow_text, &token_text)
                })
                .await?;
            Ok(Done::Declined)
        }
        _ => Err(FieldError::new("action", "not_a_choice").into()),
    }
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
    let back = matches!(why.code(), Code::SignInRequired | Code::InviteMismatch);
    if back {
        // The landing page says what to do, in a form that works.
        return Ok(HttpResponse::SeeOther()
            .insert_header((LOCATION, path(flow)))
            .finish());
    }
    let errors = match FormErrors::of(app.text, why) {
        Ok(errors) => errors,
        Err(why) => return ended(app, page, guest, why).await,
    };
    let landing = find(app, guest, flow, token).await?;
    let mut shown = LandingPage::new(page, guest, landing);
    let status = shown.page.refuse(&errors);
    shown.errors = errors;
    shown.display_name = body.display_name.clone();
    shown.asked = asked(&shown.landing, body.form.as_ref());
    // A tick beside another version is no tick beside this one.
    let version = shown.terms().map(|terms| &terms.version);
    shown.terms_accepted = body.terms_accepted && body.terms_shown.as_ref() == version;
    let mut answer = shown.answer(status)?;
    cookie(flow).put(app, token, &mut answer)?;
    Ok(answer)
}
