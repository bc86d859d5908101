//! `/api/v1/me` and `/api/v1/users`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use moka::sync::Cache;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::actions::{self, Change};
use super::model::{Email, NewUser, Status, User, read_name, read_object};
use super::store::{self, Filter};
use crate::access::{Actor, Role, Scopes};
use crate::app::App;
use crate::clock::Time;
use crate::db::{Conn, Json, Tx};
use crate::error::{Error, Result};
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::{GroupId, InviteId, KeyId, UserId};
use crate::web::{ApiCaller, Call, ListQuery, Listed, Params, ok};

/// A user as the API tells them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub struct UserView {
    id: UserId,
    email: Option<String>,
    email_verified: bool,
    phone: Option<String>,
    phone_verified: bool,
    display_name: String,
    role: Role,
    status: Status,
    schema_id: String,
    traits: Map<String, Value>,
    metadata_public: Map<String, Value>,
    /// For administrators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_admin: Option<Map<String, Value>>,
    groups: Vec<GroupName>,
    redirect_to: Option<UserId>,
    invite_id: Option<InviteId>,
    terms: Option<TermsView>,
    created_at: Time,
    last_seen_at: Option<Time>,
}

/// Which terms a user accepted, and when.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct TermsView {
    version: String,
    accepted_at: Time,
}

impl UserView {
    fn new(user: User, groups: Vec<GroupName>, viewer: &Actor) -> Self {
        let terms = user.terms_version.zip(user.terms_accepted_at);
        Self {
            id: user.id,
            email: user.email,
            email_verified: user.email_verified,
            phone: None,
            phone_verified: false,
            display_name: user.display_name,
            role: user.role,
            status: user.status,
            schema_id: user.schema_id,
            traits: object(user.traits),
            metadata_public: object(user.metadata_public),
            metadata_admin: (viewer.role >= Role::Admin).then(|| object(user.metadata_admin)),
            groups,
            redirect_to: None,
            invite_id: user.invite_id,
            terms: terms.map(|(version, accepted_at)| TermsView {
                version,
                accepted_at,
            }),
            created_at: user.created_at,
            last_seen_at: user.last_seen_at,
        }
    }

    /// The user of a row, with their groups.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn read(conn: &mut Conn, user: User, viewer: &Actor) -> Result<Self> {
        let groups = groups::actions::groups_of(conn, &[user.id])?
            .remove(&user.id)
            .unwrap_or_default();
        Ok(Self::new(user, groups, viewer))
    }
}

