//! Finds secrets of ours in text by their form and checksum. Needs no database.

use std::io::{ErrorKind, Read};

use super::{BODY_LENGTH, CHECKSUM_LENGTH, SecretKind};

/// The length of every secret: a prefix of five characters, the random part, the checksum.
const LENGTH: usize = PREFIX_LENGTH + BODY_LENGTH + CHECKSUM_LENGTH;
const PREFIX_LENGTH: usize = 5;
/// What is read at a time, so that a file of any size takes the same memory.
const PIECE: usize = 64 * 1024;

/// A secret that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The line, counted from 1.
    pub line: usize,
    /// What it opens.
    pub kind: SecretKind,
    /// How it begins and ends: enough to find it in a list, and no secret.
    pub hint: String,
}

/// Hands each secret of `source` to `tell`. One that stands within a longer word is none.
///
/// # Errors
/// When the source cannot be read.
pub fn scan(mut source: impl Read, mut tell: impl FnMut(Found)) -> std::io::Result<()> {
    let mut kept: Vec<u8> = Vec::with_capacity(PIECE + 2 * LENGTH);
    let mut piece = vec![0; PIECE];
    let mut line = 1;
    let mut before = None;
    loop {
        let count = match source.read(&mut piece) {
            Ok(count) => count,
            Err(why) if why.kind() == ErrorKind::Interrupted => continue,
            Err(why) => return Err(why),
        };
        kept.extend_from_slice(&piece[..count]);
        let is_end = count == 0;
        // What stands at the end may go on in the next piece: one character more tells whether a word ends.
        let sure = if is_end {
            kept.len()
        } else {
            kept.len().saturating_sub(LENGTH)
        };
        for at in 0..sure {
            if kept[at] == b'\n' {
                line += 1;
            }
            let previous = at.checked_sub(1).map(|at| kept[at]).or(before);
            if previous.is_none_or(|byte| !is_word(byte))
                && let Some(kind) = secret_at(&kept[at..])
            {
                let text = String::from_utf8_lossy(&kept[at..at + LENGTH]);
                let hint = format!("{}…{}", &text[..PREFIX_LENGTH + 4], &text[LENGTH - 4..]);
                tell(Found { line, kind, hint });
            }
        }
        if is_end {
            return Ok(());
        }
        before = sure.checked_sub(1).map(|last| kept[last]).or(before);
        kept.drain(..sure);
    }
}

/// The kind of the secret that `bytes` begins with.
fn secret_at(bytes: &[u8]) -> Option<SecretKind> {
    if !bytes.starts_with(b"vst") || bytes.get(LENGTH).is_some_and(|byte| is_word(*byte)) {
        return None;
    }
    let text = std::str::from_utf8(bytes.get(..LENGTH)?).ok()?;
    SecretKind::of_well_formed(text)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::PlainSecret;

    fn found(text: &[u8]) -> Vec<(usize, SecretKind)> {
        let mut all = Vec::new();
        scan(text, |found| all.push((found.line, found.kind))).unwrap();
        all
    }

    #[test]
    fn every_kind_is_found_wherever_it_stands() {
        for kind in SecretKind::ALL {
            let secret = PlainSecret::generate(kind);
            let text = secret.reveal();
            for around in [
                text.to_owned(),
                format!("KEY={text}\n"),
                format!("{{\"key\":\"{text}\"}}"),
                format!("https://example.org/?api_key={text}&x=1"),
            ] {
                assert_eq!(found(around.as_bytes()), [(1, kind)], "{around}");
            }
            let lines = format!("one\ntwo {text}\n\n{text}");
            assert_eq!(found(lines.as_bytes()), [(2, kind), (4, kind)]);
        }
    }

    #[test]
    fn what_only_looks_like_one_is_left_alone() {
        let secret = PlainSecret::generate(SecretKind::ApiKey);
        let text = secret.reveal();
        let wrong = format!(
            "{}{}",
            &text[..53],
            if text.ends_with('0') { '1' } else { '0' }
        );
        for none in [
            wrong.clone(),
            format!("x{text}"),
            format!("{text}x"),
            format!("_{text}"),
            text[..53].to_owned(),
            text.to_uppercase(),
            "vstk_".repeat(40),
            String::new(),
        ] {
            assert_eq!(found(none.as_bytes()), [], "{none}");
        }
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend_from_slice(text.as_bytes());
        bytes.push(0);
        assert_eq!(found(&bytes), [(1, SecretKind::ApiKey)]);
    }

    #[test]
    fn pieces_hide_nothing() {
        let secret = PlainSecret::generate(SecretKind::Invite);
        for at in [
            PIECE - LENGTH - 1,
            PIECE - LENGTH,
            PIECE - 30,
            PIECE - 1,
            PIECE,
            3 * PIECE - 7,
        ] {
            let mut text = "\n".repeat(at);
            text.push_str(secret.reveal());
            assert_eq!(
                found(text.as_bytes()),
                [(at + 1, SecretKind::Invite)],
                "{at}"
            );
            text.push('x');
            assert_eq!(found(text.as_bytes()), [], "{at}");
        }
    }

    #[test]
    fn what_is_told_is_no_secret() {
        let secret = PlainSecret::generate(SecretKind::ApiKey);
        let mut hints = Vec::new();
        scan(secret.reveal().as_bytes(), |found| hints.push(found.hint)).unwrap();
        assert_eq!(
            hints,
            [format!("{}…{}", secret.prefix(), secret.last_four())]
        );
    }
}
