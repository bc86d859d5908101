//! The database: one schema and one set of queries on SQLite and PostgreSQL.
//!
//! [`Db::read`] runs a closure on a reading connection. [`Db::write`] is one transaction: it commits
//! whole, durably, before it answers, or not at all. Nothing else opens a transaction, because a
//! deferred one that reads and then writes fails under concurrency on SQLite
//! (`docs/decisions/0002-one-writer.md`).

mod backup;
mod bulk;
pub mod facts;
mod held;
mod migrate;
mod pool;
mod query;
#[expect(
    missing_docs,
    reason = "written by a macro; the migrations say what each table is"
)]
pub mod schema;
#[cfg(test)]
pub(crate) mod scratch;
mod types;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::prelude::*;
use tokio::sync::oneshot;

pub use backup::{Restored, backup, refuse_in_use, restore};
pub use bulk::{Bulk, BulkRow, insert_all};
pub use migrate::{Schema, look, migrate};
pub use pool::{Conn, MultiBackend, Target};
pub use query::{
    Among, Beyond, COUNT_LIMIT, Cursor, FOUND_AT_ONCE, Paging, Slice, Suffix, count_between,
    count_some, count_up_to, fits, prefix_end,
};
pub use types::{Js, Json, Ts};

/// The types of columns.
pub(crate) mod sql {
    pub use super::{Js, Ts};
    pub use diesel::sql_types::*;
}
pub use write::{Bell, Counts, Tx};

use crate::clock::{Clock, Time};
use crate::error::{Code, Error, Result};
use held::Held;
use pool::Pool;
use write::Writer;

/// How long a request waits for the database, longer than PostgreSQL lets a statement run: beyond it the
/// server is frozen or the network swallows what is sent, and pages answer all the same (product rule 10).
const PATIENCE: Duration = Duration::from_secs(20);

/// The open database of this process. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    readers: Pool,
    writer: Arc<Writer>,
    clock: Arc<Clock>,
    rights: Arc<Rights>,
    _held: Option<Arc<Held>>,
    alone_at: Option<Time>,
    /// Whether a look-up is a matter of microseconds.
    on_file: bool,
}

impl Db {
    /// Opens the database and its connections; does not apply migrations.
    ///
    /// # Errors
    /// When no connection can be made.
    pub fn open(target: &Target, clock: Arc<Clock>) -> Result<Self> {
        let now = clock.now();
        let (held, alone) = match target {
            Target::Sqlite(path) => {
                let (held, alone) = Held::joining(path)?;
                (Some(Arc::new(held)), alone)
            }
            Target::Postgres(_) => (None, false),
        };
        let readers = pool::readers(target)?;
        let rights = Arc::new(Rights::default());
        let writer = Writer::start(target, readers.clone(), rights.clone(), clock.clone())?;
        Ok(Self {
            readers,
            writer: Arc::new(writer),
            clock,
            rights,
            on_file: held.is_some(),
            _held: held,
            alone_at: alone.then_some(now),
        })
    }

