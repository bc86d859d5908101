//! What the tests share.

pub mod html;
pub mod smtp;
