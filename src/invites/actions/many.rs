//! The rules of new invites, of one as of many: what they ask is looked up for all together. And making many at once.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::grant::quota_left;
use super::ground::{Ground, ground, refuse_nothing_new};
use super::send::{Gist, require_may_hand_over, url_of};
use super::{entry, expire, facts, sees};
use crate::access::{Actor, Role};
use crate::app::App;
use crate::audit;
use crate::clock::Time;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::events;
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::{GroupId, InviteId, TemplateId, UserId};
use crate::invites::model::{Choices, Delivery, Invite, NewInvite};
use crate::invites::store::NewLink;
use crate::invites::{flood, store, suppression};
use crate::outbox::actions::{Sealed, enqueue_all, seal};
use crate::secret::{PlainSecret, SecretKind};
use crate::site;
use crate::users::logins;
use crate::users::model::Address;
use crate::users::store as users;

/// What decides on the ground of an invite.
type Kind = (
    Option<TemplateId>,
    Option<Role>,
    Vec<GroupId>,
    Option<String>,
);

fn kind(choices: &Choices) -> Kind {
    let schema_id = choices.schema_id.clone();
    (
        choices.template,
        choices.role,
        choices.groups.clone(),
        schema_id,
    )
}

/// What invites for many people stand on.
pub struct Together {
    now: Time,
    grounds: HashMap<Kind, Result<Ground>>,
    accounts: HashMap<String, (UserId, Role)>,
    suppressed: HashSet<String>,
    full: HashSet<String>,
    groups_of: HashMap<UserId, Vec<GroupName>>,
    pending: HashMap<String, Vec<Invite>>,
    quotas: HashMap<TemplateId, Option<i64>>,
    names: HashMap<GroupId, String>,
    site_name: String,
    inviter: String,
    given: HashSet<String>,
}

