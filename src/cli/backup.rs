//! `backup` and `restore` of a SQLite database.

use std::path::{Path, PathBuf};

use clap::Args;
use vestibule::config::{Config, DatabaseUrl};
use vestibule::db;
use vestibule::secret::{KeyFileError, MasterKey};
use vestibule::server;

use super::opening::log;
use super::{Failure, Outcome, print};

/// Where a copy goes.
#[derive(Args)]
pub struct Backup {
    /// The new file; one that exists is never replaced.
    file: PathBuf,
}

/// Where a copy comes from.
#[derive(Args)]
pub struct Restore {
    /// A file that `vestibule backup` made.
    file: PathBuf,
}

/// Writes a copy.
pub fn backup(config: &Config, input: &Backup) -> Outcome {
    let database = sqlite(config, "pg_dump --format=custom --file=FILE DATABASE")?;
    server::require_database(config)?;
    db::backup(database, &input.file)?;
    eprintln!(
        "The copy is whole and was checked. The master key is not in it: keep a copy of {} somewhere \
         else, or nothing that was encrypted can be read after a restore.",
        config.secret_key_file.display()
    );
    print(input.file.display())
}

/// Puts a copy in place.
pub fn restore(config: &Config, input: &Restore) -> Outcome {
    log(config, "warn")?;
    let database = sqlite(config, "pg_restore --dbname=DATABASE FILE")?;
    let key_file = &config.secret_key_file;
    let fingerprint = match MasterKey::load(key_file) {
        Ok(key) => Some(key.fingerprint()),
        Err(KeyFileError::Io { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(why) => return Err(why.to_string().into()),
    };
    db::refuse_in_use(&input.file)?;
    server::target(config)?;
    let restored = db::restore(&input.file, database, fingerprint.as_deref())?;
    for name in &restored.migrated {
        eprintln!("Applied the migration {name}.");
    }
    if let Some(kept) = &restored.kept {
        eprintln!("The database that was there is kept as {}.", kept.display());
    }
    if fingerprint.is_none() {
        eprintln!(
            "There is no master key at {}: put the one there that was in use when the backup was made, \
             before you start.",
            key_file.display()
        );
    }
    eprintln!(
        "Mails that waited when the backup was made go out at the next start, also if they were sent \
         since; sessions and API keys that were ended since work again."
    );
    print(database.display())
}

/// The file of the database, or what to use instead.
fn sqlite<'a>(config: &'a Config, instead: &str) -> Result<&'a Path, Failure> {
    match &config.database {
        DatabaseUrl::Sqlite(path) => Ok(path),
        DatabaseUrl::Postgres(_) => Err(Failure::usage(format!(
            "this command is for SQLite; on PostgreSQL use: {instead}"
        ))),
    }
}
