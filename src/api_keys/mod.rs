//! API keys: a user's secrets for programs.
//!
//! A key is made by its owner on the settings page after a fresh sign-in, or by the operator; never by
//! a program, and never by an administrator for somebody else. Its secret is shown once and kept as a
//! digest. It is `active` until its end comes (`expired`) or somebody ends it (`revoked`); both are
//! looked at on every use. What it may do is its scopes and its owner's role of this moment, whichever
//! is less; it does nothing while its owner's account is not active.

pub mod actions;
pub mod api;
pub mod authenticate;
mod foreign;
pub mod leaked;
mod mail;
pub mod misuse;
pub mod model;
pub mod notices;
pub mod pages;
mod store;
#[cfg(test)]
mod testing;
pub mod usage;
pub mod view;

pub use authenticate::{KeyCache, Principal, authenticate, first_use};
pub use misuse::Misuse;
pub use usage::Usage;

use std::net::IpAddr;

use crate::clock::Time;
use crate::error::{Code, Error};

/// Where people see their keys.
const LIST: &str = "/settings/api-keys";

/// What this process remembers about keys.
#[derive(Debug, Default)]
pub struct Keys {
    /// Who holds which key.
    pub cache: KeyCache,
    /// When each was last used.
    pub usage: Usage,
    /// Which were used after another took their place.
    pub misuse: Misuse,
}

impl Keys {
    /// Notes why the key `text` was refused, where that is of interest to its owner.
    pub fn note_refusal(&self, text: &str, why: &Error, at: Time, ip: Option<IpAddr>, agent: &str) {
        if why.code() != Code::KeyRotated {
            return;
        }
        if let Some(key) = self.cache.id_of(text) {
            self.misuse.note(key, at, ip, agent);
        }
    }
}
