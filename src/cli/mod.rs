//! `vestibule <command>`: what each command is called and takes.
//!
//! Results go to the standard output, messages to the standard error; the exit code is 0 only on success.

mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use vestibule::config::Config;

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
    /// Print the effective settings, secrets masked.
    Config,
}

/// What a command answers: nothing more to say, or why not.
type Outcome = Result<(), String>;

/// Runs the command that was asked for.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = settings().and_then(|config| match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(config),
        Command::Migrate => serve::migrate(&config),
        Command::Config => {
            print!("{}", config.print());
            Ok(())
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("vestibule: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The settings from the environment and the file that it names.
fn settings() -> Result<Config, String> {
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
    Config::load(pairs).map_err(|why| why.to_string())
}
