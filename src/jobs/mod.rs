//! Work in the background: what is due is done by one thread a job, woken after each commit and once a
//! second. Knows no feature; the list of jobs is made at the top and handed in.
//!
//! With several instances on one database each job runs in one of them, the one that holds its lease.
//! A lease saves work and is no lock: an instance that stood still for longer than its lease does not
//! know that it lost it. So every job is written such that two can run it at once, by claiming its rows
//! in the transaction that changes them.

mod behind;
mod lease;
mod numbering;
mod ticker;

pub use behind::{Behind, Noted, WriteNotes};
pub use lease::end_dead;
pub use numbering::{GiveNumber, Numbered, give_numbers};
pub use ticker::{Ticker, run_until_idle};

use crate::clock::Span;
use crate::error::Result;

/// Something that is done again and again.
#[derive(Debug)]
pub struct Job<C> {
    /// Names its lease and its lines in the log.
    pub name: &'static str,
    /// How long to wait between two runs; zero is at each wake.
    pub every: Span,
    /// Does a part of the work, a few hundred rows at most, and says how many things it did. It is
    /// called again at once until it says 0.
    pub run: fn(&C) -> Result<usize>,
}
