//! The mail about keys that end soon or have ended: one for all that are due.

use crate::api_keys::model::Key;
use crate::api_keys::view::{replace_href, start, used};
use crate::app::App;
use crate::clock::Time;
use crate::outbox::{Frame, Mail};
use crate::text::Message;

/// A key that ends.
pub struct Ending {
    /// How its secret begins.
    pub start: String,
    /// What it is called.
    pub name: String,
    /// When it ends, or ended.
    pub end: Time,
    /// How far away that is: "in 7 days".
    pub when: String,
    /// Whether it has ended.
    pub is_over: bool,
    /// Who used it last, so that one knows where to put the new one.
    pub used: String,
    /// Where another is made in its place, with the same name and scopes.
    pub link: String,
}

impl Ending {
    /// A key that ends at `end`, in the words of a mail that is written at `at`.
    pub fn of(app: &App, key: &Key, end: Time, at: Time) -> Self {
        let path = replace_href(key, key.state(at)).unwrap_or_default();
        let agent = key.last_used_agent.as_deref().unwrap_or_default();
        Self {
            start: start(key),
            name: key.name.clone(),
            end,
            when: app.text.relative(end, at).to_string(),
            is_over: end <= at,
            used: format!("{} {agent}", used(app.text, key, None)),
            link: app.link(&path),
        }
    }
}

/// Keys of one person end.
pub struct KeysEnd {
    /// Which, those that end first before the others; never empty.
    pub keys: Vec<Ending>,
}

crate::mail!(
    KeysEnd,
    "keys_end",
    "mail/keys_end/body.txt",
    "mail/keys_end/body.html"
);

impl Mail for KeysEnd {
    fn subject(&self, frame: &Frame) -> Message {
        match self.keys.as_slice() {
            [key] if key.is_over => frame
                .t("mail-keys-end-over")
                .arg("start", key.start.clone()),
            [key] => frame
                .t("mail-keys-end-soon")
                .arg("start", key.start.clone())
                .arg("when", key.when.clone()),
            keys => frame.t("mail-keys-end-some").arg("count", keys.len()),
        }
    }

    fn sample() -> Self {
        let ending = |name: &str, when: &str, is_over| Ending {
            start: "vstk_4kQ9…".to_owned(),
            name: name.to_owned(),
            end: Time::from_micros(1_803_114_000_000_000),
            when: when.to_owned(),
            is_over,
            used: "Last used 22 November 2026, 09:00 UTC from 203.0.113.7. build-07/1.2".to_owned(),
            link: "https://id.example.org/settings/api-keys/new".to_owned(),
        };
        Self {
            keys: vec![
                ending("Laptop <&> notebooks", "in 7 days", false),
                ending("Nightly export", "just now", true),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::mail::check_sample;

    #[test]
    fn the_mail_names_every_key_and_its_last_caller() {
        let letter = check_sample::<KeysEnd>();
        assert_eq!(letter.subject, "2 API keys of your account end");
        for part in [
            "in 7 days",
            "has stopped working",
            "build-07/1.2",
            "Nightly export",
        ] {
            assert!(letter.text.contains(part), "{part}: {}", letter.text);
            assert!(letter.html.contains(part), "{part}: {}", letter.html);
        }
    }
}
