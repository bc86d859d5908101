//! What clients send and read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::expiry::ExpiresIn;
use crate::error::{Code, Error, FieldError, Result};
use crate::input::Faults;
use crate::invites::actions::Edit;
use crate::invites::model::{Choices, Delivery, NewInvite, RawInvite, check_name};
use crate::invites::{InviteMade, InviteView};
use crate::outbox::Channel;
use crate::users::model::{Address, Email, Phone, read_object};
use crate::users::verification::Which;
use crate::web::text;

/// The body of `POST /admin/invite`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KratosNewInvite", extend("examples" = [{
    "identifier": "ada@example.org", "identifier_field": "email", "traits": { "name": "Ada" }, "expires_in": "24h",
}]))]
pub struct NewInviteSent {
    /// The schema of the traits; the default one when left out.
    schema_id: Option<String>,
    /// Whom to invite: a mail address, or a phone number as `+` and digits. Left out for an open link.
    #[serde(default, deserialize_with = "text")]
    identifier: Option<String>,
    /// Which field the identifier is, as a name or a path: `email`, `phone`, `traits.email`, `/traits/contact/phone`. The last
    /// name tells: one with `mail` in it is a mail address, one with `phone`, `tel`, `mobile` or `sms` a number. The
    /// identifier has to be of that kind; it is what the account signs in with, and no trait is set by it. When left out,
    /// the identifier tells by itself.
    identifier_field: Option<String>,
    /// What the platform wants to know of a person; at most 16 KiB. Held to the schema; what the person can add may be
    /// missing.
    traits: Option<Map<String, Value>>,
    /// Data of integrated apps that the person may see; at most 16 KiB.
    metadata_public: Option<Map<String, Value>>,
    /// Data of integrated apps for administrators alone, elsewhere called `metadata_admin`; at most 16 KiB.
    metadata_private: Option<Map<String, Value>>,
    /// Seconds from now, or a duration such as `24h`, `30m` or `1h30m`; at most 90 days. The site decides when it is left
    /// out.
    expires_in: Option<ExpiresIn>,
}

impl NewInviteSent {
    fn recipient(&self) -> Result<Option<Address>, FieldError> {
        let field = self.identifier_field.as_deref();
        let channel = field.map(channel_of).transpose()?;
        let Some(identifier) = &self.identifier else {
            return Ok(None);
        };
        let read = match channel {
            Some(Channel::Mail) => Email::read("identifier", identifier).map(Address::Email),
            Some(Channel::Sms) => Phone::read("identifier", identifier).map(Address::Phone),
            None => Address::read("identifier", identifier),
        };
        read.map(Some)
    }
}

/// How somebody is reached whose identifier is this field.
fn channel_of(field: &str) -> Result<Channel, FieldError> {
    let name = field.rsplit(['.', '/']).next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if holds(&["mail"]) => Ok(Channel::Mail),
        () if holds(&["phone", "tel", "mobile", "sms"]) => Ok(Channel::Sms),
        () => Err(FieldError::new("identifier_field", "not_a_choice")),
    }
}

impl TryFrom<&NewInviteSent> for NewInvite {
    type Error = Error;

    fn try_from(body: &NewInviteSent) -> Result<Self> {
        let recipient = body.recipient();
        let channel = recipient.iter().flatten().map(Address::channel).next();
        let raw = RawInvite {
            traits: body.traits.clone().unwrap_or_default(),
            metadata_public: body.metadata_public.clone().unwrap_or_default(),
            metadata_admin: body.metadata_private.clone().unwrap_or_default(),
            ..RawInvite::default()
        };
        let choices = Choices {
            // Whatever the template would do: who gives an identifier wants it to be sent there.
            delivery: Some(match channel {
                Some(Channel::Mail) => Delivery::Email,
                Some(Channel::Sms) => Delivery::Sms,
                None => Delivery::Link,
            }),
            schema_id: body.schema_id.clone(),
            end: body.expires_in.as_ref().map(ExpiresIn::end).transpose()?,
            ..Choices::default()
        };
        raw.read(recipient, choices)
    }
}

/// The body of `PATCH /admin/invites/{id}`; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KratosInviteChange", extend("examples" = [{ "expires_in": "72h" }]))]
pub struct InviteChange {
    /// What the platform wants to know of a person, in place of what there was; at most 16 KiB.
    traits: Option<Map<String, Value>>,
    /// Data of integrated apps that the person may see, in place of what there was; at most 16 KiB.
    metadata_public: Option<Map<String, Value>>,
    /// Data of integrated apps for administrators alone, in place of what there was; at most 16 KiB.
    metadata_private: Option<Map<String, Value>>,
    /// Seconds from now, or a duration such as `24h`; at most 90 days.
    expires_in: Option<ExpiresIn>,
}

impl TryFrom<&InviteChange> for Edit {
    type Error = Error;

    fn try_from(change: &InviteChange) -> Result<Self> {
        let mut faults = Faults::default();
        if let Some(traits) = &change.traits {
            check_name(&mut faults, traits);
        }
        let document = |field, map: &Option<Map<String, Value>>| {
            map.clone().map(|map| read_object(field, map)).transpose()
        };
        faults.none_in(Self {
            traits: document("traits", &change.traits)?,
            metadata_public: document("metadata_public", &change.metadata_public)?,
            metadata_admin: document("metadata_private", &change.metadata_private)?,
            end: change.expires_in.as_ref().map(ExpiresIn::end).transpose()?,
            ..Self::default()
        })
    }
}

/// An invite as it is told everywhere, and under the names of the proposal.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "KratosInvite")]
pub struct InviteSeen {
    #[serde(flatten)]
    invite: InviteView,
    /// The address or number that it is for; null for an open link.
    identifier: Option<String>,
    /// `email` or `phone`; null for an open link.
    identifier_field: Option<&'static str>,
    /// The same as `metadata_admin`.
    metadata_private: Map<String, Value>,
    /// The link of an open one, in the answer that makes it alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite_url: Option<String>,
}

impl From<InviteView> for InviteSeen {
    fn from(invite: InviteView) -> Self {
        let email = invite.email.clone().map(|email| ("email", email));
        let phone = || invite.phone.clone().map(|phone| ("phone", phone));
        let (identifier_field, identifier) = email.or_else(phone).unzip();
        Self {
            identifier,
            identifier_field,
            metadata_private: invite.metadata_admin.clone().unwrap_or_default(),
            invite_url: None,
            invite,
        }
    }
}

impl From<InviteMade> for InviteSeen {
    fn from(made: InviteMade) -> Self {
        Self {
            invite_url: made.invite_url,
            ..made.invite.into()
        }
    }
}

/// The body of `POST /admin/verification`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KratosVerification", extend("examples" = [{
    "identity_id": "usr_0198c0de-7a11-7b3c-9d4e-5f6a7b8c9d0e", "identifier": "ada@example.org",
}]))]
pub struct VerificationSent {
    /// The id of a user.
    pub(super) identity_id: String,
    /// Their mail address or phone number: the link goes there.
    identifier: String,
}

impl VerificationSent {
    /// What is to be proved.
    ///
    /// # Errors
    /// `required`; `not_found` for what is nobody's, as it is no address.
    pub(super) fn which(&self) -> Result<Which> {
        let identifier = self.identifier.trim();
        match identifier.parse::<Phone>() {
            _ if identifier.is_empty() => Err(FieldError::new("identifier", "required").into()),
            _ if identifier.contains('@') => Ok(Which::Email(identifier.to_owned())),
            Ok(phone) => Ok(Which::Phone(phone)),
            Err(()) => Code::NotFound.refuse(),
        }
    }
}
