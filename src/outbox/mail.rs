//! The frame of every mail, and what a feature writes to add one.
//!
//! A mail is a struct with the values that its text needs, two templates, and a subject:
//!
//! ```text
//! templates/mail/ended/body.txt     {% extends "mail/frame.txt" %}
//!                                   {% block body %}{{ frame.t("mail-ended-what").arg("name", mail.name) }}{% endblock %}
//! templates/mail/ended/body.html    the same with mail/frame.html and <p>; what came from people is escaped
//! locales/en/mail.ftl               mail-ended-subject, mail-ended-what …
//! locales/en/outbox.ftl             outbox-kind-key-ended, its word in lists
//! ```
//! ```ignore
//! /// A key has ended.
//! pub struct KeyEnded { pub name: String }
//!
//! crate::mail!(KeyEnded, "key_ended", "mail/ended/body.txt", "mail/ended/body.html");
//!
//! impl Mail for KeyEnded {
//!     fn subject(&self, frame: &Frame) -> Message { frame.t("mail-ended-subject") }
//!     fn sample() -> Self { Self { name: "Laptop".into() } }
//! }
//!
//! // In the action:    let letter = Frame::of(app, site_name).letter(&KeyEnded { name }, &email, &user_name, Some(id))?;
//! //                   outbox::actions::enqueue(tx, app, &letter)?;
//! // In a test:        crate::outbox::check_sample::<KeyEnded>();
//! ```
//!
//! Templates see `mail` (the struct) and `frame` ([`Frame`]). Mails are plain semantic HTML without style sheets
//! and pictures: every program shows them, light or dark, and none asks a third party (ASVS V14.2.3). Links go
//! through `mails::action` of `templates/mail/macros.html`, whose long addresses fold on a phone.

use super::model::{Channel, Letter};
use crate::app::App;
use crate::clock::Time;
use crate::error::{Error, Result};
use crate::text::{IntoKey, Message, Text, escaped};

/// Lets long words of every HTML mail, such as addresses, be folded where the screen ends. The one style that mails have:
/// the policy of our own pages allows none, so what shows a mail there leaves it out.
pub const FOLDS: &str = " style=\"overflow-wrap:break-word;word-break:break-word\"";

/// What every mail shows beside its own values.
#[derive(Clone, Debug)]
pub struct Frame {
    text: Text,
    /// The language, for `<html lang>`.
    pub lang: &'static str,
    /// The name of the site.
    pub site_name: String,
    /// The address of the site, without a slash at its end.
    pub origin: String,
    /// The subject of the mail at hand.
    pub subject: String,
    /// The address that it goes to.
    pub to: String,
}

/// The templates of a mail; written by [`crate::mail!`].
pub trait Rendered {
    /// What kind of mail it is, a word for lists.
    const KIND: &'static str;

    /// The text part.
    ///
    /// # Errors
    /// When the template cannot be rendered.
    fn text(&self, frame: &Frame) -> askama::Result<String>;

    /// The HTML part.
    ///
    /// # Errors
    /// When the template cannot be rendered.
    fn html(&self, frame: &Frame) -> askama::Result<String>;
}

/// A mail with typed values. How to add one stands at the head of this file.
pub trait Mail: Rendered {
    /// The subject; never holds a secret, because lists show it.
    fn subject(&self, frame: &Frame) -> Message;

    /// One with likely values, for the test that renders it.
    fn sample() -> Self;
}

/// Ties a mail to its kind and its two templates.
#[macro_export]
macro_rules! mail {
    ($mail:ty, $kind:tt, $text:tt, $html:tt) => {
        impl $crate::outbox::Rendered for $mail {
            const KIND: &'static str = $kind;

            fn text(&self, frame: &$crate::outbox::Frame) -> askama::Result<String> {
                #[derive(askama::Template)]
                #[template(path = $text)]
                struct Part<'a> {
                    mail: &'a $mail,
                    frame: &'a $crate::outbox::Frame,
                }
                askama::Template::render(&Part { mail: self, frame })
            }

            fn html(&self, frame: &$crate::outbox::Frame) -> askama::Result<String> {
                #[derive(askama::Template)]
                #[template(path = $html)]
                struct Part<'a> {
                    mail: &'a $mail,
                    frame: &'a $crate::outbox::Frame,
                }
                askama::Template::render(&Part { mail: self, frame })
            }
        }
    };
}

impl Frame {
    /// The frame of mails from this site.
    pub fn of(app: &App, site_name: &str) -> Self {
        Self::new(app.text, site_name, app.config.public_url.origin())
    }

    /// The frame in another language.
    #[must_use]
    pub fn in_language(mut self, text: Text) -> Self {
        self.text = text;
        self.lang = text.lang();
        self
    }

    fn new(text: Text, site_name: &str, origin: &str) -> Self {
        Self {
            text,
            lang: text.lang(),
            site_name: site_name.to_owned(),
            origin: origin.to_owned(),
            subject: String::new(),
            to: String::new(),
        }
    }

