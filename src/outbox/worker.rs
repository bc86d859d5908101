//! Sends what is due.

use std::time::Duration;

use serde_json::json;

use super::actions::open;
use super::model::{Channel, State, TRIES, pause};
use super::smtp::{Courier, Failure, Outgoing, Transport};
use super::store::{self, Claimed};
use super::trouble::Trouble;
use crate::access::Actor;
use crate::app::App;
use crate::clock::{Span, minutes};
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::events;
use crate::secret;

/// Mails that are claimed at once.
const BATCH: i64 = 20;
/// How long a claim holds without being renewed. Each mail renews its own before it is sent, and no
/// conversation about one mail is longer: fourteen answers at most, each within 20 seconds.
const LEASE: Span = minutes(5);
/// The kind of mail whose sending is an event.
const INVITE: &str = "invite";
/// The kind of message that is of use only for a short while, and how long.
pub(super) const CODE: &str = "code";
const CODE_LASTS: Span = minutes(10);
/// How often marking a mail is tried while the database is busy, and the pause between.
const MARK_TRIES: u32 = 20;
const MARK_PAUSE: Duration = Duration::from_millis(250);

/// Sends the mails that are due, at most 20, over one connection, and says how many it tried. Blocks; for
/// the thread of the jobs.
///
/// # Errors
/// When the database is away. Mails that were claimed and not marked are tried again after five minutes.
pub fn deliver_due(app: &App, transport: &Transport) -> Result<usize> {
    Ok(deliver(app, Channel::Mail, &mut transport.session())?.tried)
}

/// Takes mails out of the hands of processes that have died, where that can be told; says how many.
///
/// # Errors
/// When the database is away; the leases then end by themselves.
pub fn take_over(app: &App) -> Result<usize> {
    let Some(at) = app.db.alone_at() else {
        return Ok(0);
    };
    // One that was claimed since is held for longer than this.
    app.db
        .write_now(move |tx| Ok(store::release(tx, at.plus(LEASE))?))
}

/// What came of one batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Mails that were tried.
    pub(super) tried: usize,
    /// Whether the other side is away.
    pub(super) away: bool,
}

/// Whether there is anything to send on a channel.
pub(super) fn any_due(app: &App, channel: Channel) -> Result<bool> {
    let now = app.clock.now();
    app.db
        .read_now(|conn| Ok(store::any_due(conn, channel, now)?))
}

/// [`deliver_due`] on any channel, with any courier.
pub(super) fn deliver(app: &App, channel: Channel, courier: &mut dyn Courier) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    if !any_due(app, channel)? {
        return Ok(outcome);
    }
    let claimed = app.db.write_now(move |tx| {
        let now = tx.now;
        Ok(store::claim(tx, channel, now, now.plus(LEASE), BATCH)?)
    })?;
    let mut claimed = claimed.into_iter();
    while let Some(mail) = claimed.next() {
        // Cancelled since it was claimed, or taken over after too long a stop of this process.
        if !renew(app, mail.clone())? {
            continue;
        }
        outcome.tried += 1;
        if is_stale(app, &mail) {
            drop_stale(app, mail)?;
            continue;
        }
        match send(app, courier, &mail) {
            Ok(()) => mark_sent(app, mail)?,
            Err(Failure::Server(trouble)) => {
                // The others of the batch would meet the same, each after twenty seconds of silence.
                let all: Vec<Claimed> = std::iter::once(mail).chain(claimed).collect();
                outcome = Outcome {
                    tried: outcome.tried + all.len() - 1,
                    away: true,
                };
                // Told when it is new to some mail: a server that is away for days fills no log.
                if all.iter().any(|mail| mail.attempts == 0) {
                    tracing::warn!(mails = all.len(), %channel, %trouble, "the other side takes nothing");
                }
                for mail in all {
                    mark_tried(app, mail, &trouble, false)?;
                }
                break;
            }
            Err(Failure::Now(trouble)) => mark_tried(app, mail, &trouble, false)?,
            Err(Failure::Ever(trouble)) => mark_tried(app, mail, &trouble, true)?,
        }
    }
    Ok(outcome)
}

/// Whether a code is too old by now to be sent: it works no longer, and a text message costs money.
fn is_stale(app: &App, mail: &Claimed) -> bool {
    mail.kind == CODE && app.clock.now() - mail.created_at >= CODE_LASTS
}

fn drop_stale(app: &App, mail: Claimed) -> Result<()> {
    tracing::info!(id = %mail.id, "a code was not sent in time and is cancelled");
    app.db.write_now(move |tx| {
        let now = tx.now;
        if store::state_of(tx, mail.id)? == State::Waiting {
            store::cancel(tx, mail.id, now)?;
        }
        Ok(())
    })
}

fn renew(app: &App, mail: Claimed) -> Result<bool> {
    app.db.write_now(move |tx| {
        let until = tx.now.plus(LEASE);
        Ok(store::renew(tx, &mail, until)?)
    })
}

fn send(app: &App, courier: &mut dyn Courier, mail: &Claimed) -> Result<(), Failure> {
    let sealed = mail.body.as_deref().unwrap_or_default();
    let body = open(&app.master, mail.id, sealed).ok_or(Failure::Ever(Trouble::Unreadable))?;
    courier.send(&Outgoing {
        id: mail.id,
        to: &mail.recipient,
        to_name: &body.to_name,
        subject: &mail.subject,
        text: &body.text,
        html: &body.html,
        written: mail.created_at,
    })
}

fn mark_sent(app: &App, mail: Claimed) -> Result<()> {
    let id = mail.id;
    tracing::info!(%id, kind = mail.kind, "mail sent");
    let marked = mark(app, move |tx| {
        let now = tx.now;
        let marked = store::mark_sent(tx, &mail, now)?;
        if marked && mail.kind == INVITE {
            let data = json!({ "invite_id": mail.about });
            events::emit(tx, &Actor::system(), events::kinds::INVITE_SENT, data)?;
        }
        Ok(marked)
    })?;
    if !marked {
        tracing::warn!(%id, "a mail was sent when its lease had ended, so it may be sent twice");
    }
    Ok(())
}

fn mark_tried(app: &App, mail: Claimed, trouble: &Trouble, ever: bool) -> Result<()> {
    let tries = mail.attempts + 1;
    let state = if ever || tries >= TRIES {
        State::Failed
    } else {
        State::Waiting
    };
    if state == State::Failed {
        tracing::warn!(id = %mail.id, kind = mail.kind, tries, %trouble, "a mail has failed");
    } else {
        tracing::debug!(id = %mail.id, kind = mail.kind, tries, %trouble, "a mail waits again");
    }
    let why = trouble.to_string();
    let [chance] = secret::random();
    mark(app, move |tx| {
        let next = match state {
            State::Waiting => tx.now.plus(pause(tries, chance)),
            _ => tx.now,
        };
        Ok(store::mark_tried(tx, &mail, state, next, &why)?)
    })
    .map(drop)
}

/// Writes what became of a mail; false when it is in other hands. Tried for a while when the database is busy: a mail that was sent and not
/// marked would be sent again.
fn mark<F>(app: &App, write: F) -> Result<bool>
where
    F: Fn(&mut Tx<'_>) -> Result<bool> + Clone + Send + 'static,
{
    for _ in 1..MARK_TRIES {
        let write = write.clone();
        match app.db.write_now(write) {
            Err(why) if why.code() == Code::Unavailable => std::thread::sleep(MARK_PAUSE),
            marked => return marked,
        }
    }
    app.db.write_now(write)
}

#[cfg(test)]
pub(super) mod tests;
