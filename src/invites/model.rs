//! What an invite is made of, and the input that is fit to become one.

use diesel::prelude::*;
use serde_json::{Map, Value};

use crate::access::Role;
use crate::clock::{Span, Time, days, minutes, seconds};
use crate::db::Json;
use crate::error::{Error, FieldError, Result};
use crate::groups::model::read_given;
use crate::ids::{GroupId, InviteId, OutboxId, TemplateId, UserId};
use crate::input::Faults;
use crate::passwords::PasswordHash;
use crate::users::model::{Address, Email, LONGEST_NAME, Phone, read_object};

crate::words! {
    /// Where an invite stands.
    pub enum State {
        /// Waits for the person.
        Pending = "pending",
        /// The person has joined.
        Accepted = "accepted",
        /// The person does not want to.
        Declined = "declined",
        /// Withdrawn.
        Revoked = "revoked",
        /// Its time is over; it can be sent again.
        Expired = "expired",
        /// The inviter lost the right to invite; an administrator decides.
        Suspended = "suspended",
        /// The person accepted; an administrator has to approve.
        AwaitingApproval = "awaiting_approval",
    }
}

use crate::invite_templates::policy::read_domain;
use crate::invite_templates::redirect;
pub use crate::invite_templates::words::{Delivery, Matching};

/// A row of `invites`.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = crate::db::schema::invites)]
pub struct Invite {
    /// The id; no secret.
    pub id: InviteId,
    /// As it is written; see [`Invite::state_at`].
    pub state: State,
    /// The mail address or phone number as it was written; empty for an open link.
    pub address: String,
    /// The same as it is compared.
    pub address_norm: String,
    /// The person's name as it is searched, from the trait `name`.
    pub name_norm: String,
    /// How the link reaches the person.
    pub delivery: Delivery,
    /// The role that the account gets.
    pub role: Role,
    /// The schema of the traits.
    pub schema_id: String,
    /// What is known of the person before.
    pub traits: Json,
    /// Data of integrated apps, handed on to the account.
    pub metadata_public: Json,
    /// The same, for administrators alone.
    pub metadata_admin: Json,
    /// A word for whoever made it; the invited person does not see it.
    pub label: String,
    /// What the inviter says to the person.
    pub message: String,
    /// The language of mail and page.
    pub locale: String,
    /// Where the person goes on to after accepting.
    pub redirect_url: Option<String>,
    /// How long a new link lives.
    pub lifetime_seconds: i64,
    /// When it ends.
    pub expires_at: Time,
    /// When it was made.
    pub created_at: Time,
    /// Who made it; none for the operator.
    pub created_by: Option<UserId>,
    /// When it was revoked, declined or suspended …
    pub ended_at: Option<Time>,
    /// … and by whom.
    pub ended_by: Option<UserId>,
    /// When it was accepted …
    pub accepted_at: Option<Time>,
    /// … and by whom.
    pub accepted_by: Option<UserId>,
    /// The mail that was sent last.
    pub mail_id: Option<OutboxId>,
    /// The template that it was made from.
    pub template_id: TemplateId,
    /// How whoever accepts must match.
    pub matching: Matching,
    /// Domains of the addresses that may accept: a list of words.
    pub domains: Json,
    /// How many may accept.
    pub max_uses: i32,
    /// How many have.
    pub uses: i32,
    /// When it was last sent.
    pub sent_at: Option<Time>,
    /// How many reminders have gone out since it was last sent.
    pub reminded: i32,
    /// When what is known of a person who never accepted was erased.
    pub erased_at: Option<Time>,
}

impl Invite {
    /// Where the invite stands at a moment, whether or not the sweep has been there.
    pub fn state_at(&self, now: Time) -> State {
        if self.state == State::Pending && self.expires_at <= now {
            State::Expired
        } else {
            self.state
        }
    }

    /// The mail address that it was made out to.
    pub fn email(&self) -> Option<&str> {
        self.address.contains('@').then_some(&self.address)
    }

    /// The phone number that it was made out to.
    pub fn phone(&self) -> Option<&str> {
        let address = Some(self.address.as_str());
        address.filter(|text| text.starts_with('+') && !text.contains('@'))
    }

