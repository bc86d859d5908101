//! Journeys through the product in a real Chromium: `cargo test --test browser`, for which `scripts/test` installs what is
//! needed. Plain `cargo test` leaves them out.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails by panicking"
)]

mod support;
