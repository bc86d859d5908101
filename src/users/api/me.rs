//! Who is calling.

use actix_web::http::header::ContentType;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use moka::sync::Cache;
use schemars::JsonSchema;
use serde::Serialize;

use super::UserView;
use crate::access::{Role, Scopes};
use crate::app::App;
use crate::clock::{Span, Time, minutes};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::{KeyId, UserId};
use crate::openapi::Doc;
use crate::users::store;
use crate::web::ApiCaller;

/// The answer of `/api/v1/me`.
#[derive(Serialize, JsonSchema)]
pub struct Me {
    user: UserView,
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

/// Answers as they were given last, so that asking who one is costs no query. An entry is believed as long
/// as nobody's rights changed, nor in this process what is told about anybody, and for [`BELIEVED`] at most:
/// other processes change it too, and when somebody was last seen.
pub struct MeCache(Cache<Asker, (Generations, Time, Bytes)>);

/// Everything about a caller that the answer depends on, beside what the database tells of the user.
type Asker = (KeyId, UserId, Role, Scopes, Option<Time>);

/// Of rights, and of what is told about users.
type Generations = (u64, u64);

/// How long an entry is believed.
const BELIEVED: Span = minutes(1);

impl Default for MeCache {
    fn default() -> Self {
        Self(Cache::new(10_000))
    }
}

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
    let asker = (
        caller.key_id,
        caller.user_id,
        caller.actor.role,
        caller.scopes,
        caller.expires_at,
    );
    let now = app.clock.now();
    let rights = app.db.rights();
    // Both before the database is asked: what changes meanwhile makes the entry worthless.
    let generation = rights
        .generation(now)
        .map(|rights_now| (rights_now, rights.told()));
    let kept = generation.and_then(|generation| {
        cache
            .0
            .get(&asker)
            .filter(|(then, at, _)| *then == generation && now - *at < BELIEVED)
    });
    let body = match kept {
        Some((_, _, body)) => body,
        None => {
            let body = Bytes::from(tell(&app, &caller).await?);
            if let Some(generation) = generation {
                cache.0.insert(asker, (generation, now, body.clone()));
            }
            body
        }
    };
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(body))
}

async fn tell(app: &App, caller: &ApiCaller) -> Result<Vec<u8>> {
    let (id, actor) = (caller.user_id, caller.actor.clone());
    let read = move |conn: &mut Conn| {
        let user = store::find(conn, id)?;
        UserView::read(conn, user, &actor)
    };
    let auth = Auth {
        kind: "api_key",
        id: caller.key_id,
        scopes: caller.scopes,
        expires_at: caller.expires_at,
    };
    let user = app.db.look_up(read).await?;
    serde_json::to_vec(&Me { user, auth }).map_err(Error::internal)
}
