//! What an invite is made of, and the input that is fit to become one.

use diesel::prelude::*;
use serde_json::{Map, Value};

use crate::access::Role;
use crate::clock::{Span, Time, days, minutes, seconds};
use crate::db::Json;
use crate::error::{Error, FieldError, Result};
use crate::groups::model::read_given;
use crate::ids::{GroupId, InviteId, OutboxId, UserId};
use crate::input::Faults;
use crate::users::model::{Email, LONGEST_NAME, read_object};

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
    }
}

crate::words! {
    /// How the link reaches the person.
    pub enum Delivery {
        /// By mail.
        Email = "email",
        /// Whoever made the invite hands it over.
        Link = "link",
    }
}

/// A row of `invites`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = crate::db::schema::invites)]
pub struct Invite {
    /// The id; no secret.
    pub id: InviteId,
    /// As it is written; see [`Invite::state_at`].
    pub state: State,
    /// The address as it was written.
    pub email: String,
    /// The address as it is compared.
    pub email_norm: String,
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
            Delivery::Link => "invites-by-link",
        }
    }

    /// How long a new link lives.
    pub const fn lifetime(&self) -> Span {
        seconds(self.lifetime_seconds)
    }
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
    pub email: Email,
    /// How the link reaches them.
    pub delivery: Delivery,
    /// The role that the account gets.
    pub role: Role,
    /// The groups it joins.
    pub groups: Vec<GroupId>,
    /// See [`Invite::traits`].
    pub traits: Json,
    /// See [`Invite::metadata_public`].
    pub metadata_public: Json,
    /// See [`Invite::metadata_admin`].
    pub metadata_admin: Json,
    /// When it ends; the site's setting when left out.
    pub end: Option<End>,
    /// See [`Invite::message`].
    pub message: String,
    /// See [`Invite::label`].
    pub label: String,
    /// See [`Invite::redirect_url`].
    pub redirect_url: Option<String>,
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
    /// Whom.
    pub email: &'a str,
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
        delivery: Delivery,
        role: Role,
        groups: Vec<GroupId>,
        end: Option<End>,
    ) -> Result<NewInvite> {
        let mut faults = Faults::default();
        let email = Email::read("email", self.email).map_err(|why| faults.add(why));
        let mut traits = self.traits;
        check_name(&mut faults, &traits);
        if !self.name.trim().is_empty() {
            let name = faults.line("name", self.name, 1..=LONGEST_NAME);
            traits.insert("name".to_owned(), Value::String(name));
        }
        let message = faults.lines("message", self.message, 0..=LONGEST_MESSAGE);
        let label = faults.line("label", self.label, 0..=LONGEST_LABEL);
        let redirect_url = read_redirect(&mut faults, self.redirect_url);
        let groups = read_given(&mut faults, &groups);
        let mut document = |field, map| {
            read_object(field, map).unwrap_or_else(|why| {
                faults.add(why);
                Json::object()
            })
        };
        let traits = document("traits", traits);
        let metadata_public = document("metadata_public", self.metadata_public);
        let metadata_admin = document("metadata_admin", self.metadata_admin);
        let Ok(email) = email else {
            return faults.none_in(()).and(Err(Error::Invalid(Vec::new())));
        };
        faults.none_in(NewInvite {
            email,
            delivery,
            role,
            groups,
            traits,
            metadata_public,
            metadata_admin,
            end,
            message,
            label,
            redirect_url,
        })
    }
}

/// The trait `name` is searched like a user's name, and is held to the same form.
pub fn check_name(faults: &mut Faults, traits: &Map<String, Value>) {
    if let Some(name) = traits.get("name").and_then(Value::as_str) {
        faults.line("traits.name", name, 0..=LONGEST_NAME);
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
    if !plain || redirect_origin(&text).is_none() {
        faults.add(FieldError::new("redirect_url", "not_a_url"));
    }
    Some(text)
}

/// The origin of an address that a person may be sent on to: https, or http on this very machine, and
/// without credentials. `None` for any other.
pub fn redirect_origin(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let is_safe = match scheme {
        "https" => true,
        "http" => matches!(name, "localhost" | "127.0.0.1"),
        _ => false,
    };
    (is_name && is_port && is_safe).then(|| &url[..scheme.len() + 3 + host.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn an_end_is_told_in_whole_seconds_and_lies_in_the_future() {
        let now = at(1_000).plus(Span::default());
        assert_eq!(
            End::In(days(7)).from(now).unwrap().0,
            at(1_000 + 7 * 86_400)
        );
        assert_eq!(
            End::At(at(1_000)).from(now).unwrap_err().code,
            "not_in_future"
        );
        assert_eq!(
            End::At(at(999)).from(now).unwrap_err().code,
            "not_in_future"
        );
        assert_eq!(
            End::In(seconds(0)).from(now).unwrap_err().code,
            "not_in_future"
        );
        assert_eq!(
            End::In(seconds(59)).from(now).unwrap_err().code,
            "out_of_range"
        );
        assert_eq!(
            End::In(seconds(i64::from(i32::MAX) * 4))
                .from(now)
                .unwrap_err()
                .code,
            "out_of_range"
        );
        assert!(End::At(now.plus(days(90))).from(now).is_ok());
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let raw = RawInvite {
            email: "bob@",
            message: &"x".repeat(501),
            label: "two\nlines",
            redirect_url: "javascript:alert(1)",
            ..RawInvite::default()
        };
        let Err(Error::Invalid(errors)) = raw.read(Delivery::Email, Role::Member, Vec::new(), None)
        else {
            panic!("read");
        };
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["email", "message", "label", "redirect_url"]);
    }

    #[test]
    fn people_are_sent_on_to_https_or_to_their_own_machine() {
        for (url, origin) in [
            ("https://app.example.org", Some("https://app.example.org")),
            (
                "https://app.example.org:8443/a@b?c#d",
                Some("https://app.example.org:8443"),
            ),
            ("http://localhost:3000/", Some("http://localhost:3000")),
            ("http://app.example.org/", None),
            ("https://ada@evil.example/", None),
            ("https://app.example.org:x/", None),
            ("https://;script-src/", None),
            ("https:///path", None),
            ("//evil.example", None),
            ("javascript:alert(1)//://x", None),
        ] {
            assert_eq!(redirect_origin(url), origin, "{url}");
        }
    }
}
