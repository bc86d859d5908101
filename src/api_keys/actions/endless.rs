//! Keys without an end get one.

use serde_json::json;

use super::{own, target};
use crate::access::Actor;
use crate::api_keys::model::{self, Key};
use crate::api_keys::store::endless;
use crate::audit;
use crate::clock::{Span, Time, days};
use crate::db::{Conn, Tx};
use crate::error::{Code, Result};
use crate::ids::KeyId;
use crate::site::{self, KeyPolicy};

/// Keys that get an end in one transaction.
const SOME: i64 = 500;

/// When keys end that had no end, spread evenly so that not all programs stop on one day.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// When the first of them ends.
    pub first: Time,
    /// Over how long the ends are spread.
    pub spread: Span,
    /// How many keys there are.
    pub count: i64,
}

impl Ends {
    /// Ends in so many days from `now`, spread over so many.
    pub fn in_days(after: i64, stagger: i64, count: i64, now: Time) -> Self {
        Self {
            first: now.plus(days(after)).whole_seconds(),
            spread: days(stagger),
            count,
        }
    }

    fn of(&self, number: i64) -> Time {
        let share = i128::from(self.spread.as_micros()) * i128::from(number);
        let share = share / i128::from(self.count.max(1));
        let later = Span::from_micros(i64::try_from(share).unwrap_or_default());
        self.first.plus(later).whole_seconds()
    }
}

/// How many keys work and have no end.
///
/// # Errors
/// When the database refuses.
pub fn count(conn: &mut Conn) -> Result<i64> {
    Ok(endless::count(conn)?)
}

/// Gives some keys without an end theirs: those after `from`, of which `done` have theirs. Answers the last of them and how
/// many have theirs now; `None` when there are no more. What was done stays done when a run is broken off.
///
/// # Errors
/// When the database refuses.
pub fn give_ends(
    tx: &mut Tx<'_>,
    actor: &Actor,
    ends: &Ends,
    from: Option<KeyId>,
    done: i64,
) -> Result<Option<(KeyId, i64)>> {
    let some = endless::some(tx, from, SOME)?;
    let Some(last) = some.last().map(|key| key.id) else {
        return Ok(None);
    };
    let mut done = done;
    for key in &some {
        give_end(tx, actor, key, ends.of(done))?;
        done += 1;
    }
    // Who remembers a key believes that it never ends.
    tx.narrow_rights()?;
    Ok(Some((last, done)))
}

/// Gives an end to one of the actor's own keys that has none, within the policy of the site.
///
/// # Errors
/// `not_found` for the keys of others too, `wrong_state` for a key that has an end or does not work any more,
/// `invalid_input`.
pub fn set_end(tx: &mut Tx<'_>, actor: &Actor, id: KeyId, ends: model::Ends) -> Result<Key> {
    let (key, now) = (own(tx, actor, id)?, tx.now);
    let policy = bounded(site::actions::current(tx)?.key_policy);
    let end = model::end(ends, &policy, now)?.ok_or(Code::WrongState)?;
    if !give_end(tx, actor, &key, end)? {
        return Code::WrongState.refuse();
    }
    tx.narrow_rights()?;
    Ok(Key {
        expires_at: Some(end),
        ..key
    })
}

/// A policy by which keys end.
pub fn bounded(policy: KeyPolicy) -> KeyPolicy {
    KeyPolicy {
        never_allowed: false,
        ..policy
    }
}

fn give_end(tx: &mut Tx<'_>, actor: &Actor, key: &Key, end: Time) -> Result<bool> {
    let now = tx.now;
    if !endless::set_end(tx, key.id, end, now)? {
        return Ok(false);
    }
    let entry = audit::Entry::new("api_key.end_set", target(key))
        .before(json!({ "name": key.name, "expires_at": null }))
        .after(json!({ "name": key.name, "expires_at": end }));
    audit::record(tx, actor, entry)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_spread_evenly_and_the_last_is_within_the_spread() {
        let now = Time::from_micros(1_795_424_400_000_000);
        let ends = Ends::in_days(90, 30, 4, now);
        let after = |number| (ends.of(number) - now).whole_days();
        assert_eq!([after(0), after(1), after(2), after(3)], [90, 97, 105, 112]);
        let at_once = Ends::in_days(90, 0, 4, now);
        assert_eq!(at_once.of(3), at_once.of(0));
        let none = Ends::in_days(90, 30, 0, now);
        assert_eq!(none.of(0), none.first);
    }
}
