//! Vestibule, a self-hosted account-lifecycle server: invites and API keys.
//!
//! Read it from the ground up; imports point only downwards, and a test holds this:
//!
//! | floor | rooms |
//! |---|---|
//! | ground | [`ids`] [`secret`] [`clock`] [`error`] [`access`] [`text`] [`input`] [`config`] [`limits`] [`passwords`] [`words`] |
//! | database | [`db`] |
//! | plumbing | [`app`] [`web`] [`jobs`] [`openapi`] |
//! | what every feature writes to | [`audit`] [`events`] [`outbox`] [`site`] |
//! | people | [`codes`] [`groups`] [`one_time_links`] [`schemas`] [`users`] |
//! | features | [`api_keys`] [`sign_in`] [`invite_templates`] [`invites`] [`invite_batches`] [`tokens`] |
//! | top | [`belongings`] [`compatible`] [`console`] [`callers`] [`health`] [`metrics`] [`routes`] [`server`] |
#![forbid(unsafe_code)]

pub mod access;
pub mod clock;
pub mod config;
pub mod error;
pub mod ids;
pub mod input;
pub mod limits;
pub mod passwords;
pub mod secret;
pub mod text;
pub mod words;

pub mod db;

pub mod app;
pub mod jobs;
pub mod openapi;
pub mod web;

pub mod audit;
pub mod events;
pub mod outbox;
pub mod site;

pub mod codes;
pub mod groups;
pub mod one_time_links;
pub mod schemas;
pub mod users;

pub mod api_keys;
pub mod invite_batches;
pub mod invite_templates;
pub mod invites;
pub mod sign_in;
pub mod tokens;

pub mod belongings;
pub mod callers;
pub mod compatible;
pub mod console;
pub mod health;
pub mod metrics;
pub mod routes;
pub mod server;
