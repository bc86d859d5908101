//! Sending an invite: the first time, again, or by a link that somebody hands over.

use serde_json::json;

use super::grant::{inviter_may, require_can_grant, require_fits, require_quota, template};
use super::{exists, record, require_free, take_over, visible};
use crate::access::{Actor, Role};
use crate::app::App;
use crate::clock::seconds;
use crate::db::{Conn, Tx};
use crate::error::{Code, Result};
use crate::groups;
use crate::ids::{GroupId, InviteId, InviteLinkId};
use crate::invite_templates::policy::Policy;
use crate::invites::mail::{InviteMail, MailKind};
use crate::invites::model::{Delivery, Invite, State};
use crate::invites::store::NewLink;
use crate::invites::{flood, store, suppression};
use crate::outbox::{self, Letter};
use crate::secret::{PlainSecret, SecretKind};
use crate::site;
use crate::users::logins;
use crate::users::store as users;

/// An invite that was made or sent again, with its link when the maker asked for it.
pub struct Made {
    /// The invite.
    pub invite: Invite,
    /// Its link, to be shown this once.
    pub link: Option<PlainLink>,
}

/// A link in plain text, on its way to the one page or answer that shows it.
pub struct PlainLink {
    /// Names it without telling it.
    pub id: InviteLinkId,
    url: String,
}

impl PlainLink {
    /// The address.
    pub fn reveal(&self) -> &str {
        &self.url
    }
}

/// Sends an invite again, by the way that suits its address, or hands out a new link: a new full lifetime; former links stay good until one
/// is used.
///
/// # Errors
/// `invite_not_pending` for one that ended otherwise than by time, `too_many_invites`, and what the rights say.
pub fn resend(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    id: InviteId,
    delivery: Option<Delivery>,
) -> Result<Made> {
    let mut invite = visible(tx, actor, id)?;
    let delivery = delivery.unwrap_or(invite.usual_delivery());
    let can_be_sent = matches!(invite.state, State::Pending | State::Expired);
    if !can_be_sent || invite.erased_at.is_some() {
        return Code::InviteNotPending.refuse();
    }
    let groups = store::groups(tx, id)?;
    let template = template(tx, &invite)?;
    let policy = template.policy()?;
    require_can_grant(tx, actor, &policy, invite.role, &groups)?;
    require_free(tx, actor, &invite.address_norm, Some(id))?;
    if invite.state_at(tx.now) != State::Pending {
        require_quota(tx, actor, &template, &policy)?;
    }
    take_over(tx, actor, &mut invite)?;
    let before = json!({ "state": invite.state_at(tx.now), "expires_at": invite.expires_at });
    invite.state = State::Pending;
    invite.reminded = 0;
    invite.ended_at = None;
    invite.ended_by = None;
    invite.delivery = delivery;
    require_fits(&policy, &invite)?;
    require_may_hand_over(actor, &policy, &invite)?;
    suppression::require_off(tx, app, &invite)?;
    let now = tx.now;
    flood::require_room(tx, &invite, now)?;
    invite.expires_at = tx.now.plus(invite.lifetime()).whole_seconds();
    tx.attempt(|conn| store::update(conn, &invite))
        .map_err(exists)?;
    let after =
        json!({ "state": "pending", "expires_at": invite.expires_at, "delivery": delivery });
    let action = match delivery {
        Delivery::Email | Delivery::Sms => "invite.sent_again",
        Delivery::Link => "invite.link_made",
    };
    record(tx, actor, action, &invite, before, after)?;
    send(tx, app, invite, delivery)
}

/// Hands out another link in place of one that was handed out, because the answer that held it may have been
/// lost. Other links of the invite stay good.
///
/// # Errors
/// `already_shown` when the invite is no longer pending, as far as this actor may know.
pub fn replace_link(tx: &mut Tx<'_>, app: &App, actor: &Actor, lost: InviteLinkId) -> Result<Made> {
    let id = store::invite_of_link(tx, lost)?;
    let invite = visible(tx, actor, id)?;
    let now = tx.now;
    // Somebody who joined by it has it, so it was not lost.
    if invite.state_at(now) != State::Pending || invite.uses > 0 {
        return Code::AlreadyShown.refuse();
    }
    let groups = store::groups(tx, id)?;
    let policy = template(tx, &invite)?.policy()?;
    require_can_grant(tx, actor, &policy, invite.role, &groups)?;
    store::kill_link(tx, lost, now)?;
    record(
        tx,
        actor,
        "invite.link_replaced",
        &invite,
        json!({}),
        json!({}),
    )?;
    send(tx, app, invite, Delivery::Link)
}

/// Reminds the invited person, when that is due and makes sense: a reminder whose moment was over when the invite was
/// sent, or which has been overtaken by a later one, is passed over.
///
/// # Errors
/// When the database refuses.
pub fn remind(tx: &mut Tx<'_>, app: &App, actor: &Actor, id: InviteId) -> Result<()> {
    let mut invite = store::find(tx, id)?;
    let now = tx.now;
    let reminders = template(tx, &invite)?.policy()?.reminders;
    let moments = reminders
        .iter()
        .map(|before| invite.expires_at.minus(seconds(*before)));
    let over: Vec<_> = moments.filter(|moment| *moment <= now).collect();
    let done = i32::try_from(over.len()).unwrap_or(i32::MAX);
    if invite.state_at(now) != State::Pending || invite.reminded >= done {
        return Ok(());
    }
    invite.reminded = done;
    let is_news = over.last() > invite.sent_at.as_ref();
    let may = is_news && inviter_may(tx, &invite)?;
    if !may || suppression::is_on(tx, app, &invite.address_norm)? {
        return Ok(store::update(tx, &invite)?);
    }
    record(tx, actor, "invite.reminded", &invite, json!({}), json!({}))?;
    let delivery = invite.delivery;
    send(tx, app, invite, delivery).map(drop)
}

