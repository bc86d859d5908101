//! Vestibule, a self-hosted account-lifecycle server.

pub mod passwords;
pub mod secret;
