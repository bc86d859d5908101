//! What a group is, and what may be said of one.

use diesel::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::error::Result;
use crate::ids::{GroupId, UserId};
use crate::input::{Faults, normal_name};

/// Groups that one invite or one new account may be given.
pub const MOST_GIVEN: usize = 50;

/// Reads the groups that somebody is to be given; one that is named twice is given once.
pub fn read_given(faults: &mut Faults, groups: &[GroupId]) -> Vec<GroupId> {
    faults.range("groups", groups.len(), 0..=MOST_GIVEN);
    let mut given = groups.to_vec();
    given.sort_unstable();
    given.dedup();
    given
}

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;
/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 500;

crate::words! {
    /// What a member of a group may do with what the group reaches. Ordered: the higher level holds the
    /// lower ones.
    pub enum Level {
        /// See it.
        CanRead = "can_read",
        /// Change it.
        CanWrite = "can_write",
        /// Change it, and the group and its members too.
        CanManage = "can_manage",
    }
}

/// A group as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = crate::db::schema::groups)]
pub struct Group {
    /// Names it.
    pub id: GroupId,
    /// As people see it.
    pub name: String,
    /// As it is compared and searched.
    pub name_norm: String,
    /// What it is for.
    pub description: String,
    /// Who counts as managing it without being a member.
    pub owner_id: UserId,
    /// When it was made.
    pub created_at: Time,
}

/// A group in the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Group")]
pub struct GroupView {
    /// Names it.
    pub id: GroupId,
    /// Taken once, whatever its case and spacing.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Who manages it without being a member.
    pub owner_id: UserId,
    /// How many members it has.
    pub members_count: i64,
    /// When it was made.
    pub created_at: Time,
}

/// Id and name of a group, beside something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GroupName {
    /// The group.
    pub id: GroupId,
    /// Its name.
    pub name: String,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Serialize, JsonSchema)]
#[schemars(rename = "GroupMember")]
pub struct Member {
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub display_name: String,
    /// What the membership allows.
    pub level: Level,
    /// Since when.
    pub created_at: Time,
}

/// A new group. The caller becomes its owner.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "name": "Analysts", "description": "They read the reports." }]))]
pub struct MakeGroup {
    /// 1 to 100 characters, taken once whatever its case and spacing.
    pub name: String,
    /// At most 500 characters.
    #[serde(default)]
    pub description: String,
}

/// Changes to a group; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "name": "Analysts", "description": "They read the reports." }]))]
pub struct ChangeGroup {
    /// 1 to 100 characters.
    pub name: Option<String>,
    /// At most 500 characters.
    pub description: Option<String>,
    /// Hands the group to another user. Only its owner and administrators may.
    pub owner_id: Option<UserId>,
}

/// What a membership allows.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberLevel {
    /// `can_read` when left out.
    #[serde(default = "lowest")]
    pub level: Level,
}

const fn lowest() -> Level {
    Level::CanRead
}

impl Default for Level {
    fn default() -> Self {
        lowest()
    }
}

impl MakeGroup {
    /// The group, made now.
    ///
    /// # Errors
    /// `invalid_input`.
    pub fn group(&self, owner_id: UserId, now: Time) -> Result<Group> {
        let mut faults = Faults::default();
        let name = faults.name("name", &self.name, 1..=LONGEST_NAME);
        let description = faults.lines("description", &self.description, 0..=LONGEST_DESCRIPTION);
        let name_norm = normal_name(&name);
        let id = GroupId::new(now);
        faults.none_in(Group {
            id,
            name,
            name_norm,
            description,
            owner_id,
            created_at: now,
        })
    }
}

impl Group {
    /// The group with its changes.
    ///
    /// # Errors
    /// `invalid_input`.
    pub fn with(&self, change: &ChangeGroup) -> Result<Self> {
        let mut faults = Faults::default();
        let mut new = self.clone();
        if let Some(name) = &change.name {
            new.name = faults.name("name", name, 1..=LONGEST_NAME);
            new.name_norm = normal_name(&new.name);
        }
        if let Some(description) = &change.description {
            new.description = faults.lines("description", description, 0..=LONGEST_DESCRIPTION);
        }
        if let Some(owner) = change.owner_id {
            new.owner_id = owner;
        }
        faults.none_in(new)
    }

    /// The group as the API shows it.
    pub fn view(self, members_count: i64) -> GroupView {
        let Self {
            id,
            name,
            description,
            owner_id,
            created_at,
            ..
        } = self;
        GroupView {
            id,
            name,
            description,
            owner_id,
            members_count,
            created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_needed_and_short() {
        let now = Time::from_micros(1_800_000_000_000_000);
        let make = |name: &str| {
            let input = MakeGroup {
                name: name.into(),
                description: String::new(),
            };
            input.group(UserId::new(now), now)
        };
        assert_eq!(
            make("  Data   Analysts ").unwrap().name_norm,
            "data analysts"
        );
        for bad in ["", "  ", "a\tb", &"x".repeat(101)] {
            assert!(make(bad).is_err(), "{bad:?}");
        }
        assert!(make(&"é".repeat(100)).is_ok());
    }

    #[test]
    fn a_level_left_out_is_the_lowest() {
        let read: MemberLevel = serde_json::from_str("{}").unwrap();
        assert_eq!(read.level, Level::CanRead);
        assert!(Level::CanManage > Level::CanWrite && Level::CanWrite > Level::CanRead);
    }
}
