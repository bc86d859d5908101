//! Counts failures, so that guessing is slow: sign-in, codes, links.
//!
//! The counters live in memory, in a table that cannot grow past a fixed size, and the limiter
//! fails closed.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard};

use crate::clock::{Span, Time};

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
    end: Time,
}

impl Limiter {
    /// An empty limiter.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `key` may try once more. Counts nothing, so tries at the same moment all pass;
    /// `take` stops those.
    ///
    /// # Errors
    /// When the limit is reached, or when the limiter is broken.
    pub fn check(&self, limit: &Limit, key: &str, now: Time) -> Result<(), RetryAfter> {
        let entries = self.lock(limit, now)?;
        let entry = entries.get(&self.hash(limit, key));
        allow(limit, entry.copied(), now)
    }

    /// Counts one failure of `key` and returns how many there are in this window.
    ///
    /// # Errors
    /// When the limiter is broken.
    pub fn count(&self, limit: &Limit, key: &str, now: Time) -> Result<u32, RetryAfter> {
        let mut entries = self.lock(limit, now)?;
        Ok(add(&mut entries, self.hash(limit, key), limit, now))
    }

    /// Checks and counts in one step: of any number of tries at the same moment, `limit.most`
    /// pass. When a try turns out to be good, take it back with `give_back` or `forget`.
    ///
    /// # Errors
    /// When the limit was reached before, or when the limiter is broken. A refused try is not
    /// counted, so whoever keeps trying does not put off the end of the wait.
    pub fn take(&self, limit: &Limit, key: &str, now: Time) -> Result<(), RetryAfter> {
        let mut entries = self.lock(limit, now)?;
        let hash = self.hash(limit, key);
        allow(limit, entries.get(&hash).copied(), now)?;
        add(&mut entries, hash, limit, now);
        Ok(())
    }

    /// Takes back one `take`, as for a source address that other people share: their failures
    /// stay counted.
    pub fn give_back(&self, limit: &Limit, key: &str) {
        if let Ok(mut entries) = self.entries.lock()
            && let Some(entry) = entries.get_mut(&self.hash(limit, key))
        {
            entry.failures = entry.failures.saturating_sub(1);
        }
    }

