//! The suite: one binary, whose modules mirror the features.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails by panicking"
)]

mod support;

mod house;
mod journey;
mod scale;
mod openapi;
mod answers;
mod bad_input;
mod forgery;
mod guessing;
mod journey;
mod links;
mod owners;
mod roles;
mod sessions;
mod sign_in;