    /// How its link reaches the person without anybody's help.
    pub fn usual_delivery(&self) -> Delivery {
        match self.phone() {
            Some(_) => Delivery::Sms,
            None => Delivery::Email,
        }
    }

    /// The domains of the addresses that may accept; empty for any.
    pub fn domains(&self) -> Vec<String> {
        let domains = self.domains.0.as_array().into_iter().flatten();
        domains
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// The name that the inviter gave the person, if any.
    pub fn name(&self) -> &str {
        self.traits
            .0
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The key of the words for how the link reaches the person.
    pub(super) const fn delivery_words(&self) -> &'static str {
        match self.delivery {
            Delivery::Email => "invites-by-mail",
            Delivery::Sms => "invites-by-sms",
            Delivery::Link => "invites-by-link",
        }
    }

    /// How long a new link lives.
    pub const fn lifetime(&self) -> Span {
        seconds(self.lifetime_seconds)
    }
}

/// What somebody who accepts brings along: a row of `invite_applications` while it waits for approval.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::invite_applications)]
pub struct Application {
    /// The account that they have already.
    pub user_id: Option<UserId>,
    /// Their name.
    pub display_name: String,
    /// Their password.
    pub password_hash: Option<PasswordHash>,
    /// What the account knows of them.
    pub traits: Json,
    /// The terms that they accepted.
    pub terms_version: Option<String>,
    /// The link had come to their mailbox.
    pub address_proved: bool,
}

/// The shortest and the longest life of an invite.
pub const SHORTEST: Span = minutes(1);
/// See [`SHORTEST`].
pub const LONGEST: Span = days(90);
/// The longest message, in characters.
pub const LONGEST_MESSAGE: usize = 500;
/// The longest label, in characters.
pub const LONGEST_LABEL: usize = 100;

/// An invite to be made, checked but for the rights of its maker.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// Whom.
    pub recipient: Address,
    /// What was chosen within the template.
    pub choices: Choices,
    /// See [`Invite::traits`].
    pub traits: Json,
    /// See [`Invite::metadata_public`].
    pub metadata_public: Json,
    /// See [`Invite::metadata_admin`].
    pub metadata_admin: Json,
    /// See [`Invite::message`].
    pub message: String,
    /// See [`Invite::label`].
    pub label: String,
    /// See [`Invite::redirect_url`].
    pub redirect_url: Option<String>,
}

/// What the maker of an invite chose within its template; the template decides what was left out.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The template; the plain one when left out.
    pub template: Option<TemplateId>,
    /// How the link reaches the person.
    pub delivery: Option<Delivery>,
    /// The role that the account gets; a member's when left out.
    pub role: Option<Role>,
    /// The groups it joins.
    pub groups: Vec<GroupId>,
    /// The schema of the traits.
    pub schema_id: Option<String>,
    /// When it ends; the site decides when the template does not.
    pub end: Option<End>,
    /// How whoever accepts must match.
    pub matching: Option<Matching>,
    /// Domains of the addresses that may accept.
    pub domains: Option<Vec<String>>,
    /// The language of mail and page.
    pub locale: Option<String>,
}

/// When an invite ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// After a time.
    In(Span),
    /// At a moment.
    At(Time),
}

impl End {
    /// The moment, and the lifetime that a new link will have.
    ///
    /// # Errors
    /// `not_in_future` or `out_of_range`, for the field.
    pub fn from(self, now: Time) -> Result<(Time, Span), FieldError> {
        let at = match self {
            Self::In(span) => now.plus(span).whole_seconds(),
            Self::At(time) => time.whole_seconds(),
        };
        let field = if matches!(self, Self::In(_)) {
            "expires_in"
        } else {
            "expires_at"
        };
        if at <= now {
            return Err(FieldError::new(field, "not_in_future"));
        }
        let life = match self {
            Self::In(span) => span,
            Self::At(_) => seconds((at - now).seconds_up()),
        };
        if life < SHORTEST || life > LONGEST {
            return Err(FieldError::new(field, "out_of_range"));
        }
        Ok((at, life))
    }
}

