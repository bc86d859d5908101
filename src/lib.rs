//! Vestibule, a self-hosted account-lifecycle server.
#![forbid(unsafe_code)]

pub mod access;
pub mod clock;
pub mod db;
pub mod error;
pub mod ids;
pub mod secret;
pub mod text;
