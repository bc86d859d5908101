//! What an invited person will get, shown to who invites before anything is sent.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::new_form::Typed;
use crate::app::App;
use crate::error::{Error, Result};
use crate::invites::acceptance::preview;
use crate::invites::acceptance::view::LandingPage;
use crate::invites::mail::MailKind;
use crate::invites::model::NewInvite;
use crate::outbox::FOLDS;
use crate::text::Message;
use crate::web::{Guest, Page, SignedIn, show};

/// A message as its reader sees it.
struct Shown {
    title: Message,
    subject: String,
    /// A whole document; empty in a text message.
    html: String,
    text: String,
}

#[derive(Template)]
#[template(path = "invites/preview.html")]
struct PreviewPage {
    page: Page,
    typed: Typed,
    stamp: String,
    letters: Vec<Shown>,
    /// The page that the link leads to: a whole document.
    landing: String,
}

/// Shows the messages and the page, drawn by the same templates as the real ones. They stand in frames that send no
/// form and follow no link.
///
/// # Errors
/// What making the invite would meet.
pub(super) async fn preview(
    app: &web::Data<App>,
    page: Page,
    (who, guest): (&SignedIn, &Guest),
    typed: &Typed,
    stamp: String,
    new: NewInvite,
) -> Result<HttpResponse> {
    let (shared, actor) = (app.clone(), who.actor.clone());
    let seen = app
        .db
        .read(move |conn| preview::preview(conn, &shared, &actor, &new))
        .await?;
    let nobody = Guest {
        signed_in: None,
        ..guest.clone()
    };
    let path = "/self-service/invite".to_owned();
    // No script runs in the frame.
    let mut bare = page.clone();
    bare.js = "";
    let landing = LandingPage::new(app, bare, &nobody, path, seen.landing);
    let letters = seen.letters.into_iter().map(|(kind, letter)| Shown {
        title: page.t(match kind {
            MailKind::Register => "invites-preview-register",
            MailKind::Accept => "invites-preview-accept",
        }),
        subject: letter.subject,
        html: letter.html.replacen(FOLDS, "", 1),
        text: letter.text,
    });
    show(&PreviewPage {
        letters: letters.collect(),
        landing: landing.render().map_err(Error::internal)?,
        page: page.titled("invites-preview-title", "invites"),
        typed: typed.clone(),
        stamp,
    })
}
