//! What an API key is, in which states it can be, and what may be asked for when one is made. Pure.

use crate::access::{Role, Scope, Scopes};
use crate::clock::{Span, Time, days};
use crate::error::{Error, FieldError, Result};
use crate::ids::{KeyId, UserId};
use crate::site::KeyPolicy;

crate::words! {
    /// Whether a key opens anything. Computed at use from its times, never stored.
    pub enum KeyState {
        /// It works.
        Active = "active",
        /// Its end has come.
        Expired = "expired",
        /// Somebody ended it.
        Revoked = "revoked",
    }
}

/// An API key as it is kept. Its secret is not part of it: nobody can read that again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The id.
    pub id: KeyId,
    /// Whose rights it has.
    pub owner_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// Where its owner keeps it; may be empty.
    pub note: String,
    /// The first nine characters of the secret, `vstk_4kQ9`.
    pub prefix: String,
    /// The last four characters of the secret.
    pub last_four: String,
    /// What it may do, before the role of its owner is looked at.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Time,
    /// When it ends; `None` is never.
    pub expires_at: Option<Time>,
    /// When somebody ended it.
    pub revoked_at: Option<Time>,
    /// The user who ended it; `None` beside a `revoked_at` is the operator.
    pub revoked_by: Option<UserId>,
    /// Why, in the words of who ended it.
    pub revoked_reason: Option<String>,
    /// When a program last used it, to the minute.
    pub last_used_at: Option<Time>,
    /// From which address.
    pub last_used_ip: Option<String>,
    /// The program, as it called itself.
    pub last_used_agent: Option<String>,
}

/// How long before its end a key is said to end soon.
pub const SOON: Span = days(7);

impl Key {
    /// The state at `now`. An end that is not after `now` has come (product rule 5); a key without an
    /// end never expires.
    pub fn state(&self, now: Time) -> KeyState {
        if self.revoked_at.is_some() {
            KeyState::Revoked
        } else if self.expires_at.is_some_and(|end| end <= now) {
            KeyState::Expired
        } else {
            KeyState::Active
        }
    }

    /// The end of a key that works now and stops within seven days.
    pub fn ends_soon(&self, now: Time) -> Option<Time> {
        self.expires_at
            .filter(|end| self.state(now) == KeyState::Active && *end - now <= SOON)
    }
}

/// When a key shall end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// So many days from now.
    In(i64),
    /// At a moment.
    At(Time),
    /// Never.
    Never,
}

/// What holds for the command line in place of the site's policy: who runs it holds the database anyway.
pub const OPERATOR_POLICY: KeyPolicy = KeyPolicy {
    default_days: 90,
    max_days: 36_500,
    never_allowed: true,
};

/// The lives to choose from, in days, shortest first.
pub fn choices(policy: &KeyPolicy) -> Vec<i64> {
    let mut days = vec![7, 30, 60, 90, 365, policy.default_days];
    days.retain(|days| *days <= policy.max_days);
    days.sort_unstable();
    days.dedup();
    days
}

/// What is asked for when a key is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueKey {
    /// What to call it, 1 to 100 characters.
    pub name: String,
    /// Where it will be kept, at most 500 characters.
    pub note: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it shall end.
    pub ends: Ends,
}

/// What was asked for, after the rules have looked at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The name, without spaces around it.
    pub name: String,
    /// The note, without spaces around it.
    pub note: String,
    /// What the key may do.
    pub scopes: Scopes,
    /// When it ends, in whole seconds, because that is how ends are told.
    pub expires_at: Option<Time>,
}

impl IssueKey {
    const LONGEST_NAME: usize = 100;
    const LONGEST_NOTE: usize = 500;

    /// Looks at what was asked for a user of role `owner`.
    ///
    /// # Errors
    /// `invalid_input` with every field that is not right: `name`, `note`, `scopes`, `expires` (a number
    /// of days, or never) or `ends_on` (a moment).
    pub fn check(&self, owner: Role, policy: &KeyPolicy, now: Time) -> Result<Terms> {
        let (name, note) = (self.name.trim(), self.note.trim());
        let end = end(self.ends, policy, now);
        let errors: Vec<FieldError> = [
            name.is_empty().then(|| FieldError::new("name", "required")),
            line("name", name, Self::LONGEST_NAME),
            line("note", note, Self::LONGEST_NOTE),
            of_use(self.scopes, owner),
            end.as_ref().err().cloned(),
        ]
        .into_iter()
        .flatten()
        .collect();
        match end {
            Ok(expires_at) if errors.is_empty() => Ok(Terms {
                name: name.to_owned(),
                note: note.to_owned(),
                scopes: self.scopes,
                expires_at,
            }),
            _ => Err(Error::Invalid(errors)),
        }
    }
}

