//! Lists cost the same however long they are: the queries that really run are explained by the database,
//! and must seek in an index that ends in the sort key.
//!
//! `VESTIBULE_TEST_USERS` sets how many users there are (10,000 unless told; `scripts/soak` takes a
//! million).

use std::sync::{Arc, Mutex};

use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::prelude::*;
use vestibule::access::Role;
use vestibule::db::{Conn, Paging};
use vestibule::users::model::Status;
use vestibule::users::store::{self, Filter};

use crate::support::app::TestApp;

fn how_many() -> usize {
    std::env::var("VESTIBULE_TEST_USERS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(10_000)
}

/// Fills the table of users with rows as actions write them.
fn fill(conn: &mut Conn, count: usize) -> QueryResult<()> {
    let columns = "id, email, email_norm, email_verified, display_name, name_norm, role, status, schema_id, \
                   traits, metadata_public, metadata_admin, created_at, updated_at";
    match conn {
        Conn::Lite(lite) => lite.batch_execute(&format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO users ({columns})
             SELECT printf('usr_%08x-0000-7000-8000-%012x', i, i), printf('u%d@example.org', i),
                 printf('u%d@example.org', i), 1, printf('User %d', i), printf('user %d', i), 'member',
                 CASE i % 10 WHEN 0 THEN 'suspended' ELSE 'active' END, 'default', '{{}}', '{{}}', '{{}}',
                 1700000000000000 + i * 1000000, 1700000000000000 + i * 1000000
             FROM n; ANALYZE users"
        )),
        Conn::Pg(pg) => pg.batch_execute(&format!(
            "INSERT INTO users ({columns})
             SELECT 'usr_' || lpad(to_hex(i), 8, '0') || '-0000-7000-8000-' || lpad(to_hex(i), 12, '0'),
                 'u' || i || '@example.org', 'u' || i || '@example.org', true, 'User ' || i, 'user ' || i,
                 'member', CASE i % 10 WHEN 0 THEN 'suspended' ELSE 'active' END, 'default', '{{}}', '{{}}',
                 '{{}}', to_timestamp(1700000000 + i), to_timestamp(1700000000 + i)
             FROM generate_series(1, {count}) AS i; ANALYZE users"
        )),
    }
}

/// The SQL that `work` runs, with its parameters as `?` or `$1`.
fn statements(conn: &mut Conn, work: impl FnOnce(&mut Conn)) -> Vec<String> {
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
    let app = TestApp::start();
    let count = how_many();
    app.parts
        .app
        .db
        .write_now(move |tx| Ok(fill(tx, count)?))
        .unwrap();
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
