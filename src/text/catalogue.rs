//! The texts of one language, read once.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;

use super::message::{Arg, Message, escaped};

/// How a language writes the name of a month among the rest of a date; the formatter of times knows English alone.
const MONTH: &str = "%B";

/// Texts by their keys, an attribute as `key.attribute`.
pub(super) struct Catalogue {
    bundle: FluentBundle<FluentResource>,
    /// Texts without arguments, ready: most of a page, and formatting costs a microsecond each.
    plain: HashMap<String, String, foldhash::fast::RandomState>,
    /// Texts with one small count, as lists repeat them.
    counted: RwLock<HashMap<(&'static str, i64), Arc<str>>>,
    /// What has the texts that this language lacks.
    rest: Option<&'static Self>,
    /// What stands between the thousands of a number.
    pub(super) thousands: String,
    days: Vec<String>,
    moments: Vec<String>,
}

impl Catalogue {
    /// Reads the files of a language.
    ///
    /// # Panics
    /// When one cannot be read, which tests would show.
    pub(super) fn new(lang: &str, files: &[&str], rest: Option<&'static Self>) -> Self {
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
        let plain = keys.into_iter().filter_map(|key| {
            let text = format(&bundle, &key, None)?;
            Some((key, text))
        });
        let mut new = Self {
            plain: plain.collect(),
            bundle,
            counted: RwLock::default(),
            rest,
            thousands: String::new(),
            days: Vec::new(),
            moments: Vec::new(),
        };
        new.thousands = new.every("web-thousands").to_owned();
        new.days = new.each_month("time-day");
        new.moments = new.each_month("time-moment");
        new
    }

    /// A text without arguments that English has in any case.
    fn every(&self, key: &str) -> &str {
        let found = self.plain(key).or_else(|| self.rest?.plain(key));
        found.expect("English has every text")
    }

    /// A pattern of dates, once for each month.
    fn each_month(&self, key: &str) -> Vec<String> {
        let pattern = self.every(key);
        let months = self.every("time-months").split(' ');
        months.map(|month| pattern.replace(MONTH, month)).collect()
    }

    /// How a day of a month, from 1 on, is written.
    pub(super) fn day(&self, month: usize) -> &str {
        self.days.get(month - 1).map_or("", String::as_str)
    }

    /// How a moment in a month, from 1 on, is written.
    pub(super) fn moment(&self, month: usize) -> &str {
        self.moments.get(month - 1).map_or("", String::as_str)
    }

    /// The language's own text of a key, when it takes no arguments.
    pub(super) fn plain(&self, key: &str) -> Option<&str> {
        self.plain.get(key).map(String::as_str)
    }

    /// Whether the language has a text of its own.
    pub(super) fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    /// The text of a key for a count, written by `write` the first time.
    pub(super) fn counted(
        &self,
        key: &'static str,
        count: i64,
        write: impl FnOnce() -> String,
    ) -> Arc<str> {
        if let Some(text) = read(&self.counted).get(&(key, count)) {
            return text.clone();
        }
        let text: Arc<str> = write().into();
        let mut counted = self.counted.write().unwrap_or_else(PoisonError::into_inner);
        if counted.len() < 1_000 {
            counted.insert((key, count), text.clone());
        }
        text
    }

    /// The text with its arguments, or that of the language behind this one; the key itself when there is no such
    /// text, which a test forbids.
    pub(super) fn format(&self, message: &Message) -> String {
        let mut args = FluentArgs::with_capacity(message.args.len());
        for (name, arg) in &message.args {
            args.set(
                *name,
                match arg {
                    // No language chooses words by a count so large that does not choose those of many.
                    Arg::Number(number) if number.abs() >= 1_000 => {
                        FluentValue::from(message.text.number(*number))
                    }
                    Arg::Number(number) => FluentValue::from(*number),
                    Arg::Text(text) if message.escape => FluentValue::from(escaped(text)),
                    Arg::Text(text) => FluentValue::from(text.as_str()),
                },
            );
        }
        let own = format(&self.bundle, &message.key, Some(&args));
        let text = own.or_else(|| format(&self.rest?.bundle, &message.key, Some(&args)));
        text.unwrap_or_else(|| message.key.to_string())
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
pub(super) fn names(resource: &FluentResource) -> Vec<String> {
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
