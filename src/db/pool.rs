//! Connections: which database, how each one is set up, and the pool of readers.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::connection::{Connection, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{HandleError, ManageConnection, R2D2Connection};
use diesel::result::Error as DieselError;

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

/// What libpq does when a server says nothing, unless the URL names it. Without these a connection waits for
/// as long as the operating system does: two minutes for a new one, hours for one that has gone quiet.
///
/// - `connect_timeout`: seconds for each host; as long as a request waits for a connection.
/// - `tcp_user_timeout`: milliseconds that sent bytes may go without an acknowledgement. A server that is
///   only slow acknowledges at once.
/// - `keepalives_…`: the first question after 10 seconds of silence, the next every 5 seconds: so a host that
///   vanished while an answer was due is given up after 25 seconds, and a firewall does not forget a
///   connection that rests.
const LIBPQ_PATIENCE: &str = "connect_timeout=3&tcp_user_timeout=10000&keepalives_idle=10\
                              &keepalives_interval=5&keepalives_count=3";

pub(super) type Pool = diesel::r2d2::Pool<Manager>;

/// Opens connections of one target.
#[derive(Clone, Debug)]
pub(super) struct Manager {
    target: Target,
    read_only: bool,
    /// How many connections were found broken. A server that ended one has as a rule ended all: those that are
    /// older than the last break are not used again, or each would cost somebody a 503.
    breaks: Arc<AtomicU64>,
}

/// A connection of the pool.
pub(super) struct Pooled {
    conn: Conn,
    /// The breaks before it was opened.
    breaks: u64,
}

impl Deref for Pooled {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Pooled {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// Says that this connection is not to be used again, nor any that is older.
pub(super) fn set_aside(conn: &mut Conn) {
    <Conn as Connection>::TransactionManager::transaction_manager_status_mut(conn).set_in_error();
}

/// Looks whether a connection that answered with an error still leads to a server: outside of a transaction diesel
/// keeps no note of one that has ended, and it would go back to the pool for ever.
pub(super) fn look_after(conn: &mut Conn) {
    if matches!(conn, Conn::Pg(_)) && conn.ping().is_err() {
        set_aside(conn);
    }
}

/// Logs why there is no connection.
#[derive(Debug)]
struct Logged;

impl HandleError<diesel::r2d2::Error> for Logged {
    fn handle_error(&self, why: diesel::r2d2::Error) {
        match why {
            diesel::r2d2::Error::ConnectionError(why) => {
                tracing::warn!(%why, "no connection to the database");
            }
            diesel::r2d2::Error::QueryError(why) => {
                tracing::debug!(%why, "a connection to the database is set aside");
            }
        }
    }
}

pub(super) fn readers(target: &Target) -> Result<Pool> {
    let size = match target {
        Target::Sqlite(_) => SQLITE_READERS,
        Target::Postgres(_) => POSTGRES_CONNECTIONS,
    };
    let manager = Manager {
        target: target.clone(),
        read_only: matches!(target, Target::Sqlite(_)),
        breaks: Arc::default(),
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
        // `is_valid` compares two numbers: a ping would cost PostgreSQL a third of its throughput.
        .test_on_check_out(true)
        .error_handler(Box::new(Logged))
        .connection_timeout(PATIENCE)
        .build_unchecked(manager))
}

/// A connection of its own for the writer or for migrations.
pub(super) fn connect(target: &Target) -> ConnectionResult<Conn> {
    Manager {
        target: target.clone(),
        read_only: false,
        breaks: Arc::default(),
    }
    .open()
}

/// The URL with [`LIBPQ_PATIENCE`]. It goes first, because of what is named twice libpq takes the last.
fn patient(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    // A password may hold a question mark; it ends at the `@`, which stands before any slash.
    let hosts = match url[start..].find(['@', '/']).map(|at| start + at) {
        Some(at) if url[at..].starts_with('@') => at + 1,
        _ => start,
    };
    match url[hosts..].find('?').map(|at| hosts + at) {
        Some(at) => {
            let (server, named) = (&url[..at], &url[at + 1..]);
            format!("{server}?{LIBPQ_PATIENCE}&{named}")
        }
        None => format!("{url}?{LIBPQ_PATIENCE}"),
    }
}

/// The path as SQLite takes it. One that is no UTF-8 would silently be another file.
pub(super) fn sqlite_name(path: &Path) -> ConnectionResult<&str> {
    path.to_str().ok_or_else(|| {
        ConnectionError::BadConnection(format!(
            "the path {} is not UTF-8; give the file or its folder another name",
            path.display()
        ))
    })
}

impl Manager {
    fn open(&self) -> ConnectionResult<Conn> {
        match &self.target {
            Target::Postgres(url) => {
                let mut conn = PgConnection::establish(&patient(url))?;
                // The words of some errors are read (`Error::code`), and they come in the server's language.
                // Only some users may change it (docs/operating.md).
                conn.batch_execute(
                    "SET TIME ZONE 'UTC'; SET statement_timeout = '15s'; SET lock_timeout = '5s'; \
                     SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = 'warning'; \
                     DO $$ BEGIN SET lc_messages = 'C'; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$",
                )
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(Conn::Pg(conn))
            }
            Target::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(sqlite_name(path)?)?;
                // busy_timeout first: everything after it may meet a lock.
                // synchronous=FULL: an answer that was given survives a power cut (promise P1).
                conn.batch_execute(
                    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; \
                     PRAGMA cache_size = -4096",
                )
                .map_err(ConnectionError::CouldntSetupConfiguration)?;
                if self.read_only {
                    // Reading from the mapped file takes half the time for a key that is not in memory. The writer, which
                    // touches most, maps nothing: what is mapped counts as memory of this process, once for each connection.
                    conn.batch_execute("PRAGMA query_only = ON; PRAGMA mmap_size = 268435456")
                        .map_err(ConnectionError::CouldntSetupConfiguration)?;
                }
                Ok(Conn::Lite(conn))
            }
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let breaks = self.breaks.load(Ordering::Acquire);
        self.open()
            .map(|conn| Pooled { conn, breaks })
            .map_err(diesel::r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, conn: &mut Pooled) -> Result<(), Self::Error> {
        if conn.breaks == self.breaks.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err(diesel::r2d2::Error::QueryError(
                DieselError::BrokenTransactionManager,
            ))
        }
    }

