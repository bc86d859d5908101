//! Suspending and deleting users.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::UserView;
use crate::app::App;
use crate::error::{Code, Result};
use crate::ids::UserId;
use crate::openapi::Doc;
use crate::users::{actions, deletion};
use crate::web::{ApiCaller, Call, Params, ok};

/// The body of `PUT /api/v1/users/{id}/suspension`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// Why; at most 500 characters.
    #[serde(default)]
    reason: String,
}

/// Describes [`suspend`].
pub const SUSPEND: Doc = Doc::new("Suspend a user")
    .about("Sessions and API keys end, pending invites of the user wait; nothing is deleted.")
    .body::<Suspension>()
    .answers::<UserView>(200)
    .codes(&[
        Code::Forbidden,
        Code::AboveYou,
        Code::LastOwner,
        Code::WrongState,
    ]);

/// `PUT /api/v1/users/{id}/suspension`: `users:write`.
pub async fn suspend(
    app: web::Data<App>,
    endings: web::Data<actions::Endings>,
    id: web::Path<String>,
    call: Call<Suspension>,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let (shared, end) = (app.clone(), endings.on_suspend);
    call.run(&app, StatusCode::OK, move |tx, actor, body| {
        let user = actions::suspend(tx, &shared, actor, id, &body.reason, end)?;
        UserView::read(tx, user, actor)
    })
    .await
}

/// Describes [`reactivate`].
pub const REACTIVATE: Doc = Doc::new("Let a suspended user in again")
    .about("Sessions and API keys stay ended.")
    .answers::<UserView>(200)
    .codes(&[Code::Forbidden, Code::AboveYou, Code::WrongState]);

/// `DELETE /api/v1/users/{id}/suspension`: `users:write`.
pub async fn reactivate(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let view = caller
        .write(&app, move |tx, actor| {
            let user = actions::reactivate(tx, actor, id)?;
            UserView::read(tx, user, actor)
        })
        .await?;
    Ok(ok(&view))
}

/// What is to become of what a deleted user owned.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Legacy {
    /// The user who gets the groups of this one. Without it, who owns any is not deleted.
    move_to: Option<UserId>,
}

/// Describes [`delete`].
pub const DELETE: Doc = Doc::new("Delete a user")
    .about("Sessions and API keys end, memberships go, pending invites of the user wait. The id stays taken; a record without personal data is left of it. Members delete themselves alone.")
    .query::<Legacy>()
    .codes(&[Code::Forbidden, Code::AboveYou, Code::LastOwner, Code::OwnsData, Code::WrongState]);

/// `DELETE /api/v1/users/{id}`: `users:write`.
pub async fn delete(
    app: web::Data<App>,
    endings: web::Data<actions::Endings>,
    caller: ApiCaller,
    id: web::Path<String>,
    legacy: Params<Legacy>,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let (shared, end, heir) = (app.clone(), endings.on_delete, legacy.move_to);
    caller
        .write(&app, move |tx, actor| {
            deletion::delete(tx, &shared, actor, id, heir, end)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
