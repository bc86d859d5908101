//! The sweeps that make visible what is checked at use and needs no sweep: that the time of an invite is
//! over, and that its maker lost the right to it.

use super::model::Invite;
use super::{actions, store};
use crate::access::Actor;
use crate::app::App;
use crate::db::Conn;
use crate::error::Result;

/// Invites looked at, and in one transaction.
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
    let mut beyond = app
        .db
        .read_now(|conn| Ok(store::beyond_maker(conn, BATCH)?))?;
    let mut after = Some(String::new());
    while let Some(start) = after.filter(|_| beyond.is_empty()) {
        (beyond, after) = app.db.read_now(|conn| of_members(conn, &start))?;
    }
    if beyond.is_empty() {
        return Ok(0);
    }
    app.db.write_now(move |tx| {
        let mut held = 0;
        for invite in &beyond {
            // They may have gained the right again since.
            if !actions::inviter_may(tx, invite)? {
                actions::suspend(tx, &Actor::system(), invite)?;
                held += 1;
            }
        }
        Ok(held)
    })
}

/// Invites of members who may no longer send them, among some from `start` on; and where to go on.
fn of_members(conn: &mut Conn, start: &str) -> Result<(Vec<Invite>, Option<String>)> {
    let some = store::of_members(conn, start, BATCH)?;
    let next = some.last().map(|last| last.id.to_string());
    let mut beyond = Vec::new();
    for invite in some {
        if !actions::inviter_may(conn, &invite)? {
            beyond.push(invite);
        }
    }
    Ok((beyond, next))
}
