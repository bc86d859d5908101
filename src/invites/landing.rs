//! What an invite link leads to, for whoever has opened it.

use super::actions::{group_names, inviter_may, inviter_name};
use super::model::{Invite, State};
use super::store;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::{Code, Error, Result};
use crate::ids::{InviteId, UserId};
use crate::secret::{PlainSecret, SecretKind};
use crate::site;
use crate::site::{Settings, Terms};
use crate::users::model::User;
use crate::users::store as users;

/// What the person sees and can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Make an account by accepting.
    Register,
    /// Accept with the account that is signed in.
    Accept,
    /// There is an account for the address: sign in to it first.
    SignInFirst,
    /// Somebody else is signed in.
    WrongUser,
}

/// A genuine link to a pending invite.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The invite.
    pub invite: Invite,
    /// What the person can do.
    pub kind: Kind,
    /// The account for the address, when there is one.
    pub account: Option<User>,
    /// The link was shown to a person, so it proves nothing about the mailbox.
    pub shown: bool,
    /// Who invites.
    pub inviter: String,
    /// The groups it gives, by name.
    pub groups: Vec<String>,
    /// The terms in force.
    pub terms: Option<Terms>,
    /// The site.
    pub settings: Settings,
}

/// Looks a link up. Whatever is not exactly right is `invite_unknown`; only who holds the exact token of
/// an invite that has ended learns how it ended.
///
/// # Errors
/// `invite_unknown`, `invite_expired`, `invite_revoked`, `invite_used`, `invite_declined`,
/// `invite_suspended`.
pub fn look(
    conn: &mut Conn,
    flow: &str,
    token: &str,
    viewer: Option<UserId>,
    now: Time,
) -> Result<Landing> {
    let unknown = || Error::from(Code::InviteUnknown);
    let id: InviteId = flow.parse().map_err(|_| unknown())?;
    let secret = PlainSecret::parse(SecretKind::Invite, token).ok_or_else(unknown)?;
    let link = store::find_link(conn, &secret.digest())?
        .filter(|link| link.invite_id == id)
        .ok_or_else(unknown)?;
    // The account before the state: an acceptance at the same time makes both, and must not look like a
    // pending invite to somebody who has an account.
    let email = store::find(conn, id)?.email_norm;
    let account = users::by_email(conn, &email)?;
    let invite = store::find(conn, id)?;
    let settings = site::actions::current(conn)?;
    let inviter = inviter_name(conn, &invite, &settings.site_name)?;
    let ended = |code: Code| Err(code.with("inviter", &inviter));
    match invite.state_at(now) {
        State::Accepted => return ended(Code::InviteUsed),
        State::Declined => return ended(Code::InviteDeclined),
        State::Revoked => return ended(Code::InviteRevoked),
        State::Suspended => return ended(Code::InviteSuspended),
        State::Pending if link.dead_at.is_some() => return ended(Code::InviteRevoked),
        State::Expired => {
            let when = ("when", invite.expires_at.rfc3339());
            let args = vec![when, ("inviter", inviter)];
            return Err(Error::Refused(Code::InviteExpired, args));
        }
        State::Pending => {}
    }
    if !inviter_may(conn, &invite)? {
        return ended(Code::InviteSuspended);
    }
    let kind = match (&account, viewer) {
        (Some(account), Some(viewer)) if account.id == viewer => Kind::Accept,
        (_, Some(_)) => Kind::WrongUser,
        (Some(_), None) => Kind::SignInFirst,
        (None, None) => Kind::Register,
    };
    let groups = group_names(conn, invite.id)?;
    Ok(Landing {
        kind,
        account,
        shown: link.shown,
        inviter,
        groups,
        terms: settings.terms.clone(),
        settings,
        invite,
    })
}
