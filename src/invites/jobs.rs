//! The sweeps: two make visible what is checked at use and needs no sweep, that the time of an invite is over and
//! that its maker lost the right to it; one reminds people, and one erases those who never accepted.

use actix_web::web;

use super::model::Invite;
use super::{actions, store};
use crate::access::Actor;
use crate::app::App;
use crate::clock::{days, seconds};
use crate::db::Conn;
use crate::error::Result;
use crate::ids::InviteId;
use crate::invite_templates;
use crate::site;

/// Invites looked at, and in one transaction.
const BATCH: i64 = 100;
/// Reminders made in one transaction: each seals a mail.
const MAILS: i64 = 20;

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

/// Reminds people whose invites end soon, as their templates say.
///
/// # Errors
/// When the database refuses.
pub fn remind(app: &web::Data<App>) -> Result<usize> {
    let due = app.db.read_now(|conn| to_remind(conn, app))?;
    if due.is_empty() {
        return Ok(0);
    }
    let shared = app.clone();
    app.db.write_now(move |tx| {
        for id in &due {
            actions::remind(tx, &shared, &Actor::system(), *id)?;
        }
        Ok(due.len())
    })
}

/// Some invites that are due for a reminder.
fn to_remind(conn: &mut Conn, app: &App) -> Result<Vec<InviteId>> {
    let now = app.clock.now();
    let mut due = Vec::new();
    for template in invite_templates::store::all(conn)? {
        for (done, before) in (0..).zip(template.policy()?.reminders) {
            let until = now.plus(seconds(before));
            let most = MAILS - i64::try_from(due.len()).unwrap_or(MAILS);
            due.extend(store::to_remind(
                conn,
                template.id,
                done,
                (now, until),
                most,
            )?);
        }
    }
    Ok(due)
}

/// Erases what is known of people who never accepted, when their invites ended long ago.
///
/// # Errors
/// When the database refuses.
pub fn erase(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let old = app.db.read_now(|conn| {
        let kept = site::actions::current(conn)?.invite_erase_days;
        Ok(store::to_erase(conn, now.minus(days(kept)), BATCH)?)
    })?;
    if old.is_empty() {
        return Ok(0);
    }
    app.db.write_now(move |tx| {
        let mut erased = 0;
        for invite in &old {
            // One that was sent again since is somebody's invite again.
            if store::find(tx, invite.id)? == *invite {
                actions::erase(tx, &Actor::system(), invite)?;
                erased += 1;
            }
        }
        Ok(erased)
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
