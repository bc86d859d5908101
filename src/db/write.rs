//! Writing: one transaction an action, and on SQLite one thread that commits many actions at once.
//!
//! Eight connections that each commit for themselves gave SQLite 0.9 to 2.8 thousand durable actions a
//! second and a worst wait of 4.3 s; one writer that commits groups gave 5 to 12 thousand and 80 ms.
//! Nobody is answered before the commit that holds their action is durable.

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tokio::sync::oneshot;

use super::Rights;
use super::pool::{Conn, Pool, Target, connect};
use super::schema::revisions;
use crate::clock::{Clock, Time};
use crate::error::{Error, Result};

type Manager = <Conn as Connection>::TransactionManager;

/// A group ends at this many actions …
const GROUP_ACTIONS: usize = 64;
/// … or after this time, and then lets go of the lock, so that other processes get in.
const GROUP_TIME: Duration = Duration::from_millis(5);
/// Actions that may wait for the writer before new ones are answered with 503.
const QUEUE: usize = 1_024;
/// How often an action is tried again on PostgreSQL when it could not be serialised.
const TRIES: u32 = 8;
/// Rows that carry the revision of rights; several, so that actions on PostgreSQL seldom meet.
const REVISION_ROWS: i32 = 16;

/// An open transaction. Derefs to the connection, so store functions take it as `&mut Conn`.
pub struct Tx<'c> {
    conn: &'c mut Conn,
    /// When the action happens; read once.
    pub now: Time,
    narrowed: bool,
}

impl Tx<'_> {
    /// Says that this action ends or narrows somebody's rights, so that no process goes on believing
    /// what it read before.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn narrow_rights(&mut self) -> Result<()> {
        if !self.narrowed {
            let [byte] = crate::secret::random::<1>();
            let slot = i32::from(byte) % REVISION_ROWS;
            diesel::update(revisions::table.find(slot))
                .set(revisions::number.eq(revisions::number + 1))
                .execute(self.conn)?;
            self.narrowed = true;
        }
        Ok(())
    }

    /// Tries `work` in a savepoint: when it fails, only its own changes are undone. Needed around an
    /// insert that may meet a unique index, which would end the whole transaction on PostgreSQL.
    ///
    /// # Errors
    /// What `work` answered.
    pub fn attempt<T>(&mut self, work: impl FnOnce(&mut Conn) -> QueryResult<T>) -> QueryResult<T> {
        Manager::begin_transaction(self.conn)?;
        match work(self.conn) {
            Ok(value) => Manager::commit_transaction(self.conn).map(|()| value),
            Err(why) => {
                Manager::rollback_transaction(self.conn)?;
                Err(why)
            }
        }
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}

/// Actions and the transactions that held them, since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Actions that committed.
    pub actions: u64,
    /// Transactions that committed.
    pub commits: u64,
}

/// Wakes the background work after a commit.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<bool>,
    wake: Condvar,
}

impl Bell {
    /// Wakes whoever waits, now or next.
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }

    /// Waits until the bell rings, at most `patience`.
    pub fn wait(&self, patience: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut rung, _) = self
            .wake
            .wait_timeout_while(rung, patience, |rung| !*rung)
            .unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }
}

