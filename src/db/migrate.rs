//! Migrations: the same names in both trees, embedded, applied under a lock.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::pool::{Conn, Target, connect};
use crate::error::{Error, Result};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Any number; it only has to be the same in every process that migrates.
const LOCK: i64 = 0x7665_7374_6962_756c;

/// Applies what is missing and says which. Processes that start together wait for one another.
///
/// # Errors
/// When the database is away or a migration fails; a failed migration leaves nothing behind.
pub fn migrate(target: &Target) -> Result<Vec<String>> {
    let mut conn = connect(target).map_err(|why| Error::Unavailable(why.to_string()))?;
    let applied = match &mut conn {
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
