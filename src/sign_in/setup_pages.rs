//! The first owner: a link from the log makes the account that everything else starts from.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::actions::{self, SetUp};
use super::going_on::{from, see_other};
use super::password;
use super::sessions::hand_over;
use crate::app::App;
use crate::db::Tx;
use crate::error::{Code, Error, FieldError, Result};
use crate::one_time_links::{self, LinkKind, Look, SET_UP, Token};
use crate::users::model::{Email, read_name};
use crate::web::{FormErrors, Guest, Page, PostForm, render, show};

/// Makes the link that makes the first owner, while there is no user; earlier ones stop working.
///
/// # Errors
/// When the database refuses.
pub fn make_link(tx: &mut Tx<'_>, app: &App) -> Result<Option<String>> {
    if crate::users::store::any(tx)? {
        return Ok(None);
    }
    let secret = one_time_links::make(tx, LinkKind::SetUp, None, None, LinkKind::SetUp.lifetime())?;
    Ok(Some(SET_UP.link(app, secret.reveal())))
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
    if let Look::Moved(on) = SET_UP.open(&app, &request, &guest, &query).await? {
        return Ok(on);
    }
    // The first owner can be made on the command line too, and then there is nothing to set up.
    if app
        .db
        .read(|conn| Ok(crate::users::store::any(conn)?))
        .await?
    {
        return Code::LinkGone.refuse();
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
    let (token, _) = SET_UP.held(&app, &request).await?;
    let made = async {
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
            SET_UP.done(&app, &mut answer);
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
            SET_UP.keep(&app, &token, &mut answer)?;
            Ok(answer)
        }
    }
}

async fn read(app: &App, form: &PostForm, token: String) -> Result<SetUp> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let display_name = read_name("name", form.get("name")).map_err(|why| wrong.push(why));
    let email = Email::read("email", form.get("email")).map_err(|why| wrong.push(why));
    let entered = form.get("password");
    let personal = [form.get("name"), form.get("email")];
    if entered.is_empty() {
        wrong.push(FieldError::new("password", "required"));
    } else if let Err(weakness) = crate::passwords::check_strength(entered, &personal) {
        wrong.push(FieldError::new(
            "password",
            password::weakness_code(weakness),
        ));
    }
    let (Ok(display_name), Ok(email), true) = (display_name, email, wrong.is_empty()) else {
        return Err(Error::Invalid(wrong));
    };
    let password_hash = password::hash(app, "password", entered, &personal).await?;
    Ok(SetUp {
        token,
        display_name,
        email,
        password_hash,
    })
}
