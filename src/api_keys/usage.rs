//! When each key was last used: collected in memory, because a write for every request would cost more
//! than the request, and written down by a job.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::model::Key;
use super::store::{self, LastUse};
use crate::clock::{Span, Time, minutes};
use crate::db::Db;
use crate::error::Result;
use crate::ids::KeyId;

/// Keys that are remembered at once. The use of one more is not written down while none can be forgotten.
const KEYS: usize = 50_000;
/// A key's row is written at most this often.
const EVERY: Span = minutes(1);
/// Rows written in one turn, so that other actions get their turn between them.
const TURN: usize = 200;
/// The longest description of a program, in characters.
const LONGEST_AGENT: usize = 200;

/// The last uses that this process has seen.
#[derive(Debug, Default)]
pub struct Usage {
    seen: Mutex<HashMap<KeyId, Seen>>,
}

#[derive(Debug)]
struct Seen {
    at: Time,
    ip: Option<IpAddr>,
    agent: String,
    /// Whether the row says less than this.
    is_new: bool,
    written_at: Option<Time>,
}

impl Usage {
    /// Notes that a key was used.
    pub fn note(&self, key: KeyId, at: Time, ip: Option<IpAddr>, agent: &str) {
        let agent = short(agent);
        let mut seen = self.lock();
        if let Some(known) = seen.get_mut(&key) {
            if known.at > at {
                return;
            }
            (known.at, known.ip, known.is_new) = (at, ip, true);
            if known.agent != agent {
                agent.clone_into(&mut known.agent);
            }
            return;
        }
        if seen.len() >= KEYS {
            seen.retain(|_, known| known.is_new);
        }
        if seen.len() < KEYS {
            seen.insert(
                key,
                Seen {
                    at,
                    ip,
                    agent: agent.to_owned(),
                    is_new: true,
                    written_at: None,
                },
            );
        }
    }

    /// Puts a use into `key` that its row does not tell yet.
    pub fn complete(&self, key: &mut Key) {
        let seen = self.lock();
        let newer = |known: &&Seen| key.last_used_at.is_none_or(|at| at < known.at);
        if let Some(known) = seen.get(&key.id).filter(newer) {
            key.last_used_at = Some(known.at);
            key.last_used_ip = known.ip.map(|ip| ip.to_string());
            key.last_used_agent = Some(known.agent.clone());
        }
    }

    /// Writes down what is due: the uses of keys that were not written for a minute. Answers how many.
    ///
    /// # Errors
    /// When the database is away; what was not written is kept for the next time.
    pub fn flush(&self, db: &Db) -> Result<usize> {
        let now = db.clock().now();
        self.write(db, now, |known| {
            known.written_at.is_none_or(|at| now - at >= EVERY)
        })
    }

    /// Writes down everything, for when the process ends.
    ///
    /// # Errors
    /// When the database is away.
    pub fn flush_all(&self, db: &Db) -> Result<usize> {
        self.write(db, db.clock().now(), |_| true)
    }

    fn write(&self, db: &Db, now: Time, is_due: impl Fn(&Seen) -> bool) -> Result<usize> {
        let due: Vec<LastUse> = {
            let mut seen = self.lock();
            // What is written and rests for a minute is forgotten; the row says the same.
            seen.retain(|_, known| {
                known.is_new || known.written_at.is_none_or(|at| now - at < EVERY)
            });
            seen.iter()
                .filter(|(_, known)| known.is_new && is_due(known))
                .map(|(key, known)| known.as_row(*key))
                .collect()
        };
        for turn in due.chunks(TURN) {
            let rows = turn.to_vec();
            db.write_now(move |tx| Ok(store::write_uses(tx, &rows)?))?;
            let mut seen = self.lock();
            for row in turn {
                if let Some(known) = seen.get_mut(&row.key) {
                    known.written_at = Some(now);
                    known.is_new = known.at > row.at;
                }
            }
        }
        Ok(due.len())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<KeyId, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn as_row(&self, key: KeyId) -> LastUse {
        LastUse {
            key,
            at: self.at,
            ip: self.ip.map(|ip| ip.to_string()),
            agent: self.agent.clone(),
        }
    }
}

/// The first 200 characters.
fn short(agent: &str) -> &str {
    agent
        .char_indices()
        .nth(LONGEST_AGENT)
        .map_or(agent, |(end, _)| &agent[..end])
}

#[cfg(test)]
mod tests {
    use super::super::model::Ends;
    use super::super::testing::{House, user};
    use super::*;
    use crate::access::Role;
    use crate::clock::seconds;

