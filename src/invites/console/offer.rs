//! What somebody can choose from when they invite.

use crate::access::{Actor, Role};
use crate::clock::{Span, days};
use crate::db::Conn;
use crate::error::{Code, Result};
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::GroupId;
use crate::invite_templates::actions as templates;
use crate::invite_templates::model::Template;
use crate::invite_templates::policy::{FieldMode, Policy};
use crate::invites::actions;
use crate::invites::model::Invite;
use crate::schemas;
use crate::schemas::form::Field;
use crate::site;
use crate::text::Message;
use crate::web::Page;

/// The lifetimes that the form offers, in days.
const LIFETIMES: [i64; 4] = [3, 7, 14, 30];
/// What somebody can choose from when they invite with a template.
pub(super) struct Offer {
    /// The template.
    pub template: Template,
    /// What it says.
    pub policy: Policy,
    /// The templates that can be chosen: id and name.
    pub templates: Vec<(String, String)>,
    /// The roles that can be given.
    pub roles: Vec<Role>,
    /// The groups that can be given.
    pub groups: Vec<GroupName>,
    /// What the inviter can say of the person, and how the person's form treats it.
    pub fields: Vec<(Field, FieldMode)>,
    /// How long an invite lives unless somebody chooses otherwise.
    pub lifetime: Span,
    /// Whether the link may be handed over.
    pub by_link: bool,
}

impl Offer {
    /// What a template offers; the default one, or the first that may be used, when none is named.
    ///
    /// # Errors
    /// `template_not_usable` when the actor may invite with none.
    pub fn read(conn: &mut Conn, actor: &Actor, wanted: &str) -> Result<Self> {
        let usable = templates::usable(conn, actor)?;
        let choices = usable
            .iter()
            .map(|one| (one.id.to_string(), one.name.clone()));
        let choices = choices.collect();
        let named = |one: &&Template| one.id.as_str() == wanted;
        let chosen = usable.iter().find(named);
        let chosen = chosen.or_else(|| usable.iter().find(|one| one.is_default()));
        let Some(template) = chosen.or(usable.first()).cloned() else {
            return Code::TemplateNotUsable.refuse();
        };
        let schema_id = template.schema_id.clone();
        Self::of(conn, actor, template, &schema_id, choices)
    }

    /// What the template of an invite offers to who changes it, and what the invite has already.
    ///
    /// # Errors
    /// `template_not_usable`, `forbidden` for members.
    pub fn to_change(
        conn: &mut Conn,
        actor: &Actor,
        invite: &Invite,
        has: &[GroupId],
    ) -> Result<Self> {
        let template = actions::template(conn, invite)?;
        actions::require_can_use(conn, actor, &template.policy()?)?;
        let mut offer = Self::of(conn, actor, template, &invite.schema_id, Vec::new())?;
        if !offer.roles.contains(&invite.role) {
            offer.roles.push(invite.role);
        }
        let names = groups::actions::names(conn, has)?.into_iter();
        let missing = names.filter(|(id, _)| offer.groups.iter().all(|group| group.id != *id));
        let mut missing: Vec<_> = missing.map(|(id, name)| GroupName { id, name }).collect();
        missing.sort_by(|one, other| one.name.cmp(&other.name));
        offer.groups.extend(missing);
        Ok(offer)
    }

    fn of(
        conn: &mut Conn,
        actor: &Actor,
        template: Template,
        schema_id: &str,
        templates: Vec<(String, String)>,
    ) -> Result<Self> {
        let policy = template.policy()?;
        let fields = schemas::actions::rules(conn, schema_id)?.fields();
        let settings = site::actions::current(conn)?;
        let within = |role: &Role| {
            let roles = policy.roles.as_ref();
            *role <= actor.role && roles.is_none_or(|roles| roles.contains(role))
        };
        let mut groups = groups::actions::grantable(conn, actor)?;
        if let Some(allowed) = &policy.groups {
            groups.retain(|group| allowed.contains(&group.id));
        }
        Ok(Self {
            roles: Role::ALL.iter().copied().filter(within).collect(),
            groups,
            fields: fields
                .into_iter()
                // It has a field of its own in this form.
                .filter(|field| field.name != "name")
                .map(|field| {
                    let mode = policy.mode(&field.name);
                    // Nobody else can enter it.
                    let required = field.required && mode.is_fixed();
                    (Field { required, ..field }, mode)
                })
                .collect(),
            lifetime: policy.lifetime().unwrap_or(days(settings.invite_days)),
            by_link: actions::may_hand_over(actor, &policy),
            templates,
            template,
            policy,
        })
    }

    /// The roles that can be given, each with its word and what it may do.
    pub fn role_choices(&self, page: &Page) -> Vec<(Role, Message, Message)> {
        let words = |role: &Role| {
            let hint = page.t(format!("role-{role}.hint"));
            (*role, page.t(format!("role-{role}")), hint)
        };
        self.roles.iter().map(words).collect()
    }

    /// Lifetimes in days, the usual one among them when it is of whole days.
    pub fn lifetimes(&self) -> Vec<i64> {
        let mut lengths = LIFETIMES.to_vec();
        lengths.extend(self.usual_days());
        lengths.sort_unstable();
        lengths.dedup();
        lengths
    }

    /// The usual lifetime, where it is of whole days.
    pub fn usual_days(&self) -> Option<i64> {
        let seconds = self.lifetime.seconds_up();
        (seconds % 86_400 == 0).then_some(seconds / 86_400)
    }

    /// Whether the template's own lifetime is a choice beside the days.
    pub fn has_odd_lifetime(&self) -> bool {
        self.usual_days().is_none()
    }
}
