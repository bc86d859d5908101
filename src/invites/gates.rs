//! Why somebody can, or cannot, accept an invite: each thing that stands in the way, one by one. For who
//! answers "why can't she get in?".

use schemars::JsonSchema;
use serde::Serialize;

use super::actions::{inviter_may, inviter_name};
use super::model::{Invite, Matching, State};
use super::store;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::Result;
use crate::invite_templates::policy::lies_in;
use crate::outbox::State as MailState;
use crate::text::{Message, Text};

/// What may stand in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateName {
    /// Where the invite stands.
    State,
    /// Its time.
    Expiry,
    /// How many may accept.
    Uses,
    /// Whether its maker may still give what it gives.
    Inviter,
    /// The domains that an address must be of.
    Domain,
    /// How whoever accepts must match.
    Match,
    /// Whether the mail got there.
    Mail,
}

impl GateName {
    /// The key of its word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::State => "gate-name-state",
            Self::Expiry => "gate-name-expiry",
            Self::Uses => "gate-name-uses",
            Self::Inviter => "gate-name-inviter",
            Self::Domain => "gate-name-domain",
            Self::Match => "gate-name-match",
            Self::Mail => "gate-name-mail",
        }
    }
}

/// One thing, and whether it is open.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Gate {
    /// What it is.
    pub gate: GateName,
    /// Whether it lets the person through.
    pub ok: bool,
    /// What that means, in words.
    pub detail: String,
}

/// Every gate of an invite, in the order in which the person meets them.
///
/// # Errors
/// When the database refuses.
pub fn gates(conn: &mut Conn, text: Text, invite: &Invite, now: Time) -> Result<Vec<Gate>> {
    let inviter = inviter_name(conn, invite, "")?;
    let may = inviter_may(conn, invite)?;
    let mails = store::mails(conn, &Vec::from_iter(invite.mail_id))?;
    let mail = invite.mail_id.and_then(|id| mails.get(&id));
    let gate = |gate, ok, detail: Message| Gate {
        gate,
        ok,
        detail: detail.to_string(),
    };
    let stands = match invite.state {
        State::Pending | State::Expired => ("gate-state-pending", true),
        State::Accepted => ("gate-state-accepted", false),
        State::Declined => ("gate-state-declined", false),
        State::Revoked => ("gate-state-revoked", false),
        State::Suspended => ("gate-state-suspended", false),
        State::AwaitingApproval => ("gate-state-awaits-approval", false),
    };
    let ended = invite.state == State::Expired || invite.expires_at <= now;
    let expiry = if ended {
        "gate-expiry-over"
    } else {
        "gate-expiry-open"
    };
    let when = text.moment(invite.expires_at);
    let free = invite.uses < invite.max_uses;
    let uses = text.get(if free {
        "gate-uses-free"
    } else {
        "gate-uses-full"
    });
    let uses = uses.arg("uses", i64::from(invite.uses));
    let makes = match (may, inviter.is_empty()) {
        (true, true) => text.get("gate-inviter-operator"),
        (true, false) => text.get("gate-inviter-may").arg("inviter", &inviter),
        (false, true) => text.get("gate-inviter-operator-lost"),
        (false, false) => text.get("gate-inviter-lost").arg("inviter", &inviter),
    };
    let domains = invite.domains();
    let within = invite.email().is_none_or(|email| lies_in(email, &domains));
    let domain = match domains.is_empty() {
        true => text.get("gate-domain-any"),
        false => text
            .get("gate-domain-only")
            .arg("domains", domains.join(", ")),
    };
    let matching = match invite.matching {
        Matching::Strict => text
            .get("gate-match-strict")
            .arg("address", &invite.address),
        Matching::Domain => text.get("gate-match-domain"),
        Matching::Bearer => text.get("gate-match-bearer"),
    };
    let (way, arrives) = match mail.map(|mail| (mail.state, mail.attempts)) {
        None => ("gate-mail-none", true),
        Some((MailState::Sent, _)) => ("gate-mail-sent", true),
        Some((MailState::Waiting, 0)) => ("gate-mail-waiting", true),
        Some((MailState::Waiting, _)) => ("gate-mail-deferred", false),
        Some((MailState::Failed, _)) => ("gate-mail-failed", false),
        Some((MailState::Cancelled, _)) => ("gate-mail-cancelled", false),
    };
    Ok(vec![
        gate(GateName::State, stands.1, text.get(stands.0)),
        gate(GateName::Expiry, !ended, text.get(expiry).arg("when", when)),
        gate(
            GateName::Uses,
            free,
            uses.arg("most", i64::from(invite.max_uses)),
        ),
        gate(GateName::Inviter, may, makes),
        gate(GateName::Domain, within, domain),
        gate(GateName::Match, true, matching),
        gate(GateName::Mail, arrives, text.get(way)),
    ])
}
