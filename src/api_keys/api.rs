//! API keys over JSON. A program sees and ends keys; it never makes one.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Keys;
use super::actions::{self, Issued};
use super::model::{Key, KeyState, Overlap};
use crate::access::{Actor, Role, Scopes};
use crate::app::App;
use crate::clock::{Time, seconds};
use crate::db::{Paging, Tx};
use crate::error::{Code, FieldError, Result};
use crate::ids::{KeyId, UserId};
use crate::openapi::Doc;
use crate::web::{ApiCaller, Call, ListQuery, Listed, Params, ok};

/// An API key. Its secret is not part of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ApiKey {
    /// The id.
    pub id: KeyId,
    /// Whose rights it has.
    pub owner_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// Where its owner keeps it; may be empty.
    pub note: String,
    /// How the secret begins; of a key that was imported, how its digest does.
    pub prefix: String,
    /// How the secret ends; empty for a key that was imported.
    pub last_four: String,
    /// What it may do, as far as the role of its owner reaches.
    pub scopes: Scopes,
    /// The highest role that it acts with; null when that is its owner's.
    pub role_ceiling: Option<Role>,
    /// Whether it works.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Time,
    /// When it ends; null is never.
    pub expires_at: Option<Time>,
    /// When it was last used.
    pub last_used_at: Option<Time>,
    /// From which address.
    pub last_used_ip: Option<String>,
    /// By which program, as it called itself.
    pub last_used_agent: Option<String>,
    /// The key that took its place; null when none did.
    pub successor_id: Option<KeyId>,
}

impl ApiKey {
    fn of(keys: &Keys, mut key: Key, now: Time) -> Self {
        keys.usage.complete(&mut key);
        Self {
            id: key.id,
            owner_id: key.owner_id,
            state: key.state(now),
            name: key.name,
            note: key.note,
            prefix: key.prefix,
            last_four: key.last_four,
            scopes: key.scopes,
            role_ceiling: None,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            last_used_ip: key.last_used_ip,
            last_used_agent: key.last_used_agent,
            successor_id: key.successor_id,
        }
    }
}

async fn list_of(
    app: &App,
    keys: &Keys,
    caller: ApiCaller,
    owner: UserId,
    paging: Paging,
) -> Result<HttpResponse> {
    let read = move |conn: &mut _| actions::list(conn, &caller.actor, Some(owner), &paging);
    let found = app.db.read(read).await?;
    let now = app.clock.now();
    Ok(ok(&Listed::from(
        found.map(|key| ApiKey::of(keys, key, now)),
    )))
}

/// Describes [`list`].
pub const LIST: Doc = Doc::new("List one's own API keys")
    .query::<ListQuery>()
    .answers::<Listed<ApiKey>>(200)
    .codes(&[Code::CursorInvalid]);

/// `GET /api/v1/keys`: `keys:read`, about the keys of the caller.
///
/// # Errors
/// `invalid_input`, `cursor_invalid`.
pub async fn list(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    caller: ApiCaller,
    query: Params<ListQuery>,
) -> Result<HttpResponse> {
    let paging = ListQuery::paging(query.limit, query.cursor.as_deref())?;
    let owner = caller.user_id;
    list_of(&app, &keys, caller, owner, paging).await
}

/// Describes [`list_of_user`].
pub const LIST_OF_USER: Doc = Doc::new("List the API keys of a user")
    .about("Administrators about users below them, everybody about themselves.")
    .query::<ListQuery>()
    .answers::<Listed<ApiKey>>(200)
    .codes(&[Code::CursorInvalid, Code::Forbidden, Code::AboveYou]);

/// `GET /api/v1/users/{id}/keys`: `keys:read`; administrators about users below, everybody about
/// themselves.
///
/// # Errors
/// `forbidden`, `above_you`, `not_found`, `invalid_input`, `cursor_invalid`.
pub async fn list_of_user(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    caller: ApiCaller,
    user: web::Path<String>,
    query: Params<ListQuery>,
) -> Result<HttpResponse> {
    let paging = ListQuery::paging(query.limit, query.cursor.as_deref())?;
    list_of(&app, &keys, caller, user.parse()?, paging).await
}

/// Describes [`show`].
pub const READ: Doc = Doc::new("Read one of one's own API keys").answers::<ApiKey>(200);

/// `GET /api/v1/keys/{id}`: `keys:read`, about a key of the caller.
///
/// # Errors
/// `not_found`.
pub async fn show(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: KeyId = id.parse()?;
    let key = app
        .db
        .read(move |conn| actions::own(conn, &caller.actor, id))
        .await?;
    Ok(ok(&ApiKey::of(&keys, key, app.clock.now())))
}

/// Describes [`create`].
pub const CREATE: Doc = Doc::new("Make an API key: a program cannot")
    .about("People make them on the settings page after a fresh sign-in, the operator on the command line.")
    .never_works()
    .codes(&[Code::SessionRequired]);

/// `POST /api/v1/keys`: no key may. Keys are made on the settings page or by the operator.
///
/// # Errors
/// `session_required`, always.
pub async fn create(_: ApiCaller) -> Result<HttpResponse> {
    Code::SessionRequired.refuse()
}

