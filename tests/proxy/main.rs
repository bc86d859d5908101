//! Real reverse proxies in front of a small app, and a real client that comes through them: `cargo test --test proxy`, for
//! which `scripts/test proxy` installs what is needed. Plain `cargo test` leaves them out.
//!
//! The proxies run with the configuration that `docs/behind-a-proxy.md` shows, and the apps are those of `examples/`.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails by panicking"
)]

/// The server of the suite, and what speaks with it.
#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "the suite uses the rest of it")]
mod suite;
mod support;

mod alephclient;
mod gate;
mod introspecting;
