//! The pages on which people make accounts for themselves: an address, then the code with name, password and terms.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::actions;
use super::going_on::{from, old_session, see_other, whom_to_ask};
use super::register::{self, Entered};
use super::sessions::hand_over;
use crate::app::App;
use crate::codes::{Claim, Purpose};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::outbox::jobs::can_send;
use crate::schemas;
use crate::schemas::form::Asked;
use crate::schemas::model::{DEFAULT as DEFAULT_SCHEMA, Rules};
use crate::site::{self, Settings, Terms};
use crate::users::model::Address;
use crate::web::{Flash, FormErrors, Guest, Page, PostForm, TokenCookie, render, show};

const PATH: &str = "/register";
const CODE_PATH: &str = "/register/code";

/// What the link to the page fills in: `email`, `phone`, `traits.name` and the other traits that the form asks for.
/// The person may write anything else.
type Query = web::Query<Vec<(String, String)>>;

fn given<'q>(query: &'q Query, name: &str) -> &'q str {
    let found = query.iter().find(|(field, _)| field == name);
    found.map_or("", |(_, value)| value)
}

#[derive(Template)]
#[template(path = "sign_in/register_closed.html")]
struct ClosedPage {
    page: Page,
    contact: String,
}

#[derive(Template)]
#[template(path = "sign_in/register.html")]
struct AddressPage {
    page: Page,
    errors: FormErrors,
    address: String,
    /// Kept for the next page: what the link says of the person.
    kept: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "sign_in/register_code.html")]
struct CodePage {
    page: Page,
    errors: FormErrors,
    address: String,
    display_name: String,
    asked: Vec<Asked>,
    terms: Option<Terms>,
    terms_accepted: bool,
    /// Whom to ask, while nothing can be sent there.
    ask_instead: Option<String>,
}

/// The name of the person in a link to the page.
const NAME: &str = "traits.name";
/// The longest value that a link may fill in, in characters.
const LONGEST_GIVEN: usize = 1_000;

/// What holds while registration is open.
struct Open {
    settings: Settings,
    /// What people are asked.
    rules: Rules,
}

impl Open {
    async fn read(app: &web::Data<App>) -> Result<Option<Self>> {
        app.db
            .read(|conn| {
                let settings = site::actions::current(conn)?;
                if !settings.registration_open {
                    return Ok(None);
                }
                let rules = schemas::actions::rules(conn, DEFAULT_SCHEMA)?;
                Ok(Some(Self { settings, rules }))
            })
            .await
    }

    /// The fields of the form with what is known of them.
    fn asked<'a>(&self, known: impl Fn(&str) -> &'a str) -> Vec<Asked> {
        let fields = self.rules.fields_but_name().into_iter();
        let asked = fields.map(|field| {
            let value = known(&field.input()).to_owned();
            Asked::new(field, value, false)
        });
        asked.collect()
    }

    /// What is known of the person, to be handed on to the next page.
    fn kept<'a>(&self, known: impl Fn(&str) -> &'a str) -> Vec<(String, String)> {
        let fields = self.rules.fields_but_name().into_iter();
        let mut names = vec![NAME.to_owned()];
        names.extend(fields.map(|field| field.input()));
        let pairs = names.into_iter().map(|name| {
            let value = known(&name).to_owned();
            (name, value)
        });
        let fits = |value: &str| !value.is_empty() && value.chars().count() <= LONGEST_GIVEN;
        pairs.filter(|(_, value)| fits(value)).collect()
    }
}

/// The page says so itself, and is no secret: 403, as for anything that is there and not allowed.
async fn closed(app: &web::Data<App>, page: Page) -> Result<HttpResponse> {
    let page = page.titled("register-closed-title", "");
    let contact = whom_to_ask(app).await?;
    render(StatusCode::FORBIDDEN, &ClosedPage { page, contact })
}

fn cookie() -> TokenCookie {
    TokenCookie::new(Purpose::Register.as_str())
}

fn claim(guest: &Guest, address: &Address) -> Claim {
    Claim {
        purpose: Purpose::Register,
        subject: guest.binding.clone(),
        address: address.norm(),
    }
}

/// `GET /register`: anybody, while registration is open.
pub async fn form(app: web::Data<App>, page: Page, query: Query) -> Result<HttpResponse> {
    let Some(open) = Open::read(&app).await? else {
        return closed(&app, page).await;
    };
    let address = [given(&query, "email"), given(&query, "phone")];
    let address = address.into_iter().find(|given| !given.is_empty());
    show(&AddressPage {
        page: page.titled("register-title", ""),
        errors: FormErrors::none(),
        address: address.unwrap_or_default().to_owned(),
        kept: open.kept(|name| given(&query, name)),
    })
}

