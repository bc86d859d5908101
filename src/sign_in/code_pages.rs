//! The page that takes a code, for signing in and for proving it again.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::actions;
use super::code;
use super::going_on::{Next, from, old_session, see_other, whom_to_ask, with_contact};
use super::sessions::hand_over;
use crate::app::App;
use crate::codes::{Claim, Purpose};
use crate::db::Tx;
use crate::error::Result;
use crate::outbox::jobs::can_send;
use crate::users::model::Address;
use crate::web::{FormErrors, Guest, Page, PostForm, SignedIn, TokenCookie, render, show};

/// Which of the two pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// Signing in.
    SignIn,
    /// Proving again who is signed in.
    Confirm,
}

impl Door {
    const fn purpose(self) -> Purpose {
        match self {
            Self::SignIn => Purpose::SignIn,
            Self::Confirm => Purpose::Confirm,
        }
    }

    /// Where codes are asked for.
    const fn asks_at(self) -> &'static str {
        match self {
            Self::SignIn => "/sign-in",
            Self::Confirm => "/sign-in/confirm/send",
        }
    }

    /// The page from which codes are asked for, and with `/code` the one that takes them.
    const fn path(self) -> &'static str {
        match self {
            Self::SignIn => "/sign-in",
            Self::Confirm => "/sign-in/confirm",
        }
    }

    fn to_code(self, next: &Next) -> String {
        let query = serde_urlencoded::to_string([("next", next.path())]);
        format!("{}/code?{}", self.path(), query.unwrap_or_default())
    }

    /// Keeps the address between asking for a code and entering it.
    fn cookie(self) -> TokenCookie {
        TokenCookie::new(self.purpose().as_str())
    }

    fn claim(self, guest: &Guest, address: &Address) -> Claim {
        Claim {
            purpose: self.purpose(),
            subject: guest.binding.clone(),
            address: address.norm(),
        }
    }

    /// Sends a code to an address, and goes on to the page that takes it.
    pub(super) async fn send(
        self,
        app: &web::Data<App>,
        guest: &Guest,
        address: &Address,
        next: &Next,
    ) -> Result<HttpResponse> {
        let claim = self.claim(guest, address);
        code::ask(app, &from(guest), &guest.source, claim, address).await?;
        let cookie = self.cookie();
        cookie.move_token(app, address.as_str(), &self.to_code(next))
    }

    /// The address to which this browser has asked for a code.
    fn asked(self, app: &App, request: &HttpRequest) -> Option<Address> {
        let kept = self.cookie().token(app, request)?;
        Address::read("email", &kept).ok()
    }
}

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    page: Page,
    errors: FormErrors,
    /// The page that takes the code.
    path: &'static str,
    /// Where another one is asked for.
    asks_at: &'static str,
    address: String,
    next: String,
    /// Whom to ask, while nothing can be sent there.
    ask_instead: Option<String>,
}

impl CodePage {
    async fn of(
        app: &web::Data<App>,
        page: Page,
        door: Door,
        address: &Address,
        next: &Next,
    ) -> Result<Self> {
        let can_send = can_send(&app.config, address.channel());
        Ok(Self {
            page: page.titled("sign-in-code-title", ""),
            errors: FormErrors::none(),
            path: door.path(),
            asks_at: door.asks_at(),
            address: address.as_str().to_owned(),
            next: next.path().to_owned(),
            ask_instead: match can_send {
                true => None,
                false => Some(whom_to_ask(app).await?),
            },
        })
    }
}

async fn show_form(
    door: Door,
    app: &web::Data<App>,
    request: &HttpRequest,
    page: Page,
    next: &Next,
) -> Result<HttpResponse> {
    match door.asked(app, request) {
        Some(address) => show(&CodePage::of(app, page, door, &address, next).await?),
        None => Ok(see_other(door.path())),
    }
}

/// The form again, with words beside the code.
async fn refuse(
    door: Door,
    app: &web::Data<App>,
    page: Page,
    address: &Address,
    next: &Next,
    why: crate::error::Error,
) -> Result<HttpResponse> {
    let errors = FormErrors::of(app.text, with_contact(app, why).await)?;
    let mut shown = CodePage::of(app, page, door, address, next).await?;
    let status = shown.page.refuse(&errors);
    shown.errors = errors;
    render(status, &shown)
}

/// `GET /sign-in/code`: anybody who asked for a code.
pub async fn sign_in_form(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    next: web::Query<Next>,
) -> Result<HttpResponse> {
    show_form(Door::SignIn, &app, &request, page, &next).await
}

/// `POST /sign-in/code`: anybody who asked for a code.
pub async fn sign_in(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    guest: Guest,
    session: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let door = Door::SignIn;
    let next = Next::of(&form);
    let Some(address) = door.asked(&app, &request) else {
        return Ok(see_other(door.path()));
    };
    let (from, old) = (from(&guest), old_session(&guest));
    let open = move |tx: &mut Tx<'_>, user| {
        actions::leave(tx, old.as_ref())?;
        actions::open_session(tx, &from, user, "code")
    };
    let claim = door.claim(&guest, &address);
    let (actor, source) = (&guest.actor, &guest.source);
    match code::act(&app, actor, source, claim, form.get("code"), open).await {
        Ok(secret) => {
            hand_over(&session, secret)?;
            let mut answer = see_other(next.path());
            door.cookie().remove(&app, &mut answer);
            Ok(answer)
        }
        Err(why) => refuse(door, &app, page, &address, &next, why).await,
    }
}

/// `GET /sign-in/confirm/code`: who is signed in and asked for a code.
pub async fn confirm_form(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    _: SignedIn,
    next: web::Query<Next>,
) -> Result<HttpResponse> {
    show_form(Door::Confirm, &app, &request, page, &next).await
}

/// `POST /sign-in/confirm/code`: who is signed in and asked for a code.
pub async fn confirm(
    app: web::Data<App>,
    request: HttpRequest,
    page: Page,
    who: SignedIn,
    guest: Guest,
    session: Session,
    form: PostForm,
) -> Result<HttpResponse> {
    let door = Door::Confirm;
    let next = Next::of(&form);
    let Some(address) = door.asked(&app, &request) else {
        return Ok(see_other(door.path()));
    };
    let (person, id) = (who.clone(), who.session_id);
    let renew = move |tx: &mut Tx<'_>, user| {
        let actor = person.acts(tx)?;
        actions::confirm(tx, &actor, id, user)
    };
    let claim = door.claim(&guest, &address);
    let source = &guest.source;
    match code::act(&app, &who.actor, source, claim, form.get("code"), renew).await {
        Ok(secret) => {
            hand_over(&session, secret)?;
            let mut answer = see_other(next.path());
            door.cookie().remove(&app, &mut answer);
            Ok(answer)
        }
        Err(why) => refuse(door, &app, page, &address, &next, why).await,
    }
}
