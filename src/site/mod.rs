//! The settings of the site: its name, whom to ask, the terms, and the rules for invites and API keys.
//!
//! One row of JSON. A field that an older version did not write has its default, so that two versions
//! run side by side.

pub mod actions;
pub mod api;
mod model;
pub mod pages;
pub mod store;

pub use model::{KeyPolicy, KeyPolicyPatch, Settings, SettingsPatch, Terms};
