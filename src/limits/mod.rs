//! Counts failures, so that guessing is slow: sign-in, codes, links.
//!
//! A try that takes a while, such as hashing a password, is under way until it is settled; as long as it
//! may still fail it takes the place of a failure, so that many at once cannot pass the limit together.
//!
//! The counters live in memory, in a table that cannot grow past a fixed size, and the limiter
//! fails closed.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard};

use crate::clock::{Span, Time};
use crate::error::Error;

/// Keys that are remembered at once, about 3 MiB.
const MOST_ENTRIES: usize = 65_536;
/// A full table is cleared down to this size, so that not every new key searches all of it.
const CLEARED_TO: usize = MOST_ENTRIES - MOST_ENTRIES / 16;

/// One rule: at most so many failures within so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name. Limits of different names count apart.
    pub name: &'static str,
    /// Failures that are allowed.
    pub most: u32,
    /// The time in which they count, from the first of them on.
    pub within: Span,
}

/// Whole seconds until the next try is allowed, at least one: the value of `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub u64);

impl RetryAfter {
    fn between(now: Time, end: Time) -> Self {
        let micros = end.as_micros().saturating_sub(now.as_micros());
        let seconds = micros.saturating_add(999_999) / 1_000_000;
        Self(u64::try_from(seconds).unwrap_or(0).max(1))
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too many tries; try again in {} seconds", self.0)
    }
}

impl std::error::Error for RetryAfter {}

impl From<RetryAfter> for Error {
    fn from(wait: RetryAfter) -> Self {
        Self::TooMany(wait.0)
    }
}

/// Failures so far, by limit and key.
///
/// A window starts with the first failure and ends `within` later; then the key starts anew. Keys
/// are kept as hashes with a random seed, so that nobody can choose two that share a counter. When
/// the table is full, windows that ended go first and then those with the fewest failures: a
/// hundred thousand other names cannot push out one that is being guessed at.
#[derive(Default)]
pub struct Limiter {
    seed: RandomState,
    entries: Mutex<HashMap<u64, Entry>>,
}

#[derive(Clone, Copy)]
struct Entry {
    failures: u32,
    under_way: u32,
    end: Time,
}

/// Why a try may not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// As many are under way as may still fail: in a moment it is known.
    UnderWay,
    /// The limit is reached.
    Reached(RetryAfter),
}

impl Limiter {
    /// An empty limiter.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks and counts in one step: of any number of calls at the same moment, `limit.most` pass.
    ///
    /// # Errors
    /// When the limit was reached before, or when the limiter is broken. A refused call is not
    /// counted, so whoever keeps trying does not put off the end of the wait.
    pub fn take(&self, limit: &Limit, key: &str, now: Time) -> Result<(), RetryAfter> {
        let mut entries = self.lock(limit, now)?;
        let entry = entry(&mut entries, self.hash(limit, key), limit, now);
        entry.allow(limit, now)?;
        entry.failures += 1;
        Ok(())
    }

    /// Starts a try, whose outcome [`Limiter::settle`] tells.
    ///
    /// # Errors
    /// When the limit is reached, or could be by the tries that are under way; or when the limiter is broken.
    pub fn start(&self, limit: &Limit, key: &str, now: Time) -> Result<(), Held> {
        let mut entries = self.lock(limit, now).map_err(Held::Reached)?;
        let entry = entry(&mut entries, self.hash(limit, key), limit, now);
        entry.allow(limit, now).map_err(Held::Reached)?;
        if entry.failures + entry.under_way >= limit.most {
            return Err(Held::UnderWay);
        }
        entry.under_way += 1;
        Ok(())
    }

    /// Ends a try that was started, and counts it when it failed.
    pub fn settle(&self, limit: &Limit, key: &str, now: Time, failed: bool) {
        let Ok(mut entries) = self.entries.lock() else {
            return;
        };
        let entry = entry(&mut entries, self.hash(limit, key), limit, now);
        entry.under_way = entry.under_way.saturating_sub(1);
        entry.failures = entry.failures.saturating_add(u32::from(failed));
    }

    fn hash(&self, limit: &Limit, key: &str) -> u64 {
        self.seed.hash_one((limit.name, key))
    }

    /// A lock that a panic left behind counts as a limit that is reached.
    fn lock(
        &self,
        limit: &Limit,
        now: Time,
    ) -> Result<MutexGuard<'_, HashMap<u64, Entry>>, RetryAfter> {
        self.entries.lock().map_err(|_| {
            tracing::error!(limit = limit.name, "the limiter is broken and refuses");
            RetryAfter::between(now, now.plus(limit.within))
        })
    }
}

impl Entry {
    fn allow(&self, limit: &Limit, now: Time) -> Result<(), RetryAfter> {
        if self.failures < limit.most {
            Ok(())
        } else {
            Err(RetryAfter::between(now, self.end))
        }
    }
}

/// The entry of a key, whose window starts anew with the first failure after its end.
fn entry<'a>(
    entries: &'a mut HashMap<u64, Entry>,
    hash: u64,
    limit: &Limit,
    now: Time,
) -> &'a mut Entry {
    if entries.len() >= MOST_ENTRIES && !entries.contains_key(&hash) {
        make_room(entries, now);
    }
    let end = now.plus(limit.within);
    let entry = entries.entry(hash).or_insert(Entry {
        failures: 0,
        under_way: 0,
        end,
    });
    if now >= entry.end || entry.failures == 0 {
        entry.failures = 0;
        entry.end = end;
    }
    entry
}

/// Takes out the windows that ended, then those with the fewest failures, the oldest first.
fn make_room(entries: &mut HashMap<u64, Entry>, now: Time) {
    entries.retain(|_, entry| now < entry.end || entry.under_way > 0);
    if entries.len() <= CLEARED_TO {
        return;
    }
    let mut ranks: Vec<_> = entries
        .iter()
        .map(|(hash, entry)| {
            let tries = entry.failures + entry.under_way;
            (Reverse((tries, entry.end)), *hash)
        })
        .collect();
    ranks.select_nth_unstable(CLEARED_TO);
    for (_, hash) in &ranks[CLEARED_TO..] {
        entries.remove(hash);
    }
}

#[cfg(test)]
mod tests;
