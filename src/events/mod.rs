//! What happened, for integrated apps: they read the events by number and miss none.
//!
//! An event is written in the transaction of the change ([`emit`]) and numbered once it is committed, so
//! that the numbers are in committed order. Events are kept for 90 days. No event holds a secret.

pub mod actions;
pub mod api;
pub mod jobs;
pub mod kinds;
pub mod numbers;
mod store;

pub use actions::{emit, emit_all};
