//! How many invites one address is sent, whoever makes them: an invite must not become a way to fill somebody's mailbox.

use std::collections::HashSet;

use super::model::{Delivery, Invite};
use crate::clock::{Span, Time, hours};
use crate::db::Conn;
use crate::error::{Code, Result};
use crate::outbox;

/// Messages to one address …
const MOST: usize = 10;
/// … within this time. Those that are sent again and reminders count.
const WITHIN: Span = hours(24);

/// Makes sure that an invite may be sent once more. Its link may be handed over in any case.
///
/// # Errors
/// `too_many_invites`.
pub(super) fn require_room(conn: &mut Conn, invite: &Invite, now: Time) -> Result<()> {
    let is_sent = invite.delivery != Delivery::Link;
    if is_sent && !full_of(conn, &[&invite.address_norm], now)?.is_empty() {
        return Code::TooManyInvites.refuse();
    }
    Ok(())
}

/// Those of these addresses that have been sent enough.
///
/// # Errors
/// When the database refuses.
pub(super) fn full_of(conn: &mut Conn, norms: &[&str], now: Time) -> Result<HashSet<String>> {
    let sent = outbox::actions::sent_to(conn, "invite", norms, now.minus(WITHIN))?;
    let full = sent.into_iter().filter(|(_, count)| *count >= MOST);
    Ok(full.map(|(address, _)| address).collect())
}
