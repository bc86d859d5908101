//! Ory Kratos: the administrators' side of the invites that were proposed in its tracker (ory/kratos#2525), and a
//! verification that is sent by hand.
//!
//! All of it takes an API key of an administrator. An invite is told as in the API, and under the names that the proposal
//! gave: `identifier`, `identifier_field`, `metadata_private`. Refusals have the form of Kratos' generic error, with our
//! stable code as `id`. Lists are paged as there: an array, and a `Link` header that leads on.

mod expiry;
mod refusal;
mod wire;

use actix_web::http::StatusCode;
use actix_web::http::header::LINK;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use self::refusal::{Refusal, tell};
use self::wire::{InviteChange, InviteSeen, NewInviteSent, VerificationSent};
use super::System;
use crate::access::{Actor, Scope};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Code, Error, Result};
use crate::ids::{InviteId, UserId};
use crate::invites::actions::{self, Edit};
use crate::invites::model::NewInvite;
use crate::invites::{self, InviteMade, InviteView, InvitesQuery};
use crate::openapi::{Dialect, Doc, schema_of};
use crate::users::logins;
use crate::users::verification;
use crate::web::{ApiCaller, Call, ListQuery, Params, ok};

/// Where its calls are, and how its clients are told of errors.
pub const SYSTEM: System = System {
    paths: &[
        "/admin/invite",
        INVITES,
        "/admin/invites/{id}",
        "/admin/verification",
    ],
    telling: tell,
    takes_bare_keys: false,
};

const INVITES: &str = "/admin/invites";

/// What the descriptions of its calls have in common.
const DIALECT: Dialect = Dialect {
    tag: "kratos",
    refusal: schema_of::<Refusal>,
};

/// Describes [`create`].
pub const CREATE: Doc = Doc::new("Make an invite")
    .about(
        "It is sent to the `identifier`. Without one the link is answered as `invite_url`, in this answer alone, for one \
         person, who proves an address by a code; that takes the scope `invites:reveal_link` too.",
    )
    .body::<NewInviteSent>()
    .answers::<InviteSeen>(201)
    .dialect(&DIALECT)
    .codes(&[
        Code::AddressTaken,
        Code::InviteExists,
        Code::DomainNotAllowed,
        Code::TooManyInvites,
        Code::MailNotSetUp,
        Code::AlreadyShown,
    ]);

/// `POST /admin/invite`: `invites:write`, administrators; for an open link also `invites:reveal_link`.
///
/// # Errors
/// Those of [`actions::create`]; `address_taken` when an account has the identifier.
pub async fn create(app: web::Data<App>, call: Call<NewInviteSent>) -> Result<HttpResponse> {
    let reveals = NewInvite::try_from(&call.input)?.recipient.is_none();
    if reveals {
        call.caller.require(Scope::InvitesRevealLink)?;
    }
    let shared = app.clone();
    let make = move |tx: &mut Tx<'_>, actor: &Actor, body: &NewInviteSent| {
        let new = NewInvite::try_from(body)?;
        if let Some(address) = &new.recipient
            && logins::by_address(tx, &address.norm())?.is_some()
        {
            return Code::AddressTaken.refuse();
        }
        let made = actions::create(tx, &shared, actor, &new)?;
        InviteMade::read(tx, made, actor)
    };
    invites::answer::<InviteSeen, _, _>(&app, call, StatusCode::CREATED, reveals, make).await
}

/// The part of a list that is asked for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[schemars(rename = "KratosPage")]
pub struct PageAsked {
    /// Rows; 50 when left out, and at most 500, however many are asked for.
    page_size: Option<i64>,
    /// From the `Link` header of the page before.
    page_token: Option<String>,
}

/// Describes [`list`].
pub const LIST: Doc = Doc::new("List invites")
    .about("Newest first. While there are more, a `Link` header with `rel=\"next\"` leads to them.")
    .query::<PageAsked>()
    .answers::<Vec<InviteSeen>>(200)
    .dialect(&DIALECT)
    .codes(&[Code::CursorInvalid]);

