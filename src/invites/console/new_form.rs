//! The form that makes an invite: what its template offers, what was typed, and what that says.

use serde_json::{Map, Value};

use crate::access::{Actor, Role};
use crate::clock::{Span, Time, days};
use crate::db::Conn;
use crate::error::{Code, Error, FieldError, Result};
use crate::groups;
use crate::groups::model::GroupName;
use crate::ids::GroupId;
use crate::invite_templates::actions as templates;
use crate::invite_templates::model::Template;
use crate::invite_templates::policy::{FieldMode, Policy};
use crate::invites::actions;
use crate::invites::model::{Choices, Delivery, End, Invite, NewInvite, RawInvite};
use crate::schemas;
use crate::schemas::form::{Asked, Field};
use crate::site;
use crate::text::{Message, Text};
use crate::users::model::Address;
use crate::web::{Page, PostForm};

/// The lifetimes that the form offers, in days.
const LIFETIMES: [i64; 4] = [3, 7, 14, 30];
/// The choice of the template's own lifetime, where it is not of whole days.
const AS_TEMPLATE: &str = "template";

/// The fields but those of the schema, in the order of the page.
pub(super) const FIELDS: [&str; 11] = [
    "email", "name", "role", "groups", "locale", "message", "label", "expires", "ends_on",
    "delivery", "template",
];

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

    fn usual_days(&self) -> Option<i64> {
        let seconds = self.lifetime.seconds_up();
        (seconds % 86_400 == 0).then_some(seconds / 86_400)
    }

    /// Whether the template's own lifetime is a choice beside the days.
    pub fn has_odd_lifetime(&self) -> bool {
        self.usual_days().is_none()
    }

    /// The fields of the schema as they were filled in.
    pub fn asked(&self, typed: &Typed) -> Vec<Asked> {
        let fields = self.fields.iter();
        let asked = fields.map(|(field, _)| {
            let value = typed.get(&field.input()).to_owned();
            Asked::new(field.clone(), value, false)
        });
        asked.collect()
    }
}

/// What the form holds, as it was typed: names and values, each group and trait a pair of its own.
#[derive(Clone, Debug)]
pub(super) struct Typed(pub Vec<(String, String)>);

