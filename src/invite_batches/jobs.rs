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

/// Goes on with batches that were left alone. One that fails keeps none of the others waiting.
///
/// # Errors
/// When the database refuses, or with what the first that failed failed of.
pub fn go_on(app: &Arc<App>) -> Result<usize> {
    let since = app.clock.now().minus(LEFT_ALONE);
    let left = app
        .db
        .read_now(|conn| Ok(store::left_alone(conn, since, SOME)?))?;
    let (mut done, mut failed) = (0, None);
    for batch in left {
        let id = batch.id;
        // Before it, so that whatever it does the others come first the next time.
        app.db.write_now(move |tx| {
            let now = tx.now;
            Ok(store::put_off(tx, id, now)?)
        })?;
        match work::go_on(app, id) {
            Ok(pieces) => done += pieces,
            Err(why) => {
                tracing::error!(batch = %id, %why, "a batch of invites could not be gone on with; it is tried again later");
                failed.get_or_insert(why);
            }
        }
    }
    failed.map_or(Ok(done), Err)
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
