//! Answers about users as they were given last, so that giving one again costs no query.

use std::hash::Hash;

use actix_web::web::Bytes;
use moka::sync::Cache;
use serde::Serialize;

use crate::app::App;
use crate::clock::{Span, Time, minutes};
use crate::db::Conn;
use crate::error::{Error, Result};

/// Answers by all that they depend on, beside what the database tells of the user. An entry is believed as long as nobody's
/// rights changed, nor in this process what is told about anybody, and for [`BELIEVED`] at most: other processes
/// change it too, and when somebody was last seen.
pub struct Told<K>(Cache<K, (Generations, Time, Bytes)>);

/// Of rights, and of what is told about users.
type Generations = (u64, u64);

/// How long an entry is believed.
const BELIEVED: Span = minutes(1);

impl<K: Eq + Hash + Send + Sync + 'static> Default for Told<K> {
    fn default() -> Self {
        Self(Cache::new(10_000))
    }
}

impl<K: Eq + Hash + Send + Sync + 'static> Told<K> {
    /// An answer as JSON: what is remembered, else what `read` finds.
    ///
    /// # Errors
    /// Those of `read`, and when the database is away.
    pub async fn get<T, F>(&self, app: &App, of: K, read: F) -> Result<Bytes>
    where
        T: Serialize + Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
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
        if let Some((_, _, answer)) = kept {
            return Ok(answer);
        }
        let found = app.db.look_up(read).await?;
        let answer = Bytes::from(serde_json::to_vec(&found).map_err(Error::internal)?);
        if let Some(generation) = generation {
            self.0.insert(of, (generation, now, answer.clone()));
        }
        Ok(answer)
    }
}