    fn has_broken(&self, conn: &mut Pooled) -> bool {
        if conn.is_broken() {
            // One more for each time, not for each connection: those opened since are good.
            self.breaks.fetch_max(conn.breaks + 1, Ordering::AcqRel);
            return true;
        }
        std::thread::panicking() || self.is_valid(conn).is_err()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;
    use crate::db::scratch::Scratch;
    use crate::error::Code;

    #[derive(QueryableByName)]
    struct Backend {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        pid: i32,
    }

    /// Runs where `VESTIBULE_TEST_DATABASE_URL` names a server.
    #[test]
    fn a_server_that_ended_every_connection_costs_one_answer() {
        let Ok(url) = std::env::var("VESTIBULE_TEST_DATABASE_URL") else {
            return;
        };
        let scratch = Scratch::new();
        let pid = "SELECT pg_backend_pid() AS pid";
        let ask = || {
            scratch.db.read_now(|conn| {
                let backend: Backend = diesel::sql_query(pid).get_result(conn)?;
                Ok(backend.pid)
            })
        };
        for _ in 0..2 {
            // Eight at once, so that the pool holds eight.
            let meeting = std::sync::Barrier::new(8);
            let held: Vec<i32> = std::thread::scope(|scope| {
                let reader = || {
                    scratch.db.read_now(|conn| {
                        meeting.wait();
                        let backend: Backend = diesel::sql_query(pid).get_result(conn)?;
                        Ok(backend.pid)
                    })
                };
                let readers: Vec<_> = (0..8).map(|_| scope.spawn(reader)).collect();
                let pids = readers.into_iter().map(|it| it.join().unwrap().unwrap());
                pids.collect()
            });
            let mut other = connect(&Target::Postgres(url.clone())).unwrap();
            for pid in held {
                diesel::sql_query(format!("SELECT pg_terminate_backend({pid}, 5000)"))
                    .execute(&mut other)
                    .unwrap();
            }
            assert_eq!(ask().unwrap_err().code(), Code::Unavailable);
            for _ in 0..16 {
                ask().unwrap();
            }
        }
    }

    #[test]
    fn what_the_url_names_comes_after_ours() {
        let ours = LIBPQ_PATIENCE;
        for (url, wanted) in [
            ("postgres://db/v", format!("postgres://db/v?{ours}")),
            ("postgres://db", format!("postgres://db?{ours}")),
            (
                "postgresql://u:p@a,b/v?connect_timeout=9&sslmode=require",
                format!("postgresql://u:p@a,b/v?{ours}&connect_timeout=9&sslmode=require"),
            ),
            (
                "postgres://u:a?b@db/v?x=1",
                format!("postgres://u:a?b@db/v?{ours}&x=1"),
            ),
            (
                "postgres://u:a?b@db/v",
                format!("postgres://u:a?b@db/v?{ours}"),
            ),
            (
                "postgres:///v?host=/run",
                format!("postgres:///v?{ours}&host=/run"),
            ),
        ] {
            assert_eq!(patient(url), wanted);
        }
    }

    #[test]
    fn a_server_that_says_nothing_is_given_up() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let started = Instant::now();
        let target = Target::Postgres(format!("postgres://u:p@{address}/v"));
        assert!(connect(&target).is_err());
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{:?}",
            started.elapsed()
        );
    }

    /// Runs where `VESTIBULE_TEST_DATABASE_URL` names a server; its user may choose the language.
    #[test]
    fn a_server_speaks_english() {
        #[derive(QueryableByName)]
        struct Told {
            #[diesel(sql_type = diesel::sql_types::Text)]
            lc_messages: String,
        }
        let Ok(url) = std::env::var("VESTIBULE_TEST_DATABASE_URL") else {
            return;
        };
        let mut conn = connect(&Target::Postgres(url)).unwrap();
        let told: Told = diesel::sql_query("SHOW lc_messages")
            .get_result(&mut conn)
            .unwrap();
        assert_eq!(told.lc_messages, "C");
    }
}
