//! A forgotten password: ask for a link by mail, follow it, choose a new one.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::actions;
use super::going_on::{from, old_session, whom_to_ask};
use super::limits;
use super::password;
use super::recovery;
use super::sessions::hand_over;
use crate::app::App;
use crate::error::{Code, FieldError, Result};
use crate::one_time_links::{Link, Look, RECOVERY, Token};
use crate::users::actions::Endings;
use crate::users::model::{Address, Email, User};
use crate::web::{Flash, FormErrors, Guest, Page, PostForm, render, show};

#[derive(Template)]
#[template(path = "sign_in/recover.html")]
struct AskPage {
    page: Page,
    errors: FormErrors,
    email: String,
    sent: bool,
    /// Whom to ask, while no mail can be sent.
    ask_instead: Option<String>,
}

/// `GET /recover`: anybody.
pub async fn ask_form(app: web::Data<App>, page: Page) -> Result<HttpResponse> {
    let page = page.titled("recover-title", "");
    show(&AskPage {
        page,
        errors: FormErrors::none(),
        email: String::new(),
        sent: false,
        ask_instead: ask_instead(&app).await?,
    })
}

/// Whom to ask for a link, while no mail can be sent.
async fn ask_instead(app: &web::Data<App>) -> Result<Option<String>> {
    if app.config.smtp.is_some() {
        return Ok(None);
    }
    whom_to_ask(app).await.map(Some)
}

/// `POST /recover`: anybody. The answer is the same whether or not the address has an account.
pub async fn ask(
    app: web::Data<App>,
    page: Page,
    guest: Guest,
    form: PostForm,
) -> Result<HttpResponse> {
    let asked = async {
        let email = read_email(form.get("email"))?;
        limits::recovery(&app, email.as_str(), &guest.source)?;
        let (shared, from) = (app.clone(), from(&guest));
        app.db
            .write(move |tx| recovery::ask(tx, &shared, &from, email.as_str()))
            .await
    };
    let mut page = page.titled("recover-title", "");
    match asked.await {
        Ok(()) => show(&AskPage {
            page,
            errors: FormErrors::none(),
            email: String::new(),
            sent: true,
            ask_instead: ask_instead(&app).await?,
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
                    ask_instead: ask_instead(&app).await?,
                },
            )
        }
    }
}

/// Who types a number is told where it works. Whether it has an account does not show.
fn read_email(typed: &str) -> Result<Email> {
    match Address::read("email", typed) {
        Ok(Address::Phone(_)) => Err(FieldError::new("email", "phone_for_email").into()),
        _ => Ok(Email::read("email", typed)?),
    }
}

#[derive(Template)]
#[template(path = "sign_in/new_password.html")]
struct NewPasswordPage {
    page: Page,
    errors: FormErrors,
    /// Whose password it is, for password managers.
    email: String,
}

/// Whose password the link sets.
async fn whose(app: &App, link: &Link) -> Result<User> {
    let id = link.user_id.ok_or(Code::LinkGone)?;
    app.db
        .read(move |conn| Ok(crate::users::store::find(conn, id)?))
        .await
}

/// `GET /recover/new`: anybody with the link.
pub async fn form(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    query: web::Query<Token>,
) -> Result<HttpResponse> {
    let link = match RECOVERY.open(&app, &request, &guest, &query).await? {
        Look::Moved(on) => return Ok(on),
        Look::Good(link) => link,
    };
    let user = whose(&app, &link).await?;
    let page = page.titled("recover-new-title", "");
    show(&NewPasswordPage {
        page,
        errors: FormErrors::none(),
        email: user.address().to_owned(),
    })
}

/// `POST /recover/new`: anybody with the link.
pub async fn set(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    session: Session,
    endings: web::Data<Endings>,
    form: PostForm,
) -> Result<HttpResponse> {
    let (token, link) = RECOVERY.held(&app, &request).await?;
    let user = whose(&app, &link).await?;
    let done = async {
        let personal = [user.display_name.as_str(), user.address()];
        if form.get("password").is_empty() {
            return Err(FieldError::new("password", "required").into());
        }
        let hash = password::hash(&app, "password", form.get("password"), &personal).await?;
        let (from, old, token) = (from(&guest), old_session(&guest), token.clone());
        let (shared, end) = (app.clone(), endings.on_takeover);
        app.db
            .write(move |tx| {
                actions::leave(tx, old.as_ref())?;
                recovery::recover(tx, &shared, &from, &token, &hash, end)
            })
            .await
    };
    match done.await {
        Ok(secret) => {
            hand_over(&session, secret)?;
            let mut answer =
                Flash::ok(app.text.get("recover-done")).redirect(&app, "/settings/profile");
            RECOVERY.done(&app, &mut answer);
            Ok(answer)
        }
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let mut page = page.titled("recover-new-title", "");
            let status = page.refuse(&errors);
            let mut answer = render(
                status,
                &NewPasswordPage {
                    page,
                    errors,
                    email: user.address().to_owned(),
                },
            )?;
            RECOVERY.keep(&app, &token, &mut answer)?;
            Ok(answer)
        }
    }
}
