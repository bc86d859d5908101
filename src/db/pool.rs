//! Connections: which database, how each one is set up, and the pool of readers.

use std::path::PathBuf;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, R2D2Connection};

use crate::error::{Error, Result};

pub use conn::{Conn, MultiBackend};

#[expect(missing_docs, reason = "the derive writes public items without any")]
mod conn {
    use diesel::{PgConnection, SqliteConnection};

    /// A connection to either database. Never use the derived `establish`: it guesses.
    #[derive(diesel::MultiConnection)]
    pub enum Conn {
        /// PostgreSQL.
        Pg(PgConnection),
        /// SQLite.
        Lite(SqliteConnection),
    }
}

/// Which database to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A libpq connection string.
    Postgres(String),
    /// A file.
    Sqlite(PathBuf),
}

/// Readers of a SQLite file: as many as the cores of a small machine keep busy.
const SQLITE_READERS: u32 = 4;
/// Connections to PostgreSQL, readers and writers together.
const POSTGRES_CONNECTIONS: u32 = 16;
/// How long a request waits for a connection before it is answered with 503.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) type Pool = diesel::r2d2::Pool<Manager>;

/// Opens connections of one target.
#[derive(Clone, Debug)]
pub(super) struct Manager {
    target: Target,
    read_only: bool,
}

pub(super) fn readers(target: &Target) -> Result<Pool> {
    let size = match target {
        Target::Sqlite(_) => SQLITE_READERS,
        Target::Postgres(_) => POSTGRES_CONNECTIONS,
    };
    let manager = Manager {
        target: target.clone(),
        read_only: matches!(target, Target::Sqlite(_)),
    };
    // The first connection is made here, so that a wrong address is told at start.
    manager
        .connect()
        .map_err(|why| Error::Unavailable(why.to_string()))?;
    Ok(Pool::builder()
        .max_size(size)
        // None in advance: a connection that is still being opened in the background while the process ends
        // meets OpenSSL's clean-up and brings it down.
        .min_idle(Some(0))
        // A ping at check-out costs PostgreSQL a third of its throughput; broken ones are dropped at return.
        .test_on_check_out(false)
        .connection_timeout(PATIENCE)
        .build_unchecked(manager))
}

/// A connection of its own for the writer or for migrations.
pub(super) fn connect(target: &Target) -> ConnectionResult<Conn> {
    Manager {
        target: target.clone(),
        read_only: false,
    }
    .open()
}

impl Manager {
    fn open(&self) -> ConnectionResult<Conn> {
        match &self.target {
            Target::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                conn.batch_execute(
                    "SET TIME ZONE 'UTC'; SET statement_timeout = '15s'; SET lock_timeout = '5s'; \
                     SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = 'warning'",
                )
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Conn::Pg(conn))
            }
            Target::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                // busy_timeout first: everything after it may meet a lock.
                // synchronous=FULL: an answer that was given survives a power cut (promise P1).
                conn.batch_execute(
                    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; \
                     PRAGMA cache_size = -4096; PRAGMA mmap_size = 268435456",
                )
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                if self.read_only {
                    conn.batch_execute("PRAGMA query_only = ON")
                        .map_err(ConnectionError::CouldntSetupConfiguration)?;
                }
                Ok(Conn::Lite(conn))
            }
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        self.open().map_err(diesel::r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}
