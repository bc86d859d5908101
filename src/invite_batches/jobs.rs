//! Going on with batches whose process has ended, and forgetting drafts.

use std::sync::Arc;

use super::{store, work};
use crate::app::App;
use crate::clock::{Span, days, hours, seconds};
use crate::error::Result;
use crate::invites::model::LONGEST;
use crate::site;

/// A batch at which nobody has worked for so long is nobody's.
const LEFT_ALONE: Span = seconds(30);
/// How long a draft is kept.
const DRAFT: Span = hours(24);
/// Batches and drafts of one turn.
const SOME: i64 = 20;

/// Goes on with batches that were left alone.
///
/// # Errors
/// When the database refuses.
pub fn go_on(app: &Arc<App>) -> Result<usize> {
    let since = app.clock.now().minus(LEFT_ALONE);
    let left = app
        .db
        .read_now(|conn| Ok(store::left_alone(conn, since, SOME)?))?;
    let mut done = 0;
    for batch in left {
        done += work::go_on(app, batch.id)?;
    }
    Ok(done)
}

/// Forgets batches whose invites have all ended as long ago as what they knew of people is kept: a line that became
/// no invite tells of a person too.
///
/// # Errors
/// When the database refuses.
pub fn forget(app: &App) -> Result<usize> {
    let now = app.clock.now();
    app.db.write_now(move |tx| {
        let kept = days(site::actions::current(tx)?.invite_erase_days);
        let before = now.minus(LONGEST).minus(kept);
        Ok(store::delete_old(tx, before, 1)?)
    })
}

/// Deletes drafts that nobody sent.
///
/// # Errors
/// When the database refuses.
pub fn delete_drafts(app: &App) -> Result<usize> {
    let since = app.clock.now().minus(DRAFT);
    app.db
        .write_now(move |tx| Ok(store::delete_drafts(tx, since, SOME)?))
}
