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
    assert_eq!(limiter.take(&LIMIT, "ada", last), Err(RetryAfter(1)));
    assert_eq!(limiter.take(&LIMIT, "ada", later(900)), Ok(()));
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
        limiter.take(&LIMIT, "ada", START).unwrap();
    }
    assert!(limiter.take(&LIMIT, "ada", START).is_err());
    assert!(limiter.take(&LIMIT, "grace", START).is_ok());
    assert!(limiter.take(&codes, "ada", START).is_ok());
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
        limiter.take(&LIMIT, &name, START).unwrap();
        limiter.take(&LIMIT, &name, START).unwrap();
    }
    limiter.take(&LIMIT, "ada", later(900)).unwrap();
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
    assert_eq!(limiter.take(&LIMIT, "ada", START), Err(RetryAfter(900)));
    let held = Held::Reached(RetryAfter(900));
    assert_eq!(limiter.start(&LIMIT, "ada", START), Err(held));
    limiter.settle(&LIMIT, "ada", START, true);
}

#[test]
fn tries_under_way_hold_the_place_of_a_failure_until_they_are_settled() {
    let limiter = Limiter::new();
    let start = || limiter.start(&LIMIT, "ada", START);
    for _ in 0..5 {
        assert_eq!(start(), Ok(()));
    }
    assert_eq!(start(), Err(Held::UnderWay));
    // One was right: its place is free, and no failure is left of it.
    limiter.settle(&LIMIT, "ada", START, false);
    assert_eq!(start(), Ok(()));
    for _ in 0..5 {
        limiter.settle(&LIMIT, "ada", later(1), true);
    }
    assert_eq!(start(), Err(Held::Reached(RetryAfter(901))));
    assert_eq!(limiter.start(&LIMIT, "ada", later(901)), Ok(()));
}

#[test]
fn right_tries_are_no_failures_however_many_and_whenever() {
    let limiter = Limiter::new();
    for second in 0..2_000 {
        limiter.start(&LIMIT, "ada", later(second)).unwrap();
        limiter.settle(&LIMIT, "ada", later(second), false);
    }
    limiter.settle(&LIMIT, "unknown", START, false);
    for _ in 0..5 {
        limiter.take(&LIMIT, "unknown", START).unwrap();
    }
    assert!(limiter.take(&LIMIT, "unknown", START).is_err());
}
