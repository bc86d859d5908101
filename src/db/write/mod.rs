//! Writing: one transaction an action, and on SQLite one thread that commits many actions at once.
//!
//! Eight connections that each commit for themselves gave SQLite 0.9 to 2.8 thousand durable actions a
//! second and a worst wait of 4.3 s; one writer that commits groups gave 5 to 12 thousand and 80 ms.
//! Nobody is answered before the commit that holds their action is durable.

mod grouped;
mod pooled;

use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, Connection, TransactionManager};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tokio::sync::oneshot;

use super::Rights;
use super::apart;
use super::pool::{Conn, Pool, Target};
use super::schema::revisions;
use crate::clock::{Clock, Time};
use crate::error::{Error, Result};

type Manager = <Conn as Connection>::TransactionManager;

/// Rows that carry the revision of rights; several, so that actions on PostgreSQL seldom meet.
const REVISION_ROWS: i32 = 16;

/// An open transaction. Derefs to the connection, so store functions take it as `&mut Conn`.
pub struct Tx<'c> {
    conn: &'c mut Conn,
    /// When the action happens; read once.
    pub now: Time,
    news: News,
}

/// What a commit makes worthless of all that is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct News {
    /// Rights, in every process.
    rights: bool,
    /// What was told about users, in this one.
    users: bool,
}

impl Tx<'_> {
    /// Says that this action ends or narrows somebody's rights, so that no process goes on believing
    /// what it read before.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn narrow_rights(&mut self) -> Result<()> {
        if !self.news.rights {
            let [byte] = crate::secret::random::<1>();
            let slot = i32::from(byte) % REVISION_ROWS;
            diesel::update(revisions::table.find(slot))
                .set(revisions::number.eq(revisions::number + 1))
                .execute(self.conn)?;
            self.news.rights = true;
        }
        Ok(())
    }

    /// Says that this action changes what is told about users and narrows nothing: a name, a group more. What
    /// this process remembers to tell is read anew; keys stay remembered, and other processes go on telling
    /// the old for a minute at most.
    pub fn retell_users(&mut self) {
        self.news.users = true;
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
    Keep(News),
    Undo,
    Again,
    /// The server takes no changes.
    ReadOnly,
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
            news: News::default(),
        };
        let done = catch_unwind(AssertUnwindSafe(|| (self.action)(&mut tx)));
        let news = tx.news;
        let result = done.unwrap_or_else(|_| Err(Error::Internal("an action panicked".into())));
        let ran = match &result {
            Ok(_) => Ran::Keep(news),
            Err(Error::Database(why)) if not_serialised(why) => Ran::Again,
            Err(Error::Database(DieselError::DatabaseError(
                DatabaseErrorKind::ReadOnlyTransaction,
                _,
            ))) => Ran::ReadOnly,
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
    /// Shared by the actions that run on PostgreSQL; one that runs alone takes it whole.
    running: RwLock<()>,
    /// How many of the next actions run alone.
    alone: AtomicU32,
}

impl Shared {
    /// Whether the next action runs alone.
    fn take_alone(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.alone
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    fn committed(&self, actions: u64, news: News) {
        if news.rights {
            self.rights.narrowed();
        }
        if news.users {
            self.rights.retold();
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
            running: RwLock::default(),
            alone: AtomicU32::new(0),
        });
        let how = match target {
            Target::Postgres(_) => How::Pooled(pool),
            Target::Sqlite(_) => How::Grouped(grouped::start(target, shared.clone())?),
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
        let job: Box<dyn Job> = Box::new(Action {
            action,
            result: None,
            send: move |result| drop(send.send(result)),
        });
        match &self.how {
            How::Grouped(writer) => grouped::enqueue(writer, job)?,
            How::Pooled(pool) => {
                let (pool, shared) = (pool.clone(), self.shared.clone());
                apart(Box::new(move || pooled::write(&pool, job, &shared)));
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
            How::Grouped(writer) => grouped::enqueue(writer, job)?,
            How::Pooled(pool) => pooled::write(pool, job, &self.shared),
        }
        receive.recv().unwrap_or_else(Error::gone)
    }
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
