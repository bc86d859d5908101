//! Changing a pending invite in the console.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::edit_form::{Editing, FIELDS};
use super::new_form::Typed;
use super::new_pages::existing;
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::ids::InviteId;
use crate::invites::actions;
use crate::invites::model::{Delivery, Invite};
use crate::schemas::form::Asked;
use crate::text::Message;
use crate::web::{Flash, FormErrors, Page, PostForm, SignedIn, render, show};

#[derive(Template)]
#[template(path = "invites/edit.html")]
struct EditPage {
    page: Page,
    errors: FormErrors,
    typed: Typed,
    editing: Editing,
    asked: Vec<Asked>,
    /// When it may end: values and words.
    ends: Vec<(String, Message)>,
    whom: String,
    etag: String,
    /// What somebody else saved while this form was open: the name of the field and what stands there now.
    theirs: Vec<(String, String)>,
    /// The page of the invite that the address has already.
    existing: Option<String>,
}

impl EditPage {
    fn new(app: &App, page: Page, editing: Editing, typed: Typed, etag: String) -> Self {
        let now = app.clock.now();
        let whom = editing.invite.whom(app.text);
        let title = page.t("invites-edit-title").arg("email", &whom);
        let page = page.headed(title, "invites");
        let kept = app.text.moment(editing.invite.expires_at);
        let kept = page.t("invites-edit-end-kept").arg("until", kept);
        let mut ends = vec![("kept".to_owned(), kept)];
        ends.extend(editing.longer(now).into_iter().map(|(count, end)| {
            let words = page.t("invites-edit-longer").arg("count", count);
            (count.to_string(), words.arg("until", app.text.moment(end)))
        }));
        ends.push(("date".to_owned(), page.t("invites-days-date")));
        Self {
            errors: FormErrors::none(),
            asked: match editing.invite.is_open() {
                true => Vec::new(),
                false => typed.asked(&editing.offer),
            },
            theirs: Vec::new(),
            existing: None,
            typed,
            editing,
            ends,
            whom,
            etag,
            page,
        }
    }

    /// What is kept now and differs from what was typed.
    fn differences(&self) -> Vec<(String, String)> {
        let kept = self.editing.kept();
        let own = FIELDS.into_iter();
        let own = own.map(|(name, label)| (name.to_owned(), self.page.t(label).to_string()));
        let asked = self.asked.iter();
        let asked = asked.map(|one| (one.input.clone(), one.field.label.clone()));
        let all = |typed: &Typed, name: &str| -> Vec<String> {
            let mut words: Vec<_> = typed
                .all(name)
                .map(|value| self.words(name, value))
                .collect();
            words.retain(|word| !word.is_empty());
            words.sort();
            words
        };
        let both = own.chain(asked);
        let both = both.map(|(name, label)| (label, all(&self.typed, &name), all(&kept, &name)));
        let differing = both.filter(|(_, mine, theirs)| mine != theirs);
        let shown = differing.map(|(label, _, theirs)| match theirs.is_empty() {
            true => (label, self.page.t("site-empty").to_string()),
            false => (label, theirs.join(", ")),
        });
        shown.collect()
    }

    /// A value of a field as people read it.
    fn words(&self, name: &str, value: &str) -> String {
        match name {
            "role" => self.page.t(format!("role-{value}")).to_string(),
            "groups" => {
                let mut groups = self.editing.offer.groups.iter();
                let group = groups.find(|group| group.id.as_str() == value);
                group.map_or_else(|| value.to_owned(), |group| group.name.clone())
            }
            _ => value.trim().to_owned(),
        }
    }
}

async fn read(app: &web::Data<App>, who: &SignedIn, id: InviteId) -> Result<Editing> {
    let (actor, now) = (who.actor.clone(), app.clock.now());
    app.db
        .read(move |conn| Editing::read(conn, &actor, id, now))
        .await
}

/// `GET /admin/invites/{id}/edit`: administrators, and who made it.
pub async fn form(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let editing = read(&app, &who, id.parse()?).await?;
    let (typed, etag) = (editing.kept(), editing.etag());
    show(&EditPage::new(&app, page, editing, typed, etag))
}

/// `POST /admin/invites/{id}/edit`: administrators, and who made it. A new address is sent the invite.
pub async fn save(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
    form: PostForm,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let editing = read(&app, &who, id).await?;
    let typed = editing.typed(&form);
    let seen = form.get("etag").to_owned();
    let saved = match editing.change(&typed, &seen, app.clock.now()) {
        Ok(change) => {
            let shared = app.clone();
            who.write(&app, move |tx, actor| {
                actions::edit(tx, &shared, actor, id, &change)
            })
            .await
        }
        Err(why) => Err(why),
    };
    match saved {
        Ok(invite) => Ok(told(&app, &editing.invite, &invite)),
        Err(why) => {
            let shown = EditPage::new(&app, page, editing, typed, seen);
            refused(&app, &who, shown, why).await
        }
    }
}

/// Back to the invite, with words about what was done.
fn told(app: &App, before: &Invite, invite: &Invite) -> HttpResponse {
    let key = match invite.delivery {
        _ if invite.address_norm == before.address_norm => "invites-edit-saved",
        Delivery::Link => "invites-edit-make-link",
        Delivery::Email | Delivery::Sms => "invites-edit-sent-on",
    };
    let words = app
        .text
        .get(key)
        .arg("email", invite.whom(app.text))
        .arg("until", app.text.moment(invite.expires_at));
    Flash::ok(words).redirect(app, &format!("/admin/invites/{}", invite.id))
}

/// The form with what is wrong in it.
async fn refused(
    app: &web::Data<App>,
    who: &SignedIn,
    mut shown: EditPage,
    why: Error,
) -> Result<HttpResponse> {
    let mut errors = None;
    match why.code() {
        Code::EditConflict => {
            let editing = read(app, who, shown.editing.invite.id).await?;
            let etag = editing.etag();
            shown = EditPage::new(app, shown.page, editing, shown.typed, etag);
            shown.theirs = shown.differences();
        }
        code @ Code::InviteExists => {
            if let Some((path, words)) = existing(app, who, shown.typed.get("email")).await? {
                shown.existing = Some(path);
                errors = Some(FormErrors::beside("email", &words, code));
            }
        }
        _ => {}
    }
    let errors = match errors {
        Some(errors) => errors,
        None => FormErrors::of(app.text, why)?,
    };
    let inputs = shown.asked.iter().map(|asked| asked.input.as_str());
    let own = FIELDS.map(|(name, _)| name);
    let (first, last) = own.split_at(2);
    let order = first
        .iter()
        .copied()
        .chain(inputs)
        .chain(last.iter().copied());
    let order: Vec<&str> = order.chain(["expires", "ends_on"]).collect();
    let errors = errors.in_order(&order);
    let own = FIELDS.map(|(name, label)| (name.to_owned(), shown.page.t(label).to_string()));
    let errors = errors.labelled(own);
    shown.errors = errors.labelled(Asked::labels(&shown.asked));
    let status = shown.page.refuse(&shown.errors);
    render(status, &shown)
}
