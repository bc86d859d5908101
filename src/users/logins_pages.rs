//! My settings: the addresses and numbers by which I sign in.

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::logins::{self, Login, Which};
use super::model::{Address, User};
use super::store;
use crate::app::App;
use crate::clock::Time;
use crate::codes::{self, Claim, Purpose};
use crate::error::{Code, Error, Result};
use crate::outbox::{Channel, Frame};
use crate::text::Message;
use crate::web::{Flash, FormErrors, Guest, Page, PostForm, SignedIn, TokenCookie, render, show};

const PATH: &str = "/settings/logins";
const CODE_PATH: &str = "/settings/logins/code";
/// Who has to prove first that it is them, and comes back.
const CONFIRM: &str = "/sign-in/confirm?next=%2Fsettings%2Flogins";

/// A way to sign in, as the page shows it.
struct Row {
    /// What the button that removes it sends.
    which: String,
    address: String,
    is_email: bool,
    verified: bool,
    since: Time,
    last_used: Option<Time>,
    /// Tells the buttons of one from those of the others.
    of_it: Message,
}

fn rows(page: &Page, user: &User, further: Vec<Login>) -> Vec<Row> {
    let row = |which: String, address: String, verified: bool, since: Time| Row {
        is_email: address.contains('@'),
        of_it: page.t("logins-of").arg("address", &address),
        which,
        address,
        verified,
        since,
        last_used: None,
    };
    let mut rows = Vec::new();
    if let Some(email) = user.email.clone() {
        let verified = user.email_verified;
        rows.push(row("email".into(), email, verified, user.created_at));
    }
    if let Some(phone) = user.phone.clone() {
        let verified = user.phone_verified;
        rows.push(row("phone".into(), phone, verified, user.created_at));
    }
    rows.extend(further.into_iter().map(|login| Row {
        last_used: login.last_used_at,
        ..row(login.id.to_string(), login.address, true, login.created_at)
    }));
    rows
}

#[derive(Template)]
#[template(path = "settings/logins.html")]
struct LoginsPage {
    page: Page,
    errors: FormErrors,
    rows: Vec<Row>,
    /// What was typed.
    address: String,
}

impl LoginsPage {
    async fn read(app: &web::Data<App>, page: Page, who: &SignedIn) -> Result<Self> {
        let id = who.user_id;
        let (user, further) = app
            .db
            .read(move |conn| Ok((store::find(conn, id)?, logins::of_user(conn, id)?)))
            .await?;
        let page = page.titled("logins-title", "settings");
        Ok(Self {
            rows: rows(&page, &user, further),
            page,
            errors: FormErrors::none(),
            address: String::new(),
        })
    }

    /// The page with what was wrong.
    async fn refuse(
        app: &web::Data<App>,
        page: Page,
        who: &SignedIn,
        typed: &str,
        why: Error,
    ) -> Result<HttpResponse> {
        let errors = FormErrors::of(app.text, why)?;
        let mut shown = Self::read(app, page, who).await?;
        let status = shown.page.refuse(&errors);
        shown.errors = errors;
        typed.clone_into(&mut shown.address);
        render(status, &shown)
    }
}

/// `GET /settings/logins`: who is signed in.
pub async fn list(app: web::Data<App>, page: Page, who: SignedIn) -> Result<HttpResponse> {
    show(&LoginsPage::read(&app, page, &who).await?)
}

fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .finish()
}

/// Keeps the address between asking for a code and entering it.
fn cookie() -> TokenCookie {
    TokenCookie::new(Purpose::Login.as_str())
}

fn claim(guest: &Guest, address: &Address) -> Claim {
    Claim {
        purpose: Purpose::Login,
        subject: guest.binding.clone(),
        address: address.norm(),
    }
}

