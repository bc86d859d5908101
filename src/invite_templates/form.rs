//! The form of a template: what stands in its fields, and what that says.

use std::collections::BTreeMap;

use super::actions::Draft;
use super::policy::{FieldMode, InvitableBy, Policy, Quota};
use crate::error::{FieldError, Result};
use crate::input::Faults;
use crate::site::Terms;
use crate::text::Text;
use crate::web::PostForm;

/// The fields in the order of the page, each with the key of its label.
pub(super) const FIELDS: [(&str, &str); 23] = [
    ("name", "templates-name"),
    ("invitable_by.roles", "templates-by-roles"),
    ("invitable_by.groups", "templates-by-groups"),
    ("roles", "templates-roles"),
    ("groups_given", "templates-groups-given"),
    ("groups", "templates-groups"),
    ("identifier", "templates-identifier"),
    ("domains", "templates-domains"),
    ("reveal_existing", "templates-reveal"),
    ("match", "templates-match"),
    ("approval", "templates-approval"),
    ("terms.version", "site-terms-version"),
    ("terms.url", "site-terms-url"),
    ("delivery", "templates-delivery"),
    ("locale", "templates-locale"),
    ("intro", "templates-intro"),
    ("schema_id", "templates-schema"),
    ("fields", "templates-fields"),
    ("reminders", "templates-reminders"),
    ("expires_in", "templates-expires-in"),
    ("quota.per_day", "templates-per-day"),
    ("quota.pending", "templates-pending"),
    ("redirect_urls", "templates-redirect-urls"),
];

/// What stands in the fields, by name; several values for boxes to tick.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typed(BTreeMap<String, Vec<String>>);

impl Typed {
    /// A template in the fields.
    pub fn of(draft: &Draft, text: Text) -> Self {
        let mut typed = Self::default();
        let policy = &draft.policy;
        typed.put("etag", [draft.etag()]);
        typed.put("name", [draft.name.clone()]);
        typed.put("invitable_by.roles", &policy.invitable_by.roles);
        typed.put("invitable_by.groups", &policy.invitable_by.groups);
        typed.put("roles", policy.roles.iter().flatten());
        let given = policy.groups.as_ref().map_or("any", |_| "only");
        typed.put("groups_given", [given]);
        typed.put("groups", policy.groups.iter().flatten());
        typed.put("identifier", policy.identifier);
        typed.put("domains", [policy.domains.join("\n")]);
        typed.put("reveal_existing", policy.reveal_existing.then_some("on"));
        typed.put("match", [policy.matching]);
        typed.put("approval", policy.approval.then_some("on"));
        let terms = policy.terms.as_ref();
        typed.put("terms.version", terms.map(|terms| &terms.version));
        typed.put("terms.url", terms.map(|terms| &terms.url));
        typed.put("delivery", policy.delivery);
        typed.put("locale", policy.locale.clone());
        typed.put("intro", [policy.intro.clone()]);
        typed.put("schema_id", [draft.schema_id.clone()]);
        for (name, mode) in &policy.fields {
            typed.put(&format!("fields.{name}"), [mode]);
        }
        let spans = policy.reminders.iter().map(|span| shown(text, *span));
        typed.put("reminders", [spans.collect::<Vec<_>>().join("\n")]);
        let life = policy.expires_in.map(|span| shown(text, span));
        typed.put("expires_in", life);
        typed.put("quota.per_day", policy.quota.per_day);
        typed.put("quota.pending", policy.quota.pending);
        typed.put("redirect_urls", [policy.redirect_urls.join("\n")]);
        typed
    }

    /// What was typed.
    pub fn read(form: &PostForm) -> Self {
        let mut typed = Self::default();
        for name in FIELDS.map(|(name, _)| name).into_iter().chain(["etag"]) {
            typed.put(name, form.all(name));
        }
        for name in form.all("field") {
            let name = format!("fields.{name}");
            typed.put(&name, form.all(&name));
        }
        typed
    }

