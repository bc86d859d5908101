//! The message catalogue: every text that people read, by key (`locales/en/*.ftl`, Fluent syntax).

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock, RwLockReadGuard};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;

use crate::clock::Time;

macro_rules! files {
    ($($file:literal),* $(,)?) => {
        &[$(include_str!(concat!("../locales/en/", $file, ".ftl"))),*]
    };
}

/// The English texts, one file for each feature.
const ENGLISH: &[&str] = files![
    "web",
    "api",
    "audit",
    "outbox",
    "users",
    "sign-in",
    "groups",
    "api-keys",
    "invites",
    "invite-batches",
    "templates",
    "schemas",
    "site",
    "mail",
    "docs"
];

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::new("en", ENGLISH));

/// A language that people read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text;

impl Text {
    /// The only language so far.
    pub const ENGLISH: Self = Self;

    /// The BCP 47 name, for `<html lang>`.
    pub const fn lang(self) -> &'static str {
        "en"
    }

    /// The text of a key; an attribute is `key.attribute`.
    pub fn get(self, key: impl IntoKey) -> Message {
        Message {
            key: key.into_key(),
            args: Vec::new(),
            escape: false,
        }
    }

    /// Whether there is a text of that key, for keys that are made of data.
    pub fn has(self, key: &str) -> bool {
        CATALOGUE.bundle.has_message(key)
    }
}

impl Text {
    /// A moment in full: "20 February 2027, 09:00 UTC".
    pub fn moment(self, time: Time) -> String {
        time.format("%-d %B %Y, %H:%M UTC")
    }

    /// A day: "20 February 2027".
    pub fn day(self, time: Time) -> String {
        time.format("%-d %B %Y")
    }

    /// How far away a moment is: "in 2 days", "3 hours ago", "just now".
    pub fn relative(self, time: Time, now: Time) -> Arc<str> {
        let seconds = (time - now).as_micros().div_euclid(1_000_000);
        let (unit, size) = match seconds.abs() {
            0..60 if time > now => return CATALOGUE.counted("time-soon", 0),
            0..60 => return CATALOGUE.counted("time-now", 0),
            60..3_600 => ("minutes", 60),
            3_600..86_400 => ("hours", 3_600),
            86_400..10_368_000 => ("days", 86_400),
            10_368_000..63_072_000 => ("months", 2_592_000),
            _ => ("years", 31_536_000),
        };
        // An end is told rounded to the nearest, so that "90 days" stays 90 days for its first hours.
        let count = (seconds.abs() + size / 2) / size;
        let key = match (unit, seconds < 0) {
            ("minutes", true) => "time-minutes-ago",
            ("minutes", false) => "time-in-minutes",
            ("hours", true) => "time-hours-ago",
            ("hours", false) => "time-in-hours",
            ("days", true) => "time-days-ago",
            ("days", false) => "time-in-days",
            ("months", true) => "time-months-ago",
            ("months", false) => "time-in-months",
            (_, true) => "time-years-ago",
            (_, false) => "time-in-years",
        };
        CATALOGUE.counted(key, count)
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
            "1,000+".to_owned()
        } else {
            grouped(count)
        }
    }

    /// A number with its thousands apart: "18,204".
    pub fn number(self, number: i64) -> String {
        grouped(number)
    }
}

/// A number with its thousands apart.
fn grouped(number: i64) -> String {
    if number.abs() < 1_000 {
        return number.to_string();
    }
    format!("{},{:03}", grouped(number / 1_000), number.abs() % 1_000)
}

/// What can name a text.
pub trait IntoKey {
    /// The name.
    #[doc(hidden)]
    fn into_key(self) -> Cow<'static, str>;
}

impl IntoKey for &'static str {
    fn into_key(self) -> Cow<'static, str> {
        Cow::Borrowed(self)
    }
}

/// Templates lend what they pass on.
impl IntoKey for &&'static str {
    fn into_key(self) -> Cow<'static, str> {
        Cow::Borrowed(*self)
    }
}

impl IntoKey for String {
    fn into_key(self) -> Cow<'static, str> {
        Cow::Owned(self)
    }
}

/// A text that is on its way to a person. Written out with `Display`.
#[derive(Clone, Debug)]
pub struct Message {
    key: Cow<'static, str>,
    args: Vec<(&'static str, Arg)>,
    escape: bool,
}

#[derive(Clone, Debug)]
enum Arg {
    Number(i64),
    Text(String),
}

/// What can go into a text: numbers choose the plural, all else is written as it is.
pub trait IntoArg {
    /// The value as an argument.
    #[doc(hidden)]
    fn add_to(self, message: Message, name: &'static str) -> Message;
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl IntoArg for $number {
            fn add_to(self, mut message: Message, name: &'static str) -> Message {
                message.args.push((name, Arg::Number(i64::try_from(self).unwrap_or(i64::MAX))));
                message
            }
        }
    )*};
}

numbers!(i64, u64, usize, u32, i32);

