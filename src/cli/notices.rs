//! `notices`: what will be mailed.

use clap::Args;
use vestibule::api_keys::notices::ahead::{Ahead, ahead};
use vestibule::clock::days;
use vestibule::config::Config;
use vestibule::db::Paging;

use super::opening::open;
use super::{Outcome, print};

/// Mails read at once.
const PAGE: i64 = 500;

/// How far to look.
#[derive(Args)]
pub struct Notices {
    /// Over how many days from now.
    #[arg(long, default_value_t = 90, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=36_500))]
    days: i64,
}

/// Prints a line for each mail.
pub fn run(config: Config, what: &Notices) -> Outcome {
    let parts = open(config)?;
    let app = parts.app;
    let now = app.clock.now();
    let until = now.plus(days(what.days));
    let mut paging = Paging::first(PAGE);
    loop {
        let found = app
            .db
            .read_now(|conn| ahead(conn, &app, now, until, &paging))?;
        found.rows.iter().map(line).try_for_each(print)?;
        let Some(later) = found.older else {
            return Ok(());
        };
        paging.from = Some(later);
    }
}

fn line(mail: &Ahead) -> String {
    let parts = [
        mail.at.rfc3339(),
        mail.to.clone(),
        mail.key.id.to_string(),
        mail.subject.clone(),
    ];
    parts.join("\t")
}
