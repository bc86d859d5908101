//! What an invite is made of, and the input that is fit to become one.

mod new;

pub use crate::invite_templates::words::{Delivery, Matching};
pub use new::{
    Choices, End, LONGEST, LONGEST_LABEL, LONGEST_MESSAGE, MOST_USES, NewInvite, RawInvite,
    SHORTEST, check_name, read_recipient,
};

use diesel::prelude::*;
use serde_json::Value;

use crate::access::Role;
use crate::clock::{Span, Time, seconds};
use crate::db::Json;
use crate::ids::{InviteId, OutboxId, TemplateId, UserId};
use crate::passwords::PasswordHash;
use crate::text::Text;

crate::words! {
    /// Where the last mail of an invite is.
    #[derive(Default)]
    pub enum DeliveryState {
        /// There is none.
        #[default]
        None = "none",
        /// Not tried yet.
        Waiting = "waiting",
        /// Taken by the mail server.
        Sent = "sent",
        /// Tried, and tried again later.
        Deferred = "deferred",
        /// Given up.
        Failed = "failed",
    }
}

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

/// What stands in the place of the address of an invite that was erased: no address, and not empty, as that of an open
/// link is.
pub const ERASED: &str = "erased";

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
    /// When it was accepted, by the last whom it lets in …
    pub accepted_at: Option<Time>,
    /// … and by whom; for an open link, see [`crate::db::schema::invite_acceptances`].
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

    /// Whether it is a link that anybody can use who has it, as far as its places and domains go.
    pub fn is_open(&self) -> bool {
        self.address.is_empty()
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

    /// Whom it is for, in words: the address; of an open link its label.
    pub fn whom(&self, text: Text) -> String {
        let words = match (self.is_open(), self.label.is_empty()) {
            _ if self.erased_at.is_some() => text.get("invites-erased"),
            (false, _) => return self.address.clone(),
            (true, false) => return self.label.clone(),
            (true, true) => text.get("invites-open-link"),
        };
        words.to_string()
    }

    /// The language in which the person is spoken to; English when this version does not know it.
    pub fn text(&self) -> Text {
        Text::of(&self.locale).unwrap_or_default()
    }

    /// How its link reaches the person without anybody's help.
    pub fn usual_delivery(&self) -> Delivery {
        match self.phone() {
            _ if self.is_open() => Delivery::Link,
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
