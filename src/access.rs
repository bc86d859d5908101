//! Who acts, and what role and scopes let them do (product.md, roles).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Code, Result};
use crate::ids::{KeyId, UserId};

crate::words! {
    /// What a user may do in Vestibule itself. Ordered: who has the higher role may do all that the
    /// lower one may.
    pub enum Role {
        /// Sees and changes what is their own.
        Member = "member",
        /// Manages everything but owners.
        Admin = "admin",
        /// Manages everything. There is always at least one.
        Owner = "owner",
    }
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $word:literal $role:ident;)*) => {
        /// One thing that an API key may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            /// Every scope but `all`, in the order in which they are listed to people.
            pub const EACH: &'static [Self] = &[$(Self::$name),*];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The lowest role that has any use for it.
            pub const fn least_role(self) -> Role {
                match self { $(Self::$name => Role::$role,)* }
            }
        }
    };
}

scopes! {
    /// See users.
    UsersRead = "users:read" Member;
    /// Make and change users; members change and delete themselves alone.
    UsersWrite = "users:write" Member;
    /// See invites.
    InvitesRead = "invites:read" Member;
    /// Make, send, change and revoke invites.
    InvitesWrite = "invites:write" Member;
    /// Get the link of an invite instead of having it sent.
    InvitesRevealLink = "invites:reveal_link" Admin;
    /// See one's API keys.
    KeysRead = "keys:read" Member;
    /// Revoke API keys.
    KeysRevoke = "keys:revoke" Member;
    /// Make a key in place of the one that asks, and of no other.
    KeysRotateSelf = "keys:rotate_self" Member;
    /// See groups.
    GroupsRead = "groups:read" Member;
    /// Make and change groups.
    GroupsWrite = "groups:write" Member;
    /// Read the events.
    EventsRead = "events:read" Admin;
    /// Read the audit log.
    AuditRead = "audit:read" Admin;
    /// See the outbox.
    OutboxRead = "outbox:read" Admin;
    /// Try mails again.
    OutboxWrite = "outbox:write" Admin;
    /// See the settings of the site.
    SettingsRead = "settings:read" Admin;
    /// Change the settings of the site.
    SettingsWrite = "settings:write" Admin;
    /// Read the metrics.
    MetricsRead = "metrics:read" Admin;
}

impl FromStr for Scope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::EACH
            .iter()
            .copied()
            .find(|scope| scope.as_str() == text)
            .ok_or(())
    }
}

/// A set of scopes. Kept and written as words with spaces between them; `all` is every scope there is
/// and will be. The empty set means nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes {
    bits: u64,
}

impl Scopes {
    /// Every scope, those of later versions included.
    pub const ALL: Self = Self { bits: u64::MAX };

    /// Whether the set holds `scope`.
    pub const fn contains(self, scope: Scope) -> bool {
        self.bits & (1 << scope as u32) != 0
    }

    /// The set with `scope` added.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self {
            bits: self.bits | 1 << scope as u32,
        }
    }

    /// The scopes as words, `["all"]` for all of them.
    pub fn words(self) -> Vec<&'static str> {
        if self == Self::ALL {
            return vec!["all"];
        }
        Scope::EACH
            .iter()
            .filter(|scope| self.contains(**scope))
            .map(|scope| scope.as_str())
            .collect()
    }

    /// Reads words; the first that is no scope is the error.
    pub fn read<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        words
            .into_iter()
            .try_fold(Self::default(), |set, word| match word {
                "all" => Ok(Self::ALL),
                word => word
                    .parse()
                    .map(|scope| set.with(scope))
                    .map_err(|()| word.to_owned()),
            })
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.words().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        Self::read(words.iter().map(String::as_str))
            .map_err(|word| serde::de::Error::custom(format!("{word:?} is not a scope")))
    }
}

impl schemars::JsonSchema for Scopes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scopes".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut words: Vec<&str> = Scope::EACH.iter().map(|scope| scope.as_str()).collect();
        words.push("all");
        schemars::json_schema!({ "type": "array", "items": { "type": "string", "enum": words } })
    }
}

/// Who does something, for rules and for the audit log.
#[derive(Clone, Debug)]
pub struct Actor {
    /// By which means.
    pub kind: ActorKind,
    /// The user who acts, or whose key does.
    pub user: Option<UserId>,
    /// The role as it is now.
    pub role: Role,
    /// The address that the request came from.
    pub ip: Option<IpAddr>,
    /// The request, to find it in the log.
    pub request_id: String,
}

