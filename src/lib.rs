//! Vestibule, a self-hosted account-lifecycle server.

pub mod config;
pub mod limits;
pub mod passwords;
pub mod secret;
