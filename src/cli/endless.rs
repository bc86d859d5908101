//! `reset-api-key-expiration`: keys without an end get one.

use clap::Args;
use vestibule::access::Actor;
use vestibule::api_keys::actions::endless::{self, Ends};
use vestibule::config::Config;

use super::opening::open;
use super::{Failure, Outcome, print};

/// When they end.
#[derive(Args)]
pub struct Reset {
    /// In how many days the first of them ends.
    #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=36_500))]
    days: i64,
    /// Over how many days after that the ends are spread, so that not all programs stop on one day.
    #[arg(long, default_value_t = 0, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(0..=3_650))]
    stagger_days: i64,
    /// Only say how many there are.
    #[arg(long)]
    dry_run: bool,
}

/// Prints how many keys got an end. A run that was broken off is gone on with by another one.
pub fn run(config: Config, what: &Reset) -> Outcome {
    let parts = open(config)?;
    let db = &parts.app.db;
    let count = db.read_now(endless::count)?;
    if what.dry_run {
        eprintln!("Nothing was changed. So many keys have no end:");
        return print(count);
    }
    let ends = Ends::in_days(what.days, what.stagger_days, count, parts.app.clock.now());
    let (mut from, mut done) = (None, 0);
    loop {
        let some =
            db.write_now(move |tx| endless::give_ends(tx, &Actor::operator(), &ends, from, done));
        match some.map_err(|why| told(done, &Failure::from(why)))? {
            Some((last, all)) => (from, done) = (Some(last), all),
            None => break,
        }
    }
    eprintln!("So many keys have an end now; their owners are told before it comes:");
    print(done)
}

fn told(done: i64, why: &Failure) -> Failure {
    let words = format!(
        "{} Before that, {done} keys got an end; run it again for the others.",
        why.words
    );
    words.into()
}
