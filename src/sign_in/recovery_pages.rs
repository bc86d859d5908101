//! A forgotten password: ask for a link by mail, follow it, choose a new one.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::actions;
use super::limits;
use super::pages::{from, old_session};
use super::sessions::hand_over;
use super::setup_pages::Token;
use crate::app::App;
use crate::error::{Code, Result};
use crate::one_time_links::{self, LinkKind};
use crate::users::model::Email;
use crate::web::{Flash, FormErrors, Guest, Page, PostForm, TokenCookie, render, show};

fn cookie() -> TokenCookie {
    TokenCookie::new("recovery")
}

#[derive(Template)]
#[template(path = "sign_in/recover.html")]
struct AskPage {
    page: Page,
    errors: FormErrors,
    email: String,
    sent: bool,
}

/// `GET /recover`: anybody.
pub async fn ask_form(page: Page) -> Result<HttpResponse> {
    let page = page.titled("recover-title", "");
    show(&AskPage {
        page,
        errors: FormErrors::none(),
        email: String::new(),
        sent: false,
    })
}

/// `POST /recover`: anybody. The answer is the same whether or not the address has an account.
pub async fn ask(
    app: web::Data<App>,
    page: Page,
    guest: Guest,
    form: PostForm,
) -> Result<HttpResponse> {
    let asked = async {
        let email = Email::read("email", form.get("email"))?;
        limits::recovery(&app, email.as_str(), &guest.source)?;
        let (shared, from) = (app.clone(), from(&guest));
        app.db
            .write(move |tx| actions::ask_recovery(tx, &shared, &from, email.as_str()))
            .await
    };
    let mut page = page.titled("recover-title", "");
    match asked.await {
        Ok(()) => show(&AskPage {
            page,
            errors: FormErrors::none(),
            email: String::new(),
            sent: true,
        }),
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let status = page.refuse(&errors);
            render(
                status,
                &AskPage {
                    page,
                    errors,
                    email: form.get("email").to_owned(),
                    sent: false,
                },
            )
        }
    }
}

#[derive(Template)]
#[template(path = "sign_in/new_password.html")]
struct NewPasswordPage {
    page: Page,
    errors: FormErrors,
}

/// `GET /recover/new`: anybody with the link.
pub async fn form(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    query: web::Query<Token>,
) -> Result<HttpResponse> {
    if !query.token.is_empty() {
        return cookie().move_token(&app, &query.token, "/recover/new");
    }
    let token = cookie().token(&app, &request).unwrap_or_default();
    let now = app.clock.now();
    let found = app
        .db
        .read(move |conn| one_time_links::find(conn, LinkKind::Recovery, &token, now))
        .await;
    if let Err(why) = found {
        limits::wrong_link(&app, &guest.source)?;
        return Err(why);
    }
    let page = page.titled("recover-new-title", "");
    show(&NewPasswordPage {
        page,
        errors: FormErrors::none(),
    })
}

/// `POST /recover/new`: anybody with the link.
pub async fn set(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    session: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let token = cookie().token(&app, &request).ok_or(Code::LinkGone)?;
    let done = async {
        // Looked up first, so that a dead link costs no hash; taken for good in the transaction.
        let (looked_up, now) = (token.clone(), app.clock.now());
        let user = app
            .db
            .read(move |conn| {
                let link = one_time_links::find(conn, LinkKind::Recovery, &looked_up, now)?;
                Ok(crate::users::store::find(
                    conn,
                    link.user_id.ok_or(Code::LinkGone)?,
                )?)
            })
            .await?;
        let personal = [user.display_name.as_str(), user.address()];
        let hash = actions::hash(&app, "password", form.get("password"), &personal).await?;
        let (from, old, token) = (from(&guest), old_session(&guest), token.clone());
        app.db
            .write(move |tx| {
                actions::leave(tx, old.as_ref())?;
                actions::recover(tx, &from, &token, &hash)
            })
            .await
    };
    match done.await {
        Ok(secret) => {
            hand_over(&session, secret)?;
            let mut answer =
                Flash::ok(app.text.get("recover-done")).redirect(&app, "/settings/profile");
            cookie().remove(&app, &mut answer);
            Ok(answer)
        }
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let mut page = page.titled("recover-new-title", "");
            let status = page.refuse(&errors);
            let mut answer = render(status, &NewPasswordPage { page, errors })?;
            cookie().put(&app, &token, &mut answer)?;
            Ok(answer)
        }
    }
}