impl Typed {
    /// What stands there before anything is typed; `usual` is the language of a template that names none.
    pub fn empty(offer: &Offer, works: Delivery, usual: Text) -> Self {
        let works = if offer.by_link {
            works
        } else {
            Delivery::Email
        };
        let delivery = offer.policy.delivery.unwrap_or(works);
        let expires = match offer.usual_days() {
            Some(days) => days.to_string(),
            None => AS_TEMPLATE.to_owned(),
        };
        let role = offer.roles.first().copied().unwrap_or(Role::Member);
        let locale = offer.policy.locale.as_deref();
        let pairs = [
            ("template", offer.template.id.to_string()),
            ("role", role.to_string()),
            ("expires", expires),
            ("delivery", delivery.to_string()),
            ("locale", locale.unwrap_or(usual.lang()).to_owned()),
        ];
        Self(pairs.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// What was typed.
    pub fn read(form: &PostForm, offer: &Offer) -> Self {
        let inputs = offer.fields.iter().map(|(field, _)| field.input());
        Self::of(form, FIELDS.map(str::to_owned).into_iter().chain(inputs))
    }

    /// What was typed into some fields.
    pub fn of(form: &PostForm, names: impl IntoIterator<Item = String>) -> Self {
        let mut pairs = Vec::new();
        for name in names {
            pairs.extend(
                form.all(&name)
                    .map(|value| (name.clone(), value.to_owned())),
            );
        }
        Self(pairs)
    }

    fn find(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What stands in a field.
    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// Everything that stands in fields of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.0.iter().filter(move |(own, _)| own == name);
        pairs.map(|(_, value)| value.as_str())
    }

    /// Whether a box is ticked or a choice made.
    pub fn has(&self, name: &str, value: &str) -> bool {
        let mut pairs = self.0.iter();
        pairs.any(|(own, kept)| own == name && kept == value)
    }

    /// Whether the link is handed over.
    pub fn by_link(&self) -> bool {
        self.has("delivery", Delivery::Link.as_str())
    }

    /// Whom.
    pub fn recipient(&self) -> Result<Address, FieldError> {
        Address::read("email", self.get("email"))
    }

    /// What an invite has, with what was typed about the person in the place of what the form asks for; and what is
    /// missing there.
    pub fn traits(
        &self,
        offer: &Offer,
        mut kept: Map<String, Value>,
    ) -> (Map<String, Value>, Vec<FieldError>) {
        let mut missing = Vec::new();
        for (field, _) in &offer.fields {
            match field.read(self.find(&field.input())) {
                Some(value) => drop(kept.insert(field.name.clone(), value)),
                None => {
                    kept.remove(&field.name);
                    if field.required {
                        missing.push(FieldError::new(field.input(), "required"));
                    }
                }
            }
        }
        (kept, missing)
    }

    /// The invite that the form asks for.
    ///
    /// # Errors
    /// Field errors.
    pub fn invite(&self, offer: &Offer, now: Time) -> Result<NewInvite> {
        let choice = |field: &'static str| Error::from(FieldError::new(field, "not_a_choice"));
        let role: Role = self.get("role").parse().map_err(|()| choice("role"))?;
        let delivery = self.get("delivery").parse();
        let delivery: Delivery = delivery.map_err(|()| choice("delivery"))?;
        let recipient = self.recipient();
        // What goes out, goes by the way that suits the address.
        let delivery = match (delivery, &recipient) {
            (Delivery::Link, _) => Delivery::Link,
            (_, Ok(Address::Phone(_))) => Delivery::Sms,
            _ => Delivery::Email,
        };
        let choices = Choices {
            template: Some(offer.template.id),
            delivery: Some(delivery),
            role: Some(role),
            groups: self.groups()?,
            end: self.end(now)?,
            locale: self.locale(),
            ..Choices::default()
        };
        let (traits, missing) = self.traits(offer, Map::new());
        self.checked(traits, recipient.map(Some), choices, missing)
    }

    /// The texts of the form checked with the rest, and with what was found wrong before.
    ///
    /// # Errors
    /// Field errors.
    pub fn checked(
        &self,
        traits: Map<String, Value>,
        recipient: Result<Option<Address>, FieldError>,
        choices: Choices,
        wrong: Vec<FieldError>,
    ) -> Result<NewInvite> {
        let raw = RawInvite {
            name: self.get("name"),
            message: self.get("message"),
            label: self.get("label"),
            traits,
            ..RawInvite::default()
        };
        match raw.read(recipient, choices) {
            Ok(new) if wrong.is_empty() => Ok(new),
            Ok(_) => Err(Error::Invalid(wrong)),
            Err(Error::Invalid(mut faults)) => {
                faults.extend(wrong);
                Err(Error::Invalid(faults))
            }
            Err(why) => Err(why),
        }
    }

    /// The language that is chosen; none when the form did not say.
    pub fn locale(&self) -> Option<String> {
        let locale = self.find("locale").filter(|locale| !locale.is_empty());
        locale.map(str::to_owned)
    }

    /// The groups that are ticked.
    ///
    /// # Errors
    /// `not_a_choice` for the field `groups`.
    pub fn groups(&self) -> Result<Vec<GroupId>, FieldError> {
        let ids = self.0.iter().filter(|(name, _)| name == "groups");
        let not_one = |_| FieldError::new("groups", "not_a_choice");
        ids.map(|(_, id)| id.parse().map_err(not_one)).collect()
    }

    /// When the invite ends; nothing for as its template says.
    ///
    /// # Errors
    /// Field errors.
    pub fn end(&self, now: Time) -> Result<Option<End>, FieldError> {
        let end = match self.get("expires") {
            AS_TEMPLATE => return Ok(None),
            "date" => {
                let day = self.get("ends_on");
                if day.is_empty() {
                    return Err(FieldError::new("ends_on", "date_missing"));
                }
                let at = Time::parse(&format!("{day}T23:59:59Z"));
                End::At(at.ok_or_else(|| FieldError::new("ends_on", "not_a_date"))?)
            }
            length => {
                let length: i64 = length
                    .parse()
                    .map_err(|_| FieldError::new("expires", "not_a_choice"))?;
                if !(1..=90).contains(&length) {
                    return Err(FieldError::new("expires", "out_of_range")
                        .with("min", 1)
                        .with("max", 90));
                }
                End::In(days(length))
            }
        };
        end.from(now)
            .map_err(|why| FieldError::new("ends_on", why.code))?;
        Ok(Some(end))
    }
}
