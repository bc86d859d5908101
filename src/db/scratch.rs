//! A database for one unit test: a SQLite file that goes away with it, or a schema of its own on the
//! server that `VESTIBULE_TEST_DATABASE_URL` names.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use tempfile::TempDir;

use super::pool::connect;
use super::{Db, Target, migrate};
use crate::clock::{Clock, Time};

/// The database of one test, migrated and empty.
pub(crate) struct Scratch {
    pub(crate) db: Db,
    pub(crate) clock: Arc<Clock>,
    target: Target,
    _folder: TempDir,
    schema: Option<(Target, String)>,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (target, schema) = match std::env::var("VESTIBULE_TEST_DATABASE_URL") {
            Ok(url) => {
                let name = format!("unit_{:032x}", u128::from_be_bytes(crate::secret::random()));
                let server = Target::Postgres(url.clone());
                connect(&server)
                    .unwrap()
                    .batch_execute(&format!("CREATE SCHEMA {name}"))
                    .unwrap();
                let join = if url.contains('?') { '&' } else { '?' };
                let target = Target::Postgres(format!("{url}{join}options=-csearch_path%3D{name}"));
                (target, Some((server, name)))
            }
            Err(_) => (Target::Sqlite(folder.path().join("test.db")), None),
        };
        migrate(&target).unwrap();
        let clock = Arc::new(Clock::manual(Time::parse("2026-11-22T09:00:00Z").unwrap()));
        let db = Db::open(&target, clock.clone()).unwrap();
        Self {
            db,
            clock,
            target,
            _folder: folder,
            schema,
        }
    }

    /// Another handle on the same database, as a second process has.
    pub(crate) fn again(&self) -> Db {
        Db::open(&self.target, self.clock.clone()).unwrap()
    }

    /// Changes rows as somebody does who can write the database but has no key.
    pub(crate) fn tamper(&self, sql: &'static str) {
        self.db
            .write_now(move |tx| Ok(tx.batch_execute(sql)?))
            .unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.schema
            && let Ok(mut conn) = connect(server)
        {
            let dropped = conn.batch_execute(&format!("DROP SCHEMA {name} CASCADE"));
            assert!(dropped.is_ok() || std::thread::panicking(), "{dropped:?}");
        }
    }
}
