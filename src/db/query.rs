//! Small query nodes for what `MultiConnection` does not write: suffixes, keyset paging, lists of values.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Bool, Text};

use super::pool::{Conn, MultiBackend};
use super::types::Ts;
use crate::clock::Time;

/// `<query> <literal>`, for clauses that read the same on both databases, such as
/// `ON CONFLICT (id) DO UPDATE …`. The literal is never made of input.
#[derive(Clone, Copy, Debug)]
pub struct Suffix<Q>(pub Q, pub &'static str);

impl<Q> QueryId for Suffix<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Suffix<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" ");
        out.push_sql(self.1);
        Ok(())
    }
}

impl<Q: Query> Query for Suffix<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Suffix<Q> {}

/// A place in a list that is sorted by time and id: the row that was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The row's time.
    pub time: Time,
    /// Its id.
    pub id: String,
}

/// Which part of a list is wanted: so many rows, older (or newer) than a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Rows, at least 1.
    pub limit: i64,
    /// Where the last page ended; `None` for the first page.
    pub from: Option<Cursor>,
    /// True for the page of newer rows before the cursor.
    pub newer: bool,
}

/// A part of a list, newest first, and where it goes on.
#[derive(Debug, Clone)]
pub struct Slice<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The way to newer rows, when there are any.
    pub newer: Option<Cursor>,
    /// The way to older rows, when there are any.
    pub older: Option<Cursor>,
}

impl<T> Slice<T> {
    /// The same part with other rows.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Slice<U> {
        Slice {
            rows: self.rows.into_iter().map(change).collect(),
            newer: self.newer,
            older: self.older,
        }
    }
}

impl Paging {
    /// The first `limit` rows.
    pub const fn first(limit: i64) -> Self {
        Self {
            limit,
            from: None,
            newer: false,
        }
    }

    /// The condition for a query whose columns are `columns`, such as `"(users.created_at, users.id)"`.
    pub fn beyond(&self, columns: &'static str) -> Option<Beyond> {
        self.from.clone().map(|from| Beyond {
            columns,
            newer: self.newer,
            from,
        })
    }

    /// One row more than wanted, to know whether the list goes on.
    pub const fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// Makes the slice of rows that were fetched in the order of the page: newest first, or oldest first
    /// for a page of newer rows. `place` tells a row's place.
    pub fn slice<T>(&self, mut rows: Vec<T>, place: impl Fn(&T) -> Cursor) -> Slice<T> {
        let wanted = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        if self.newer {
            rows.reverse();
        }
        let (has_newer, has_older) = if self.newer {
            (more, true)
        } else {
            (self.from.is_some(), more)
        };
        Slice {
            newer: rows.first().filter(|_| has_newer).map(&place),
            older: rows.last().filter(|_| has_older).map(&place),
            rows,
        }
    }
}

/// `(time, id) < (?, ?)`: everything beyond a row, for keyset paging. Written as a row comparison,
/// because PostgreSQL seeks with it; the spelled-out form with OR scans (137 ms instead of 0.1 ms at a
/// million rows).
#[derive(Debug, Clone)]
pub struct Beyond {
    columns: &'static str,
    newer: bool,
    from: Cursor,
}

impl QueryId for Beyond {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for Beyond {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for Beyond {}
impl<QS> SelectableExpression<QS> for Beyond {}
impl diesel::expression::ValidGrouping<()> for Beyond {
    type IsAggregate = diesel::expression::is_aggregate::Never;
}

impl QueryFragment<MultiBackend> for Beyond {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql(self.columns);
        out.push_sql(if self.newer { " > (" } else { " < (" });
        out.push_bind_param::<Ts, Time>(&self.from.time)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, String>(&self.from.id)?;
        out.push_sql(")");
        Ok(())
    }
}

/// `<column> IN (?, …)` for the rows of a page. Unlike `eq_any` its statement is prepared once and kept: the last value
/// is said again until there are as many as the next power of two, so that there are few statements.
#[derive(Debug, Clone, Copy)]
pub struct Among<'a, C, T>(pub C, pub &'a [T]);

impl<C, T> QueryId for Among<'_, C, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C, T> Expression for Among<'_, C, T> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<QS>, T, QS> AppearsOnTable<QS> for Among<'_, C, T> {}
impl<C: SelectableExpression<QS>, T, QS> SelectableExpression<QS> for Among<'_, C, T> {}
impl<C, T> diesel::expression::ValidGrouping<()> for Among<'_, C, T> {
    type IsAggregate = diesel::expression::is_aggregate::Never;
}

