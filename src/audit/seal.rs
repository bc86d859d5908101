//! The seals of the log: each entry's is an HMAC, under the master key, of the seal before it and of the
//! entry itself with its number.
//!
//! Who can write the database but has no key can neither change, remove, add nor reorder sealed entries
//! unseen. The head of the chain is kept as a fact with an HMAC of its own, so that the end cannot be
//! cut off either, and is told in the process's log, so that the whole database cannot be put back to an
//! earlier day unseen. Entries of the last moments, not yet sealed, are not protected.

mod bytes;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::QueryResult;
use diesel::query_builder::AstPass;
use diesel::sql_types::{BigInt, Binary, Text};

use self::bytes::put_row;
use super::model::Row;
use super::store;
use crate::clock::Time;
use crate::db::{BulkRow, Conn, Db, MultiBackend, facts};
use crate::error::{Error, Result};
use crate::ids::AuditId;
use crate::jobs::{GiveNumber, Numbered, give_numbers};
use crate::secret::MasterKey;

/// The fact that holds the head.
const HEAD: &str = "audit_head";
/// The fact that holds the outcome of the last check.
const CHECKED: &str = "audit_checked";
/// Entries that are read at once when the log is checked.
const BATCH: i64 = 500;

/// The last sealed entry; all zero before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Head {
    seq: i64,
    seal: [u8; 32],
}

impl Head {
    /// The head after `row`.
    fn after(self, master: &MasterKey, row: &Row) -> Self {
        let seq = self.seq + 1;
        let mut data = self.seal.to_vec();
        put_row(&mut data, seq, row);
        Self {
            seq,
            seal: master.mac("audit", &data),
        }
    }

    fn write(self, master: &MasterKey) -> String {
        signed(
            master,
            HEAD,
            &format!("{} {}", self.seq, URL_SAFE_NO_PAD.encode(self.seal)),
        )
    }

    /// Reads the fact; `None` when it was not written with our key.
    fn read(master: &MasterKey, fact: Option<&str>) -> Option<Self> {
        let Some(fact) = fact else {
            return Some(Self::default());
        };
        let (seq, seal) = opened(master, HEAD, fact)?.split_once(' ')?;
        let seal = URL_SAFE_NO_PAD.decode(seal).ok()?.try_into().ok()?;
        Some(Self {
            seq: seq.parse().ok()?,
            seal,
        })
    }
}

/// `text` with its HMAC behind it.
fn signed(master: &MasterKey, purpose: &'static str, text: &str) -> String {
    format!(
        "{text} {}",
        URL_SAFE_NO_PAD.encode(master.mac(purpose, text.as_bytes()))
    )
}

/// What [`signed`] was given, when it was made with this key.
fn opened<'a>(master: &MasterKey, purpose: &'static str, fact: &'a str) -> Option<&'a str> {
    let (text, mac) = fact.rsplit_once(' ')?;
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    master
        .mac_matches(purpose, text.as_bytes(), &mac)
        .then_some(text)
}

/// An entry with the number and the seal that it gets.
struct Sealed {
    id: AuditId,
    head: Head,
}

impl BulkRow for Sealed {
    const HEAD: &'static str =
        "UPDATE audit SET seq = new.column2, seal = new.column3 FROM (VALUES ";

    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_bind_param::<Text, AuditId>(&self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, i64>(&self.head.seq)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, [u8; 32]>(&self.head.seal)
    }
}

impl GiveNumber for Sealed {
    const TAIL: &'static str = ") AS new WHERE audit.id = new.column1 AND audit.seq IS NULL";
}

struct Chain<'a>(&'a MasterKey);

impl Numbered for Chain<'_> {
    const HEAD: &'static str = HEAD;
    type Row = Row;
    type Given = Sealed;

    fn waiting(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Row>> {
        store::unsealed(conn, limit)
    }

    fn number(&self, head: Option<&str>, rows: &[Row]) -> Result<(String, Vec<Sealed>)> {
        let head = Head::read(self.0, head);
        let mut head = head.ok_or_else(|| {
            Error::internal("the head of the audit log is not ours: check the log")
        })?;
        let sealed = rows
            .iter()
            .map(|row| {
                head = head.after(self.0, row);
                Sealed { id: row.id, head }
            })
            .collect();
        Ok((head.write(self.0), sealed))
    }
}

/// Numbers and seals a batch of entries and says how many.
///
/// # Errors
/// When the database is away, or the head was changed by somebody else.
pub fn seal_batch(db: &Db, master: &MasterKey) -> Result<usize> {
    let Some((count, head)) = give_numbers(db, &Chain(master))? else {
        return Ok(0);
    };
    let head = head.split(' ').take(2).collect::<Vec<_>>();
    tracing::info!(
        seq = head[0],
        seal = head[1],
        "the audit log is sealed up to here"
    );
    Ok(count)
}

crate::words! {
    /// What is wrong with the log.
    pub enum Fault {
        /// The entry does not fit its seal: it was changed, or put in another place.
        Changed = "changed",
        /// The entry is gone.
        Missing = "missing",
        /// There are numbered entries that were never sealed.
        Added = "added",
        /// The entry cannot be read.
        Unreadable = "unreadable",
        /// The record of where the log ends is gone or was not written by this program.
        Head = "head",
    }
}

