//! Queries of the audit log.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Filter, Row};
use crate::clock::Time;
use crate::db::schema::{api_keys, audit, invites, users};
use crate::db::{Conn, Json, MultiBackend, Paging, count_some, prefix_end};
use crate::ids::AuditId;

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

pub(super) fn insert(conn: &mut Conn, row: &NewRow<'_>) -> QueryResult<()> {
    diesel::insert_into(audit::table).values(row).execute(conn).map(drop)
}

/// A part of the log in the order that `paging` fetches.
pub(super) fn list(conn: &mut Conn, filter: &Filter, paging: &Paging) -> QueryResult<Vec<Row>> {
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
    let norm = normal(text);
    let invited: Vec<String> = invites::table
        .filter(invites::email_norm.eq(&norm).or(invites::name_norm.eq(&norm)))
        .select(invites::id)
        .order(invites::created_at.desc())
        .limit(NAMESAKES)
        .load(conn)?;
    ids.extend(invited);
    Ok(ids)
}

fn users_called(conn: &mut Conn, text: &str) -> QueryResult<Vec<String>> {
    let norm = normal(text);
    users::table
        .filter(users::email_norm.eq(&norm).or(users::name_norm.eq(&norm)))
        .select(users::id)
        .order(users::created_at.desc())
        .limit(NAMESAKES)
        .load(conn)
}

fn normal(text: &str) -> String {
    text.trim().to_lowercase()
}

/// What people call these users, and the owners of these keys; one query for each of the two.
pub(super) fn names(conn: &mut Conn, ids: &[String]) -> QueryResult<HashMap<String, String>> {
    let of = |prefix: &str| ids.iter().filter(|id| id.starts_with(prefix)).cloned().collect::<Vec<_>>();
    let (user_ids, key_ids) = (of("usr_"), of("key_"));
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
    Ok(names)
}

