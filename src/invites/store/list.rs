//! The list of invites.

use diesel::prelude::*;

use super::narrow::{Filter, Part, Standing, narrowed};
use crate::clock::Time;
use crate::db::schema::invites;
use crate::db::{Beyond, COUNT_LIMIT, Conn, Cursor, MultiBackend, Paging, Slice, fits};
use crate::ids::InviteId;
use crate::invites::model::{Invite, State};

/// Rows that a page looks at: so many, and when too few of them fit, so many, and no more. A page that few of many rows
/// fit would else look at them all.
const WALKED: [i64; 3] = [200, 2_000, FURTHEST];
const FURTHEST: i64 = 20_000;

/// The last row that a page looks at, and the one behind it.
struct Horizon {
    last: Cursor,
    behind: Cursor,
}

/// The rows of a query in the order of a page, from its cursor on.
macro_rules! placed {
    ($query:expr, $paging:expr) => {{
        let mut query = $query;
        if let Some(beyond) = $paging.beyond(PLACE) {
            query = query.filter(beyond);
        }
        if $paging.newer {
            query.order((invites::created_at.asc(), invites::id.asc()))
        } else {
            query.order((invites::created_at.desc(), invites::id.desc()))
        }
    }};
}

const PLACE: &str = "(invites.created_at, invites.id)";

/// Where a page ends that looks at so many rows; none when there are not more of them, or when all of them fit.
fn horizon(
    conn: &mut Conn,
    filter: &Filter,
    parts: &[Part],
    paging: &Paging,
    most: i64,
) -> QueryResult<Option<Horizon>> {
    let mut nearest: Option<Horizon> = None;
    for part in parts.iter().filter(|part| part.is_searched(filter)) {
        let mut query = invites::table.into_boxed::<MultiBackend>();
        query = match (part.standing, filter.template, filter.invited_by) {
            (Standing::In(state), ..) => query.filter(invites::state.eq(state)),
            (Standing::Pending | Standing::Over, ..) => {
                query.filter(invites::state.eq(State::Pending))
            }
            (Standing::Any, Some(template), _) => query.filter(invites::template_id.eq(template)),
            (Standing::Any, None, Some(by)) => query.filter(invites::created_by.eq(by)),
            (Standing::Any, None, None) => query,
        };
        let rows: Vec<(Time, InviteId)> = placed!(query, paging)
            .select((invites::created_at, invites::id))
            .offset(most - 1)
            .limit(2)
            .load(conn)?;
        let [last, behind] = rows[..] else {
            continue;
        };
        let at = |row: (Time, InviteId)| Cursor {
            time: row.0,
            id: row.1.to_string(),
        };
        let [last, behind] = [at(last), at(behind)];
        let is_nearer = nearest.as_ref().is_none_or(|other| {
            let order = (last.time, &last.id).cmp(&(other.last.time, &other.last.id));
            order.is_lt() == paging.newer
        });
        if is_nearer {
            nearest = Some(Horizon { last, behind });
        }
    }
    Ok(nearest)
}

/// Only the rows before a horizon.
fn before(horizon: &Horizon, newer: bool) -> Option<Beyond> {
    let back = Paging {
        limit: 1,
        from: Some(horizon.behind.clone()),
        newer: !newer,
    };
    back.beyond(PLACE)
}

/// The newest ids that a filter leaves.
pub fn matching(
    conn: &mut Conn,
    filter: &Filter,
    now: Time,
    most: i64,
) -> QueryResult<Vec<InviteId>> {
    let parts = Part::all(conn, filter, now)?;
    newest(conn, filter, &parts, now, most, None)
}

/// How many a filter leaves, up to [`COUNT_LIMIT`] and one, and whether there may be more behind the rows that were
/// looked at.
pub fn count_matching(conn: &mut Conn, filter: &Filter, now: Time) -> QueryResult<(usize, bool)> {
    let parts = Part::all(conn, filter, now)?;
    let horizon = horizon(conn, filter, &parts, &Paging::first(1), FURTHEST)?;
    let found = newest(conn, filter, &parts, now, COUNT_LIMIT + 1, horizon.as_ref())?;
    Ok((found.len(), horizon.is_some() && fits(&found)))
}

fn newest(
    conn: &mut Conn,
    filter: &Filter,
    parts: &[Part],
    now: Time,
    most: i64,
    horizon: Option<&Horizon>,
) -> QueryResult<Vec<InviteId>> {
    let mut found: Vec<(Time, InviteId)> = Vec::new();
    for part in parts {
        let mut query = narrowed(filter, part, now);
        if let Some(before) = horizon.and_then(|horizon| before(horizon, false)) {
            query = query.filter(before);
        }
        let part: Vec<(Time, InviteId)> = placed!(query, Paging::first(most))
            .limit(most)
            .select((invites::created_at, invites::id))
            .load(conn)?;
        found.extend(part);
    }
    found.sort_by(|a, b| (b.0, b.1.as_str()).cmp(&(a.0, a.1.as_str())));
    found.dedup();
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

/// A part of the list of invites, newest first. Where few of many rows fit it may hold less than is wanted and go on
/// all the same, behind the last row that was looked at.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    paging: &Paging,
    now: Time,
) -> QueryResult<Slice<Invite>> {
    let parts = Part::all(conn, filter, now)?;
    let (mut rows, mut end) = (Vec::new(), None);
    for most in WALKED {
        end = horizon(conn, filter, &parts, paging, most)?;
        rows = page(conn, filter, &parts, paging, now, end.as_ref())?;
        let wanted = usize::try_from(paging.fetch()).unwrap_or(usize::MAX);
        if end.is_none() || rows.len() >= wanted {
            break;
        }
    }
    let mut slice = paging.slice(rows, |invite: &Invite| Cursor {
        time: invite.created_at,
        id: invite.id.to_string(),
    });
    if let Some(end) = end {
        let further = if paging.newer {
            &mut slice.newer
        } else {
            &mut slice.older
        };
        further.get_or_insert(end.last);
    }
    Ok(slice)
}

fn page(
    conn: &mut Conn,
    filter: &Filter,
    parts: &[Part],
    paging: &Paging,
    now: Time,
    horizon: Option<&Horizon>,
) -> QueryResult<Vec<Invite>> {
    let mut rows: Vec<Invite> = Vec::new();
    for part in parts {
        let mut query = narrowed(filter, part, now);
        if let Some(before) = horizon.and_then(|horizon| before(horizon, paging.newer)) {
            query = query.filter(before);
        }
        let query = placed!(query, paging).limit(paging.fetch());
        rows.extend(query.select(Invite::as_select()).load::<Invite>(conn)?);
    }
    rows.sort_by(|a, b| {
        let order = (a.created_at, a.id.as_str()).cmp(&(b.created_at, b.id.as_str()));
        if paging.newer { order } else { order.reverse() }
    });
    rows.dedup_by_key(|invite| invite.id);
    Ok(rows)
}
