//! Typed ids: `usr_` and a UUIDv7. An id of one kind cannot be passed where another is meant.
//!
//! An id is public and says when its row was made; nothing secret hangs on guessing it
//! (ASVS V11.5.1 does not count a UUID as unguessable).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::clock::Time;
use crate::secret;

const LENGTH: usize = 40;

/// What an id names; gives the prefix.
pub trait Kind {
    /// Three letters before the underscore.
    const PREFIX: &'static str;
}

/// An id of one kind, kept as the text that people and databases see.
#[derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Id<K> {
    text: [u8; LENGTH],
    kind: PhantomData<fn() -> K>,
}

/// The text is not an id of the kind that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id of this kind")
    }
}

impl std::error::Error for NotAnId {}

/// Counts the ids of this process, from a random number on; after two billion at the earliest it begins anew.
fn next_count() -> u32 {
    static COUNT: LazyLock<AtomicU32> =
        LazyLock::new(|| AtomicU32::new(u32::from_be_bytes(secret::random()) >> 1));
    COUNT.fetch_add(1, Ordering::Relaxed)
}

impl<K: Kind> Id<K> {
    /// A new id. Of two that this process makes at one moment, the later one sorts behind the earlier: after
    /// the time comes a counter of 32 bits (RFC 9562, section 6.2, method 1), then chance.
    pub fn new(now: Time) -> Self {
        let millis = u64::try_from(now.as_micros() / 1_000).unwrap_or_default();
        let [a, b, c, d] = next_count().to_be_bytes();
        let mut rest: [u8; 10] = secret::random();
        // Where the format has room: below the version (4 bits) and the variant (2 bits).
        rest[0] = a >> 4;
        rest[1] = a << 4 | b >> 4;
        rest[2] = (b & 0xf) << 2 | c >> 6;
        rest[3] = c << 2 | d >> 6;
        rest[4] = d << 2 | rest[4] & 0b11;
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid();
        let mut text = [0; LENGTH];
        text[..3].copy_from_slice(K::PREFIX.as_bytes());
        text[3] = b'_';
        uuid.hyphenated().encode_lower(&mut text[4..]);
        Self {
            text,
            kind: PhantomData,
        }
    }

    /// When it was made, to the second: the time stands in it.
    pub fn made_at(&self) -> Time {
        // Behind the prefix come eight and four digits of the milliseconds since 1970.
        let digits = self.text[4..12].iter().chain(&self.text[13..17]);
        let value = |digit: &u8| i64::from(char::from(*digit).to_digit(16).unwrap_or_default());
        let millis = digits.fold(0, |sum, digit| sum << 4 | value(digit));
        Time::from_micros(millis * 1_000).whole_seconds()
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text).expect("ids are made of ASCII")
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let uuid = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|rest| Uuid::try_parse(rest).ok())
            .ok_or(NotAnId)?;
        let bytes: [u8; LENGTH] = text.as_bytes().try_into().map_err(|_| NotAnId)?;
        // One id has one spelling: no capitals, no other form of the UUID, version 7.
        let lower = !bytes.iter().any(u8::is_ascii_uppercase);
        (lower && uuid.get_version_num() == 7)
            .then_some(Self {
                text: bytes,
                kind: PhantomData,
            })
            .ok_or(NotAnId)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl<K: Kind, DB: Backend> ToSql<Text, DB> for Id<K>
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.as_str().to_sql(out)
    }
}

impl<K: Kind, DB: Backend> FromSql<Text, DB> for Id<K>
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, DB>>::from_sql(bytes)?;
        text.parse()
            .map_err(|_| format!("{text:?} is not a {} id", K::PREFIX).into())
    }
}

impl<K: Kind> schemars::JsonSchema for Id<K> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Id_{}", K::PREFIX).into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let uuid = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
        schemars::json_schema!({
            "type": "string",
            "pattern": format!("^{}_{uuid}$", K::PREFIX),
        })
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $alias:ident $kind:ident $prefix:literal;)*) => {
        /// The kinds of id.
        pub mod kind {
            $($(#[$doc])* #[derive(Debug)] pub enum $kind {}
            impl super::Kind for $kind { const PREFIX: &'static str = $prefix; })*
        }
        $($(#[$doc])* pub type $alias = Id<kind::$kind>;)*
    };
}

kinds! {
    /// A person's account.
    UserId User "usr";
    /// An invite.
    InviteId Invite "inv";
    /// One of the links of an invite.
    InviteLinkId InviteLink "ivl";
    /// An API key.
    KeyId Key "key";
    /// A group of users.
    GroupId Group "grp";
    /// A row of the audit log.
    AuditId Audit "aud";
    /// An event for integrated apps.
    EventId Event "evt";
    /// A mail that waits, was sent or failed.
    OutboxId Outbox "out";
    /// A browser session.
    SessionId Session "ses";
    /// A one-time link that sets a password or makes the first owner.
    LinkId Link "otl";
    /// A template that invites are made from.
    TemplateId Template "tpl";
    /// A batch of invites.
    BatchId Batch "bat";
    /// A code of six digits that was sent to an address.
    CodeId CodeRow "cod";
    /// A further address by which a person signs in.
    LoginId Login "lgn";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_sorts_by_time() {
        let early = UserId::new(Time::from_micros(1_700_000_000_000_000));
        let late = UserId::new(Time::from_micros(1_700_000_000_001_000));
        assert!(early < late);
        assert_eq!(early.as_str().parse(), Ok(early));
        assert!(early.as_str().starts_with("usr_"));
    }

    #[test]
    fn an_id_says_when_it_was_made() {
        let now = Time::from_micros(1_795_424_401_234_567);
        assert_eq!(UserId::new(now).made_at(), now.whole_seconds());
        let early = Time::from_micros(0);
        assert_eq!(UserId::new(early).made_at(), early);
    }

    #[test]
    fn ids_of_one_moment_sort_in_the_order_in_which_they_were_made() {
        let now = Time::from_micros(1_700_000_000_000_000);
        let ids: Vec<UserId> = (0..10_000).map(|_| UserId::new(now)).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        assert!(ids.iter().all(|id| id.as_str().parse() == Ok(*id)));
    }

    #[test]
    fn other_kinds_and_other_spellings_are_refused() {
        let id = UserId::new(Time::from_micros(1_700_000_000_000_000)).to_string();
        assert_eq!(id.parse::<InviteId>(), Err(NotAnId));
        assert_eq!(id.to_uppercase().parse::<UserId>(), Err(NotAnId));
        assert_eq!(id.replace('-', "").parse::<UserId>(), Err(NotAnId));
        assert_eq!("usr_".parse::<UserId>(), Err(NotAnId));
        assert_eq!("".parse::<UserId>(), Err(NotAnId));
        let version_4 = "usr_9b2fa7f0-3c1d-4a5e-8f00-0123456789ab";
        assert_eq!(version_4.parse::<UserId>(), Err(NotAnId));
    }
}