    fn put<T: ToString>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        if values.iter().any(|value| !value.is_empty()) {
            self.0.insert(name.to_owned(), values);
        }
    }

    /// Every value of a field.
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// What stands in a field.
    pub fn get(&self, name: &str) -> &str {
        self.all(name).first().map_or("", String::as_str)
    }

    /// Whether a box is ticked or a choice made.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).iter().any(|own| own == value)
    }

    /// How a trait is treated.
    pub fn mode(&self, name: &str) -> &str {
        match self.get(&format!("fields.{name}")) {
            "" => FieldMode::Prefilled.as_str(),
            mode => mode,
        }
    }

    /// How the traits are treated that are not left alone.
    pub fn modes(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = self.0.keys().filter_map(|key| key.strip_prefix("fields."));
        let modes = named.map(|name| (name, self.mode(name)));
        modes.filter(|(_, mode)| *mode != FieldMode::Prefilled.as_str())
    }

    /// Takes over what is kept now as seen: who saves once more replaces it.
    pub fn seen(&mut self, kept: &Self) {
        self.put("etag", kept.all("etag"));
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.get(name).lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    }

    /// What the form says. `has` tells which traits the chosen schema has: what is said of others is dropped,
    /// or a field could be asked for that nobody sees.
    ///
    /// # Errors
    /// `invalid_input` with all that cannot be read.
    pub fn draft(&self, has: impl Fn(&str) -> bool) -> Result<Draft> {
        let mut reading = Reading {
            typed: self,
            wrong: Vec::new(),
        };
        let groups = reading.each("groups");
        let terms = Terms {
            version: self.get("terms.version").trim().to_owned(),
            url: self.get("terms.url").trim().to_owned(),
        };
        let no_terms = terms.version.is_empty() && terms.url.is_empty();
        let mut fields = BTreeMap::new();
        for (name, mode) in self.modes().filter(|(name, _)| has(name)) {
            match mode.parse() {
                Ok(mode) => drop(fields.insert(name.to_owned(), mode)),
                Err(()) => reading.wrong("fields", "not_a_choice"),
            }
        }
        let roles = reading.each("roles");
        let policy = Policy {
            invitable_by: InvitableBy {
                roles: reading.each("invitable_by.roles"),
                groups: reading.each("invitable_by.groups"),
            },
            roles: (!roles.is_empty()).then_some(roles),
            groups: (self.get("groups_given") == "only").then_some(groups),
            identifier: reading.choice("identifier"),
            domains: self.lines("domains"),
            reveal_existing: !self.get("reveal_existing").is_empty(),
            matching: reading.choice("match").unwrap_or_else(|| {
                reading.wrong("match", "not_a_choice");
                Policy::default().matching
            }),
            approval: !self.get("approval").is_empty(),
            terms: (!no_terms).then_some(terms),
            delivery: reading.choice("delivery"),
            locale: reading.choice("locale"),
            intro: self.get("intro").to_owned(),
            fields,
            reminders: reading.spans("reminders", &self.lines("reminders")),
            expires_in: reading.spans("expires_in", &self.lines("expires_in")).pop(),
            quota: Quota {
                per_day: reading.number("quota.per_day"),
                pending: reading.number("quota.pending"),
            },
            redirect_urls: self.lines("redirect_urls"),
        };
        let mut draft = Draft {
            name: self.get("name").to_owned(),
            schema_id: self.get("schema_id").to_owned(),
            policy,
        };
        if reading.wrong.is_empty() {
            return Ok(draft);
        }
        // What could not be read is told together with what could but is not right.
        let mut faults = Faults::default();
        reading
            .wrong
            .into_iter()
            .for_each(|fault| faults.add(fault));
        draft.check(&mut faults);
        faults.none_in(draft)
    }
}

/// The fields, and what of them cannot be read.
struct Reading<'a> {
    typed: &'a Typed,
    wrong: Vec<FieldError>,
}

impl Reading<'_> {
    fn wrong(&mut self, field: &str, code: &'static str) {
        self.wrong.push(FieldError::new(field, code));
    }

    /// Boxes that are ticked.
    fn each<T: std::str::FromStr>(&mut self, field: &str) -> Vec<T> {
        let mut read = Vec::new();
        for value in self.typed.all(field) {
            match value.parse() {
                Ok(value) => read.push(value),
                Err(_) => self.wrong(field, "not_a_choice"),
            }
        }
        read
    }

    /// One of some words; none when the empty one was chosen.
    fn choice<T: std::str::FromStr>(&mut self, field: &str) -> Option<T> {
        let value = self.typed.get(field);
        if value.is_empty() {
            return None;
        }
        let read = value.parse().ok();
        if read.is_none() {
            self.wrong(field, "not_a_choice");
        }
        read
    }

    fn number(&mut self, field: &str) -> Option<i64> {
        let text = self.typed.get(field).trim();
        if text.is_empty() {
            return None;
        }
        let read = text.parse().ok();
        if read.is_none() {
            self.wrong(field, "not_a_number");
        }
        read
    }

    fn spans(&mut self, field: &str, lines: &[String]) -> Vec<i64> {
        let mut read = Vec::new();
        for line in lines {
            match span(line) {
                Some(seconds) => read.push(seconds),
                None => self.wrong(field, "not_a_span"),
            }
        }
        read
    }
}

