//! Order after commit. Two transactions of PostgreSQL commit in another order than they make their ids,
//! so nothing that readers follow by number is numbered inside an action: rows are written without a
//! number, and a job numbers them once they are committed. A row that commits later gets a later number,
//! and so no reader that has seen number 7 ever misses number 6.

use diesel::prelude::*;

use crate::db::{Bulk, BulkRow, Conn, Db, Suffix, facts};
use crate::error::{Error, Result};

/// Rows that are numbered in one transaction.
pub(crate) const BATCH: usize = 500;

/// A row with the number that it gets. `BulkRow::HEAD` is `UPDATE … FROM (VALUES `, where the values are
/// called `new.column1` and so on by both databases.
pub trait GiveNumber: BulkRow + Send + 'static {
    /// What stands behind the values: `) AS new WHERE …`, with the condition that the row has no number.
    const TAIL: &'static str;
}

/// A table whose rows are numbered after they are committed.
pub trait Numbered {
    /// The fact that says where the numbers are.
    const HEAD: &'static str;
    /// A row that waits for its number.
    type Row;
    /// A row with its number.
    type Given: GiveNumber;

    /// The first `limit` rows that wait, in the order of their ids.
    ///
    /// # Errors
    /// When the database refuses.
    fn waiting(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Self::Row>>;

    /// Numbers `rows` from `head` on and says what the head is then. `None` is the very beginning.
    ///
    /// # Errors
    /// When the head is not one of ours.
    fn number(&self, head: Option<&str>, rows: &[Self::Row]) -> Result<(String, Vec<Self::Given>)>;
}

/// Numbers a batch of rows of a table; says how many and the new head. `None` when no row waited, or
/// when another process was faster.
///
/// # Errors
/// When the database is away or the head is not one of ours.
pub fn give_numbers<T: Numbered>(db: &Db, table: &T) -> Result<Option<(usize, String)>> {
    // Read outside the transaction: inside, on PostgreSQL, it would meet every action that adds a row.
    // Whether all is still as it was read is decided by the swap of the head.
    let limit = i64::try_from(BATCH).expect("a batch is small");
    let (old, rows) =
        db.read_now(|conn| Ok((facts::read(conn, T::HEAD)?, T::waiting(conn, limit)?)))?;
    if rows.is_empty() {
        return Ok(None);
    }
    let (new, given) = table.number(old.as_deref(), &rows)?;
    let count = given.len();
    let head = new.clone();
    let is_ours = db.write_now(move |tx| {
        if !facts::swap(tx, T::HEAD, old.as_deref(), &new)? {
            return Ok(false);
        }
        let numbered = Suffix(Bulk(&given), T::Given::TAIL).execute(&mut **tx)?;
        if numbered != given.len() {
            return Err(Error::internal(
                "rows that waited for their number are gone",
            ));
        }
        Ok(true)
    })?;
    Ok(is_ours.then_some((count, head)))
}
