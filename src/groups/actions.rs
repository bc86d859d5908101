//! What can be done with groups, and who may.

use std::collections::HashMap;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde_json::{Value, json};

use super::model::{ChangeGroup, Group, GroupName, GroupView, Level, MakeGroup, Member};
use super::store;
use crate::access::{Actor, Role};
use crate::audit;
use crate::db::{Conn, Paging, Slice, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::{GroupId, UserId};

/// The groups that the actor may see, newest first. `q` is an exact id or the start of a name.
///
/// # Errors
/// When the database refuses.
pub fn list(
    conn: &mut Conn,
    actor: &Actor,
    q: Option<&str>,
    paging: &Paging,
) -> Result<Slice<GroupView>> {
    let seen_by = if actor.role >= Role::Admin {
        None
    } else {
        Some(actor.user()?)
    };
    let slice = store::list(conn, seen_by, q, paging)?;
    let ids: Vec<GroupId> = slice.rows.iter().map(|group| group.id).collect();
    let counts = store::member_counts(conn, &ids)?;
    Ok(slice.map(|group| {
        let count = counts.get(&group.id).copied().unwrap_or_default();
        group.view(count)
    }))
}

/// One group.
///
/// # Errors
/// `not_found` when there is none or the actor may not see it.
pub fn read(conn: &mut Conn, actor: &Actor, id: GroupId) -> Result<GroupView> {
    let (group, _) = seen(conn, actor, id)?;
    view(conn, group)
}

/// The members of a group, newest first.
///
/// # Errors
/// `not_found` when there is no such group or the actor may not see it.
pub fn members(
    conn: &mut Conn,
    actor: &Actor,
    id: GroupId,
    paging: &Paging,
) -> Result<Slice<Member>> {
    seen(conn, actor, id)?;
    Ok(store::members(conn, id, paging)?)
}

/// Makes a group that the actor owns.
///
/// # Errors
/// `invalid_input`, `group_exists`, `forbidden` when no user acts.
pub fn make(tx: &mut Tx<'_>, actor: &Actor, input: &MakeGroup) -> Result<GroupView> {
    let group = input.group(actor.user()?, tx.now)?;
    unique(tx.attempt(|conn| store::insert(conn, &group)))?;
    record(
        tx,
        actor,
        "group.created",
        &group,
        Value::Null,
        told(&group),
    )?;
    Ok(group.view(0))
}

/// Changes a group.
///
/// # Errors
/// `not_found`, `forbidden`, `invalid_input`, `group_exists`.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: GroupId,
    input: &ChangeGroup,
) -> Result<GroupView> {
    let before = managed(tx, actor, id)?;
    let after = before.with(input)?;
    if after.owner_id != before.owner_id {
        if actor.role < Role::Admin && !actor.is(before.owner_id) {
            return Code::Forbidden.refuse();
        }
        can_own(tx, "owner_id", after.owner_id)?;
    }
    if after != before {
        tx.retell_users();
        if after.owner_id != before.owner_id {
            tx.narrow_rights()?;
        }
        unique(tx.attempt(|conn| store::save(conn, &after)))?;
        record(
            tx,
            actor,
            "group.updated",
            &after,
            told(&before),
            told(&after),
        )?;
    }
    view(tx, after)
}

/// Deletes a group; its members stay users.
///
/// # Errors
/// `not_found`, `forbidden`.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, id: GroupId) -> Result<Group> {
    let group = managed(tx, actor, id)?;
    store::delete(tx, id)?;
    tx.narrow_rights()?;
    record(
        tx,
        actor,
        "group.deleted",
        &group,
        told(&group),
        Value::Null,
    )?;
    Ok(group)
}

/// Makes a user a member at a level, or gives a member another level.
///
/// # Errors
/// `not_found` when there is no such group, or no such user. Who is suspended for a time may be one.
pub fn put_member(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: GroupId,
    user: UserId,
    level: Level,
) -> Result<Member> {
    let group = managed(tx, actor, id)?;
    if store::status(tx, user)?.is_none_or(|status| status == "deleted") {
        return Code::NotFound.refuse();
    }
    let before = store::level(tx, id, user)?;
    if before != Some(level) {
        let now = tx.now;
        store::set_level(tx, id, user, level, now)?;
        let action = if before.is_some() {
            "group.member_changed"
        } else {
            "group.member_added"
        };
        record(
            tx,
            actor,
            action,
            &group,
            membership(&group, user, before),
            membership(&group, user, Some(level)),
        )?;
        tx.retell_users();
        if before > Some(level) {
            tx.narrow_rights()?;
        }
    }
    Ok(store::member(tx, id, user)?)
}

/// Takes a user out of a group. Members may leave by themselves.
///
/// # Errors
/// `not_found` when there is no such group or membership, `forbidden`.
pub fn remove_member(tx: &mut Tx<'_>, actor: &Actor, id: GroupId, user: UserId) -> Result<()> {
    let group = if actor.is(user) {
        seen(tx, actor, id)?.0
    } else {
        managed(tx, actor, id)?
    };
    let before = store::level(tx, id, user)?.ok_or(Code::NotFound)?;
    store::remove(tx, id, user)?;
    record(
        tx,
        actor,
        "group.member_removed",
        &group,
        membership(&group, user, Some(before)),
        Value::Null,
    )?;
    tx.narrow_rights()
}