/// The first thing that is wrong with the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The number of the entry.
    pub seq: i64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What a check of the log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The entries up to this number are as they were written.
    pub sealed: i64,
    /// So many entries wait for their seal; nothing can be said about them.
    pub unsealed: i64,
    /// The first fault.
    pub broken: Option<Broken>,
}

/// Checks every sealed entry, in batches.
///
/// # Errors
/// When the database is away. A log that does not fit is no error but an answer.
pub fn verify(conn: &mut Conn, master: &MasterKey) -> Result<Verified> {
    // The head is read after the highest number: between the two it can only have moved on.
    let highest = store::highest(conn)?.unwrap_or_default();
    let known = facts::read(conn, HEAD)?;
    let unsealed = store::count_unsealed(conn)?;
    let mut at = Head::default();
    let found = |at: Head, broken| {
        Ok(Verified {
            sealed: at.seq,
            unsealed,
            broken,
        })
    };
    let broken = |at: Head, fault| {
        found(
            at,
            Some(Broken {
                seq: at.seq + 1,
                fault,
            }),
        )
    };
    let Some(head) =
        Head::read(master, known.as_deref()).filter(|_| known.is_some() || highest == 0)
    else {
        return broken(at, Fault::Head);
    };
    let (mut last, mut batch) = (None, BATCH);
    loop {
        let rows = match store::sealed(conn, last, batch) {
            Err(diesel::result::Error::DeserializationError(_)) if batch == 1 => {
                return broken(at, Fault::Unreadable);
            }
            Err(diesel::result::Error::DeserializationError(_)) => {
                batch = 1;
                continue;
            }
            rows => rows?,
        };
        let is_end = rows.last().is_none_or(|row| row.seq >= Some(head.seq));
        for row in rows.iter().take_while(|row| row.seq <= Some(head.seq)) {
            let next = at.after(master, row);
            let seq = row.seq.unwrap_or_default();
            if seq != next.seq {
                return broken(
                    at,
                    if seq > next.seq {
                        Fault::Missing
                    } else {
                        Fault::Added
                    },
                );
            }
            if row.seal.as_deref() != Some(&next.seal) {
                return broken(at, Fault::Changed);
            }
            at = next;
            last = Some(seq);
        }
        if is_end {
            break;
        }
    }
    if at.seq < head.seq {
        return broken(at, Fault::Missing);
    }
    if at.seal != head.seal {
        return broken(at, Fault::Head);
    }
    if highest > head.seq {
        return broken(at, Fault::Added);
    }
    found(at, None)
}

/// What the console says about the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Entries up to this number are sealed.
    pub sealed: i64,
    /// So many wait; counted up to 1,001.
    pub unsealed: i64,
    /// The last check: when, up to which number, and what was wrong.
    pub checked: Option<(Time, i64, Option<Broken>)>,
}

/// How the log stands, from what is kept about it; checks nothing.
///
/// # Errors
/// When the database is away.
pub fn standing(conn: &mut Conn, master: &MasterKey, now: Time) -> Result<Standing> {
    let head = facts::read(conn, HEAD)?;
    let checked = facts::read(conn, CHECKED)?;
    Ok(Standing {
        sealed: Head::read(master, head.as_deref()).unwrap_or_default().seq,
        unsealed: store::count_some_unsealed(conn, now)?,
        checked: checked.and_then(|fact| read_checked(master, &fact)),
    })
}

/// Checks the log and keeps the outcome for the console.
///
/// # Errors
/// When the database is away.
pub fn check(db: &Db, master: &MasterKey) -> Result<Verified> {
    let old = db.read_now(|conn| Ok(facts::read(conn, CHECKED)?))?;
    let verified = db.read_now(|conn| verify(conn, master))?;
    let broken = verified.broken.map_or_else(
        || "0 ok".to_owned(),
        |it| format!("{} {}", it.seq, it.fault),
    );
    let at = db.clock().now().as_micros();
    let new = signed(
        master,
        CHECKED,
        &format!("{at} {} {broken}", verified.sealed),
    );
    db.write_now(move |tx| Ok(facts::swap(tx, CHECKED, old.as_deref(), &new)?))?;
    if let Some(Broken { seq, fault }) = verified.broken {
        tracing::error!(seq, %fault, "the audit log was changed from outside");
    }
    Ok(verified)
}

fn read_checked(master: &MasterKey, fact: &str) -> Option<(Time, i64, Option<Broken>)> {
    let mut parts = opened(master, CHECKED, fact)?.split(' ');
    let at = Time::from_micros(parts.next()?.parse().ok()?);
    let sealed = parts.next()?.parse().ok()?;
    let seq = parts.next()?.parse().ok()?;
    let broken = parts
        .next()?
        .parse()
        .ok()
        .map(|fault| Broken { seq, fault });
    Some((at, sealed, broken))
}

#[cfg(test)]
mod tests;
