//! Letting many invites live longer: each as if it were edited by itself, with what decides looked up once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::grant::{inviter_may, require_can_grant, require_fits};
use super::many::{again, copy};
use super::{entry, exists, facts, sees};
use crate::access::{Actor, Role};
use crate::audit;
use crate::clock::{Span, Time};
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::ids::{GroupId, InviteId, TemplateId, UserId};
use crate::invite_templates::actions as templates;
use crate::invite_templates::policy::Policy;
use crate::invites::model::{End, Invite, State};
use crate::invites::store;

/// What an invite gives: who may give it, may give all that are alike.
type Gift = (TemplateId, Role, Vec<GroupId>);

/// What was looked up for invites before.
#[derive(Default)]
struct Known {
    policies: HashMap<TemplateId, Policy>,
    may_grant: HashMap<Gift, Result<()>>,
    makers_may: HashMap<(Option<UserId>, Gift), bool>,
}

/// Lets invites end so much later; says of each, in their order, when it ends, or why it does not.
///
/// # Errors
/// When the database refuses. Of one: `not_found`, `invite_not_pending`, what the rights say, `out_of_range`.
pub fn extend(
    tx: &mut Tx<'_>,
    actor: &Actor,
    ids: &[InviteId],
    by: Span,
) -> Result<Vec<Result<Time>>> {
    let mut invites = store::find_all(tx, ids)?;
    let mut groups = store::groups_of(tx, ids)?;
    let (mut known, mut entries) = (Known::default(), Vec::with_capacity(ids.len()));
    let mut ends = Vec::with_capacity(ids.len());
    for id in ids {
        let invite = invites.remove(id).filter(|invite| sees(actor, invite));
        let Some(mut invite) = invite else {
            ends.push(Code::NotFound.refuse());
            continue;
        };
        let groups = groups.remove(id).unwrap_or_default();
        let before = facts(&invite, &groups);
        match known.lengthen(tx, actor, &mut invite, &groups, by) {
            Ok(()) => {
                let after = facts(&invite, &groups);
                entries.push(entry("invite.updated", &invite, before, after));
                ends.push(Ok(invite.expires_at));
            }
            Err(why) if copy(&why).is_some() => ends.push(Err(why)),
            Err(why) => return Err(why),
        }
    }
    audit::record_all(tx, actor, entries)?;
    Ok(ends)
}

impl Known {
    fn lengthen(
        &mut self,
        tx: &mut Tx<'_>,
        actor: &Actor,
        invite: &mut Invite,
        groups: &[GroupId],
        by: Span,
    ) -> Result<()> {
        let now = tx.now;
        if invite.state_at(now) != State::Pending {
            return Code::InviteNotPending.refuse();
        }
        let template = invite.template_id;
        let policy = match self.policies.entry(template) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(templates::find(tx, template)?.policy()?),
        };
        let gift: Gift = (template, invite.role, groups.to_vec());
        let may = match self.may_grant.entry(gift.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => match require_can_grant(tx, actor, policy, invite.role, groups) {
                Err(why) if copy(&why).is_none() => return Err(why),
                may => new.insert(may),
            },
        };
        if let Err(why) = may {
            return Err(again(why));
        }
        let (expires_at, life) = End::At(invite.expires_at.plus(by)).from(now)?;
        invite.expires_at = expires_at;
        invite.lifetime_seconds = life.seconds_up();
        invite.reminded = 0;
        require_fits(policy, invite)?;
        let maker_may = match self.makers_may.entry((invite.created_by, gift)) {
            // Of an open link it depends on more.
            _ if invite.is_open() => inviter_may(tx, invite)?,
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => *new.insert(inviter_may(tx, invite)?),
        };
        if maker_may {
            return Ok(store::set_end(tx, invite)?);
        }
        // Who answers for it now may have invited the person, too.
        invite.created_by = actor.user;
        tx.attempt(|conn| store::set_end(conn, invite))
            .map_err(exists)
    }
}
