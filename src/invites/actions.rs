//! What the inviting side can do.

use serde_json::json;

use super::mail::{InviteMail, MailKind};
use super::model::{Delivery, End, Invite, NewInvite, State};
use super::store;
use crate::access::{Actor, Role};
use crate::app::App;
use crate::audit;
use crate::clock::days;
use crate::db::{Conn, Json, Tx};
use crate::error::{Code, Error, Result};
use crate::events;
use crate::groups;
use crate::ids::{GroupId, InviteId, UserId};
use crate::outbox;
use crate::secret::{PlainSecret, SecretKind};
use crate::site;
use crate::users::model::{Email, normal};
use crate::users::store as users;

/// An invite that was made or sent again, with its link when the maker asked for it.
pub struct Made {
    /// The invite.
    pub invite: Invite,
    /// Its link, to be shown this once.
    pub link: Option<PlainLink>,
}

/// A link in plain text, on its way to the one page or answer that shows it.
pub struct PlainLink(String);

impl PlainLink {
    /// The address.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Whether the actor may grant a role and groups: asked when an invite is made, changed and sent again,
/// and once more, of its maker, when it is accepted.
///
/// # Errors
/// `forbidden`, `role_not_grantable`, `group_not_grantable`.
pub fn require_can_grant(
    conn: &mut Conn,
    actor: &Actor,
    role: Role,
    groups: &[GroupId],
) -> Result<()> {
    actor.require(Role::Admin)?;
    if role > actor.role || (role == Role::Owner && actor.role < Role::Owner) {
        return Err(Code::RoleNotGrantable.with("role", role));
    }
    for group in groups {
        if !groups::actions::can_give(conn, actor, *group)? {
            return Code::GroupNotGrantable.refuse();
        }
    }
    Ok(())
}

/// Makes an invite and sends it, or hands its link out.
///
/// # Errors
/// `forbidden`, `role_not_grantable`, `group_not_grantable`, `invite_exists`, field errors.
pub fn create(tx: &mut Tx<'_>, app: &App, actor: &Actor, new: &NewInvite) -> Result<Made> {
    require_can_grant(tx, actor, new.role, &new.groups)?;
    let settings = site::actions::current(tx)?;
    let now = tx.now;
    let end = new.end.unwrap_or(End::In(days(settings.invite_days)));
    let (expires_at, life) = end.from(now)?;
    end_those_over(tx, actor, &new.email)?;
    if !store::pending_for(tx, &new.email.norm())?.is_empty() {
        return Code::InviteExists.refuse();
    }
    let invite = Invite {
        id: InviteId::new(now),
        state: State::Pending,
        email: new.email.to_string(),
        email_norm: new.email.norm(),
        name_norm: String::new(),
        delivery: new.delivery,
        role: new.role,
        schema_id: "default".to_owned(),
        traits: new.traits.clone(),
        metadata_public: new.metadata_public.clone(),
        metadata_admin: new.metadata_admin.clone(),
        label: new.label.clone(),
        message: new.message.clone(),
        locale: app.text.lang().to_owned(),
        redirect_url: new.redirect_url.clone(),
        lifetime_seconds: life.seconds_up(),
        expires_at,
        created_at: now,
        created_by: actor.user,
        ended_at: None,
        ended_by: None,
        accepted_at: None,
        accepted_by: None,
        mail_id: None,
    };
    let invite = Invite {
        name_norm: normal(invite.name()),
        ..invite
    };
    tx.attempt(|conn| store::insert(conn, &invite, &new.groups))
        .map_err(exists)?;
    record(
        tx,
        actor,
        "invite.created",
        &invite,
        json!({}),
        facts(&invite, &new.groups),
    )?;
    events::emit(
        tx,
        actor,
        "invite.created",
        json!({ "invite_id": invite.id, "label": invite.label }),
    )?;
    send(tx, app, invite, new.delivery)
}

/// An address that has only invites whose time is over is free again.
fn end_those_over(tx: &mut Tx<'_>, actor: &Actor, email: &Email) -> Result<()> {
    let now = tx.now;
    for old in store::pending_for(tx, &email.norm())? {
        if old.expires_at <= now {
            expire(tx, actor, &old)?;
        }
    }
    Ok(())
}

/// Makes it visible that the time of an invite is over.
///
/// # Errors
/// When the database refuses.
pub fn expire(tx: &mut Tx<'_>, actor: &Actor, invite: &Invite) -> Result<()> {
    let now = tx.now;
    if store::turn(tx, invite.id, State::Pending, State::Expired, now, None)? {
        record(
            tx,
            actor,
            "invite.expired",
            invite,
            json!({ "state": "pending" }),
            json!({ "state": "expired" }),
        )?;
        events::emit(
            tx,
            actor,
            "invite.expired",
            json!({ "invite_id": invite.id, "label": invite.label }),
        )?;
    }
    Ok(())
}

fn exists(why: diesel::result::Error) -> Error {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    match why {
        Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Code::InviteExists.into(),
        why => why.into(),
    }
}

/// Gives a pending invite a new link and sends it. Former links stay good.
fn send(tx: &mut Tx<'_>, app: &App, mut invite: Invite, delivery: Delivery) -> Result<Made> {
    let token = PlainSecret::generate(SecretKind::Invite);
    let now = tx.now;
    store::insert_link(
        tx,
        invite.id,
        &token.digest(),
        delivery == Delivery::Link,
        now,
    )?;
    let link = app.link(&format!(
        "/self-service/invite?flow={}&token={}",
        invite.id,
        token.reveal()
    ));
    if delivery == Delivery::Link {
        return Ok(Made {
            invite,
            link: Some(PlainLink(link)),
        });
    }
    let settings = site::actions::current(tx)?;
    let inviter = inviter_name(tx, &invite, &settings.site_name)?;
    let has_account = users::by_email(tx, &invite.email_norm)?.is_some();
    let groups = group_names(tx, invite.id)?;
    let mail = InviteMail {
        kind: if has_account {
            MailKind::Accept
        } else {
            MailKind::Register
        },
        inviter,
        groups,
        message: invite.message.clone(),
        expires: app.text.moment(invite.expires_at),
        link,
    };
    let frame = outbox::Frame::of(app, &settings.site_name);
    let letter = mail.letter(&frame, &invite)?;
    invite.mail_id = Some(outbox::actions::enqueue(tx, app, &letter)?);
    store::update(tx, &invite)?;
    Ok(Made { invite, link: None })
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
    let mut names: Vec<String> = groups::actions::names(conn, &ids)?.into_values().collect();
    names.sort();
    Ok(names)
}

/// The invite, when the actor may see it: administrators see all, everybody else their own.
///
/// # Errors
/// `not_found`.
pub fn visible(conn: &mut Conn, actor: &Actor, id: InviteId) -> Result<Invite> {
    let invite = store::find(conn, id)?;
    if actor.role < Role::Admin && (actor.user.is_none() || invite.created_by != actor.user) {
        return Code::NotFound.refuse();
    }
    Ok(invite)
}

/// Sends an invite again, or hands out a new link: a new full lifetime; former links stay good until one
/// is used.
///
/// # Errors
/// `invite_not_pending` for one that ended otherwise than by time, and what the rights say.
pub fn resend(
    tx: &mut Tx<'_>,
    app: &App,
    actor: &Actor,
    id: InviteId,
    delivery: Delivery,
) -> Result<Made> {
    let mut invite = visible(tx, actor, id)?;
    if !matches!(invite.state, State::Pending | State::Expired) {
        return Code::InviteNotPending.refuse();
    }
    let groups = store::groups(tx, id)?;
    require_can_grant(tx, actor, invite.role, &groups)?;
    if invite.state == State::Expired && !store::pending_for(tx, &invite.email_norm)?.is_empty() {
        return Code::InviteExists.refuse();
    }
    let before = json!({ "state": invite.state_at(tx.now), "expires_at": invite.expires_at });
    invite.state = State::Pending;
    invite.ended_at = None;
    invite.ended_by = None;
    invite.delivery = delivery;
    invite.expires_at = tx.now.plus(invite.lifetime()).whole_seconds();
    tx.attempt(|conn| store::update(conn, &invite))
        .map_err(exists)?;
    let after =
        json!({ "state": "pending", "expires_at": invite.expires_at, "delivery": delivery });
    record(tx, actor, "invite.sent_again", &invite, before, after)?;
    send(tx, app, invite, delivery)
}

/// Hands out another link in place of those that were handed out and never used, because the answer that
/// held one may have been lost.
///
/// # Errors
/// `already_shown` when the invite is no longer pending, as far as this actor may know.
pub fn replace_link(tx: &mut Tx<'_>, app: &App, actor: &Actor, id: InviteId) -> Result<Made> {
    let invite = visible(tx, actor, id)?;
    let now = tx.now;
    if invite.state_at(now) != State::Pending {
        return Code::AlreadyShown.refuse();
    }
    let groups = store::groups(tx, id)?;
    require_can_grant(tx, actor, invite.role, &groups)?;
    store::kill_shown_links(tx, id, now)?;
    send(tx, app, invite, Delivery::Link)
}

/// Withdraws an invite: its links stop working at once, and its mail is not sent if it still waits.
///
/// # Errors
/// `invite_not_pending`, `not_found`.
pub fn revoke(tx: &mut Tx<'_>, actor: &Actor, id: InviteId) -> Result<Invite> {
    let invite = visible(tx, actor, id)?;
    let now = tx.now;
    if !matches!(invite.state_at(now), State::Pending | State::Suspended)
        || !store::turn(tx, id, invite.state, State::Revoked, now, actor.user)?
    {
        return Code::InviteNotPending.refuse();
    }
    store::kill_links(tx, id, now)?;
    outbox::actions::cancel_about(tx, id.as_str())?;
    record(
        tx,
        actor,
        "invite.revoked",
        &invite,
        json!({ "state": invite.state }),
        json!({ "state": "revoked" }),
    )?;
    events::emit(
        tx,
        actor,
        "invite.revoked",
        json!({ "invite_id": id, "label": invite.label }),
    )?;
    Ok(store::find(tx, id)?)
}

/// What is to be changed about a pending invite; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// A new address kills every live link.
    pub email: Option<Email>,
    /// See [`Invite::role`].
    pub role: Option<Role>,
    /// The groups it joins.
    pub groups: Option<Vec<GroupId>>,
    /// See [`Invite::traits`].
    pub traits: Option<Json>,
    /// See [`Invite::metadata_public`].
    pub metadata_public: Option<Json>,
    /// See [`Invite::metadata_admin`].
    pub metadata_admin: Option<Json>,
    /// When it ends.
    pub end: Option<End>,
    /// See [`Invite::label`].
    pub label: Option<String>,
    /// See [`Invite::message`].
    pub message: Option<String>,
}