/// One line of text, not too long.
fn line(field: &str, text: &str, most: usize) -> Option<FieldError> {
    if text.chars().any(char::is_control) {
        return Some(FieldError::new(field, "control_characters"));
    }
    (text.chars().count() > most).then(|| FieldError::new(field, "too_long").with("max", most))
}

/// A key without scopes opens nothing, and one that its owner's role has no use for promises too much.
fn of_use(scopes: Scopes, owner: Role) -> Option<FieldError> {
    if scopes == Scopes::ALL {
        return None;
    }
    let mut chosen = Scope::EACH
        .iter()
        .filter(|scope| scopes.contains(**scope))
        .peekable();
    if chosen.peek().is_none() {
        return Some(FieldError::new("scopes", "nothing_chosen"));
    }
    chosen
        .find(|scope| scope.least_role() > owner)
        .map(|scope| FieldError::new("scopes", "scope_above_role").with("scope", scope.as_str()))
}

fn end(ends: Ends, policy: &KeyPolicy, now: Time) -> Result<Option<Time>, FieldError> {
    let latest = now.plus(days(policy.max_days));
    match ends {
        Ends::Never if policy.never_allowed => Ok(None),
        Ends::Never => Err(FieldError::new("expires", "must_end")),
        Ends::In(count) if (1..=policy.max_days).contains(&count) => {
            Ok(Some(now.plus(days(count)).whole_seconds()))
        }
        Ends::In(_) => Err(FieldError::new("expires", "out_of_range")
            .with("min", 1)
            .with("max", policy.max_days)),
        Ends::At(end) if end.whole_seconds() <= now => {
            Err(FieldError::new("ends_on", "not_in_future"))
        }
        Ends::At(end) if end > latest => {
            Err(FieldError::new("ends_on", "ends_too_late").with("max", policy.max_days))
        }
        Ends::At(end) => Ok(Some(end.whole_seconds())),
    }
}

