//! Why something did not leave, and what can be done about it.

use std::fmt;

use super::model::Channel;
use crate::text::Text;

/// Why a mail or a text message did not leave. Kept as text: an answer of the server starts with its code, the others with
/// a word of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server said no; its words, which start with the reply code.
    Refused(String),
    /// The server could not be reached, or stopped answering.
    Unreachable(String),
    /// There is no safe connection to the server, so none is used.
    Unsafe(String),
    /// The server does not take the user name and password.
    Login(String),
    /// No mail can be sent to this address.
    Address(String),
    /// The text cannot be read: it was sealed with another master key, or is gone.
    Unreadable,
}

impl Trouble {
    /// Reads the text of a row.
    pub fn read(text: &str) -> Self {
        let (word, rest) = text.split_once(": ").unwrap_or((text, ""));
        let rest = rest.to_owned();
        match word {
            "unreachable" => Self::Unreachable(rest),
            "unsafe" => Self::Unsafe(rest),
            "login" => Self::Login(rest),
            "address" => Self::Address(rest),
            "unreadable" => Self::Unreadable,
            _ => Self::Refused(text.to_owned()),
        }
    }

    /// What happened to a mail, for people.
    pub fn what(&self, text: Text) -> String {
        self.what_on(Channel::Mail, text)
    }

    fn what_on(&self, channel: Channel, text: Text) -> String {
        let is_mail = channel == Channel::Mail;
        let (what, words) = match self {
            Self::Refused(said) if is_mail => ("outbox-trouble-refused", said.as_str()),
            Self::Refused(said) => ("outbox-trouble-sms-refused", said.as_str()),
            Self::Unreachable(why) if is_mail => ("outbox-trouble-unreachable", why.as_str()),
            Self::Unreachable(why) => ("outbox-trouble-sms-unreachable", why.as_str()),
            Self::Unsafe(why) if is_mail => ("outbox-trouble-unsafe", why.as_str()),
            Self::Unsafe(why) => ("outbox-trouble-sms-unsafe", why.as_str()),
            Self::Login(said) if is_mail => ("outbox-trouble-login", said.as_str()),
            Self::Login(said) => ("outbox-trouble-sms-login", said.as_str()),
            Self::Address(why) => ("outbox-trouble-address", why.as_str()),
            Self::Unreadable => ("outbox-trouble-unreadable", ""),
        };
        let words = words.trim_end_matches('.');
        text.get(what).arg("words", words).to_string()
    }

    /// What happened to a mail and what to do, for people. `waits` says that the mail is tried again.
    pub fn words(&self, text: Text, waits: bool) -> String {
        self.words_on(Channel::Mail, text, waits)
    }

    /// [`Trouble::words`] for what goes out this way.
    pub fn words_on(&self, channel: Channel, text: Text, waits: bool) -> String {
        let is_mail = channel == Channel::Mail;
        let next = match self {
            Self::Unsafe(_) if is_mail => "outbox-next-unsafe",
            Self::Login(_) if is_mail => "outbox-next-login",
            Self::Unsafe(_) => "outbox-next-sms-unsafe",
            Self::Login(_) => "outbox-next-sms-login",
            Self::Refused(_) | Self::Address(_) if !is_mail && !waits => "outbox-next-number",
            Self::Refused(_) | Self::Unreachable(_) if waits => "outbox-next-again",
            Self::Refused(_) | Self::Address(_) => "outbox-next-address",
            Self::Unreachable(_) => "outbox-next-given-up",
            Self::Unreadable => "outbox-next-new",
        };
        format!("{} {}", self.what_on(channel, text), text.get(next))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(said) => f.write_str(said),
            Self::Unreachable(why) => write!(f, "unreachable: {why}"),
            Self::Unsafe(why) => write!(f, "unsafe: {why}"),
            Self::Login(said) => write!(f, "login: {said}"),
            Self::Address(why) => write!(f, "address: {why}"),
            Self::Unreadable => f.write_str("unreadable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_read_back() {
        let each = [
            Trouble::Refused("550 5.1.1 No: such user".into()),
            Trouble::Unreachable("connection refused: 111".into()),
            Trouble::Unsafe("unknown issuer".into()),
            Trouble::Login("535 no".into()),
            Trouble::Address("no domain".into()),
            Trouble::Unreadable,
        ];
        for trouble in each {
            assert_eq!(Trouble::read(&trouble.to_string()), trouble);
            for waits in [true, false] {
                for channel in Channel::ALL {
                    let words = trouble.words_on(*channel, Text::ENGLISH, waits);
                    assert!(!words.contains("outbox-"), "{words}");
                }
            }
        }
    }
}
