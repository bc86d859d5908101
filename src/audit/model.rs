//! What an entry of the audit log holds, and which entries are asked for.

use std::fmt;

use diesel::Queryable;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::access::{Actor, ActorKind};
use crate::clock::Time;
use crate::db::Json;
use crate::ids::AuditId;

/// What is to be told in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What was done: thing and verb, such as `invite.revoked`. Its sentence stands in the catalogue as
    /// `audit-` and the action with `-` for `.` and `_`.
    pub action: &'static str,
    /// What it was done to.
    pub target: Target,
    /// What was there before, as far as it changed; null when there was nothing. Never a secret.
    pub before: Value,
    /// What is there now; null when nothing is. Never a secret.
    pub after: Value,
}

impl Entry {
    /// An entry without values.
    pub const fn new(action: &'static str, target: Target) -> Self {
        Self {
            action,
            target,
            before: Value::Null,
            after: Value::Null,
        }
    }

    /// With what was there before.
    #[must_use]
    pub fn before(mut self, before: Value) -> Self {
        self.before = before;
        self
    }

    /// With what is there now. The sentence names the target by its `display_name`, `email` or `name`,
    /// when that stands here or in what was before.
    #[must_use]
    pub fn after(mut self, after: Value) -> Self {
        self.after = after;
        self
    }
}

/// What something was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `user`, `invite`, `api_key`, `group`, `settings` …
    pub kind: &'static str,
    /// Its id; for what there is only one of, its kind again.
    pub id: String,
}

impl Target {
    /// The thing of that kind and id.
    pub fn new(kind: &'static str, id: impl fmt::Display) -> Self {
        Self {
            kind,
            id: id.to_string(),
        }
    }
}

/// Who did it, as the log and the events tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ActorRef {
    /// `user`, `api_key`, `operator` (the command line), `system` (a background job) or `anonymous`.
    pub kind: String,
    /// The user, or the API key; null for the others.
    pub id: Option<String>,
}

impl From<&Actor> for ActorRef {
    fn from(actor: &Actor) -> Self {
        let id = match actor.kind {
            ActorKind::ApiKey(key) => Some(key.to_string()),
            _ => actor.user.map(|user| user.to_string()),
        };
        Self {
            kind: actor.kind.as_str().to_owned(),
            id,
        }
    }
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Queryable)]
pub struct Row {
    /// Its id.
    pub id: AuditId,
    /// When it happened.
    pub at: Time,
    /// By which means somebody acted, see [`ActorRef`].
    pub actor_kind: String,
    /// The user or the key.
    pub actor_id: Option<String>,
    /// What was done.
    pub action: String,
    /// The kind of what it was done to.
    pub target_kind: String,
    /// The id of what it was done to.
    pub target_id: String,
    /// `ok`, or `refused` for a try that was not let through.
    pub result: String,
    /// Where the request came from.
    pub ip: Option<String>,
    /// The request, empty where there was none.
    pub request_id: String,
    /// What was there before.
    pub before: Json,
    /// What was there after.
    pub after: Json,
    /// The number, once the entry is sealed.
    pub seq: Option<i64>,
    /// The seal, once there is one.
    pub seal: Option<Vec<u8>>,
}

impl Row {
    /// Who did it.
    pub fn actor(&self) -> ActorRef {
        ActorRef {
            kind: self.actor_kind.clone(),
            id: self.actor_id.clone(),
        }
    }

    /// What people call the target, as far as the entry itself says: its name or address.
    pub fn target_label(&self) -> Option<&str> {
        ["display_name", "email", "phone", "name"]
            .iter()
            .find_map(|field| {
                [&self.after, &self.before]
                    .iter()
                    .find_map(|json| json.0.get(field)?.as_str())
            })
            .filter(|label| !label.is_empty())
    }
}

/// Which entries are asked for. An empty text asks for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Who: the id of a user or a key, a kind of actor, or the whole address or name of a user, which
    /// finds what was done with that user's keys too.
    pub actor: String,
    /// How the action starts: `invite.` for all that was done to invites.
    pub action: String,
    /// The id of what it was done to.
    pub target: String,
    /// The address that the request came from.
    pub ip: String,
    /// Not before this.
    pub from: Option<Time>,
    /// Before this.
    pub to: Option<Time>,
    /// The id of an entry or of a target, or the whole address or name of a user or an invited person.
    pub q: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{KeyId, UserId};

    #[test]
    fn a_key_acts_under_its_own_id() {
        let now = Time::from_micros(1_700_000_000_000_000);
        let (user, key) = (UserId::new(now), KeyId::new(now));
        let mut actor = Actor {
            user: Some(user),
            kind: ActorKind::User,
            ..Actor::system()
        };
        assert_eq!(ActorRef::from(&actor).id, Some(user.to_string()));
        actor.kind = ActorKind::ApiKey(key);
        let told = ActorRef::from(&actor);
        assert_eq!(
            (told.kind.as_str(), told.id),
            ("api_key", Some(key.to_string()))
        );
        assert_eq!(ActorRef::from(&Actor::operator()).id, None);
    }
}