/// `POST /settings/logins`: who is signed in, within the last ten minutes. Sends a code to an address, whoever's it is:
/// only who has it learns that.
pub async fn send(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    guest: Guest,
    form: PostForm,
) -> Result<HttpResponse> {
    if !who.is_fresh(page.now()) {
        return Ok(see_other(CONFIRM));
    }
    let typed = form.get("address");
    let sent = async {
        let address = Address::read("address", typed)?;
        let (channel, claim) = (address.channel(), claim(&guest, &address));
        codes::count(&app, channel, &claim.address, &guest.source)?;
        let (shared, to) = (app.clone(), address.as_str().to_owned());
        let site_name = page.site_name.clone();
        who.write(&app, move |tx, _| {
            let code = codes::make(tx, &shared, &claim)?;
            let frame = Frame::of(&shared, &site_name);
            codes::send(tx, &shared, &frame, &code, (channel, &to))
        })
        .await?;
        codes::sent(&app, channel);
        cookie().move_token(&app, address.as_str(), CODE_PATH)
    };
    match sent.await {
        Ok(answer) => Ok(answer),
        Err(why) => LoginsPage::refuse(&app, page, &who, typed, why).await,
    }
}

#[derive(Template)]
#[template(path = "settings/login_code.html")]
struct CodePage {
    page: Page,
    errors: FormErrors,
    address: String,
    /// Nothing can be sent there at present.
    waits: bool,
}

impl CodePage {
    fn of(app: &App, page: Page, address: &Address) -> Self {
        Self {
            page: page.titled("logins-code-title", "settings"),
            errors: FormErrors::none(),
            address: address.as_str().to_owned(),
            waits: match address.channel() {
                Channel::Mail => app.config.smtp.is_none(),
                Channel::Sms => app.config.sms.is_none(),
            },
        }
    }
}

/// The address to which this browser has asked for a code.
fn asked(app: &App, request: &HttpRequest) -> Option<Address> {
    let kept = cookie().token(app, request)?;
    Address::read("address", &kept).ok()
}

/// `GET /settings/logins/code`: who is signed in and asked for a code.
pub async fn code_form(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    _: SignedIn,
) -> Result<HttpResponse> {
    match asked(&app, &request) {
        Some(address) => show(&CodePage::of(&app, page, &address)),
        None => Ok(see_other(PATH)),
    }
}

/// `POST /settings/logins/code`: who is signed in and asked for a code.
pub async fn add(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    who: SignedIn,
    guest: Guest,
    form: PostForm,
) -> Result<HttpResponse> {
    let Some(address) = asked(&app, &request) else {
        return Ok(see_other(PATH));
    };
    let added = async {
        let paid = codes::pay(&app, claim(&guest, &address)).await?;
        let shared = app.clone();
        let (address, code) = (address.clone(), form.get("code").to_owned());
        who.write(&app, move |tx, actor| {
            codes::take(tx, &shared, &paid, &code)?;
            logins::add_proven(tx, actor, actor.user()?, &address)
        })
        .await
    };
    let Err(why) = added.await else {
        let words = app
            .text
            .get("logins-added")
            .arg("address", address.as_str());
        let mut answer = Flash::ok(words).redirect(&app, PATH);
        cookie().remove(&app, &mut answer);
        return Ok(answer);
    };
    let errors = match why.code() {
        // Said only now that the code has proved it.
        code @ Code::AddressTaken => {
            FormErrors::beside("", &app.text.get("logins-of-another").to_string(), code)
        }
        _ => FormErrors::of(app.text, why)?,
    };
    let mut shown = CodePage::of(&app, page, &address);
    let status = shown.page.refuse(&errors);
    shown.errors = errors;
    render(status, &shown)
}

/// `POST /settings/logins/remove`: who is signed in, within the last ten minutes, for an address of their own.
pub async fn remove(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    form: PostForm,
) -> Result<HttpResponse> {
    if !who.is_fresh(page.now()) {
        return Ok(see_other(CONFIRM));
    }
    let removed = async {
        let which = match form.get("which") {
            "email" => Which::Email,
            "phone" => Which::Phone,
            id => Which::Further(id.parse()?),
        };
        who.write(&app, move |tx, actor| logins::remove(tx, actor, which))
            .await
    };
    match removed.await {
        Ok(address) => {
            let words = app.text.get("logins-removed").arg("address", address);
            Ok(Flash::ok(words).redirect(&app, PATH))
        }
        Err(why) => LoginsPage::refuse(&app, page, &who, "", why).await,
    }
}
