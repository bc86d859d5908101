//! The page that shows a link, once.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;

use crate::app::App;
use crate::error::Result;
use crate::ids::InviteId;
use crate::invites::actions;
use crate::invites::model::{Delivery, Invite};
use crate::text::Text;
use crate::web::{Page, PostForm, SignedIn, UsedForms, render, show};

#[derive(Template)]
#[template(path = "invites/link.html")]
struct LinkPage {
    page: Page,
    invite: Invite,
    whom: String,
    link: String,
}

/// `POST /admin/invites/{id}/link`: administrators, and who made it. Shows a new link, this once.
pub async fn new_link(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    forms: web::Data<UsedForms>,
    id: web::Path<String>,
    form: PostForm,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let session = who.session_id;
    let Some(first_use) = forms.take(&app.master, session, form.get("stamp"))? else {
        return already_shown(page, format!("/admin/invites/{id}"));
    };
    let shared = app.clone();
    let made = who
        .write(&app, move |tx, actor| {
            actions::resend(tx, &shared, actor, id, Some(Delivery::Link))
        })
        .await;
    match made {
        Ok(made) => show_link(app.text, page, made),
        Err(why) => {
            forms.give_back(&first_use);
            Err(why)
        }
    }
}

#[derive(Template)]
#[template(path = "invites/already_shown.html")]
struct AlreadyShownPage {
    page: Page,
    /// Where another link is made.
    back: String,
}

/// The answer to a form that has made a link already.
pub(super) fn already_shown(page: Page, back: String) -> Result<HttpResponse> {
    let page = page.titled("invites-already-shown-title", "invites");
    render(StatusCode::CONFLICT, &AlreadyShownPage { page, back })
}

pub(super) fn show_link(text: Text, page: Page, made: actions::Made) -> Result<HttpResponse> {
    let link = made
        .link
        .map(|link| link.reveal().to_owned())
        .unwrap_or_default();
    show(&LinkPage {
        page: page.titled("invites-link-title", "invites"),
        whom: made.invite.whom(text),
        invite: made.invite,
        link,
    })
}
