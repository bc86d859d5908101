//! Vestibule, a self-hosted account-lifecycle server.
#![forbid(unsafe_code)]

pub mod access;
pub mod api_keys;
pub mod app;
pub mod audit;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod events;
pub mod groups;
pub mod ids;
pub mod input;
pub mod jobs;
pub mod limits;
pub mod outbox;
pub mod passwords;
pub mod secret;
pub mod site;
pub mod text;
pub mod web;
