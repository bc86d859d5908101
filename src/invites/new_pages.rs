//! Inviting a person in the console: a form, a page to check it, and sending.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions;
use super::model::{Choices, Delivery, End, NewInvite, RawInvite};
use super::pages::{already_shown, show_link};
use super::store;
use crate::access::{Actor, Role};
use crate::app::App;
use crate::clock::{Time, days};
use crate::db::Conn;
use crate::error::{Code, Error, FieldError, Result};
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::GroupId;
use crate::outbox::Channel;
use crate::site;
use crate::users::logins;
use crate::users::model::Address;
use crate::web::{Flash, FormErrors, Page, PostForm, SignedIn, UsedForms, render, show};

/// The lifetimes that the form offers, in days.
const LIFETIMES: [i64; 4] = [3, 7, 14, 30];

/// What the form holds, as it was typed.
#[derive(Clone, Debug)]
struct Typed {
    email: String,
    name: String,
    role: String,
    groups: Vec<String>,
    message: String,
    days: String,
    delivery: String,
}

impl Typed {
    fn empty(invite_days: i64, delivery: Delivery) -> Self {
        Self {
            email: String::new(),
            name: String::new(),
            role: Role::Member.to_string(),
            groups: Vec::new(),
            message: String::new(),
            days: invite_days.to_string(),
            delivery: delivery.to_string(),
        }
    }

    fn of(form: &PostForm) -> Self {
        Self {
            email: form.get("email").to_owned(),
            name: form.get("name").to_owned(),
            role: form.get("role").to_owned(),
            groups: form.all("groups").map(str::to_owned).collect(),
            message: form.get("message").to_owned(),
            days: form.get("days").to_owned(),
            delivery: form.get("delivery").to_owned(),
        }
    }

    fn read(&self) -> Result<NewInvite> {
        let choice = |field: &'static str| Error::from(FieldError::new(field, "not_a_choice"));
        let role: Role = self.role.parse().map_err(|()| choice("role"))?;
        let delivery: Delivery = self.delivery.parse().map_err(|()| choice("delivery"))?;
        let lifetime: i64 = self.days.parse().map_err(|_| choice("days"))?;
        if !(1..=90).contains(&lifetime) {
            return Err(FieldError::new("days", "out_of_range")
                .with("min", 1)
                .with("max", 90)
                .into());
        }
        let groups: Vec<GroupId> = self
            .groups
            .iter()
            .map(|id| id.parse().map_err(|_| choice("groups")))
            .collect::<Result<_>>()?;
        let recipient = Address::read("email", &self.email);
        // What goes out, goes by the way that suits the address.
        let delivery = match (delivery, &recipient) {
            (Delivery::Link, _) => Delivery::Link,
            (_, Ok(Address::Phone(_))) => Delivery::Sms,
            _ => Delivery::Email,
        };
        let raw = RawInvite {
            name: &self.name,
            message: &self.message,
            ..RawInvite::default()
        };
        let choices = Choices {
            delivery: Some(delivery),
            role: Some(role),
            groups,
            end: Some(End::In(days(lifetime))),
            ..Choices::default()
        };
        raw.read(recipient.map(Some), choices)
    }
}

#[derive(Template)]
#[template(path = "invites/new.html")]
struct NewPage {
    page: Page,
    errors: FormErrors,
    typed: Typed,
    roles: Vec<Role>,
    groups: Vec<GroupName>,
    lifetimes: Vec<(String, String)>,
    mail_works: bool,
    /// The page of the invite that the address has already.
    existing: Option<String>,
}

impl NewPage {
    fn new(app: &App, page: Page, typed: Typed, role: Role, groups: Vec<GroupName>) -> Self {
        let page = page.titled("invites-new-title", "invites");
        let mut lengths = LIFETIMES.to_vec();
        lengths.extend(
            typed
                .days
                .parse::<i64>()
                .ok()
                .filter(|days| (1..=90).contains(days)),
        );
        lengths.sort_unstable();
        lengths.dedup();
        let words = |days: &i64| {
            (
                days.to_string(),
                page.t("invites-days").arg("count", *days).to_string(),
            )
        };
        Self {
            errors: FormErrors::none(),
            roles: Role::ALL
                .iter()
                .copied()
                .filter(|other| *other <= role)
                .collect(),
            groups,
            lifetimes: lengths.iter().map(words).collect(),
            mail_works: app.config.smtp.is_some(),
            existing: None,
            typed,
            page,
        }
    }

    fn has_group(&self, id: &GroupId) -> bool {
        self.typed.groups.iter().any(|typed| typed == id.as_str())
    }

    fn role_label(&self, role: &Role) -> crate::text::Message {
        self.page.t(format!("role-{role}"))
    }

    fn mail_hint(&self) -> crate::text::Message {
        self.page.t(if self.mail_works {
            "invites-by-mail-hint"
        } else {
            "invites-by-mail-later"
        })
    }

    fn role_hint(&self, role: &Role) -> crate::text::Message {
        self.page.t(format!("role-{role}.hint"))
    }
}

