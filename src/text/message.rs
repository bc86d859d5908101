//! A text on its way to a person: which one, in which language, and what goes into it.

use std::borrow::Cow;
use std::fmt;

use super::Text;

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
    pub(super) text: Text,
    pub(super) key: Cow<'static, str>,
    pub(super) args: Vec<(&'static str, Arg)>,
    /// Whether what goes into it is escaped, for a text that holds markup.
    pub(super) escape: bool,
}

/// What goes into a text.
#[derive(Clone, Debug)]
pub(super) enum Arg {
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
    pub(super) fn new(text: Text, key: Cow<'static, str>) -> Self {
        Self {
            text,
            key,
            args: Vec::new(),
            escape: false,
        }
    }

    /// Adds what the text needs to know.
    #[must_use]
    pub fn arg(self, name: &'static str, value: impl IntoArg) -> Self {
        value.add_to(self, name)
    }

    fn words(&self) -> Cow<'static, str> {
        let catalogue = self.text.catalogue();
        match catalogue.plain(&self.key) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(catalogue.format(self)),
        }
    }

    /// Never: every text says something. Templates ask it of all that they are handed, words or none.
    pub const fn is_empty(&self) -> bool {
        false
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
        f.write_str(&self.words())
    }
}

/// Templates write most of their texts so, past the machinery of `Display`.
impl askama::FastWritable for Message {
    fn write_into(&self, to: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(to.write_str(&self.words())?)
    }
}

impl From<Message> for String {
    fn from(message: Message) -> Self {
        message.to_string()
    }
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
