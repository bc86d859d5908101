//! Vestibule, a self-hosted account-lifecycle server.

pub mod limits;
pub mod passwords;
pub mod secret;
