//! The sweeps that make visible what is checked at use and needs no sweep: that the time of an invite is
//! over, and that its maker lost the right to it.

use super::{actions, store};
use crate::access::Actor;
use crate::app::App;
use crate::error::Result;

/// Invites in one transaction.
const BATCH: i64 = 100;

/// Marks invites whose time is over as expired.
///
/// # Errors
/// When the database refuses.
pub fn expire(app: &App) -> Result<usize> {
    let now = app.clock.now();
    if app
        .db
        .read_now(|conn| Ok(store::over(conn, now, 1)?))?
        .is_empty()
    {
        return Ok(0);
    }
    app.db.write_now(|tx| {
        let now = tx.now;
        let over = store::over(tx, now, BATCH)?;
        for invite in &over {
            actions::expire(tx, &Actor::system(), invite)?;
        }
        Ok(over.len())
    })
}

/// Puts invites on hold whose makers lost the right to them.
///
/// # Errors
/// When the database refuses.
pub fn hold(app: &App) -> Result<usize> {
    if app
        .db
        .read_now(|conn| Ok(store::beyond_maker(conn, 1)?))?
        .is_empty()
    {
        return Ok(0);
    }
    app.db.write_now(|tx| {
        let beyond = store::beyond_maker(tx, BATCH)?;
        for invite in &beyond {
            actions::suspend(tx, &Actor::system(), invite)?;
        }
        Ok(beyond.len())
    })
}