/// By which means somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    /// Signed in, in a browser.
    User,
    /// A program with an API key.
    ApiKey(KeyId),
    /// The command line: whoever runs it holds the database anyway.
    Operator,
    /// A background job.
    System,
    /// Nobody yet: set-up, acceptance, recovery.
    Anonymous,
}

impl ActorKind {
    /// The word in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ApiKey(_) => "api_key",
            Self::Operator => "operator",
            Self::System => "system",
            Self::Anonymous => "anonymous",
        }
    }
}

impl Actor {
    /// The command line.
    pub fn operator() -> Self {
        Self::without_user(ActorKind::Operator, Role::Owner)
    }

    /// A background job.
    pub fn system() -> Self {
        Self::without_user(ActorKind::System, Role::Owner)
    }

    fn without_user(kind: ActorKind, role: Role) -> Self {
        Self {
            kind,
            user: None,
            role,
            ip: None,
            request_id: String::new(),
        }
    }

    /// Refuses who has a lower role.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn require(&self, least: Role) -> Result<()> {
        if self.role >= least {
            Ok(())
        } else {
            Code::Forbidden.refuse()
        }
    }

    /// Refuses an administrator who would act on an owner, and a member who would act on anybody.
    ///
    /// # Errors
    /// `forbidden` or `above_you`.
    pub fn require_over(&self, other: Role) -> Result<()> {
        self.require(Role::Admin)?;
        if other == Role::Owner && self.role < Role::Owner {
            return Code::AboveYou.refuse();
        }
        Ok(())
    }

    /// Whether `user` is the one who acts.
    pub fn is(&self, user: UserId) -> bool {
        self.user == Some(user)
    }

    /// The user who acts.
    ///
    /// # Errors
    /// `forbidden` when no user does.
    pub fn user(&self) -> Result<UserId> {
        self.user.ok_or_else(|| Code::Forbidden.into())
    }
}

/// Who may call a route. The route table gives every route one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody.
    Anyone,
    /// Who is signed in.
    SignedIn,
    /// Who is signed in with at least this role.
    Role(Role),
    /// Who is signed in and may invite: administrators, and members whom a template names by a group.
    Inviter,
    /// Any API key.
    Key,
    /// An API key with this scope, whose owner's role has use for it.
    Scope(Scope),
    /// An API key with this scope, of an administrator.
    AdminScope(Scope),
}

impl Who {
    /// The least role that this asks for, where it asks for one.
    pub const fn least_role(self) -> Option<Role> {
        match self {
            Self::Anyone | Self::SignedIn | Self::Inviter | Self::Key => None,
            Self::Role(least) => Some(least),
            Self::Scope(scope) => Some(scope.least_role()),
            Self::AdminScope(_) => Some(Role::Admin),
        }
    }

    /// The scope that this asks for, where it asks for one.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Scope(scope) | Self::AdminScope(scope) => Some(scope),
            Self::Anyone | Self::SignedIn | Self::Role(_) | Self::Inviter | Self::Key => None,
        }
    }

    /// Whether programs call it, with an API key.
    pub const fn is_keyed(self) -> bool {
        matches!(self, Self::Key | Self::Scope(_) | Self::AdminScope(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back_and_the_empty_set_means_nothing() {
        let set = Scopes::read(["users:read", "audit:read"]).unwrap();
        assert_eq!(set.to_string(), "users:read audit:read");
        assert!(set.contains(Scope::UsersRead) && !set.contains(Scope::UsersWrite));
        assert_eq!(Scopes::read(["nonsense"]), Err("nonsense".to_owned()));
        assert!(
            Scope::EACH
                .iter()
                .all(|scope| !Scopes::default().contains(*scope))
        );
        assert_eq!(Scopes::read(["all"]).unwrap().words(), ["all"]);
    }

    #[test]
    fn an_administrator_never_acts_on_an_owner() {
        let mut actor = Actor {
            role: Role::Admin,
            ..Actor::operator()
        };
        assert!(actor.require_over(Role::Admin).is_ok());
        assert_eq!(
            actor.require_over(Role::Owner).unwrap_err().code(),
            Code::AboveYou
        );
        actor.role = Role::Member;
        assert_eq!(
            actor.require_over(Role::Member).unwrap_err().code(),
            Code::Forbidden
        );
    }
}
