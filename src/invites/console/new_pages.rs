//! Inviting a person in the console: a form, a page to check it, one to see what the person will get, and sending.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::link_pages::{already_shown, show_link};
use super::new_form::{FIELDS, Typed};
use super::offer::Offer;
use super::preview_pages::preview;
use super::several::{self, Drafts};
use super::undo_pages::with_undo;
use crate::access::{Actor, Role};
use crate::app::App;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::invite_templates::span;
use crate::invites::actions;
use crate::invites::model::{Delivery, NewInvite};
use crate::invites::store;
use crate::outbox::Channel;
use crate::schemas::form::Asked;
use crate::text::{Message, Text};
use crate::users::logins;
use crate::users::model::Address;
use crate::web::{Flash, FormErrors, Guest, Page, PostForm, SignedIn, UsedForms, render, show};

#[derive(Template)]
#[template(path = "invites/new.html")]
struct NewPage {
    page: Page,
    errors: FormErrors,
    typed: Typed,
    offer: Offer,
    asked: Vec<Asked>,
    lifetimes: Vec<(String, Message)>,
    mail_works: bool,
    /// Whether several people can be invited at once.
    takes_several: bool,
    /// The page of the invite that the address has already.
    existing: Option<String>,
}

impl NewPage {
    fn new(app: &App, page: Page, typed: Typed, offer: Offer) -> Self {
        let page = page.titled("invites-new-title", "invites");
        Self {
            errors: FormErrors::none(),
            asked: typed.asked(&offer),
            lifetimes: lifetimes(app, &page, &offer),
            mail_works: app.config.smtp.is_some(),
            takes_several: page.is_admin(),
            existing: None,
            offer,
            typed,
            page,
        }
    }

    fn mail_hint(&self) -> Message {
        self.page.t(if self.mail_works {
            "invites-by-mail-hint"
        } else {
            "invites-by-mail-later"
        })
    }
}

/// How long an invite may live, as a choice: values and words.
pub(super) fn lifetimes(app: &App, page: &Page, offer: &Offer) -> Vec<(String, Message)> {
    let words = |days: i64| (days.to_string(), page.t("invites-days").arg("count", days));
    let mut lifetimes: Vec<_> = offer.lifetimes().into_iter().map(words).collect();
    if offer.has_odd_lifetime() {
        let length = span::shown(app.text, offer.lifetime.seconds_up());
        let words = page.t("invites-days-odd").arg("length", length);
        lifetimes.insert(0, ("template".to_owned(), words));
    }
    lifetimes.push(("date".to_owned(), page.t("invites-days-date")));
    lifetimes
}

/// The address of the form.
#[derive(Debug, Default, Deserialize)]
pub struct Start {
    /// The template; the default one when it is left out.
    #[serde(default)]
    pub(super) template: String,
}

pub(super) async fn offer(app: &web::Data<App>, who: &SignedIn, template: &str) -> Result<Offer> {
    let (actor, template) = (who.actor.clone(), template.to_owned());
    app.db
        .read(move |conn| Offer::read(conn, &actor, &template))
        .await
}

/// What the template of a form offers. One that may no longer be used is not replaced in silence.
pub(super) async fn offer_of(
    app: &web::Data<App>,
    who: &SignedIn,
    form: &PostForm,
) -> Result<Offer> {
    let wanted = form.get("template");
    let offer = offer(app, who, wanted).await?;
    if !wanted.is_empty() && offer.template.id.as_str() != wanted {
        return Code::TemplateNotUsable.refuse();
    }
    Ok(offer)
}

/// `GET /admin/invites/new`: whoever may invite. The form of a template.
pub async fn form(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    start: web::Query<Start>,
) -> Result<HttpResponse> {
    let offer = offer(&app, &who, &start.template).await?;
    // What works at once is chosen at first.
    let works = match app.config.smtp {
        Some(_) => Delivery::Email,
        None => Delivery::Link,
    };
    let typed = Typed::empty(&offer, works, app.text);
    show(&NewPage::new(&app, page, typed, offer))
}

