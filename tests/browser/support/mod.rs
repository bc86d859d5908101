//! What the journeys share.

pub mod driver;