/// The raw fields that forms and JSON have in common.
#[derive(Clone, Debug, Default)]
pub struct RawInvite<'a> {
    /// The name, when the form asks for one.
    pub name: &'a str,
    /// See [`Invite::message`].
    pub message: &'a str,
    /// See [`Invite::label`].
    pub label: &'a str,
    /// See [`Invite::redirect_url`].
    pub redirect_url: &'a str,
    /// See [`Invite::traits`].
    pub traits: Map<String, Value>,
    /// See [`Invite::metadata_public`].
    pub metadata_public: Map<String, Value>,
    /// See [`Invite::metadata_admin`].
    pub metadata_admin: Map<String, Value>,
}

impl RawInvite<'_> {
    /// Checks every field and tells all that is wrong at once.
    ///
    /// # Errors
    /// `invalid_input`.
    pub fn read(
        self,
        recipient: Result<Address, FieldError>,
        mut choices: Choices,
    ) -> Result<NewInvite> {
        let mut faults = Faults::default();
        let recipient = recipient.map_err(|why| faults.add(why));
        let mut traits = self.traits;
        check_name(&mut faults, &traits);
        if !self.name.trim().is_empty() {
            let name = faults.name("name", self.name, 1..=LONGEST_NAME);
            traits.insert("name".to_owned(), Value::String(name));
        }
        let message = faults.lines("message", self.message, 0..=LONGEST_MESSAGE);
        let label = faults.name("label", self.label, 0..=LONGEST_LABEL);
        let redirect_url = read_redirect(&mut faults, self.redirect_url);
        choices.groups = read_given(&mut faults, &choices.groups);
        read_domains(&mut faults, choices.domains.as_mut());
        let mut document = |field, map| {
            read_object(field, map).unwrap_or_else(|why| {
                faults.add(why);
                Json::object()
            })
        };
        let traits = document("traits", traits);
        let metadata_public = document("metadata_public", self.metadata_public);
        let metadata_admin = document("metadata_admin", self.metadata_admin);
        let Ok(recipient) = recipient else {
            return faults.none_in(()).and(Err(Error::Invalid(Vec::new())));
        };
        faults.none_in(NewInvite {
            recipient,
            choices,
            traits,
            metadata_public,
            metadata_admin,
            message,
            label,
            redirect_url,
        })
    }
}

/// The trait `name` is searched like a user's name, and is held to the same form.
pub fn check_name(faults: &mut Faults, traits: &Map<String, Value>) {
    if let Some(name) = traits.get("name").and_then(Value::as_str) {
        faults.name("traits.name", name, 0..=LONGEST_NAME);
    }
}

/// The one address that an invite is made out to.
///
/// # Errors
/// `only_one_address` for the field `phone`, or what is wrong with the one that there is.
pub fn read_recipient(email: &str, phone: &str) -> Result<Address, FieldError> {
    match (email.trim().is_empty(), phone.trim().is_empty()) {
        (false, false) => Err(FieldError::new("phone", "only_one_address")),
        (true, false) => Phone::read("phone", phone).map(Address::Phone),
        (_, true) => Email::read("email", email).map(Address::Email),
    }
}

/// Domain names in small letters, each once.
fn read_domains(faults: &mut Faults, domains: Option<&mut Vec<String>>) {
    for domain in domains.into_iter().flatten() {
        match read_domain(domain) {
            Some(read) => *domain = read,
            None => faults.add(FieldError::new("domains", "not_a_domain").with("domain", domain)),
        }
    }
}

/// A redirect target; empty for none.
fn read_redirect(faults: &mut Faults, text: &str) -> Option<String> {
    let text = faults.line("redirect_url", text, 0..=2_000);
    if text.is_empty() {
        return None;
    }
    // It goes into a header, where nothing else can stand.
    let plain = text
        .chars()
        .all(|c| c.is_ascii_graphic() && !matches!(c, '\\' | '"' | '<' | '>'));
    if !plain || redirect::origin(&text).is_none() {
        faults.add(FieldError::new("redirect_url", "not_a_url"));
    }
    Some(text)
}

#[cfg(test)]
mod tests;
