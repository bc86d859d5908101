//! What is in the outbox, and the rules that need no database.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::clock::{Span, Time, hours, seconds};
use crate::db::schema::outbox;
use crate::error::{FieldError, Result};
use crate::ids::OutboxId;
use crate::secret::SecretKind;
use crate::text::Text;

crate::words! {
    /// The way by which it goes out.
    pub enum Channel {
        /// A mail.
        Mail = "mail",
        /// A text message to a phone.
        Sms = "sms",
    }
}

crate::words! {
    /// Where a mail stands.
    pub enum State {
        /// Not sent yet; tried when `next_attempt_at` comes.
        Waiting = "waiting",
        /// The mail server has taken it.
        Sent = "sent",
        /// Given up. It can be tried again by hand while its text is kept.
        Failed = "failed",
        /// Not to be sent any more.
        Cancelled = "cancelled",
    }
}

/// A mail, or a text message, that an action wants to send.
pub struct Letter {
    /// The way by which it goes out.
    pub channel: Channel,
    /// What kind of mail it is, a word for lists: `invite`, `test` …
    pub kind: &'static str,
    /// The address.
    pub to: String,
    /// The name of the person; may be empty.
    pub to_name: String,
    /// The id of what it is about, to find it again and cancel it.
    pub about: Option<String>,
    /// The subject. Stored in the clear: it never holds a secret.
    pub subject: String,
    /// The text for programs that show no HTML.
    pub text: String,
    /// The same as HTML; empty in a text message, as name and subject are.
    pub html: String,
}

/// The part of a letter that is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    pub(super) to_name: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Letter {
    /// The letter with every character gone that could end a header or an SMTP command. The mail library
    /// encodes them too; this keeps them out of the table as well (ASVS V1.3.11).
    ///
    /// # Errors
    /// `control_characters` for an address with any: it is not the address that somebody meant.
    pub(super) fn clean(&self) -> Result<(String, Body)> {
        if self.to.chars().any(char::is_control) {
            return Err(FieldError::new("email", "control_characters").into());
        }
        let body = Body {
            to_name: one_line(&self.to_name),
            text: lines(&self.text),
            html: lines(&self.html),
        };
        Ok((one_line(&self.subject), body))
    }
}

/// `text` with spaces for control characters, line ends among them, and nothing that starts an encoded word
/// (RFC 2047): readers would decode words of somebody's choice out of it.
pub(super) fn one_line(text: &str) -> String {
    let text = text.replace(char::is_control, " ").replace("=?", "= ?");
    text.trim().to_owned()
}

/// `text` with `\n` as its only line end, and no other control characters but tabs.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace(|c: char| c.is_control() && c != '\n' && c != '\t', "")
}

/// A row of the outbox, without its text.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct OutboxMail {
    /// The id.
    pub id: OutboxId,
    /// The way by which it goes out.
    pub channel: Channel,
    /// What kind of mail it is.
    pub kind: String,
    /// The address.
    pub recipient: String,
    /// The subject.
    pub subject: String,
    /// The id of what it is about.
    pub about: Option<String>,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next, while it waits; when it ended, once it does not.
    pub next_attempt_at: Time,
    /// Why the last try failed: a [`super::Trouble`] as text.
    pub last_error: Option<String>,
    /// Until when a worker has it in its hands.
    pub leased_until: Option<Time>,
    /// When it was written.
    pub created_at: Time,
    /// When the mail server took it.
    pub sent_at: Option<Time>,
}

impl OutboxMail {
    /// When it is tried next; `None` when it is not.
    pub fn next_try(&self) -> Option<Time> {
        (self.state == State::Waiting).then_some(self.next_attempt_at)
    }

    /// Why the last try failed.
    pub fn trouble(&self) -> Option<super::Trouble> {
        self.last_error.as_deref().map(super::Trouble::read)
    }
}

/// Characters of a server's answer that are kept.
const WORDS_LENGTH: usize = 300;

/// Words from outside, safe to keep: no control characters, and not longer than anybody reads.
pub(super) fn bounded(words: &str) -> String {
    one_line(words).chars().take(WORDS_LENGTH).collect()
}

/// Tries before a mail that fails only for now is given up: together they take almost three days.
pub(super) const TRIES: i32 = 21;

/// How long to wait after so many tries: 30 seconds, doubled each time, at most 6 hours, give or take a
/// fifth (`chance` from 0 to 255), so that mails that failed together are not tried together for ever.
pub(super) fn pause(tries: i32, chance: u8) -> Span {
    const FIRST: i64 = 30;
    let doublings = u32::try_from(tries - 1).unwrap_or(0).min(20);
    let whole = (FIRST << doublings).min(hours(6).seconds_up());
    seconds(whole * (80 + i64::from(chance) * 40 / 255) / 100)
}

