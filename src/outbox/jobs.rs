//! What runs in the background.

use super::model::Channel;
use super::sms::Gateway;
use super::smtp::{Courier, Transport};
use super::{store, worker};
use crate::app::App;
use crate::clock::{Span, days};
use crate::config::Config;
use crate::error::Result;

/// How long the text of a mail that failed is kept, so that it can be tried again.
const KEEP_FAILED: Span = days(30);
/// How long a mail is told in the list after it was sent, cancelled or given up.
const KEEP_ENDED: Span = days(90);
/// Rows that one turn of the sweep changes, so that it holds the writer only for a moment.
const SWEEP_ROWS: i64 = 500;
/// Batches of one run, so that other jobs get their turn.
const BATCHES: usize = 10;

/// Whether this process can send anything on a channel. One that cannot leaves the job to others: its lease would
/// keep every message from them.
pub fn can_send(config: &Config, channel: Channel) -> bool {
    match channel {
        Channel::Mail => config.smtp.is_some(),
        Channel::Sms => config.sms.is_some(),
    }
}

/// Sends what mails are due; says how many it tried. Does nothing while no mail server is set up.
///
/// # Errors
/// When the database is away or the settings of mail cannot be used.
pub fn deliver(app: &App) -> Result<usize> {
    // Asked after every commit, so the transport is built only when there is something to send.
    if !can_send(&app.config, Channel::Mail) || !worker::any_due(app, Channel::Mail)? {
        return Ok(0);
    }
    match Transport::of(&app.config)? {
        Some(transport) => deliver_all(app, Channel::Mail, &mut transport.session()),
        None => Ok(0),
    }
}

/// Sends what text messages are due; says how many it tried. Does nothing while no gateway is set up.
///
/// # Errors
/// When the database is away.
pub fn deliver_sms(app: &App) -> Result<usize> {
    if !can_send(&app.config, Channel::Sms) || !worker::any_due(app, Channel::Sms)? {
        return Ok(0);
    }
    match Gateway::of(&app.config) {
        Some(mut gateway) => deliver_all(app, Channel::Sms, &mut gateway),
        None => Ok(0),
    }
}

fn deliver_all(app: &App, channel: Channel, courier: &mut dyn Courier) -> Result<usize> {
    let mut tried = 0;
    for _ in 0..BATCHES {
        let batch = worker::deliver(app, channel, courier)?;
        tried += batch.tried;
        if batch.tried == 0 || batch.away {
            break;
        }
    }
    Ok(tried)
}

/// Erases the texts of mails that failed 30 days ago; says of how many.
///
/// # Errors
/// When the database is away.
pub fn erase_old(app: &App) -> Result<usize> {
    app.db.write_now(|tx| {
        let before = tx.now.minus(KEEP_FAILED);
        Ok(store::erase_failed(tx, before, SWEEP_ROWS)?)
    })
}

/// Deletes mails that were sent, cancelled or given up 90 days ago; says how many.
///
/// # Errors
/// When the database is away.
pub fn sweep(app: &App) -> Result<usize> {
    app.db.write_now(|tx| {
        let before = tx.now.minus(KEEP_ENDED);
        Ok(store::sweep(tx, before, SWEEP_ROWS)?)
    })
}
