//! What somebody reads who opens the link of an invite that has ended: how, and what works now.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::landing::genuine;
use crate::app::App;
use crate::clock::Time;
use crate::error::{Code, Error, Result};
use crate::invites::store::Link;
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
    /// What the person can say: where it goes to, the action, its button.
    next: Option<Next>,
}

/// A button beneath the words.
struct Next {
    path: String,
    action: &'static str,
    words: &'static str,
    /// Whether it asks to be sent nothing more.
    suppress: bool,
}

impl Next {
    fn of(code: Code, link: &Link, path: String) -> Option<Self> {
        let (action, words, suppress) = match code {
            Code::InviteExpired => ("request_new", "landing-request-new", false),
            Code::InviteUsed => ("report", "landing-report", false),
            // Whoever was handed the link cannot speak for the mailbox.
            Code::InviteDeclined if !link.shown => ("decline", "landing-suppress", true),
            _ => return None,
        };
        Some(Self {
            path,
            action,
            words,
            suppress,
        })
    }
}

/// The page of an invite that has ended, one for each end.
///
/// # Errors
/// The error itself, when it is not the end of an invite.
pub(super) async fn ended(
    app: &web::Data<App>,
    page: Page,
    guest: &Guest,
    (flow, token): (&str, &str),
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
    let (page, contact, next) = match code {
        Code::InviteUnknown => (page, String::new(), None),
        _ => {
            let (flow, token) = (flow.to_owned(), token.to_owned());
            let (settings, invite, link) = app
                .db
                .read(move |conn| {
                    let (invite, link) = genuine(conn, &flow, &token)?;
                    Ok((site::actions::current(conn)?, invite, link))
                })
                .await?;
            let path = format!("/self-service/invite?flow={}", invite.id);
            let can_say = !invite.is_open() && invite.erased_at.is_none();
            let next = Next::of(code, &link, path).filter(|_| can_say);
            (page.answered_in(invite.text()), settings.contact, next)
        }
    };
    let name = code.as_str().replace('_', "-");
    let key = match code {
        Code::InviteUsed if guest.signed_in.is_some() => "landing-used-signed-in".to_owned(),
        _ => format!("landing-{name}"),
    };
    let detail = args.iter().fold(page.t(key), |words, (name, value)| {
        match (*name, Time::parse(value)) {
            ("when", Some(time)) => words.arg("when", page.text().moment(time)),
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
            next,
        },
    )
}

/// The page for who has just said something, in the words of a key and its title.
///
/// # Errors
/// When the page cannot be made.
pub(super) fn told(page: Page, guest: &Guest, key: &'static str) -> Result<HttpResponse> {
    let title = page.t(format!("{key}.title"));
    let page = page.headed(title, "");
    show(&EndedPage {
        detail: page.t(key).to_string(),
        page,
        contact: String::new(),
        used: false,
        signed_in: guest.signed_in.is_some(),
        next: None,
    })
}
