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
use crate::clock::{Span, Time, minutes};
use crate::db::{Conn, Json};
use crate::error::{Code, Error, Result};
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::{GroupId, InviteId, KeyId, UserId};
use crate::openapi::Doc;
use crate::web::{ApiCaller, Call, ListQuery, Listed, Params, ok};

/// A user as the API tells them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub struct UserView {
    /// Never used again for another person.
    id: UserId,
    /// The address as it was written.
    email: Option<String>,
    /// Whether the person proved that mail reaches them.
    email_verified: bool,
    /// The phone number.
    phone: Option<String>,
    /// Whether the person proved that it is theirs.
    phone_verified: bool,
    /// The name others see.
    display_name: String,
    role: Role,
    status: Status,
    /// The schema of the traits.
    schema_id: String,
    /// What the platform wants to know of a person.
    traits: Map<String, Value>,
    /// Data of integrated apps that the person may see.
    metadata_public: Map<String, Value>,
    /// For administrators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_admin: Option<Map<String, Value>>,
    /// The groups that the user belongs to, by name.
    groups: Vec<GroupName>,
    /// The user that this one was folded into.
    redirect_to: Option<UserId>,
    /// The invite that was accepted.
    invite_id: Option<InviteId>,
    /// The terms that were accepted.
    terms: Option<TermsView>,
    /// When the account was made.
    created_at: Time,
    /// When it was last used.
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
/// as nobody's rights or profile changed, and for [`BELIEVED`] at most: when one was last seen changes too.
pub struct MeCache(Cache<(UserId, Role), (u64, Time, Arc<UserView>)>);

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
    let generation = app.db.rights().generation(now);
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
            let user = Arc::new(app.db.read(read).await?);
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

/// What `GET /api/v1/users` is narrowed to.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsersQuery {
    /// A whole id, or the beginning of an address or a name.
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

/// The body of `POST /api/v1/users`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUserBody {
    /// Where the link to set a password goes.
    email: String,
    /// 1 to 200 characters.
    display_name: String,
    /// `member` when left out.
    #[serde(default = "member")]
    role: Role,
    /// What the platform wants to know of a person; at most 16 KiB.
    traits: Option<Map<String, Value>>,
    /// Data of integrated apps that the person may see; at most 16 KiB.
    metadata_public: Option<Map<String, Value>>,
    /// Data of integrated apps for administrators alone; at most 16 KiB.
    metadata_admin: Option<Map<String, Value>>,
    /// Groups to join.
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

/// Describes [`create`].
pub const CREATE: Doc = Doc::new("Make a user")
    .about("The person gets a link to set a password. To let them agree to the terms first, send an invite instead.")
    .body::<NewUserBody>()
    .answers::<UserView>(201)
    .codes(&[Code::AboveYou, Code::GroupNotGrantable, Code::AddressTaken]);

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

/// The body of `PATCH /api/v1/users/{id}`; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    /// 1 to 200 characters. Everybody may change their own.
    display_name: Option<String>,
    /// Only an owner may make or change an owner.
    role: Option<Role>,
    /// What the platform wants to know of a person; at most 16 KiB.
    traits: Option<Map<String, Value>>,
    /// Data of integrated apps that the person may see; at most 16 KiB.
    metadata_public: Option<Map<String, Value>>,
    /// Data of integrated apps for administrators alone; at most 16 KiB.
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

/// Describes [`patch`].
pub const CHANGE: Doc = Doc::new("Change a user")
    .about("A new role holds from the next request on.")
    .body::<UserPatch>()
    .answers::<UserView>(200)
    .codes(&[Code::AboveYou, Code::LastOwner]);

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

/// Describes [`suspend`].
pub const SUSPEND: Doc = Doc::new("Suspend a user")
    .about("Sessions and API keys end, pending invites of the user wait; nothing is deleted.")
    .body::<Suspension>()
    .answers::<UserView>(200)
    .codes(&[Code::AboveYou, Code::LastOwner, Code::WrongState]);

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

/// Describes [`reactivate`].
pub const REACTIVATE: Doc = Doc::new("Let a suspended user in again")
    .about("Sessions and API keys stay ended.")
    .answers::<UserView>(200)
    .codes(&[Code::AboveYou, Code::WrongState]);

/// `DELETE /api/v1/users/{id}/suspension`: `users:write`.
pub async fn reactivate(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: UserId = id.parse()?;
    let view = app
        .db
        .write(move |tx| {
            let user = actions::reactivate(tx, &caller.actor, id)?;
            UserView::read(tx, user, &caller.actor)
        })
        .await?;
    Ok(ok(&view))
}
