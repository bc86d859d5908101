//! How many invites there are of each kind.

use diesel::prelude::*;

use crate::clock::Time;
use crate::db::{COUNT_LIMIT, Conn, count_some, count_up_to};

/// Pending invites, up to 1,001, without those whose mail failed: they are counted apart.
pub fn count_pending(conn: &mut Conn, now: Time) -> QueryResult<i64> {
    // Where many more are pending than mails have failed, no mail has to be looked at.
    let failed = count_up_to(
        conn,
        "SELECT 1 FROM outbox WHERE state = 'failed' AND created_at <= $1",
        now,
        MANY_FAILED,
    )?;
    let pending = count_up_to(
        conn,
        "SELECT 1 FROM invites WHERE state = 'pending' AND expires_at > $1",
        now,
        failed + COUNT_LIMIT + 1,
    )?;
    if failed < MANY_FAILED && pending - failed > COUNT_LIMIT {
        return Ok(COUNT_LIMIT + 1);
    }
    count_some(
        conn,
        "SELECT 1 FROM invites WHERE state = 'pending' AND expires_at > $1 AND NOT EXISTS \
         (SELECT 1 FROM outbox WHERE outbox.id = invites.mail_id AND outbox.state = 'failed')",
        now,
    )
}

/// More failed mails than are counted.
const MANY_FAILED: i64 = 20_000;

/// Invites in the tabs of the list, up to 1,001 each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Pending, and no mail failed.
    pub pending: i64,
    /// Pending, and the mail failed.
    pub not_delivered: i64,
    /// Over by time.
    pub expired: i64,
    /// Accepted.
    pub accepted: i64,
    /// Declined.
    pub declined: i64,
    /// Revoked.
    pub revoked: i64,
    /// On hold.
    pub on_hold: i64,
    /// Accepted, and an administrator has to approve.
    pub to_approve: i64,
    /// All of them.
    pub all: i64,
}

/// Counts for the tabs of the list.
pub fn counts(conn: &mut Conn, now: Time) -> QueryResult<Counts> {
    Ok(Counts {
        pending: count_pending(conn, now)?,
        not_delivered: count_some(
            conn,
            // From the mails on, of which fewer fail than invites are pending; as a value, so that SQLite has no other way.
            "SELECT 1 FROM outbox CROSS JOIN invites WHERE outbox.state = 'failed' AND invites.mail_id = outbox.id \
             AND (invites.state = 'pending' AND invites.expires_at > $1) = TRUE",
            now,
        )?,
        expired: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'expired' OR (state = 'pending' AND expires_at <= $1)",
            now,
        )?,
        accepted: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'accepted' AND created_at <= $1",
            now,
        )?,
        declined: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'declined' AND created_at <= $1",
            now,
        )?,
        revoked: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'revoked' AND created_at <= $1",
            now,
        )?,
        on_hold: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'suspended' AND created_at <= $1",
            now,
        )?,
        to_approve: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'awaiting_approval' AND created_at <= $1",
            now,
        )?,
        all: count_some(conn, "SELECT 1 FROM invites WHERE created_at <= $1", now)?,
    })
}