/// What the list of every scope that a role has use for is made of, in the order for people.
pub fn scopes_for(role: Role) -> impl Iterator<Item = Scope> {
    Scope::EACH
        .iter()
        .copied()
        .filter(move |scope| scope.least_role() <= role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::seconds;

    const NOW: Time = Time::from_micros(1_795_424_400_000_000);

    fn key(expires_at: Option<Time>) -> Key {
        Key {
            id: KeyId::new(NOW),
            owner_id: UserId::new(NOW),
            name: "Laptop".into(),
            note: String::new(),
            prefix: "vstk_4kQ9".into(),
            last_four: "0a1B".into(),
            scopes: Scopes::ALL,
            created_at: NOW,
            expires_at,
            revoked_at: None,
            revoked_by: None,
            revoked_reason: None,
            last_used_at: None,
            last_used_ip: None,
            last_used_agent: None,
        }
    }

    fn asked() -> IssueKey {
        IssueKey {
            name: " Laptop ".into(),
            note: String::new(),
            scopes: Scopes::ALL,
            ends: Ends::In(90),
        }
    }

    fn wrong(input: &IssueKey, role: Role, policy: &KeyPolicy) -> Vec<(String, &'static str)> {
        match input.check(role, policy, NOW) {
            Err(Error::Invalid(errors)) => errors
                .into_iter()
                .map(|error| (error.field, error.code))
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_end_is_exact_and_no_end_is_never() {
        let micro = Time::from_micros(1) - Time::from_micros(0);
        for (expires_at, state) in [
            (Some(NOW.plus(micro)), KeyState::Active),
            (Some(NOW.plus(days(90))), KeyState::Active),
            (Some(NOW), KeyState::Expired),
            (Some(NOW.minus(micro)), KeyState::Expired),
            (Some(Time::from_micros(0)), KeyState::Expired),
            (None, KeyState::Active),
        ] {
            assert_eq!(key(expires_at).state(NOW), state, "{expires_at:?}");
            let revoked = Key {
                revoked_at: Some(NOW),
                ..key(expires_at)
            };
            assert_eq!(revoked.state(NOW), KeyState::Revoked, "{expires_at:?}");
        }
    }

    #[test]
    fn soon_is_seven_days_and_only_for_a_key_that_works() {
        for (expires_at, soon) in [
            (Some(NOW.plus(days(7)).plus(seconds(1))), false),
            (Some(NOW.plus(days(7))), true),
            (Some(NOW.plus(seconds(1))), true),
            (Some(NOW), false),
            (None, false),
        ] {
            assert_eq!(
                key(expires_at).ends_soon(NOW).is_some(),
                soon,
                "{expires_at:?}"
            );
        }
    }

    #[test]
    fn a_life_lies_within_the_policy() {
        let policy = KeyPolicy::default();
        let end = |ends| {
            IssueKey { ends, ..asked() }
                .check(Role::Member, &policy, NOW)
                .map(|terms| terms.expires_at)
        };
        let fits = |span| Some(NOW.plus(span));
        assert_eq!(end(Ends::In(1)).unwrap(), fits(days(1)));
        assert_eq!(end(Ends::In(365)).unwrap(), fits(days(365)));
        assert_eq!(
            end(Ends::At(NOW.plus(seconds(1)))).unwrap(),
            fits(seconds(1))
        );
        assert_eq!(end(Ends::At(NOW.plus(days(365)))).unwrap(), fits(days(365)));
        for (ends, error) in [
            (Ends::In(0), ("expires", "out_of_range")),
            (Ends::In(366), ("expires", "out_of_range")),
            (Ends::In(i64::MAX), ("expires", "out_of_range")),
            (Ends::Never, ("expires", "must_end")),
            (Ends::At(NOW), ("ends_on", "not_in_future")),
            (
                Ends::At(NOW.plus(days(365)).plus(seconds(1))),
                ("ends_on", "ends_too_late"),
            ),
        ] {
            let input = IssueKey { ends, ..asked() };
            assert_eq!(
                wrong(&input, Role::Member, &policy),
                [(error.0.to_owned(), error.1)]
            );
        }
        let free = KeyPolicy {
            never_allowed: true,
            ..policy
        };
        let never = IssueKey {
            ends: Ends::Never,
            ..asked()
        };
        assert_eq!(
            never.check(Role::Member, &free, NOW).unwrap().expires_at,
            None
        );
    }

    #[test]
    fn ends_are_kept_in_whole_seconds() {
        let now = NOW.plus(Time::from_micros(750_000) - Time::from_micros(0));
        let terms = asked()
            .check(Role::Member, &KeyPolicy::default(), now)
            .unwrap();
        assert_eq!(terms.expires_at, Some(NOW.plus(days(90))));
        assert_eq!(terms.name, "Laptop");
    }

    #[test]
    fn every_field_that_is_wrong_is_told() {
        let input = IssueKey {
            name: "  ".into(),
            note: "x".repeat(501),
            scopes: Scopes::default(),
            ends: Ends::Never,
        };
        let told: Vec<_> = wrong(&input, Role::Owner, &KeyPolicy::default());
        let told: Vec<_> = told
            .iter()
            .map(|(field, code)| (field.as_str(), *code))
            .collect();
        assert_eq!(
            told,
            [
                ("name", "required"),
                ("note", "too_long"),
                ("scopes", "nothing_chosen"),
                ("expires", "must_end")
            ]
        );
        let input = IssueKey {
            name: "ü".repeat(100),
            note: "a\nb".into(),
            ..asked()
        };
        assert_eq!(
            wrong(&input, Role::Owner, &KeyPolicy::default()),
            [("note".to_owned(), "control_characters")]
        );
    }

    #[test]
    fn a_scope_that_the_role_has_no_use_for_is_refused() {
        for scope in Scope::EACH {
            for role in Role::ALL {
                let input = IssueKey {
                    scopes: Scopes::default().with(*scope),
                    ..asked()
                };
                let answer = input.check(*role, &KeyPolicy::default(), NOW);
                assert_eq!(
                    answer.is_ok(),
                    *role >= scope.least_role(),
                    "{scope:?} {role}"
                );
                assert_eq!(
                    scopes_for(*role).any(|offered| offered == *scope),
                    answer.is_ok()
                );
            }
        }
        assert!(
            asked()
                .check(Role::Member, &KeyPolicy::default(), NOW)
                .is_ok()
        );
    }

    #[test]
    fn the_lives_to_choose_from_stop_at_the_policy() {
        let choices = |default_days, max_days| {
            super::choices(&KeyPolicy {
                default_days,
                max_days,
                never_allowed: false,
            })
        };
        assert_eq!(choices(90, 365), [7, 30, 60, 90, 365]);
        assert_eq!(choices(14, 60), [7, 14, 30, 60]);
        assert_eq!(choices(1, 1), [1]);
    }
}