fn object(json: Json) -> Map<String, Value> {
    match json.0 {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The answer of `/api/v1/me`.
#[derive(Serialize, JsonSchema)]
pub struct Me {
    user: Arc<UserView>,
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
/// as nobody's rights or profile changed.
pub struct MeCache(Cache<(UserId, Role), (u64, Arc<UserView>)>);

impl Default for MeCache {
    fn default() -> Self {
        Self(Cache::new(10_000))
    }
}

/// `GET /api/v1/me`: any API key.
pub async fn me(
    app: web::Data<App>,
    cache: web::Data<MeCache>,
    caller: ApiCaller,
) -> Result<HttpResponse> {
    let id = caller.user_id;
    let generation = app.db.rights().generation(app.clock.now());
    let kept = generation.and_then(|generation| {
        cache
            .0
            .get(&(id, caller.actor.role))
            .filter(|(then, _)| *then == generation)
    });
    let user = match kept {
        Some((_, user)) => user,
        None => {
            let actor = caller.actor.clone();
            let read = move |conn: &mut Conn| {
                let user = store::find(conn, id)?;
                UserView::read(conn, user, &actor)
            };
            let user = Arc::new(app.db.read(read).await?);
            if let Some(generation) = generation {
                cache
                    .0
                    .insert((id, caller.actor.role), (generation, user.clone()));
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

/// What `GET /api/v1/users` is narrowed to.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsersQuery {
    /// A whole id, or the beginning of an address or a name.
    #[serde(default)]
    q: String,
    status: Option<Status>,
    role: Option<Role>,
    group: Option<GroupId>,
    limit: Option<i64>,
    cursor: Option<String>,
}

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

/// The body of `POST /api/v1/users`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserBody {
    /// Where the link to set a password goes.
    email: String,
    display_name: String,
    #[serde(default = "member")]
    role: Role,
    traits: Option<Map<String, Value>>,
    metadata_public: Option<Map<String, Value>>,
    metadata_admin: Option<Map<String, Value>>,
    #[serde(default)]
    groups: Vec<GroupId>,
}

const fn member() -> Role {
    Role::Member
}

impl TryFrom<&NewUserBody> for NewUser {
    type Error = Error;

    fn try_from(body: &NewUserBody) -> Result<Self> {
        let mut wrong = Vec::new();
        let email = Email::read("email", &body.email)
            .map_err(|why| wrong.push(why))
            .ok();
        let name = read_name("display_name", &body.display_name).map_err(|why| wrong.push(why));
        let mut document = |field, map: &Option<Map<String, Value>>| {
            read_object(field, map.clone().unwrap_or_default()).unwrap_or_else(|why| {
                wrong.push(why);
                Json::object()
            })
        };
        let traits = document("traits", &body.traits);
        let metadata_public = document("metadata_public", &body.metadata_public);
        let metadata_admin = document("metadata_admin", &body.metadata_admin);
        match name {
            Ok(name) if wrong.is_empty() => Ok(Self {
                traits,
                metadata_public,
                metadata_admin,
                ..Self::plain(name, email, body.role)
            }),
            _ => Err(Error::Invalid(wrong)),
        }
    }
}

/// `POST /api/v1/users`: `users:write`. The person gets a link to set a password.
pub async fn create(app: web::Data<App>, call: Call<NewUserBody>) -> Result<HttpResponse> {
    let shared = app.clone();
    call.run(&app, StatusCode::CREATED, move |tx, actor, body| {
        let new = NewUser::try_from(body)?;
        let user = actions::create_as_admin(tx, &shared, actor, &new, &body.groups)?;
        UserView::read(tx, user, actor)
    })
    .await
}

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

/// The body of `PATCH /api/v1/users/{id}`; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    display_name: Option<String>,
    role: Option<Role>,
    traits: Option<Map<String, Value>>,
    metadata_public: Option<Map<String, Value>>,
    metadata_admin: Option<Map<String, Value>>,
}

impl TryFrom<&UserPatch> for Change {
    type Error = Error;

    fn try_from(patch: &UserPatch) -> Result<Self> {
        let document = |field, map: &Option<Map<String, Value>>| {
            map.clone().map(|map| read_object(field, map)).transpose()
        };
        Ok(Self {
            display_name: patch
                .display_name
                .as_deref()
                .map(|name| read_name("display_name", name))
                .transpose()?,
            role: patch.role,
            traits: document("traits", &patch.traits)?,
            metadata_public: document("metadata_public", &patch.metadata_public)?,
            metadata_admin: document("metadata_admin", &patch.metadata_admin)?,
        })
    }
}

/// `PATCH /api/v1/users/{id}`: `users:write`.
pub async fn patch(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<UserPatch>,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    call.run(&app, StatusCode::OK, move |tx, actor, patch| {
        let user = actions::change(tx, actor, id, &Change::try_from(patch)?)?;
        UserView::read(tx, user, actor)
    })
    .await
}

/// The body of `PUT /api/v1/users/{id}/suspension`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// Why; at most 500 characters.
    #[serde(default)]
    reason: String,
}

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
        let reason = crate::input::line("reason", &body.reason, 0..=500)?;
        let user = actions::suspend(tx, &shared, actor, id, &reason, end)?;
        UserView::read(tx, user, actor)
    })
    .await
}

/// No fields.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// `DELETE /api/v1/users/{id}/suspension`: `users:write`.
pub async fn reactivate(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<Nothing>,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    call.run(
        &app,
        StatusCode::OK,
        move |tx: &mut Tx<'_>, actor, _: &Nothing| {
            let user = actions::reactivate(tx, actor, id)?;
            UserView::read(tx, user, actor)
        },
    )
    .await
}
