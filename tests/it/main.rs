//! The suite: one binary, whose modules mirror the features.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails by panicking"
)]

mod support;

mod cli;
mod crash;
mod journey;
