//! The form that makes an API key, as it was filled in, and what it offers to choose from.

use crate::access::{Role, Scope, Scopes};
use crate::api_keys::model::{Ends, IssueKey, Key, Overlap, choices, scopes_for};
use crate::api_keys::view::scope_words;
use crate::clock::{Time, days, hours};
use crate::error::{FieldError, Result};
use crate::site::KeyPolicy;
use crate::text::Text;
use crate::web::PostForm;

/// One choice of a group of radio buttons or checkboxes.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) checked: bool,
}

/// The choices of when the old key ends.
const OVERLAPS: [(&str, Overlap); 5] = [
    ("now", Overlap::NONE),
    ("1h", Overlap::lasting(hours(1))),
    ("24h", Overlap::USUAL),
    ("7d", Overlap::lasting(Overlap::LONGEST)),
    ("first_use", Overlap::UNTIL_FIRST_USE),
];

/// The choices of when the old key ends, which would end at `before` without.
pub(super) fn overlaps(text: Text, before: Option<Time>, now: Time, chosen: &str) -> Vec<Choice> {
    let chosen = if chosen.is_empty() { "24h" } else { chosen };
    let choice = |(value, overlap): &(&str, Overlap)| {
        let name = value.replace('_', "-");
        let end = overlap.end(before, now);
        let hint = match *value {
            "now" => text.get("api-keys-overlap-now-hint"),
            "first_use" => text.get("api-keys-overlap-first-use-hint"),
            _ => text.get("api-keys-overlap-until"),
        };
        Choice {
            value: (*value).to_owned(),
            label: text.get(format!("api-keys-overlap-{name}")).to_string(),
            hint: hint.arg("end", text.moment(end)).to_string(),
            checked: *value == chosen,
        }
    };
    OVERLAPS.iter().map(choice).collect()
}

pub(super) fn lives(text: Text, policy: &KeyPolicy, now: Time, chosen: &str) -> Vec<Choice> {
    let default = policy.default_days.to_string();
    let chosen = if chosen.is_empty() { &default } else { chosen };
    let choice = |value: String, label: String, hint: String| Choice {
        checked: value == chosen,
        value,
        label,
        hint,
    };
    let mut lives: Vec<Choice> = choices(policy)
        .into_iter()
        .map(|count| {
            let last = text.day(now.plus(days(count)));
            let label = text.get("api-keys-life-days").arg("count", count);
            let hint = text.get("api-keys-life-ends").arg("day", last);
            choice(count.to_string(), label.to_string(), hint.to_string())
        })
        .collect();
    let label = text.get("api-keys-life-date").to_string();
    lives.push(choice("date".into(), label, String::new()));
    if policy.never_allowed {
        let label = text.get("api-keys-life-never").to_string();
        let hint = text.get("api-keys-life-never-hint").to_string();
        lives.push(choice("never".into(), label, hint));
    }
    lives
}

pub(super) fn scopes(text: Text, role: Role, chosen: &[String]) -> Vec<Choice> {
    let choice = |value: &str, label: String, hint: String| Choice {
        value: value.to_owned(),
        label,
        hint,
        checked: chosen.iter().any(|scope| scope == value),
    };
    let all = choice(
        "all",
        text.get("api-keys-scope-all").to_string(),
        text.get("api-keys-scope-all-hint").to_string(),
    );
    let one = |scope: Scope| {
        let name = scope.as_str();
        choice(name, scope_words(text, scope), name.to_owned())
    };
    std::iter::once(all)
        .chain(scopes_for(role).map(one))
        .collect()
}

/// The form as it was filled in.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    pub(super) name: String,
    pub(super) note: String,
    /// A number of days, `date` or `never`; empty is the default of the site.
    pub(super) expires: String,
    /// A day, when `expires` is `date`.
    pub(super) ends_on: String,
    pub(super) scopes: Vec<String>,
    /// When the old key ends, in place of which one is made.
    pub(super) overlap: String,
}

impl Typed {
    pub(super) fn of_form(form: &PostForm) -> Self {
        Self {
            name: form.get("name").to_owned(),
            note: form.get("note").to_owned(),
            expires: form.get("expires").to_owned(),
            ends_on: form.get("ends_on").to_owned(),
            scopes: form.all("scopes").map(str::to_owned).collect(),
            overlap: form.get("overlap").to_owned(),
        }
    }

