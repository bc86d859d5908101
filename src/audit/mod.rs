//! The audit log: who did what to what, from where, and what was there before and after.
//!
//! An entry is written in the transaction of the change ([`record`]), so there is none without a change
//! and no change without one (security.md, P7). Nothing in the program changes or deletes an entry.
//! Entries are numbered and sealed afterwards in a hash chain ([`seal`]) that cannot be made anew by
//! somebody who can write the database but lacks the master key. An entry never holds a secret.

pub mod actions;
pub mod api;
pub mod jobs;
pub mod model;
pub mod pages;
pub mod seal;
mod sentence;
pub mod store;
mod view;

pub use actions::{record, record_all, record_refused};
pub use model::{ActorRef, Entry, Target};
pub use seal::{Broken, Fault, Verified, verify};
pub use view::{Deed, Line, about, newest};