/// Changes a pending invite.
///
/// # Errors
/// `invite_not_pending`, `invite_exists`, what the rights say, field errors.
pub fn edit(tx: &mut Tx<'_>, actor: &Actor, id: InviteId, edit: &Edit) -> Result<Invite> {
    let mut invite = visible(tx, actor, id)?;
    let now = tx.now;
    if invite.state_at(now) != State::Pending {
        return Code::InviteNotPending.refuse();
    }
    let old_groups = store::groups(tx, id)?;
    let groups = edit.groups.clone().unwrap_or_else(|| old_groups.clone());
    let before = facts(&invite, &old_groups);
    invite.role = edit.role.unwrap_or(invite.role);
    require_can_grant(tx, actor, invite.role, &groups)?;
    if let Some(email) = edit
        .email
        .as_ref()
        .filter(|email| email.norm() != invite.email_norm)
    {
        end_those_over(tx, actor, email)?;
        if !store::pending_for(tx, &email.norm())?.is_empty() {
            return Code::InviteExists.refuse();
        }
        invite.email = email.to_string();
        invite.email_norm = email.norm();
        store::kill_links(tx, id, now)?;
        outbox::actions::cancel_about(tx, id.as_str())?;
    }
    if let Some(end) = edit.end {
        let (expires_at, life) = end.from(now)?;
        invite.expires_at = expires_at;
        invite.lifetime_seconds = life.seconds_up();
    }
    let documents = [
        (&edit.traits, &mut invite.traits),
        (&edit.metadata_public, &mut invite.metadata_public),
        (&edit.metadata_admin, &mut invite.metadata_admin),
    ];
    for (new, part) in documents {
        if let Some(new) = new {
            part.clone_from(new);
        }
    }
    for (new, part) in [
        (&edit.label, &mut invite.label),
        (&edit.message, &mut invite.message),
    ] {
        if let Some(new) = new {
            part.clone_from(new);
        }
    }
    invite.name_norm = normal(invite.name());
    tx.attempt(|conn| store::update(conn, &invite))
        .map_err(exists)?;
    store::set_groups(tx, id, &groups)?;
    record(
        tx,
        actor,
        "invite.updated",
        &invite,
        before,
        facts(&invite, &groups),
    )?;
    Ok(invite)
}

