//! The first owner: a link from the log makes the account that everything else starts from.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::actions::{self, SetUp};
use super::pages::{from, see_other};
use super::sessions::hand_over;
use crate::app::App;
use crate::db::Tx;
use crate::error::{Code, Error, FieldError, Result};
use crate::one_time_links::{self, LinkKind};
use crate::users::model::{Email, read_name};
use crate::web::{FormErrors, Guest, Page, PostForm, TokenCookie, render, show};

/// The token of a link.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Token {
    /// Empty once it has moved into the cookie.
    #[serde(default)]
    pub token: String,
}

fn cookie() -> TokenCookie {
    TokenCookie::new("set-up")
}

/// Makes the link that makes the first owner, while there is no user; earlier ones stop working.
///
/// # Errors
/// When the database refuses.
pub fn make_link(tx: &mut Tx<'_>, app: &App) -> Result<Option<String>> {
    if crate::users::store::any(tx)? {
        return Ok(None);
    }
    let secret = one_time_links::make(tx, LinkKind::SetUp, None, None, LinkKind::SetUp.lifetime())?;
    Ok(Some(app.link(&format!("/setup?token={}", secret.reveal()))))
}

#[derive(Template)]
#[template(path = "sign_in/setup.html")]
struct SetUpPage {
    page: Page,
    errors: FormErrors,
    display_name: String,
    email: String,
}

/// `GET /setup`: anybody with the link from the log.
pub async fn form(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    query: web::Query<Token>,
) -> Result<HttpResponse> {
    if !query.token.is_empty() {
        return cookie().move_token(&app, &query.token, "/setup");
    }
    let token = cookie().token(&app, &request).unwrap_or_default();
    let now = app.clock.now();
    let found = app
        .db
        .read(move |conn| one_time_links::find(conn, LinkKind::SetUp, &token, now))
        .await;
    if let Err(why) = found {
        super::limits::wrong_link(&app, &guest.source)?;
        return Err(why);
    }
    let page = page.titled("setup-title", "");
    show(&SetUpPage {
        page,
        errors: FormErrors::none(),
        display_name: String::new(),
        email: String::new(),
    })
}

/// `POST /setup`: anybody with the link from the log.
pub async fn create(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    session: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let token = cookie().token(&app, &request).ok_or(Code::LinkGone)?;
    let made = async {
        // Looked up first, so that a dead link costs no hash; taken for good in the transaction.
        let (looked_up, now) = (token.clone(), app.clock.now());
        app.db
            .read(move |conn| one_time_links::find(conn, LinkKind::SetUp, &looked_up, now))
            .await?;
        let input = read(&app, &form, token.clone()).await?;
        let from = from(&guest);
        app.db
            .write(move |tx| actions::set_up(tx, &from, &input))
            .await
    };
    match made.await {
        Ok(secret) => {
            hand_over(&session, secret)?;
            let mut answer = see_other("/");
            cookie().remove(&app, &mut answer);
            Ok(answer)
        }
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let mut page = page.titled("setup-title", "");
            let status = page.refuse(&errors);
            let (display_name, email) = (form.get("name").to_owned(), form.get("email").to_owned());
            let mut answer = render(
                status,
                &SetUpPage {
                    page,
                    errors,
                    display_name,
                    email,
                },
            )?;
            cookie().put(&app, &token, &mut answer)?;
            Ok(answer)
        }
    }
}

async fn read(app: &App, form: &PostForm, token: String) -> Result<SetUp> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let display_name = read_name("name", form.get("name")).map_err(|why| wrong.push(why));
    let email = Email::read("email", form.get("email")).map_err(|why| wrong.push(why));
    let password = form.get("password");
    let personal = [form.get("name"), form.get("email")];
    if let Err(weakness) = crate::passwords::check_strength(password, &personal) {
        wrong.push(FieldError::new(
            "password",
            actions::weakness_code(weakness),
        ));
    }
    let (Ok(display_name), Ok(email), true) = (display_name, email, wrong.is_empty()) else {
        return Err(Error::Invalid(wrong));
    };
    let password_hash = actions::hash(app, "password", password, &personal).await?;
    Ok(SetUp {
        token,
        display_name,
        email,
        password_hash,
    })
}
