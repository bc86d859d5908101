//! Server-side sessions behind actix-session.
//!
//! Rows are written in the transaction of the action that makes them (`actions::open_session`), not by
//! the middleware: a handler hands the new secret over with [`hand_over`], and [`Sessions::save`] passes
//! it on to the cookie.

use std::collections::HashMap;

use actix_session::Session;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;
use actix_web::web;

use super::store::{self, Known};
use crate::access::Role;
use crate::app::App;
use crate::clock::{Time, seconds};
use crate::db::{Conn, Db, Tx};
use crate::error::{Code, Error, Result};
use crate::ids::{SessionId, UserId};
use crate::jobs::{Behind, Noted};
use crate::secret::SecretDigest;

type State = HashMap<String, String>;

/// Where the state carries a new secret to [`Sessions::save`].
const NEW_SECRET: &str = "secret";
/// Where the state carries what [`Sessions::load`] found.
const KNOWN: &str = "known";

/// The secret of a session, on its way from the action that made it to the cookie.
pub struct NewSecret(String);

impl NewSecret {
    /// A new secret of 256 bits.
    pub fn generate() -> Self {
        use base64::Engine as _;
        let bytes = crate::secret::random::<32>();
        Self(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What the row keeps.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(&self.0)
    }
}

/// Gives the browser the session that an action has made.
///
/// # Errors
/// When the session state cannot be written, which would be a fault of ours.
pub fn hand_over(session: &Session, secret: NewSecret) -> Result<()> {
    // A cookie that was set before is never taken over (fixation).
    session.renew();
    session.remove(KNOWN);
    session
        .insert(NEW_SECRET, secret.0)
        .map_err(|why| Error::internal(why.to_string()))
}

/// The session of the request, when there is a good one.
///
/// # Errors
/// When the database could not be asked.
pub fn known(session: &Session) -> Result<Option<KnownSession>> {
    if session.contains_key(AWAY) {
        return Err(Error::Unavailable("sessions cannot be read".into()));
    }
    session
        .get(KNOWN)
        .map_err(|why| Error::internal(why.to_string()))
}

/// Where the state says that the database was away: the middleware has no words for that, `callers` has.
const AWAY: &str = "away";

/// Looks a session up again in the transaction that acts for it, and answers the role of its user.
///
/// # Errors
/// `sign_in_required` when it has ended, or its user is not let in any more.
pub fn look_again(conn: &mut Conn, id: SessionId, now: Time) -> Result<Role> {
    store::role(conn, id, now)?.ok_or_else(|| Code::SignInRequired.into())
}

/// What is known of a session, as the state carries it.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct KnownSession {
    /// The session.
    pub id: SessionId,
    /// The user.
    pub user_id: UserId,
    /// Microseconds, see [`Known::authenticated_at`].
    pub authenticated_at: i64,
    /// The role now.
    pub role: Role,
    /// The name.
    pub name: String,
    /// The address, the phone number of who has none, or nothing.
    pub email: String,
}

impl From<Known> for KnownSession {
    fn from(known: Known) -> Self {
        Self {
            id: known.id,
            user_id: known.user_id,
            authenticated_at: known.authenticated_at.as_micros(),
            role: known.role,
            name: known.name,
            email: known.email.or(known.phone).unwrap_or_default(),
        }
    }
}

/// The store that actix-session asks.
pub struct Sessions {
    app: web::Data<App>,
    seen: web::Data<Seen>,
}

impl Sessions {
    /// The store over the app's database.
    pub const fn new(app: web::Data<App>, seen: web::Data<Seen>) -> Self {
        Self { app, seen }
    }
}

impl SessionStore for Sessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let digest = SecretDigest::of(key.as_ref());
        let now = self.app.clock.now();
        let found = self
            .app
            .db
            .look_up(move |conn| Ok(store::find(conn, &digest, now)?))
            .await;
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            Err(why) => {
                tracing::warn!(%why, "a session could not be read");
                return Ok(Some(State::from([(AWAY.to_owned(), "true".to_owned())])));
            }
        };
        self.seen.note(&found, now);
        let known = serde_json::to_string(&KnownSession::from(found))
            .map_err(|why| LoadError::Deserialization(why.into()))?;
        Ok(Some(State::from([(KNOWN.to_owned(), known)])))
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        new_key(&state)
            .ok_or_else(|| SaveError::Other(Error::internal("a session without a secret").into()))
    }

    async fn update(
        &self,
        key: SessionKey,
        state: State,
        _: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        Ok(new_key(&state).unwrap_or(key))
    }

    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, _: &SessionKey) -> Result<(), anyhow::Error> {
        // The action that ended the session has deleted its row.
        Ok(())
    }
}

fn new_key(state: &State) -> Option<SessionKey> {
    let secret: String = serde_json::from_str(state.get(NEW_SECRET)?).ok()?;
    secret.try_into().ok()
}

/// When sessions were last used, and with them their users, written behind.
#[derive(Debug, Default)]
pub struct Seen(Behind<SessionId, UserId>);

impl Seen {
    /// How old the written time may be before a use is noted.
    const STEP: crate::clock::Span = seconds(60);

    fn note(&self, known: &Known, now: Time) {
        if now - known.last_seen_at >= Self::STEP {
            self.0.note(known.id, now, known.user_id);
        }
    }

    /// Writes down what is due. Answers how many.
    ///
    /// # Errors
    /// When the database is away; what was not written is kept for the next time.
    pub fn flush(&self, db: &Db) -> Result<usize> {
        self.0.flush(db, write)
    }

    /// Writes down everything, for when the process ends.
    ///
    /// # Errors
    /// When the database is away.
    pub fn flush_all(&self, db: &Db) -> Result<usize> {
        self.0.flush_all(db, write)
    }
}

fn write(tx: &mut Tx<'_>, notes: &[Noted<SessionId, UserId>]) -> Result<()> {
    for noted in notes {
        store::seen(tx, noted.of, noted.at)?;
        crate::users::store::seen(tx, noted.what, noted.at)?;
    }
    Ok(())
}