impl<C, T> QueryFragment<MultiBackend> for Among<'_, C, T>
where
    C: QueryFragment<MultiBackend>,
    T: ToSql<Text, MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let Self(column, values) = self;
        let Some(last) = values.last() else {
            out.push_sql("1 = 0");
            return Ok(());
        };
        column.walk_ast(out.reborrow())?;
        let again = values.len().next_power_of_two() - values.len();
        let said = values.iter().chain(std::iter::repeat_n(last, again));
        for (index, value) in said.enumerate() {
            out.push_sql(if index == 0 { " IN (" } else { ", " });
            out.push_bind_param::<Text, T>(value)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

/// Counts rows up to 1,001, so that a count costs the same however long the table is. `sql` selects
/// anything and ends before its LIMIT; it is never made of input.
///
/// # Errors
/// When the database refuses.
pub fn count_some(conn: &mut Conn, sql: &'static str, time: Time) -> QueryResult<i64> {
    count_up_to(conn, sql, time, COUNT_LIMIT + 1)
}

/// [`count_some`] that stops elsewhere.
///
/// # Errors
/// When the database refuses.
pub fn count_up_to(conn: &mut Conn, sql: &'static str, time: Time, most: i64) -> QueryResult<i64> {
    let query = diesel::sql_query(counting(sql, most)).bind::<Ts, _>(time);
    query.get_result::<Count>(conn).map(|row| row.count)
}

/// [`count_some`] of a time from the one moment to the other.
///
/// # Errors
/// When the database refuses.
pub fn count_between(
    conn: &mut Conn,
    sql: &'static str,
    (from, until): (Time, Time),
) -> QueryResult<i64> {
    let query = diesel::sql_query(counting(sql, COUNT_LIMIT + 1));
    let query = query.bind::<Ts, _>(from).bind::<Ts, _>(until);
    query.get_result::<Count>(conn).map(|row| row.count)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

fn counting(sql: &'static str, most: i64) -> String {
    format!("SELECT count(*) AS count FROM ({sql} LIMIT {most}) AS counted")
}

/// Where counts stop: more than this is told as "1,000+".
pub const COUNT_LIMIT: i64 = 1_000;

/// A search by the beginning of a text is ordered by time, which no index gives at once. So a search first
/// asks its index for the ids of this many rows and one more: when there are no more, these rows are sorted,
/// and when there are, the list is walked in its order, where so many rows are met soon.
pub const FOUND_AT_ONCE: i64 = 1_000;

/// Whether these are all the rows of a search, see [`FOUND_AT_ONCE`].
pub fn fits<T>(found: &[T]) -> bool {
    i64::try_from(found.len()).is_ok_and(|count| count <= FOUND_AT_ONCE)
}

/// The end of the range of texts that start with `prefix`: `x >= prefix AND x < prefix_end(prefix)`.
/// Both databases compare these columns byte by byte, so `%` and `_` mean themselves.
pub fn prefix_end(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            end.push(next);
            return end;
        }
    }
    char::MAX.to_string()
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;

    use super::{Among, prefix_end};
    use crate::db::schema::schemas;
    use crate::db::scratch::Scratch;

    #[test]
    fn the_range_of_a_prefix_ends_behind_all_that_start_with_it() {
        for (prefix, inside, outside) in [
            ("ann", "annzzz", "ano"),
            ("a%", "a%x", "a&"),
            ("é", "éz", "ê"),
            ("\u{d7ff}", "\u{d7ff}a", "\u{e000}"),
        ] {
            let end = prefix_end(prefix);
            assert!(inside < end.as_str() && end.as_str() <= outside, "{prefix}");
        }
        assert!(prefix_end("a\u{10ffff}").as_str() > "a\u{10ffff}zz");
        assert_eq!(prefix_end(""), char::MAX.to_string());
    }

    #[test]
    fn among_finds_the_rows_of_all_its_values_and_no_other() {
        let scratch = Scratch::new();
        let ids: Vec<String> = (0..9).map(|number| format!("s{number}")).collect();
        let all = ids.clone();
        scratch
            .db
            .write_now(move |tx| {
                for id in &all {
                    diesel::insert_into(schemas::table)
                        .values((
                            schemas::id.eq(id),
                            schemas::name.eq(id),
                            schemas::document.eq("{}"),
                            schemas::created_at.eq(tx.now),
                            schemas::updated_at.eq(tx.now),
                        ))
                        .execute(&mut **tx)?;
                }
                Ok(())
            })
            .unwrap();
        for count in [0, 1, 2, 3, 5, 8] {
            let wanted = ids[..count].to_vec();
            let found: Vec<String> = scratch
                .db
                .read_now(|conn| {
                    Ok(schemas::table
                        .filter(Among(schemas::id, &wanted))
                        .order(schemas::id)
                        .select(schemas::id)
                        .load(conn)?)
                })
                .unwrap();
            assert_eq!(found, wanted);
        }
    }
}
