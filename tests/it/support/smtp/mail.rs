//! A mail as it came in, and what a reader sees of it.

use mail_parser::{HeaderForm, HeaderValue, Message, MessageParser, PartType};

use super::super::html::Page;

/// A mail that the sink kept.
#[derive(Clone, Debug)]
pub struct Received {
    /// The address of `MAIL FROM`.
    pub from: String,
    /// The addresses of `RCPT TO` that were taken.
    pub to: Vec<String>,
    /// Headers and body as sent, the dots that SMTP adds taken away.
    pub data: String,
    /// Whether it came over TLS.
    pub encrypted: bool,
    /// Who had signed in.
    pub user: Option<String>,
}

impl Received {
    /// The subject, decoded.
    pub fn subject(&self) -> String {
        self.header("Subject").unwrap_or_default()
    }

    /// The Message-ID without its angle brackets.
    pub fn message_id(&self) -> String {
        self.message().message_id().unwrap_or_default().to_owned()
    }

    /// A header as a person reads it: unfolded, RFC 2047's encoded words decoded. Fails the test when it is there twice.
    pub fn header(&self, name: &'static str) -> Option<String> {
        let message = self.message();
        let mut values = message.header_as(name, HeaderForm::Text);
        assert!(
            values.len() < 2,
            "the header {name} is there {} times:\n{}",
            values.len(),
            self.data
        );
        match values.pop()? {
            HeaderValue::Text(text) => Some(text.into_owned()),
            HeaderValue::Empty => Some(String::new()),
            other => panic!("the header {name} is no text: {other:?}"),
        }
    }

    /// The names of all headers, in order.
    pub fn header_names(&self) -> Vec<String> {
        self.message()
            .headers_raw()
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// The plain-text part, decoded, lines ending in `\n`. Fails the test when there is none.
    pub fn text(&self) -> String {
        self.part(|body| match body {
            PartType::Text(text) => Some(text.replace("\r\n", "\n")),
            _ => None,
        })
        .unwrap_or_else(|| panic!("no text part in\n{}", self.data))
    }

    /// The HTML part without the one style that mails have.
    pub fn page(&self) -> Page {
        let html = self.html().unwrap();
        Page::parse(&html.replacen(vestibule::outbox::FOLDS, "", 1))
    }

    /// The HTML part, decoded, when there is one.
    pub fn html(&self) -> Option<String> {
        self.part(|body| match body {
            PartType::Html(html) => Some(html.replace("\r\n", "\n")),
            _ => None,
        })
    }

    /// The web addresses in the text part, in order.
    pub fn links(&self) -> Vec<String> {
        self.text()
            .split_whitespace()
            .filter_map(|word| {
                word.find("http://")
                    .or_else(|| word.find("https://"))
                    .map(|at| &word[at..])
            })
            .map(|link| link.trim_end_matches(['.', ',', ')', '>', ';']).to_owned())
            .collect()
    }

    fn part(&self, pick: impl FnMut(&PartType<'_>) -> Option<String>) -> Option<String> {
        self.message()
            .parts
            .iter()
            .map(|part| &part.body)
            .find_map(pick)
    }

    fn message(&self) -> Message<'_> {
        MessageParser::default()
            .parse(&self.data)
            .unwrap_or_else(|| panic!("not a mail:\n{}", self.data))
    }
}
