//! Aleph: a user's record, and the API key that its settings page makes (alephdata/aleph#3094).
//!
//! Both are about oneself alone. They are called with a key, or with the session cookie, as Aleph's own front end does; then what
//! is changed takes the token of forms in the header `X-CSRF-Token`, and a fresh sign-in. There one has one key. So in person
//! one key is replaced here too, the one that was made here, and keys that were made elsewhere go on working.

mod refusal;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use self::refusal::{Refusal, tell};
use super::System;
use crate::access::{Actor, Role, Scopes};
use crate::api_keys::actions::{self, Issued, Maker};
use crate::api_keys::model::{Ends, IssueKey, Overlap};
use crate::app::App;
use crate::clock::Time;
use crate::db::{Conn, Tx};
use crate::error::{Code, Result};
use crate::ids::UserId;
use crate::openapi::{Dialect, Doc, schema_of};
use crate::site;
use crate::users::UserView;
use crate::web::{ApiCaller, Call, Nothing, OwnCall, SignedIn, ok};

/// Where its calls are, and how its clients are told of errors.
pub const SYSTEM: System = System {
    paths: &["/api/2/roles/{id}", "/api/2/roles/{id}/generate_api_key"],
    telling: tell,
    takes_bare_keys: true,
};

/// What the descriptions of its calls have in common.
const DIALECT: Dialect = Dialect {
    tag: "aleph",
    refusal: schema_of::<Refusal>,
};

/// What the key is called that people make here.
const NAME: &str = "Aleph";

/// A user as they are told everywhere, and under the names of Aleph, which calls users roles.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "AlephRole")]
struct Record {
    #[serde(flatten)]
    user: UserView,
    /// `user`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The same as `display_name`.
    name: String,
    /// The same as `display_name`.
    label: String,
    /// Whether the role is above `member`.
    is_admin: bool,
    /// Whether the caller may change it: one sees oneself alone.
    writeable: bool,
    /// Whether there is an API key, one that has expired included.
    has_api_key: bool,
    /// When it ends: the newest of those that work, else the newest that has expired. Absent when it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_expires_at: Option<Time>,
    /// The key that was just made, in this answer alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
}

impl Record {
    fn read(conn: &mut Conn, actor: &Actor, id: UserId, now: Time) -> Result<Self> {
        let user = UserView::own(conn, actor, id)?;
        let key = match actions::newest(conn, id, None, Some(now))? {
            None => actions::newest(conn, id, None, None)?,
            working => working,
        };
        let name = user.display_name.clone();
        Ok(Self {
            kind: "user",
            label: name.clone(),
            name,
            is_admin: user.role >= Role::Admin,
            user,
            writeable: true,
            has_api_key: key.is_some(),
            api_key_expires_at: key.and_then(|key| key.expires_at),
            api_key: None,
        })
    }

    /// The record with the key that was just made.
    fn with(tx: &mut Tx<'_>, actor: &Actor, id: UserId, made: &Issued) -> Result<Self> {
        let now = tx.now;
        Ok(Self {
            has_api_key: true,
            api_key_expires_at: made.key.expires_at,
            api_key: Some(made.secret.reveal().to_owned()),
            ..Self::read(tx, actor, id, now)?
        })
    }
}

/// Describes [`read`].
pub const READ: Doc = Doc::new("Read oneself")
    .about("With the key, or with the session cookie. The record never holds the API key.")
    .answers::<Record>(200)
    .dialect(&DIALECT)
    .codes(&[Code::Forbidden]);

/// `GET /api/2/roles/{id}`, with a key: any, about its owner.
///
/// # Errors
/// `forbidden` about anybody else, `not_found`.
pub async fn read(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    told(&app, caller.actor, &id).await
}

/// `GET /api/2/roles/{id}`, with the session cookie: anybody, about themselves.
///
/// # Errors
/// `forbidden` about anybody else, `not_found`.
pub async fn read_in_person(
    app: web::Data<App>,
    person: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    told(&app, person.actor, &id).await
}

async fn told(app: &App, actor: Actor, id: &str) -> Result<HttpResponse> {
    let (id, now) = (id.parse()?, app.clock.now());
    let read = move |conn: &mut Conn| Record::read(conn, &actor, id, now);
    Ok(ok(&app.db.read(read).await?))
}

/// Describes [`generate`].
pub const GENERATE: Doc = Doc::new("Make an API key in place of the one that calls")
    .about(
        "With the same name and scopes; the old one ends now. With the session cookie, and a token of forms in the header \
         `X-CSRF-Token`, within ten minutes of signing in: makes the key called *Aleph*, in place of the last one of that \
         name while it works.",
    )
    .body::<Nothing>()
    .answers::<Record>(200)
    .dialect(&DIALECT)
    .codes(&[
        Code::AlreadyShown,
        Code::Forbidden,
        Code::RotationInProgress,
        Code::WrongState,
    ]);

/// `POST /api/2/roles/{id}/generate_api_key`, with a key: `keys:rotate_self`, for its owner.
///
/// # Errors
/// `forbidden` about anybody else, `not_found`; those of [`actions::rotate_itself`].
pub async fn generate(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<Nothing>,
) -> Result<HttpResponse> {
    let (id, key): (UserId, _) = (id.parse()?, call.caller.key_id);
    let (house, again_in) = (app.clone(), app.clone());
    let record = move |tx: &mut Tx<'_>, actor: &Actor, made: Issued| {
        let record = Record::with(tx, actor, id, &made)?;
        Ok((made.key.id.to_string(), record))
    };
    let first = move |tx: &mut Tx<'_>, actor: &Actor, _: &Nothing| {
        UserView::own(tx, actor, id)?;
        let made = actions::rotate_itself(tx, &house, actor, key, Overlap::NONE)?;
        record(tx, actor, made)
    };
    let again = move |tx: &mut Tx<'_>, actor: &Actor, lost: &str| {
        let made = actions::rotate_again(tx, &again_in, actor, lost.parse()?)?;
        record(tx, actor, made)
    };
    call.run_secret(&app, StatusCode::OK, first, again).await
}

/// `POST /api/2/roles/{id}/generate_api_key`, with the session cookie: anybody signed in within the last ten minutes, for
/// themselves.
///
/// # Errors
/// `form_expired` without the token of forms, `forbidden` about anybody else, `not_found`, `fresh_sign_in_required`,
/// `rotation_in_progress`.
pub async fn generate_in_person(
    app: web::Data<App>,
    person: SignedIn,
    _: OwnCall,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let (id, house, who): (UserId, _, _) = (id.parse()?, app.clone(), person.clone());
    let make = move |tx: &mut Tx<'_>, actor: &Actor| {
        UserView::own(tx, actor, id)?;
        let made = generate_for(tx, &house, &who)?;
        Record::with(tx, actor, id, &made)
    };
    Ok(ok(&person.write(&app, make).await?))
}

/// Makes the key of a person, in place of the last one that was made here.
fn generate_for(tx: &mut Tx<'_>, app: &App, person: &SignedIn) -> Result<Issued> {
    let days = site::actions::current(tx)?.key_policy.default_days;
    let input = IssueKey {
        name: NAME.to_owned(),
        note: String::new(),
        scopes: Scopes::ALL,
        ends: Ends::In(days),
    };
    let now = tx.now;
    match actions::newest(tx, person.user_id, Some(NAME), Some(now))? {
        Some(old) => actions::rotate(tx, app, person, old.id, &input, Overlap::NONE),
        None => actions::issue(tx, app, &Maker::Person(Box::new(person.clone())), &input),
    }
}
