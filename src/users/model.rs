//! What a user is made of, and the input that is fit to become one.

use std::fmt;
use std::str::FromStr;

use diesel::prelude::*;
use serde_json::{Map, Value};

use crate::access::Role;
use crate::clock::Time;
use crate::db::Json;
use crate::error::FieldError;
use crate::ids::{InviteId, UserId};
pub use crate::input::normal_name as normal;
use crate::passwords::PasswordHash;

pub use super::phone::{Address, Phone};

crate::words! {
    /// Whether a user is let in.
    pub enum Status {
        /// Let in.
        Active = "active",
        /// Suspended by an administrator; nothing is deleted.
        Suspended = "suspended",
        /// Gone for good; the row keeps the id from being used again.
        Deleted = "deleted",
    }
}

/// A row of `users`.
#[derive(Clone, Debug, Queryable, Selectable, Identifiable)]
#[diesel(table_name = crate::db::schema::users)]
pub struct User {
    /// Never used again for another person.
    pub id: UserId,
    /// The address as it was written.
    pub email: Option<String>,
    /// The address as it is compared.
    pub email_norm: Option<String>,
    /// Whether the person proved that mail to the address reaches them.
    pub email_verified: bool,
    /// The phone number, see [`Phone`].
    pub phone: Option<String>,
    /// Whether the person proved that messages to the number reach them.
    pub phone_verified: bool,
    /// The name others see.
    pub display_name: String,
    /// The name as it is searched.
    pub name_norm: String,
    /// What they may do in Vestibule itself.
    pub role: Role,
    /// Whether they are let in.
    pub status: Status,
    /// Why they were suspended.
    pub status_reason: Option<String>,
    /// The schema of the traits.
    pub schema_id: String,
    /// What the platform wants to know of a person.
    pub traits: Json,
    /// Data of integrated apps that the person may see.
    pub metadata_public: Json,
    /// Data of integrated apps for administrators alone.
    pub metadata_admin: Json,
    /// argon2id; none for an account that never had a password.
    pub password_hash: Option<PasswordHash>,
    /// The invite that they accepted.
    pub invite_id: Option<InviteId>,
    /// Which terms they accepted …
    pub terms_version: Option<String>,
    /// … and when.
    pub terms_accepted_at: Option<Time>,
    /// When the account was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// When it was last used; written behind.
    pub last_seen_at: Option<Time>,
}

/// What a line in a table shows of a user.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::users)]
pub struct Line {
    /// See [`User::id`].
    pub id: UserId,
    /// See [`User::email`].
    pub email: Option<String>,
    /// See [`User::phone`].
    pub phone: Option<String>,
    /// See [`User::display_name`].
    pub display_name: String,
    /// See [`User::role`].
    pub role: Role,
    /// See [`User::status`].
    pub status: Status,
    /// See [`User::created_at`].
    pub created_at: Time,
    /// See [`User::last_seen_at`].
    pub last_seen_at: Option<Time>,
}

impl User {
    /// The address, or the phone number where there is none, or nothing.
    pub fn address(&self) -> &str {
        let address = self.email.as_deref().or(self.phone.as_deref());
        address.unwrap_or_default()
    }

    /// How lists and sentences call the person.
    pub fn label(&self) -> &str {
        if self.display_name.is_empty() {
            self.address()
        } else {
            &self.display_name
        }
    }
}

/// An e-mail address. ASCII alone, so that no two spellings of one mailbox can look alike
/// (Django CVE-2019-19844), and compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// The longest address (RFC 5321).
    pub const LONGEST: usize = 254;

    /// Reads the value of a field; spaces around it do not count.
    ///
    /// # Errors
    /// `required`, `too_long` or `not_an_email`, for the field.
    pub fn read(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(FieldError::new(field, "required"));
        }
        if text.len() > Self::LONGEST {
            return Err(FieldError::new(field, "too_long").with("max", Self::LONGEST));
        }
        text.parse()
            .map_err(|()| FieldError::new(field, "not_an_email"))
    }

    /// As it was written, for people and for mail.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared.
    pub fn norm(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for Email {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let in_domain = text
            .rsplit_once('@')
            .is_some_and(|(_, domain)| is_domain(domain));
        // Quotes, brackets and separators are legal in places, and only ever used to smuggle.
        let odd = text.contains(['"', ',', ';', '<', '>', '(', ')', '[', ']', '\\', ':']);
        // The one reads the form as browsers do, the other the dots that mail programs stumble over.
        let is_address = validator::ValidateEmail::validate_email(&text)
            && text.parse::<lettre::Address>().is_ok();
        let valid = plain && in_domain && !odd && is_address;
        valid.then(|| Self(text.to_owned())).ok_or(())
    }
}

