//! What every part of the server shares, built once.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, Span, Time, seconds};
use crate::config::Config;
use crate::db::{Conn, Db};
use crate::error::Result;
use crate::limits::Limiter;
use crate::passwords::Passwords;
use crate::secret::MasterKey;
use crate::text::Text;

/// The shared parts. Handlers get it as `web::Data<App>`.
pub struct App {
    /// The settings of this process.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The only source of the time.
    pub clock: Arc<Clock>,
    /// Encrypts columns and cookies, signs forms.
    pub master: MasterKey,
    /// Hashes passwords, a bounded number at a time.
    pub passwords: Passwords,
    /// Counts failures of sign-in and the like.
    pub limits: Limiter,
    /// The language of pages and mails.
    pub text: Text,
}

impl App {
    /// The address of a page of this site, for links that leave it. Built from the configured public
    /// URL, never from a request (product rule 9).
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.config.public_url.origin())
    }
}

/// How old it may be what others have changed meanwhile.
const KEPT: Span = seconds(2);

/// What many pages show: read again after each change of this process, and every two seconds for those of others.
#[derive(Debug)]
pub struct Kept<T>(Mutex<Option<(u64, Time, T)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone + Send + 'static> Kept<T> {
    /// The value now, by `read` when none is known that is new enough.
    ///
    /// # Errors
    /// Those of `read`, and when the database is away.
    pub async fn get<F>(&self, app: &App, read: F) -> Result<T>
    where
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let (commits, now) = (app.db.counts().commits, app.clock.now());
        let known = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((then, at, value)) = known
            && then == commits
            && now - at < KEPT
        {
            return Ok(value);
        }
        let value = app.db.read(read).await?;
        let newest = Some((commits, now, value.clone()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = newest;
        Ok(value)
    }
}
