//! Mails about one's own API keys. None of them holds more of a secret than its first characters.

use crate::clock::Time;
use crate::outbox::{Frame, Mail};
use crate::text::Message;

/// There is a new key. Sent whoever made it: a stranger at an open computer may have.
pub struct KeyMade {
    /// How its secret begins.
    pub start: String,
    /// What it is called.
    pub name: String,
    /// When it ends.
    pub expires_at: Option<Time>,
    /// Where it can be revoked.
    pub link: String,
}

crate::mail!(
    KeyMade,
    "key_made",
    "mail/key_made/body.txt",
    "mail/key_made/body.html"
);

impl Mail for KeyMade {
    fn subject(&self, frame: &Frame) -> Message {
        frame.t("mail-key-made-subject")
    }

    fn sample() -> Self {
        Self {
            start: "vstk_4kQ9…".to_owned(),
            name: "Laptop <&> notebooks".to_owned(),
            expires_at: Some(Time::from_micros(1_803_114_000_000_000)),
            link: "https://id.example.org/settings/api-keys".to_owned(),
        }
    }
}

/// One key took the place of another.
pub struct KeyRotated {
    /// How the secret of the new one begins.
    pub start: String,
    /// What it is called.
    pub name: String,
    /// When it ends.
    pub expires_at: Option<Time>,
    /// How the secret of the old one begins.
    pub old: String,
    /// Until when the old one works, when it still does.
    pub old_ends: Option<Time>,
    /// Where both can be revoked.
    pub link: String,
}

crate::mail!(
    KeyRotated,
    "key_rotated",
    "mail/key_rotated/body.txt",
    "mail/key_rotated/body.html"
);

impl Mail for KeyRotated {
    fn subject(&self, frame: &Frame) -> Message {
        frame.t("mail-key-rotated-subject")
    }

    fn sample() -> Self {
        let end = Time::from_micros(1_803_114_000_000_000);
        Self {
            start: "vstk_7mW2…".to_owned(),
            name: "Laptop <&> notebooks".to_owned(),
            expires_at: Some(end),
            old: "vstk_4kQ9…".to_owned(),
            old_ends: Some(end),
            link: "https://id.example.org/settings/api-keys".to_owned(),
        }
    }
}

/// A key was used after another took its place and its time was over.
pub struct KeyMisused {
    /// How its secret begins.
    pub start: String,
    /// What it is called.
    pub name: String,
    /// When it stopped working.
    pub end: Time,
    /// When it was used.
    pub at: Time,
    /// From which address; may be empty.
    pub ip: String,
    /// By which program, as it called itself; may be empty.
    pub agent: String,
    /// Where the keys are.
    pub link: String,
}

crate::mail!(
    KeyMisused,
    "key_used_after_rotation",
    "mail/key_used_after_rotation/body.txt",
    "mail/key_used_after_rotation/body.html"
);

impl Mail for KeyMisused {
    fn subject(&self, frame: &Frame) -> Message {
        frame.t("mail-key-misused-subject")
    }

    fn sample() -> Self {
        let end = Time::from_micros(1_803_114_000_000_000);
        Self {
            start: "vstk_4kQ9…".to_owned(),
            name: "Laptop <&> notebooks".to_owned(),
            end,
            at: end,
            ip: "203.0.113.7".to_owned(),
            agent: "build-07/1.2".to_owned(),
            link: "https://id.example.org/settings/api-keys".to_owned(),
        }
    }
}

/// Somebody found a key where it should not be.
pub struct KeyLeaked {
    /// How its secret begins.
    pub start: String,
    /// What it is called.
    pub name: String,
    /// Where it was found, in the words of who reported it; may be empty.
    pub found_at: String,
    /// Where another can be made.
    pub link: String,
}

crate::mail!(
    KeyLeaked,
    "key_leaked",
    "mail/key_leaked/body.txt",
    "mail/key_leaked/body.html"
);

impl Mail for KeyLeaked {
    fn subject(&self, frame: &Frame) -> Message {
        frame.t("mail-key-leaked-subject")
    }

    fn sample() -> Self {
        Self {
            start: "vstk_4kQ9…".to_owned(),
            name: "Laptop <&> notebooks".to_owned(),
            found_at: "a public build log".to_owned(),
            link: "https://id.example.org/settings/api-keys".to_owned(),
        }
    }
}

/// Somebody else ended a key.
pub struct KeyRevoked {
    /// How its secret begins.
    pub start: String,
    /// What it is called.
    pub name: String,
    /// Why, in the words of who ended it; may be empty.
    pub reason: String,
    /// Where another can be made.
    pub link: String,
}

crate::mail!(
    KeyRevoked,
    "key_revoked",
    "mail/key_revoked/body.txt",
    "mail/key_revoked/body.html"
);

impl Mail for KeyRevoked {
    fn subject(&self, frame: &Frame) -> Message {
        frame.t("mail-key-revoked-subject")
    }

    fn sample() -> Self {
        Self {
            start: "vstk_4kQ9…".to_owned(),
            name: "Laptop <&> notebooks".to_owned(),
            reason: "It was found in a public repository.".to_owned(),
            link: "https://id.example.org/settings/api-keys".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::mail::check_sample;

    #[test]
    fn the_mails_render() {
        let made = check_sample::<KeyMade>();
        assert!(
            made.text
                .contains("An API key was made for your account (vstk_4kQ9…).")
        );
        assert!(made.text.contains("Laptop <&> notebooks"), "{}", made.text);
        assert!(made.html.contains("20 February 2027"), "{}", made.html);
        let rotated = check_sample::<KeyRotated>();
        assert!(rotated.text.contains("vstk_4kQ9…"), "{}", rotated.text);
        let misused = check_sample::<KeyMisused>();
        for part in ["203.0.113.7", "build-07/1.2", "20 February 2027"] {
            assert!(misused.text.contains(part), "{}", misused.text);
            assert!(misused.html.contains(part), "{}", misused.html);
        }
        let leaked = check_sample::<KeyLeaked>();
        assert!(
            leaked.text.contains("a public build log"),
            "{}",
            leaked.text
        );
        let revoked = check_sample::<KeyRevoked>();
        assert!(
            revoked.html.contains("public repository"),
            "{}",
            revoked.html
        );
    }
}
