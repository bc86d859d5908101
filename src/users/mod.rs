//! People's accounts: who they are, what role they have, and whether they are let in.
//!
//! A user is `active` or `suspended`. Suspending ends sessions and keys in the same transaction;
//! reactivating revives none of them. There is always at least one active owner.

pub mod actions;
pub mod api;
pub mod mail;
pub mod model;
pub mod pages;
pub mod store;
