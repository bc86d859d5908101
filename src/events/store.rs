//! Queries of the events.

use diesel::prelude::*;

use crate::clock::Time;
use crate::db::schema::events;
use crate::db::{Conn, Json};
use crate::ids::EventId;

/// An event that is about to be kept.
#[derive(Insertable)]
#[diesel(table_name = events)]
pub(super) struct NewRow {
    pub id: EventId,
    pub kind: &'static str,
    pub at: Time,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub data: Json,
}

crate::bulk_row!(
    NewRow, "events",
    id: Text, kind as "type": Text, at: Ts, actor_kind: Text, actor_id: Nullable<Text>, data: Js,
);

/// An event as it is kept.
#[derive(Clone, Debug, Queryable)]
pub(super) struct Row {
    pub id: EventId,
    pub kind: String,
    pub at: Time,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub data: Json,
    pub seq: Option<i64>,
}

pub(super) fn insert(conn: &mut Conn, row: &NewRow) -> QueryResult<()> {
    diesel::insert_into(events::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

/// Events in the order of their numbers, from after `after` on.
pub(super) fn after(conn: &mut Conn, after: i64, limit: i64) -> QueryResult<Vec<Row>> {
    events::table
        .filter(events::seq.gt(after))
        .order(events::seq.asc())
        .limit(limit)
        .load(conn)
}

/// The lowest number that is kept.
pub(super) fn lowest(conn: &mut Conn) -> QueryResult<Option<i64>> {
    events::table
        .filter(events::seq.is_not_null())
        .select(events::seq)
        .order(events::seq.asc())
        .first(conn)
        .optional()
        .map(Option::flatten)
}

/// The ids of events without a number, oldest first.
pub(super) fn unnumbered(conn: &mut Conn, limit: i64) -> QueryResult<Vec<EventId>> {
    events::table
        .filter(events::seq.is_null())
        .select(events::id)
        .order(events::id.asc())
        .limit(limit)
        .load(conn)
}

/// Number and time of the first `limit` events.
pub(super) fn first(conn: &mut Conn, limit: i64) -> QueryResult<Vec<(Option<i64>, Time)>> {
    events::table
        .filter(events::seq.is_not_null())
        .select((events::seq, events::at))
        .order(events::seq.asc())
        .limit(limit)
        .load(conn)
}

/// Deletes the events up to a number.
pub(super) fn delete_to(conn: &mut Conn, seq: i64) -> QueryResult<usize> {
    diesel::delete(events::table.filter(events::seq.le(seq))).execute(conn)
}