    /// Runs `work` on a reading connection, off the async threads.
    ///
    /// # Errors
    /// What `work` answers; `unavailable` when the database is away or says nothing.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        self.read_within(PATIENCE, work).await
    }

    /// [`Db::read`] for who can wait no longer than this.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn read_within<T, F>(&self, patience: Duration, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let (send, read) = oneshot::channel();
        let db = self.clone();
        apart(Box::new(move || drop(send.send(db.read_now(work)))));
        match tokio::time::timeout(patience, read).await {
            Ok(done) => done.unwrap_or_else(Error::gone),
            Err(_) => Err(Error::Unavailable("the database does not answer".into())),
        }
    }

    /// [`Db::read`] for a look-up by a unique index, which every request needs: who is calling. On SQLite it is
    /// done where it is asked, when a connection is idle: it takes a fraction of what handing it to another
    /// thread does (`docs/decisions/0011-look-ups-stay-where-they-are.md`).
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn look_up<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        // On PostgreSQL none is taken here: whoever held one and waited for another would wait for all who do the same.
        if self.on_file
            && let Some(mut conn) = self.readers.try_get()
        {
            return work(&mut conn);
        }
        self.read(work).await
    }

    /// [`Db::read`] for callers that may block: jobs and the command line.
    pub fn read_now<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self
            .readers
            .get()
            .map_err(|why| Error::Unavailable(why.to_string()))?;
        let done = work(&mut conn);
        if let Err(Error::Database(_) | Error::Unavailable(_) | Error::Internal(_)) = &done {
            pool::look_after(&mut conn);
        }
        done
    }

    /// Runs `action` as one transaction and answers once it is durable.
    ///
    /// # Errors
    /// What the action answers; `unavailable` when the database is away; `outcome_unknown` when it says
    /// nothing: then the action may still be done.
    ///
    /// On PostgreSQL the closure may run several times (serialisation failures), so it must have no
    /// effect outside the transaction.
    pub async fn write<T, F>(&self, action: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        tokio::time::timeout(PATIENCE, self.writer.write(action))
            .await
            .unwrap_or_else(|_| Code::OutcomeUnknown.refuse())
    }

    /// [`Db::write`] for callers that may block: jobs and the command line.
    pub fn write_now<T, F>(&self, action: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.writer.write_now(action)
    }

    /// When this process opened its file, if no other had it open then: whatever was leased to somebody before is
    /// leased to the dead. Nobody can say so of a server.
    pub fn alone_at(&self) -> Option<Time> {
        self.alone_at
    }

    /// Rung after every commit that changed something.
    pub fn bell(&self) -> &Bell {
        self.writer.bell()
    }

    /// How many actions were committed in how many transactions since the start.
    pub fn counts(&self) -> Counts {
        self.writer.counts()
    }

    /// The clock that transactions read.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The generation of rights in this process: changes whenever a right ended or narrowed, here or in
    /// another process. What was read under an older generation must not be trusted.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Reads the revision rows and starts a new generation when another process changed them. Called
    /// twice a second.
    ///
    /// # Errors
    /// When the database is away; cached rights are then not trusted after a second.
    pub fn refresh_rights(&self) -> Result<()> {
        use schema::revisions::dsl;
        // The time of the question, not of the answer: what changed in between was not seen.
        let asked_at = self.clock.now().as_micros();
        let numbers: Vec<i64> =
            self.read_now(|conn| Ok(dsl::revisions.select(dsl::number).load(conn)?))?;
        self.rights.seen(numbers.iter().sum(), asked_at);
        Ok(())
    }
}

/// Runs `work` on a thread that may block. Boxed, because all that tokio needs for a task would be compiled once more
/// for each query that is read and each action that is written.
fn apart(work: Box<dyn FnOnce() + Send>) {
    tokio::task::spawn_blocking(work);
}

/// Whether rights that were read earlier may still be believed. See [`Db::rights`].
#[derive(Debug, Default)]
pub struct Rights {
    generation: AtomicU64,
    told: AtomicU64,
    revision: std::sync::atomic::AtomicI64,
    seen_at: std::sync::atomic::AtomicI64,
}

impl Rights {
    /// How long the revision may go unread before the cache is not trusted.
    const TRUST: i64 = 1_000_000;

    /// The present generation, or `None` when the database could not be asked for a second.
    pub fn generation(&self, now: Time) -> Option<u64> {
        let age = now.as_micros() - self.seen_at.load(Ordering::Acquire);
        (age <= Self::TRUST).then(|| self.generation.load(Ordering::Acquire))
    }

    /// Changes when an action of this process has changed what is told about users, see
    /// [`Tx::retell_users`].
    pub fn told(&self) -> u64 {
        self.told.load(Ordering::Acquire)
    }

    fn retold(&self) {
        self.told.fetch_add(1, Ordering::AcqRel);
    }

    /// A right ended or narrowed in this process and the change is committed.
    fn narrowed(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    fn seen(&self, revision: i64, at: i64) {
        if self.revision.swap(revision, Ordering::AcqRel) != revision {
            self.narrowed();
        }
        self.seen_at.store(at, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::scratch::Scratch;
    use super::*;

    #[test]
    fn a_database_that_says_nothing_is_not_waited_for() {
        let scratch = Scratch::new();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let (awake, asleep) = std::sync::mpsc::channel::<()>();
        let silent = scratch.db.read_within(Duration::from_millis(20), move |_| {
            asleep.recv().ok();
            Ok(())
        });
        let refused = runtime.block_on(silent).unwrap_err();
        assert_eq!(refused.code(), Code::Unavailable);
        drop(awake);
        runtime.block_on(scratch.db.read(|_| Ok(()))).unwrap();
    }
}
