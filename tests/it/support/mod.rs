//! What the tests share.

pub mod app;
pub mod client;
pub mod described;
pub mod door;
pub mod html;
pub mod invited;
pub mod program;
pub mod sms;
pub mod smtp;
