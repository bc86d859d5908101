//! Keeping a new key.

use diesel::prelude::*;

use super::Row;
use crate::api_keys::model::{Key, Terms};
use crate::api_keys::notices;
use crate::clock::Time;
use crate::db::Conn;
use crate::db::schema::api_keys;
use crate::ids::{KeyId, UserId};
use crate::secret::{PlainSecret, SecretDigest};

/// What is kept of a secret.
#[derive(Clone, Debug)]
pub struct Marks {
    /// How it begins; of one that was imported, how its digest does.
    pub prefix: String,
    /// How it ends; empty for one that was imported.
    pub last_four: String,
    /// By which it is found.
    pub digest: SecretDigest,
    /// Whether it was there before.
    pub is_imported: bool,
}

impl From<&PlainSecret> for Marks {
    fn from(secret: &PlainSecret) -> Self {
        Self {
            prefix: secret.prefix().to_owned(),
            last_four: secret.last_four().to_owned(),
            digest: secret.digest(),
            is_imported: false,
        }
    }
}

/// Keeps a new key and its digest.
///
/// # Errors
/// When the database refuses.
pub fn insert(
    conn: &mut Conn,
    id: KeyId,
    owner: UserId,
    marks: &Marks,
    terms: &Terms,
    now: Time,
) -> QueryResult<Key> {
    let next = terms
        .expires_at
        .and_then(|end| notices::next(now, end, now));
    diesel::insert_into(api_keys::table)
        .values((
            api_keys::id.eq(id),
            api_keys::owner_id.eq(owner),
            api_keys::name.eq(&terms.name),
            api_keys::note.eq(&terms.note),
            api_keys::prefix.eq(&marks.prefix),
            api_keys::last_four.eq(&marks.last_four),
            api_keys::digest.eq(marks.digest),
            api_keys::scopes.eq(terms.scopes.to_string()),
            api_keys::created_at.eq(now),
            api_keys::expires_at.eq(terms.expires_at),
            api_keys::next_notice_at.eq(next),
            api_keys::is_imported.eq(marks.is_imported),
        ))
        .execute(conn)?;
    api_keys::table
        .find(id)
        .select(Row::as_select())
        .first(conn)
        .map(Key::from)
}
