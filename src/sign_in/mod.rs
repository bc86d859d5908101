//! Coming in and going out: the first owner, signing in and out, a forgotten password, sessions.
//!
//! A session is a row; the cookie holds 256 random bits that the row keeps as a digest. It ends after
//! 12 hours, after 90 minutes without use, and at once when the user is suspended or signs out. It gets
//! a new secret at every proof of who somebody is.

pub mod actions;
pub mod code;
pub mod code_pages;
pub mod confirm_pages;
mod going_on;
pub mod limits;
pub mod pages;
pub mod password;
pub mod recovery;
pub mod recovery_pages;
pub mod register;
pub mod register_pages;
pub mod sessions;
pub mod settings_pages;
pub mod setup_pages;
pub mod store;
