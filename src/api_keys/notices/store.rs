//! Which keys their owners are told about.

use diesel::prelude::*;

use crate::api_keys::model::Key;
use crate::api_keys::store::Row;
use crate::clock::Time;
use crate::db::Conn;
use crate::db::schema::api_keys;
use crate::ids::{KeyId, UserId};

/// The owners of some keys that are due, those that have waited for longest first; each once.
pub fn due_owners(conn: &mut Conn, now: Time, most: i64) -> QueryResult<Vec<UserId>> {
    let mut owners: Vec<UserId> = api_keys::table
        .filter(api_keys::next_notice_at.le(now))
        .order((api_keys::next_notice_at, api_keys::id))
        .limit(most)
        .select(api_keys::owner_id)
        .load(conn)?;
    owners.sort_unstable();
    owners.dedup();
    Ok(owners)
}

/// The keys of one owner that are due, those that end first before the others.
pub fn due_of(conn: &mut Conn, owner: UserId, now: Time, most: i64) -> QueryResult<Vec<Key>> {
    let rows: Vec<Row> = api_keys::table
        .filter(api_keys::owner_id.eq(owner))
        .filter(api_keys::next_notice_at.le(now))
        .order((api_keys::expires_at, api_keys::id))
        .limit(most)
        .select(Row::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Key::from).collect())
}

/// Sets when the owner is told of a key again.
pub fn set_next(conn: &mut Conn, id: KeyId, next: Option<Time>) -> QueryResult<()> {
    diesel::update(api_keys::table.find(id))
        .set(api_keys::next_notice_at.eq(next))
        .execute(conn)
        .map(drop)
}