/// Whether the actor may have the link of an invite to somebody in hand. Whoever opens it learns whether the person has
/// an account, so below administrators the template has to reveal accounts, or to deliver by links.
pub fn may_hand_over(actor: &Actor, policy: &Policy) -> bool {
    let template_lets = policy.reveal_existing || policy.delivery == Some(Delivery::Link);
    actor.role >= Role::Admin || template_lets
}

/// Makes sure of [`may_hand_over`].
///
/// # Errors
/// `forbidden`.
pub(super) fn require_may_hand_over(actor: &Actor, policy: &Policy, invite: &Invite) -> Result<()> {
    let is_handed_over = invite.delivery == Delivery::Link && !invite.is_open();
    if is_handed_over && !may_hand_over(actor, policy) {
        return Code::Forbidden.refuse();
    }
    Ok(())
}

/// Gives a pending invite a new link and sends it. Former links stay good.
pub(super) fn send(
    tx: &mut Tx<'_>,
    app: &App,
    mut invite: Invite,
    delivery: Delivery,
) -> Result<Made> {
    let token = PlainSecret::generate(SecretKind::Invite);
    let now = tx.now;
    let link = NewLink::new(&invite, &token, delivery == Delivery::Link, now);
    store::insert_link(tx, &link)?;
    let url = url_of(app, &invite, &token);
    if delivery == Delivery::Link {
        return Ok(Made {
            invite,
            link: Some(PlainLink { id: link.id, url }),
        });
    }
    let has_account = logins::by_address(tx, &invite.address_norm)?.is_some();
    let groups = group_names(tx, invite.id)?;
    let gist = Gist::read(tx, &invite, groups, has_account)?;
    let letter = gist.letter(app, &invite, url)?;
    invite.mail_id = Some(outbox::actions::enqueue(tx, app, &letter)?);
    if invite.reminded == 0 {
        invite.sent_at = Some(now);
    }
    store::update(tx, &invite)?;
    Ok(Made { invite, link: None })
}

/// The address of a link.
pub(super) fn url_of(app: &App, invite: &Invite, token: &PlainSecret) -> String {
    app.link(&format!(
        "/self-service/invite?flow={}&token={}",
        invite.id,
        token.reveal()
    ))
}

/// What a message to the invited person says beside what stands on the invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::invites) struct Gist {
    pub(super) site_name: String,
    pub(super) inviter: String,
    pub(super) has_account: bool,
    pub(super) groups: Vec<String>,
    pub(super) intro: String,
}

impl Gist {
    /// What a message says to somebody with or without an account.
    pub(in crate::invites) fn read(
        conn: &mut Conn,
        invite: &Invite,
        groups: Vec<String>,
        has_account: bool,
    ) -> Result<Self> {
        let site_name = site::actions::current(conn)?.site_name;
        Ok(Self {
            inviter: inviter_name(conn, invite, &site_name)?,
            site_name,
            has_account,
            groups,
            intro: template(conn, invite)?.policy()?.intro,
        })
    }

    /// The message that brings a link.
    pub(in crate::invites) fn letter(
        &self,
        app: &App,
        invite: &Invite,
        link: String,
    ) -> Result<Letter> {
        let text = invite.text();
        let mail = InviteMail {
            intro: self.intro.clone(),
            kind: if self.has_account {
                MailKind::Accept
            } else {
                MailKind::Register
            },
            inviter: self.inviter.clone(),
            groups: self.groups.clone(),
            message: invite.message.clone(),
            expires: text.moment(invite.expires_at),
            link,
            reminds: invite.reminded > 0,
        };
        let frame = outbox::Frame::of(app, &self.site_name).in_language(text);
        match invite.delivery {
            Delivery::Sms => Ok(mail.message(&frame, invite)),
            Delivery::Email | Delivery::Link => mail.letter(&frame, invite),
        }
    }
}

/// How the invited person knows the inviter.
///
/// # Errors
/// When the database refuses.
pub fn inviter_name(conn: &mut Conn, invite: &Invite, site_name: &str) -> Result<String> {
    let name = invite
        .created_by
        .map(|id| users::find(conn, id))
        .transpose()?;
    Ok(name.map_or_else(|| site_name.to_owned(), |user| user.label().to_owned()))
}

/// The names of the groups of an invite, in the order of the names.
///
/// # Errors
/// When the database refuses.
pub fn group_names(conn: &mut Conn, id: InviteId) -> Result<Vec<String>> {
    let ids = store::groups(conn, id)?;
    names_of(conn, &ids)
}

/// The names of groups, in order.
pub(in crate::invites) fn names_of(conn: &mut Conn, ids: &[GroupId]) -> Result<Vec<String>> {
    let mut names: Vec<String> = groups::actions::names(conn, ids)?.into_values().collect();
    names.sort();
    Ok(names)
}
