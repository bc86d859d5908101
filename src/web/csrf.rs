//! The token in every form: only a page of this site, in this session, can have put it there.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::secret::{self, MasterKey};

/// The CSRF token of one session, or of the random cookie before there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csrf([u8; 32]);

impl Csrf {
    /// The token bound to `binding`.
    pub fn of(master: &MasterKey, binding: &str) -> Self {
        Self(master.mac("csrf", binding.as_bytes()))
    }

    /// The value for a form. Masked anew each time: pages are compressed, and a value that repeats
    /// beside text that an attacker chooses could be guessed from lengths (BREACH).
    pub fn value(&self) -> String {
        let pad = secret::random::<32>();
        let mut text = Vec::with_capacity(64);
        text.extend(pad);
        text.extend(self.0.iter().zip(pad).map(|(byte, pad)| byte ^ pad));
        URL_SAFE_NO_PAD.encode(text)
    }

    /// Whether a form's value is this token.
    pub fn matches(&self, value: &str) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(value) else {
            return false;
        };
        let Some((pad, masked)) = bytes.split_at_checked(32) else {
            return false;
        };
        let plain: Vec<u8> = masked
            .iter()
            .zip(pad)
            .map(|(byte, pad)| byte ^ pad)
            .collect();
        bytes.len() == 64
            && aws_lc_rs::constant_time::verify_slices_are_equal(&plain, &self.0).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_fits_its_own_session_alone_and_looks_new_each_time() {
        let master = MasterKey::from_bytes(&[7; 32]);
        let (mine, theirs) = (Csrf::of(&master, "ses_a"), Csrf::of(&master, "ses_b"));
        assert_ne!(mine.value(), mine.value());
        assert!(mine.matches(&mine.value()));
        assert!(!mine.matches(&theirs.value()));
        for bad in ["", "AAAA", "not base64!", &"A".repeat(86), &"A".repeat(200)] {
            assert!(!mine.matches(bad), "{bad}");
        }
    }
}
