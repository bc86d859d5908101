//! Who is calling.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use moka::sync::Cache;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::UserView;
use crate::access::{Role, Scopes};
use crate::app::App;
use crate::clock::{Span, Time, minutes};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::{KeyId, UserId};
use crate::openapi::Doc;
use crate::users::store;
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

/// Users as they were told last, so that asking who one is costs no query. An entry is believed as long
/// as nobody's rights changed, nor in this process what is told about anybody, and for [`BELIEVED`] at most:
/// other processes change it too, and when one was last seen.
pub struct MeCache(Cache<(UserId, Role), (Generations, Time, Arc<RawValue>)>);

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
    let id = caller.user_id;
    let now = app.clock.now();
    let rights = app.db.rights();
    // Both before the database is asked: what changes meanwhile makes the entry worthless.
    let generation = rights
        .generation(now)
        .map(|rights_now| (rights_now, rights.told()));
    let kept = generation.and_then(|generation| {
        cache
            .0
            .get(&(id, caller.actor.role))
            .filter(|(then, at, _)| *then == generation && now - *at < BELIEVED)
    });
    let user = match kept {
        Some((_, _, user)) => user,
        None => {
            let actor = caller.actor.clone();
            let read = move |conn: &mut Conn| {
                let user = store::find(conn, id)?;
                UserView::read(conn, user, &actor)
            };
            let view = app.db.look_up(read).await?;
            let user: Arc<RawValue> = Arc::from(to_raw_value(&view).map_err(Error::internal)?);
            if let Some(generation) = generation {
                cache
                    .0
                    .insert((id, caller.actor.role), (generation, now, user.clone()));
            }
            user
        }
    };
    let auth = Auth {
        kind: "api_key",
        id: caller.key_id,
        scopes: caller.scopes,
        expires_at: caller.expires_at,
    };
    Ok(ok(&Me { user, auth }))
}
