//! Migrations: the same names in both trees, embedded, applied under a lock.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::held::Held;
use super::pool::{Conn, Target, connect};
use crate::error::{Error, Result};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Any number; it only has to be the same in every process that migrates.
const LOCK: i64 = 0x7665_7374_6962_756c;

/// Applies what is missing and says which; makes the file of a SQLite database. Processes that start
/// together wait for one another.
///
/// # Errors
/// When the database is away or a migration fails; a failed migration leaves nothing behind.
pub fn migrate(target: &Target) -> Result<Vec<String>> {
    let _held = match target {
        Target::Sqlite(path) => {
            let held = Held::shared(path)?;
            make_private(path)?;
            Some(held)
        }
        Target::Postgres(_) => None,
    };
    let mut conn = connect(target).map_err(|why| Error::Unavailable(why.to_string()))?;
    apply(&mut conn)
}

/// The file, for its owner alone; SQLite gives its journals the same mode. One that is there is left
/// alone: opening and closing it here would take away the locks that SQLite holds in this process.
fn make_private(path: &Path) -> Result<()> {
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Err(why) if why.kind() != ErrorKind::AlreadyExists => Err(Error::Unavailable(format!(
            "cannot make {}: {why}",
            path.display()
        ))),
        _ => Ok(()),
    }
}

pub(super) fn apply(conn: &mut Conn) -> Result<Vec<String>> {
    let applied = match conn {
        Conn::Pg(pg) => {
            pg.batch_execute(&format!(
                "SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock({LOCK})"
            ))?;
            let applied = names(pg.run_pending_migrations(POSTGRES));
            pg.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
            applied
        }
        Conn::Lite(lite) => {
            AnsiTransactionManager::begin_transaction_sql(lite, "BEGIN IMMEDIATE")?;
            let applied = names(lite.run_pending_migrations(SQLITE));
            match applied {
                Ok(_) => AnsiTransactionManager::commit_transaction(lite)?,
                Err(_) => AnsiTransactionManager::rollback_transaction(lite)?,
            }
            applied
        }
    };
    applied.map_err(Error::Internal)
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn names(
    applied: Result<Vec<diesel::migration::MigrationVersion<'_>>, AnyError>,
) -> Result<Vec<String>, AnyError> {
    Ok(applied?.iter().map(ToString::to_string).collect())
}

/// How the schema of a database stands to the one of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Migrations of this program that were not applied.
    pub missing: Vec<String>,
    /// Migrations that were applied and that this program does not have: a later version was here.
    pub unknown: Vec<String>,
}

/// How the schema stands; `None` when the database has none of ours, or is a file that is not there.
///
/// # Errors
/// When the database is away.
pub fn look(target: &Target) -> Result<Option<Schema>> {
    let _held = match target {
        Target::Sqlite(path) if !path.exists() => return Ok(None),
        Target::Sqlite(path) => Some(Held::shared(path)?),
        Target::Postgres(_) => None,
    };
    let mut conn = connect(target).map_err(|why| Error::Unavailable(why.to_string()))?;
    schema(&mut conn)
}

pub(super) fn schema(conn: &mut Conn) -> Result<Option<Schema>> {
    #[derive(QueryableByName)]
    struct Applied {
        #[diesel(sql_type = Text)]
        version: String,
    }
    const TABLE: &str = "__diesel_schema_migrations";
    let applied: QueryResult<Vec<Applied>> =
        diesel::sql_query(format!("SELECT version FROM {TABLE} ORDER BY version")).load(conn);
    let applied: Vec<String> = match applied {
        Ok(rows) => rows.into_iter().map(|row| row.version).collect(),
        Err(diesel::result::Error::DatabaseError(_, info)) if info.message().contains(TABLE) => {
            return Ok(None);
        }
        Err(why) => return Err(why.into()),
    };
    // The two trees have the same names.
    let ours: Vec<String> = MigrationSource::<Sqlite>::migrations(&SQLITE)
        .map_err(Error::Internal)?
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    let but = |all: &[String], these: &[String]| {
        let left = all.iter().filter(|name| !these.contains(name));
        left.cloned().collect()
    };
    if applied.is_empty() {
        return Ok(None);
    }
    Ok(Some(Schema {
        missing: but(&ours, &applied),
        unknown: but(&applied, &ours),
    }))
}
