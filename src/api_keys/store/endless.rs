//! The queries of keys that have no end.

use diesel::prelude::*;

use super::Row;
use crate::api_keys::model::Key;
use crate::api_keys::notices;
use crate::clock::Time;
use crate::db::schema::api_keys;
use crate::db::{Conn, MultiBackend};
use crate::ids::KeyId;

/// How many there are that work.
///
/// # Errors
/// When the database refuses.
pub fn count(conn: &mut Conn) -> QueryResult<i64> {
    api_keys::table
        .filter(api_keys::expires_at.is_null())
        .filter(api_keys::revoked_at.is_null())
        .count()
        .get_result(conn)
}

/// Some of them in the order of their ids, from the one after `from`.
///
/// # Errors
/// When the database refuses.
pub fn some(conn: &mut Conn, from: Option<KeyId>, most: i64) -> QueryResult<Vec<Key>> {
    let mut keys = api_keys::table
        .filter(api_keys::expires_at.is_null())
        .filter(api_keys::revoked_at.is_null())
        .order(api_keys::id)
        .limit(most)
        .select(Row::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(from) = from {
        keys = keys.filter(api_keys::id.gt(from));
    }
    let rows: Vec<Row> = keys.load(conn)?;
    Ok(rows.into_iter().map(Key::from).collect())
}

/// Gives one an end, which its owner is told of as of any; false when it has one already, or was revoked.
///
/// # Errors
/// When the database refuses.
pub fn set_end(conn: &mut Conn, id: KeyId, end: Time, now: Time) -> QueryResult<bool> {
    let changed = diesel::update(api_keys::table.find(id))
        .filter(api_keys::expires_at.is_null())
        .filter(api_keys::revoked_at.is_null())
        .set((
            api_keys::expires_at.eq(end),
            api_keys::next_notice_at.eq(notices::next(now, end, now)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}