/// How long the old key goes on working.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("examples" = [{ "overlap_seconds": 86_400 }]))]
pub struct RotateBody {
    /// For so many seconds, 0 to 604800, and never beyond its end; a day when left out.
    #[schemars(range(min = 0, max = 604_800))]
    overlap_seconds: Option<i64>,
    /// The first use of the new key ends the old one before that.
    end_on_first_use: bool,
}

impl RotateBody {
    fn overlap(&self) -> Result<Overlap> {
        let longest = Overlap::LONGEST.seconds_up();
        let usual = Overlap::USUAL.at_most;
        let at_most = match self.overlap_seconds {
            None if self.end_on_first_use => Overlap::LONGEST,
            None => usual,
            Some(count) if (0..=longest).contains(&count) => seconds(count),
            Some(_) => {
                let wrong = FieldError::new("overlap_seconds", "out_of_range");
                return Err(wrong.with("min", 0).with("max", longest).into());
            }
        };
        Ok(Overlap {
            at_most,
            until_first_use: self.end_on_first_use,
        })
    }
}

/// A key in place of another, with its secret, which no other answer holds.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Rotated {
    /// The new key.
    key: ApiKey,
    /// Its secret.
    api_key: String,
}

impl Rotated {
    fn of(keys: &Keys, issued: Issued, now: Time) -> (String, Self) {
        let id = issued.key.id.to_string();
        let api_key = issued.secret.reveal().to_owned();
        let key = ApiKey::of(keys, issued.key, now);
        (id, Self { key, api_key })
    }
}

/// Describes [`rotate`].
pub const ROTATE: Doc = Doc::new("Make an API key in place of the one that calls")
    .about(
        "With the same name and scopes; it lives as long as the old one was made for, as far as the policy of the site \
         lets it. Both work until the end of the overlap. A key replaces itself alone.",
    )
    .body::<RotateBody>()
    .answers::<Rotated>(201)
    .codes(&[Code::Forbidden, Code::WrongState, Code::RotationInProgress, Code::AlreadyShown]);

/// `POST /api/v1/keys/{id}/rotate`: `keys:rotate_self`, for the key that calls.
///
/// # Errors
/// `forbidden` for another key, `not_found`, `wrong_state`, `rotation_in_progress`, `invalid_input`.
pub async fn rotate(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    id: web::Path<String>,
    call: Call<RotateBody>,
) -> Result<HttpResponse> {
    let id: KeyId = id.parse()?;
    let overlap = call.input.overlap()?;
    let (house, known) = (app.clone(), keys.clone());
    let first = move |tx: &mut Tx<'_>, actor: &Actor, _: &RotateBody| {
        let made = actions::rotate_itself(tx, &house, actor, id, overlap)?;
        Ok(Rotated::of(&known, made, tx.now))
    };
    let (house, known) = (app.clone(), keys.clone());
    let again = move |tx: &mut Tx<'_>, actor: &Actor, lost: &str| {
        let made = actions::rotate_again(tx, &house, actor, lost.parse()?)?;
        Ok(Rotated::of(&known, made, tx.now))
    };
    call.run_secret(&app, StatusCode::CREATED, first, again)
        .await
}

/// Describes [`revoke`].
pub const REVOKE: Doc = Doc::new("Revoke one of one's own API keys");

/// `DELETE /api/v1/keys/{id}`: `keys:revoke`, for a key of the caller.
///
/// # Errors
/// `not_found`.
pub async fn revoke(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id = id.parse()?;
    revoke_own(&app, caller, id).await
}

/// Describes [`revoke_current`].
pub const REVOKE_CURRENT: Doc =
    Doc::new("Revoke the API key that calls").about("The next call with it answers `key_revoked`.");

/// `DELETE /api/v1/keys/current`: any API key, for itself. Whoever has it can report it as leaked and end it so, without any scope.
///
/// # Errors
/// When the database is away.
pub async fn revoke_current(app: web::Data<App>, caller: ApiCaller) -> Result<HttpResponse> {
    let id = caller.key_id;
    revoke_own(&app, caller, id).await
}

async fn revoke_own(app: &App, caller: ApiCaller, id: KeyId) -> Result<HttpResponse> {
    caller
        .write(app, move |tx, actor| actions::revoke_own(tx, actor, id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Describes [`revoke_of_user`].
pub const REVOKE_OF_USER: Doc = Doc::new("Revoke an API key of a user")
    .about("Administrators for users below them, everybody for themselves.")
    .codes(&[Code::Forbidden, Code::AboveYou]);

/// `DELETE /api/v1/users/{id}/keys/{key_id}`: `keys:revoke`; administrators for users below, everybody
/// for themselves.
///
/// # Errors
/// `forbidden`, `above_you`, `not_found`.
pub async fn revoke_of_user(
    app: web::Data<App>,
    caller: ApiCaller,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse> {
    let (owner, id): (UserId, KeyId) = (path.0.parse()?, path.1.parse()?);
    let house = app.clone();
    caller
        .write(&app, move |tx, actor| {
            actions::revoke(tx, &house, actor, Some(owner), id, "")
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