    pub(super) fn of_pairs(pairs: &[(String, String)]) -> Self {
        let all = |name: &str| -> Vec<String> {
            let named = pairs.iter().filter(|(field, _)| field == name);
            named.map(|(_, value)| value.clone()).collect()
        };
        let first = |name: &str| all(name).into_iter().next().unwrap_or_default();
        Self {
            name: first("name"),
            note: first("note"),
            expires: first("expires"),
            ends_on: first("ends_on"),
            scopes: all("scopes"),
            overlap: first("overlap"),
        }
    }

    /// What stands in the form before anybody filled it in: what `key` was made with.
    pub(super) fn of_key(key: &Key, policy: &KeyPolicy) -> Self {
        let days = key
            .expires_at
            .map(|end| (end - key.created_at).whole_days());
        let offered = days.filter(|days| choices(policy).contains(days));
        let expires = match (key.expires_at, offered) {
            (None, _) if policy.never_allowed => "never".to_owned(),
            (_, Some(days)) => days.to_string(),
            _ => String::new(),
        };
        Self {
            name: key.name.clone(),
            note: key.note.clone(),
            expires,
            scopes: key
                .scopes
                .to_string()
                .split(' ')
                .map(str::to_owned)
                .collect(),
            ..Self::default()
        }
    }

    /// Whether nothing was filled in.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs().is_empty()
    }

    fn pairs(&self) -> Vec<(&'static str, &str)> {
        let single = [
            ("name", &self.name),
            ("note", &self.note),
            ("expires", &self.expires),
            ("ends_on", &self.ends_on),
            ("overlap", &self.overlap),
        ];
        let scopes = self.scopes.iter().map(|scope| ("scopes", scope));
        let all = single.into_iter().chain(scopes);
        all.map(|(name, value)| (name, value.as_str()))
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }

    /// The form at `path` as it is filled in now.
    pub(super) fn href(&self, path: &str) -> String {
        let query = serde_urlencoded::to_string(self.pairs()).unwrap_or_default();
        match query.as_str() {
            "" => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// The way to another proof of who one is, from where it comes back to the form as it is filled in now.
    pub(super) fn confirm_href(&self, path: &str) -> String {
        let next = serde_urlencoded::to_string([("next", self.href(path))]).unwrap_or_default();
        format!("/sign-in/confirm?{next}")
    }

    /// How long the old key goes on working.
    pub(super) fn overlap(&self) -> Result<Overlap, FieldError> {
        let chosen = OVERLAPS.iter().find(|(value, _)| *value == self.overlap);
        match chosen {
            Some((_, overlap)) => Ok(*overlap),
            None if self.overlap.is_empty() => Ok(Overlap::USUAL),
            None => Err(FieldError::new("overlap", "not_a_choice")),
        }
    }

    /// What is asked for, and what could not be read.
    pub(super) fn read(&self, policy: &KeyPolicy) -> (IssueKey, Vec<FieldError>) {
        let mut errors = Vec::new();
        let words = self.scopes.iter().map(String::as_str);
        let scopes = Scopes::read(words).unwrap_or_else(|word| {
            errors.push(FieldError::new("scopes", "not_a_scope").with("scope", word));
            Scopes::ALL
        });
        let default = Ends::In(policy.default_days);
        let ends = self.ends(default).unwrap_or_else(|error| {
            errors.push(error);
            default
        });
        let input = IssueKey {
            name: self.name.clone(),
            note: self.note.clone(),
            scopes,
            ends,
        };
        (input, errors)
    }

    /// When the key shall end.
    pub(super) fn ends(&self, default: Ends) -> Result<Ends, FieldError> {
        match self.expires.as_str() {
            "" => Ok(default),
            "never" => Ok(Ends::Never),
            "date" if self.ends_on.is_empty() => Err(FieldError::new("ends_on", "date_missing")),
            "date" => Time::parse(&format!("{}T00:00:00Z", self.ends_on))
                .map(Ends::At)
                .ok_or_else(|| FieldError::new("ends_on", "not_a_date")),
            days => days
                .parse()
                .map(Ends::In)
                .map_err(|_| FieldError::new("expires", "not_a_choice")),
        }
    }
}

#[cfg(test)]
mod tests;
