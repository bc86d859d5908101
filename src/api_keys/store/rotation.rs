//! The queries of one key taking the place of another.

use diesel::prelude::*;

use super::Row;
use crate::api_keys::model::Key;
use crate::clock::Time;
use crate::db::schema::api_keys;
use crate::db::{Conn, MultiBackend};
use crate::ids::{KeyId, UserId};

/// The most pairs that are shown side by side.
const SHOWN: i64 = 20;

/// Puts a key into the place of `old`, which ends at `end`, and with `until_first_use` as soon as the new one is used.
///
/// # Errors
/// When the database refuses.
pub fn replace(
    conn: &mut Conn,
    old: KeyId,
    by: KeyId,
    end: Time,
    until_first_use: bool,
) -> QueryResult<()> {
    diesel::update(api_keys::table.find(by))
        .set(api_keys::is_untried.eq(true))
        .execute(conn)?;
    diesel::update(api_keys::table.find(old))
        .set((
            api_keys::successor_id.eq(by),
            api_keys::successor_used_at.eq(None::<Time>),
            api_keys::expires_at.eq(end),
            api_keys::ends_on_first_use.eq(until_first_use),
            // Apps are told of its end, its owner knows.
            api_keys::next_notice_at.eq(end),
        ))
        .execute(conn)
        .map(drop)
}

/// The key whose place another takes or took.
///
/// # Errors
/// When the database refuses.
pub fn replaced_by(conn: &mut Conn, successor: KeyId) -> QueryResult<Option<Key>> {
    let found: Option<Row> = api_keys::table
        .filter(api_keys::successor_id.eq(successor))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    Ok(found.map(Key::from))
}

/// The newest key of a user that nobody revoked: of those with that name, and of those that work at that moment.
///
/// # Errors
/// When the database refuses.
pub fn newest(
    conn: &mut Conn,
    owner: UserId,
    name: Option<&str>,
    working_at: Option<Time>,
) -> QueryResult<Option<Key>> {
    let mut query = api_keys::table
        .filter(api_keys::owner_id.eq(owner))
        .filter(api_keys::revoked_at.is_null())
        .select(Row::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(name) = name {
        query = query.filter(api_keys::name.eq(name.to_owned()));
    }
    if let Some(now) = working_at {
        let ends = api_keys::expires_at
            .is_null()
            .or(api_keys::expires_at.gt(now));
        query = query.filter(ends.assume_not_null());
    }
    let newest = query.order((api_keys::created_at.desc(), api_keys::id.desc()));
    let found: Option<Row> = newest.first(conn).optional()?;
    Ok(found.map(Key::from))
}

/// Notes that a key was used that was untried.
///
/// # Errors
/// When the database refuses.
pub fn note_tried(conn: &mut Conn, id: KeyId) -> QueryResult<()> {
    diesel::update(api_keys::table.find(id))
        .set(api_keys::is_untried.eq(false))
        .execute(conn)
        .map(drop)
}

/// Notes on `old` that the key in its place was used for the first time, and when it ends therefore.
///
/// # Errors
/// When the database refuses.
pub fn note_first_use(
    conn: &mut Conn,
    old: KeyId,
    now: Time,
    end: Option<Time>,
) -> QueryResult<()> {
    diesel::update(api_keys::table.find(old))
        .set((
            api_keys::successor_used_at.eq(now),
            api_keys::expires_at.eq(end),
            api_keys::next_notice_at.eq(end),
        ))
        .execute(conn)
        .map(drop)
}

/// Notes that the owner of a key is told that it was used after another took its place; true when nobody noted it before.
///
/// # Errors
/// When the database refuses.
pub fn note_alert(conn: &mut Conn, id: KeyId, now: Time) -> QueryResult<bool> {
    let changed = diesel::update(api_keys::table.find(id))
        .filter(api_keys::alerted_at.is_null())
        .set(api_keys::alerted_at.eq(now))
        .execute(conn)?;
    Ok(changed == 1)
}

/// The keys of a user that work although another has taken their place, each with that one; the newest first.
///
/// # Errors
/// When the database refuses.
pub fn under_way(conn: &mut Conn, owner: UserId, now: Time) -> QueryResult<Vec<(Key, Key)>> {
    let old: Vec<Row> = api_keys::table
        .filter(api_keys::owner_id.eq(owner))
        .filter(api_keys::successor_id.is_not_null())
        .filter(api_keys::revoked_at.is_null())
        .filter(api_keys::expires_at.gt(now))
        .order((api_keys::created_at.desc(), api_keys::id.desc()))
        .limit(SHOWN)
        .select(Row::as_select())
        .load(conn)?;
    let ids: Vec<KeyId> = old.iter().filter_map(|row| row.successor_id).collect();
    let new: Vec<Row> = api_keys::table
        .filter(api_keys::id.eq_any(ids))
        .filter(api_keys::revoked_at.is_null())
        .select(Row::as_select())
        .load(conn)?;
    let new: Vec<Key> = new.into_iter().map(Key::from).collect();
    let pair = |old: Row| {
        let by = new.iter().find(|key| Some(key.id) == old.successor_id)?;
        Some((Key::from(old), by.clone()))
    };
    Ok(old.into_iter().filter_map(pair).collect())
}
