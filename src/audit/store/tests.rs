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
                        (
                            users::role.eq("admin"),
                            users::status.eq("active"),
                            users::schema_id.eq("default"),
                        ),
                        (
                            users::traits.eq(empty.clone()),
                            users::metadata_public.eq(empty.clone()),
                        ),
                        (
                            users::metadata_admin.eq(empty),
                            users::password_hash.eq(none),
                        ),
                        (users::created_at.eq(tx.now), users::updated_at.eq(tx.now)),
                    ))
                    .execute(&mut **tx)?;
                diesel::insert_into(api_keys::table)
                    .values((
                        api_keys::id.eq(ada_key),
                        api_keys::owner_id.eq(ada),
                        (api_keys::name.eq("ci"), api_keys::note.eq("")),
                        (
                            api_keys::prefix.eq("vstk_abcd"),
                            api_keys::last_four.eq("wxyz"),
                        ),
                        (
                            api_keys::digest.eq(vec![0_u8; 32]),
                            api_keys::scopes.eq("all"),
                        ),
                        api_keys::created_at.eq(tx.now),
                    ))
                    .execute(&mut **tx)?;
                Ok(())
            })
            .unwrap();
        let log = Self {
            scratch,
            ada,
            ada_key,
        };
        let from_office = Some("192.0.2.7".parse().unwrap());
        let user = Actor {
            kind: ActorKind::User,
            user: Some(ada),
            role: Role::Admin,
            ip: from_office,
            request_id: "r1".into(),
        };
        let key = Actor {
            kind: ActorKind::ApiKey(ada_key),
            ip: None,
            ..user.clone()
        };
        log.add(&user, "user.updated", &ada.to_string());
        log.add(
            &key,
            "invite.created",
            "inv_018bcfe5-6800-7000-8000-000000000000",
        );
        log.add(
            &Actor::system(),
            "invite.expired",
            "inv_018bcfe5-6800-7000-8000-000000000000",
        );
        log
    }

    fn add(&self, actor: &Actor, action: &'static str, target: &str) {
        let (actor, target) = (actor.clone(), target.to_owned());
        self.scratch
            .db
            .write_now(move |tx| {
                let entry =
                    Entry::new(action, Target::new("thing", &target)).after(json!({ "n": 1 }));
                record(tx, &actor, entry)
            })
            .unwrap();
        self.scratch.clock.advance(crate::clock::days(1));
    }

    fn page(&self, filter: &Filter, paging: &Paging) -> Slice<String> {
        let read = |conn: &mut Conn| Ok(list(conn, filter, paging)?);
        let rows = self.scratch.db.read_now(read).unwrap();
        paging
            .slice(rows, |row| Cursor {
                time: row.at,
                id: row.id.to_string(),
            })
            .map(|row| row.action)
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
    let second = log.page(
        &all,
        &Paging {
            limit: 2,
            from: first.older,
            newer: false,
        },
    );
    assert_eq!(
        (second.rows.as_slice(), second.older.clone()),
        (["user.updated".to_owned()].as_slice(), None)
    );
    let back = log.page(
        &all,
        &Paging {
            limit: 2,
            from: second.newer,
            newer: true,
        },
    );
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
    let day = |text| Time::parse(text);
    assert_eq!(by(&|it| it.actor = "system".into()), ["invite.expired"]);
    assert_eq!(by(&|it| it.actor = log.ada.to_string()), ["user.updated"]);
    assert_eq!(
        by(&|it| it.actor = log.ada_key.to_string()),
        ["invite.created"]
    );
    assert_eq!(
        by(&|it| it.actor = " ADA@example.org".into()),
        ["invite.created", "user.updated"]
    );
    assert_eq!(
        by(&|it| it.actor = "ada   Lovelace".into()),
        ["invite.created", "user.updated"]
    );
    assert_eq!(
        by(&|it| it.actor = "nobody@example.org".into()),
        Vec::<String>::new()
    );
    assert_eq!(
        by(&|it| it.action = "invite.".into()),
        ["invite.expired", "invite.created"]
    );
    assert_eq!(
        by(&|it| it.action = "invite.created".into()),
        ["invite.created"]
    );
    assert_eq!(by(&|it| it.action = "in%".into()), Vec::<String>::new());
    assert_eq!(
        by(&|it| it.target = invite.into()),
        ["invite.expired", "invite.created"]
    );
    assert_eq!(by(&|it| it.ip = "192.0.2.7".into()), ["user.updated"]);
    assert_eq!(
        by(&|it| it.from = day("2026-11-23T00:00:00Z")),
        ["invite.expired", "invite.created"]
    );
    assert_eq!(
        by(&|it| it.to = day("2026-11-24T00:00:00Z")),
        ["invite.created", "user.updated"]
    );
    assert_eq!(
        by(&|it| it.q = invite.into()),
        ["invite.expired", "invite.created"]
    );
    assert_eq!(by(&|it| it.q = "ada@example.org".into()), ["user.updated"]);
    assert_eq!(
        by(&|it| it.q = "usr_'; DROP TABLE audit".into()),
        Vec::<String>::new()
    );
}

#[test]
fn users_and_the_owners_of_keys_have_names() {
    let log = Log::new();
    let ids = [
        log.ada.to_string(),
        log.ada_key.to_string(),
        "usr_unknown".to_owned(),
    ];
    let names = log
        .scratch
        .db
        .read_now(|conn| Ok(names(conn, &ids)?))
        .unwrap();
    assert_eq!(names.len(), 2);
    assert!(names.values().all(|name| name == "Ada Lovelace"));
}
