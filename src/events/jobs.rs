//! What is done with the events in the background.

use super::numbers;
use crate::app::App;
use crate::error::Result;

/// Numbers what was written, so that readers see it. At each wake.
///
/// # Errors
/// When the database is away.
pub fn number(app: &App) -> Result<usize> {
    numbers::number_batch(&app.db)
}

/// Deletes what is older than 90 days. Once an hour is enough.
///
/// # Errors
/// When the database is away.
pub fn sweep(app: &App) -> Result<usize> {
    numbers::sweep_turn(&app.db)
}
