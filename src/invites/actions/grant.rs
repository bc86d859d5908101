//! THE rule of what an invite may give, to whom, and who may say so: asked when an invite is made, changed and
//! sent again, and once more, of its maker, when it is accepted.

use crate::access::{Actor, ActorKind, Role};
use crate::clock::{Time, hours};
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::groups;
use crate::ids::GroupId;
use crate::invite_templates;
use crate::invite_templates::model::Template;
use crate::invite_templates::policy::{Policy, lies_in};
use crate::invite_templates::words::Identifier;
use crate::invites::model::{Delivery, Invite, Matching};
use crate::invites::store::{self, Maker};
use crate::users::model::Status;
use crate::users::store as users;

/// Whether the actor may invite with a template, and grant a role and groups: none that the template or the
/// actor's own rights leave out.
///
/// # Errors
/// `template_not_usable`, `role_not_grantable`, `group_not_grantable`.
pub fn require_can_grant(
    conn: &mut Conn,
    actor: &Actor,
    policy: &Policy,
    role: Role,
    groups: &[GroupId],
) -> Result<()> {
    require_can_use(conn, actor, policy)?;
    let roles = policy.roles.as_deref();
    if role > actor.role || roles.is_some_and(|roles| !roles.contains(&role)) {
        return Err(Code::RoleNotGrantable.with("role", role));
    }
    let allowed = policy.groups.as_deref();
    for group in groups {
        let within = allowed.is_none_or(|allowed| allowed.contains(group));
        if !within || !groups::actions::can_give(conn, actor, *group)? {
            return Code::GroupNotGrantable.refuse();
        }
    }
    Ok(())
}

/// Whether the actor may invite with a template.
///
/// # Errors
/// `template_not_usable`, `forbidden` for members.
pub fn require_can_use(conn: &mut Conn, actor: &Actor, policy: &Policy) -> Result<()> {
    if invite_templates::actions::may_use(conn, actor, policy)? {
        return Ok(());
    }
    match actor.role {
        Role::Member => Code::Forbidden.refuse(),
        _ => Code::TemplateNotUsable.refuse(),
    }
}

/// Whether the maker of an invite may still grant what it grants (product rule 8): within their own rights, and within
/// what its template says by now.
///
/// # Errors
/// When the database refuses.
pub fn inviter_may(conn: &mut Conn, invite: &Invite) -> Result<bool> {
    let maker = match invite.created_by {
        Some(id) => {
            let maker = users::find(conn, id)?;
            Some((maker.status, maker.role))
        }
        None => None,
    };
    let groups = store::groups(conn, invite.id)?;
    let policy = template(conn, invite)?.policy()?;
    maker_may(conn, invite, maker, &groups, &policy)
}

/// The same with what was looked up of the invite: how its maker stands, its groups, what its template says.
///
/// # Errors
/// When the database refuses.
pub fn maker_may(
    conn: &mut Conn,
    invite: &Invite,
    maker: Maker,
    groups: &[GroupId],
    policy: &Policy,
) -> Result<bool> {
    let actor = match (invite.created_by, maker) {
        (Some(id), Some((Status::Active, role))) => Actor {
            kind: ActorKind::User,
            user: Some(id),
            role,
            ip: None,
            request_id: String::new(),
        },
        (Some(_), _) => return Ok(false),
        (None, _) => Actor::operator(),
    };
    if require_fits_open(policy, invite).is_err() {
        return Ok(false);
    }
    match require_can_grant(conn, &actor, policy, invite.role, groups) {
        Ok(()) => Ok(true),
        Err(Error::Refused(..)) => Ok(false),
        Err(why) => Err(why),
    }
}

/// The template of an invite.
///
/// # Errors
/// When the database refuses.
pub fn template(conn: &mut Conn, invite: &Invite) -> Result<Template> {
    invite_templates::actions::find(conn, invite.template_id)
}

/// Whether an invite keeps to the shape that its template gives: the address, the domains, where it leads.
///
/// # Errors
/// `domain_not_allowed`, or field errors.
pub(super) fn require_fits(policy: &Policy, invite: &Invite) -> Result<()> {
    let kind = match invite.phone() {
        _ if invite.is_open() => Identifier::None,
        Some(_) => Identifier::Phone,
        None => Identifier::Email,
    };
    if policy.identifier.is_some_and(|wanted| wanted != kind) {
        return Err(FieldError::new("email", "not_by_template").into());
    }
    let domains = invite.domains();
    let wider = domains
        .iter()
        .any(|domain| !policy.domains.contains(domain));
    if !policy.domains.is_empty() && (wider || domains.is_empty()) {
        return Err(FieldError::new("domains", "not_by_template").into());
    }
    if invite
        .email()
        .is_some_and(|email| !lies_in(email, &domains))
    {
        return Code::DomainNotAllowed.refuse();
    }
    if invite.matching == Matching::Domain && domains.is_empty() {
        return Err(FieldError::new("domains", "required_for_match").into());
    }
    let leads_on = invite.redirect_url.as_deref();
    if leads_on.is_some_and(|url| !policy.may_lead_to(url)) {
        return Err(FieldError::new("redirect_url", "not_by_template").into());
    }
    if invite.is_open() {
        return require_fits_open(policy, invite);
    }
    if invite.delivery != Delivery::Link && invite.delivery != invite.usual_delivery() {
        return Err(FieldError::new("delivery", "not_for_address").into());
    }
    if invite.max_uses > 1 {
        return Err(FieldError::new("max_uses", "only_for_open_links").into());
    }
    Ok(())
}

/// What is asked of an open link besides; nothing of other invites. It makes members alone: whoever passes it on
/// decides who comes.
pub(super) fn require_fits_open(policy: &Policy, invite: &Invite) -> Result<()> {
    if !invite.is_open() {
        return Ok(());
    }
    if invite.role > Role::Member {
        return Err(Code::RoleNotGrantable.with("role", invite.role));
    }
    if invite.matching == Matching::Strict {
        return Err(FieldError::new("match", "needs_an_address").into());
    }
    if invite.delivery != Delivery::Link {
        return Err(FieldError::new("delivery", "only_by_link").into());
    }
    if policy.approval {
        return Err(FieldError::new("template", "not_for_open_links").into());
    }
    Ok(())
}

/// Whether the actor may send one more invite with a template.
///
/// # Errors
/// `too_many_invites`.
pub(super) fn require_quota(
    tx: &mut Tx<'_>,
    actor: &Actor,
    template: &Template,
    policy: &Policy,
) -> Result<()> {
    let now = tx.now;
    match quota_left(tx, actor, template, policy, now)? {
        Some(left) if left <= 0 => Code::TooManyInvites.refuse(),
        _ => Ok(()),
    }
}

/// How many more invites the actor may send with a template; none for no limit. Owners are not held to it, nor
/// is the command line.
pub(super) fn quota_left(
    conn: &mut Conn,
    actor: &Actor,
    template: &Template,
    policy: &Policy,
    now: Time,
) -> Result<Option<i64>> {
    let Some(user) = actor.user.filter(|_| actor.role < Role::Owner) else {
        return Ok(None);
    };
    let mut left = None;
    if let Some(most) = policy.quota.per_day {
        let since = now.minus(hours(24));
        left = Some(most - store::made_since(conn, user, template.id, since)?);
    }
    if let Some(most) = policy.quota.pending {
        let pending = most - store::waiting_of(conn, user, template.id, now)?;
        left = Some(left.map_or(pending, |left| left.min(pending)));
    }
    Ok(left)
}
