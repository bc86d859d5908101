//! What is done to the log in the background.

use super::seal;
use crate::app::App;
use crate::clock::{Span, hours};
use crate::error::Result;

/// How old the last check may be.
const CHECKED_EVERY: Span = hours(24);

/// Numbers and seals what was written. At each wake.
///
/// # Errors
/// When the database is away, or the head of the log was changed from outside.
pub fn seal(app: &App) -> Result<usize> {
    seal::seal_batch(&app.db, &app.master)
}

/// Checks the whole log once a day, so that the console can say when it was last found to be in order.
/// Asked for more often than that, it does nothing.
///
/// # Errors
/// When the database is away.
pub fn check(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let standing = app
        .db
        .read_now(|conn| seal::standing(conn, &app.master, now))?;
    let is_fresh = standing
        .checked
        .is_some_and(|(at, ..)| now - at < CHECKED_EVERY);
    if standing.sealed > 0 && !is_fresh {
        seal::check(&app.db, &app.master)?;
        return Ok(1);
    }
    Ok(0)
}
