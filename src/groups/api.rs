//! Groups for programs.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::actions;
use super::model::{ChangeGroup, GroupView, MakeGroup, Member, MemberLevel};
use crate::app::App;
use crate::error::{Code, Result};
use crate::ids::{GroupId, UserId};
use crate::openapi::Doc;
use crate::web::{ApiCaller, Call, ListQuery, Listed, Params, ok};

/// What the list of groups can be asked for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupsQuery {
    /// An exact id, or the start of a name.
    pub q: Option<String>,
    /// Rows, 1 to 500; 50 when left out.
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Describes [`list`].
pub const LIST: Doc = Doc::new("List groups")
    .about("Members see the groups that they own or belong to.")
    .query::<GroupsQuery>()
    .answers::<Listed<GroupView>>(200)
    .codes(&[Code::CursorInvalid]);

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

/// Describes [`make`].
pub const MAKE: Doc = Doc::new("Make a group")
    .about("The caller becomes its owner, who manages it without being a member.")
    .body::<MakeGroup>()
    .answers::<GroupView>(201)
    .codes(&[Code::GroupExists]);

/// `POST /api/v1/groups`: `groups:write`, everybody.
///
/// # Errors
/// Those of [`actions::make`].
pub async fn make(app: web::Data<App>, call: Call<MakeGroup>) -> Result<HttpResponse> {
    call.run(&app, StatusCode::CREATED, actions::make).await
}

/// Describes [`read`].
pub const READ: Doc = Doc::new("Read a group").answers::<GroupView>(200);

/// `GET /api/v1/groups/{id}`: `groups:read`; members those that they own or belong to.
///
/// # Errors
/// `not_found`.
pub async fn read(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: GroupId = id.parse()?;
    let group = app
        .db
        .read(move |conn| actions::read(conn, &caller.actor, id))
        .await?;
    Ok(ok(&group))
}

/// Describes [`change`].
pub const CHANGE: Doc = Doc::new("Change a group")
    .body::<ChangeGroup>()
    .answers::<GroupView>(200)
    .codes(&[Code::Forbidden, Code::GroupExists]);

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
    call.run(&app, StatusCode::OK, move |tx, actor, input| {
        actions::change(tx, actor, id, input)
    })
    .await
}

/// Describes [`delete`].
pub const DELETE: Doc = Doc::new("Delete a group")
    .about("Its members stay users.")
    .codes(&[Code::Forbidden]);

/// `DELETE /api/v1/groups/{id}`: `groups:write`; members where they manage.
///
/// # Errors
/// Those of [`actions::delete`].
pub async fn delete(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: GroupId = id.parse()?;
    caller
        .write(&app, move |tx, actor| actions::delete(tx, actor, id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Describes [`members`].
pub const MEMBERS: Doc = Doc::new("List the members of a group")
    .query::<ListQuery>()
    .answers::<Listed<Member>>(200)
    .codes(&[Code::CursorInvalid]);

/// `GET /api/v1/groups/{id}/members`: `groups:read`; members of groups that they own or belong to.
///
/// # Errors
/// `not_found`, `invalid_input`, `cursor_invalid`.
pub async fn members(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
    query: Params<ListQuery>,
) -> Result<HttpResponse> {
    let id: GroupId = id.parse()?;
    let paging = ListQuery::paging(query.limit, query.cursor.as_deref())?;
    let slice = app
        .db
        .read(move |conn| actions::members(conn, &caller.actor, id, &paging))
        .await?;
    Ok(ok(&Listed::from(slice)))
}

/// Describes [`put_member`].
pub const PUT_MEMBER: Doc = Doc::new("Add a member, or give a member another level")
    .body::<MemberLevel>()
    .answers::<Member>(200)
    .codes(&[Code::Forbidden]);

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

/// Describes [`remove_member`].
pub const REMOVE_MEMBER: Doc = Doc::new("Take a member out of a group")
    .about("Members may leave by themselves.")
    .codes(&[Code::Forbidden]);

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
    caller
        .write(&app, move |tx, actor| {
            actions::remove_member(tx, actor, id, user)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