/// What sending would do, for the page to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Nothing to say.
    Plain,
    /// Somebody who has an account.
    HasAccount,
}

#[derive(Template)]
#[template(path = "invites/check.html")]
struct CheckPage {
    page: Page,
    typed: Typed,
    verdict: Verdict,
    /// The template by name, when there are several.
    template: Option<String>,
    groups: Vec<String>,
    /// What is said of the person, by the labels of the fields.
    traits: Vec<(String, String)>,
    until: String,
    /// Whether what goes out leaves at once.
    can_send: bool,
    /// Of the form that makes a link.
    stamp: String,
}

impl CheckPage {
    fn by_phone(&self) -> bool {
        let address = self.typed.recipient();
        address.is_ok_and(|address| address.channel() == Channel::Sms)
    }

    fn language(&self) -> Option<Message> {
        Text::of(self.typed.get("locale")).map(Text::name)
    }
}

/// `POST /admin/invites/new`: whoever may invite. Checks first; sends when the check page says so. Several addresses become a
/// draft, which has a check page of its own.
pub async fn create(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    guest: Guest,
    forms: web::Data<UsedForms>,
    drafts: web::Data<Drafts>,
    form: PostForm,
) -> Result<HttpResponse> {
    let offer = offer_of(&app, &who, &form).await?;
    let typed = Typed::read(&form, &offer);
    if several::are_in(&typed) {
        return match several::draft(&app, &who, &drafts, &typed, &offer).await {
            Ok(answer) => Ok(answer),
            Err(why) => refused(&app, page, &who, typed, offer, why).await,
        };
    }
    let step = form.get("step");
    if step == "edit" {
        return show(&NewPage::new(&app, page, typed, offer));
    }
    let session = who.session_id;
    if step == "preview" {
        let stamp = UsedForms::stamp(&app.master, session);
        let shown = match typed.invite(&offer, app.clock.now()) {
            Ok(new) => preview(&app, page.clone(), (&who, &guest), &typed, stamp, new).await,
            Err(why) => Err(why),
        };
        return match shown {
            Ok(shown) => Ok(shown),
            Err(why) => refused(&app, page, &who, typed, offer, why).await,
        };
    }
    // A link is shown once: the same form sent again must not make another.
    let first_use = if step == "send" && typed.by_link() {
        match forms.take(&app.master, session, form.get("stamp"))? {
            Some(first_use) => Some(first_use),
            None => return already_shown(page, "/admin/invites".to_owned()),
        }
    } else {
        None
    };
    let done = async {
        let new = typed.invite(&offer, app.clock.now())?;
        let shared = app.clone();
        if step == "send" {
            let made = who
                .write(&app, move |tx, actor| {
                    actions::create(tx, &shared, actor, &new)
                })
                .await?;
            return Ok(Step::Sent(Box::new(made)));
        }
        let actor = who.actor.clone();
        let (verdict, until) = app
            .db
            .read(move |conn| verdict(conn, &shared, &actor, &new))
            .await?;
        Ok(Step::Checked(verdict, until))
    };
    let done: Result<Step> = done.await;
    match done {
        Ok(Step::Checked(verdict, until)) => {
            let stamp = UsedForms::stamp(&app.master, session);
            show(&check(&app, page, typed, offer, verdict, until, stamp))
        }
        Ok(Step::Sent(made)) if made.link.is_some() => show_link(app.text, page, *made),
        Ok(Step::Sent(made)) => {
            let key = if can_send(&app, &made.invite.address) {
                "invites-sent"
            } else {
                "invites-waiting"
            };
            let until = app.text.day(made.invite.expires_at);
            let words = app
                .text
                .get(key)
                .arg("email", &made.invite.address)
                .arg("until", until);
            let id = made.invite.id;
            let flash = with_undo(&app, Flash::ok(words), &[id]);
            Ok(flash.redirect(&app, &format!("/admin/invites/{id}")))
        }
        Err(why) => {
            if let Some(first_use) = first_use {
                forms.give_back(&first_use);
            }
            refused(&app, page, &who, typed, offer, why).await
        }
    }
}

