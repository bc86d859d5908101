//! Many rows in one statement, which `MultiConnection` does not write.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};

use super::pool::{Conn, MultiBackend};

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

/// Rows of one INSERT in [`insert_all`]. Few sizes, because a connection keeps a prepared statement of each.
const BULK_SIZES: [usize; 3] = [64, 8, 1];

/// Inserts rows, many in a statement.
///
/// # Errors
/// When the database refuses.
pub fn insert_all<T: BulkRow>(conn: &mut Conn, rows: &[T]) -> QueryResult<()> {
    let mut rest = rows;
    for size in BULK_SIZES {
        let whole = rest.chunks_exact(size);
        let left = whole.remainder();
        for some in whole {
            Bulk(some).execute(conn)?;
        }
        rest = left;
    }
    Ok(())
}

/// Lets rows of a table be inserted by [`insert_all`]: the fields of the struct are called like the columns, in
/// quotes where they are not.
#[macro_export]
macro_rules! bulk_row {
    ($row:ty, $table:literal, $($field:ident $(as $column:literal)?: $sql:ident $(<$inner:ident>)?),+ $(,)?) => {
        impl $crate::db::BulkRow for $row {
            const HEAD: &'static str = $crate::bulk_row!(@head $table, $($field $(as $column)?),+);

            fn push<'b>(
                &'b self,
                out: &mut diesel::query_builder::AstPass<'_, 'b, $crate::db::MultiBackend>,
            ) -> diesel::QueryResult<()> {
                use $crate::db::sql;
                let mut separator = "";
                $(
                    out.push_sql(std::mem::replace(&mut separator, ", "));
                    out.push_bind_param::<sql::$sql $(<sql::$inner>)?, _>(&self.$field)?;
                )+
                let _ = separator;
                Ok(())
            }
        }
    };
    (@head $table:literal, $first:ident $(as $first_column:literal)? $(, $field:ident $(as $column:literal)?)*) => {
        concat!(
            "INSERT INTO ", $table, " (", $crate::bulk_row!(@name $first $($first_column)?)
            $(, ", ", $crate::bulk_row!(@name $field $($column)?))*, ") VALUES "
        )
    };
    (@name $field:ident $column:literal) => { $column };
    (@name $field:ident) => { stringify!($field) };
}
