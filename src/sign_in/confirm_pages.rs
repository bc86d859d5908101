//! Proving again who is signed in, before making secrets or changing how to sign in: with the password, or with a
//! code to a proved address.

use actix_session::Session;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions;
use super::code_pages::Door;
use super::going_on::{Next, see_other};
use super::password;
use super::sessions::hand_over;
use crate::app::App;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::users::logins;
use crate::users::model::Address;
use crate::users::store as users;
use crate::web::{FormErrors, Guest, Page, PostForm, SignedIn, render, show};

#[derive(Template)]
#[template(path = "sign_in/confirm.html")]
struct ConfirmPage {
    page: Page,
    errors: FormErrors,
    email: String,
    next: String,
    ways: Ways,
}

/// How somebody can prove who they are.
struct Ways {
    /// They have a password.
    password: bool,
    /// Their proved addresses, each beside itself: codes can go there.
    codes: Vec<(String, String)>,
}

async fn ways(app: &web::Data<App>, who: &SignedIn) -> Result<Ways> {
    let id = who.user_id;
    let read = move |conn: &mut Conn| {
        let user = users::find(conn, id)?;
        let proved = logins::proved(conn, &user)?;
        Ok(Ways {
            password: user.password_hash.is_some(),
            codes: proved.iter().cloned().zip(proved.iter().cloned()).collect(),
        })
    };
    app.db.read(read).await
}

/// `GET /sign-in/confirm`: who is signed in, before making secrets.
pub async fn form(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    next: web::Query<Next>,
) -> Result<HttpResponse> {
    let ways = ways(&app, &who).await?;
    let page = page.titled("confirm-title", "");
    show(&ConfirmPage {
        page,
        errors: FormErrors::none(),
        email: who.email,
        next: next.path().to_owned(),
        ways,
    })
}

/// The page again, with what was wrong.
async fn refuse(
    app: &web::Data<App>,
    page: Page,
    who: SignedIn,
    next: &Next,
    why: Error,
) -> Result<HttpResponse> {
    let errors = match why.code() {
        // The address stands on the page: only the password can be wrong.
        code @ Code::SignInFailed => {
            let words = app.text.get("field-password-wrong").to_string();
            FormErrors::beside("password", &words, code)
        }
        _ => FormErrors::of(app.text, why)?,
    };
    let ways = ways(app, &who).await?;
    let mut page = page.titled("confirm-title", "");
    let status = page.refuse(&errors);
    render(
        status,
        &ConfirmPage {
            page,
            errors,
            email: who.email,
            next: next.path().to_owned(),
            ways,
        },
    )
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
    let next = Next::of(&form);
    let typed = (who.email.as_str(), form.get("password"));
    let (person, id) = (who.clone(), who.session_id);
    let renew = move |tx: &mut Tx<'_>, user| {
        let actor = person.acts(tx)?;
        actions::confirm(tx, &actor, id, user)
    };
    match password::act(&app, &who.actor, &guest.source, typed, renew).await {
        Ok(secret) => {
            hand_over(&session, secret)?;
            Ok(see_other(next.path()))
        }
        Err(why) => refuse(&app, page, who, &next, why).await,
    }
}

/// `POST /sign-in/confirm/send`: who is signed in. Sends a code to one of their own proved addresses.
pub async fn send(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    guest: Guest,
    form: PostForm,
) -> Result<HttpResponse> {
    let next = Next::of(&form);
    let sent = async {
        let ways = ways(&app, &who).await?;
        let own = ways.codes.iter().find(|(own, _)| own == form.get("email"));
        let (own, _) = own.ok_or_else(|| FieldError::new("email", "not_theirs"))?;
        let address = Address::read("email", own)?;
        Door::Confirm.send(&app, &guest, &address, &next).await
    };
    match sent.await {
        Ok(answer) => Ok(answer),
        Err(why) => refuse(&app, page, who, &next, why).await,
    }
}
