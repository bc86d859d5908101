//! Who is calling.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use super::UserView;
use crate::access::Scopes;
use crate::app::App;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::Result;
use crate::ids::KeyId;
use crate::openapi::Doc;
use crate::users::store;
use crate::users::told::Told;
use crate::web::{ApiCaller, ok};

/// The answer of `/api/v1/me`.
#[derive(Serialize, JsonSchema)]
pub struct Me {
    #[schemars(with = "UserView")]
    user: Arc<RawValue>,
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

/// Users as this call told them last.
#[derive(Default)]
pub struct MeCache(Told);

/// Describes [`me`].
pub const ME: Doc = Doc::new("Tell who is calling")
    .about("The user behind the key, and what the key may do.")
    .answers::<Me>(200);

/// `GET /api/v1/me`: any API key.
pub async fn me(
    app: web::Data<App>,
    cache: web::Data<MeCache>,
    caller: ApiCaller,
) -> Result<HttpResponse> {
    let (id, actor) = (caller.user_id, caller.actor.clone());
    let read = move |conn: &mut Conn| {
        let user = store::find(conn, id)?;
        UserView::read(conn, user, &actor)
    };
    let of = (id, caller.actor.role);
    let user = cache.0.get(&app, of, read).await?;
    let auth = Auth {
        kind: "api_key",
        id: caller.key_id,
        scopes: caller.scopes,
        expires_at: caller.expires_at,
    };
    Ok(ok(&Me { user, auth }))
}