/// `POST /register`: anybody, while registration is open. Sends a code; the answer is the same for every address.
pub async fn ask(
    app: web::Data<App>,
    page: Page,
    guest: Guest,
    form: PostForm,
) -> Result<HttpResponse> {
    let Some(open) = Open::read(&app).await? else {
        return closed(&app, page).await;
    };
    let kept = open.kept(|name| form.get(name));
    let asked = async {
        let address = Address::read("address", form.get("address"))?;
        let claim = claim(&guest, &address);
        register::ask(&app, &guest.source, claim, &address).await?;
        let known = serde_urlencoded::to_string(&kept).unwrap_or_default();
        let to = format!("{CODE_PATH}?{known}");
        cookie().move_token(&app, address.as_str(), &to)
    };
    match asked.await {
        Ok(answer) => Ok(answer),
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let mut page = page.titled("register-title", "");
            let status = page.refuse(&errors);
            let shown = AddressPage {
                page,
                errors,
                address: form.get("address").to_owned(),
                kept,
            };
            render(status, &shown)
        }
    }
}

/// The address to which this browser has asked for a code.
fn asked(app: &App, request: &HttpRequest) -> Option<Address> {
    let kept = cookie().token(app, request)?;
    Address::read("address", &kept).ok()
}

async fn code_page(
    app: &web::Data<App>,
    page: Page,
    open: Open,
    address: &Address,
    display_name: &str,
    asked: Vec<Asked>,
) -> Result<CodePage> {
    let can_send = can_send(&app.config, address.channel());
    Ok(CodePage {
        page: page.titled("register-code-title", ""),
        errors: FormErrors::none(),
        address: address.as_str().to_owned(),
        display_name: display_name.to_owned(),
        asked,
        terms: open.settings.terms,
        terms_accepted: false,
        ask_instead: match can_send {
            true => None,
            false => Some(whom_to_ask(app).await?),
        },
    })
}

/// `GET /register/code`: anybody who asked for a code, while registration is open.
pub async fn code_form(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    query: Query,
) -> Result<HttpResponse> {
    let Some(open) = Open::read(&app).await? else {
        return closed(&app, page).await;
    };
    let Some(address) = asked(&app, &request) else {
        return Ok(see_other(PATH));
    };
    let asked = open.asked(|name| given(&query, name));
    let name = given(&query, NAME);
    show(&code_page(&app, page, open, &address, name, asked).await?)
}

/// `POST /register/code`: anybody who asked for a code, while registration is open.
pub async fn create(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    session: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let Some(open) = Open::read(&app).await? else {
        return closed(&app, page).await;
    };
    let Some(address) = asked(&app, &request) else {
        return Ok(see_other(PATH));
    };
    let fields = open.rules.fields_but_name().into_iter();
    let traits = fields.filter_map(|field| {
        let input = field.input();
        let entered = form.has(&input).then(|| form.get(&input));
        field.read(entered).map(|value| (field.name, value))
    });
    let entered = Entered {
        traits: traits.collect(),
        display_name: form.get("display_name").to_owned(),
        password: form.get("password").to_owned(),
        terms_accepted: form.has("terms_accepted"),
        terms_shown: form.get("terms_version").to_owned(),
    };
    let made = async {
        let claim = claim(&guest, &address);
        let (paid, new) =
            register::check(&app, &open.settings, &open.rules, claim, &address, &entered).await?;
        let (from, old, shared) = (from(&guest), old_session(&guest), app.clone());
        let code = form.get("code").to_owned();
        app.db
            .write(move |tx: &mut Tx<'_>| {
                actions::leave(tx, old.as_ref())?;
                register::register(tx, &shared, &from, (&paid, &code), &new)
            })
            .await
    };
    match made.await {
        Ok(secret) => {
            hand_over(&session, secret)?;
            let words = app
                .text
                .get("register-done")
                .arg("site", &open.settings.site_name);
            let mut answer = Flash::ok(words).redirect(&app, "/");
            cookie().remove(&app, &mut answer);
            Ok(answer)
        }
        Err(why) => {
            let asked = open.asked(|name| form.get(name));
            let errors = words(&app, why, &asked)?;
            let name = &entered.display_name;
            let mut shown = code_page(&app, page, open, &address, name, asked).await?;
            shown.terms_accepted = entered.terms_accepted;
            let status = shown.page.refuse(&errors);
            shown.errors = errors;
            render(status, &shown)
        }
    }
}

/// What was wrong, beside its field, in the order of the page.
fn words(app: &App, why: Error, asked: &[Asked]) -> Result<FormErrors> {
    let errors = FormErrors::of(app.text, why)?;
    let inputs = asked.iter().map(|asked| asked.input.as_str());
    let order = ["code", "display_name"].into_iter().chain(inputs);
    let order: Vec<&str> = order.chain(["password", "terms_accepted"]).collect();
    Ok(errors.in_order(&order).labelled(Asked::labels(asked)))
}
