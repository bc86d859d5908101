//! The form that makes an invite: what was typed, and what that says.

use serde_json::{Map, Value, json};

use super::offer::Offer;
use crate::access::Role;
use crate::clock::{Time, days};
use crate::error::{Error, FieldError, Result};
use crate::ids::GroupId;
use crate::invites::model::{Choices, Delivery, End, NewInvite, RawInvite};
use crate::schemas::form::Asked;
use crate::text::Text;
use crate::users::model::Address;
use crate::web::PostForm;

/// The choice of the template's own lifetime, where it is not of whole days.
const AS_TEMPLATE: &str = "template";

/// The fields but those of the schema, in the order of the page.
pub(super) const FIELDS: [&str; 11] = [
    "email", "name", "role", "groups", "locale", "message", "label", "expires", "ends_on",
    "delivery", "template",
];

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

    /// The fields of the schema as they were filled in.
    pub fn asked(&self, offer: &Offer) -> Vec<Asked> {
        let fields = offer.fields.iter();
        let asked = fields.map(|(field, _)| {
            let value = self.get(&field.input()).to_owned();
            Asked::new(field.clone(), value, false)
        });
        asked.collect()
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
        self.invite_to(self.recipient().map(Some), offer, now)
    }

    /// What the form says of everybody whom it invites, as a program would write it.
    ///
    /// # Errors
    /// Field errors.
    pub fn for_all(&self, offer: &Offer, now: Time) -> Result<Map<String, Value>> {
        let new = self.invite_to(Ok(None), offer, now)?;
        let choices = new.choices;
        let end = match choices.end {
            Some(End::In(span)) => Some(("expires_in", json!(span.seconds_up()))),
            Some(End::At(time)) => Some(("expires_at", json!(time))),
            None => None,
        };
        let said = [
            ("template", json!(choices.template)),
            ("role", json!(choices.role)),
            ("groups", json!(choices.groups)),
            ("locale", json!(choices.locale)),
            ("message", json!(new.message)),
            ("label", json!(new.label)),
            ("traits", new.traits.0),
        ];
        let said = said.into_iter().chain(end);
        let said = said.filter(|(_, value)| !value.is_null());
        Ok(said.map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn invite_to(
        &self,
        recipient: Result<Option<Address>, FieldError>,
        offer: &Offer,
        now: Time,
    ) -> Result<NewInvite> {
        let choice = |field: &'static str| Error::from(FieldError::new(field, "not_a_choice"));
        let role: Role = self.get("role").parse().map_err(|()| choice("role"))?;
        let delivery = self.get("delivery").parse();
        let delivery: Delivery = delivery.map_err(|()| choice("delivery"))?;
        // What goes out, goes by the way that suits the address.
        let delivery = match (delivery, &recipient) {
            (Delivery::Link, _) => Delivery::Link,
            (_, Ok(Some(Address::Phone(_)))) => Delivery::Sms,
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
        self.checked(traits, recipient, choices, missing)
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
