//! Which keys their owners are told about.

use diesel::prelude::*;

use crate::api_keys::model::Key;
use crate::api_keys::store::{OWNER, Owner, Row};
use crate::clock::{Span, Time};
use crate::db::schema::{api_keys, users};
use crate::db::{Among, Conn, Cursor, MultiBackend, Paging, count_between};
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

/// A moment at which an owner is told, and a key that they are told of. Moments of one time are in the order of the ids.
pub type Moment = (Time, Key);

/// Some keys whose owners are told by the next sweep because that is due at `now`, from behind `from`.
pub fn due(
    conn: &mut Conn,
    now: Time,
    from: Option<Cursor>,
    most: i64,
) -> QueryResult<Vec<Moment>> {
    let mut keys = api_keys::table
        .filter(api_keys::next_notice_at.le(now))
        .order((api_keys::next_notice_at, api_keys::id))
        .limit(most)
        .select((api_keys::next_notice_at.assume_not_null(), Row::as_select()))
        .into_boxed::<MultiBackend>();
    let place = from.and_then(|from| behind(from).beyond("(api_keys.next_notice_at, api_keys.id)"));
    if let Some(place) = place {
        keys = keys.filter(place);
    }
    let rows: Vec<(Time, Row)> = keys.load(conn)?;
    Ok(rows.into_iter().map(|(at, row)| (at, row.into())).collect())
}

/// Some keys whose owners are told so long before the end, from behind `from` and until `until`.
pub fn before_end(
    conn: &mut Conn,
    lead: Span,
    from: &Cursor,
    until: Time,
    most: i64,
) -> QueryResult<Vec<Moment>> {
    let from = behind(Cursor {
        time: from.time.plus(lead),
        id: from.id.clone(),
    });
    let mut keys = api_keys::table
        .filter(api_keys::next_notice_at.is_not_null())
        .filter(api_keys::successor_id.is_null())
        .filter(api_keys::expires_at.le(until.plus(lead)))
        .order((api_keys::expires_at, api_keys::id))
        .limit(most)
        .select((api_keys::expires_at.assume_not_null(), Row::as_select()))
        .into_boxed::<MultiBackend>();
    if let Some(beyond) = from.beyond("(api_keys.expires_at, api_keys.id)") {
        keys = keys.filter(beyond);
    }
    let rows: Vec<(Time, Row)> = keys.load(conn)?;
    let moment = |(end, row): (Time, Row)| (end.minus(lead), row.into());
    Ok(rows.into_iter().map(moment).collect())
}

/// The part of a list that begins with what is earliest, behind a place.
fn behind(place: Cursor) -> Paging {
    Paging {
        limit: 0,
        from: Some(place),
        newer: true,
    }
}

/// The owners of some keys.
pub fn owners(conn: &mut Conn, ids: &[UserId]) -> QueryResult<Vec<(UserId, Owner)>> {
    users::table
        .filter(Among(users::id, ids))
        .select((users::id, OWNER))
        .load(conn)
}

/// How many keys end behind one moment and until another without anything in their place, counted up to 1,001.
pub fn ends(conn: &mut Conn, between: (Time, Time)) -> QueryResult<i64> {
    const ENDS: &str = "SELECT 1 FROM api_keys WHERE next_notice_at IS NOT NULL AND successor_id IS NULL \
         AND expires_at > $1 AND expires_at <= $2";
    count_between(conn, ENDS, between)
}