/// `GET /admin/invites/new`: administrators.
pub async fn form(app: web::Data<App>, page: Page, who: SignedIn) -> Result<HttpResponse> {
    let role = who.actor.role;
    let (groups, settings) = app
        .db
        .read(move |conn| {
            Ok((
                groups::actions::grantable(conn, &who.actor)?,
                site::actions::current(conn)?,
            ))
        })
        .await?;
    // What works at once is chosen at first.
    let delivery = match app.config.smtp {
        Some(_) => Delivery::Email,
        None => Delivery::Link,
    };
    let typed = Typed::empty(settings.invite_days, delivery);
    show(&NewPage::new(&app, page, typed, role, groups))
}

/// What sending would do, for the page to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// A new person.
    New,
    /// Somebody who has an account.
    HasAccount,
}

#[derive(Template)]
#[template(path = "invites/check.html")]
struct CheckPage {
    page: Page,
    typed: Typed,
    verdict: Verdict,
    groups: Vec<String>,
    until: String,
    /// Whether what goes out leaves at once.
    can_send: bool,
    /// Of the form that makes a link.
    stamp: String,
}

impl CheckPage {
    fn by_link(&self) -> bool {
        self.typed.delivery == "link"
    }

    fn by_phone(&self) -> bool {
        let address = Address::read("email", &self.typed.email);
        address.is_ok_and(|address| address.channel() == Channel::Sms)
    }
}

/// `POST /admin/invites/new`: administrators. Checks first; sends when the check page says so.
pub async fn create(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    forms: web::Data<UsedForms>,
    form: PostForm,
) -> Result<HttpResponse> {
    let typed = Typed::of(&form);
    let step = form.get("step");
    let role = who.actor.role;
    let choices = {
        let actor = who.actor.clone();
        app.db
            .read(move |conn| groups::actions::grantable(conn, &actor))
            .await?
    };
    if step == "edit" {
        return show(&NewPage::new(&app, page, typed, role, choices));
    }
    // A link is shown once: the same form sent again must not make another.
    let session = who.session_id;
    let first_use = if step == "send" && typed.delivery == Delivery::Link.as_str() {
        match forms.take(&app.master, session, form.get("stamp"))? {
            Some(first_use) => Some(first_use),
            None => return already_shown(page, "/admin/invites".to_owned()),
        }
    } else {
        None
    };
    let done = async {
        let new = typed.read()?;
        if step == "send" {
            let shared = app.clone();
            let made = who
                .write(&app, move |tx, actor| {
                    actions::create(tx, &shared, actor, &new)
                })
                .await?;
            return Ok(Step::Sent(Box::new(made)));
        }
        let (actor, shared) = (who.actor.clone(), app.clone());
        let (verdict, until) = app
            .db
            .read(move |conn| verdict(conn, &shared, &actor, &new))
            .await?;
        Ok(Step::Checked(verdict, until))
    };
    let done: Result<Step> = done.await;
    match done {
        Ok(Step::Checked(verdict, until)) => {
            let groups = choices
                .into_iter()
                .filter(|group| typed.groups.iter().any(|id| id == group.id.as_str()))
                .map(|group| group.name)
                .collect();
            show(&CheckPage {
                page: page.titled("invites-check-title", "invites"),
                verdict,
                groups,
                until: app.text.moment(until),
                can_send: can_send(&app, &typed.email),
                stamp: UsedForms::stamp(&app.master, session),
                typed,
            })
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
            Ok(Flash::ok(words).redirect(&app, &format!("/admin/invites/{}", made.invite.id)))
        }
        Err(why) => {
            if let Some(first_use) = first_use {
                forms.give_back(&first_use);
            }
            let existing = match why.code() {
                Code::InviteExists => existing(&app, &typed.email).await?,
                _ => None,
            };
            let errors = match &existing {
                Some((_, words)) => FormErrors::beside("email", words, why.code()),
                None => FormErrors::of(app.text, why)?,
            };
            let mut shown = NewPage::new(&app, page, typed, role, choices);
            shown.existing = existing.map(|(path, _)| path);
            let status: StatusCode = shown.page.refuse(&errors);
            shown.errors = errors;
            render(status, &shown)
        }
    }
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
async fn existing(app: &web::Data<App>, email: &str) -> Result<Option<(String, String)>> {
    let (norm, now) = (Address::normal(email), app.clock.now());
    let pending = app
        .db
        .read(move |conn| Ok(store::pending_for(conn, &norm)?))
        .await?;
    let invite = pending.into_iter().find(|invite| invite.expires_at > now);
    Ok(invite.map(|invite| {
        let when = app.text.relative(invite.created_at, now);
        let words = app.text.get("invites-exists").arg("when", when.as_ref());
        (format!("/admin/invites/{}", invite.id), words.to_string())
    }))
}

/// What sending would meet: the same refusals, before anything is done; and until when it would work.
fn verdict(conn: &mut Conn, app: &App, actor: &Actor, new: &NewInvite) -> Result<(Verdict, Time)> {
    let invite = actions::plan(conn, app, actor, new)?.invite;
    let pending = store::pending_for(conn, &invite.address_norm)?;
    if pending
        .iter()
        .any(|other| other.expires_at > invite.created_at)
    {
        return Code::InviteExists.refuse();
    }
    let verdict = match logins::by_address(conn, &invite.address_norm)? {
        Some(_) => Verdict::HasAccount,
        None => Verdict::New,
    };
    Ok((verdict, invite.expires_at))
}