    /// Forgets all failures of `key`, as when its owner has signed in.
    pub fn forget(&self, limit: &Limit, key: &str) {
        if let Ok(mut entries) = self.entries.lock() {
            entries.remove(&self.hash(limit, key));
        }
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

fn allow(limit: &Limit, entry: Option<Entry>, now: Time) -> Result<(), RetryAfter> {
    let (failures, end) = match entry {
        Some(entry) if now < entry.end => (entry.failures, entry.end),
        _ => (0, now.plus(limit.within)),
    };
    if failures < limit.most {
        Ok(())
    } else {
        Err(RetryAfter::between(now, end))
    }
}

fn add(entries: &mut HashMap<u64, Entry>, hash: u64, limit: &Limit, now: Time) -> u32 {
    if entries.len() >= MOST_ENTRIES && !entries.contains_key(&hash) {
        make_room(entries, now);
    }
    let fresh = Entry {
        failures: 0,
        end: now.plus(limit.within),
    };
    let entry = entries.entry(hash).or_insert(fresh);
    if now >= entry.end {
        *entry = fresh;
    }
    entry.failures = entry.failures.saturating_add(1);
    entry.failures
}

/// Takes out the windows that ended, then those with the fewest failures, the oldest first.
fn make_room(entries: &mut HashMap<u64, Entry>, now: Time) {
    entries.retain(|_, entry| now < entry.end);
    if entries.len() <= CLEARED_TO {
        return;
    }
    let mut ranks: Vec<_> = entries
        .iter()
        .map(|(hash, entry)| (Reverse((entry.failures, entry.end)), *hash))
        .collect();
    ranks.select_nth_unstable(CLEARED_TO);
    for (_, hash) in &ranks[CLEARED_TO..] {
        entries.remove(hash);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const LIMIT: Limit = Limit {
        name: "sign-in",
        most: 5,
        within: crate::clock::minutes(15),
    };
    const START: Time = Time::from_micros(1_000_000_000);

    fn later(seconds: i64) -> Time {
        START.plus(crate::clock::seconds(seconds))
    }

    #[test]
    fn the_limit_is_reached_and_ends_exactly_as_told() {
        let limiter = Limiter::new();
        for try_ in 0..5 {
            assert_eq!(limiter.take(&LIMIT, "ada", later(try_)), Ok(()));
        }
        assert_eq!(
            limiter.take(&LIMIT, "ada", later(300)),
            Err(RetryAfter(600))
        );
        let last = Time::from_micros(later(900).as_micros() - 1);
        assert_eq!(limiter.check(&LIMIT, "ada", last), Err(RetryAfter(1)));
        assert_eq!(limiter.take(&LIMIT, "ada", later(900)), Ok(()));
        assert_eq!(limiter.count(&LIMIT, "ada", later(900)), Ok(2));
    }

    #[test]
    fn refused_tries_do_not_put_off_the_end() {
        let limiter = Limiter::new();
        for second in 0..900 {
            let taken = limiter.take(&LIMIT, "ada", later(second));
            assert_eq!(taken.is_ok(), second < 5, "second {second}");
        }
        assert_eq!(limiter.take(&LIMIT, "ada", later(900)), Ok(()));
    }

    #[test]
    fn keys_and_limits_count_apart() {
        let limiter = Limiter::new();
        let codes = Limit {
            name: "codes",
            ..LIMIT
        };
        for _ in 0..5 {
            limiter.count(&LIMIT, "ada", START).unwrap();
        }
        assert!(limiter.check(&LIMIT, "ada", START).is_err());
        assert!(limiter.check(&LIMIT, "grace", START).is_ok());
        assert!(limiter.check(&codes, "ada", START).is_ok());
    }

    #[test]
    fn a_check_counts_nothing() {
        let limiter = Limiter::new();
        for _ in 0..100 {
            assert_eq!(limiter.check(&LIMIT, "ada", START), Ok(()));
        }
        assert_eq!(limiter.count(&LIMIT, "ada", START), Ok(1));
    }

    #[test]
    fn a_good_try_is_taken_back() {
        let limiter = Limiter::new();
        for _ in 0..100 {
            limiter.take(&LIMIT, "10.0.0.1", START).unwrap();
            limiter.give_back(&LIMIT, "10.0.0.1");
        }
        for _ in 0..5 {
            limiter.take(&LIMIT, "10.0.0.1", START).unwrap();
        }
        limiter.give_back(&LIMIT, "10.0.0.1");
        assert_eq!(limiter.count(&LIMIT, "10.0.0.1", START), Ok(5));
        limiter.forget(&LIMIT, "10.0.0.1");
        assert_eq!(limiter.count(&LIMIT, "10.0.0.1", START), Ok(1));
        limiter.give_back(&LIMIT, "unknown");
        limiter.forget(&LIMIT, "unknown");
    }

    #[test]
    fn a_limit_of_nothing_refuses_always() {
        let none = Limit { most: 0, ..LIMIT };
        let taken = Limiter::new().take(&none, "ada", START);
        assert_eq!(taken, Err(RetryAfter(900)));
    }

    #[test]
    fn of_two_hundred_parallel_tries_five_pass() {
        let limiter = Limiter::new();
        let passed = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        if limiter.take(&LIMIT, "ada", START).is_ok() {
                            passed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(passed.into_inner(), 5);
    }

    #[test]
    fn other_names_cannot_push_out_one_that_is_guessed_at() {
        let limiter = Limiter::new();
        for _ in 0..5 {
            limiter.take(&LIMIT, "ada", START).unwrap();
        }
        for number in 0..100_000 {
            let name = format!("name {number}");
            limiter.take(&LIMIT, &name, later(1)).unwrap();
        }
        assert!(limiter.take(&LIMIT, "ada", later(2)).is_err());
        let entries = limiter.entries.lock().unwrap();
        assert!(entries.len() <= MOST_ENTRIES, "{}", entries.len());
        assert!(entries.len() >= CLEARED_TO, "{}", entries.len());
    }

    #[test]
    fn windows_that_ended_are_cleared_before_others() {
        let limiter = Limiter::new();
        for number in 0..MOST_ENTRIES {
            let name = format!("name {number}");
            limiter.count(&LIMIT, &name, START).unwrap();
            limiter.count(&LIMIT, &name, START).unwrap();
        }
        limiter.count(&LIMIT, "ada", later(900)).unwrap();
        assert_eq!(limiter.entries.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_broken_limiter_refuses() {
        let limiter = Limiter::new();
        std::thread::scope(|scope| {
            let broken = scope.spawn(|| {
                let _entries = limiter.entries.lock().unwrap();
                panic!("on purpose");
            });
            assert!(broken.join().is_err());
        });
        assert_eq!(limiter.check(&LIMIT, "ada", START), Err(RetryAfter(900)));
        assert!(limiter.take(&LIMIT, "ada", START).is_err());
        assert!(limiter.count(&LIMIT, "ada", START).is_err());
        limiter.forget(&LIMIT, "ada");
        limiter.give_back(&LIMIT, "ada");
    }
}
