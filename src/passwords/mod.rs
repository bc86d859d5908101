//! Passwords: which ones are taken, how they are hashed, and how they are checked.
//!
//! Hashing is argon2id in a bounded pool of threads (`Passwords`), so that two hundred sign-ins at
//! once wait for each other and for nobody else. `check_strength` says why a password is refused.

mod common;
mod hash;
mod pool;
mod strength;

pub use hash::{Cost, PasswordHash, Verdict};
pub use pool::{Busy, Passwords};
pub use strength::{MAX_BYTES, MIN_CHARACTERS, Weakness, check_strength};
