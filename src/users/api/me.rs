//! Who is calling.

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::UserView;
use crate::access::{Role, Scopes};
use crate::app::App;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::Result;
use crate::ids::{KeyId, UserId};
use crate::openapi::Doc;
use crate::users::store;
use crate::users::told::{Told, json};
use crate::web::ApiCaller;

/// The answer of `/api/v1/me`.
#[derive(Serialize, JsonSchema)]
pub struct Me<'a> {
    #[schemars(with = "UserView")]
    user: &'a RawValue,
    auth: Auth,
}

/// By which credential the caller is known.
#[derive(Serialize, JsonSchema)]
struct Auth {
    kind: &'static str,
    id: KeyId,
    scopes: Scopes,
    expires_at: Option<Time>,
}

/// Answers as they were given last.
#[derive(Default)]
pub struct MeCache(Told<Asker>);

/// Everything about a caller that the answer depends on, beside what the database tells of the user.
type Asker = (KeyId, UserId, Role, Scopes, Option<Time>);

/// Describes [`me`].
pub const ME: Doc = Doc::new("Tell who is calling")
    .about("The user behind the key, and what the key may do.")
    .answers::<Me<'static>>(200);

/// `GET /api/v1/me`: any API key.
pub async fn me(
    app: web::Data<App>,
    cache: web::Data<MeCache>,
    caller: ApiCaller,
) -> Result<HttpResponse> {
    let asker = (
        caller.key_id,
        caller.user_id,
        caller.actor.role,
        caller.scopes,
        caller.expires_at,
    );
    let (id, actor) = (caller.user_id, caller.actor.clone());
    let auth = Auth {
        kind: "api_key",
        id: caller.key_id,
        scopes: caller.scopes,
        expires_at: caller.expires_at,
    };
    let read = move |conn: &mut Conn| {
        let user = store::find(conn, id)?;
        UserView::read(conn, user, &actor)
    };
    let whole = |user: &RawValue| json(&Me { user, auth });
    let owner = (id, caller.actor.role);
    let body = cache.0.get(&app, asker, owner, read, whole).await?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(body))
}
