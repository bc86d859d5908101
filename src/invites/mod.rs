//! Invites: an administrator asks a person to join before the account exists.
//!
//! ```text
//! made → pending → accepted | declined | revoked | expired | suspended
//!                → awaiting_approval → accepted | revoked
//!        expired → pending (sent again)      suspended → pending (reinstated) | revoked
//! ```
//!
//! An invite has one or more links. Only their digests are kept; several may be live after sending
//! again, changing the address kills them all, and the first acceptance ends them all. Expiry is checked
//! at use; the sweep only makes it visible. Whether the inviter may still grant what the invite grants is
//! checked again at acceptance: if not, the invite is `suspended` until an administrator decides.

pub mod acceptance;
pub mod actions;
pub mod api;
pub mod console;
mod flood;
pub mod gates;
mod history;
pub mod jobs;
pub mod mail;
pub mod model;
pub mod opened;
pub mod store;
pub mod suppression;

pub use api::{InviteMade, InviteView, InvitesQuery, NewInviteBody, answer, listed, told};
