//! Signing in, proving it again, and signing out.

use actix_session::Session;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions::{self, From};
use super::code_pages::Door;
use super::going_on::{Next, from, old_session, see_other, with_contact};
use super::password;
use super::sessions::hand_over;
use crate::app::App;
use crate::error::{Error, Result};
use crate::users::model::Address;
use crate::web::{Flash, FormErrors, Guest, Page, PostForm, SignedIn, own_path, render, show};

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
    /// A code can be sent by mail or SMS.
    codes: bool,
    /// Everybody may make an account.
    registration: bool,
}

impl SignInPage {
    async fn of(app: &web::Data<App>, page: Page, email: &str, next: &Next) -> Result<Self> {
        let read = app.db.read(|conn| {
            let open = crate::site::actions::current(conn)?.registration_open;
            Ok((crate::users::store::any(conn)?, open))
        });
        let (anybody, registration) = read.await?;
        Ok(Self {
            codes: app.config.smtp.is_some() || app.config.sms.is_some(),
            page: page.titled("sign-in-title", ""),
            errors: FormErrors::none(),
            email: email.to_owned(),
            registration,
            from_invite: next.path().starts_with("/self-service/invite"),
            next: next.path().to_owned(),
            nobody: !anybody,
        })
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
    show(&SignInPage::of(&app, page, &next.email, &next).await?)
}

/// `POST /sign-in`: anybody.
pub async fn sign_in(
    app: web::Data<App>,
    page: Page,
    guest: Guest,
    session: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let next = Next::of(&form);
    let from = from(&guest);
    let done = if form.get("with") == "code" {
        match Address::read("email", form.get("email")) {
            Ok(address) => Door::SignIn.send(&app, &guest, &address, &next).await,
            Err(why) => Err(why.into()),
        }
    } else {
        let tried = try_sign_in(&app, &guest, from, form.get("email"), form.get("password"));
        match tried.await {
            Ok(secret) => hand_over(&session, secret).map(|()| see_other(next.path())),
            Err(why) => Err(why),
        }
    };
    match done {
        Ok(answer) => Ok(answer),
        Err(why) => {
            let errors = match why {
                Error::TooMany(seconds) => {
                    FormErrors::too_many(seconds, app.text.wait(seconds, "sign-in-too-many-tries"))
                }
                why => FormErrors::of(app.text, with_contact(&app, why).await)?,
            };
            let mut shown = SignInPage::of(&app, page, form.get("email"), &next).await?;
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
