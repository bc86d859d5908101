//! What somebody reads who opens the link of an invite that has ended: how, and what works now.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use crate::app::App;
use crate::clock::Time;
use crate::error::{Code, Error, Result};
use crate::site;
use crate::web::{Guest, Page, render, show};

#[derive(Template)]
#[template(path = "invites/ended.html")]
struct EndedPage {
    page: Page,
    detail: String,
    /// Whom else to ask; empty when the site names nobody, or there is nothing to ask.
    contact: String,
    used: bool,
    signed_in: bool,
}

/// The page of an invite that has ended, one for each end.
///
/// # Errors
/// The error itself, when it is not the end of an invite.
pub(super) async fn ended(
    app: &web::Data<App>,
    page: Page,
    guest: &Guest,
    why: Error,
) -> Result<HttpResponse> {
    let code = why.code();
    let known = matches!(
        code,
        Code::InviteUnknown
            | Code::InviteExpired
            | Code::InviteRevoked
            | Code::InviteUsed
            | Code::InviteFull
            | Code::InviteDeclined
            | Code::InviteSuspended
            | Code::InviteAwaitsApproval
    );
    let Error::Refused(_, args) = &why else {
        return Err(why);
    };
    if !known {
        return Err(why);
    }
    // Who holds no genuine link learns nothing here, not even whom to ask.
    let contact = match code {
        Code::InviteUnknown => String::new(),
        _ => app.db.read(site::actions::current).await?.contact,
    };
    let name = code.as_str().replace('_', "-");
    let key = match code {
        Code::InviteUsed if guest.signed_in.is_some() => "landing-used-signed-in".to_owned(),
        _ => format!("landing-{name}"),
    };
    let detail = args.iter().fold(page.t(key), |words, (name, value)| {
        match (*name, Time::parse(value)) {
            ("when", Some(time)) => words.arg("when", app.text.moment(time)),
            ("places", _) => words.arg(name, value.parse::<i64>().unwrap_or_default()),
            _ => words.arg(name, value),
        }
    });
    let detail = detail.to_string();
    let title = page.t(format!("landing-{name}.title"));
    let status = StatusCode::from_u16(code.status()).unwrap_or_default();
    render(
        status,
        &EndedPage {
            page: page.headed(title, ""),
            detail,
            contact,
            used: code == Code::InviteUsed,
            signed_in: guest.signed_in.is_some(),
        },
    )
}

/// The page for who has just declined.
///
/// # Errors
/// When the page cannot be made.
pub(super) fn declined(page: Page, guest: &Guest) -> Result<HttpResponse> {
    let page = page.titled("landing-declined-title", "");
    show(&EndedPage {
        detail: page.t("landing-declined-detail").to_string(),
        page,
        contact: String::new(),
        used: false,
        signed_in: guest.signed_in.is_some(),
    })
}