/// Entries without a seal, oldest ids first.
pub(super) fn unsealed(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Row>> {
    audit::table.filter(audit::seq.is_null()).order(audit::id.asc()).limit(limit).load(conn)
}

/// Sealed entries in the order of their numbers, from after `last` on.
pub(super) fn sealed(conn: &mut Conn, last: Option<i64>, limit: i64) -> QueryResult<Vec<Row>> {
    let mut query = audit::table.filter(audit::seq.is_not_null()).into_boxed::<MultiBackend>();
    if let Some(last) = last {
        query = query.filter(audit::seq.gt(last));
    }
    query.order(audit::seq.asc()).limit(limit).load(conn)
}

/// The highest number there is.
pub(super) fn highest(conn: &mut Conn) -> QueryResult<Option<i64>> {
    audit::table.select(diesel::dsl::max(audit::seq)).first(conn)
}

/// How many entries wait for their seal.
pub(super) fn count_unsealed(conn: &mut Conn) -> QueryResult<i64> {
    audit::table.filter(audit::seq.is_null()).count().get_result(conn)
}

/// The same, but stops counting at 1,001.
pub(super) fn count_some_unsealed(conn: &mut Conn, now: Time) -> QueryResult<i64> {
    count_some(conn, "SELECT 1 FROM audit WHERE seq IS NULL AND at <= $1", now)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::{Actor, ActorKind, Role};
    use crate::audit::{Entry, Target, record};
    use crate::db::scratch::Scratch;
    use crate::db::{Cursor, Slice};
    use crate::ids::{KeyId, UserId};

    struct Log {
        scratch: Scratch,
        ada: UserId,
        ada_key: KeyId,
    }

    impl Log {
        /// Ada updates a user, her key makes an invite, a job lets it expire, in this order, a day apart.
        fn new() -> Self {
            let scratch = Scratch::new();
            let now = scratch.clock.now();
            let (ada, ada_key) = (UserId::new(now), KeyId::new(now));
            scratch
                .db
                .write_now(move |tx| {
                    let (empty, none) = (Json::object(), Option::<String>::None);
                    diesel::insert_into(users::table)
                        .values((
                            users::id.eq(ada),
                            users::email.eq(Some("Ada@Example.org")),
                            users::email_norm.eq(Some("ada@example.org")),
                            users::email_verified.eq(true),
                            users::display_name.eq("Ada Lovelace"),
                            users::name_norm.eq("ada lovelace"),
                            (users::role.eq("admin"), users::status.eq("active"), users::schema_id.eq("default")),
                            (users::traits.eq(empty.clone()), users::metadata_public.eq(empty.clone())),
                            (users::metadata_admin.eq(empty), users::password_hash.eq(none)),
                            (users::created_at.eq(tx.now), users::updated_at.eq(tx.now)),
                        ))
                        .execute(&mut **tx)?;
                    diesel::insert_into(api_keys::table)
                        .values((
                            api_keys::id.eq(ada_key),
                            api_keys::owner_id.eq(ada),
                            (api_keys::name.eq("ci"), api_keys::note.eq("")),
                            (api_keys::prefix.eq("vstk_abcd"), api_keys::last_four.eq("wxyz")),
                            (api_keys::digest.eq(vec![0_u8; 32]), api_keys::scopes.eq("all")),
                            api_keys::created_at.eq(tx.now),
                        ))
                        .execute(&mut **tx)?;
                    Ok(())
                })
                .unwrap();
            let log = Self { scratch, ada, ada_key };
            let from_office = Some("192.0.2.7".parse().unwrap());
            let user = Actor { kind: ActorKind::User, user: Some(ada), role: Role::Admin, ip: from_office, request_id: "r1".into() };
            let key = Actor { kind: ActorKind::ApiKey(ada_key), ip: None, ..user.clone() };
            log.add(&user, "user.updated", &ada.to_string());
            log.add(&key, "invite.created", "inv_018bcfe5-6800-7000-8000-000000000000");
            log.add(&Actor::system(), "invite.expired", "inv_018bcfe5-6800-7000-8000-000000000000");
            log
        }

        fn add(&self, actor: &Actor, action: &'static str, target: &str) {
            let (actor, target) = (actor.clone(), target.to_owned());
            self.scratch
                .db
                .write_now(move |tx| {
                    let entry = Entry::new(action, Target::new("thing", &target)).after(json!({ "n": 1 }));
                    record(tx, &actor, entry)
                })
                .unwrap();
            self.scratch.clock.advance(crate::clock::days(1));
        }

        fn page(&self, filter: &Filter, paging: &Paging) -> Slice<String> {
            let read = |conn: &mut Conn| Ok(list(conn, filter, paging)?);
            let rows = self.scratch.db.read_now(read).unwrap();
            paging.slice(rows, |row| Cursor { time: row.at, id: row.id.to_string() }).map(|row| row.action)
        }

        fn found(&self, filter: &Filter) -> Vec<String> {
            self.page(filter, &Paging::first(50)).rows
        }
    }

    #[test]
    fn the_newest_entries_come_first_and_pages_lead_both_ways() {
        let log = Log::new();
        let all = Filter::default();
        let first = log.page(&all, &Paging::first(2));
        assert_eq!(first.rows, ["invite.expired", "invite.created"]);
        assert_eq!(first.newer, None);
        let second = log.page(&all, &Paging { limit: 2, from: first.older, newer: false });
        assert_eq!((second.rows.as_slice(), second.older.clone()), (["user.updated".to_owned()].as_slice(), None));
        let back = log.page(&all, &Paging { limit: 2, from: second.newer, newer: true });
        assert_eq!(back.rows, ["invite.expired", "invite.created"]);
    }

    #[test]
    fn each_filter_narrows_the_list() {
        let log = Log::new();
        let by = |change: &dyn Fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            log.found(&filter)
        };
        let invite = "inv_018bcfe5-6800-7000-8000-000000000000";
        let day = |text| crate::clock::Time::parse(text);
        assert_eq!(by(&|it| it.actor = "system".into()), ["invite.expired"]);
        assert_eq!(by(&|it| it.actor = log.ada.to_string()), ["user.updated"]);
        assert_eq!(by(&|it| it.actor = log.ada_key.to_string()), ["invite.created"]);
        assert_eq!(by(&|it| it.actor = " ADA@example.org".into()), ["invite.created", "user.updated"]);
        assert_eq!(by(&|it| it.actor = "Ada Lovelace".into()), ["invite.created", "user.updated"]);
        assert_eq!(by(&|it| it.actor = "nobody@example.org".into()), Vec::<String>::new());
        assert_eq!(by(&|it| it.action = "invite.".into()), ["invite.expired", "invite.created"]);
        assert_eq!(by(&|it| it.action = "invite.created".into()), ["invite.created"]);
        assert_eq!(by(&|it| it.action = "in%".into()), Vec::<String>::new());
        assert_eq!(by(&|it| it.target = invite.into()), ["invite.expired", "invite.created"]);
        assert_eq!(by(&|it| it.ip = "192.0.2.7".into()), ["user.updated"]);
        assert_eq!(by(&|it| it.from = day("2026-11-23T00:00:00Z")), ["invite.expired", "invite.created"]);
        assert_eq!(by(&|it| it.to = day("2026-11-24T00:00:00Z")), ["invite.created", "user.updated"]);
        assert_eq!(by(&|it| it.q = invite.into()), ["invite.expired", "invite.created"]);
        assert_eq!(by(&|it| it.q = "ada@example.org".into()), ["user.updated"]);
        assert_eq!(by(&|it| it.q = "usr_'; DROP TABLE audit".into()), Vec::<String>::new());
    }

    #[test]
    fn users_and_the_owners_of_keys_have_names() {
        let log = Log::new();
        let ids = [log.ada.to_string(), log.ada_key.to_string(), "usr_unknown".to_owned()];
        let names = log.scratch.db.read_now(|conn| Ok(names(conn, &ids)?)).unwrap();
        assert_eq!(names.len(), 2);
        assert!(names.values().all(|name| name == "Ada Lovelace"));
    }
}
