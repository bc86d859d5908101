//! Secrets: the plain text that is shown once, the digest that is stored, and the master key.
//!
//! `PlainSecret` and `SecretDigest` are different types on purpose: only the digest can reach a
//! table, and the plain text cannot be printed, logged or serialised by accident.

mod digest;
mod master_key;
mod random;
pub mod scan;

use zeroize::Zeroizing;

pub use digest::SecretDigest;
pub use master_key::{KeyFileError, MasterKey, Place};
pub use random::{random, six_digits};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;

/// What a secret opens. Each kind has a prefix of five characters that never changes, so that a
/// leaked secret is recognised wherever it turns up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// An API key, `vstk_…`.
    ApiKey,
    /// A client secret, `vstc_…`.
    Client,
    /// A refresh token, `vstr_…`.
    Refresh,
    /// The token of an invite, `vsti_…`.
    Invite,
    /// A webhook's signing secret, `vstw_…`.
    Webhook,
    /// The token of a set-up or recovery link, `vstl_…`.
    Link,
}

impl SecretKind {
    /// Every kind there is.
    pub const ALL: [Self; 6] = [
        Self::ApiKey,
        Self::Client,
        Self::Refresh,
        Self::Invite,
        Self::Webhook,
        Self::Link,
    ];

    /// The five characters that every secret of this kind starts with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::ApiKey => "vstk_",
            Self::Client => "vstc_",
            Self::Refresh => "vstr_",
            Self::Invite => "vsti_",
            Self::Webhook => "vstw_",
            Self::Link => "vstl_",
        }
    }

    /// The kind that `text` claims to be, by its prefix alone.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))
    }

    /// The kind of `text` when it has the whole form of a secret and its checksum is right.
    ///
    /// Needs no database, so a scanner can work offline. It does not say that the secret was ever
    /// issued.
    pub fn of_well_formed(text: &str) -> Option<Self> {
        let kind = Self::of(text)?;
        let rest = text.strip_prefix(kind.prefix())?;
        if rest.len() != BODY_LENGTH + CHECKSUM_LENGTH
            || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return None;
        }
        let (payload, written) = text.split_at(text.len() - CHECKSUM_LENGTH);
        (checksum(payload) == written).then_some(kind)
    }
}

/// A secret in the clear: a prefix, 43 base62 characters of 256 random bits, and six base62
/// characters of the CRC-32/ISO-HDLC of everything before.
///
/// It has no `Debug`, `Display`, `Serialize`, `Clone` or `PartialEq`; its memory is overwritten
/// when it is dropped. Compare digests instead.
pub struct PlainSecret {
    kind: SecretKind,
    text: Zeroizing<String>,
}

impl PlainSecret {
    /// A new secret from the operating system's random source.
    pub fn generate(kind: SecretKind) -> Self {
        Self::from_bits(kind, *Zeroizing::new(random()))
    }

    fn from_bits(kind: SecretKind, bits: [u8; 32]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(54));
        text.push_str(kind.prefix());
        text.push_str(&Zeroizing::new(base62(bits, BODY_LENGTH)));
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self { kind, text }
    }

    /// Takes `text` when it is exactly a secret of `kind`: nothing is trimmed, no letter changes
    /// its case, and the checksum must be right.
    pub fn parse(kind: SecretKind, text: &str) -> Option<Self> {
        (SecretKind::of_well_formed(text)? == kind).then(|| Self {
            kind,
            text: Zeroizing::new(text.to_owned()),
        })
    }

    /// What the secret opens.
    pub const fn kind(&self) -> SecretKind {
        self.kind
    }

    /// The whole text, for the one time that it is shown or sent.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What is stored in its place.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest::of(&self.text)
    }

    /// The kind's prefix and the first four characters, `vstk_AbCd`: enough for a person to tell
    /// their keys apart.
    pub fn prefix(&self) -> &str {
        &self.text[..self.kind.prefix().len() + 4]
    }

    /// The last four characters of the whole text, as a person reads them off a configuration
    /// file. They belong to the checksum.
    pub fn last_four(&self) -> &str {
        &self.text[self.text.len() - 4..]
    }
}

/// Six base62 characters of the CRC-32/ISO-HDLC of `payload`.
fn checksum(payload: &str) -> String {
    base62(
        crc32fast::hash(payload.as_bytes()).to_be_bytes(),
        CHECKSUM_LENGTH,
    )
}

