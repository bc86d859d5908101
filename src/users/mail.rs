//! Mails about somebody's own account.

use crate::clock::Time;
use crate::outbox::{Frame, Mail};
use crate::text::Message;

/// A link that sets a new password, for who asked for it.
pub struct RecoveryMail {
    /// The link; works once, for ten minutes.
    pub link: String,
}

crate::mail!(
    RecoveryMail,
    "recovery",
    "mail/recovery/body.txt",
    "mail/recovery/body.html"
);

impl Mail for RecoveryMail {
    fn subject(&self, frame: &Frame) -> Message {
        frame
            .t("mail-recovery-subject")
            .arg("site", &frame.site_name)
    }

    fn sample() -> Self {
        Self {
            link: "https://id.example.org/recover/new?token=vstl_1".to_owned(),
        }
    }
}

/// An account that an administrator made: a link that sets the first password.
pub struct WelcomeMail {
    /// The name of the site.
    pub site_name: String,
    /// The link; works once, for seven days.
    pub link: String,
}

crate::mail!(
    WelcomeMail,
    "welcome",
    "mail/welcome/body.txt",
    "mail/welcome/body.html"
);

impl Mail for WelcomeMail {
    fn subject(&self, frame: &Frame) -> Message {
        frame.t("mail-welcome-subject").arg("site", &self.site_name)
    }

    fn sample() -> Self {
        Self {
            site_name: "Lab <&> friends".to_owned(),
            link: "https://id.example.org/recover/new?token=vstl_2".to_owned(),
        }
    }
}

/// For who asks for an account and has one.
pub struct HaveAccountMail {
    /// Where they sign in.
    pub link: String,
}

crate::mail!(
    HaveAccountMail,
    "have_account",
    "mail/have_account/body.txt",
    "mail/have_account/body.html"
);

impl Mail for HaveAccountMail {
    fn subject(&self, frame: &Frame) -> Message {
        frame
            .t("mail-have-account-subject")
            .arg("site", &frame.site_name)
    }

    fn sample() -> Self {
        Self {
            link: "https://id.example.org/sign-in".to_owned(),
        }
    }
}

/// A link that proves that mail to an address reaches its user.
pub struct VerificationMail {
    /// The link; works once.
    pub link: String,
    /// The address.
    pub email: String,
    /// When the link stops working.
    pub expires_at: Time,
}

crate::mail!(
    VerificationMail,
    "verification",
    "mail/verification/body.txt",
    "mail/verification/body.html"
);

impl Mail for VerificationMail {
    fn subject(&self, frame: &Frame) -> Message {
        frame.t("mail-verification-subject")
    }

    fn sample() -> Self {
        Self {
            link: "https://id.example.org/verify?token=vstl_3".to_owned(),
            email: "ada@example.org".to_owned(),
            expires_at: Time::from_micros(1_795_000_000_000_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mails_render() {
        assert!(
            crate::outbox::check_sample::<RecoveryMail>()
                .text
                .contains("vstl_1")
        );
        assert!(
            crate::outbox::check_sample::<HaveAccountMail>()
                .text
                .contains("/sign-in")
        );
        assert!(
            crate::outbox::check_sample::<VerificationMail>()
                .text
                .contains("ada@example.org")
        );
        assert!(
            crate::outbox::check_sample::<WelcomeMail>()
                .html
                .contains("vstl_2")
        );
    }
}