fn check(
    app: &App,
    page: Page,
    typed: Typed,
    offer: Offer,
    verdict: Verdict,
    until: Time,
    stamp: String,
) -> CheckPage {
    let asked = typed.asked(&offer).into_iter();
    let traits = asked.map(|asked| {
        let value = match asked.field.is_yes_no() && asked.is_ticked() {
            true => page.t("web-yes").to_string(),
            false => asked.value,
        };
        (asked.field.label, value)
    });
    let groups = offer.groups.into_iter();
    let groups = groups.filter(|group| typed.has("groups", group.id.as_str()));
    CheckPage {
        traits: traits.filter(|(_, value)| !value.is_empty()).collect(),
        groups: groups.map(|group| group.name).collect(),
        template: (offer.templates.len() > 1).then_some(offer.template.name),
        verdict,
        until: app.text.moment(until),
        can_send: can_send(app, typed.get("email")),
        stamp,
        page: page.titled("invites-check-title", "invites"),
        typed,
    }
}

/// The form with what is wrong in it.
async fn refused(
    app: &web::Data<App>,
    page: Page,
    who: &SignedIn,
    typed: Typed,
    offer: Offer,
    why: Error,
) -> Result<HttpResponse> {
    let existing = match why.code() {
        Code::InviteExists => existing(app, who, typed.get("email")).await?,
        _ => None,
    };
    let errors = match &existing {
        Some((_, words)) => FormErrors::beside("email", words, why.code()),
        None => FormErrors::of(app.text, why)?,
    };
    let mut shown = NewPage::new(app, page, typed, offer);
    shown.existing = existing.map(|(path, _)| path);
    let inputs = shown.asked.iter().map(|asked| asked.input.as_str());
    let (first, last) = FIELDS.split_at(2);
    let order: Vec<&str> = first.iter().copied().chain(inputs).collect();
    let errors = errors.in_order(&[order, last.to_vec()].concat());
    let errors = errors.labelled(Asked::labels(&shown.asked));
    let status: StatusCode = shown.page.refuse(&errors);
    shown.errors = errors;
    render(status, &shown)
}

/// Whether a message to an address leaves at once.
fn can_send(app: &App, address: &str) -> bool {
    match Address::read("email", address) {
        Ok(Address::Phone(_)) => app.config.sms.is_some(),
        _ => app.config.smtp.is_some(),
    }
}

enum Step {
    Checked(Verdict, Time),
    Sent(Box<actions::Made>),
}

/// The page of the pending invite for an address, and words about it.
pub(super) async fn existing(
    app: &web::Data<App>,
    who: &SignedIn,
    email: &str,
) -> Result<Option<(String, String)>> {
    let (norm, now) = (Address::normal(email), app.clock.now());
    let pending = app
        .db
        .read(move |conn| Ok(store::pending_for(conn, &norm)?))
        .await?;
    let mut pending = pending.into_iter();
    let invite =
        pending.find(|invite| invite.expires_at > now && actions::sees(&who.actor, invite));
    Ok(invite.map(|invite| {
        let when = app.text.relative(invite.created_at, now);
        let words = app.text.get("invites-exists").arg("when", when.as_ref());
        (format!("/admin/invites/{}", invite.id), words.to_string())
    }))
}

/// What sending would meet: the same refusals, before anything is done; and until when it would work.
fn verdict(conn: &mut Conn, app: &App, actor: &Actor, new: &NewInvite) -> Result<(Verdict, Time)> {
    let invite = actions::plan(conn, app, actor, new)?;
    // Administrators see all users; to anybody else accounts are not revealed (product rule 7).
    let verdict = match logins::by_address(conn, &invite.address_norm)? {
        Some(_) if actor.role >= Role::Admin => Verdict::HasAccount,
        _ => Verdict::Plain,
    };
    Ok((verdict, invite.expires_at))
}
