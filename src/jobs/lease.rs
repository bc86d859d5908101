//! Which instance runs which job.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::clock::{Span, Time, seconds};
use crate::db::schema::leases::dsl;
use crate::db::{Conn, Db, Suffix};
use crate::error::Result;

/// How long a lease goes on after its holder was last heard of.
const LEASE: Span = seconds(30);
/// A lease that ends sooner than this is renewed.
const RENEW: Span = seconds(20);
/// How often to look whether another's lease has become free.
const LOOK: Span = seconds(1);

/// The leases of one process, kept until [`Leases::release`]. Taking one writes to the database, so a
/// lease is held over many runs and not taken for each.
pub(super) struct Leases {
    db: Db,
    holder: String,
    held: HashMap<&'static str, Time>,
    looked: Option<Time>,
}

impl Leases {
    /// None yet, for a holder of a new random name.
    pub(super) fn new(db: Db) -> Self {
        let holder = format!("{:032x}", u128::from_be_bytes(crate::secret::random()));
        Self {
            db,
            holder,
            held: HashMap::new(),
            looked: None,
        }
    }

    /// Renews what is held and takes what is free. Costs nothing while all is held, and a read a second
    /// while others hold some.
    ///
    /// # Errors
    /// When the database is away; what is held goes on until its end.
    pub(super) fn keep(&mut self, names: &[&'static str], now: Time) -> Result<()> {
        self.held.retain(|_, until| *until > now);
        let missing = names.iter().any(|name| !self.holds(name, now));
        let looks = missing && self.looked.is_none_or(|at| now - at >= LOOK);
        let ends_soon = self.held.values().any(|until| *until - now < RENEW);
        if !looks && !ends_soon {
            return Ok(());
        }
        self.looked = Some(now);
        let holder = &self.holder;
        let wanted: Vec<&'static str> = self.db.read_now(|conn| {
            let rows: Vec<(String, String, Time)> = dsl::leases.load(conn)?;
            let known: HashMap<_, _> = rows
                .iter()
                .map(|(name, by, until)| (name.as_str(), (by, until)))
                .collect();
            let may_take = |name: &&'static str| {
                known
                    .get(name)
                    .is_none_or(|(by, until)| *by == holder || **until <= now)
            };
            Ok(names.iter().copied().filter(may_take).collect())
        })?;
        let until = now.plus(LEASE);
        if wanted.is_empty() {
            return Ok(());
        }
        let holder = self.holder.clone();
        let taken = self.db.write_now(move |tx| {
            let mut taken = Vec::new();
            for name in &wanted {
                if take(tx, name, &holder, now, until)? {
                    taken.push(*name);
                }
            }
            Ok(taken)
        })?;
        self.held
            .extend(taken.into_iter().map(|name| (name, until)));
        Ok(())
    }

    /// Whether this process holds the lease now.
    pub(super) fn holds(&self, name: &str, now: Time) -> bool {
        self.held.get(name).is_some_and(|until| *until > now)
    }

    /// Gives every lease back, so that another process goes on at once.
    ///
    /// # Errors
    /// When the database is away; the leases then end by themselves.
    pub(super) fn release(self) -> Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let holder = self.holder;
        self.db.write_now(move |tx| {
            diesel::delete(dsl::leases.filter(dsl::holder.eq(&holder))).execute(&mut **tx)?;
            Ok(())
        })
    }
}

/// Ends the leases of processes that have died, where that can be told; says how many.
///
/// # Errors
/// When the database is away; the leases then end by themselves.
pub fn end_dead(db: &Db) -> Result<usize> {
    let Some(at) = db.alone_at() else {
        return Ok(0);
    };
    // One that was taken since ends no sooner than this.
    let dead = dsl::leases.filter(dsl::until.lt(at.plus(LEASE)));
    db.write_now(move |tx| Ok(diesel::delete(dead).execute(&mut **tx)?))
}

/// Takes or renews one lease unless another holds it.
fn take(conn: &mut Conn, name: &str, holder: &str, now: Time, until: Time) -> QueryResult<bool> {
    let free = dsl::holder.eq(holder).or(dsl::until.le(now));
    let updated = diesel::update(dsl::leases.find(name).filter(free))
        .set((dsl::holder.eq(holder), dsl::until.eq(until)))
        .execute(conn)?;
    if updated == 1 {
        return Ok(true);
    }
    let row = (
        dsl::name.eq(name),
        dsl::holder.eq(holder),
        dsl::until.eq(until),
    );
    let inserted = Suffix(
        diesel::insert_into(dsl::leases).values(row),
        "ON CONFLICT (name) DO NOTHING",
    )
    .execute(conn)?;
    Ok(inserted == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::scratch::Scratch;

    const NAMES: [&str; 2] = ["seal", "sweep"];

    #[test]
    fn one_of_two_processes_holds_a_lease_until_it_ends_or_is_given_back() {
        let scratch = Scratch::new();
        let now = scratch.clock.now();
        let (mut first, mut second) = (
            Leases::new(scratch.db.clone()),
            Leases::new(scratch.again()),
        );
        first.keep(&NAMES, now).unwrap();
        second.keep(&NAMES, now).unwrap();
        assert!(
            NAMES
                .iter()
                .all(|name| first.holds(name, now) && !second.holds(name, now))
        );

        let later = now.plus(seconds(25));
        first.keep(&NAMES, later).unwrap();
        let much_later = now.plus(seconds(40));
        second.keep(&NAMES, much_later).unwrap();
        assert!(first.holds("seal", much_later), "renewed");
        assert!(!second.holds("seal", much_later));

        let after_the_end = now.plus(seconds(56));
        assert!(!first.holds("seal", after_the_end));
        second.keep(&NAMES, after_the_end).unwrap();
        assert!(second.holds("seal", after_the_end));
        first.keep(&NAMES, after_the_end).unwrap();
        assert!(!first.holds("seal", after_the_end));

        second.release().unwrap();
        let next = after_the_end.plus(LOOK);
        first.keep(&NAMES, next).unwrap();
        assert!(first.holds("sweep", next));
    }

    #[test]
    fn holding_costs_no_writes() {
        let scratch = Scratch::new();
        let now = scratch.clock.now();
        let mut leases = Leases::new(scratch.db.clone());
        leases.keep(&NAMES, now).unwrap();
        let before = scratch.db.counts();
        for second in 0..10 {
            leases.keep(&NAMES, now.plus(seconds(second))).unwrap();
        }
        assert_eq!(scratch.db.counts(), before);
    }

    #[test]
    fn a_race_for_a_lease_has_one_winner() {
        let scratch = Scratch::new();
        let now = scratch.clock.now();
        let winners: usize = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..4)
                .map(|_| {
                    let mut leases = Leases::new(scratch.again());
                    scope.spawn(move || {
                        leases.keep(&["seal"], now).unwrap();
                        usize::from(leases.holds("seal", now))
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).sum()
        });
        assert_eq!(winners, 1);
    }
}
