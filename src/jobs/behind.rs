//! Notes that are written behind: what happens with every request, such as the use of a key, is kept in
//! memory, because a write for each would cost more than the request, and is written down now and then.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::{Span, Time, minutes};
use crate::db::{Db, Tx};
use crate::error::Result;

/// Things that are remembered at once. A note of one more is dropped while none can be forgotten.
const MOST: usize = 50_000;
/// Of one thing a note is written at most this often.
const EVERY: Span = minutes(1);
/// Notes written in one turn, so that other actions get their turn between them.
const TURN: usize = 200;

/// The last note of each thing that this process has seen.
#[derive(Debug)]
pub struct Behind<K, V> {
    notes: Mutex<HashMap<K, Note<V>>>,
}

#[derive(Debug)]
struct Note<V> {
    at: Time,
    what: V,
    /// Whether the database says less than this.
    is_new: bool,
    written_at: Option<Time>,
}

/// A note on its way to the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted<K, V> {
    /// Of what.
    pub of: K,
    /// When.
    pub at: Time,
    /// What else is known of that moment.
    pub what: V,
}

/// Writes a turn of notes, in the transaction of an action.
pub type WriteNotes<K, V> = fn(&mut Tx<'_>, &[Noted<K, V>]) -> Result<()>;

impl<K, V> Default for Behind<K, V> {
    fn default() -> Self {
        Self {
            notes: Mutex::default(),
        }
    }
}

impl<K, V> Behind<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Notes that something happened at `at`; a later note of the same thing stays.
    pub fn note(&self, of: K, at: Time, what: V) {
        let mut notes = self.lock();
        if let Some(known) = notes.get_mut(&of) {
            if known.at <= at {
                (known.at, known.what, known.is_new) = (at, what, true);
            }
            return;
        }
        if notes.len() >= MOST {
            notes.retain(|_, known| known.is_new);
        }
        if notes.len() < MOST {
            let note = Note {
                at,
                what,
                is_new: true,
                written_at: None,
            };
            notes.insert(of, note);
        }
    }

    /// The last note of a thing, which the database may not have yet.
    pub fn last(&self, of: K) -> Option<(Time, V)> {
        let notes = self.lock();
        notes.get(&of).map(|known| (known.at, known.what.clone()))
    }

    /// Writes down what is due, that is what was not written for a minute; says how much. `write` is given a
    /// few hundred notes at most, and must leave alone what is later already: several processes write.
    ///
    /// # Errors
    /// When the database is away; what was not written is kept for the next time.
    pub fn flush(&self, db: &Db, write: WriteNotes<K, V>) -> Result<usize> {
        let now = db.clock().now();
        self.write(db, now, write, |note| {
            note.written_at.is_none_or(|at| now - at >= EVERY)
        })
    }

    /// Writes down everything, for when the process ends.
    ///
    /// # Errors
    /// As [`Behind::flush`].
    pub fn flush_all(&self, db: &Db, write: WriteNotes<K, V>) -> Result<usize> {
        self.write(db, db.clock().now(), write, |_| true)
    }

    fn write(
        &self,
        db: &Db,
        now: Time,
        write: WriteNotes<K, V>,
        is_due: impl Fn(&Note<V>) -> bool,
    ) -> Result<usize> {
        let due: Vec<Noted<K, V>> = {
            let mut notes = self.lock();
            // What is written and rests for a minute is forgotten; the database says the same.
            notes.retain(|_, known| {
                known.is_new || known.written_at.is_none_or(|at| now - at < EVERY)
            });
            let due = notes
                .iter()
                .filter(|(_, known)| known.is_new && is_due(known));
            due.map(|(of, known)| Noted {
                of: *of,
                at: known.at,
                what: known.what.clone(),
            })
            .collect()
        };
        for turn in due.chunks(TURN) {
            let theirs = turn.to_vec();
            db.write_now(move |tx| write(tx, &theirs))?;
            let mut notes = self.lock();
            for noted in turn {
                if let Some(known) = notes.get_mut(&noted.of) {
                    known.written_at = Some(now);
                    known.is_new = known.at > noted.at;
                }
            }
        }
        Ok(due.len())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Note<V>>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::seconds;
    use crate::db::facts;
    use crate::db::scratch::Scratch;
    use crate::error::Error;

    type Uses = Behind<u32, &'static str>;

    /// Adds the number of notes to a fact, so that it tells the turns.
    fn write(tx: &mut Tx<'_>, notes: &[Noted<u32, &'static str>]) -> Result<()> {
        assert!(notes.len() <= TURN);
        let old = facts::read(tx, "turns")?;
        let new = format!("{}{} ", old.as_deref().unwrap_or_default(), notes.len());
        facts::swap(tx, "turns", old.as_deref(), &new)?;
        Ok(())
    }

    fn refuse(_: &mut Tx<'_>, _: &[Noted<u32, &'static str>]) -> Result<()> {
        Err(Error::Unavailable("away".into()))
    }

    fn turns(scratch: &Scratch) -> String {
        let read = |conn: &mut crate::db::Conn| Ok(facts::read(conn, "turns")?);
        scratch.db.read_now(read).unwrap().unwrap_or_default()
    }

    #[test]
    fn a_note_is_written_at_most_once_a_minute_and_the_latest_stays() {
        let scratch = Scratch::new();
        let (db, clock, uses) = (&scratch.db, &scratch.clock, Uses::default());
        let now = clock.now();
        uses.note(1, now, "late");
        uses.note(1, now.minus(seconds(5)), "early");
        assert_eq!(uses.last(1), Some((now, "late")));
        assert_eq!(uses.flush(db, write).unwrap(), 1);
        uses.note(1, clock.now(), "later");
        assert_eq!(uses.flush(db, write).unwrap(), 0, "within the minute");
        clock.advance(minutes(1));
        assert_eq!(uses.flush(db, write).unwrap(), 1);
        uses.note(1, clock.now(), "last");
        assert_eq!(uses.flush_all(db, write).unwrap(), 1, "the process ends");
        clock.advance(minutes(2));
        assert_eq!(uses.flush(db, write).unwrap(), 0);
        assert!(uses.lock().is_empty(), "what is written is forgotten");
    }

    #[test]
    fn notes_go_in_turns_and_the_memory_is_bounded() {
        let scratch = Scratch::new();
        let (uses, now) = (Uses::default(), scratch.clock.now());
        for of in 0..450 {
            uses.note(of, now, "");
        }
        assert_eq!(uses.flush(&scratch.db, write).unwrap(), 450);
        assert_eq!(turns(&scratch), "200 200 50 ");
        for of in 0..60_000 {
            uses.note(of, now, "");
        }
        assert!(uses.lock().len() <= MOST);
    }

    #[test]
    fn what_could_not_be_written_is_kept() {
        let scratch = Scratch::new();
        let (uses, now) = (Uses::default(), scratch.clock.now());
        uses.note(1, now, "");
        uses.flush_all(&scratch.db, refuse).unwrap_err();
        assert_eq!(uses.flush(&scratch.db, write).unwrap(), 1);
        assert_eq!(turns(&scratch), "1 ");
    }
}