/// Whether a text is a domain name with a dot, as browsers read it: no number, no broken `xn--` label.
pub fn is_domain(text: &str) -> bool {
    let read = url::Host::parse(text);
    let is_name = read.is_ok_and(|host| match host {
        url::Host::Domain(name) => name.eq_ignore_ascii_case(text),
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => false,
    });
    is_name && text.contains('.') && !text.ends_with('.')
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The longest display name, in characters.
pub const LONGEST_NAME: usize = 200;

/// Reads a display name: one line, at most 200 characters.
///
/// # Errors
/// `required`, `too_long` or `control_characters`, for the field.
pub fn read_name(field: &'static str, text: &str) -> Result<String, FieldError> {
    crate::input::name(field, text, 1..=LONGEST_NAME)
}

/// The largest JSON document on a user or an invite, in bytes as text.
const LARGEST_DOCUMENT: usize = 16 * 1024;

/// Reads a JSON object of a body.
///
/// # Errors
/// `too_long` for one that is larger than 16 KiB, `control_characters` for one that holds NUL, which
/// PostgreSQL cannot keep.
pub fn read_object(field: &'static str, map: Map<String, Value>) -> Result<Json, FieldError> {
    let json = Json(Value::Object(map));
    if json.0.to_string().len() > LARGEST_DOCUMENT {
        return Err(FieldError::new(field, "too_long").with("max", LARGEST_DOCUMENT));
    }
    if holds_nul(&json.0) {
        return Err(FieldError::new(field, "control_characters"));
    }
    Ok(json)
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The address, when there is one.
    pub email: Option<Email>,
    /// Whether it is proved.
    pub email_verified: bool,
    /// The phone number, when there is one.
    pub phone: Option<Phone>,
    /// Whether it is proved.
    pub phone_verified: bool,
    /// The name others see.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// The schema of the traits.
    pub schema_id: String,
    /// See [`User::traits`].
    pub traits: Json,
    /// See [`User::metadata_public`].
    pub metadata_public: Json,
    /// See [`User::metadata_admin`].
    pub metadata_admin: Json,
    /// Their password, hashed.
    pub password_hash: Option<PasswordHash>,
    /// The invite that they accepted.
    pub invite_id: Option<InviteId>,
    /// The terms that they accepted.
    pub terms_version: Option<String>,
}

impl NewUser {
    /// A user with nothing but a name, an address and a role.
    pub fn plain(display_name: String, email: Option<Email>, role: Role) -> Self {
        Self {
            email,
            email_verified: false,
            phone: None,
            phone_verified: false,
            display_name,
            role,
            schema_id: "default".to_owned(),
            traits: Json::object(),
            metadata_public: Json::object(),
            metadata_admin: Json::object(),
            password_hash: None,
            invite_id: None,
            terms_version: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_or_refused() {
        for good in [
            "ada@example.org",
            "a.b+c@sub.example.org",
            "ADA@Example.ORG",
            " ada@example.org ",
            "o'neil@example.org",
            "a@xn--mnchen-3ya.example",
            "a@3com.co",
        ] {
            assert!(Email::read("email", good).is_ok(), "{good}");
        }
        for bad in [
            "bob@",
            "@example.org",
            "bob",
            "bob@example",
            "a b@example.org",
            "a@b@example.org",
            "mıke@example.org",
            "\u{212a}im@example.org",
            "a@x.org,b@y.org",
            "a@x.org\nBcc: b@y.org",
            "\"a b\"@example.org",
            "a@[127.0.0.1]",
            "<a@example.org>",
            "a@example.org\0",
            ".a@x.org",
            "a..b@x.org",
            "a.@x.org",
            "a@1.2.3.4",
            "a@x.123",
            "a@x.0x7f",
            "a@xn--.org",
            "a@xn--a.org",
            "a@x..org",
            "a@x.org.",
            "a@-x.org",
            "a@x%2eorg",
        ] {
            assert_eq!(
                Email::read("email", bad).unwrap_err().code,
                "not_an_email",
                "{bad:?}"
            );
        }
        assert_eq!(Email::read("email", "  ").unwrap_err().code, "required");
        assert_eq!(
            Email::read("email", &format!("{}@example.org", "a".repeat(250)))
                .unwrap_err()
                .code,
            "too_long"
        );
        assert_eq!(
            Email::read("email", "ADA@Example.org").unwrap().norm(),
            "ada@example.org"
        );
    }

    #[test]
    fn names_are_one_line_and_not_too_long() {
        assert_eq!(
            read_name("name", " Ada  Lovelace ").unwrap(),
            "Ada  Lovelace"
        );
        assert_eq!(
            read_name("name", &"é".repeat(200)).unwrap().chars().count(),
            200
        );
        assert_eq!(
            read_name("name", &"é".repeat(201)).unwrap_err().code,
            "too_long"
        );
        for blank in ["", " \u{200b}\u{feff}", "\u{3164}", "\u{2800}\u{200d}"] {
            assert_eq!(read_name("name", blank).unwrap_err().code, "required");
        }
        for turning in ["Ada\u{202e}ecila", "\u{2066}Ada"] {
            let refused = read_name("name", turning).unwrap_err();
            assert_eq!(refused.code, "control_characters");
        }
        assert!(read_name("name", "Ada \u{1f469}\u{200d}\u{1f52c}").is_ok());
        assert_eq!(
            read_name("name", "Ada\r\nBcc: x").unwrap_err().code,
            "control_characters"
        );
    }
}
