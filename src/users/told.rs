//! Answers about users as they were given last, so that giving one again costs no query.

use std::hash::Hash;

use actix_web::web::Bytes;
use moka::sync::Cache;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::access::Role;
use crate::app::App;
use crate::clock::{Span, Time, minutes};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::UserId;

/// What was told about credentials: the part about the user, which all of one owner share, and the whole answer by all that it
/// depends on beside. So an answer that was given before costs no work, and one about another key of the same user no query.
pub struct Told<K> {
    users: Known<(UserId, Role)>,
    answers: Known<K>,
}

impl<K: Eq + Hash + Send + Sync + 'static> Default for Told<K> {
    fn default() -> Self {
        Self {
            users: Known::default(),
            answers: Known::default(),
        }
    }
}

impl<K: Eq + Hash + Send + Sync + 'static> Told<K> {
    /// The answer about `of`, as JSON. What is not remembered is made: `read` finds what is told of `owner`, and `whole` puts
    /// the rest around it.
    ///
    /// # Errors
    /// Those of `read` and `whole`, and when the database is away.
    pub async fn get<U: Serialize + Send + 'static>(
        &self,
        app: &App,
        of: K,
        owner: (UserId, Role),
        read: impl FnOnce(&mut Conn) -> Result<U> + Send + 'static,
        whole: impl FnOnce(&RawValue) -> Result<Bytes>,
    ) -> Result<Bytes> {
        let user = async { json(&app.db.look_up(read).await?) };
        let answer = async {
            let user = self.users.get(app, owner, user).await?;
            whole(serde_json::from_slice(&user).map_err(Error::internal)?)
        };
        self.answers.get(app, of, answer).await
    }
}

/// A body as JSON.
///
/// # Errors
/// When it cannot be written so, which would be a fault of ours.
pub fn json(body: &impl Serialize) -> Result<Bytes> {
    let text = serde_json::to_vec(body).map_err(Error::internal)?;
    Ok(text.into())
}

/// What was read and written as JSON. An entry is believed as long as nobody's rights changed, nor in this process what is
/// told about anybody, and for [`BELIEVED`] at most: other processes change it too, and when somebody was last seen.
struct Known<K>(Cache<K, (Generations, Time, Bytes)>);

/// Of rights, and of what is told about users.
type Generations = (u64, u64);

/// How long an entry is believed.
const BELIEVED: Span = minutes(1);

impl<K: Eq + Hash + Send + Sync + 'static> Default for Known<K> {
    fn default() -> Self {
        Self(Cache::new(10_000))
    }
}

impl<K: Eq + Hash + Send + Sync + 'static> Known<K> {
    /// What is remembered, else what `make` comes to; it does nothing before it is awaited.
    async fn get(
        &self,
        app: &App,
        of: K,
        make: impl Future<Output = Result<Bytes>>,
    ) -> Result<Bytes> {
        let now = app.clock.now();
        let rights = app.db.rights();
        // Both before the database is asked: what changes meanwhile makes the entry worthless.
        let generation = rights
            .generation(now)
            .map(|rights_now| (rights_now, rights.told()));
        let kept = generation.and_then(|generation| {
            self.0
                .get(&of)
                .filter(|(then, at, _)| *then == generation && now - *at < BELIEVED)
        });
        if let Some((_, _, known)) = kept {
            return Ok(known);
        }
        let made = make.await?;
        if let Some(generation) = generation {
            self.0.insert(of, (generation, now, made.clone()));
        }
        Ok(made)
    }
}
