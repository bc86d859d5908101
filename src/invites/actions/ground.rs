//! What an invite stands on, whoever it is for: its template, its schema, and the rights of who makes it.

use serde_json::json;

use super::grant::{require_can_grant, require_fits};
use crate::access::{Actor, Role};
use crate::app::App;
use crate::clock::{Time, days};
use crate::db::{Conn, Json};
use crate::error::{Code, FieldError, Result};
use crate::groups::model::GroupName;
use crate::ids::InviteId;
use crate::invite_templates;
use crate::invite_templates::model::Template;
use crate::invite_templates::policy::Policy;
use crate::invites::model::{Choices, Delivery, End, Invite, Matching, NewInvite, State};
use crate::outbox::Channel;
use crate::schemas;
use crate::schemas::model::Rules;
use crate::site;
use crate::text::Text;
use crate::users::model::{Address, normal};

/// What an invite stands on, whoever it is for.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) template: Template,
    pub(super) policy: Policy,
    invite_days: i64,
    schema_id: String,
    rules: Rules,
}

/// Looks up what an invite stands on, and whether the actor may make such a one.
pub(super) fn ground(conn: &mut Conn, actor: &Actor, choices: &Choices) -> Result<Ground> {
    let template = chosen(conn, actor, choices)?;
    let policy = template.policy()?;
    let role = choices.role.unwrap_or(Role::Member);
    require_can_grant(conn, actor, &policy, role, &choices.groups)?;
    let settings = site::actions::current(conn)?;
    let schema_id = choices.schema_id.as_ref().unwrap_or(&template.schema_id);
    Ok(Ground {
        invite_days: settings.invite_days,
        rules: schemas::actions::rules(conn, schema_id)?,
        schema_id: schema_id.clone(),
        template,
        policy,
    })
}

impl Ground {
    /// The invite that would be made for somebody.
    pub(super) fn invite(
        &self,
        app: &App,
        actor: &Actor,
        new: &NewInvite,
        now: Time,
    ) -> Result<Invite> {
        let (choices, policy) = (&new.choices, &self.policy);
        if actor.role < Role::Admin && new.metadata_admin.0 != json!({}) {
            return Err(FieldError::new("metadata_admin", "admins_only").into());
        }
        let usual = policy.lifetime().unwrap_or(days(self.invite_days));
        let (expires_at, life) = choices.end.unwrap_or(End::In(usual)).from(now)?;
        self.rules
            .check_so_far(&new.traits, cannot_add(policy, &self.rules))?;
        let locale = choices.locale.as_deref().or(policy.locale.as_deref());
        let text = locale.map_or(Ok(app.text), |locale| Text::read("locale", locale))?;
        let recipient = new.recipient.as_ref();
        let invite = Invite {
            id: InviteId::new(now),
            state: State::Pending,
            address: recipient.map_or("", Address::as_str).to_owned(),
            address_norm: recipient.map(Address::norm).unwrap_or_default(),
            name_norm: String::new(),
            delivery: delivery_of(new, policy),
            role: choices.role.unwrap_or(Role::Member),
            schema_id: self.schema_id.clone(),
            traits: new.traits.clone(),
            metadata_public: new.metadata_public.clone(),
            metadata_admin: new.metadata_admin.clone(),
            label: new.label.clone(),
            message: new.message.clone(),
            locale: text.lang().to_owned(),
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
            template_id: self.template.id,
            matching: choices.matching.unwrap_or(match policy.matching {
                // There is no address that it could be.
                Matching::Strict if recipient.is_none() => Matching::Bearer,
                matching => matching,
            }),
            domains: Json(json!(choices.domains.as_ref().unwrap_or(&policy.domains))),
            max_uses: choices.max_uses.unwrap_or(1),
            uses: 0,
            sent_at: None,
            reminded: 0,
            erased_at: None,
        };
        require_fits(policy, &invite)?;
        if invite.is_open() && app.config.smtp.is_none() && app.config.sms.is_none() {
            return Code::MailNotSetUp.refuse();
        }
        let name_norm = normal(invite.name());
        Ok(Invite {
            name_norm,
            ..invite
        })
    }
}

/// The traits that the person cannot add: what the invite decides, and what no form can ask for.
pub(super) fn cannot_add<'a>(policy: &'a Policy, rules: &'a Rules) -> impl Fn(&str) -> bool + 'a {
    |name| {
        let is_asked = rules.fields().iter().any(|field| field.name == name);
        policy.mode(name).is_fixed() || !is_asked
    }
}

/// How the link of an invite would reach the person: the choice, or the template's.
///
/// # Errors
/// When there is no such template.
pub fn delivery(conn: &mut Conn, actor: &Actor, new: &NewInvite) -> Result<Delivery> {
    let policy = chosen(conn, actor, &new.choices)?.policy()?;
    Ok(delivery_of(new, &policy))
}

fn delivery_of(new: &NewInvite, policy: &Policy) -> Delivery {
    let usual = match new.recipient.as_ref().map(Address::channel) {
        None => return new.choices.delivery.unwrap_or(Delivery::Link),
        Some(Channel::Mail) => Delivery::Email,
        Some(Channel::Sms) => Delivery::Sms,
    };
    new.choices.delivery.or(policy.delivery).unwrap_or(usual)
}

fn chosen(conn: &mut Conn, actor: &Actor, choices: &Choices) -> Result<Template> {
    let Some(id) = choices.template else {
        return invite_templates::actions::find(conn, Template::default_id()?);
    };
    invite_templates::actions::read(conn, actor, id).map_err(|why| match why.code() {
        Code::NotFound => FieldError::new("template", "not_found").into(),
        _ => why,
    })
}

/// Where the template reveals accounts: refuses to invite somebody who has one, with this role and these groups,
/// and would gain nothing.
pub(super) fn refuse_nothing_new(
    invite: &Invite,
    choices: &Choices,
    role: Role,
    mine: &[GroupName],
) -> Result<()> {
    let has = |id| mine.iter().any(|group| group.id == id);
    if invite.role <= role && choices.groups.iter().all(|id| has(*id)) {
        return Code::UserExists.refuse();
    }
    Ok(())
}
