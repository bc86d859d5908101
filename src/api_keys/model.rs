//! What an API key is, in which states it can be, and what may be asked for when one is made. Pure.

use std::net::IpAddr;

use crate::access::{Role, Scope, Scopes};
use crate::clock::{Span, Time, days, seconds};
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
        /// Another took its place, and its end has come.
        Superseded = "superseded",
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
    /// The first nine characters of the secret, `vstk_4kQ9`; of a key that was imported `sha256:` and the first eight digits
    /// of its digest.
    pub prefix: String,
    /// The last four characters of the secret; empty for a key that was imported.
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
    /// The key that took its place; until its end both work.
    pub successor_id: Option<KeyId>,
    /// When that one was first used.
    pub successor_used_at: Option<Time>,
    /// Whether that ends this one before its time.
    pub ends_on_first_use: bool,
}

/// How long before its end a key is said to end soon.
pub const SOON: Span = days(7);

impl Key {
    /// The state at `now`. An end that is not after `now` has come (product rule 5); a key without an
    /// end never expires.
    pub fn state(&self, now: Time) -> KeyState {
        if self.revoked_at.is_some() {
            KeyState::Revoked
        } else if self.expires_at.is_none_or(|end| end > now) {
            KeyState::Active
        } else if self.successor_id.is_some() {
            KeyState::Superseded
        } else {
            KeyState::Expired
        }
    }

    /// When a key ends that takes the place of this one now: it lives as long as this one was made for, as far as the
    /// policy lets it.
    fn end_of_successor(&self, policy: &KeyPolicy, now: Time) -> Option<Time> {
        let longest = days(policy.max_days);
        let life = match self.expires_at {
            None if policy.never_allowed => return None,
            None => longest,
            Some(end) => (end - self.created_at).min(longest),
        };
        Some(now.plus(life).whole_seconds())
    }

    /// What a key is made with that takes the place of this one and is asked for by nobody in person: the same.
    pub fn successor(&self, policy: &KeyPolicy, now: Time) -> Terms {
        Terms {
            name: self.name.clone(),
            note: self.note.clone(),
            scopes: self.scopes,
            expires_at: self.end_of_successor(policy, now),
        }
    }

    /// Whether it works and never ends by itself.
    pub fn is_endless(&self, now: Time) -> bool {
        self.expires_at.is_none() && self.state(now) == KeyState::Active
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

/// How long a key goes on working beside the one that takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The longest time that both work.
    pub at_most: Span,
    /// Whether the first use of the new one ends the old one before that.
    pub until_first_use: bool,
}

impl Overlap {
    /// The longest that there is.
    pub const LONGEST: Span = days(7);
    /// What holds when nothing was said.
    pub const USUAL: Self = Self::lasting(days(1));
    /// The old key ends at once.
    pub const NONE: Self = Self::lasting(seconds(0));
    /// The old key ends when the new one is first used, and after a week at the latest.
    pub const UNTIL_FIRST_USE: Self = Self {
        at_most: Self::LONGEST,
        until_first_use: true,
    };

    /// Both work for so long.
    pub const fn lasting(at_most: Span) -> Self {
        Self {
            at_most,
            until_first_use: false,
        }
    }

    /// When a key ends that is replaced at `now`: never later than it would have without.
    pub fn end(&self, before: Option<Time>, now: Time) -> Time {
        let end = now.plus(self.at_most).whole_seconds();
        before.map_or(end, |before| before.min(end))
    }
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
            name.is_empty()
                .then(|| FieldError::new("name", "name_missing")),
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

/// When a key ends for which `ends` is asked at `now`.
///
/// # Errors
/// What of it the policy does not let one choose: `expires` or `ends_on`.
pub fn end(ends: Ends, policy: &KeyPolicy, now: Time) -> Result<Option<Time>, FieldError> {
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

/// From where a key was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The address.
    pub ip: Option<IpAddr>,
    /// The program, as it called itself.
    pub agent: String,
}

#[cfg(test)]
mod tests;
