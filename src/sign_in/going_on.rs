//! What the pages of signing in have in common: who comes, whom to ask, and where to go on.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::actions::From;
use crate::access::Actor;
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::ids::SessionId;
use crate::web::{Guest, PostForm, own_path};

/// Where to go on after signing in.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Next {
    /// A path of this site.
    #[serde(default)]
    pub next: String,
    /// An address to fill in.
    #[serde(default)]
    pub email: String,
}

impl Next {
    /// Where a form says to go on.
    pub(super) fn of(form: &PostForm) -> Self {
        Self {
            next: form.get("next").to_owned(),
            email: String::new(),
        }
    }

    /// The path to go on to; the start page when there is none that is ours.
    pub fn path(&self) -> &str {
        own_path(&self.next).unwrap_or("/")
    }
}

/// The session that the browser comes with.
pub(super) fn old_session(guest: &Guest) -> Option<(Actor, SessionId)> {
    let who = guest.signed_in.as_ref()?;
    Some((who.actor.clone(), who.session_id))
}

/// Puts into the words of a refusal whom to ask.
pub(super) async fn with_contact(app: &web::Data<App>, why: Error) -> Error {
    if why.code() != Code::AccountDisabled {
        return why;
    }
    match whom_to_ask(app).await {
        Ok(contact) => Code::AccountDisabled.with("contact", contact),
        Err(why) => why,
    }
}

/// Whom people ask when they cannot get in.
pub(super) async fn whom_to_ask(app: &web::Data<App>) -> Result<String> {
    let contact = app.db.read(crate::site::actions::current).await?.contact;
    Ok(if contact.is_empty() {
        app.text.get("sign-in-an-administrator").to_string()
    } else {
        contact
    })
}

/// Who signs in, as the actions want to know it.
pub(super) fn from(guest: &Guest) -> From {
    From {
        actor: guest.actor.clone(),
        agent: guest.agent.clone(),
    }
}

pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .finish()
}
