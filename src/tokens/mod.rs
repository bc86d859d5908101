//! Tokens, for the apps that are shown them: whom does one stand for, and what may it do?
//!
//! An app asks itself (`POST /oauth2/introspect`, RFC 7662), or the proxy in front of it asks with every request
//! (`GET /gate`). Both tell what the token may do now: its scopes, as far as the role of its owner reaches.
//!
//! API keys are the only kind. Another kind is one more arm of [`find`], and one more way for `callers` to find out who
//! asks; what is answered is the same.

pub mod api;
mod refusal;

pub use refusal::{PATHS, tell};

use crate::access::{Role, Scopes};
use crate::api_keys::{self, Keys, Principal};
use crate::app::App;
use crate::clock::Time;
use crate::error::Result;
use crate::ids::UserId;
use crate::web::Visit;

/// A token that is good at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// Of which kind it is, in a word.
    kind: &'static str,
    /// The id of its row.
    id: String,
    /// Whom it stands for.
    owner: UserId,
    /// The role that it acts with.
    role: Role,
    /// What it may do now.
    scopes: Scopes,
    /// When it was made, to the second.
    made_at: Time,
    /// When it ends.
    expires_at: Option<Time>,
}

/// What an API key is called among tokens.
const API_KEY: &str = "api_key";

impl Token {
    fn of_key(key: &Principal) -> Self {
        Self {
            kind: API_KEY,
            id: key.key_id.to_string(),
            owner: key.owner_id,
            role: key.role,
            scopes: key.scopes.within(key.role),
            made_at: key.key_id.made_at(),
            expires_at: key.expires_at,
        }
    }
}

/// The token that an app was shown, when it is good; that it was shown is a use of it.
///
/// # Errors
/// When the database is away.
async fn find(app: &App, keys: &Keys, shown: &str, visit: &Visit) -> Result<Option<Token>> {
    let now = app.clock.now();
    match api_keys::authenticate(&app.db, &keys.cache, shown, now).await {
        Ok(key) => used(app, keys, key, visit).await.map(Some),
        // Whatever is wrong with it: the app is told that it is not good, and nothing else.
        Err(why) if why.code().status() == 401 => {
            keys.note_refusal(shown, &why, now, None, &visit.agent);
            Ok(None)
        }
        Err(why) => Err(why),
    }
}

/// Notes that a key was used at an app. The app names itself; the address of the program that showed the key to it is not
/// known here, and that of the app would be taken for it.
async fn used(app: &App, keys: &Keys, key: Principal, visit: &Visit) -> Result<Token> {
    let now = app.clock.now();
    keys.usage.note(key.key_id, now, None, &visit.agent);
    api_keys::first_use(app, &key, &key.caller(None, visit.request_id.clone())).await?;
    Ok(Token::of_key(&key))
}
