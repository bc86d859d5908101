//! Queries of the audit log.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Filter, Row};
use crate::clock::Time;
use crate::db::schema::{api_keys, audit, invites, users};
use crate::db::{Conn, Json, MultiBackend, Paging, count_some, prefix_end};
use crate::ids::AuditId;
use crate::input::normal_name;

/// More people of one name than anybody asks for at once.
const NAMESAKES: i64 = 50;

/// An entry that is about to be kept.
#[derive(Insertable)]
#[diesel(table_name = audit)]
pub(super) struct NewRow<'a> {
    pub id: AuditId,
    pub at: Time,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub action: &'a str,
    pub target_kind: &'a str,
    pub target_id: String,
    pub result: &'a str,
    pub ip: Option<String>,
    pub request_id: &'a str,
    pub before: Json,
    pub after: Json,
}

crate::bulk_row!(
    NewRow<'_>, "audit",
    id: Text, at: Ts, actor_kind: Text, actor_id: Nullable<Text>, action: Text, target_kind: Text,
    target_id: Text, result: Text, ip: Nullable<Text>, request_id: Text, before: Js, after: Js,
);

pub(super) fn insert(conn: &mut Conn, row: &NewRow<'_>) -> QueryResult<()> {
    diesel::insert_into(audit::table)
        .values(row)
        .execute(conn)
        .map(drop)
}

/// A part of the log in the order that `paging` fetches.
///
/// # Errors
/// When the database refuses.
pub fn list(conn: &mut Conn, filter: &Filter, paging: &Paging) -> QueryResult<Vec<Row>> {
    let mut query = audit::table.into_boxed::<MultiBackend>();
    match filter.actor.as_str() {
        "" => {}
        "user" | "api_key" | "operator" | "system" | "anonymous" => {
            query = query.filter(audit::actor_kind.eq(filter.actor.clone()));
        }
        text if is_id(text) => query = query.filter(audit::actor_id.eq(text.to_owned())),
        text => query = query.filter(audit::actor_id.eq_any(actors_called(conn, text)?)),
    }
    if !filter.action.is_empty() {
        let (start, end) = (filter.action.clone(), prefix_end(&filter.action));
        query = query.filter(audit::action.ge(start).and(audit::action.lt(end)));
    }
    if !filter.target.is_empty() {
        query = query.filter(audit::target_id.eq(filter.target.clone()));
    }
    if !filter.ip.is_empty() {
        query = query.filter(audit::ip.eq(filter.ip.clone()));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit::at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit::at.lt(to));
    }
    match filter.q.as_str() {
        "" => {}
        text if text.starts_with("aud_") => query = query.filter(audit::id.eq(text.to_owned())),
        text if is_id(text) => query = query.filter(audit::target_id.eq(text.to_owned())),
        text => query = query.filter(audit::target_id.eq_any(targets_called(conn, text)?)),
    }
    if let Some(beyond) = paging.beyond("(audit.at, audit.id)") {
        query = query.filter(beyond);
    }
    query = if paging.newer {
        query.order((audit::at.asc(), audit::id.asc()))
    } else {
        query.order((audit::at.desc(), audit::id.desc()))
    };
    query.limit(paging.fetch()).load(conn)
}

/// Whether the text has the form of an id: three letters, an underscore and a UUID.
fn is_id(text: &str) -> bool {
    text.len() == 40 && text.as_bytes()[3] == b'_'
}

/// The ids under which the users of that address or name act: their own and those of their keys.
fn actors_called(conn: &mut Conn, text: &str) -> QueryResult<Vec<String>> {
    let mut ids = users_called(conn, text)?;
    let keys: Vec<String> = api_keys::table
        .filter(api_keys::owner_id.eq_any(ids.clone()))
        .select(api_keys::id)
        .order(api_keys::created_at.desc())
        .limit(NAMESAKES)
        .load(conn)?;
    ids.extend(keys);
    Ok(ids)
}

/// The ids of the users and invites of that address or name.
fn targets_called(conn: &mut Conn, text: &str) -> QueryResult<Vec<String>> {
    let mut ids = users_called(conn, text)?;
    let norm = normal_name(text);
    let invited: Vec<String> = invites::table
        .filter(
            invites::address_norm
                .eq(&norm)
                .or(invites::name_norm.eq(&norm)),
        )
        .select(invites::id)
        .order(invites::created_at.desc())
        .limit(NAMESAKES)
        .load(conn)?;
    ids.extend(invited);
    Ok(ids)
}

fn users_called(conn: &mut Conn, text: &str) -> QueryResult<Vec<String>> {
    let norm = normal_name(text);
    users::table
        .filter(
            users::email_norm
                .eq(&norm)
                .or(users::phone.eq(&norm))
                .or(users::name_norm.eq(&norm)),
        )
        .select(users::id)
        .order(users::created_at.desc())
        .limit(NAMESAKES)
        .load(conn)
}

/// What people call these users, the owners of these keys and whom these invites are for; one query for each of the three.
pub(super) fn names(conn: &mut Conn, ids: &[String]) -> QueryResult<HashMap<String, String>> {
    let of = |prefix: &str| {
        ids.iter()
            .filter(|id| id.starts_with(prefix))
            .cloned()
            .collect::<Vec<_>>()
    };
    let (user_ids, key_ids, invite_ids) = (of("usr_"), of("key_"), of("inv_"));
    let mut names = HashMap::new();
    if !user_ids.is_empty() {
        let found: Vec<(String, String)> = users::table
            .filter(users::id.eq_any(user_ids))
            .select((users::id, users::display_name))
            .load(conn)?;
        names.extend(found);
    }
    if !key_ids.is_empty() {
        let found: Vec<(String, String)> = api_keys::table
            .inner_join(users::table)
            .filter(api_keys::id.eq_any(key_ids))
            .select((api_keys::id, users::display_name))
            .load(conn)?;
        names.extend(found);
    }
    if !invite_ids.is_empty() {
        let found: Vec<(String, String)> = invites::table
            .filter(invites::id.eq_any(invite_ids))
            .select((invites::id, invites::address))
            .load(conn)?;
        names.extend(found);
    }
    Ok(names)
}

/// Entries without a seal, oldest ids first.
pub(super) fn unsealed(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Row>> {
    audit::table
        .filter(audit::seq.is_null())
        .order(audit::id.asc())
        .limit(limit)
        .load(conn)
}

/// Sealed entries in the order of their numbers, from after `last` on.
pub(super) fn sealed(conn: &mut Conn, last: Option<i64>, limit: i64) -> QueryResult<Vec<Row>> {
    let mut query = audit::table
        .filter(audit::seq.is_not_null())
        .into_boxed::<MultiBackend>();
    if let Some(last) = last {
        query = query.filter(audit::seq.gt(last));
    }
    query.order(audit::seq.asc()).limit(limit).load(conn)
}

/// The highest number there is.
pub(super) fn highest(conn: &mut Conn) -> QueryResult<Option<i64>> {
    audit::table
        .select(diesel::dsl::max(audit::seq))
        .first(conn)
}

/// How many entries wait for their seal.
pub(super) fn count_unsealed(conn: &mut Conn) -> QueryResult<i64> {
    audit::table
        .filter(audit::seq.is_null())
        .count()
        .get_result(conn)
}

/// The same, but stops counting at 1,001.
pub(super) fn count_some_unsealed(conn: &mut Conn, now: Time) -> QueryResult<i64> {
    count_some(
        conn,
        "SELECT 1 FROM audit WHERE seq IS NULL AND at <= $1",
        now,
    )
}

#[cfg(test)]
mod tests;
