//! The mail that brings a code.

use crate::outbox::{Frame, Mail};
use crate::text::Message;

/// A code.
pub(super) struct CodeMail {
    /// The six digits.
    pub code: String,
}

crate::mail!(
    CodeMail,
    "code",
    "mail/code/body.txt",
    "mail/code/body.html"
);

impl Mail for CodeMail {
    // Without the code itself: lists show subjects.
    fn subject(&self, frame: &Frame) -> Message {
        frame.t("mail-code-subject").arg("site", &frame.site_name)
    }

    fn sample() -> Self {
        Self {
            code: "042137".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_renders_and_its_subject_holds_no_code() {
        let letter = crate::outbox::check_sample::<CodeMail>();
        assert!(letter.text.contains("042137") && letter.html.contains("042137"));
        assert!(!letter.subject.contains("042137"));
    }
}
