//! `audit verify`: whether the audit log is as it was written.

use clap::Subcommand;
use vestibule::audit::seal::{Broken, Fault, Verified, verify as check};
use vestibule::config::Config;

use super::opening::open;
use super::{Outcome, print};

/// The commands on the audit log.
#[derive(Subcommand)]
pub enum Command {
    /// Check every sealed entry of the audit log; exit 1 when something was changed.
    Verify,
}

/// Checks the log.
pub fn verify(config: Config) -> Outcome {
    let parts = open(config)?;
    let app = &parts.app;
    let Verified {
        sealed,
        unsealed,
        broken,
    } = app.db.read_now(|conn| check(conn, &app.master))?;
    print(format_args!(
        "{sealed} entries are as they were written; {unsealed} after them wait for their seal"
    ))?;
    match broken {
        None => Ok(()),
        Some(Broken { seq, fault }) => Err(format!(
            "the audit log was changed from outside: {}",
            words(seq, fault)
        )
        .into()),
    }
}

fn words(seq: i64, fault: Fault) -> String {
    match fault {
        Fault::Changed => format!("entry {seq} does not fit its seal"),
        Fault::Missing => format!("entry {seq} is missing"),
        Fault::Added => format!("there are entries from {seq} on that were never sealed"),
        Fault::Unreadable => format!("entry {seq} cannot be read"),
        Fault::Head => "the record of where the log ends is gone or is not ours".to_owned(),
    }
}
