//! Lists cost the same however long they are: the queries that really run are explained by the database,
//! and must seek in an index that ends in the sort key.
//!
//! `VESTIBULE_TEST_USERS` sets how many users there are (10,000 unless told; `scripts/soak` takes a
//! million).

mod fill;
mod invite_lists;
mod key_notices;
mod look_further;

use std::sync::{Arc, Mutex};

use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use vestibule::access::Role;
use vestibule::audit;
use vestibule::clock::Time;
use vestibule::config::DatabaseUrl;
use vestibule::db::{Conn, Paging};
use vestibule::invites::model::{DeliveryState, State as InviteState};
use vestibule::invites::store as invites;
use vestibule::outbox::store as outbox;
use vestibule::users::model::Status;
use vestibule::users::store::{self, Filter};

use self::fill::fill;
use crate::support::app::TestApp;

fn how_many() -> usize {
    std::env::var("VESTIBULE_TEST_USERS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(10_000)
}

fn filled() -> TestApp {
    let app = TestApp::start();
    app.leaves_mails();
    let count = how_many();
    app.parts
        .app
        .db
        .write_now(move |tx| {
            let tables = ["users", "outbox", "invites", "audit"];
            Ok(fill(tx, &tables, count, 1_700_000_000, 0)?)
        })
        .unwrap();
    app
}

/// Notes the SQL that runs from now on, with its parameters as `?` or `$1`.
fn noting(conn: &mut Conn) -> Arc<Mutex<Vec<String>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            noted
                .lock()
                .unwrap()
                .push(text.split(" -- binds").next().unwrap().to_owned());
        }
    });
    seen
}

/// The SQL that `work` runs.
fn statements(conn: &mut Conn, work: impl FnOnce(&mut Conn)) -> Vec<String> {
    let seen = noting(conn);
    work(conn);
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    std::mem::take(&mut seen.lock().unwrap())
}

