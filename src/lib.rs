//! Vestibule, a self-hosted account-lifecycle server.

pub mod secret;