/// An action on its way through a writer.
trait Job: Send {
    /// Runs in a transaction; true when its changes should stay.
    fn run(&mut self, conn: &mut Conn, now: Time) -> Ran;
    /// Answers. `lost` says why nothing that ran was kept.
    fn answer(self: Box<Self>, lost: Option<&str>);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ran {
    Keep { narrowed: bool },
    Undo,
    Again,
}

struct Action<T, F, A> {
    action: F,
    result: Option<Result<T>>,
    send: A,
}

impl<T, F, A> Job for Action<T, F, A>
where
    T: Send,
    F: FnMut(&mut Tx<'_>) -> Result<T> + Send,
    A: FnOnce(Result<T>) + Send,
{
    fn run(&mut self, conn: &mut Conn, now: Time) -> Ran {
        let mut tx = Tx {
            conn,
            now,
            narrowed: false,
        };
        let done = catch_unwind(AssertUnwindSafe(|| (self.action)(&mut tx)));
        let narrowed = tx.narrowed;
        let result = done.unwrap_or_else(|_| Err(Error::Internal("an action panicked".into())));
        let ran = match &result {
            Ok(_) => Ran::Keep { narrowed },
            Err(Error::Database(why)) if not_serialised(why) => Ran::Again,
            Err(_) => Ran::Undo,
        };
        self.result = Some(result);
        ran
    }

    fn answer(self: Box<Self>, lost: Option<&str>) {
        let result = match (lost, self.result) {
            (None, Some(result)) => result,
            // What was refused is refused, whether or not the group of others was kept.
            (Some(_), Some(Err(why))) => Err(why),
            (Some(why), _) => Err(Error::Unavailable(why.to_owned())),
            (None, None) => Err(Error::Internal(
                "an action was answered before it ran".into(),
            )),
        };
        (self.send)(result);
    }
}

pub(super) struct Writer {
    how: How,
    shared: Arc<Shared>,
}

enum How {
    /// SQLite: hand the action to the one thread that writes.
    Grouped(SyncSender<Box<dyn Job>>),
    /// PostgreSQL: a connection of the pool for each action.
    Pooled(Pool),
}

struct Shared {
    clock: Arc<Clock>,
    rights: Arc<Rights>,
    bell: Bell,
    actions: AtomicU64,
    commits: AtomicU64,
}

impl Shared {
    fn committed(&self, actions: u64, narrowed: bool) {
        if narrowed {
            self.rights.narrowed();
        }
        self.actions.fetch_add(actions, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.bell.ring();
    }
}

impl Writer {
    pub(super) fn start(
        target: &Target,
        pool: Pool,
        rights: Arc<Rights>,
        clock: Arc<Clock>,
    ) -> Result<Self> {
        let shared = Arc::new(Shared {
            clock,
            rights,
            bell: Bell::default(),
            actions: AtomicU64::new(0),
            commits: AtomicU64::new(0),
        });
        let how = match target {
            Target::Postgres(_) => How::Pooled(pool),
            Target::Sqlite(_) => {
                let (send, jobs) = sync_channel(QUEUE);
                let (target, shared) = (target.clone(), shared.clone());
                std::thread::Builder::new()
                    .name("writer".into())
                    .spawn(move || write_groups(&target, &jobs, &shared))
                    .map_err(|why| Error::Internal(why.into()))?;
                How::Grouped(send)
            }
        };
        Ok(Self { how, shared })
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.shared.bell
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            actions: self.shared.actions.load(Ordering::Relaxed),
            commits: self.shared.commits.load(Ordering::Relaxed),
        }
    }

    pub(super) async fn write<T, F>(&self, action: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (send, receive) = oneshot::channel();
        let job = Box::new(Action {
            action,
            result: None,
            send: move |result| drop(send.send(result)),
        });
        match &self.how {
            How::Grouped(writer) => enqueue(writer, job)?,
            How::Pooled(pool) => {
                let (pool, shared) = (pool.clone(), self.shared.clone());
                tokio::task::spawn_blocking(move || write_pooled(&pool, job, &shared));
            }
        }
        receive.await.unwrap_or_else(Error::gone)
    }

    pub(super) fn write_now<T, F>(&self, action: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (send, receive) = sync_channel(1);
        let job = Box::new(Action {
            action,
            result: None,
            send: move |result| drop(send.send(result)),
        });
        match &self.how {
            How::Grouped(writer) => enqueue(writer, job)?,
            How::Pooled(pool) => write_pooled(pool, job, &self.shared),
        }
        receive.recv().unwrap_or_else(Error::gone)
    }
}

fn enqueue(writer: &SyncSender<Box<dyn Job>>, job: Box<dyn Job>) -> Result<()> {
    writer.try_send(job).map_err(|why| match why {
        TrySendError::Full(_) => Error::Unavailable("too many changes are waiting".into()),
        TrySendError::Disconnected(_) => Error::Unavailable("the writer has stopped".into()),
    })
}

/// The one thread that writes to a SQLite file. Ends when the last handle on the database is dropped,
/// after it has answered all that waited.
fn write_groups(target: &Target, jobs: &Receiver<Box<dyn Job>>, shared: &Shared) {
    let mut conn = None;
    while let Ok(first) = jobs.recv() {
        let open = match conn.take() {
            Some(open) => Ok(open),
            None => connect(target),
        };
        match open {
            Ok(mut open) => {
                if write_group(&mut open, first, jobs, shared) {
                    conn = Some(open);
                }
            }
            Err(why) => first.answer(Some(&why.to_string())),
        }
    }
}

/// Runs the actions that wait and commits them together; false when the connection is no longer good.
fn write_group(
    conn: &mut Conn,
    first: Box<dyn Job>,
    jobs: &Receiver<Box<dyn Job>>,
    shared: &Shared,
) -> bool {
    if let Err(why) = begin(conn) {
        first.answer(Some(&why.to_string()));
        return !matches!(why, DieselError::BrokenTransactionManager);
    }
    let started = Instant::now();
    let mut ran = Vec::with_capacity(GROUP_ACTIONS);
    let (mut kept, mut any_narrowed) = (0, false);
    let mut next = Some(first);
    while let Some(mut job) = next.take() {
        match savepoint(conn, job.as_mut(), shared.clock.now()) {
            Ok(Ran::Keep { narrowed }) => {
                kept += 1;
                any_narrowed |= narrowed;
            }
            Ok(Ran::Undo | Ran::Again) => {}
            Err(why) => {
                ran.push(job);
                return lose(conn, ran, &why);
            }
        }
        ran.push(job);
        if ran.len() < GROUP_ACTIONS && started.elapsed() < GROUP_TIME {
            next = jobs.try_recv().ok();
        }
    }
    if let Err(why) = Manager::commit_transaction(conn) {
        return lose(conn, ran, &why);
    }
    shared.committed(kept, any_narrowed);
    for job in ran {
        job.answer(None);
    }
    true
}

fn savepoint(conn: &mut Conn, job: &mut dyn Job, now: Time) -> QueryResult<Ran> {
    Manager::begin_transaction(conn)?;
    let ran = job.run(conn, now);
    // A panic may have left savepoints of the action's own open.
    while depth(conn)? > 2 {
        Manager::rollback_transaction(conn)?;
    }
    match ran {
        Ran::Keep { .. } => Manager::commit_transaction(conn)?,
        Ran::Undo | Ran::Again => Manager::rollback_transaction(conn)?,
    }
    Ok(ran)
}

/// The group could not be committed: every action of it answers so, and no cache changes.
fn lose(conn: &mut Conn, ran: Vec<Box<dyn Job>>, why: &DieselError) -> bool {
    tracing::error!(%why, actions = ran.len(), "a group of actions could not be committed");
    for job in ran {
        job.answer(Some(&why.to_string()));
    }
    while matches!(depth(conn), Ok(1..)) {
        if Manager::rollback_transaction(conn).is_err() {
            return false;
        }
    }
    depth(conn).is_ok()
}

fn write_pooled(pool: &Pool, mut job: Box<dyn Job>, shared: &Shared) {
    for attempt in 1..=TRIES {
        let mut conn = match pool.get() {
            Ok(conn) => conn,
            Err(why) => return job.answer(Some(&why.to_string())),
        };
        match serializable(&mut conn, job.as_mut(), shared.clock.now()) {
            Ok(Ran::Keep { narrowed }) => {
                shared.committed(1, narrowed);
                return job.answer(None);
            }
            Ok(Ran::Undo) => return job.answer(None),
            Ok(Ran::Again) => {}
            Err(why) if not_serialised(&why) => {}
            Err(why) => {
                // After a failover the old connections lead to a server that only reads.
                if why.to_string().contains("read-only transaction") {
                    Manager::transaction_manager_status_mut(&mut *conn).set_in_error();
                }
                return job.answer(Some(&why.to_string()));
            }
        }
        drop(conn);
        let [jitter] = crate::secret::random::<1>();
        std::thread::sleep(Duration::from_micros(
            u64::from(jitter) * 40 * u64::from(attempt),
        ));
    }
    job.answer(Some("others changed the same rows at the same time"));
}

fn serializable(conn: &mut Conn, job: &mut dyn Job, now: Time) -> QueryResult<Ran> {
    begin(conn)?;
    let ran = job.run(conn, now);
    while depth(conn)? > 1 {
        Manager::rollback_transaction(conn)?;
    }
    match ran {
        Ran::Keep { .. } => Manager::commit_transaction(conn)?,
        Ran::Undo | Ran::Again => Manager::rollback_transaction(conn)?,
    }
    Ok(ran)
}

fn begin(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Lite(lite) => AnsiTransactionManager::begin_transaction_sql(lite, "BEGIN IMMEDIATE"),
        Conn::Pg(pg) => {
            AnsiTransactionManager::begin_transaction_sql(pg, "BEGIN ISOLATION LEVEL SERIALIZABLE")
        }
    }
}

fn depth(conn: &mut Conn) -> QueryResult<u32> {
    Manager::transaction_manager_status_mut(conn)
        .transaction_depth()
        .map(|depth| depth.map_or(0, std::num::NonZeroU32::get))
}

/// Whether trying the whole action again may help: 40001 and 40P01.
fn not_serialised(why: &DieselError) -> bool {
    match why {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        DieselError::DatabaseError(_, info) => info.message().starts_with("deadlock detected"),
        DieselError::RollbackErrorOnCommit { commit_error, .. } => not_serialised(commit_error),
        _ => false,
    }
}
