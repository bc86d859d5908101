//! `user`: what an operator does to users, also when nobody can sign in.

use std::io::Read;

use clap::{Args, Subcommand};
use vestibule::access::{Actor, Role};
use vestibule::belongings::ENDINGS;
use vestibule::config::Config;
use vestibule::error::{Error, FieldError};
use vestibule::passwords::PasswordHash;
use vestibule::server::Parts;
use vestibule::sign_in::password::hash;
use vestibule::sign_in::recovery::operator_link;
use vestibule::users::actions;
use vestibule::users::model::{Email, NewUser, read_name};

use super::opening::{open, user};
use super::{Failure, Outcome, print};

/// The commands on users.
#[derive(Subcommand)]
pub enum Command {
    /// Make a user and print the id.
    ///
    /// Without a password the user gets a mail with a link to set one.
    Create(Create),
    /// Print a link that sets a new password: the way back for a locked-out owner.
    ///
    /// The link works once, for one hour. Earlier links of the user stop working.
    ResetLink {
        /// The address or the id of the user.
        #[arg(value_name = "EMAIL_OR_ID")]
        user: String,
    },
    /// Switch a user off: their sessions and API keys end.
    Suspend {
        /// The address or the id of the user.
        #[arg(value_name = "EMAIL_OR_ID")]
        user: String,
        /// Why; administrators see it.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Switch a user on again. What ended stays ended.
    Reactivate {
        /// The address or the id of the user.
        #[arg(value_name = "EMAIL_OR_ID")]
        user: String,
    },
}

/// A user to be made.
#[derive(Args)]
pub struct Create {
    /// The address.
    #[arg(long)]
    email: String,
    /// The name that others see.
    #[arg(long)]
    name: String,
    /// What the user may do: owner, admin or member.
    #[arg(long)]
    role: String,
    /// Read a password from the standard input: its first line.
    #[arg(long)]
    password_stdin: bool,
}

/// Runs a command on users.
pub fn run(config: Config, command: Command) -> Outcome {
    match command {
        Command::Create(input) => create(config, &input),
        Command::ResetLink { user } => reset_link(config, &user),
        Command::Suspend { user, reason } => suspend(config, &user, reason),
        Command::Reactivate { user } => reactivate(config, &user),
    }
}

fn create(config: Config, input: &Create) -> Outcome {
    let role: Role = input
        .role
        .parse()
        .map_err(|_| Failure::usage("--role: write owner, admin or member"))?;
    let mut wrong: Vec<FieldError> = Vec::new();
    let name = read_name("--name", &input.name).map_err(|why| wrong.push(why));
    let email = Email::read("--email", &input.email).map_err(|why| wrong.push(why));
    let (Ok(name), Ok(email)) = (name, email) else {
        return Err(Error::Invalid(wrong).into());
    };
    let parts = open(config)?;
    let mut new = NewUser::plain(name, Some(email), role);
    if input.password_stdin {
        let personal = [input.name.as_str(), input.email.as_str()];
        new.password_hash = Some(read_password(&parts, &personal)?);
    }
    let app = parts.app.clone();
    let made = parts.app.db.write_now(move |tx| {
        let operator = Actor::operator();
        match new.password_hash {
            Some(_) => actions::create(tx, &operator, &new),
            None => actions::create_as_admin(tx, &app, &operator, &new, &[]),
        }
    })?;
    if !input.password_stdin {
        eprintln!(
            "A mail with a link to set a password is on its way to {}.",
            input.email
        );
        if parts.app.config.smtp.is_none() {
            eprintln!(
                "No mail server is set up here, so it waits. To get a link now: \
                 vestibule user reset-link {}",
                made.id
            );
        }
    }
    print(made.id)
}

fn read_password(parts: &Parts, personal: &[&str]) -> Result<PasswordHash, Failure> {
    /// More than any password may have, so that a wrong file is not read to its end.
    const MOST: u64 = 4_096;
    let mut text = String::new();
    std::io::stdin()
        .take(MOST)
        .read_to_string(&mut text)
        .map_err(|why| format!("cannot read the password: {why}"))?;
    let password = text.lines().next().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|why| why.to_string())?;
    Ok(runtime.block_on(hash(&parts.app, "password", password, personal))?)
}

fn reset_link(config: Config, who: &str) -> Outcome {
    let parts = open(config)?;
    let (app, who) = (parts.app.clone(), who.to_owned());
    let link = parts.app.db.write_now(move |tx| {
        let user = user(tx, &who)?;
        operator_link(tx, &app, user.id)
    })?;
    eprintln!("The link works once, for one hour. Give it to nobody but the user.");
    print(link)
}

fn suspend(config: Config, who: &str, reason: String) -> Outcome {
    let parts = open(config)?;
    let (app, who) = (parts.app.clone(), who.to_owned());
    let user = parts.app.db.write_now(move |tx| {
        let user = user(tx, &who)?;
        let (operator, reason) = (Actor::operator(), reason.trim());
        actions::suspend(tx, &app, &operator, user.id, reason, ENDINGS.on_suspend)
    })?;
    eprintln!("{} is suspended.", user.label());
    print(user.id)
}

fn reactivate(config: Config, who: &str) -> Outcome {
    let parts = open(config)?;
    let who = who.to_owned();
    let user = parts.app.db.write_now(move |tx| {
        let user = user(tx, &who)?;
        actions::reactivate(tx, &Actor::operator(), user.id)
    })?;
    eprintln!("{} is active again.", user.label());
    print(user.id)
}
