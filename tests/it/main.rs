//! The suite: one binary, whose modules mirror the features.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails by panicking"
)]

mod support;

mod acceptance;
mod answers;
mod api;
mod approval;
mod bad_input;
mod batches;
mod cli;
mod code_sign_in;
mod codes;
mod compatible;
mod crash;
mod doors;
mod examples;
mod forgery;
mod forms;
mod gate;
mod guessing;
mod house;
mod instances;
mod introspection;
mod invites;
mod journey;
mod key_cases;
mod key_commands;
mod key_import;
mod key_notices;
mod key_settings;
mod languages;
mod late;
mod links;
mod logins;
mod markup;
mod narrowed;
mod next_steps;
mod openapi;
mod outbox;
mod owners;
mod phones;
mod registration;
mod roles;
mod rotation;
mod scale;
mod schema_pages;
mod sessions;
mod sign_in;
mod sms;
mod template_pages;
mod templates;
mod unusable;
mod verification;
