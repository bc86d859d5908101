//! Uses of keys whose place another has taken and whose time is over: their owners hear of it, once for each key. Noted
//! where the use is refused, and written behind, so that whoever holds an old key makes nobody wait and nothing grow.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::web;
use moka::sync::Cache;

use super::actions::tell_of_misuse;
use super::model::Use;
use crate::app::App;
use crate::clock::Time;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::KeyId;

/// Keys that wait for their alert at once; a use of one more is passed over, and comes again if it matters.
const MOST_WAITING: usize = 1_000;
/// Keys whose owners are known to have been told.
const MOST_TOLD: u64 = 50_000;
/// Alerts made in one transaction.
const TURN: usize = 50;

/// What waits to be told, and what was.
#[derive(Debug)]
pub struct Misuse {
    told: Cache<KeyId, ()>,
    waiting: Mutex<HashMap<KeyId, (Time, Use)>>,
}

impl Default for Misuse {
    fn default() -> Self {
        Self {
            told: Cache::new(MOST_TOLD),
            waiting: Mutex::default(),
        }
    }
}

impl Misuse {
    /// Notes that a key was refused at `at` because another took its place; the first use stays.
    pub fn note(&self, key: KeyId, at: Time, ip: Option<IpAddr>, agent: &str) {
        if self.told.contains_key(&key) {
            return;
        }
        let mut waiting = self.lock();
        if waiting.len() < MOST_WAITING {
            waiting
                .entry(key)
                .or_insert_with(|| (at, Use::of(ip, agent)));
        }
    }

    /// Tells the owners of what was noted; says how many keys that were.
    ///
    /// # Errors
    /// When the database is away; what was not written is kept for the next time.
    pub fn flush(&self, app: &web::Data<App>) -> Result<usize> {
        let noted: Vec<(KeyId, (Time, Use))> = self.lock().drain().collect();
        for (number, turn) in noted.chunks(TURN).enumerate() {
            let (shared, theirs) = (app.clone(), turn.to_vec());
            let tell = move |tx: &mut Tx<'_>| {
                for (key, (at, used)) in &theirs {
                    tell_of_misuse(tx, &shared, *key, *at, used)?;
                }
                Ok(())
            };
            if let Err(why) = app.db.write_now(tell) {
                self.lock().extend(noted.into_iter().skip(number * TURN));
                return Err(why);
            }
            turn.iter().for_each(|(key, _)| self.told.insert(*key, ()));
        }
        Ok(noted.len())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<KeyId, (Time, Use)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_use_of_each_key_waits_and_no_more_than_so_many() {
        let (misuse, now) = (Misuse::default(), Time::from_micros(1_795_424_400_000_000));
        let first = KeyId::new(now);
        for agent in ["first", "second"] {
            misuse.note(first, now, None, agent);
        }
        assert_eq!(misuse.lock()[&first].1.agent, "first");
        for _ in 0..2 * MOST_WAITING {
            misuse.note(KeyId::new(now), now, None, "");
        }
        assert_eq!(misuse.lock().len(), MOST_WAITING);
        let told = KeyId::new(now);
        let other = Misuse::default();
        other.told.insert(told, ());
        other.note(told, now, None, "");
        assert!(other.lock().is_empty());
    }
}
