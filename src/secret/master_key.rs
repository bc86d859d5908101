//! The master key: what keeps a stolen database from being enough.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use base64::prelude::{BASE64_STANDARD, Engine};
use zeroize::Zeroizing;

use super::random;

/// Number of the key that sealed a value, its first byte. A later key gets the next number, so
/// that values under both can be told apart while they are sealed anew.
const KEY_NUMBER: u8 = 1;
const SALT: &[u8] = b"vestibule master key";

/// Where a sealed value lives. It is bound to the value, so a value that is copied to another
/// row or column cannot be opened there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The table's name.
    pub table: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// The row's id.
    pub row: &'a str,
}

impl Place<'_> {
    /// The parts with their lengths before them, so that no two places read the same.
    fn associated_data(self) -> Vec<u8> {
        let mut data = vec![KEY_NUMBER];
        for part in [self.table, self.column, self.row] {
            data.extend_from_slice(&(part.len() as u64).to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

/// The key outside the database. Every use of it has a sub-key of its own (HKDF-SHA256).
pub struct MasterKey {
    root: hkdf::Prk,
    sealing: LessSafeKey,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

impl MasterKey {
    /// Reads the key from `path`, or makes the file with a new key (and missing folders, open to
    /// the owner alone) when there is none.
    ///
    /// The file holds 32 bytes as base64 text with mode 0600. It appears whole or not at all, and
    /// of two processes that start at once both use the key of the first.
    ///
    /// # Errors
    /// When others may read the file, when it holds anything but a key, or when it cannot be read
    /// or made.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyFileError> {
        let failed = |error: io::Error| KeyFileError::Io {
            path: path.to_owned(),
            error,
        };
        match Self::load(path) {
            Err(KeyFileError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                create(path).map_err(failed)?;
                Self::load(path)
            }
            loaded => loaded,
        }
    }

    /// Reads the key from `path`.
    ///
    /// # Errors
    /// As `load_or_create`, and when there is no such file.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let failed = |error: io::Error| KeyFileError::Io {
            path: path.to_owned(),
            error,
        };
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Loose {
                path: path.to_owned(),
                mode,
            });
        }
        // A key is 45 bytes of text; a larger file is refused without being read to its end.
        let mut text = Zeroizing::new(Vec::with_capacity(128));
        file.take(128).read_to_end(&mut text).map_err(failed)?;
        let mut bytes = Zeroizing::new([0; 32]);
        let decoded = Zeroizing::new(
            BASE64_STANDARD
                .decode(text.trim_ascii())
                .unwrap_or_default(),
        );
        if decoded.len() != bytes.len() {
            return Err(KeyFileError::NotAKey {
                path: path.to_owned(),
            });
        }
        bytes.copy_from_slice(&decoded);
        Ok(Self::from_bytes(&bytes))
    }

    /// A key from its 32 bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(bytes);
        let key = derive::<32>(&root, "seal", "");
        let key = UnboundKey::new(&AES_256_GCM, &*key).expect("the key has 32 bytes");
        Self {
            root,
            sealing: LessSafeKey::new(key),
        }
    }

    /// Sixteen hexadecimal digits that tell this key from another one and give nothing of it away.
    /// The database keeps them, so that a start with the wrong key is refused.
    pub fn fingerprint(&self) -> String {
        self.mac("fingerprint", b"")[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// `N` bytes of key for one purpose, as for a library that wants a key of its own.
    pub fn subkey<const N: usize>(&self, purpose: &'static str) -> Zeroizing<[u8; N]> {
        derive(&self.root, "subkey", purpose)
    }

    /// HMAC-SHA256 of `data` under a key of its own for `purpose`.
    pub fn mac(&self, purpose: &'static str, data: &[u8]) -> [u8; 32] {
        let mut tag = [0; 32];
        tag.copy_from_slice(hmac::sign(&self.mac_key(purpose), data).as_ref());
        tag
    }

    /// Whether `tag` is the `mac` of `data`, in a time that does not depend on where they differ.
    pub fn mac_matches(&self, purpose: &'static str, data: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.mac_key(purpose), data, tag).is_ok()
    }

    fn mac_key(&self, purpose: &'static str) -> hmac::Key {
        hmac::Key::new(
            hmac::HMAC_SHA256,
            derive::<32>(&self.root, "mac", purpose).as_ref(),
        )
    }

    /// Encrypts `plain` for one place: key number, nonce, ciphertext, tag (29 bytes more than
    /// `plain`).
    ///
    /// AES-256-GCM, because processors have instructions for it. Nonces are random: with 2³² values
    /// under one key the chance that any two met is below 2⁻³² (NIST SP 800-38D, 8.3), and no
    /// installation comes near.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(KEY_NUMBER);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let start = 1 + NONCE_LEN;
        let tag = self
            .sealing
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.associated_data()),
                &mut sealed[start..],
            )
            .expect("a value in memory is shorter than the 64 GiB that AES-GCM takes");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Decrypts what `seal` made for the same place. `None` when it was sealed for another place
    /// or by another key, or was changed.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
        let (&number, rest) = sealed.split_first()?;
        if number != KEY_NUMBER {
            return None;
        }
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut plain = ciphertext.to_vec();
        let length = self
            .sealing
            .open_in_place(nonce, Aad::from(place.associated_data()), &mut plain)
            .ok()?
            .len();
        plain.truncate(length);
        Some(plain)
    }
}

/// `N` bytes for one purpose of a family of keys; both are names in this source, without `/`.
fn derive<const N: usize>(root: &hkdf::Prk, family: &str, purpose: &str) -> Zeroizing<[u8; N]> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut key = Zeroizing::new([0; N]);
    let info = [family.as_bytes(), b"/", purpose.as_bytes()];
    root.expand(&info, Length(N))
        .and_then(|output| output.fill(&mut *key))
        .expect("a key is shorter than the 8,160 bytes that HKDF can give");
    key
}

/// Makes the file at `path` with a new key, unless another process was faster.
fn create(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;

    let suffix: String = random::<8>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{suffix}"));
    let draft = PathBuf::from(draft);
    let written = write_key(&draft).and_then(|()| {
        // A link, not a rename: it never replaces the key of a process that was faster.
        match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    });
    let removed = fs::remove_file(&draft);
    written?;
    removed?;
    File::open(folder)?.sync_all()
}

fn write_key(path: &Path) -> io::Result<()> {
    let mut text = Zeroizing::new(BASE64_STANDARD.encode(*Zeroizing::new(random::<32>())));
    text.push('\n');
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Why the master key's file cannot be used.
#[derive(Debug)]
pub enum KeyFileError {
    /// Others than the owner may read or write the file.
    Loose {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no base64 text of 32 bytes.
    NotAKey {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or made.
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loose { path, mode } => {
                let path = path.display();
                write!(
                    f,
                    "others can read the master key {path} (mode {mode:04o}); run: chmod 600 {path}"
                )
            }
            Self::NotAKey { path } => write!(
                f,
                "{} is not a master key: it must hold 32 bytes as base64 text (44 characters); \
                 put the right file there",
                path.display()
            ),
            Self::Io { path, error } => {
                write!(f, "cannot use the master key {}: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for KeyFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Loose { .. } | Self::NotAKey { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
