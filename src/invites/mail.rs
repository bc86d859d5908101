//! The mail that brings an invite: one kind for who has no account, one for who has.

use crate::error::Result;
use crate::invites::model::Invite;
use crate::outbox::{Frame, Letter, Mail};
use crate::text::Message;

/// What the person is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// Make an account.
    Register,
    /// Sign in and accept.
    Accept,
}

/// An invite.
pub struct InviteMail {
    /// Register or accept.
    pub kind: MailKind,
    /// Who invites.
    pub inviter: String,
    /// The groups it gives, by name.
    pub groups: Vec<String>,
    /// What the template says in every mail.
    pub intro: String,
    /// What the inviter says.
    pub message: String,
    /// When it ends, in words.
    pub expires: String,
    /// The link.
    pub link: String,
    /// It was sent before, and its end is near.
    pub reminds: bool,
}

crate::mail!(
    InviteMail,
    "invite",
    "mail/invite/body.txt",
    "mail/invite/body.html"
);

impl InviteMail {
    /// The mail to the invited person.
    ///
    /// # Errors
    /// When a template cannot be rendered.
    pub fn letter(&self, frame: &Frame, invite: &Invite) -> Result<Letter> {
        frame.letter(
            self,
            &invite.address,
            invite.name(),
            Some(invite.id.as_str()),
        )
    }

    /// The text message to the invited person.
    pub fn message(&self, frame: &Frame, invite: &Invite) -> Letter {
        let key = match self.kind {
            MailKind::Register => "sms-invite-register",
            MailKind::Accept => "sms-invite-accept",
        };
        let words = frame.t(key).arg("inviter", &self.inviter);
        let words = words.arg("site", &frame.site_name).arg("link", &self.link);
        frame.sms("invite", &words, &invite.address, Some(invite.id.as_str()))
    }

    /// Whether the person makes an account by accepting.
    pub fn is_new(&self) -> bool {
        self.kind == MailKind::Register
    }
}

impl Mail for InviteMail {
    fn subject(&self, frame: &Frame) -> Message {
        let key = match self.reminds {
            true => "mail-invite-reminds",
            false => "mail-invite-subject",
        };
        frame
            .t(key)
            .arg("inviter", &self.inviter)
            .arg("site", &frame.site_name)
    }

    fn sample() -> Self {
        Self {
            kind: MailKind::Register,
            inviter: "Grace Hopper".to_owned(),
            groups: vec!["Analysts".to_owned(), "Editors".to_owned()],
            intro: "The lab in Lisbon welcomes you.".to_owned(),
            message: "We start on Tuesday.\nBring your laptop.".to_owned(),
            expires: "28 November 2026, 09:00 UTC".to_owned(),
            link: "https://id.example.org/self-service/invite?flow=inv_1&token=vsti_2".to_owned(),
            reminds: false,
        }
    }
}

/// Somebody accepted, and the maker of the invite is asked to have it approved.
pub struct WaitingMail {
    /// Whom the invite was for.
    pub address: String,
    /// Where it is approved.
    pub link: String,
}

crate::mail!(
    WaitingMail,
    "invite_waiting",
    "mail/invite_waiting/body.txt",
    "mail/invite_waiting/body.html"
);

impl Mail for WaitingMail {
    fn subject(&self, frame: &Frame) -> Message {
        let subject = frame.t("mail-waiting-subject");
        subject.arg("address", &self.address)
    }

    fn sample() -> Self {
        Self {
            address: "ada@example.org".to_owned(),
            link: "https://id.example.org/admin/invites/inv_1".to_owned(),
        }
    }
}

/// What somebody asks who has a link that does not let them in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The time of the invite is over: send it again.
    Again,
    /// Invite another address of theirs.
    Other(String),
    /// Somebody else may have used the invite.
    Report,
}

/// What the maker of an invite is told when somebody asks.
pub struct AskedMail {
    /// What is asked.
    pub asked: Asked,
    /// Whom the invite is for.
    pub address: String,
    /// The page of the invite.
    pub link: String,
}

crate::mail!(
    AskedMail,
    "invite_asked",
    "mail/invite_asked/body.txt",
    "mail/invite_asked/body.html"
);

impl AskedMail {
    fn words(&self, frame: &Frame, [again, other, report]: [&'static str; 3]) -> Message {
        let (key, address) = match &self.asked {
            Asked::Again => (again, ""),
            Asked::Other(address) => (other, address.as_str()),
            Asked::Report => (report, ""),
        };
        let words = frame.t(key).arg("address", &self.address);
        words.arg("other", address).arg("site", &frame.site_name)
    }

    /// What is asked.
    pub fn what(&self, frame: &Frame) -> Message {
        let keys = [
            "mail-asked-again-what",
            "mail-asked-other-what",
            "mail-asked-report-what",
        ];
        self.words(frame, keys)
    }

    /// What to do.
    pub fn next(&self, frame: &Frame) -> Message {
        let keys = [
            "mail-asked-again-next",
            "mail-asked-other-next",
            "mail-asked-report-next",
        ];
        self.words(frame, keys)
    }
}

impl Mail for AskedMail {
    fn subject(&self, frame: &Frame) -> Message {
        let keys = [
            "mail-asked-again-subject",
            "mail-asked-other-subject",
            "mail-asked-report-subject",
        ];
        self.words(frame, keys)
    }

    fn sample() -> Self {
        Self {
            asked: Asked::Other("ada@example.net".to_owned()),
            address: "ada@example.org".to_owned(),
            link: "https://id.example.org/admin/invites/inv_1".to_owned(),
        }
    }
}

/// An acceptance was approved.
pub struct ApprovedMail {
    /// Where the person goes on.
    pub link: String,
}

crate::mail!(
    ApprovedMail,
    "invite_approved",
    "mail/invite_approved/body.txt",
    "mail/invite_approved/body.html"
);

impl Mail for ApprovedMail {
    fn subject(&self, frame: &Frame) -> Message {
        let subject = frame.t("mail-approved-subject");
        subject.arg("site", &frame.site_name)
    }

    fn sample() -> Self {
        Self {
            link: "https://id.example.org/sign-in".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_mail_say_who_invites_and_where_to_go() {
        let letter = crate::outbox::check_sample::<InviteMail>();
        assert_eq!(
            letter.subject,
            "Grace Hopper invited you to Lab <&> friends"
        );
        assert!(
            letter.text.contains("token=vsti_2") && letter.text.contains("We start on Tuesday.")
        );
        assert!(letter.html.contains("Analysts, Editors"));
        assert!(letter.text.contains("The lab in Lisbon"));
    }

    #[test]
    fn whoever_waits_and_whoever_decides_are_told() {
        let asked = crate::outbox::check_sample::<AskedMail>();
        assert!(asked.text.contains("ada@example.net"));
        let waiting = crate::outbox::check_sample::<WaitingMail>();
        assert!(waiting.text.contains("/admin/invites/inv_1"));
        let approved = crate::outbox::check_sample::<ApprovedMail>();
        assert!(approved.html.contains("https://id.example.org/sign-in"));
    }
}
