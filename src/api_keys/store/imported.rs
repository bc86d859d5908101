//! The queries of keys that people had before.

use diesel::prelude::*;

use super::{OWNER, Owner};
use crate::db::Conn;
use crate::db::schema::{api_keys, users};
use crate::ids::{KeyId, UserId};
use crate::secret::SecretDigest;

/// Whether there is any.
///
/// # Errors
/// When the database refuses.
pub fn any(conn: &mut Conn) -> QueryResult<bool> {
    let first: Option<KeyId> = api_keys::table
        .filter(api_keys::is_imported)
        .select(api_keys::id)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// Whose key a digest is of.
///
/// # Errors
/// When the database refuses.
pub fn owner_of(conn: &mut Conn, digest: SecretDigest) -> QueryResult<Option<UserId>> {
    api_keys::table
        .filter(api_keys::digest.eq(digest))
        .select(api_keys::owner_id)
        .first(conn)
        .optional()
}

/// The user of an address, as keys know them.
///
/// # Errors
/// When the database refuses.
pub fn user(conn: &mut Conn, email_norm: &str) -> QueryResult<Option<(UserId, Owner)>> {
    users::table
        .filter(users::email_norm.eq(email_norm))
        .select((users::id, OWNER))
        .first(conn)
        .optional()
}