/// `text` as an administrator may read it: every link that could hold a token, every secret and every code of
/// six digits is left out, because whoever reads them can be the person they were sent to. How a key begins
/// is no secret, and a link to a page opens nothing.
pub(super) fn without_secrets(text: &str, words: Text) -> String {
    let (link, code) = (
        words.get("outbox-link-hidden"),
        words.get("outbox-code-hidden"),
    );
    let (link, code) = (link.to_string(), code.to_string());
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let inside_word = shown.chars().next_back().is_some_and(char::is_alphanumeric);
        let (length, instead) = match hidden(rest) {
            Some((length, Hidden::Link)) => (length, Some(&link)),
            Some((length, Hidden::Code)) if !inside_word => (length, Some(&code)),
            Some((length, Hidden::Nothing)) => (length, None),
            _ => (next.len_utf8(), None),
        };
        shown.push_str(instead.map_or(&rest[..length], String::as_str));
        rest = &rest[length..];
    }
    shown
}

enum Hidden {
    Link,
    Code,
    /// A link that may be read.
    Nothing,
}

/// Characters after the prefix from which on a secret counts as one: lists show fewer.
const SECRET_LENGTH: usize = 12;

/// What must not be shown at the start of `text`, and its length in bytes.
fn hidden(text: &str) -> Option<(usize, Hidden)> {
    let until = |end: fn(char) -> bool| text.find(end).unwrap_or(text.len());
    if text.starts_with("https://") || text.starts_with("http://") {
        let length = until(|c| c.is_whitespace() || "<>\"".contains(c));
        // A query or a fragment could hold a token; the path of a page of ours holds none.
        let link = &text[..length];
        let opens = link.contains(['?', '#']) || secret_in(link);
        let what = if opens { Hidden::Link } else { Hidden::Nothing };
        return Some((length, what));
    }
    let length = until(|c| !c.is_alphanumeric() && c != '_' && c != '-');
    if secret_at(&text[..length]) {
        return Some((length, Hidden::Link));
    }
    let digits = until(|c| !c.is_alphanumeric());
    let is_code = digits == 6 && text.as_bytes()[..6].iter().all(u8::is_ascii_digit);
    is_code.then_some((6, Hidden::Code))
}

/// Whether a secret starts here.
fn secret_at(text: &str) -> bool {
    SecretKind::ALL.iter().any(|kind| {
        let rest = text.strip_prefix(kind.prefix());
        rest.is_some_and(|rest| rest.len() >= SECRET_LENGTH)
    })
}

/// Whether a secret stands anywhere in `text`.
fn secret_in(text: &str) -> bool {
    text.char_indices().any(|(at, _)| secret_at(&text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(to: &str, to_name: &str, subject: &str) -> Letter {
        Letter {
            channel: Channel::Mail,
            kind: "test",
            to: to.into(),
            to_name: to_name.into(),
            about: None,
            subject: subject.into(),
            text: "a\r\nb\rc\u{0}\td".into(),
            html: String::new(),
        }
    }

    #[test]
    fn a_letter_loses_what_could_end_a_header_and_an_address_with_any_is_refused() {
        let bad = "Ada\r\nBcc: eve@example.org\u{0}";
        let (subject, body) = letter("ada@example.org", bad, bad).clean().unwrap();
        assert_eq!(subject, "Ada  Bcc: eve@example.org");
        assert_eq!(body.to_name, "Ada  Bcc: eve@example.org");
        assert_eq!(body.text, "a\nb\nc\td");
        for bad in [
            "a@x.org\r\nRCPT TO:<e@x.org>",
            "a@x.org\u{0}",
            "a@x.org\n",
            "\u{85}a@x.org",
        ] {
            assert!(letter(bad, "", "").clean().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_six_hours_and_a_mail_is_given_up_before_three_days() {
        assert_eq!(pause(1, 128), seconds(30));
        assert_eq!(pause(2, 128), seconds(60));
        assert_eq!((pause(1, 0), pause(1, 255)), (seconds(24), seconds(36)));
        assert_eq!(pause(11, 128), hours(6));
        assert_eq!(pause(i32::MAX, 128), hours(6));
        let all: i64 = (1..TRIES).map(|tries| pause(tries, 128).seconds_up()).sum();
        assert!((60 * 3_600..72 * 3_600).contains(&all), "{all}");
    }

    #[test]
    fn words_from_outside_are_bounded() {
        assert_eq!(bounded("550 a\r\nb\u{7}"), "550 a  b");
        assert_eq!(bounded(&"é".repeat(1_000)).chars().count(), WORDS_LENGTH);
    }

    #[test]
    fn no_link_secret_or_code_is_left_in_what_administrators_read() {
        let hide = |text: &str| without_secrets(text, Text::ENGLISH);
        assert_eq!(
            hide("Open https://x.org/self-service/invite?token=vsti_abc.\nThen go."),
            "Open (link hidden)\nThen go."
        );
        assert_eq!(
            hide("<a href=\"http://x/y?z\">vstl_0123456789aB</a>"),
            "<a href=\"(link hidden)\">(link hidden)</a>"
        );
        assert_eq!(
            hide("http://x/vstl_0123456789aB, (vstl_0123456789aB)"),
            "(link hidden) ((link hidden))"
        );
        for open in [
            "The key (vstk_4kQ9…) was made.",
            "See https://x.org/settings/api-keys.",
        ] {
            assert_eq!(hide(open), open);
        }
        assert_eq!(hide("Your code is 123456."), "Your code is (code hidden).");
        assert_eq!(
            hide("éx1234567 y123456 2027, 20 €"),
            "éx1234567 y123456 2027, 20 €"
        );
        assert_eq!(hide(""), "");
    }
}
