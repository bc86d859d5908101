//! What happened to an invite, for its page: from its row, its mails and the audit log.

use super::model::{Invite, State};
use super::store;
use crate::audit;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::Result;
use crate::ids::InviteId;
use crate::text::{Message, Text};

/// One thing that happened to an invite.
pub(super) struct Moment {
    /// Tone of the drawing.
    pub(super) kind: &'static str,
    /// The drawing.
    pub(super) icon: &'static str,
    /// What happened, in words.
    pub(super) words: String,
    /// When.
    pub(super) at: Time,
}

/// Entries of the audit log about one invite that are looked at.
const MOST: i64 = 100;

/// What the row of an invite does not say: each mail that was taken, and what people did meanwhile.
pub(super) fn read(conn: &mut Conn, text: Text, id: InviteId) -> Result<Vec<Moment>> {
    let mut moments: Vec<Moment> = store::deliveries(conn, id)?
        .into_iter()
        .map(|at| moment("ok", "mail", text.get("invites-mail-taken"), at))
        .collect();
    for deed in audit::about(conn, text, id.as_str(), MOST)? {
        let (icon, key) = match deed.action.as_str() {
            "invite.sent_again" => ("send", "invites-sent-again-by"),
            "invite.link_made" | "invite.link_replaced" => ("link", "invites-link-made-by"),
            "invite.applied" => ("user", "invites-applied-by"),
            "invite.rejected" => ("ban", "invites-rejected-by"),
            "invite.reinstated" => ("refresh", "invites-reinstated-by"),
            "invite.requested" => ("mail", "invites-requested-by"),
            "invite.reported" => ("alert-triangle", "invites-reported-by"),
            "invite.suppressed" => ("ban", "invites-suppressed-by"),
            "invite.reminded" => ("clock", "invites-reminded"),
            "invite.erased" => ("trash", "invites-was-erased"),
            "invite.updated" => ("settings", "invites-changed-by"),
            _ => continue,
        };
        let words = text.get(key).arg("who", deed.actor);
        moments.push(moment("info", icon, words, deed.at));
    }
    Ok(moments)
}

/// All that happened, newest first.
pub(super) fn moments(
    text: Text,
    invite: &Invite,
    past: Vec<Moment>,
    inviter: &str,
    accepter: &str,
    now: Time,
) -> Vec<Moment> {
    let made = text.get("invites-was-made").arg("inviter", inviter);
    let mut moments = past;
    if let (Some(at), false) = (invite.accepted_at, accepter.is_empty()) {
        let words = text.get("invites-was-accepted").arg("user", accepter);
        moments.push(moment("ok", "circle-check", words, at));
    }
    let ended = match invite.state {
        State::Declined => Some(("", "x", "invites-was-declined")),
        State::Revoked => Some(("bad", "ban", "invites-was-revoked")),
        State::Suspended => Some(("bad", "alert-triangle", "invites-was-suspended")),
        _ => None,
    };
    if let (Some((kind, icon, key)), Some(at)) = (ended, invite.ended_at) {
        moments.push(moment(kind, icon, text.get(key), at));
    }
    if invite.state_at(now) == State::Expired {
        let words = text.get("invites-has-expired");
        moments.push(moment("", "clock", words, invite.expires_at));
    }
    moments.push(moment("info", "send", made, invite.created_at));
    moments.sort_by_key(|moment| std::cmp::Reverse(moment.at));
    moments
}

fn moment(kind: &'static str, icon: &'static str, words: Message, at: Time) -> Moment {
    Moment {
        kind,
        icon,
        words: words.to_string(),
        at,
    }
}