    /// A text of the catalogue.
    pub fn t(&self, key: impl IntoKey) -> Message {
        self.text.get(key)
    }

    /// A moment in full: "20 February 2027, 09:00 UTC".
    pub fn moment(&self, time: &Time) -> String {
        self.text.moment(*time)
    }

    /// A day: "20 February 2027".
    pub fn day(&self, time: &Time) -> String {
        self.text.day(*time)
    }

    /// An address as HTML that may be folded at every few characters: it is longer than a phone is wide.
    pub fn foldable(&self, address: &str) -> String {
        let characters: Vec<char> = address.chars().collect();
        let pieces = characters.chunks(8);
        let pieces: Vec<String> = pieces
            .map(|piece| escaped(&String::from_iter(piece)))
            .collect();
        pieces.join("<wbr>")
    }

    /// Writes `mail` to an address. `about` is the id of what it is about, by which it can be cancelled.
    ///
    /// # Errors
    /// When a template cannot be rendered.
    pub fn letter<M: Mail>(
        &self,
        mail: &M,
        to: &str,
        to_name: &str,
        about: Option<&str>,
    ) -> Result<Letter> {
        let mut frame = self.clone();
        to.clone_into(&mut frame.to);
        frame.subject = mail.subject(&frame).to_string();
        Ok(Letter {
            channel: Channel::Mail,
            kind: M::KIND,
            to: to.to_owned(),
            to_name: to_name.to_owned(),
            about: about.map(str::to_owned),
            text: mail.text(&frame).map_err(Error::internal)?,
            html: mail.html(&frame).map_err(Error::internal)?,
            subject: frame.subject,
        })
    }
    /// Writes a text message to a number. `kind` is a word for lists, as [`Rendered::KIND`] is one.
    pub fn sms(
        &self,
        kind: &'static str,
        words: &Message,
        to: &str,
        about: Option<&str>,
    ) -> Letter {
        Letter {
            channel: Channel::Sms,
            kind,
            to: to.to_owned(),
            to_name: String::new(),
            about: about.map(str::to_owned),
            subject: String::new(),
            text: words.to_string(),
            html: String::new(),
        }
    }
}

/// Shows an administrator that mail works, and how long it took.
pub(super) struct TestMail {
    pub(super) written: Time,
}

crate::mail!(
    TestMail,
    "test",
    "mail/test/body.txt",
    "mail/test/body.html"
);

impl Mail for TestMail {
    fn subject(&self, frame: &Frame) -> Message {
        frame.t("mail-test-subject")
    }

    fn sample() -> Self {
        Self {
            written: Time::from_micros(1_795_338_000_000_000),
        }
    }
}

/// Renders the sample of a mail in every language and looks for what must not be in any: a key of the catalogue without its
/// text, a template without its frame, style, script, pictures, and names that were not escaped. Answers the English one.
///
/// # Panics
/// When it finds some.
#[cfg(test)]
pub fn check_sample<M: Mail>() -> Letter {
    let kind = format!("outbox-kind-{}", M::KIND.replace('_', "-"));
    assert!(Text::ENGLISH.has(&kind), "the catalogue has no {kind}");
    Text::all().for_each(|text| drop(checked_sample::<M>(text)));
    checked_sample::<M>(Text::ENGLISH)
}

#[cfg(test)]
fn checked_sample<M: Mail>(text: Text) -> Letter {
    let frame = Frame::new(text, "Lab <&> friends", "https://id.example.org");
    let letter = frame
        .letter(&M::sample(), "ada@example.org", "Ada", Some("about"))
        .expect("the sample renders");
    for part in [&letter.subject, &letter.text, &letter.html] {
        assert!(!part.trim().is_empty(), "{}: an empty part", M::KIND);
        assert!(
            !part.contains("mail-"),
            "{}: a text is missing in\n{part}",
            M::KIND
        );
    }
    assert!(
        letter.text.contains("Lab <&> friends"),
        "{}: no frame\n{}",
        M::KIND,
        letter.text
    );
    assert!(
        !letter.text.contains("&amp;"),
        "{}: escaped text\n{}",
        M::KIND,
        letter.text
    );
    assert!(
        letter.html.starts_with("<!doctype html>"),
        "{}: no frame",
        M::KIND
    );
    assert!(
        letter.html.contains(FOLDS),
        "{}: words do not fold",
        M::KIND
    );
    let html = letter.html.replacen(FOLDS, "", 1);
    for bad in ["Lab <&>", "<style", "style=", "<script", "<img", "data:"] {
        assert!(
            !html.contains(bad),
            "{}: {bad} in\n{}",
            M::KIND,
            letter.html
        );
    }
    letter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_mail_renders() {
        let letter = check_sample::<TestMail>();
        assert_eq!(
            (letter.kind, letter.about.as_deref()),
            ("test", Some("about"))
        );
        assert!(letter.html.contains("https://id.example.org"));
        assert!(
            letter.text.contains("22 November 2026, 09:00 UTC"),
            "{}",
            letter.text
        );
    }
}