/// The big-endian number in `number` with the digits `0-9A-Za-z`, most significant first, padded
/// on the left with `0` to `width`. The caller picks a width that holds the number.
fn base62<const N: usize>(number: [u8; N], width: usize) -> String {
    let mut number = Zeroizing::new(number);
    let mut digits = Zeroizing::new(vec![b'0'; width]);
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0;
        for byte in number.iter_mut() {
            let value = remainder * 256 + u32::from(*byte);
            *byte = u8::try_from(value / 62).expect("remainder < 62, so the quotient is a byte");
            remainder = value % 62;
        }
        *digit = ALPHABET[remainder as usize];
    }
    digits.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base62_is_most_significant_first_and_padded() {
        assert_eq!(base62([0], 3), "000");
        assert_eq!(base62([61], 3), "00z");
        assert_eq!(base62([62], 3), "010");
        assert_eq!(base62(u32::MAX.to_be_bytes(), 6), "4gfFC3");
        let largest = base62([0xff; 32], BODY_LENGTH);
        assert_eq!(largest.len(), BODY_LENGTH);
        assert!(!largest.starts_with('0'), "43 digits, and no fewer");
    }

    #[test]
    fn checksum_is_crc_32_iso_hdlc() {
        // The check value of the CRC catalogue: 0xCBF43926 for "123456789".
        assert_eq!(
            checksum("123456789"),
            base62(0xCBF4_3926_u32.to_be_bytes(), 6)
        );
    }

    #[test]
    fn a_fixed_number_gives_a_fixed_secret() {
        let secret = PlainSecret::from_bits(SecretKind::ApiKey, [0; 32]);
        assert_eq!(&secret.reveal()[..48], format!("vstk_{}", "0".repeat(43)));
        assert_eq!(secret.reveal().len(), 54);
    }

    #[test]
    fn what_was_generated_is_parsed_again() {
        for kind in SecretKind::ALL {
            let secret = PlainSecret::generate(kind);
            let text = secret.reveal();
            assert_eq!(text.len(), 54);
            assert_eq!(SecretKind::of_well_formed(text), Some(kind));
            let parsed = PlainSecret::parse(kind, text).expect("its own text");
            assert_eq!(parsed.digest(), secret.digest());
            assert_eq!(parsed.digest(), SecretDigest::of(text));
            assert_eq!(parsed.prefix(), &text[..9]);
            assert_eq!(parsed.last_four(), &text[50..]);
        }
    }

    #[test]
    fn secrets_do_not_repeat() {
        let a = PlainSecret::generate(SecretKind::Invite);
        let b = PlainSecret::generate(SecretKind::Invite);
        assert!(a.digest() != b.digest());
        assert_ne!(a.prefix(), b.prefix(), "one chance in 14 million");
    }

    #[test]
    fn another_kind_is_refused() {
        let secret = PlainSecret::generate(SecretKind::Client);
        assert!(PlainSecret::parse(SecretKind::ApiKey, secret.reveal()).is_none());
        let relabelled = secret.reveal().replacen("vstc_", "vstk_", 1);
        assert_eq!(SecretKind::of(&relabelled), Some(SecretKind::ApiKey));
        assert!(PlainSecret::parse(SecretKind::ApiKey, &relabelled).is_none());
    }

    #[test]
    fn every_damaged_text_is_refused() {
        let secret = PlainSecret::generate(SecretKind::ApiKey);
        let text = secret.reveal();
        let refused = |damaged: &str| {
            assert!(PlainSecret::parse(SecretKind::ApiKey, damaged).is_none());
            assert_eq!(SecretKind::of_well_formed(damaged), None);
        };

        for end in 0..text.len() {
            refused(&text[..end]);
            refused(&text[text.len() - end..]);
        }
        for at in 0..text.len() {
            let old = text.as_bytes()[at];
            let new = if old == b'x' { "y" } else { "x" };
            refused(&format!("{}{new}{}", &text[..at], &text[at + 1..]));
        }
        for pad in [" ", "\n", "\t", "\0", "A", "é"] {
            refused(&format!("{text}{pad}"));
            refused(&format!("{pad}{text}"));
        }
        refused(&text.to_uppercase());
        refused(&text.replacen('_', "-", 1));
        refused(&format!("vstk_{}", "é".repeat(49)));
        refused(&format!("vstk_{}é", "a".repeat(47)));
    }
}
