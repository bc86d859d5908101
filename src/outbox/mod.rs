//! Mail and text messages on their way out.
//!
//! A letter is written into the table `outbox` in the transaction of the action that causes it, so a mail
//! leaves exactly when the action happened (product rule 3). Its text holds links and is sealed with the
//! master key; it is erased once the mail is sent or cancelled, and 30 days after it failed.
//!
//! States: `waiting` → `sent` | `failed` | `cancelled`; `failed` → `waiting` (tried again by hand). A mail
//! that is cancelled while it is being sent and that the server takes all the same becomes `sent`: the list
//! tells what happened.
//!
//! The worker claims a few mails with a lease and a fencing number, sends outside of any transaction, and
//! marks each one right after the server's 250. A crash between the two sends that one mail once more, under
//! the same Message-ID, which mail programs show once. With no mail server set up, mails wait; with no gateway, text
//! messages do.

pub mod actions;
pub mod api;
pub mod jobs;
pub mod mail;
pub mod model;
pub mod pages;
mod sms;
mod smtp;
pub mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod trouble;
mod worker;

#[cfg(test)]
pub use mail::check_sample;
pub use mail::{FOLDS, Frame, Mail, Rendered};
pub use model::{Channel, Letter, OutboxMail, State};
pub use smtp::Transport;
pub use trouble::Trouble;
pub use worker::{deliver_due, take_over};
