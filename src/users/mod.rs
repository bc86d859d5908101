//! People's accounts: who they are, what role they have, and whether they are let in.
//!
//! A user is `active`, `suspended` or `deleted`. Suspending ends sessions and keys in the same transaction;
//! reactivating revives none of them. Deleting leaves a row without personal data, for good. There is always
//! at least one active owner.

pub mod actions;
pub mod api;
pub mod deletion;
pub mod logins;
pub mod logins_pages;
pub mod mail;
pub mod model;
pub mod pages;
pub mod phone;
pub mod store;
pub mod told;
pub mod verification;
pub mod verification_pages;

pub use api::UserView;
