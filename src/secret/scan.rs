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

/// Hands each secret of `source` to `tell`, whatever stands beside it: in logs and settings that is often a letter of an
/// escape, as in `Bearer%20vstk_…`. The checksum is what tells a secret from other text.
///
/// # Errors
/// When the source cannot be read.
pub fn scan(mut source: impl Read, mut tell: impl FnMut(Found)) -> std::io::Result<()> {
    let mut kept: Vec<u8> = Vec::with_capacity(PIECE + 2 * LENGTH);
    let mut piece = vec![0; PIECE];
    let mut line = 1;
    loop {
        let count = match source.read(&mut piece) {
            Ok(count) => count,
            Err(why) if why.kind() == ErrorKind::Interrupted => continue,
            Err(why) => return Err(why),
        };
        kept.extend_from_slice(&piece[..count]);
        let is_end = count == 0;
        // What stands at the end may go on in the next piece.
        let sure = if is_end {
            kept.len()
        } else {
            kept.len().saturating_sub(LENGTH - 1)
        };
        for at in 0..sure {
            if kept[at] == b'\n' {
                line += 1;
            }
            if let Some(kind) = secret_at(&kept[at..]) {
                let text = String::from_utf8_lossy(&kept[at..at + LENGTH]);
                let hint = format!("{}…{}", &text[..PREFIX_LENGTH + 4], &text[LENGTH - 4..]);
                tell(Found { line, kind, hint });
            }
        }
        if is_end {
            return Ok(());
        }
        kept.drain(..sure);
    }
}

/// The kind of the secret that `bytes` begins with.
fn secret_at(bytes: &[u8]) -> Option<SecretKind> {
    if !bytes.starts_with(b"vst") {
        return None;
    }
    let text = std::str::from_utf8(bytes.get(..LENGTH)?).ok()?;
    SecretKind::of_well_formed(text)
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
                format!("api_key%3D{text}%20"),
                format!("\"A=1\\n{text}\\n\""),
                format!("KEY_{text}_old"),
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
            text.push_str(secret.reveal());
            assert_eq!(found(text.as_bytes()).len(), 2, "{at}");
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
