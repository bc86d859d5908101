//! Vestibule, a self-hosted account-lifecycle server.
