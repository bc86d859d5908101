//! Proving an address: asking for the link, and the page that it opens.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::model::{Address, Phone};
use super::verification::{self, Which};
use crate::app::App;
use crate::error::Result;
use crate::ids::UserId;
use crate::one_time_links::{Look, Token, VERIFICATION};
use crate::web::{Flash, Guest, Page, PostForm, SignedIn, show};

/// `POST /settings/profile/verification`: who is signed in, for their own address.
pub async fn send_own(app: web::Data<App>, who: SignedIn, _: PostForm) -> Result<HttpResponse> {
    send(&app, &who, who.user_id, &Which::Any, "/settings/profile").await
}

/// `POST /admin/users/{id}/verification`: administrators.
pub async fn send_of_user(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    form: PostForm,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let which = match form.get("phone") {
        "" => Which::Any,
        phone => Which::Phone(Phone::read("phone", phone)?),
    };
    send(&app, &who, id, &which, &format!("/admin/users/{id}")).await
}

async fn send(
    app: &web::Data<App>,
    who: &SignedIn,
    id: UserId,
    which: &Which,
    back: &str,
) -> Result<HttpResponse> {
    let (shared, which, mut counted) = (app.clone(), which.clone(), false);
    let (sent_to, _) = who
        .write(app, move |tx, actor| {
            verification::send(tx, &shared, actor, id, &which, &mut counted)
        })
        .await?;
    let words = match sent_to {
        Address::Email(_) if app.config.smtp.is_none() => app.text.get("verify-waits"),
        Address::Phone(_) if app.config.sms.is_none() => app.text.get("verify-waits-sms"),
        _ => app.text.get("verify-sent"),
    };
    Ok(Flash::ok(words.arg("email", sent_to.as_str())).redirect(app, back))
}

#[derive(Template)]
#[template(path = "users/verify.html")]
struct VerifyPage {
    page: Page,
    /// The address that is proved.
    email: String,
}

/// `GET /verify`: anybody with the link. Proves nothing yet: mail scanners open links too.
pub async fn form(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    query: web::Query<Token>,
) -> Result<HttpResponse> {
    let link = match VERIFICATION.open(&app, &request, &guest, &query).await? {
        Look::Moved(on) => return Ok(on),
        Look::Good(link) => link,
    };
    show(&VerifyPage {
        page: page.titled("verify-title", ""),
        email: link.mailed_to.unwrap_or_default(),
    })
}

/// `POST /verify`: anybody with the link.
pub async fn prove(
    app: web::Data<App>,
    request: HttpRequest,
    guest: Guest,
    _: PostForm,
) -> Result<HttpResponse> {
    let (token, _) = VERIFICATION.held(&app, &request).await?;
    let actor = guest.actor;
    let proved = app
        .db
        .write(move |tx| verification::prove(tx, &actor, &token))
        .await?;
    let words = app.text.get("verify-done").arg("email", proved.as_str());
    let mut answer = Flash::ok(words).redirect(&app, "/settings/profile");
    VERIFICATION.done(&app, &mut answer);
    Ok(answer)
}
