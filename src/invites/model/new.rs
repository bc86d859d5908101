//! The input that is fit to become an invite.

use serde_json::{Map, Value};

use super::{Delivery, Matching};
use crate::access::Role;
use crate::clock::{Span, Time, days, minutes, seconds};
use crate::db::Json;
use crate::error::{Error, FieldError, Result};
use crate::groups::model::read_given;
use crate::ids::{GroupId, TemplateId};
use crate::input::Faults;
use crate::invite_templates::policy::{MOST_DOMAINS, read_domain};
use crate::invite_templates::redirect;
use crate::users::model::{Address, Email, LONGEST_NAME, Phone, read_object};

/// The shortest and the longest life of an invite.
pub const SHORTEST: Span = minutes(1);
/// See [`SHORTEST`].
pub const LONGEST: Span = days(90);
/// The longest message, in characters.
pub const LONGEST_MESSAGE: usize = 500;
/// The longest label, in characters.
pub const LONGEST_LABEL: usize = 100;
/// The most people that one open link lets in.
pub const MOST_USES: i32 = 500;

/// An invite to be made, checked but for the rights of its maker.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// Whom; nobody for an open link.
    pub recipient: Option<Address>,
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
    /// How many an open link lets in; one when left out.
    pub max_uses: Option<i32>,
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
        recipient: Result<Option<Address>, FieldError>,
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
        if let Some(most) = choices.max_uses {
            faults.range("max_uses", most, 1..=MOST_USES);
        }
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

/// The one address that an invite is made out to. One that is given and empty is a mistake, and not the wish for an
/// open link.
///
/// # Errors
/// `only_one_address` for the field `phone`, or what is wrong with the one that there is.
pub fn read_recipient(
    email: Option<&str>,
    phone: Option<&str>,
) -> Result<Option<Address>, FieldError> {
    let filled = |text: &&str| !text.trim().is_empty();
    match (email.filter(filled), phone.filter(filled)) {
        (None, None) if email.is_none() && phone.is_none() => Ok(None),
        (None, None) => Err(FieldError::new("email", "required")),
        (Some(_), Some(_)) => Err(FieldError::new("phone", "only_one_address")),
        (None, Some(phone)) => Phone::read("phone", phone).map(|phone| Some(Address::Phone(phone))),
        (Some(email), None) => Email::read("email", email).map(|email| Some(Address::Email(email))),
    }
}

/// Domain names in small letters, each once.
fn read_domains(faults: &mut Faults, domains: Option<&mut Vec<String>>) {
    let Some(domains) = domains else { return };
    if domains.len() > MOST_DOMAINS {
        faults.add(FieldError::new("domains", "too_many").with("max", MOST_DOMAINS));
        return;
    }
    for domain in domains.iter_mut() {
        match read_domain(domain) {
            Some(read) => *domain = read,
            None => faults.add(FieldError::new("domains", "not_a_domain").with("domain", domain)),
        }
    }
    domains.sort_unstable();
    domains.dedup();
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
