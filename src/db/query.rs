//! Small query nodes for what `MultiConnection` does not write: suffixes, rows in bulk, keyset paging.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};

use super::pool::MultiBackend;
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

/// A table that [`Bulk`] can fill.
pub trait BulkRow {
    /// `INSERT INTO t (a, b) VALUES `
    const HEAD: &'static str;

    /// Pushes the row's values, with commas between them.
    ///
    /// # Errors
    /// When a value cannot be written.
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()>;
}

/// Many rows in one INSERT. SQLite takes 32,766 values a statement: give it slices of a few hundred.
#[derive(Debug)]
pub struct Bulk<'a, T>(pub &'a [T]);

impl<T> QueryId for Bulk<'_, T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T: BulkRow> QueryFragment<MultiBackend> for Bulk<'_, T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql(T::HEAD);
        for (index, row) in self.0.iter().enumerate() {
            out.push_sql(if index == 0 { "(" } else { ", (" });
            row.push(&mut out)?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl<T, C> RunQueryDsl<C> for Bulk<'_, T> {}

/// `(time, id) < (?, ?)`: everything older than a row, for keyset paging. Written as a row comparison,
/// because PostgreSQL seeks with it; the spelled-out form with OR scans (137 ms instead of 0.1 ms at a
/// million rows).
#[derive(Debug, Clone)]
pub struct Before {
    /// `(table.time, table.id) < `; never made of input.
    pub columns: &'static str,
    /// The time of the last row that was seen.
    pub time: Time,
    /// Its id.
    pub id: String,
}

impl QueryId for Before {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for Before {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for Before {}
impl<QS> SelectableExpression<QS> for Before {}
impl diesel::expression::ValidGrouping<()> for Before {
    type IsAggregate = diesel::expression::is_aggregate::Never;
}

impl QueryFragment<MultiBackend> for Before {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql(self.columns);
        out.push_sql(" < (");
        out.push_bind_param::<Ts, Time>(&self.time)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, String>(&self.id)?;
        out.push_sql(")");
        Ok(())
    }
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
    use super::prefix_end;

    #[test]
    fn the_range_of_a_prefix_ends_behind_all_that_start_with_it() {
        for (prefix, inside, outside) in
            [("ann", "annzzz", "ano"), ("a%", "a%x", "a&"), ("é", "éz", "ê"), ("\u{d7ff}", "\u{d7ff}a", "\u{e000}")]
        {
            let end = prefix_end(prefix);
            assert!(inside < end.as_str() && end.as_str() <= outside, "{prefix}");
        }
        assert!(prefix_end("a\u{10ffff}").as_str() > "a\u{10ffff}zz");
        assert_eq!(prefix_end(""), char::MAX.to_string());
    }
}
