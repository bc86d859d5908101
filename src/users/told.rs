//! What was told about users last, so that telling it again costs no query.

use std::sync::Arc;

use moka::sync::Cache;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::access::Role;
use crate::app::App;
use crate::clock::{Span, Time, minutes};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::ids::UserId;

/// What was told about users, by the user and their role. An entry is believed as long as nobody's rights changed, nor in
/// this process what is told about anybody, and for [`BELIEVED`] at most: other processes change it too, and when one was
/// last seen.
pub struct Told(Cache<(UserId, Role), (Generations, Time, Arc<RawValue>)>);

/// Of rights, and of what is told about users.
type Generations = (u64, u64);

/// How long an entry is believed.
const BELIEVED: Span = minutes(1);

impl Default for Told {
    fn default() -> Self {
        Self(Cache::new(10_000))
    }
}

impl Told {
    /// What is told about a user, as JSON: what is remembered, else what `read` finds.
    ///
    /// # Errors
    /// Those of `read`, and when the database is away.
    pub async fn get<T, F>(&self, app: &App, of: (UserId, Role), read: F) -> Result<Arc<RawValue>>
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
        if let Some((_, _, told)) = kept {
            return Ok(told);
        }
        let found = app.db.look_up(read).await?;
        let told: Arc<RawValue> = Arc::from(to_raw_value(&found).map_err(Error::internal)?);
        if let Some(generation) = generation {
            self.0.insert(of, (generation, now, told.clone()));
        }
        Ok(told)
    }
}
