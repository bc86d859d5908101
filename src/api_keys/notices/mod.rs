//! Telling people before their keys end, and when they have ended.
//!
//! Each key knows when its owner is next told of it: 30, 7 and 1 days before its end, and at it. The sweep tells, and sets
//! the next time in the same transaction, so each notice is made exactly once. It goes by the clock and not by the day, and a
//! mail says how much time is really left. After an outage the most urgent notice alone is made; somebody with several keys
//! gets one mail for all that are due in a run (field notes, keys §5).

pub mod ahead;
mod mail;
pub mod pages;
mod store;
pub mod sweep;

use super::model::Key;
use crate::clock::{Span, Time, days};

/// How long before the end of a key its owner is told, and the end itself.
const LEADS: [Span; 4] = [days(30), days(7), days(1), days(0)];
/// An end that is longer ago is no news any more, and told to nobody.
const OLD: Span = days(30);

/// When the owner of a key that was made at `made` and ends at `end` is told: what came before the key, or with it, is left
/// out.
pub fn moments(made: Time, end: Time) -> impl Iterator<Item = Time> {
    let moments = LEADS.into_iter().map(move |lead| end.minus(lead));
    moments.filter(move |moment| *moment > made)
}

/// The next of them after `now`.
pub fn next(made: Time, end: Time, now: Time) -> Option<Time> {
    moments(made, end).find(|moment| *moment > now)
}

/// Whether its owner is told at `at` of a key that ends at `end`: whoever replaced it knows, and what is old is no news.
fn is_told(key: &Key, end: Time, at: Time) -> bool {
    key.successor_id.is_none() && at - end < OLD
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: Time = Time::from_micros(1_795_424_400_000_000);

    fn days_after(made_for: i64) -> Vec<i64> {
        let end = MADE.plus(days(made_for));
        moments(MADE, end)
            .map(|at| (at - MADE).whole_days())
            .collect()
    }

    #[test]
    fn a_notice_that_is_longer_than_the_life_of_the_key_is_left_out() {
        assert_eq!(days_after(90), [60, 83, 89, 90]);
        assert_eq!(days_after(30), [23, 29, 30]);
        assert_eq!(days_after(7), [6, 7]);
        assert_eq!(days_after(1), [1]);
    }

    #[test]
    fn what_is_over_is_not_next() {
        let end = MADE.plus(days(90));
        assert_eq!(next(MADE, end, MADE), Some(MADE.plus(days(60))));
        assert_eq!(
            next(MADE, end, MADE.plus(days(60))),
            Some(MADE.plus(days(83)))
        );
        assert_eq!(
            next(MADE, end, MADE.plus(days(85))),
            Some(MADE.plus(days(89)))
        );
        assert_eq!(next(MADE, end, end), None);
    }
}
