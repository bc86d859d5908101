//! What people read, in each language: every text by its key (`locales/<language>/*.ftl`, Fluent syntax).

mod catalogue;
mod message;
#[cfg(test)]
mod tests;

pub use message::{IntoArg, IntoKey, Message, escaped};

use std::sync::{Arc, OnceLock};

use fluent_bundle::FluentResource;

use crate::clock::Time;
use crate::error::FieldError;
use catalogue::Catalogue;

/// A language and its files.
struct Language {
    lang: &'static str,
    files: &'static [&'static str],
    catalogue: &'static OnceLock<Catalogue>,
}

macro_rules! language {
    ($lang:literal: $($file:literal)*) => {
        Language {
            lang: $lang,
            files: &[$(include_str!(concat!("../../locales/", $lang, "/", $file, ".ftl"))),*],
            catalogue: {
                static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
                &CATALOGUE
            },
        }
    };
}

/// The languages. The first has every text; what another one lacks is said in the first, text by text.
#[rustfmt::skip]
static LANGUAGES: &[Language] = &[
    language!("en":
        "web" "api" "audit" "outbox" "users" "sign-in" "groups" "api-keys" "invites" "invite-batches" "templates"
        "schemas" "site" "mail" "docs"),
    language!("de": "web" "api" "users" "sign-in" "api-keys" "invites" "mail"),
];

/// A language that people read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text(usize);

impl Text {
    /// The one that has every text.
    pub const ENGLISH: Self = Self(0);

    /// Every language.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..LANGUAGES.len()).map(Self)
    }

    /// The language of a BCP 47 name, when there is one.
    pub fn of(lang: &str) -> Option<Self> {
        Self::all().find(|text| text.lang() == lang)
    }

    /// The language that `field` names.
    ///
    /// # Errors
    /// `not_a_choice`.
    pub fn read(field: &'static str, lang: &str) -> Result<Self, FieldError> {
        Self::of(lang).ok_or_else(|| {
            let all: Vec<&str> = Self::all().map(Self::lang).collect();
            FieldError::new(field, "not_a_choice").with("choices", all.join(", "))
        })
    }

    /// Every language by its own name, as the options of a choice.
    pub fn choices() -> impl Iterator<Item = (String, Message)> {
        Self::all().map(|text| (text.lang().to_owned(), text.name()))
    }

    /// What the language is called by those who speak it.
    pub fn name(self) -> Message {
        self.get("web-language")
    }

    /// The BCP 47 name, for `<html lang>`.
    pub fn lang(self) -> &'static str {
        LANGUAGES[self.0].lang
    }

    fn catalogue(self) -> &'static Catalogue {
        let language = &LANGUAGES[self.0];
        language.catalogue.get_or_init(|| {
            let rest = (self != Self::ENGLISH).then(|| Self::ENGLISH.catalogue());
            Catalogue::new(language.lang, language.files, rest)
        })
    }

    /// The text of a key; an attribute is `key.attribute`.
    pub fn get(self, key: impl IntoKey) -> Message {
        Message::new(self, key.into_key())
    }

    /// Whether the language has a text of that key itself, for keys that are made of data.
    pub fn has(self, key: &str) -> bool {
        self.catalogue().has(key)
    }

    /// Every key that the language has, for the tests that compare them with what the code asks for.
    pub fn keys(self) -> Vec<String> {
        let files = LANGUAGES[self.0].files.iter();
        let keys = files.flat_map(|file| {
            let read = FluentResource::try_new((*file).to_owned());
            catalogue::names(&read.unwrap_or_else(|(part, _)| part))
        });
        keys.collect()
    }
}

impl Text {
    /// A moment in full: "20 February 2027, 09:00 UTC".
    pub fn moment(self, time: Time) -> String {
        time.format(self.catalogue().moment(time.month()))
    }

    /// A day: "20 February 2027".
    pub fn day(self, time: Time) -> String {
        time.format(self.catalogue().day(time.month()))
    }

    /// How far away a moment is: "in 2 days", "3 hours ago", "just now".
    pub fn relative(self, time: Time, now: Time) -> Arc<str> {
        let seconds = (time - now).as_micros().div_euclid(1_000_000);
        let (ago, ahead, size) = match seconds.abs() {
            0..60 if time > now => return self.counted("time-soon", 0),
            0..60 => return self.counted("time-now", 0),
            60..3_600 => ("time-minutes-ago", "time-in-minutes", 60),
            3_600..86_400 => ("time-hours-ago", "time-in-hours", 3_600),
            86_400..10_368_000 => ("time-days-ago", "time-in-days", 86_400),
            10_368_000..63_072_000 => ("time-months-ago", "time-in-months", 2_592_000),
            _ => ("time-years-ago", "time-in-years", 31_536_000),
        };
        // An end is told rounded to the nearest, so that "90 days" stays 90 days for its first hours.
        let count = (seconds.abs() + size / 2) / size;
        let key = if seconds < 0 { ago } else { ahead };
        self.counted(key, count)
    }

    fn counted(self, key: &'static str, count: i64) -> Arc<str> {
        let write = || self.get(key).arg("count", count).to_string();
        self.catalogue().counted(key, count, write)
    }

    /// A sentence about a wait: `key` with `wait` as "40 seconds" or "5 minutes".
    pub fn wait(self, seconds: u64, key: &'static str) -> String {
        let wait = match seconds {
            0..=90 => self.get("web-wait-seconds").arg("count", seconds),
            _ => self
                .get("web-wait-minutes")
                .arg("count", seconds.div_ceil(60)),
        };
        self.get(key).arg("wait", wait).to_string()
    }

    /// A count that stops at "1,000+".
    pub fn count(self, count: i64) -> String {
        if count > 1_000 {
            format!("{}+", self.number(1_000))
        } else {
            self.number(count)
        }
    }

    /// A number with its thousands apart: "18,204".
    pub fn number(self, number: i64) -> String {
        if number.abs() < 1_000 {
            return number.to_string();
        }
        let (most, rest) = (number / 1_000, number.abs() % 1_000);
        let between = &self.catalogue().thousands;
        format!("{}{between}{rest:03}", self.number(most))
    }
}
