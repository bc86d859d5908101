//! Batches: many invites from one file or one call, each held to the rules of a single one.
//!
//! ```text
//! draft → running → done → revoked
//!         running → revoked
//! ```
//!
//! A batch is kept with its lines, in pieces of a few hundred. Each piece is one transaction that makes its invites,
//! tells what became of each line and removes the piece, so that none is made twice and the writer is free in
//! between. Whoever made the batch does the pieces while its maker waits; when that process ends, a job goes on.
//! Bad lines never stop good ones. A draft is looked at in the console and sent from there.

pub mod actions;
pub mod api;
mod file;
pub mod jobs;
mod lines;
pub mod model;
pub mod pages;
mod results;
mod store;
mod work;

use crate::web::BodyLimit;

/// The largest file.
pub const BODY_LIMIT: BodyLimit = BodyLimit(5 * 1024 * 1024, "5 MiB");
