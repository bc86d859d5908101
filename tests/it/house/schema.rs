//! One schema on both databases: the two trees of migrations, the live tables, and `src/db/schema.rs`.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::LoadConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use vestibule::db::Target;

use super::sources::{names, read};
use crate::support::app::{Options, TestApp};

/// Columns by table and name.
type Columns = BTreeMap<(String, String), Column>;
/// Unique indexes by table: the columns in their order, and whether only some rows count.
type Uniques = BTreeSet<(String, String, bool)>;

#[derive(Debug, PartialEq, Eq)]
struct Column {
    kind: &'static str,
    nullable: bool,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    in_table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

#[derive(QueryableByName)]
struct UniqueRow {
    #[diesel(sql_type = Text)]
    in_table: String,
    #[diesel(sql_type = Text)]
    columns: String,
    #[diesel(sql_type = Bool)]
    partial: bool,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS in_table, p.name AS name, p.type AS kind, p.\"notnull\" = 0 AS nullable \
     FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table'";
const SQLITE_UNIQUES: &str = "SELECT in_table, group_concat(column_name) AS columns, partial FROM ( \
     SELECT m.name AS in_table, i.name AS index_name, i.partial AS partial, c.name AS column_name \
     FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN pragma_index_info(i.name) c \
     WHERE m.type = 'table' AND i.\"unique\" ORDER BY m.name, i.name, c.seqno) GROUP BY in_table, index_name";
const POSTGRES_COLUMNS: &str = "SELECT c.table_name::text AS in_table, c.column_name::text AS name, \
     c.data_type::text AS kind, c.is_nullable = 'YES' AS nullable \
     FROM information_schema.columns c WHERE c.table_schema = current_schema()";
const POSTGRES_UNIQUES: &str = "SELECT t.relname::text AS in_table, \
     string_agg(a.attname::text, ',' ORDER BY k.place) AS columns, i.indpred IS NOT NULL AS partial \
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
     CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) \
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum \
     WHERE i.indisunique AND n.nspname = current_schema() GROUP BY t.relname, i.indexrelid, i.indpred IS NOT NULL";

/// What the migrations write down about themselves.
const MIGRATIONS: &str = "__diesel_schema_migrations";

fn load<C>(
    conn: &mut C,
    columns: &str,
    uniques: &str,
    kinds: &[(&str, &'static str)],
) -> (Columns, Uniques)
where
    C: LoadConnection,
    for<'q> diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'q, C, ColumnRow>
        + diesel::query_dsl::LoadQuery<'q, C, UniqueRow>,
{
    let columns: Vec<ColumnRow> = diesel::sql_query(columns).load(conn).unwrap();
    let uniques: Vec<UniqueRow> = diesel::sql_query(uniques).load(conn).unwrap();
    let kind_of = |row: &ColumnRow| {
        kinds
            .iter()
            .find(|(native, _)| *native == row.kind)
            .unwrap_or_else(|| panic!("{}.{} is {}", row.in_table, row.name, row.kind))
            .1
    };
    let columns = columns
        .iter()
        .filter(|row| row.in_table != MIGRATIONS && !row.in_table.starts_with("sqlite_"))
        .map(|row| {
            let (kind, nullable) = (kind_of(row), row.nullable);
            (
                (row.in_table.clone(), row.name.clone()),
                Column { kind, nullable },
            )
        })
        .collect();
    // A whole number as the primary key of SQLite has no index of its own; slots are the only such table.
    let uniques = uniques
        .into_iter()
        .map(|row| (row.in_table, row.columns, row.partial))
        .filter(|(table, columns, _)| {
            table != MIGRATIONS && (table.as_str(), columns.as_str()) != ("revisions", "slot")
        })
        .collect();
    (columns, uniques)
}

/// What SQLite has after all migrations. Times and JSON have no types of their own there.
fn sqlite() -> (Columns, Uniques) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("house.db");
    vestibule::db::migrate(&Target::Sqlite(path.clone())).unwrap();
    let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let kinds = [
        ("TEXT", "text"),
        ("BLOB", "bytes"),
        ("INTEGER", "int"),
        ("BIGINT", "long"),
        ("BOOLEAN", "bool"),
    ];
    load(&mut conn, SQLITE_COLUMNS, SQLITE_UNIQUES, &kinds)
}

/// The columns as `src/db/schema.rs` has them, in the types of PostgreSQL.
fn written() -> Columns {
    let text = read("src/db/schema.rs");
    let mut columns = Columns::new();
    for table in text.split("diesel::table! {").skip(1) {
        let mut lines = table
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("use "));
        let name = lines.next().unwrap().split(' ').next().unwrap();
        let mut renamed = None;
        for line in lines.take_while(|line| *line != "}") {
            if let Some(name) = line.strip_prefix("#[sql_name = \"") {
                renamed = name.strip_suffix("\"]");
                continue;
            }
            let (column, kind) = line.trim_end_matches(',').split_once(" -> ").unwrap();
            let column = renamed.take().unwrap_or(column);
            let nullable = kind
                .strip_prefix("Nullable<")
                .and_then(|kind| kind.strip_suffix('>'));
            let kind = match nullable.unwrap_or(kind) {
                "Text" => "text",
                "Binary" => "bytes",
                "Integer" => "int",
                "BigInt" => "long",
                "Bool" => "bool",
                "Ts" => "time",
                "Js" => "json",
                other => panic!("{name}.{column} is {other}"),
            };
            let nullable = nullable.is_some();
            columns.insert(
                (name.to_owned(), column.to_owned()),
                Column { kind, nullable },
            );
        }
    }
    assert!(
        columns.len() > 100,
        "only {} columns were found",
        columns.len()
    );
    columns
}

/// The same in the types of SQLite.
fn in_sqlite(mut columns: Columns) -> Columns {
    for column in columns.values_mut() {
        column.kind = match column.kind {
            "time" => "long",
            "json" => "text",
            other => other,
        };
    }
    columns
}

#[test]
fn migrations_have_the_same_names_in_both_trees() {
    assert_eq!(names("migrations/sqlite"), names("migrations/postgres"));
    for name in names("migrations/sqlite") {
        for tree in ["sqlite", "postgres"] {
            assert!(names(&format!("migrations/{tree}/{name}")).contains(&"up.sql".to_owned()));
        }
    }
}

#[test]
fn sqlite_has_the_columns_that_the_code_names() {
    same(&sqlite().0, &in_sqlite(written()));
}

/// Runs where `VESTIBULE_TEST_DATABASE_URL` names a PostgreSQL server.
#[test]
fn postgres_has_the_columns_and_unique_indexes_of_sqlite() {
    let app = TestApp::empty(Options::default());
    if !matches!(
        vestibule::server::target(&app.parts.app.config),
        Ok(Target::Postgres(_))
    ) {
        return;
    }
    let kinds = [
        ("text", "text"),
        ("bytea", "bytes"),
        ("integer", "int"),
        ("bigint", "long"),
        ("boolean", "bool"),
        ("timestamp with time zone", "time"),
        ("jsonb", "json"),
    ];
    let loaded = app
        .parts
        .app
        .db
        .read_now(|conn| Ok(load(conn, POSTGRES_COLUMNS, POSTGRES_UNIQUES, &kinds)));
    let (columns, uniques) = loaded.unwrap();
    same(&columns, &written());
    assert_eq!(uniques, sqlite().1);
}

#[track_caller]
fn same(live: &Columns, written: &Columns) {
    for (name, column) in live {
        assert_eq!(Some(column), written.get(name), "{name:?}");
    }
    for name in written.keys() {
        assert!(live.contains_key(name), "{name:?} is not in the database");
    }
}
