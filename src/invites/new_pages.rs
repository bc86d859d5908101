//! Inviting a person in the console: a form, a page to check it, and sending.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions;
use super::model::{Delivery, End, NewInvite, RawInvite};
use super::pages::show_link;
use super::store;
use crate::access::{Actor, Role};
use crate::app::App;
use crate::clock::days;
use crate::db::Conn;
use crate::error::{Code, Error, FieldError, Result};
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::GroupId;
use crate::site;
use crate::users::store as users;
use crate::web::{Flash, FormErrors, Page, PostForm, SignedIn, render, show};

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
    fn empty(invite_days: i64) -> Self {
        Self {
            email: String::new(),
            name: String::new(),
            role: Role::Member.to_string(),
            groups: Vec::new(),
            message: String::new(),
            days: invite_days.to_string(),
            delivery: Delivery::Email.to_string(),
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
        let raw = RawInvite {
            email: &self.email,
            name: &self.name,
            message: &self.message,
            ..RawInvite::default()
        };
        raw.read(delivery, role, groups, Some(End::In(days(lifetime))))
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
}

impl NewPage {
    fn new(page: Page, typed: Typed, role: Role, groups: Vec<GroupName>) -> Self {
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
    show(&NewPage::new(
        page,
        Typed::empty(settings.invite_days),
        role,
        groups,
    ))
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
    mail_works: bool,
}

impl CheckPage {
    fn by_link(&self) -> bool {
        self.typed.delivery == "link"
    }
}

/// `POST /admin/invites/new`: administrators. Checks first; sends when the check page says so.
pub async fn create(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
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
        return show(&NewPage::new(page, typed, role, choices));
    }
    let done = async {
        let new = typed.read()?;
        if step == "send" {
            let (shared, actor) = (app.clone(), who.actor.clone());
            let made = app
                .db
                .write(move |tx| actions::create(tx, &shared, &actor, &new))
                .await?;
            return Ok(Step::Sent(Box::new(made)));
        }
        let (actor, now) = (who.actor.clone(), app.clock.now());
        let until = new
            .end
            .map(|end| end.from(now))
            .transpose()?
            .map(|(at, _)| at);
        let verdict = app
            .db
            .read(move |conn| verdict(conn, &actor, &new, now))
            .await?;
        Ok(Step::Checked(verdict, until))
    };
    match done.await {
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
                until: until.map(|at| app.text.moment(at)).unwrap_or_default(),
                mail_works: app.config.smtp.is_some(),
                typed,
            })
        }
        Ok(Step::Sent(made)) if made.link.is_some() => show_link(page, *made),
        Ok(Step::Sent(made)) => {
            let key = if app.config.smtp.is_some() {
                "invites-sent"
            } else {
                "invites-waiting"
            };
            let until = app.text.day(made.invite.expires_at);
            let words = app
                .text
                .get(key)
                .arg("email", &made.invite.email)
                .arg("until", until);
            Ok(Flash::ok(words).redirect(&app, &format!("/admin/invites/{}", made.invite.id)))
        }
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let mut shown = NewPage::new(page, typed, role, choices);
            let status: StatusCode = shown.page.refuse(&errors);
            shown.errors = errors;
            render(status, &shown)
        }
    }
}

enum Step {
    Checked(Verdict, Option<crate::clock::Time>),
    Sent(Box<actions::Made>),
}

/// What sending would meet: the same refusals, before anything is done.
fn verdict(
    conn: &mut Conn,
    actor: &Actor,
    new: &NewInvite,
    now: crate::clock::Time,
) -> Result<Verdict> {
    actions::require_can_grant(conn, actor, new.role, &new.groups)?;
    let norm = new.email.norm();
    if store::pending_for(conn, &norm)?
        .iter()
        .any(|invite| invite.expires_at > now)
    {
        return Code::InviteExists.refuse();
    }
    Ok(if users::by_email(conn, &norm)?.is_some() {
        Verdict::HasAccount
    } else {
        Verdict::New
    })
}
