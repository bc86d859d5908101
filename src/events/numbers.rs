//! The numbers of the events: giving them, and forgetting the oldest.

use diesel::QueryResult;
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Text};

use super::store;
use crate::clock::{Span, Time, days};
use crate::db::{BulkRow, Conn, Db, MultiBackend, facts};
use crate::error::{Error, Result};
use crate::ids::EventId;
use crate::jobs::{GiveNumber, Numbered, give_numbers};

/// How long events are kept.
pub const KEPT: Span = days(90);
/// Events that are deleted in one transaction.
const TURN: i64 = 500;
/// The fact that holds the last number that was given. The events themselves cannot tell it once they
/// are deleted, and no number is ever given twice.
const HEAD: &str = "events_head";

struct Given {
    id: EventId,
    seq: i64,
}

impl BulkRow for Given {
    const HEAD: &'static str = "UPDATE events SET seq = new.column2 FROM (VALUES ";

    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_bind_param::<Text, EventId>(&self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, i64>(&self.seq)
    }
}

impl GiveNumber for Given {
    const TAIL: &'static str = ") AS new WHERE events.id = new.column1 AND events.seq IS NULL";
}

struct Events;

impl Numbered for Events {
    const HEAD: &'static str = HEAD;
    type Row = EventId;
    type Given = Given;

    fn waiting(conn: &mut Conn, limit: i64) -> QueryResult<Vec<EventId>> {
        store::unnumbered(conn, limit)
    }

    fn number(&self, head: Option<&str>, rows: &[EventId]) -> Result<(String, Vec<Given>)> {
        let last = read_head(head)?;
        let given: Vec<Given> = (last + 1..)
            .zip(rows)
            .map(|(seq, id)| Given { id: *id, seq })
            .collect();
        let head = given.last().map_or(last, |row| row.seq).to_string();
        Ok((head, given))
    }
}

fn read_head(fact: Option<&str>) -> Result<i64> {
    fact.map_or(Ok(0), str::parse)
        .map_err(|_| Error::internal("the last number of the events is no number"))
}

/// Numbers a batch of events and says how many.
///
/// # Errors
/// When the database is away.
pub fn number_batch(db: &Db) -> Result<usize> {
    Ok(give_numbers(db, &Events)?.map_or(0, |(count, _)| count))
}

/// The number before the first event that is kept: who has read up to it has missed nothing.
///
/// # Errors
/// When the database is away.
pub fn floor(conn: &mut Conn) -> Result<i64> {
    // The head first: events that are numbered meanwhile lie above it.
    let head = facts::read(conn, HEAD)?;
    match store::lowest(conn)? {
        Some(lowest) => Ok(lowest - 1),
        None => read_head(head.as_deref()),
    }
}

/// The last number that was given.
///
/// # Errors
/// When the database is away.
pub fn head(conn: &mut Conn) -> Result<i64> {
    read_head(facts::read(conn, HEAD)?.as_deref())
}

/// Deletes a turn of events that are older than 90 days and says how many. They go in the order of their
/// numbers, so that what is left has no gap.
///
/// # Errors
/// When the database is away.
pub fn sweep_turn(db: &Db) -> Result<usize> {
    let old = db.clock().now().minus(KEPT);
    let first = db.read_now(|conn| Ok(store::first(conn, TURN)?))?;
    match last_old(&first, old) {
        Some(seq) => db.write_now(move |tx| Ok(store::delete_to(tx, seq)?)),
        None => Ok(0),
    }
}

/// The number of the last event before the first that is still young enough.
fn last_old(events: &[(Option<i64>, Time)], old: Time) -> Option<i64> {
    events
        .iter()
        .take_while(|(_, at)| *at < old)
        .last()
        .and_then(|(seq, _)| *seq)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::Actor;
    use crate::db::scratch::Scratch;
    use crate::events::{emit, kinds};

    fn emit_one(scratch: &Scratch) {
        let data = json!({ "invite_id": "inv_1" });
        scratch
            .db
            .write_now(move |tx| emit(tx, &Actor::system(), kinds::INVITE_CREATED, data.clone()))
            .unwrap();
    }

    fn seqs(scratch: &Scratch) -> Vec<i64> {
        let rows = scratch
            .db
            .read_now(|conn| Ok(store::after(conn, 0, 5_000)?))
            .unwrap();
        rows.into_iter().filter_map(|row| row.seq).collect()
    }

    fn floor_of(scratch: &Scratch) -> i64 {
        scratch.db.read_now(floor).unwrap()
    }

    #[test]
    fn events_are_numbered_without_gaps_and_no_number_comes_twice() {
        let scratch = Scratch::new();
        assert_eq!(number_batch(&scratch.db).unwrap(), 0);
        (0..3).for_each(|_| emit_one(&scratch));
        assert!(
            seqs(&scratch).is_empty(),
            "without a number nobody sees them"
        );
        assert_eq!(number_batch(&scratch.db).unwrap(), 3);
        assert_eq!(seqs(&scratch), [1, 2, 3]);
        scratch.tamper("DELETE FROM events");
        assert_eq!(floor_of(&scratch), 3);
        emit_one(&scratch);
        assert_eq!(number_batch(&scratch.db).unwrap(), 1);
        assert_eq!(seqs(&scratch), [4]);
        assert_eq!(floor_of(&scratch), 3);
    }

    #[test]
    fn a_reader_that_follows_the_numbers_misses_no_event() {
        let scratch = Scratch::new();
        let (writers, each) = (4, 30);
        let seen = std::thread::scope(|scope| {
            let scratch = &scratch;
            let mut running: Vec<_> = (0..writers)
                .map(|_| scope.spawn(move || (0..each).for_each(|_| emit_one(scratch))))
                .collect();
            let (first, second) = (scratch.db.clone(), scratch.again());
            running.extend(
                [first, second]
                    .map(|db| scope.spawn(move || (0..80).for_each(|_| drop(number_batch(&db))))),
            );
            let mut seen: Vec<i64> = Vec::new();
            loop {
                let is_over = running
                    .iter()
                    .all(std::thread::ScopedJoinHandle::is_finished);
                if is_over {
                    while number_batch(&scratch.db).unwrap() > 0 {}
                }
                let last = seen.last().copied().unwrap_or_default();
                let rows = scratch
                    .db
                    .read_now(|conn| Ok(store::after(conn, last, 7)?))
                    .unwrap();
                seen.extend(rows.iter().filter_map(|row| row.seq));
                if is_over && rows.is_empty() {
                    break seen;
                }
            }
        });
        assert_eq!(seen, (1..=writers * each).collect::<Vec<i64>>());
    }

    #[test]
    fn events_of_more_than_90_days_go_from_the_lowest_number_on() {
        let scratch = Scratch::new();
        let grow = |count: usize| {
            (0..count).for_each(|_| emit_one(&scratch));
            while number_batch(&scratch.db).unwrap() > 0 {}
        };
        grow(3);
        scratch.clock.advance(days(60));
        grow(2);
        assert_eq!(sweep_turn(&scratch.db).unwrap(), 0);
        assert_eq!(floor_of(&scratch), 0);
        scratch.clock.advance(days(31));
        assert_eq!(sweep_turn(&scratch.db).unwrap(), 3);
        assert_eq!(sweep_turn(&scratch.db).unwrap(), 0);
        assert_eq!(
            (seqs(&scratch).as_slice(), floor_of(&scratch)),
            ([4, 5].as_slice(), 3)
        );
    }
}