/// Makes a user a member of groups that somebody had the right to give, as an invite or an
/// administrator does. Groups that are gone are passed over; a membership that exists stays as it is.
/// Answers the groups that are new. The entry in the audit log is the caller's, who knows the reason.
///
/// # Errors
/// When the database refuses.
pub fn admit(tx: &mut Tx<'_>, user: UserId, groups: &[GroupId]) -> Result<Vec<GroupId>> {
    let known = store::names(tx, groups)?;
    let now = tx.now;
    let mut new = Vec::new();
    for id in groups.iter().copied().filter(|id| known.contains_key(id)) {
        if store::add(tx, id, user, Level::CanRead, now)? == 1 {
            new.push(id);
        }
    }
    if !new.is_empty() {
        tx.retell_users();
    }
    Ok(new)
}

/// Takes a user out of every group, when the account is deleted; the caller tells the audit log.
///
/// # Errors
/// When the database refuses.
pub fn remove_everywhere(tx: &mut Tx<'_>, user: UserId) -> Result<usize> {
    let left = store::remove_everywhere(tx, user)?;
    if left > 0 {
        tx.narrow_rights()?;
    }
    Ok(left)
}

/// How many groups a user owns.
///
/// # Errors
/// When the database refuses.
pub fn owned_by(conn: &mut Conn, user: UserId) -> Result<i64> {
    Ok(store::owned_by(conn, user)?)
}

/// Hands every group that `from` owns to `to`, when the account is deleted. The caller has made sure
/// that `to` is an active user and that the actor may, and tells the audit log.
///
/// # Errors
/// When the database refuses.
pub fn hand_over(tx: &mut Tx<'_>, from: UserId, to: UserId) -> Result<usize> {
    let moved = store::hand_over(tx, from, to)?;
    if moved > 0 {
        tx.narrow_rights()?;
    }
    Ok(moved)
}

/// Whether the actor may invite into a group: administrators into any, members into those that they own
/// or hold `can_manage` in. False when there is no such group.
///
/// # Errors
/// When the database refuses.
pub fn can_give(conn: &mut Conn, actor: &Actor, id: GroupId) -> Result<bool> {
    match store::find(conn, id)? {
        Some(group) => Ok(standing(conn, actor, &group)? == Some(Level::CanManage)),
        None => Ok(false),
    }
}

/// The groups that the actor may invite into, by name, for a form.
///
/// # Errors
/// When the database refuses.
pub fn grantable(conn: &mut Conn, actor: &Actor) -> Result<Vec<GroupName>> {
    let managed_by = if actor.role >= Role::Admin {
        None
    } else {
        Some(actor.user()?)
    };
    Ok(store::choices(conn, managed_by)?)
}

/// The groups of many users in one query, each list by name. Who is in none is not in the map.
///
/// # Errors
/// When the database refuses.
pub fn groups_of(conn: &mut Conn, users: &[UserId]) -> Result<HashMap<UserId, Vec<GroupName>>> {
    Ok(store::groups_of(conn, users)?)
}

/// The names of groups; one that is gone is not in the map.
///
/// # Errors
/// When the database refuses.
pub fn names(conn: &mut Conn, ids: &[GroupId]) -> Result<HashMap<GroupId, String>> {
    Ok(store::names(conn, ids)?)
}

/// What the actor may do with a group; `None` when they may not even see it.
fn standing(conn: &mut Conn, actor: &Actor, group: &Group) -> Result<Option<Level>> {
    if actor.role >= Role::Admin || actor.is(group.owner_id) {
        return Ok(Some(Level::CanManage));
    }
    Ok(store::level(conn, group.id, actor.user()?)?)
}

fn seen(conn: &mut Conn, actor: &Actor, id: GroupId) -> Result<(Group, Level)> {
    let group = store::find(conn, id)?.ok_or(Code::NotFound)?;
    let level = standing(conn, actor, &group)?.ok_or(Code::NotFound)?;
    Ok((group, level))
}

fn managed(conn: &mut Conn, actor: &Actor, id: GroupId) -> Result<Group> {
    let (group, level) = seen(conn, actor, id)?;
    if level < Level::CanManage {
        return Code::Forbidden.refuse();
    }
    Ok(group)
}

/// Whoever owns a group looks after it, so it is somebody who is let in.
fn can_own(conn: &mut Conn, field: &str, user: UserId) -> Result<()> {
    if store::status(conn, user)?.as_deref() == Some("active") {
        Ok(())
    } else {
        Err(FieldError::new(field, "not_found").into())
    }
}

fn record(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    group: &Group,
    before: Value,
    after: Value,
) -> Result<()> {
    let entry = audit::Entry::new(action, audit::Target::new("group", group.id));
    audit::record(tx, actor, entry.before(before).after(after)).map(drop)
}

/// What the audit log tells of a group.
fn told(group: &Group) -> Value {
    json!({ "name": group.name, "description": group.description, "owner_id": group.owner_id })
}

/// What the audit log tells of a membership; null when there was none.
fn membership(group: &Group, user: UserId, level: Option<Level>) -> Value {
    match level {
        Some(level) => json!({ "name": group.name, "user_id": user, "level": level }),
        None => Value::Null,
    }
}

fn view(conn: &mut Conn, group: Group) -> Result<GroupView> {
    let counts = store::member_counts(conn, &[group.id])?;
    let count = counts.get(&group.id).copied().unwrap_or_default();
    Ok(group.view(count))
}

fn unique(written: Result<usize, DieselError>) -> Result<()> {
    match written {
        Ok(_) => Ok(()),
        // The only unique index besides the id is the one on the normalised name.
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Code::GroupExists.refuse()
        }
        Err(why) => Err(Error::from(why)),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
