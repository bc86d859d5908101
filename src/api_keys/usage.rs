//! When each key was last used, written behind.

use std::net::IpAddr;

use super::model::{Key, Use};
use super::store;
use crate::clock::Time;
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::ids::KeyId;
use crate::jobs::{Behind, Noted};

/// The longest description of a program, in characters.
const LONGEST_AGENT: usize = 200;

/// The last uses that this process has seen.
#[derive(Debug, Default)]
pub struct Usage(Behind<KeyId, Use>);

impl Use {
    /// A use by the program `agent`, whose description is cut short.
    pub fn of(ip: Option<IpAddr>, agent: &str) -> Self {
        Self {
            ip,
            agent: short(agent).to_owned(),
        }
    }
}

impl Usage {
    /// Notes that a key was used.
    pub fn note(&self, key: KeyId, at: Time, ip: Option<IpAddr>, agent: &str) {
        self.0.note(key, at, Use::of(ip, agent));
    }

    /// Puts a use into `key` that its row does not tell yet.
    pub fn complete(&self, key: &mut Key) {
        let known = self.0.last(key.id);
        let newer = |(at, _): &(Time, Use)| key.last_used_at.is_none_or(|last| last < *at);
        if let Some((at, used)) = known.filter(newer) {
            key.last_used_at = Some(at);
            key.last_used_ip = used.ip.map(|ip| ip.to_string());
            key.last_used_agent = Some(used.agent);
        }
    }

    /// Writes down what is due: the uses of keys that were not written for a minute. Answers how many.
    ///
    /// # Errors
    /// When the database is away; what was not written is kept for the next time.
    pub fn flush(&self, db: &Db) -> Result<usize> {
        self.0.flush(db, write)
    }

    /// Writes down everything, for when the process ends.
    ///
    /// # Errors
    /// When the database is away.
    pub fn flush_all(&self, db: &Db) -> Result<usize> {
        self.0.flush_all(db, write)
    }
}

fn write(tx: &mut Tx<'_>, uses: &[Noted<KeyId, Use>]) -> Result<()> {
    Ok(store::write_uses(tx, uses)?)
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
    use crate::clock::{minutes, seconds};

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
    fn a_long_agent_is_cut_between_characters() {
        assert_eq!(short(&"é".repeat(300)).chars().count(), 200);
        assert_eq!(short("curl"), "curl");
    }
}