impl Together {
    /// Looks everything up that decides on these invites, with a number of queries that does not depend on how
    /// many they are.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn look<'a>(
        conn: &mut Conn,
        app: &App,
        actor: &Actor,
        news: impl Iterator<Item = &'a NewInvite> + Clone,
        now: Time,
    ) -> Result<Self> {
        let mut grounds: HashMap<Kind, Result<Ground>> = HashMap::new();
        let mut quotas = HashMap::new();
        let mut group_ids = HashSet::new();
        for new in news.clone() {
            let kind = kind(&new.choices);
            if grounds.contains_key(&kind) {
                continue;
            }
            group_ids.extend(new.choices.groups.iter().copied());
            let ground = match ground(conn, actor, &new.choices) {
                Err(why) if copy(&why).is_none() => return Err(why),
                ground => ground,
            };
            if let Ok(Ground {
                template, policy, ..
            }) = &ground
            {
                quotas.insert(template.id, quota_left(conn, actor, template, policy, now)?);
            }
            grounds.insert(kind, ground);
        }
        let norms = news.filter_map(|new| new.recipient.as_ref());
        let norms: Vec<String> = norms.map(Address::norm).collect();
        let norms: Vec<&str> = norms.iter().map(String::as_str).collect();
        let accounts = logins::by_addresses(conn, &norms)?;
        let reveals = |ground: &Result<Ground>| {
            ground
                .as_ref()
                .is_ok_and(|ground| ground.policy.reveal_existing)
        };
        let groups_of = if grounds.values().any(reveals) {
            let ids: Vec<UserId> = accounts.values().map(|(id, _)| *id).collect();
            groups::actions::groups_of(conn, &ids)?
        } else {
            HashMap::new()
        };
        let mut pending: HashMap<String, Vec<Invite>> = HashMap::new();
        for invite in store::pending_for_all(conn, &norms)? {
            let of_address = pending.entry(invite.address_norm.clone()).or_default();
            of_address.push(invite);
        }
        let site_name = site::actions::current(conn)?.site_name;
        let inviter = match actor.user {
            Some(id) => users::find(conn, id)?.label().to_owned(),
            None => site_name.clone(),
        };
        Ok(Self {
            now,
            grounds,
            accounts,
            suppressed: suppression::on_of(conn, app, &norms)?,
            full: flood::full_of(conn, &norms, now)?,
            groups_of,
            pending,
            quotas,
            names: groups::actions::names(conn, &Vec::from_iter(group_ids))?,
            site_name,
            inviter,
            given: HashSet::new(),
        })
    }

    /// Counts invites that were planned before this look and are not made: one of a template each.
    pub fn have_given(&mut self, templates: &[TemplateId]) {
        for template in templates {
            if let Some(Some(left)) = self.quotas.get_mut(template) {
                *left -= 1;
            }
        }
    }

    /// The invite of a line that would be made; the quota is one less from then on.
    ///
    /// # Errors
    /// What [`Self::judge`] refuses; `only_by_message` for one whose link would have to be shown.
    pub fn plan(&mut self, app: &App, actor: &Actor, new: &NewInvite) -> Result<Invite> {
        let invite = self.shaped(app, actor, new)?;
        if invite.delivery == Delivery::Link {
            return Err(FieldError::new("delivery", "only_by_message").into());
        }
        self.admit(actor, new, invite)
    }

    fn shaped(&self, app: &App, actor: &Actor, new: &NewInvite) -> Result<Invite> {
        let ground = self.ground(&new.choices)?;
        ground.invite(app, actor, new, self.now)
    }

    fn ground(&self, choices: &Choices) -> Result<&Ground> {
        match self.grounds.get(&kind(choices)) {
            Some(Ok(ground)) => Ok(ground),
            Some(Err(why)) => Err(again(why)),
            None => Err(Error::internal("an invite that was not looked up")),
        }
    }

    /// THE rules of a new invite, whichever door it comes by: a form or its check page, a call, a line of many. The
    /// quota is one less from then on.
    ///
    /// # Errors
    /// `forbidden`, `template_not_usable`, `role_not_grantable`, `group_not_grantable`, `domain_not_allowed`,
    /// `user_exists`, `mail_not_set_up` for an open link while no code can be sent, `invite_exists`,
    /// `too_many_invites`, field errors.
    pub fn judge(&mut self, app: &App, actor: &Actor, new: &NewInvite) -> Result<Invite> {
        let invite = self.shaped(app, actor, new)?;
        self.admit(actor, new, invite)
    }

    fn admit(&mut self, actor: &Actor, new: &NewInvite, invite: Invite) -> Result<Invite> {
        let ground = self.ground(&new.choices)?;
        require_may_hand_over(actor, &ground.policy, &invite)?;
        let is_sent = invite.delivery != Delivery::Link;
        if is_sent && self.suppressed.contains(&invite.address_norm) {
            return Err(suppression::never_mail());
        }
        if ground.policy.reveal_existing
            && let Some((id, role)) = self.accounts.get(&invite.address_norm)
        {
            let mine = self.groups_of.get(id).map_or(&[][..], Vec::as_slice);
            refuse_nothing_new(&invite, &new.choices, *role, mine)?;
        }
        let now = self.now;
        let mut known = self.known(actor, &invite);
        if known.any(|old| old.expires_at > now) || self.given.contains(&invite.address_norm) {
            return Code::InviteExists.refuse();
        }
        drop(known);
        if is_sent && self.full.contains(&invite.address_norm) {
            return Code::TooManyInvites.refuse();
        }
        if let Some(Some(left)) = self.quotas.get_mut(&invite.template_id) {
            if *left <= 0 {
                return Code::TooManyInvites.refuse();
            }
            *left -= 1;
        }
        // Any number of open links may be pending.
        if !invite.is_open() {
            self.given.insert(invite.address_norm.clone());
        }
        Ok(invite)
    }

    /// The pending invites for the address of an invite that the actor may know of.
    fn known(&self, actor: &Actor, invite: &Invite) -> impl Iterator<Item = &Invite> {
        let pending = self.pending.get(&invite.address_norm);
        let pending = pending.into_iter().flatten();
        pending.filter(|old| sees(actor, old))
    }

    /// Those of them whose time is over: they make way for it.
    pub(super) fn over(&self, actor: &Actor, invite: &Invite) -> impl Iterator<Item = &Invite> {
        let now = self.now;
        let known = self.known(actor, invite);
        known.filter(move |old| old.expires_at <= now)
    }

    fn gist(&self, invite: &Invite, choices: &Choices) -> Gist {
        let mut groups: Vec<String> = choices
            .groups
            .iter()
            .filter_map(|id| self.names.get(id).cloned())
            .collect();
        groups.sort();
        let ground = self.grounds.get(&kind(choices));
        let intro = ground.and_then(|ground| Some(ground.as_ref().ok()?.policy.intro.clone()));
        Gist {
            site_name: self.site_name.clone(),
            inviter: self.inviter.clone(),
            has_account: self.accounts.contains_key(&invite.address_norm),
            groups,
            intro: intro.unwrap_or_default(),
        }
    }

    /// Makes an invite ready to be kept: its link and its sealed message, which is most of the work.
    ///
    /// # Errors
    /// When the message cannot be written.
    pub fn ready(&self, app: &App, mut invite: Invite, new: &NewInvite) -> Result<Ready> {
        let token = PlainSecret::generate(SecretKind::Invite);
        let gist = self.gist(&invite, &new.choices);
        let letter = gist.letter(app, &invite, url_of(app, &invite, &token))?;
        let mail = seal(app, &letter, self.now)?;
        invite.mail_id = Some(mail.id());
        invite.sent_at = Some(self.now);
        Ok(Ready {
            link: NewLink::new(&invite, &token, false, self.now),
            groups: new.choices.groups.clone(),
            invite,
            mail,
            gist,
        })
    }

    /// Whether what was made ready before is what would be made ready now.
    pub fn still_fits(&self, ready: &Ready, invite: &Invite, new: &NewInvite) -> bool {
        let now = Invite {
            id: ready.invite.id,
            mail_id: ready.invite.mail_id,
            sent_at: ready.invite.sent_at,
            ..invite.clone()
        };
        now == ready.invite && self.gist(invite, &new.choices) == ready.gist
    }

    /// Keeps invites that were made ready and may be made: rows, messages, audit entries and events.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn keep(&self, tx: &mut Tx<'_>, actor: &Actor, ready: &[&Ready]) -> Result<()> {
        for one in ready {
            for old in self.over(actor, &one.invite) {
                expire(tx, actor, old)?;
            }
        }
        enqueue_all(tx, ready.iter().map(|one| &one.mail))?;
        let invites: Vec<&Invite> = ready.iter().map(|one| &one.invite).collect();
        let links: Vec<&NewLink> = ready.iter().map(|one| &one.link).collect();
        let groups: Vec<(InviteId, GroupId)> = ready
            .iter()
            .flat_map(|one| one.groups.iter().map(|group| (one.invite.id, *group)))
            .collect();
        store::insert_many(tx, &invites, &groups, &links)?;
        let entries = ready.iter().map(|one| {
            let after = facts(&one.invite, &one.groups);
            entry("invite.created", &one.invite, json!({}), after)
        });
        audit::record_all(tx, actor, entries.collect())?;
        let told = invites
            .iter()
            .map(|invite| json!({ "invite_id": invite.id, "label": invite.label }));
        events::emit_all(tx, actor, "invite.created", told.collect())
    }
}

/// An invite that is made but for being kept.
pub struct Ready {
    /// The invite.
    pub invite: Invite,
    groups: Vec<GroupId>,
    link: NewLink,
    mail: Sealed,
    gist: Gist,
}

/// A refusal again; none for an error that is not about the invite.
pub(super) fn copy(why: &Error) -> Option<Error> {
    match why {
        Error::Refused(code, args) => Some(Error::Refused(*code, args.clone())),
        Error::Invalid(faults) => Some(Error::Invalid(faults.clone())),
        _ => None,
    }
}

/// The same refusal for somebody else whom it concerns.
pub fn again(why: &Error) -> Error {
    copy(why).unwrap_or_else(|| Error::internal(why.to_string()))
}