/// `GET /admin/invites`, with a key: `invites:read`, administrators.
///
/// # Errors
/// `cursor_invalid`.
pub async fn list(
    app: web::Data<App>,
    caller: ApiCaller,
    asked: Params<PageAsked>,
) -> Result<HttpResponse> {
    let size = asked.page_size.map(|size| size.clamp(1, ListQuery::MOST));
    let query = InvitesQuery::part(size, asked.page_token.clone());
    let page = invites::listed(&app, &caller, &query).await?;
    let seen: Vec<InviteSeen> = page.items.into_iter().map(InviteSeen::from).collect();
    let mut answer = ok(&seen);
    if let Some(token) = page.next_cursor {
        let origin = app.config.public_url.origin();
        let size = size.map_or(String::new(), |size| format!("page_size={size}&"));
        let next = format!("<{origin}{INVITES}?{size}page_token={token}>; rel=\"next\"");
        let next = next.parse().map_err(Error::internal)?;
        answer.headers_mut().insert(LINK, next);
    }
    Ok(answer)
}

/// Describes [`read`].
pub const READ: Doc = Doc::new("Read an invite")
    .about("It never holds the link.")
    .answers::<InviteSeen>(200)
    .dialect(&DIALECT);

/// `GET /admin/invites/{id}`, with a key: `invites:read`, administrators.
///
/// # Errors
/// `not_found`.
pub async fn read(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let seen = invites::told(&app, &caller, id.parse()?).await?;
    Ok(ok(&InviteSeen::from(seen)))
}

/// Describes [`change`].
pub const CHANGE: Doc = Doc::new("Change a pending invite")
    .body::<InviteChange>()
    .answers::<InviteSeen>(200)
    .dialect(&DIALECT)
    .codes(&[Code::InviteNotPending]);

/// `PATCH /admin/invites/{id}`: `invites:write`, administrators.
///
/// # Errors
/// Those of [`actions::edit`].
pub async fn change(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<InviteChange>,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let shared = app.clone();
    call.run(&app, StatusCode::OK, move |tx, actor, change| {
        let invite = actions::edit(tx, &shared, actor, id, &Edit::try_from(change)?)?;
        let now = tx.now;
        InviteView::read(tx, invite, actor, now).map(InviteSeen::from)
    })
    .await
}

/// Describes [`revoke`].
pub const REVOKE: Doc = Doc::new("Revoke an invite")
    .about("Its links stop working at once, and a mail that still waits is not sent. The invite can still be read.")
    .dialect(&DIALECT)
    .codes(&[Code::InviteNotPending]);

/// `DELETE /admin/invites/{id}`: `invites:write`, administrators.
///
/// # Errors
/// Those of [`actions::revoke`].
pub async fn revoke(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    caller
        .write(&app, move |tx, actor| actions::revoke(tx, actor, id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Describes [`verify`].
pub const VERIFY: Doc = Doc::new("Send a user a link that proves their address or phone number")
    .body::<VerificationSent>()
    .dialect(&DIALECT)
    .codes(&[
        Code::AboveYou,
        Code::NotFound,
        Code::WrongState,
        Code::TooManyRequests,
    ]);

/// `POST /admin/verification`: `users:write`, administrators.
///
/// # Errors
/// Those of [`verification::send`]; `not_found` also when the identifier is not theirs.
pub async fn verify(app: web::Data<App>, call: Call<VerificationSent>) -> Result<HttpResponse> {
    let (shared, mut counted) = (app.clone(), false);
    call.run(&app, StatusCode::NO_CONTENT, move |tx, actor, body| {
        let which = body.which()?;
        let id: UserId = body.identity_id.parse()?;
        match verification::send(tx, &shared, actor, id, &which, &mut counted) {
            Err(Error::Invalid(faults)) if faults.iter().any(|one| one.code == "not_theirs") => {
                Code::NotFound.refuse()
            }
            sent => sent.map(drop),
        }
    })
    .await
}
