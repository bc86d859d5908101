//! The form that changes a pending invite: what stands in it, what was typed, and what that says.

use serde_json::Map;

use super::new_form::Typed;
use super::offer::Offer;
use crate::access::{Actor, Role};
use crate::clock::{Time, days};
use crate::db::Conn;
use crate::error::{Code, FieldError, Result};
use crate::ids::{GroupId, InviteId};
use crate::invites::actions::{self, Edit};
use crate::invites::model::{Choices, End, Invite, LONGEST, State};
use crate::invites::store;
use crate::schemas::form::Field;
use crate::web::PostForm;

/// By how many days the form makes an invite last longer.
const LONGER: [i64; 4] = [3, 7, 14, 30];
/// The choice that leaves the end as it is.
const AS_IT_IS: &str = "kept";

/// The fields but those of the schema, in the order of the page, each with the key of its label.
pub(super) const FIELDS: [(&str, &str); 6] = [
    ("email", "sign-in-who"),
    ("name", "invites-field-name"),
    ("role", "invites-fact-role"),
    ("groups", "invites-fact-groups"),
    ("message", "invites-field-message"),
    ("label", "invites-field-label"),
];

/// A pending invite that somebody changes, and what they can change it to.
pub(super) struct Editing {
    /// The invite as it is kept.
    pub invite: Invite,
    /// Its groups.
    pub groups: Vec<GroupId>,
    /// What can be chosen.
    pub offer: Offer,
}

impl Editing {
    /// The invite, when it is pending and the actor may invite with its template.
    ///
    /// # Errors
    /// `not_found`, `invite_not_pending`, `template_not_usable`.
    pub fn read(conn: &mut Conn, actor: &Actor, id: InviteId, now: Time) -> Result<Self> {
        let invite = actions::visible(conn, actor, id)?;
        if invite.state_at(now) != State::Pending {
            return Code::InviteNotPending.refuse();
        }
        let groups = store::groups(conn, id)?;
        let offer = Offer::to_change(conn, actor, &invite, &groups)?;
        Ok(Self {
            invite,
            groups,
            offer,
        })
    }

    /// Says whether what is changed is still what is kept.
    pub fn etag(&self) -> String {
        actions::etag(&self.invite, &self.groups)
    }

    /// What is asked about the person; nobody is known behind an open link.
    fn fields(&self) -> impl Iterator<Item = &Field> {
        let fields = self.offer.fields.iter().map(|(field, _)| field);
        fields.filter(|_| !self.invite.is_open())
    }

    /// What stands in the form before anything is typed.
    pub fn kept(&self) -> Typed {
        let invite = &self.invite;
        let mut pairs = vec![
            ("message".to_owned(), invite.message.clone()),
            ("label".to_owned(), invite.label.clone()),
            ("expires".to_owned(), AS_IT_IS.to_owned()),
        ];
        if !invite.is_open() {
            pairs.extend([
                ("email".to_owned(), invite.address.clone()),
                ("name".to_owned(), invite.name().to_owned()),
                ("role".to_owned(), invite.role.to_string()),
            ]);
        }
        let groups = self.groups.iter();
        pairs.extend(groups.map(|id| ("groups".to_owned(), id.to_string())));
        let none = Map::new();
        let traits = invite.traits.0.as_object().unwrap_or(&none);
        for field in self.fields() {
            let value = field.shown(traits);
            // A box that is not ticked is not there.
            if !field.is_yes_no() || value == "true" {
                pairs.push((field.input(), value));
            }
        }
        Typed(pairs)
    }

    /// What was typed.
    pub fn typed(&self, form: &PostForm) -> Typed {
        let own = FIELDS.into_iter().map(|(name, _)| name);
        let own = own.chain(["expires", "ends_on"]).map(str::to_owned);
        Typed::of(form, own.chain(self.fields().map(Field::input)))
    }

    /// By how many days the invite can be made to last longer, and until when that is.
    pub fn longer(&self, now: Time) -> Vec<(i64, Time)> {
        let ends = LONGER.map(|count| (count, self.invite.expires_at.plus(days(count))));
        let within = |(_, end): &(i64, Time)| *end - now <= LONGEST;
        ends.into_iter().filter(within).collect()
    }

    /// The change that the form asks for, of what was `seen`.
    ///
    /// # Errors
    /// Field errors.
    pub fn change(&self, typed: &Typed, seen: &str, now: Time) -> Result<Edit> {
        let invite = &self.invite;
        let mut traits = invite.traits.0.as_object().cloned().unwrap_or_default();
        let (mut role, mut recipient, mut wrong) = (None, Ok(None), Vec::new());
        if !invite.is_open() {
            traits.remove("name");
            (traits, wrong) = typed.traits(&self.offer, traits);
            recipient = typed.recipient().map(Some);
            role = typed.get("role").parse::<Role>().ok();
            if role.is_none() {
                wrong.push(FieldError::new("role", "not_a_choice"));
            }
        }
        let end = self.end(typed, now).unwrap_or_else(|why| {
            wrong.push(why);
            None
        });
        let choices = Choices {
            role,
            groups: typed.groups()?,
            end,
            ..Choices::default()
        };
        let new = typed.checked(traits, recipient, choices, wrong)?;
        Ok(Edit {
            recipient: new.recipient,
            role: new.choices.role,
            groups: Some(new.choices.groups),
            // What is as it was need not fit a schema that has changed since.
            traits: (new.traits != invite.traits).then_some(new.traits),
            end: new.choices.end,
            label: Some(new.label),
            message: Some(new.message),
            seen: Some(seen.to_owned()),
            ..Edit::default()
        })
    }

    /// When the invite is to end; nothing for as it is.
    fn end(&self, typed: &Typed, now: Time) -> Result<Option<End>, FieldError> {
        match typed.get("expires") {
            AS_IT_IS => Ok(None),
            "date" => typed.end(now),
            count => {
                let mut longer = self.longer(now).into_iter();
                let chosen = longer.find(|(known, _)| known.to_string() == count);
                let none = FieldError::new("expires", "not_a_choice");
                chosen.map(|(_, end)| Some(End::At(end))).ok_or(none)
            }
        }
    }
}
