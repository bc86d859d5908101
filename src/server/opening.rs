//! Opening what the server stands on: the database and its master key.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use actix_web::web;

use super::Parts;
use crate::api_keys::Keys;
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl};
use crate::db::{self, Db, Target, facts, look};
use crate::error::{Error, Result};
use crate::invites::jobs::Round;
use crate::invites::opened::Opened;
use crate::passwords::{Cost, Passwords};
use crate::secret::{KeyFileError, MasterKey};
use crate::sign_in::sessions::Seen;
use crate::text::Text;
use crate::web::{Traffic, UsedForms};

/// Threads that hash passwords, at most; each keeps 19 MiB.
const HASHING_THREADS: usize = 2;
/// The fact that holds the fingerprint of the master key.
const MASTER_KEY: &str = "master_key";

/// Opens the database of a configuration and what stands on it, migrations applied.
///
/// # Errors
/// A database that is away, or one that belongs to another master key; the words say what to do.
pub fn open(config: Config, clock: Clock, cost: Cost) -> Result<Parts> {
    migrate(&config)?;
    let target = of(&config);
    open_there(config, &target, clock, cost)
}

/// The same for a database that is there already: refuses one that is missing, or that has an older
/// schema, rather than making one.
///
/// # Errors
/// As [`open`].
pub fn open_migrated(config: Config, clock: Clock, cost: Cost) -> Result<Parts> {
    require_database(&config)?;
    let target = of(&config);
    open_there(config, &target, clock, cost)
}

/// Refuses a database that is missing or has an older schema.
///
/// # Errors
/// The words say what to do.
pub fn require_database(config: &Config) -> Result<()> {
    let schema = look(&of(config)).map_err(|why| away(config, why))?;
    let url = &config.database;
    match schema {
        None => Err(Error::internal(format!(
            "there is no database of Vestibule at {url}. If there should be one, set \
             VESTIBULE_DATABASE_URL to where it is; else `vestibule serve` or `vestibule migrate` \
             makes one."
        ))),
        Some(schema) if !schema.missing.is_empty() => Err(Error::internal(format!(
            "the database {url} is from an earlier version. Run `vestibule migrate` first."
        ))),
        Some(_) => Ok(()),
    }
}

/// Applies the migrations that are missing, and says which.
///
/// # Errors
/// A database that is away; the words say what to do.
pub fn migrate(config: &Config) -> Result<Vec<String>> {
    db::migrate(&target(config)?).map_err(|why| away(config, why))
}

fn open_there(config: Config, target: &Target, clock: Clock, cost: Cost) -> Result<Parts> {
    let clock = Arc::new(clock);
    let db = Db::open(target, clock.clone()).map_err(|why| away(&config, why))?;
    let master = own(&db, &config.secret_key_file).map_err(|why| away(&config, why))?;
    db.refresh_rights()?;
    let passwords = Passwords::start(cost, HASHING_THREADS).map_err(Error::internal)?;
    let app = App {
        config,
        db,
        clock,
        master,
        passwords,
        limits: crate::limits::Limiter::default(),
        text: Text::ENGLISH,
    };
    Ok(Parts {
        app: web::Data::new(app),
        keys: web::Data::new(Keys::default()),
        forms: web::Data::new(UsedForms::default()),
        seen: web::Data::new(Seen::default()),
        opened: web::Data::new(Opened::default()),
        round: web::Data::new(Round::default()),
        traffic: web::Data::new(Traffic::default()),
    })
}

/// The database that a configuration names; makes the folder of a file, for its owner alone.
///
/// # Errors
/// When the folder cannot be made.
pub fn target(config: &Config) -> Result<Target> {
    let target = of(config);
    if let Target::Sqlite(path) = &target
        && let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
    {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|why| {
                Error::internal(format!(
                    "cannot make the folder {} of the database: {why}. Set VESTIBULE_DATABASE_URL \
                     to a place that can be written, as in sqlite:data/vestibule.db.",
                    folder.display()
                ))
            })?;
    }
    Ok(target)
}

fn of(config: &Config) -> Target {
    match &config.database {
        DatabaseUrl::Postgres(url) => Target::Postgres(url.clone()),
        DatabaseUrl::Sqlite(path) => Target::Sqlite(path.clone()),
    }
}

/// Says which database it was, and what to look at.
pub(super) fn away(config: &Config, why: Error) -> Error {
    match why {
        Error::Unavailable(why) => Error::Unavailable(format!(
            "the database {} cannot be used: {}. Check VESTIBULE_DATABASE_URL, and that the database \
             runs and lets this user in.",
            config.database,
            why.trim_end().trim_end_matches('.')
        )),
        Error::Database(why) => Error::internal(format!(
            "the database {} cannot be changed: {why}. Check that the user who runs this may write to it, and in \
             the folder of a file too.",
            config.database
        )),
        why => why,
    }
}

/// The master key of a database. Ties the two together at the first start, when a key is made if there
/// is none; later another key is refused, and a missing one is not replaced.
fn own(db: &Db, path: &Path) -> Result<MasterKey> {
    let known = db.read_now(|conn| Ok(facts::read(conn, MASTER_KEY)?))?;
    let master = match &known {
        Some(_) => MasterKey::load(path),
        None => MasterKey::load_or_create(path),
    };
    let master = master.map_err(|why| match why {
        KeyFileError::Io { error, .. } if error.kind() == io::ErrorKind::NotFound => {
            Error::internal(format!(
                "the master key {} is missing, and this database was made with one. Put the key file \
                 back from where you keep its copy, or name it in VESTIBULE_SECRET_KEY_FILE.",
                path.display()
            ))
        }
        why => Error::internal(why.to_string()),
    })?;
    let ours = master.fingerprint();
    let fits = match known {
        Some(known) => known == ours,
        None => db.write_now(move |tx| {
            if facts::swap(tx, MASTER_KEY, None, &ours)? {
                return Ok(true);
            }
            // Another process was faster; it may have had another key.
            Ok(facts::read(tx, MASTER_KEY)?.as_deref() == Some(&ours))
        })?,
    };
    if fits {
        return Ok(master);
    }
    Err(Error::internal(format!(
        "this database belongs to another master key than the one in {}. Put back the key file that was \
         made with it, or name it in VESTIBULE_SECRET_KEY_FILE.",
        path.display()
    )))
}

#[cfg(test)]
mod tests {
    use diesel::result::{DatabaseErrorKind, Error as DieselError};

    use super::*;

    #[test]
    fn who_may_not_write_is_told_what_to_look_at() {
        let words = "attempt to write a readonly database".to_owned();
        let why = DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(words));
        let told = away(&Config::default(), Error::Database(why)).to_string();
        assert!(told.contains("sqlite:data/vestibule.db"), "{told}");
        assert!(
            told.contains("readonly") && told.contains("may write"),
            "{told}"
        );
    }
}
