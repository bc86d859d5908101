//! Signing in, proving it again, and signing out.

use actix_session::Session;
use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::actions::{self, From};
use super::password;
use super::sessions::hand_over;
use crate::access::Actor;
use crate::app::App;
use crate::db::Tx;
use crate::error::{Code, Error, Result};
use crate::ids::SessionId;
use crate::web::{Flash, FormErrors, Guest, Page, PostForm, SignedIn, own_path, render, show};

/// Where to go on after signing in.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Next {
    /// A path of this site.
    #[serde(default)]
    pub next: String,
    /// An address to fill in.
    #[serde(default)]
    pub email: String,
}

impl Next {
    /// The path to go on to; the start page when there is none that is ours.
    pub fn path(&self) -> &str {
        own_path(&self.next).unwrap_or("/")
    }
}

#[derive(Template)]
#[template(path = "sign_in/sign_in.html")]
struct SignInPage {
    page: Page,
    errors: FormErrors,
    email: String,
    next: String,
    from_invite: bool,
    /// There is no account yet.
    nobody: bool,
}

impl SignInPage {
    fn new(page: Page, email: &str, next: &Next) -> Self {
        Self {
            page: page.titled("sign-in-title", ""),
            errors: FormErrors::none(),
            email: email.to_owned(),
            from_invite: next.path().starts_with("/self-service/invite"),
            next: next.path().to_owned(),
            nobody: false,
        }
    }
}

/// `GET /sign-in`: anybody.
pub async fn sign_in_form(
    app: web::Data<App>,
    page: Page,
    guest: Guest,
    next: web::Query<Next>,
) -> Result<HttpResponse> {
    if guest.signed_in.is_some() {
        return Ok(see_other(next.path()));
    }
    let mut shown = SignInPage::new(page, &next.email, &next);
    shown.nobody = !app
        .db
        .read(|conn| Ok(crate::users::store::any(conn)?))
        .await?;
    show(&shown)
}

/// `POST /sign-in`: anybody.
pub async fn sign_in(
    app: web::Data<App>,
    page: Page,
    guest: Guest,
    session: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let next = Next {
        next: form.get("next").to_owned(),
        email: String::new(),
    };
    let from = from(&guest);
    match try_sign_in(&app, &guest, from, form.get("email"), form.get("password")).await {
        Ok(secret) => {
            hand_over(&session, secret)?;
            Ok(see_other(next.path()))
        }
        Err(why) => {
            let errors = match why {
                Error::TooMany(seconds) => {
                    FormErrors::too_many(seconds, app.text.wait(seconds, "sign-in-too-many-tries"))
                }
                why => FormErrors::of(app.text, with_contact(&app, why).await)?,
            };
            let mut shown = SignInPage::new(page, form.get("email"), &next);
            let status = shown.page.refuse(&errors);
            shown.errors = errors;
            render(status, &shown)
        }
    }
}

async fn try_sign_in(
    app: &web::Data<App>,
    guest: &Guest,
    from: From,
    email: &str,
    entered: &str,
) -> Result<super::sessions::NewSecret> {
    let old = old_session(guest);
    let typed = (email, entered);
    password::act(app, &guest.actor, &guest.source, typed, move |tx, user| {
        actions::leave(tx, old.as_ref())?;
        actions::open_session(tx, &from, user, "password")
    })
    .await
}

/// The session that the browser comes with.
pub(super) fn old_session(guest: &Guest) -> Option<(Actor, SessionId)> {
    let who = guest.signed_in.as_ref()?;
    Some((who.actor.clone(), who.session_id))
}

/// Puts into the words of a refusal whom to ask.
async fn with_contact(app: &web::Data<App>, why: Error) -> Error {
    if why.code() != Code::AccountDisabled {
        return why;
    }
    match whom_to_ask(app).await {
        Ok(contact) => Code::AccountDisabled.with("contact", contact),
        Err(why) => why,
    }
}

/// Whom people ask when they cannot get in.
pub(super) async fn whom_to_ask(app: &web::Data<App>) -> Result<String> {
    let contact = app.db.read(crate::site::actions::current).await?.contact;
    Ok(if contact.is_empty() {
        app.text.get("sign-in-an-administrator").to_string()
    } else {
        contact
    })
}

/// Who signs in, as the actions want to know it.
pub(super) fn from(guest: &Guest) -> From {
    From {
        actor: guest.actor.clone(),
        agent: guest.agent.clone(),
    }
}

pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .finish()
}

#[derive(Template)]
#[template(path = "sign_in/confirm.html")]
struct ConfirmPage {
    page: Page,
    errors: FormErrors,
    email: String,
    next: String,
}

/// `GET /sign-in/confirm`: who is signed in, before making secrets.
pub async fn confirm_form(
    page: Page,
    who: SignedIn,
    next: web::Query<Next>,
) -> Result<HttpResponse> {
    let page = page.titled("confirm-title", "");
    show(&ConfirmPage {
        page,
        errors: FormErrors::none(),
        email: who.email,
        next: next.path().to_owned(),
    })
}

/// `POST /sign-in/confirm`: who is signed in.
pub async fn confirm(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    guest: Guest,
    session: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let next = Next {
        next: form.get("next").to_owned(),
        email: String::new(),
    };
    let confirmed = async {
        let typed = (who.email.as_str(), form.get("password"));
        let (person, id) = (who.clone(), who.session_id);
        let renew = move |tx: &mut Tx<'_>, user| {
            let actor = person.acts(tx)?;
            actions::confirm(tx, &actor, id, user)
        };
        password::act(&app, &who.actor, &guest.source, typed, renew).await
    };
    match confirmed.await {
        Ok(secret) => {
            hand_over(&session, secret)?;
            Ok(see_other(next.path()))
        }
        Err(why) => {
            let errors = match why.code() {
                // The address stands on the page: only the password can be wrong.
                code @ Code::SignInFailed => {
                    let words = app.text.get("field-password-wrong").to_string();
                    FormErrors::beside("password", &words, code)
                }
                _ => FormErrors::of(app.text, why)?,
            };
            let mut page = page.titled("confirm-title", "");
            let status = page.refuse(&errors);
            render(
                status,
                &ConfirmPage {
                    page,
                    errors,
                    email: who.email,
                    next: next.path().to_owned(),
                },
            )
        }
    }
}

/// `POST /sign-out`: who is signed in.
pub async fn sign_out(
    app: web::Data<App>,
    who: SignedIn,
    session: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let id = who.session_id;
    who.write(&app, move |tx, actor| actions::sign_out(tx, actor, id))
        .await?;
    session.purge();
    let next = own_path(form.get("next")).unwrap_or("/sign-in");
    Ok(Flash::ok(app.text.get("sign-in-signed-out")).redirect(&app, next))
}
