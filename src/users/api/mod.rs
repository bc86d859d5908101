//! `/api/v1/me` and `/api/v1/users`.

mod changes;
mod endings;
mod me;
mod view;

pub use changes::{CHANGE, CREATE, VERIFY, create, patch, verify};
pub use endings::{DELETE, REACTIVATE, SUSPEND, delete, reactivate, suspend};
pub use me::{ME, MeCache, me};
pub use view::UserView;

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;

use super::actions;
use super::model::Status;
use super::store::{self, Filter};
use crate::access::Role;
use crate::app::App;
use crate::error::{Code, Result};
use crate::groups;
use crate::ids::{GroupId, UserId};
use crate::openapi::Doc;
use crate::web::{ApiCaller, ListQuery, Listed, Params, ok};

/// What `GET /api/v1/users` is narrowed to.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsersQuery {
    /// A whole id, or the beginning of an address, a phone number or a name.
    #[serde(default)]
    q: String,
    status: Option<Status>,
    role: Option<Role>,
    /// Members of this group.
    group: Option<GroupId>,
    /// Rows, 1 to 500; 50 when left out.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Describes [`list`].
pub const LIST: Doc = Doc::new("List users")
    .about("Members see themselves.")
    .query::<UsersQuery>()
    .answers::<Listed<UserView>>(200)
    .codes(&[Code::CursorInvalid]);

/// `GET /api/v1/users`: `users:read`; members see themselves.
pub async fn list(
    app: web::Data<App>,
    caller: ApiCaller,
    query: Params<UsersQuery>,
) -> Result<HttpResponse> {
    let paging = ListQuery::paging(query.limit, query.cursor.as_deref())?;
    let actor = caller.actor;
    let filter = Filter {
        q: query.q.clone(),
        status: query.status,
        role: query.role,
        group: query.group,
        only: (actor.role < Role::Admin).then_some(caller.user_id),
    };
    let page = app
        .db
        .read(move |conn| {
            let slice = store::list(conn, &filter, &paging)?;
            let ids: Vec<UserId> = slice.rows.iter().map(|user| user.id).collect();
            let mut groups = groups::actions::groups_of(conn, &ids)?;
            Ok(slice.map(|user| {
                let of_user = groups.remove(&user.id).unwrap_or_default();
                UserView::new(user, of_user, &actor)
            }))
        })
        .await?;
    Ok(ok(&Listed::from(page)))
}

/// Describes [`read`].
pub const READ: Doc = Doc::new("Read a user")
    .about("Members see themselves.")
    .answers::<UserView>(200);

/// `GET /api/v1/users/{id}`: `users:read`; members see themselves.
pub async fn read(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let view = app
        .db
        .read(move |conn| {
            let user = actions::visible(conn, &caller.actor, id)?;
            UserView::read(conn, user, &caller.actor)
        })
        .await?;
    Ok(ok(&view))
}
