//! What most commands begin with: the log, the database that must be there, and a user by name.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use vestibule::clock::Clock;
use vestibule::config::{Config, LogFormat, Source};
use vestibule::db::Conn;
use vestibule::error::{Code, Error};
use vestibule::ids::UserId;
use vestibule::passwords::Cost;
use vestibule::server::{self, Parts};
use vestibule::users::model::User;
use vestibule::users::store;

use super::{Failure, Outcome};

/// Opens the database of a command. One that is missing is refused.
pub fn open(config: Config) -> Result<Parts, Failure> {
    let filter = match config.source("LOG") {
        // Who runs a command wants its result, and to hear of what is wrong.
        Source::Default => "warn".to_owned(),
        _ => config.log.clone(),
    };
    log(&config, &filter)?;
    Ok(server::open_migrated(
        config,
        Clock::System,
        Cost::STANDARD,
    )?)
}

/// Sends the log to the standard error.
pub fn log(config: &Config, filter: &str) -> Outcome {
    let filter: Targets = filter.parse().map_err(|why| {
        format!("VESTIBULE_LOG is not a filter, such as info or vestibule=debug: {why}")
    })?;
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let lines = match config.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .init();
    Ok(())
}

/// The user who has an id or an address.
pub fn user(conn: &mut Conn, who: &str) -> Result<User, Error> {
    let found = match who.parse::<UserId>() {
        Ok(id) => store::find(conn, id).map_err(Error::from),
        Err(_) => store::by_email(conn, &who.trim().to_ascii_lowercase())?
            .ok_or_else(|| Code::NotFound.into()),
    };
    found.map_err(|why| match why {
        Error::Refused(Code::NotFound, _) => Error::internal(format!(
            "there is no user {who}; give the address or the id (usr_…)"
        )),
        why => why,
    })
}
