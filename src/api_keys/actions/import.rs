//! Keys that people had before they came here, by the digests of their texts: nobody has to change a program on the day of
//! the move.

use std::collections::HashMap;

use super::keep;
use crate::access::{Actor, Scopes};
use crate::api_keys::model::{Ends, IssueKey, OPERATOR_POLICY};
use crate::api_keys::store::imported;
use crate::api_keys::store::new::Marks;
use crate::clock::Time;
use crate::db::Tx;
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::KeyId;
use crate::secret::SecretDigest;
use crate::text::Text;
use crate::users::model::Email;
use crate::web::{Cells, Table};

const TABLE: Table = Table {
    field: "file",
    columns: &["email", "name", "sha256_hex", "scopes", "expires_at"],
    needed: &[
        ("email", "no_email_column"),
        ("sha256_hex", "no_digest_column"),
    ],
};
/// How Aleph writes a digest.
const ALEPHS: &str = "sha256$";
/// Characters of a digest that are shown in place of the beginning of a key.
const SHOWN: usize = 8;

/// A key of a file.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it stands, from 2 on: the head is line 1.
    pub line: u32,
    /// Whose key it is.
    pub email: String,
    asked: Result<Asked, FieldError>,
}

#[derive(Clone, Debug)]
struct Asked {
    /// The digest in hexadecimal digits.
    hex: String,
    digest: SecretDigest,
    input: IssueKey,
}

/// What became of a line, or would.
#[derive(Debug)]
pub enum Verdict {
    /// It is a key now; a dry run makes none.
    New(Option<KeyId>),
    /// It was there already, in whatever state: nothing was changed.
    There,
    /// It is no key, and why.
    Refused(Error),
}

/// Reads a file of keys: CSV with a head, as people export it from a spreadsheet.
///
/// # Errors
/// `invalid_input` with what keeps the whole file from being read. What is wrong with a line is told with its verdict.
pub fn read(text: Text, bytes: &[u8]) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    let mut seen = HashMap::new();
    TABLE.read(bytes, |cells| {
        let mut asked = ask(text, &cells);
        if let Ok(found) = &asked {
            let first = *seen.entry(found.hex.clone()).or_insert(cells.line);
            if first != cells.line {
                asked = Err(FieldError::new("sha256_hex", "doubled_digest").with("line", first));
            }
        }
        lines.push(Line {
            line: cells.line,
            email: cells.get("email").to_owned(),
            asked,
        });
        Ok(())
    })?;
    if lines.is_empty() {
        return Err(FieldError::new(TABLE.field, "no_keys").into());
    }
    Ok(lines)
}

fn ask(text: Text, cells: &Cells) -> Result<Asked, FieldError> {
    if cells.too_many {
        return Err(FieldError::new("line", "too_many_cells"));
    }
    if cells.get("email").is_empty() {
        return Err(FieldError::new("email", "required"));
    }
    let hex = cells.get("sha256_hex");
    let hex = hex.strip_prefix(ALEPHS).unwrap_or(hex).to_ascii_lowercase();
    let digest = bytes(&hex).ok_or_else(|| FieldError::new("sha256_hex", "not_a_digest"))?;
    // What an export gives for a cell without a key: no program could ever be known by it.
    if SecretDigest::from_bytes(digest) == SecretDigest::of("") {
        return Err(FieldError::new("sha256_hex", "digest_of_nothing"));
    }
    let words = cells.get("scopes").split([' ', ',', ';', '|']);
    let scopes = Scopes::read(words.filter(|word| !word.is_empty()))
        .map_err(|word| FieldError::new("scopes", "not_a_scope").with("scope", word))?;
    let ends = match cells.get("expires_at") {
        "" | "never" => Ends::Never,
        at => end(at).ok_or_else(|| FieldError::new("expires_at", "not_a_moment"))?,
    };
    let name = match cells.get("name") {
        "" => text.get("api-keys-imported-name").to_string(),
        name => name.to_owned(),
    };
    Ok(Asked {
        hex,
        digest: SecretDigest::from_bytes(digest),
        input: IssueKey {
            name,
            note: String::new(),
            scopes,
            ends,
        },
    })
}

/// A moment, or the start of a day.
fn end(at: &str) -> Option<Ends> {
    let at = Time::parse(at).or_else(|| Time::parse(&format!("{at}T00:00:00Z")));
    at.map(Ends::At)
}

