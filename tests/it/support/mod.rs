//! What the tests share.

pub mod app;
pub mod client;
pub mod html;
pub mod program;
pub mod smtp;
