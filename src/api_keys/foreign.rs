//! Keys of other forms: those that people had before they came here, known by the digest of their text alone.
//!
//! A text that is no key of ours costs nothing as long as none was imported. From then on it costs what a key of ours costs
//! that was never issued: one look-up, remembered for a few seconds (`docs/decisions/0027-keys-of-other-forms.md`).

use std::sync::{Mutex, PoisonError};

use super::store;
use crate::clock::{Span, Time, seconds};
use crate::db::Db;
use crate::error::Result;
use crate::secret::{SecretDigest, SecretKind};

/// How long a key may be, in bytes: what fits a header without being a document.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=256;
/// How long it is believed that there is none, or one.
const BELIEVED: Span = seconds(5);

/// Whether any key was imported, and when that was looked up.
#[derive(Debug, Default)]
pub(super) struct Foreign(Mutex<Option<(Time, bool)>>);

impl Foreign {
    async fn any(&self, db: &Db, now: Time) -> Result<bool> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, any)) = known.filter(|(at, _)| now - *at < BELIEVED) {
            return Ok(any);
        }
        let any = db.look_up(|conn| Ok(store::imported::any(conn)?)).await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, any));
        Ok(any)
    }
}

/// What is looked for when `text` is no key of ours: its digest, when it may be one that was imported.
///
/// # Errors
/// When the database is away.
pub(super) async fn digest(
    db: &Db,
    foreign: &Foreign,
    text: &str,
    now: Time,
) -> Result<Option<SecretDigest>> {
    let is_key = could_be_key(text) && foreign.any(db, now).await?;
    Ok(is_key.then(|| SecretDigest::of(text)))
}

/// Whether a text could be a key of another site. What begins like a secret of ours is one of ours that is damaged.
fn could_be_key(text: &str) -> bool {
    LENGTHS.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && SecretKind::of(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::could_be_key;

    #[test]
    fn what_could_be_a_key_is_short_and_does_not_begin_like_ours() {
        for key in [
            "1234567890",
            "Yk3-_fQ0w2m7Zr8bTq1xVd5nHs9uLc4eAj6oGiPpKtM",
            "0190b1f2-7c3a-7d41-9a55-2f6c1de0a7b3",
            &"x".repeat(256),
        ] {
            assert!(could_be_key(key), "{key}");
        }
        for text in [
            "",
            "1234567",
            "two words",
            "schlüssel-schlüssel",
            "nul\0nul\0nul",
            "vstk_4kQ9",
            "vstc_0123456789012345678901234567890123456789012",
            &"x".repeat(257),
        ] {
            assert!(!could_be_key(text), "{text}");
        }
    }
}