/// Puts the pending invites of a user on hold, when the user is suspended.
///
/// # Errors
/// When the database refuses.
pub fn suspend_all_of(tx: &mut Tx<'_>, actor: &Actor, user: UserId) -> Result<()> {
    for id in store::pending_of(tx, user)? {
        let invite = store::find(tx, id)?;
        suspend(tx, actor, &invite)?;
    }
    Ok(())
}

/// Puts an invite on hold: its maker lost the right to it.
///
/// # Errors
/// When the database refuses.
pub fn suspend(tx: &mut Tx<'_>, actor: &Actor, invite: &Invite) -> Result<()> {
    let now = tx.now;
    if store::turn(
        tx,
        invite.id,
        State::Pending,
        State::Suspended,
        now,
        actor.user,
    )? {
        outbox::actions::cancel_about(tx, invite.id.as_str())?;
        record(
            tx,
            actor,
            "invite.suspended",
            invite,
            json!({ "state": "pending" }),
            json!({ "state": "suspended" }),
        )?;
    }
    Ok(())
}

pub(super) fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    invite: &Invite,
    before: serde_json::Value,
    after: serde_json::Value,
) -> Result<()> {
    let target = audit::Target {
        kind: "invite",
        id: invite.id.to_string(),
    };
    audit::record(
        tx,
        actor,
        audit::Entry {
            action,
            target,
            before,
            after,
        },
    )?;
    Ok(())
}

fn facts(invite: &Invite, groups: &[GroupId]) -> serde_json::Value {
    json!({
        "email": invite.email,
        "role": invite.role,
        "groups": groups,
        "delivery": invite.delivery,
        "expires_at": invite.expires_at,
        "label": invite.label,
        "traits": invite.traits,
        "metadata_public": invite.metadata_public,
        "metadata_admin": invite.metadata_admin,
    })
}
