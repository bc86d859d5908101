//! `vestibule <command>`: what each command is called and takes.
//!
//! Results go to the standard output, messages to the standard error; the exit code is 0 only on
//! success, 2 for a command line or a database that a command does not work with, else 1.

mod audit;
mod backup;
mod endless;
mod import;
mod jobs;
mod key;
mod notices;
mod opening;
mod scan;
mod serve;
mod user;

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use vestibule::config::Config;
use vestibule::error::Error;
use vestibule::text::Text;

/// Account-lifecycle server: invites and API keys.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the console and the API. The default.
    Serve,
    /// Apply migrations and exit.
    Migrate,
    /// Make, suspend and reactivate users, and let them in again.
    #[command(subcommand)]
    User(user::Command),
    /// Issue, list and revoke API keys.
    #[command(subcommand)]
    Key(key::Command),
    /// Give an end to the API keys that have none.
    ResetApiKeyExpiration(endless::Reset),
    /// Bring along what people had before.
    #[command(subcommand)]
    Import(import::Command),
    /// Print what will be mailed about API keys, to whom, and when.
    ///
    /// The next mails first, with tabs between when, address, id of the key and subject. Keys of one person that are due in the
    /// same minute come in one mail.
    Notices(notices::Notices),
    /// Do the background work.
    #[command(subcommand)]
    Jobs(jobs::Command),
    /// Write a copy of the SQLite database to a new file, while it is served.
    ///
    /// The copy is checked. The master key is not in it: keep a copy of the key file somewhere else.
    Backup(backup::Backup),
    /// Put a backup in the place of the SQLite database, and keep that one aside.
    ///
    /// Refuses while a server holds the database, and a file that is not sound or comes from a later
    /// version. The database that was there is kept beside it with the ending .before-restore.
    Restore(backup::Restore),
    /// Check the audit log.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Find secrets of Vestibule in files, by their form and checksum. Needs no database.
    ///
    /// Prints file, line, and how each begins and ends. Exits with 1 when it found one.
    Scan(scan::Scan),
    /// Print the effective settings, secrets masked.
    Config,
}

/// What a command answers: nothing more to say, or why not.
type Outcome = Result<(), Failure>;

/// Why a command was not done, for the standard error and the exit code.
struct Failure {
    words: String,
    code: u8,
}

impl Failure {
    /// The command does not work with what it was given or set up with.
    fn usage(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            code: 2,
        }
    }
}

impl From<String> for Failure {
    fn from(words: String) -> Self {
        Self { words, code: 1 }
    }
}

impl From<Error> for Failure {
    fn from(why: Error) -> Self {
        vestibule::web::spoken(Text::ENGLISH, &why).into()
    }
}

/// Runs the command that was asked for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = obey(cli.command.unwrap_or(Command::Serve));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("vestibule: {}", why.words);
            ExitCode::from(why.code)
        }
    }
}

/// Does what was asked for; whoever needs no settings does not stumble over them.
fn obey(command: Command) -> Outcome {
    match command {
        Command::Serve => serve::serve(settings()?),
        Command::Migrate => serve::migrate(&settings()?),
        Command::User(command) => user::run(settings()?, command),
        Command::Key(command) => key::run(settings()?, command),
        Command::ResetApiKeyExpiration(what) => endless::run(settings()?, &what),
        Command::Import(import::Command::Keys(what)) => import::keys(settings()?, &what),
        Command::Notices(what) => notices::run(settings()?, &what),
        Command::Jobs(jobs::Command::Run) => jobs::run(settings()?),
        Command::Backup(what) => backup::backup(&settings()?, &what),
        Command::Restore(what) => backup::restore(&settings()?, &what),
        Command::Audit(audit::Command::Verify) => audit::verify(settings()?),
        Command::Config => print(settings()?.print().trim_end()),
        Command::Scan(what) => scan::run(&what),
    }
}

/// Writes a result. A reader that went away is told as a failure: nobody has the result.
fn print(result: impl fmt::Display) -> Outcome {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{result}")
        .and_then(|()| out.flush())
        .map_err(|why| format!("cannot write the result: {why}").into())
}

/// The settings from the environment and the file that it names.
fn settings() -> Result<Config, Failure> {
    let mut pairs = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else {
            continue;
        };
        if !name.starts_with("VESTIBULE_") {
            continue;
        }
        let value = value
            .into_string()
            .map_err(|_| format!("{name} is not valid UTF-8"))?;
        pairs.push((name, value));
    }
    Config::load(pairs).map_err(|why| why.to_string().into())
}
