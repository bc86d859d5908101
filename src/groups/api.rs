//! Groups for programs.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::actions;
use super::model::{ChangeGroup, MakeGroup, MemberLevel};
use crate::app::App;
use crate::error::Result;
use crate::ids::{GroupId, UserId};
use crate::web::{ApiCaller, Call, Listed, ListQuery, Params, ok};

/// What the list of groups can be asked for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupsQuery {
    /// An exact id, or the start of a name.
    pub q: Option<String>,
    /// Rows, 1 to 500; 50 when left out.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What the list of members can be asked for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MembersQuery {
    /// Rows, 1 to 500; 50 when left out.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// `GET /api/v1/groups`: `groups:read`; members see those that they own or belong to.
///
/// # Errors
/// `invalid_input`, `cursor_invalid`.
pub async fn list(
    app: web::Data<App>,
    caller: ApiCaller,
    query: Params<GroupsQuery>,
) -> Result<HttpResponse> {
    let Params(query) = query;
    let paging = ListQuery::paging(query.limit, query.cursor.as_deref())?;
    let slice = app
        .db
        .read(move |conn| {
            let q = query.q.as_deref().map(str::trim).filter(|q| !q.is_empty());
            actions::list(conn, &caller.actor, q, &paging)
        })
        .await?;
    Ok(ok(&Listed::from(slice)))
}

/// `POST /api/v1/groups`: `groups:write`, everybody.
///
/// # Errors
/// Those of [`actions::make`].
pub async fn make(app: web::Data<App>, call: Call<MakeGroup>) -> Result<HttpResponse> {
    call.run(&app, StatusCode::CREATED, actions::make).await
}

/// `GET /api/v1/groups/{id}`: `groups:read`; members those that they own or belong to.
///
/// # Errors
/// `not_found`.
pub async fn read(app: web::Data<App>, caller: ApiCaller, id: web::Path<String>) -> Result<HttpResponse> {
    let id: GroupId = id.parse()?;
    let group = app.db.read(move |conn| actions::read(conn, &caller.actor, id)).await?;
    Ok(ok(&group))
}

/// `PATCH /api/v1/groups/{id}`: `groups:write`; members where they manage.
///
/// # Errors
/// Those of [`actions::change`].
pub async fn change(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<ChangeGroup>,
) -> Result<HttpResponse> {
    let id: GroupId = id.parse()?;
    call.run(&app, StatusCode::OK, move |tx, actor, input| actions::change(tx, actor, id, input)).await
}

/// `DELETE /api/v1/groups/{id}`: `groups:write`; members where they manage.
///
/// # Errors
/// Those of [`actions::delete`].
pub async fn delete(app: web::Data<App>, caller: ApiCaller, id: web::Path<String>) -> Result<HttpResponse> {
    let id: GroupId = id.parse()?;
    app.db.write(move |tx| actions::delete(tx, &caller.actor, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /api/v1/groups/{id}/members`: `groups:read`; members of groups that they own or belong to.
///
/// # Errors
/// `not_found`, `invalid_input`, `cursor_invalid`.
pub async fn members(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
    query: Params<MembersQuery>,
) -> Result<HttpResponse> {
    let id: GroupId = id.parse()?;
    let paging = ListQuery::paging(query.limit, query.cursor.as_deref())?;
    let slice = app.db.read(move |conn| actions::members(conn, &caller.actor, id, &paging)).await?;
    Ok(ok(&Listed::from(slice)))
}

/// `PUT /api/v1/groups/{id}/members/{user_id}`: `groups:write`; members where they manage.
///
/// # Errors
/// Those of [`actions::put_member`].
pub async fn put_member(
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    call: Call<MemberLevel>,
) -> Result<HttpResponse> {
    let (id, user): (GroupId, UserId) = (path.0.parse()?, path.1.parse()?);
    call.run(&app, StatusCode::OK, move |tx, actor, input| {
        actions::put_member(tx, actor, id, user, input.level)
    })
    .await
}

/// `DELETE /api/v1/groups/{id}/members/{user_id}`: `groups:write`; members where they manage, and
/// themselves.
///
/// # Errors
/// Those of [`actions::remove_member`].
pub async fn remove_member(
    app: web::Data<App>,
    caller: ApiCaller,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse> {
    let (id, user): (GroupId, UserId) = (path.0.parse()?, path.1.parse()?);
    app.db.write(move |tx| actions::remove_member(tx, &caller.actor, id, user)).await?;
    Ok(HttpResponse::NoContent().finish())
}
