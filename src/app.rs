//! What every part of the server shares, built once.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
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
