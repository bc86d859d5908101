//! The sweeps: two make visible what is checked at use and needs no sweep, that the time of an invite is over and
//! that its maker lost the right to it; one reminds people, and one erases those who never accepted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use actix_web::web;

use super::model::Invite;
use super::{actions, store};
use crate::access::Actor;
use crate::app::App;
use crate::clock::{days, seconds};
use crate::db::{Conn, Cursor, Paging, Tx};
use crate::error::Result;
use crate::ids::InviteId;
use crate::invite_templates;
use crate::site;

/// Invites looked at, and in one transaction.
const BATCH: i64 = 100;
/// Times so many that [`hold`] looks at in one turn.
const PARTS: usize = 20;
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

/// How far [`hold`] has come. Whoever takes it over begins anew.
#[derive(Debug, Default)]
pub struct Round(Mutex<Option<Cursor>>);

/// Puts invites on hold whose makers lost the right to them, or whose templates allow them no longer. Looks at some of the pending ones, and goes on with the
/// next the next time.
///
/// # Errors
/// When the database refuses.
pub fn hold(app: &App, round: &Round) -> Result<usize> {
    let mut from = round.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut held = 0;
    for _ in 0..PARTS {
        let paging = Paging {
            limit: BATCH,
            from: from.clone(),
            newer: true,
        };
        let (beyond, next) = app.db.read_now(|conn| beyond_makers(conn, &paging))?;
        if !beyond.is_empty() {
            held += app.db.write_now(move |tx| suspend_beyond(tx, &beyond))?;
        }
        *from = next;
        if from.is_none() {
            break;
        }
    }
    Ok(held)
}

fn suspend_beyond(tx: &mut Tx<'_>, beyond: &[Invite]) -> Result<usize> {
    let mut held = 0;
    for invite in beyond {
        // They may have gained the right again since.
        if !actions::inviter_may(tx, invite)? {
            actions::suspend(tx, &Actor::system(), invite)?;
            held += 1;
        }
    }
    Ok(held)
}

/// Those of some pending invites whose makers may no longer grant what they grant, and where to go on.
fn beyond_makers(conn: &mut Conn, paging: &Paging) -> Result<(Vec<Invite>, Option<Cursor>)> {
    let some = store::pending_part(conn, paging)?;
    let is_last = some.len() < usize::try_from(paging.limit).unwrap_or(usize::MAX);
    let next = some.last().filter(|_| !is_last).map(|(last, _)| Cursor {
        time: last.created_at,
        id: last.id.to_string(),
    });
    let ids: Vec<InviteId> = some.iter().map(|(invite, _)| invite.id).collect();
    let mut groups = store::groups_of(conn, &ids)?;
    let mut policies = HashMap::new();
    for template in invite_templates::store::all(conn)? {
        policies.insert(template.id, template.policy()?);
    }
    let mut beyond = Vec::new();
    for (invite, maker) in some {
        let groups = groups.remove(&invite.id).unwrap_or_default();
        // One that was made since is looked at the next time.
        let may = match policies.get(&invite.template_id) {
            Some(policy) => actions::maker_may(conn, &invite, maker, &groups, policy)?,
            None => true,
        };
        if !may {
            beyond.push(invite);
        }
    }
    Ok((beyond, next))
}