impl IntoArg for &str {
    fn add_to(self, mut message: Message, name: &'static str) -> Message {
        message.args.push((name, Arg::Text(self.to_owned())));
        message
    }
}

impl IntoArg for String {
    fn add_to(self, mut message: Message, name: &'static str) -> Message {
        message.args.push((name, Arg::Text(self)));
        message
    }
}

/// Templates lend what they pass on.
impl<T: IntoArg + Clone> IntoArg for &T {
    fn add_to(self, message: Message, name: &'static str) -> Message {
        self.clone().add_to(message, name)
    }
}

impl IntoArg for Message {
    fn add_to(self, message: Message, name: &'static str) -> Message {
        self.to_string().add_to(message, name)
    }
}

impl Message {
    /// Adds what the text needs to know.
    #[must_use]
    pub fn arg(self, name: &'static str, value: impl IntoArg) -> Self {
        value.add_to(self, name)
    }

    /// For a text that holds markup: what was added is escaped, the text itself is not.
    #[must_use]
    pub fn html(mut self) -> Self {
        self.escape = true;
        self
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match CATALOGUE.plain.get(self.key.as_ref()) {
            Some(text) => f.write_str(text),
            None => f.write_str(&CATALOGUE.format(self)),
        }
    }
}

impl From<Message> for String {
    fn from(message: Message) -> Self {
        message.to_string()
    }
}

struct Catalogue {
    bundle: FluentBundle<FluentResource>,
    /// Texts without arguments, ready: most of a page, and formatting costs a microsecond each.
    plain: HashMap<String, String>,
    /// Texts with one small count, as lists repeat them.
    counted: RwLock<HashMap<(&'static str, i64), Arc<str>>>,
}

impl Catalogue {
    fn counted(&self, key: &'static str, count: i64) -> Arc<str> {
        if let Some(text) = read(&self.counted).get(&(key, count)) {
            return text.clone();
        }
        let text: Arc<str> = Text.get(key).arg("count", count).to_string().into();
        let mut counted = self.counted.write().unwrap_or_else(PoisonError::into_inner);
        if counted.len() < 1_000 {
            counted.insert((key, count), text.clone());
        }
        text
    }

    fn new(lang: &str, files: &[&str]) -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec![lang.parse().expect("a language name")]);
        // Isolation marks would show up in mails and in what people copy.
        bundle.set_use_isolating(false);
        let mut keys = Vec::new();
        for file in files {
            let resource = FluentResource::try_new((*file).to_owned())
                .unwrap_or_else(|(_, why)| panic!("a message catalogue cannot be read: {why:?}"));
            keys.extend(names(&resource));
            bundle
                .add_resource(resource)
                .expect("no two texts have the same key");
        }
        let plain = keys
            .into_iter()
            .filter_map(|key| {
                let text = format(&bundle, &key, None)?;
                Some((key, text))
            })
            .collect();
        Self {
            bundle,
            plain,
            counted: RwLock::default(),
        }
    }

    /// The text with its arguments; the key itself when there is no such text, which a test forbids.
    fn format(&self, message: &Message) -> String {
        let mut args = FluentArgs::with_capacity(message.args.len());
        for (name, arg) in &message.args {
            args.set(
                *name,
                match arg {
                    Arg::Number(number) => FluentValue::from(*number),
                    Arg::Text(text) if message.escape => FluentValue::from(escaped(text)),
                    Arg::Text(text) => FluentValue::from(text.as_str()),
                },
            );
        }
        format(&self.bundle, &message.key, Some(&args)).unwrap_or_else(|| message.key.to_string())
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn format(
    bundle: &FluentBundle<FluentResource>,
    key: &str,
    args: Option<&FluentArgs<'_>>,
) -> Option<String> {
    let (id, attribute) = key
        .split_once('.')
        .map_or((key, None), |(id, name)| (id, Some(name)));
    let message = bundle.get_message(id)?;
    let pattern = match attribute {
        Some(name) => message.get_attribute(name)?.value(),
        None => message.value()?,
    };
    let mut errors = Vec::new();
    let text = bundle
        .format_pattern(pattern, args, &mut errors)
        .into_owned();
    errors.is_empty().then_some(text)
}

/// The keys of a file, attributes as `key.attribute`.
fn names(resource: &FluentResource) -> Vec<String> {
    let mut names = Vec::new();
    for entry in resource.entries() {
        let Entry::Message(message) = entry else {
            continue;
        };
        names.extend(message.value.iter().map(|_| message.id.name.to_owned()));
        let attributes = message.attributes.iter();
        names.extend(
            attributes.map(|attribute| format!("{}.{}", message.id.name, attribute.id.name)),
        );
    }
    names
}

/// `text` with the five characters that mean something in HTML written as references.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Every key there is, for the test that compares them with what the code asks for.
pub fn keys() -> Vec<String> {
    ENGLISH
        .iter()
        .flat_map(|file| {
            let resource =
                FluentResource::try_new((*file).to_owned()).unwrap_or_else(|(part, _)| part);
            names(&resource)
        })
        .collect()
}
