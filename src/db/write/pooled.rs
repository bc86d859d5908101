//! PostgreSQL: a connection of the pool for each action, serialisable, tried again when it must be.

use std::sync::PoisonError;
use std::time::Duration;

use diesel::connection::TransactionManager;
use diesel::prelude::*;

use super::super::pool::{Conn, Pool, set_aside};
use super::{Job, Manager, Ran, Shared, begin, depth, not_serialised};
use crate::clock::Time;

/// How often an action is tried again when it could not be serialised.
const TRIES: u32 = 24;
/// From this try on one action of this process at a time is tried: while tables are small PostgreSQL reads
/// them whole, and then any two actions that read and write one are in each other's way.
const ONE_BY_ONE: u32 = 3;

/// Runs an action and answers it.
pub(super) fn write(pool: &Pool, mut job: Box<dyn Job>, shared: &Shared) {
    let mut turn = None;
    for attempt in 1..=TRIES {
        if attempt == ONE_BY_ONE {
            turn = Some(
                shared
                    .patient
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner),
            );
        }
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
        drop(conn);
        let [jitter] = crate::secret::random::<1>();
        std::thread::sleep(Duration::from_micros(
            u64::from(jitter) * 40 * u64::from(attempt),
        ));
    }
    drop(turn);
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
}
