//! PostgreSQL: a connection of the pool for each action, serialisable, tried again when it must be.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use diesel::connection::TransactionManager;
use diesel::prelude::*;

use super::super::pool::{Conn, Pool, set_aside};
use super::{Job, Manager, Ran, Shared, begin, depth, not_serialised};
use crate::clock::Time;

/// How often an action is tried again when it could not be serialised.
const TRIES: u32 = 24;
/// After an action could not be serialised, so many have their process to themselves, it first. While tables are
/// small PostgreSQL reads them whole, and then any two actions that read and write one are in each other's way.
const ALONE: u32 = 64;

/// Runs an action and answers it.
pub(super) fn write(pool: &Pool, mut job: Box<dyn Job>, shared: &Shared) {
    for attempt in 1..=TRIES {
        let alone = attempt > 1 || shared.take_alone();
        let together = (!alone).then(|| {
            shared
                .running
                .read()
                .unwrap_or_else(PoisonError::into_inner)
        });
        let exclusive = alone.then(|| {
            shared
                .running
                .write()
                .unwrap_or_else(PoisonError::into_inner)
        });
        let mut conn = match pool.get() {
            Ok(conn) => conn,
            Err(why) => return job.answer(Some(&why.to_string())),
        };
        match serializable(&mut conn, job.as_mut(), shared.clock.now()) {
            Ok(Ran::Keep(news)) => {
                shared.committed(1, news);
                return job.answer(None);
            }
            Ok(Ran::Undo) => return job.answer(None),
            Ok(Ran::ReadOnly) => {
                // After a failover an old connection may lead to a server that only reads.
                set_aside(&mut conn);
                return job.answer(None);
            }
            Ok(Ran::Again) => {}
            Err(why) if not_serialised(&why) => {}
            Err(why) => {
                return job.answer(Some(&why.to_string()));
            }
        }
        drop((conn, together, exclusive));
        shared.alone.store(ALONE, Ordering::Relaxed);
        let [jitter] = crate::secret::random::<1>();
        std::thread::sleep(Duration::from_micros(
            u64::from(jitter) * 40 * u64::from(attempt),
        ));
    }
    job.answer(Some("others changed the same rows at the same time"));
}

fn serializable(conn: &mut Conn, job: &mut dyn Job, now: Time) -> QueryResult<Ran> {
    // A standby does not even begin.
    begin(conn).inspect_err(|_| set_aside(conn))?;
    let ran = job.run(conn, now);
    while depth(conn)? > 1 {
        Manager::rollback_transaction(conn)?;
    }
    match ran {
        Ran::Keep(_) => Manager::commit_transaction(conn)?,
        Ran::Undo | Ran::Again | Ran::ReadOnly => Manager::rollback_transaction(conn)?,
    }
    Ok(ran)
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;
    use crate::db::scratch::Scratch;
    use crate::error::Code;

    #[test]
    fn a_connection_that_only_reads_is_used_once() {
        let scratch = Scratch::new();
        let is_postgres = |conn: &mut Conn| Ok(matches!(conn, Conn::Pg(_)));
        if !scratch.db.read_now(is_postgres).unwrap() {
            return;
        }
        let change = "DELETE FROM facts";
        let db = &scratch.db;
        scratch.tamper("SET SESSION default_transaction_read_only = on");
        let refused = db.write_now(move |tx| Ok(tx.batch_execute(change)?));
        assert_eq!(refused.unwrap_err().code(), Code::Unavailable);
        db.write_now(move |tx| Ok(tx.batch_execute(change)?))
            .unwrap();
    }

    /// Each reads all that the others write.
    #[test]
    fn however_many_meet_none_is_refused() {
        use crate::db::{facts, schema::facts::dsl};
        const AT_A_TIME: usize = 32;
        let scratch = Scratch::new();
        let there: i64 = scratch
            .db
            .read_now(|conn| Ok(dsl::facts.count().get_result(conn)?))
            .unwrap();
        std::thread::scope(|scope| {
            for number in 0..AT_A_TIME {
                let db = &scratch.db;
                scope.spawn(move || {
                    for turn in 0..4 {
                        let count = move |tx: &mut crate::db::Tx<'_>| {
                            let before = dsl::facts.count().get_result::<i64>(&mut **tx)?;
                            let name = format!("{number}.{turn}");
                            facts::swap(tx, &name, None, &before.to_string())?;
                            Ok(())
                        };
                        db.write_now(count).unwrap();
                    }
                });
            }
        });
        let all: i64 = scratch
            .db
            .read_now(|conn| Ok(dsl::facts.count().get_result::<i64>(conn)?))
            .unwrap();
        assert_eq!(usize::try_from(all - there).unwrap(), AT_A_TIME * 4);
    }
}