/// Units of time: the letter that each begins with, its seconds, and the key of its words.
const UNITS: [(char, i64, &str); 4] = [
    ('d', 86_400, "templates-span-days"),
    ('h', 3_600, "templates-span-hours"),
    ('m', 60, "templates-span-minutes"),
    ('s', 1, "templates-span-seconds"),
];

/// "3 days" or "12 hours" in seconds; a number alone counts days.
fn span(text: &str) -> Option<i64> {
    let end = text.find(|char: char| !char.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let letter = unit.trim_start().chars().next().unwrap_or('d');
    let of_letter = |unit: &&(char, i64, &str)| unit.0 == letter.to_ascii_lowercase();
    let (_, seconds, _) = UNITS.iter().find(of_letter)?;
    number.parse::<i64>().ok()?.checked_mul(*seconds)
}

/// Seconds as [`span`] reads them, in the largest unit that tells them whole.
fn shown(text: Text, seconds: i64) -> String {
    let whole = UNITS.iter().find(|(_, unit, _)| seconds % unit == 0);
    let (_, unit, key) = whole.unwrap_or(&UNITS[3]);
    text.get(*key).arg("count", seconds / unit).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::invite_templates::words::{Delivery, Identifier, Matching};

    #[test]
    fn what_the_form_shows_is_what_it_says() {
        let policy: Policy = serde_json::from_value(serde_json::json!({
            "invitable_by": {
                "roles": ["owner"],
                "groups": ["grp_01a2027b-d6b5-7cd0-be67-ab79529a31c9"],
            },
            "roles": ["member"],
            "groups": [],
            "identifier": "none",
            "fields": { "floor": "locked", "grade": "hidden" },
            "terms": { "version": "2026-11", "url": "https://example.org/terms" },
            "expires_in": 5_400,
            "delivery": "link",
            "match": "bearer",
            "domains": ["example.org", "example.net"],
            "quota": { "per_day": 10, "pending": 0 },
            "reminders": [259_200, 3_601],
            "locale": "en",
            "intro": "Welcome.\nBring a friend.",
            "redirect_urls": ["https://app.example.org/"],
            "reveal_existing": true,
            "approval": true,
        }))
        .unwrap();
        assert_eq!(policy.identifier, Some(Identifier::None));
        assert_eq!(policy.delivery, Some(Delivery::Link));
        let full = Draft {
            name: "Workshop".into(),
            schema_id: "staff".into(),
            policy,
        };
        for draft in [full, Draft::plain()] {
            let typed = Typed::of(&draft, Text::ENGLISH);
            assert_eq!(typed.draft(|_| true).unwrap(), draft);
        }
    }

    #[test]
    fn a_trait_that_the_schema_does_not_have_is_dropped() {
        let mut draft = Draft::plain();
        let fields = [("old", FieldMode::Required), ("new", FieldMode::Locked)];
        let fields = fields.map(|(name, mode)| (name.to_owned(), mode));
        draft.policy.fields = BTreeMap::from(fields);
        let typed = Typed::of(&draft, Text::ENGLISH);
        let read = typed.draft(|name| name == "new").unwrap();
        assert_eq!(read.policy.fields.into_keys().collect::<Vec<_>>(), ["new"]);
    }

    #[test]
    fn all_that_cannot_be_read_is_told_at_once() {
        let mut typed = Typed::of(&Draft::plain(), Text::ENGLISH);
        typed.0.remove("match");
        for (name, value) in [
            ("roles", "king"),
            ("identifier", "fax"),
            ("reminders", "soon"),
            ("quota.per_day", "ten"),
        ] {
            typed.put(name, [value]);
        }
        let Err(Error::Invalid(wrong)) = typed.draft(|_| true) else {
            panic!("it was read");
        };
        let mut fields: Vec<&str> = wrong.iter().map(|fault| fault.field.as_str()).collect();
        fields.sort_unstable();
        let named = [
            "identifier",
            "match",
            "name",
            "quota.per_day",
            "reminders",
            "roles",
        ];
        assert_eq!(fields, named);
        assert_eq!(Policy::default().matching, Matching::Strict);
    }

    #[test]
    fn times_are_read_and_shown_in_whole_units() {
        for (text, seconds) in [
            ("3", Some(259_200)),
            ("3 days", Some(259_200)),
            ("36 Hours", Some(129_600)),
            ("90m", Some(5_400)),
            ("soon", None),
            ("3 years", None),
            ("-1 day", None),
            ("9223372036854775807 days", None),
        ] {
            assert_eq!(span(text), seconds, "{text}");
        }
        assert_eq!(shown(Text::ENGLISH, 86_400), "1 day");
        assert_eq!(shown(Text::ENGLISH, 129_600), "36 hours");
        assert_eq!(shown(Text::ENGLISH, 3_601), "3601 seconds");
    }
}
