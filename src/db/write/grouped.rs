//! SQLite: one thread writes, and commits the actions that wait together.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use diesel::connection::TransactionManager;
use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::super::pool::{Conn, Target, connect};
use super::{Job, Manager, News, Ran, Shared, begin, depth};
use crate::clock::Time;
use crate::error::{Error, Result};

/// A group ends at this many actions …
const GROUP_ACTIONS: usize = 64;
/// … or after this time, and then lets go of the lock, so that other processes get in.
const GROUP_TIME: Duration = Duration::from_millis(5);
/// Actions that may wait for the writer before new ones are answered with 503.
const QUEUE: usize = 1_024;

/// Starts the thread; it takes what is sent.
pub(super) fn start(target: &Target, shared: Arc<Shared>) -> Result<SyncSender<Box<dyn Job>>> {
    let (send, jobs) = sync_channel(QUEUE);
    let target = target.clone();
    std::thread::Builder::new()
        .name("writer".into())
        .spawn(move || write_groups(&target, &jobs, &shared))
        .map_err(|why| Error::Internal(why.into()))?;
    Ok(send)
}

/// Hands an action to the thread.
pub(super) fn enqueue(writer: &SyncSender<Box<dyn Job>>, job: Box<dyn Job>) -> Result<()> {
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
            Err(why) => refuse_waiting(first, jobs, &why.to_string()),
        }
    }
}

/// Answers an action and all that wait behind it. Whoever holds the lock has kept them waiting for as long as
/// the first; one after the other they would each wait that long again.
fn refuse_waiting(first: Box<dyn Job>, jobs: &Receiver<Box<dyn Job>>, why: &str) {
    // Taken before the first is answered: what comes in reply to that answer has not waited.
    let waiting: Vec<_> = jobs.try_iter().collect();
    for job in [first].into_iter().chain(waiting) {
        job.answer(Some(why));
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
        refuse_waiting(first, jobs, &why.to_string());
        return !matches!(why, DieselError::BrokenTransactionManager);
    }
    let started = Instant::now();
    let mut ran = Vec::with_capacity(GROUP_ACTIONS);
    let (mut kept, mut news) = (0, News::default());
    let mut next = Some(first);
    while let Some(mut job) = next.take() {
        match savepoint(conn, job.as_mut(), shared.clock.now()) {
            Ok(Ran::Keep(more)) => {
                kept += 1;
                news.rights |= more.rights;
                news.users |= more.users;
            }
            Ok(Ran::Undo | Ran::Again | Ran::ReadOnly) => {}
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
    shared.committed(kept, news);
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
        Ran::Keep(_) => Manager::commit_transaction(conn)?,
        Ran::Undo | Ran::Again | Ran::ReadOnly => Manager::rollback_transaction(conn)?,
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

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::super::super::{Db, migrate};
    use super::*;
    use crate::clock::Clock;
    use crate::error::Code;

    #[test]
    fn while_another_process_holds_the_file_all_that_wait_are_answered_together() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Sqlite(folder.path().join("v.db"));
        migrate(&target).unwrap();
        let clock = Arc::new(Clock::manual(Time::from_micros(0)));
        let db = Db::open(&target, clock).unwrap();
        let mut other = connect(&target).unwrap();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let started = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let refused = db.write_now(|_| Ok(())).unwrap_err();
                    assert_eq!(refused.code(), Code::Unavailable);
                });
            }
        });
        // Each waits for the lock for five seconds; one that came late may wait for a second turn.
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "{:?}",
            started.elapsed()
        );
        other.batch_execute("ROLLBACK").unwrap();
        db.write_now(|_| Ok(())).unwrap();
    }
}
