//! `key`: API keys by the operator.

use clap::{Args, Subcommand};
use vestibule::access::{Actor, Scopes};
use vestibule::api_keys::actions::{self, Maker};
use vestibule::api_keys::model::{Ends, IssueKey, Key};
use vestibule::clock::Time;
use vestibule::config::Config;
use vestibule::db::Paging;
use vestibule::ids::KeyId;
use vestibule::users::store::names;

use super::opening::{open, user};
use super::{Failure, Outcome, print};

/// The commands on API keys.
#[derive(Subcommand)]
pub enum Command {
    /// Make an API key for a user and print it, this once. The user gets a mail that there is one.
    Issue(Issue),
    /// List API keys, newest first: id, owner, name, beginning and end of the key, scopes, state, end.
    List {
        /// Only the keys of this user, by address or id.
        #[arg(long, value_name = "EMAIL_OR_ID")]
        user: Option<String>,
    },
    /// End an API key at once. Its owner gets a mail.
    Revoke {
        /// The id of the key, key_….
        #[arg(value_name = "KEY_ID")]
        key: String,
        /// Why, for the mail to the owner.
        #[arg(long, default_value = "")]
        reason: String,
    },
}

/// An API key to be made.
#[derive(Args)]
pub struct Issue {
    /// Whose key it is, by address or id.
    #[arg(long, value_name = "EMAIL_OR_ID")]
    user: String,
    /// What to call it.
    #[arg(long)]
    name: String,
    /// What it may do, with commas between, or all. Never more than the role of its owner.
    #[arg(long, default_value = "all", value_name = "SCOPES")]
    scopes: String,
    /// When it ends: a number of days such as 90d, or never.
    #[arg(long, default_value = "90d", value_name = "DAYS")]
    expires_in: String,
}

/// Runs a command on API keys.
pub fn run(config: Config, command: Command) -> Outcome {
    match command {
        Command::Issue(input) => issue(config, &input),
        Command::List { user } => list(config, user.as_deref()),
        Command::Revoke { key, reason } => revoke(config, &key, reason),
    }
}

fn issue(config: Config, input: &Issue) -> Outcome {
    let scopes = Scopes::read(input.scopes.split(',').map(str::trim)).map_err(|word| {
        Failure::usage(format!(
            "--scopes: there is no scope {word:?}; write all, or words such as \
             users:read,invites:write"
        ))
    })?;
    let wanted = IssueKey {
        name: input.name.clone(),
        note: String::new(),
        scopes,
        ends: ends(&input.expires_in)?,
    };
    let parts = open(config)?;
    let (app, who) = (parts.app.clone(), input.user.clone());
    let made = parts.app.db.write_now(move |tx| {
        let owner = user(tx, &who)?;
        actions::issue(tx, &app, &Maker::Operator(owner.id), &wanted)
    })?;
    eprintln!(
        "The key {} is shown this once; it ends {}.",
        made.key.id,
        end_of(&made.key)
    );
    print(made.secret.reveal())
}

fn ends(text: &str) -> Result<Ends, Failure> {
    if text == "never" {
        return Ok(Ends::Never);
    }
    text.strip_suffix('d')
        .and_then(|days| days.parse().ok())
        .map(Ends::In)
        .ok_or_else(|| {
            Failure::usage("--expires-in: write a number of days, such as 90d, or never")
        })
}

fn end_of(key: &Key) -> String {
    key.expires_at
        .map_or_else(|| "never".to_owned(), Time::rfc3339)
}

fn list(config: Config, who: Option<&str>) -> Outcome {
    const PAGE: i64 = 200;
    let parts = open(config)?;
    let db = &parts.app.db;
    let owner = who
        .map(|who| db.read_now(|conn| Ok(user(conn, who)?.id)))
        .transpose()?;
    let now = parts.app.clock.now();
    let mut paging = Paging::first(PAGE);
    loop {
        let lines: Result<_, _> = db.read_now(|conn| {
            let slice = actions::list(conn, &Actor::operator(), owner, &paging)?;
            let ids: Vec<_> = slice.rows.iter().map(|key| key.owner_id).collect();
            let owners = names(conn, &ids)?;
            let lines: Vec<String> = slice
                .rows
                .iter()
                .map(|key| {
                    let owner = owners.iter().find(|(id, ..)| *id == key.owner_id);
                    let owner = owner
                        .and_then(|(.., email)| email.clone())
                        .unwrap_or_else(|| key.owner_id.to_string());
                    line(key, &owner, now)
                })
                .collect();
            Ok((lines, slice.older))
        });
        let (lines, older) = lines?;
        for line in lines {
            print(line)?;
        }
        let Some(older) = older else {
            return Ok(());
        };
        paging.from = Some(older);
    }
}

/// One key with tabs between its parts; a name holds none.
fn line(key: &Key, owner: &str, now: Time) -> String {
    [
        key.id.to_string(),
        owner.to_owned(),
        key.name.clone(),
        format!("{}…{}", key.prefix, key.last_four),
        key.scopes.words().join(","),
        key.state(now).to_string(),
        end_of(key),
    ]
    .join("\t")
}

fn revoke(config: Config, key: &str, reason: String) -> Outcome {
    let id: KeyId = key
        .parse()
        .map_err(|_| Failure::usage(format!("{key:?} is no id of a key (key_…)")))?;
    let parts = open(config)?;
    let app = parts.app.clone();
    let key = parts
        .app
        .db
        .write_now(move |tx| actions::revoke(tx, &app, &Actor::operator(), None, id, &reason));
    let key = key.map_err(|why| match why.code() {
        vestibule::error::Code::NotFound => Failure::from(format!("there is no key {id}")),
        _ => why.into(),
    })?;
    eprintln!("The key {} does not work any more.", key.name);
    print(key.id)
}