#[derive(QueryableByName)]
struct LitePlan {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PgPlan {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    line: String,
}

/// How the database runs a statement whatever its parameters are.
fn plan(conn: &mut Conn, sql: &str) -> String {
    match conn {
        Conn::Lite(lite) => {
            let rows: Vec<LitePlan> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
                .load(lite)
                .unwrap();
            rows.into_iter()
                .map(|row| row.detail)
                .collect::<Vec<_>>()
                .join("\n")
        }
        Conn::Pg(pg) => {
            let parameters = (1..)
                .take_while(|number| sql.contains(&format!("${number}")))
                .count();
            let nulls = vec!["NULL"; parameters].join(", ");
            let call = if nulls.is_empty() {
                String::new()
            } else {
                format!("({nulls})")
            };
            pg.batch_execute(&format!(
                "SET plan_cache_mode = force_generic_plan; PREPARE seen AS {sql}"
            ))
            .unwrap();
            let rows: Vec<PgPlan> = diesel::sql_query(format!("EXPLAIN EXECUTE seen{call}"))
                .load(pg)
                .unwrap();
            pg.batch_execute("DEALLOCATE seen; RESET plan_cache_mode")
                .unwrap();
            rows.into_iter()
                .map(|row| row.line)
                .collect::<Vec<_>>()
                .join("\n")
        }
    }
}

#[test]
fn a_page_of_users_is_found_by_seeking_in_an_index() {
    let app = filled();
    let filters = [
        ("every user", Filter::default(), "users_created_at"),
        (
            "by status",
            Filter {
                status: Some(Status::Active),
                ..Filter::default()
            },
            "users_status",
        ),
        (
            "by a rare status",
            Filter {
                status: Some(Status::Suspended),
                ..Filter::default()
            },
            "users_status",
        ),
        (
            "by role",
            Filter {
                role: Some(Role::Member),
                ..Filter::default()
            },
            "users_role",
        ),
    ];
    app.parts
        .app
        .db
        .read_now(|conn| {
            for (name, filter, index) in &filters {
                let first = store::list(conn, filter, &Paging::first(50))?;
                let deep = Paging {
                    limit: 50,
                    from: first.older.clone(),
                    newer: false,
                };
                let back = Paging {
                    limit: 50,
                    from: first.older,
                    newer: true,
                };
                for paging in [Paging::first(50), deep, back] {
                    let ran = statements(conn, |conn| drop(store::list(conn, filter, &paging)));
                    assert_eq!(ran.len(), 1, "{name}: one query a page");
                    let plan = plan(conn, &ran[0]);
                    // PostgreSQL may walk the order and skip rows, where most rows fit the filter.
                    let seeks = plan.contains(index) || plan.contains("users_created_at");
                    assert!(seeks, "{name}: not through {index}:\n{}\n{plan}", ran[0]);
                    for slow in ["TEMP B-TREE", "Sort", "Seq Scan", "SCAN users\n"] {
                        assert!(!plan.contains(slow), "{name}: {slow}:\n{}\n{plan}", ran[0]);
                    }
                }
            }
            Ok(())
        })
        .unwrap();
}

/// A query by its name, and what its plan must and must not hold.
type Case<'a> = (&'a str, &'a dyn Fn(&mut Conn), &'a [&'a str], bool);

/// Runs the cases and looks at the plan of each query: each goes through one of the indexes, none reads a
/// whole table, and where the rows come in order none sorts.
fn look(app: &TestApp, cases: &[Case<'_>]) {
    let looked = app.parts.app.db.read_now(|conn| {
        for (name, work, indexes, in_order) in cases {
            // PostgreSQL may read a table from its start until it has counted enough, and a new connection asks it for the
            // types of its parameters.
            let ran = statements(conn, work);
            let is_looked_at = |sql: &&String| {
                !sql.contains("(SELECT 1 FROM invites") && !sql.contains("\"pg_type\"")
            };
            for sql in ran.iter().filter(is_looked_at) {
                let plan = plan(conn, sql);
                let found = indexes.iter().any(|index| plan.contains(index));
                assert!(found, "{name}: through none of {indexes:?}:\n{sql}\n{plan}");
                let scans = plan.lines().any(|line| {
                    let whole = line.starts_with("SCAN ") && !line.contains("USING");
                    whole && !line.contains("SUBQUERY") && !line.starts_with("SCAN counted")
                });
                assert!(
                    !scans && !plan.contains("Seq Scan"),
                    "{name}:\n{sql}\n{plan}"
                );
                // What lies between two places of the order is sorted at no more cost than it has rows.
                let place = "(invites.created_at, invites.id)";
                let is_bounded = [" > (", " < ("]
                    .iter()
                    .all(|end| sql.contains(&format!("{place}{end}")));
                let sorts = !is_bounded && (plan.contains("TEMP B-TREE") || plan.contains("Sort"));
                assert!(!sorts || !in_order, "{name} sorts:\n{sql}\n{plan}");
            }
        }
        Ok(())
    });
    looked.unwrap();
}

#[test]
fn a_search_seeks_when_it_finds_few_and_walks_the_list_when_it_finds_many() {
    let app = filled();
    let users = |q: &str| {
        let filter = Filter {
            q: q.to_owned(),
            ..Filter::default()
        };
        move |conn: &mut Conn| {
            let found = store::list(conn, &filter, &Paging::first(50)).unwrap();
            assert!(!found.rows.is_empty());
        }
    };
    let mails = |to: &str| {
        let filter = outbox::Filter {
            to: to.to_owned(),
            ..outbox::Filter::default()
        };
        move |conn: &mut Conn| {
            let found = outbox::list(conn, &filter, &Paging::first(50)).unwrap();
            assert!(!found.rows.is_empty());
        }
    };
    let primary = ["sqlite_autoindex", "_pkey"];
    let by_user: Vec<&str> = ["users_email_norm", "users_name_norm", "users_created_at"]
        .into_iter()
        .chain(primary)
        .collect();
    let by_mail: Vec<&str> = ["outbox_recipient", "outbox_created_at"]
        .into_iter()
        .chain(primary)
        .collect();
    look(
        &app,
        &[
            ("few users", &users("u77"), &by_user, false),
            ("many users", &users("user"), &by_user, true),
            ("few mails", &mails("u77"), &by_mail, false),
            ("many mails", &mails("u"), &by_mail, true),
        ],
    );
}

#[test]
fn invites_and_what_an_address_did_are_found_through_an_index() {
    let app = filled();
    let now = Time::parse("2023-11-14T00:00:00Z").unwrap();
    let invites = |filter: invites::Filter| {
        move |conn: &mut Conn| {
            let found = invites::list(conn, &filter, &Paging::first(50), now).unwrap();
            assert!(!found.rows.is_empty());
        }
    };
    let pending = invites(invites::Filter {
        state: Some(InviteState::Pending),
        ..invites::Filter::default()
    });
    let not_delivered = invites(invites::Filter {
        state: Some(InviteState::Pending),
        mail: Some(DeliveryState::Failed),
        ..invites::Filter::default()
    });
    let of_template = invites(invites::Filter {
        template: Some("tpl_00000000-0000-7000-8000-000000000000".parse().unwrap()),
        ..invites::Filter::default()
    });
    let by_maker = |conn: &mut Conn| {
        let filter = invites::Filter {
            invited_by: Some("usr_00000001-0000-7000-8000-000000000001".parse().unwrap()),
            ..invites::Filter::default()
        };
        invites::list(conn, &filter, &Paging::first(50), now).unwrap();
    };
    let counts = |conn: &mut Conn| {
        let counts = invites::counts(conn, now).unwrap();
        assert!(counts.not_delivered > 0);
    };
    let by_address = |conn: &mut Conn| {
        let filter = audit::model::Filter {
            ip: "192.0.2.77".to_owned(),
            ..audit::model::Filter::default()
        };
        let found = audit::store::list(conn, &filter, &Paging::first(50)).unwrap();
        assert!(!found.is_empty());
    };
    let by_state = ["invites_state", "invites_created_at", "invites_expires_at"];
    look(
        &app,
        &[
            ("pending", &pending, &by_state, true),
            (
                "of a template",
                &of_template,
                &["invites_template", "invites_created_at"],
                true,
            ),
            (
                "by their maker",
                &by_maker,
                &["invites_created_by", "invites_created_at"],
                true,
            ),
            (
                "not delivered",
                &not_delivered,
                &[
                    "invites_mail",
                    "outbox_state",
                    "sqlite_autoindex",
                    "_pkey",
                    "invites_state",
                    "invites_created_at",
                ],
                false,
            ),
            (
                "counts",
                &counts,
                &[
                    "invites_mail",
                    "invites_state",
                    "invites_expires_at",
                    "outbox_state",
                ],
                true,
            ),
            ("by address", &by_address, &["audit_ip"], true),
        ],
    );
}

#[test]
fn what_becomes_of_invites_is_counted_through_an_index() {
    let app = filled();
    let (digest, no) = match app.parts.app.config.database {
        DatabaseUrl::Sqlite(_) => ("randomblob(32)", "0"),
        DatabaseUrl::Postgres(_) => ("decode(md5(id), 'hex')", "false"),
    };
    app.execute(&format!(
        "INSERT INTO invite_links (id, invite_id, digest, shown, created_at, opened_at) \
         SELECT replace(id, 'inv', 'lnk'), id, {digest}, {no}, created_at, created_at FROM invites"
    ));
    app.execute("ANALYZE invite_links");
    let now = Time::parse("2023-11-14T00:00:00Z").unwrap();
    let default = "tpl_00000000-0000-7000-8000-000000000000".parse().unwrap();
    let looked = app.parts.app.db.read_now(|conn| {
        // A table that is shorter than what is counted at most may as well be sorted; a long one is not.
        if let Conn::Pg(pg) = conn {
            pg.batch_execute("SET enable_sort = off").unwrap();
        }
        for template in [None, Some(default)] {
            let ran = statements(conn, |conn| {
                let funnel = invites::funnel(conn, now, template, now).unwrap();
                assert_eq!(funnel.opened, funnel.made);
                assert!(funnel.made > 0);
            });
            assert_eq!(ran.len(), 1);
            let plan = plan(conn, &ran[0]);
            let seeks = ["invites_created_at", "invites_template"];
            assert!(seeks.iter().any(|index| plan.contains(index)), "{plan}");
            assert!(plan.contains("invite_links_invite"), "{plan}");
            for slow in ["TEMP B-TREE", "Sort", "Seq Scan", "SCAN invite"] {
                assert!(!plan.contains(slow), "{slow}:\n{plan}");
            }
        }
        if let Conn::Pg(pg) = conn {
            pg.batch_execute("RESET enable_sort").unwrap();
        }
        Ok(())
    });
    looked.unwrap();
}