/// The bytes of 64 hexadecimal digits.
fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Makes the keys of some lines, or with `dry_run` only says what would become of each. A line that is refused keeps no other
/// from being done, and one that was done before changes nothing.
///
/// # Errors
/// When the database refuses; then nothing of these lines was done.
pub fn import(
    tx: &mut Tx<'_>,
    actor: &Actor,
    lines: &[Line],
    dry_run: bool,
) -> Result<Vec<Verdict>> {
    let each = lines
        .iter()
        .map(|line| match one(tx, actor, line, dry_run) {
            Err(why @ (Error::Invalid(_) | Error::Refused(..))) => Ok(Verdict::Refused(why)),
            done => done,
        });
    each.collect()
}

fn one(tx: &mut Tx<'_>, actor: &Actor, line: &Line, dry_run: bool) -> Result<Verdict> {
    let asked = line.asked.as_ref().map_err(Clone::clone)?;
    let email: Result<Email, ()> = line.email.parse();
    let email = email.map_err(|()| FieldError::new("email", "not_an_email"))?;
    let Some((owner_id, owner)) = imported::user(tx, &email.norm())? else {
        return Err(FieldError::new("email", "no_such_user").into());
    };
    match imported::owner_of(tx, asked.digest)? {
        Some(known) if known == owner_id => return Ok(Verdict::There),
        Some(_) => return Err(FieldError::new("sha256_hex", "digest_of_another").into()),
        None => {}
    }
    if !owner.is_active() {
        return Code::OwnerDisabled.refuse();
    }
    let now = tx.now;
    let terms = asked.input.check(owner.role, &OPERATOR_POLICY, now)?;
    if dry_run {
        return Ok(Verdict::New(None));
    }
    let marks = Marks {
        prefix: format!("sha256:{}", &asked.hex[..SHOWN]),
        last_four: String::new(),
        digest: asked.digest,
        is_imported: true,
    };
    let key = keep(tx, actor, "api_key.imported", owner_id, &marks, &terms)?;
    Ok(Verdict::New(Some(key.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn asked(line: &str) -> Result<Asked, &'static str> {
        let file = format!("email,name,sha256_hex,scopes,expires_at\n{line}\n");
        let lines = read(Text::ENGLISH, file.as_bytes()).unwrap();
        assert_eq!((lines.len(), lines[0].line), (1, 2));
        lines[0].asked.clone().map_err(|why| why.code)
    }

    #[test]
    fn a_line_is_read_as_people_write_it() {
        let end = Ends::At(Time::parse("2027-02-20T00:00:00Z").unwrap());
        for (scopes, at, ends) in [
            ("all", "", Ends::Never),
            ("all", "never", Ends::Never),
            ("all", "2027-02-20T01:00:00+01:00", end),
            ("users:read invites:read", "2027-02-20", end),
        ] {
            let line = format!("mia@example.org,Nightly,{HEX},{scopes},{at}");
            let read = asked(&line).unwrap();
            assert_eq!(read.input.name, "Nightly");
            assert_eq!(read.input.scopes.to_string(), scopes);
            assert_eq!(read.input.ends, ends);
            assert!(read.digest == SecretDigest::of("abc"));
        }
        let upper = HEX.to_uppercase();
        for digest in [&*upper, &format!("sha256${HEX}")] {
            let read = asked(&format!("mia@example.org,,{digest},all,")).unwrap();
            assert_eq!((&*read.hex, &*read.input.name), (HEX, "Imported key"));
            assert!(read.digest == SecretDigest::of("abc"));
        }
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told() {
        for (line, code) in [
            (",Nightly,{},all,", "required"),
            ("mia@example.org,Nightly,,all,", "not_a_digest"),
            ("mia@example.org,Nightly,abc,all,", "not_a_digest"),
            (
                "mia@example.org,Nightly,e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855,all,",
                "digest_of_nothing",
            ),
            ("mia@example.org,Nightly,é{},all,", "not_a_digest"),
            ("mia@example.org,Nightly,{},users:fly,", "not_a_scope"),
            ("mia@example.org,Nightly,{},all,soon", "not_a_moment"),
            ("mia@example.org,Nightly,{},all,,more", "too_many_cells"),
        ] {
            assert_eq!(asked(&line.replace("{}", HEX)).unwrap_err(), code, "{line}");
        }
    }
}
