//! Making an open link in the console: for how many, of which domains, into which groups. The link is shown once.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde_json::Map;

use super::link_pages::{already_shown, show_link};
use super::new_form::Typed;
use super::new_pages::{Start, lifetimes, offer, offer_of};
use super::offer::Offer;
use crate::access::Role;
use crate::app::App;
use crate::clock::Time;
use crate::error::{FieldError, Result};
use crate::invites::actions;
use crate::invites::model::{Choices, Delivery, NewInvite};
use crate::text::Message;
use crate::web::{FormErrors, Page, PostForm, SignedIn, UsedForms, render, show};

/// The fields in the order of the page.
const FIELDS: [&str; 8] = [
    "label", "max_uses", "domains", "groups", "locale", "message", "expires", "ends_on",
];
/// What the page starts with: a small workshop.
const USUAL_PLACES: &str = "10";

#[derive(Template)]
#[template(path = "invites/open.html")]
struct OpenPage {
    page: Page,
    errors: FormErrors,
    typed: Typed,
    offer: Offer,
    lifetimes: Vec<(String, Message)>,
    /// Whether codes can be sent; without them there are no open links.
    can_send: bool,
    /// A link is shown once: the same form sent again must not make another.
    stamp: String,
}

impl OpenPage {
    fn new(app: &App, page: Page, who: &SignedIn, typed: Typed, offer: Offer) -> Self {
        let page = page.titled("open-link-title", "invites");
        Self {
            errors: FormErrors::none(),
            lifetimes: lifetimes(app, &page, &offer),
            can_send: app.config.smtp.is_some() || app.config.sms.is_some(),
            stamp: UsedForms::stamp(&app.master, who.session_id),
            typed,
            offer,
            page,
        }
    }
}

/// `GET /admin/invites/open`: whoever may invite.
pub async fn form(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    start: web::Query<Start>,
) -> Result<HttpResponse> {
    let offer = offer(&app, &who, &start.template).await?;
    let mut typed = Typed::empty(&offer, Delivery::Link, app.text);
    let domains = offer.policy.domains.join("\n");
    typed.0.push(("domains".to_owned(), domains));
    typed
        .0
        .push(("max_uses".to_owned(), USUAL_PLACES.to_owned()));
    show(&OpenPage::new(&app, page, &who, typed, offer))
}

/// `POST /admin/invites/open`: whoever may invite. Shows the link, this once.
pub async fn create(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    forms: web::Data<UsedForms>,
    form: PostForm,
) -> Result<HttpResponse> {
    let offer = offer_of(&app, &who, &form).await?;
    let typed = Typed::of(&form, FIELDS.map(str::to_owned));
    let Some(first_use) = forms.take(&app.master, who.session_id, form.get("stamp"))? else {
        return already_shown(page, "/admin/invites".to_owned());
    };
    let made = async {
        let new = read(&typed, &offer, app.clock.now())?;
        let shared = app.clone();
        who.write(&app, move |tx, actor| {
            actions::create(tx, &shared, actor, &new)
        })
        .await
    };
    match made.await {
        Ok(made) => show_link(app.text, page, made),
        Err(why) => {
            forms.give_back(&first_use);
            let errors = FormErrors::of(app.text, why)?.in_order(&FIELDS);
            let mut shown = OpenPage::new(&app, page, &who, typed, offer);
            let status: StatusCode = shown.page.refuse(&errors);
            shown.errors = errors;
            render(status, &shown)
        }
    }
}

/// The open link that the form asks for.
fn read(typed: &Typed, offer: &Offer, now: Time) -> Result<NewInvite> {
    let mut wrong = Vec::new();
    let places = typed.get("max_uses").trim();
    let max_uses = match places.parse() {
        Ok(places) => Some(places),
        Err(_) => {
            let code = match places {
                "" => "required",
                _ => "not_a_number",
            };
            wrong.push(FieldError::new("max_uses", code));
            None
        }
    };
    let domains = typed.get("domains").split_whitespace().map(str::to_owned);
    let choices = Choices {
        template: Some(offer.template.id),
        delivery: Some(Delivery::Link),
        role: Some(Role::Member),
        groups: typed.groups()?,
        end: typed.end(now).unwrap_or_else(|why| {
            wrong.push(why);
            None
        }),
        domains: Some(domains.collect()),
        max_uses,
        locale: typed.locale(),
        ..Choices::default()
    };
    typed.checked(Map::new(), Ok(None), choices, wrong)
}
