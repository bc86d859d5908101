//! `jobs run`: the background work, for who runs it from a timer.

use clap::Subcommand;
use vestibule::config::Config;

use super::opening::open;
use super::{Outcome, print};

/// The commands on background work.
#[derive(Subcommand)]
pub enum Command {
    /// Run everything that is due, once, until nothing is due; print how much that was.
    Run,
}

/// Runs what is due.
pub fn run(config: Config) -> Outcome {
    let parts = open(config)?;
    let done = parts.run_jobs()?;
    print(format_args!("{done} done"))
}
