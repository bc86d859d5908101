//! Journeys through the product in a real Chromium: `cargo test --test browser`, for which `scripts/test` installs what is
//! needed. Plain `cargo test` leaves them out.
//!
//! Two tests run only when asked for: `VESTIBULE_BROWSER_MATRIX=1` opens every page in every width, light and dark, and
//! `VESTIBULE_PICTURES=1` makes the pictures of the README anew (`scripts/pictures`).
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails by panicking"
)]

/// The server of the suite, and what speaks with it.
#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "the suite uses the rest of it")]
mod suite;
mod support;

mod journey;
mod matrix;
mod pictures;
