//! The pages that look at several features at once: the dashboard, one user with all that is theirs,
//! and the frame around every page.

pub mod chrome;
pub mod dashboard;
pub mod users;