    fn row(db: &Db, id: KeyId) -> Key {
        db.read_now(|conn| Ok(store::find(conn, id)?.0)).unwrap()
    }

    #[test]
    fn a_use_is_seen_at_once_and_written_at_most_once_a_minute() {
        let house = House::new();
        let (db, clock) = (house.db(), &house.scratch.clock);
        let id = house.issued(user(db, Role::Member), Ends::In(9)).key.id;
        let usage = Usage::default();
        let ip = Some("203.0.113.7".parse().unwrap());

        let first = clock.now();
        usage.note(id, first, ip, "curl/8");
        let mut key = row(db, id);
        assert_eq!(key.last_used_at, None);
        usage.complete(&mut key);
        assert_eq!(key.last_used_at, Some(first));
        assert_eq!(usage.flush(db).unwrap(), 1);
        assert_eq!(row(db, id), key);
        assert_eq!(key.last_used_ip.as_deref(), Some("203.0.113.7"));
        assert_eq!(key.last_used_agent.as_deref(), Some("curl/8"));

        let second = clock.now();
        usage.note(id, second, None, "other");
        assert_eq!(usage.flush(db).unwrap(), 0, "within the minute");
        clock.advance(minutes(1));
        assert_eq!(usage.flush(db).unwrap(), 1);
        assert_eq!(row(db, id).last_used_at, Some(second));
        assert_eq!(row(db, id).last_used_ip, None);
        assert_eq!(usage.flush(db).unwrap(), 0);

        usage.note(id, clock.now(), None, "other");
        assert_eq!(usage.flush_all(db).unwrap(), 1, "the process ends");
        clock.advance(minutes(2));
        assert_eq!(usage.flush(db).unwrap(), 0);
        assert!(usage.lock().is_empty(), "what is written is forgotten");
    }

    #[test]
    fn a_later_use_stays() {
        let house = House::new();
        let (db, clock) = (house.db(), &house.scratch.clock);
        let id = house.issued(user(db, Role::Member), Ends::In(9)).key.id;
        let (here, elsewhere) = (Usage::default(), Usage::default());
        let now = clock.now();
        here.note(id, now, None, "late");
        here.note(id, now.minus(seconds(5)), None, "early");
        elsewhere.note(id, now.minus(seconds(1)), None, "early");
        assert_eq!(here.flush(db).unwrap(), 1);
        assert_eq!(elsewhere.flush(db).unwrap(), 1);
        assert_eq!(row(db, id).last_used_agent.as_deref(), Some("late"));
    }

    #[test]
    fn many_keys_are_written_in_turns_and_the_memory_is_bounded() {
        let house = House::new();
        let usage = Usage::default();
        let now = house.now();
        for _ in 0..TURN * 2 + 1 {
            usage.note(KeyId::new(now), now, None, "");
        }
        assert_eq!(usage.flush(house.db()).unwrap(), TURN * 2 + 1);
        for _ in 0..KEYS + 5 {
            usage.note(KeyId::new(now), now, None, "");
        }
        assert!(usage.lock().len() <= KEYS);
    }

    #[test]
    fn a_long_agent_is_cut_between_characters() {
        assert_eq!(short(&"é".repeat(300)).chars().count(), 200);
        assert_eq!(short("curl"), "curl");
    }
}
