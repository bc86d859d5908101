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

pub mod accept;
pub mod actions;
pub mod api;
mod asks;
pub mod bulk_pages;
mod edit_form;
pub mod edit_pages;
mod ended_pages;
pub mod export_pages;
pub mod gates;
mod history;
pub mod jobs;
mod join;
pub mod landing;
pub mod landing_api;
pub mod landing_pages;
mod landing_view;
mod list_form;
pub mod list_pages;
pub mod mail;
pub mod model;
mod new_form;
pub mod new_pages;
pub mod open_pages;
pub mod opened;
pub mod pages;
mod preview_pages;
mod proof;
pub mod store;
pub mod suppression;
pub mod undo_pages;

pub use api::NewInviteBody;
