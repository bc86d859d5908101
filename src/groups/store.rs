//! The tables of groups and their members.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;

use super::model::{Group, GroupName, Level, Member};
use crate::clock::Time;
use crate::db::schema::{group_members, groups, users};
use crate::db::{Among, Conn, Cursor, MultiBackend, Paging, Slice, Suffix, prefix_end};
use crate::ids::{GroupId, UserId};

/// Ids in one `IN (…)`: SQLite takes 32,766.
const IDS_AT_ONCE: usize = 1_000;

/// Adds a group.
///
/// # Errors
/// When the database refuses.
pub fn insert(conn: &mut Conn, group: &Group) -> QueryResult<usize> {
    diesel::insert_into(groups::table)
        .values(group)
        .execute(conn)
}

/// Changes the row of a group, all but its id and time.
///
/// # Errors
/// When the database refuses.
pub fn save(conn: &mut Conn, group: &Group) -> QueryResult<usize> {
    diesel::update(groups::table.find(group.id))
        .set((
            groups::name.eq(&group.name),
            groups::name_norm.eq(&group.name_norm),
            groups::description.eq(&group.description),
            groups::owner_id.eq(group.owner_id),
        ))
        .execute(conn)
}

/// Deletes the group; its memberships go with it.
///
/// # Errors
/// When the database refuses.
pub fn delete(conn: &mut Conn, id: GroupId) -> QueryResult<usize> {
    diesel::delete(groups::table.find(id)).execute(conn)
}

/// One group.
///
/// # Errors
/// When the database refuses.
pub fn find(conn: &mut Conn, id: GroupId) -> QueryResult<Option<Group>> {
    groups::table
        .find(id)
        .select(Group::as_select())
        .first(conn)
        .optional()
}

/// Groups, newest first. `seen_by` keeps those that this user owns or belongs to; `q` is an exact id or
/// the start of a normalised name.
///
/// # Errors
/// When the database refuses.
pub fn list(
    conn: &mut Conn,
    seen_by: Option<UserId>,
    q: Option<&str>,
    paging: &Paging,
) -> QueryResult<Slice<Group>> {
    let mut query = groups::table
        .select(Group::as_select())
        .into_boxed::<MultiBackend>();
    if let Some(user) = seen_by {
        let member = group_members::table
            .filter(group_members::user_id.eq(user))
            .select(group_members::group_id);
        query = query.filter(groups::owner_id.eq(user).or(groups::id.eq_any(member)));
    }
    if let Some(q) = q {
        query = match q.parse::<GroupId>() {
            Ok(id) => query.filter(groups::id.eq(id)),
            Err(_) => {
                let from = crate::input::normal_name(q);
                let to = prefix_end(&from);
                query.filter(groups::name_norm.ge(from).and(groups::name_norm.lt(to)))
            }
        };
    }
    if let Some(beyond) = paging.beyond("(groups.created_at, groups.id)") {
        query = query.filter(beyond);
    }
    query = if paging.newer {
        query.order((groups::created_at.asc(), groups::id.asc()))
    } else {
        query.order((groups::created_at.desc(), groups::id.desc()))
    };
    let rows: Vec<Group> = query.limit(paging.fetch()).load(conn)?;
    Ok(paging.slice(rows, |group| Cursor {
        time: group.created_at,
        id: group.id.to_string(),
    }))
}

/// How many members each of these groups has; a group without any is not in the map.
///
/// # Errors
/// When the database refuses.
pub fn member_counts(conn: &mut Conn, ids: &[GroupId]) -> QueryResult<HashMap<GroupId, i64>> {
    let mut counts = HashMap::with_capacity(ids.len());
    for some in ids.chunks(IDS_AT_ONCE) {
        let rows: Vec<(GroupId, i64)> = group_members::table
            .filter(Among(group_members::group_id, some))
            .group_by(group_members::group_id)
            .select((group_members::group_id, count_star()))
            .load(conn)?;
        counts.extend(rows);
    }
    Ok(counts)
}

/// The names of these groups; one that is gone is not in the map.
///
/// # Errors
/// When the database refuses.
pub fn names(conn: &mut Conn, ids: &[GroupId]) -> QueryResult<HashMap<GroupId, String>> {
    let mut names = HashMap::with_capacity(ids.len());
    for some in ids.chunks(IDS_AT_ONCE) {
        let rows: Vec<(GroupId, String)> = groups::table
            .filter(Among(groups::id, some))
            .select((groups::id, groups::name))
            .load(conn)?;
        names.extend(rows);
    }
    Ok(names)
}

/// The groups that each of these users is a member of, by name; who is in none is not in the map.
///
/// # Errors
/// When the database refuses.
pub fn groups_of(conn: &mut Conn, ids: &[UserId]) -> QueryResult<HashMap<UserId, Vec<GroupName>>> {
    let mut found: HashMap<UserId, Vec<GroupName>> = HashMap::new();
    for some in ids.chunks(IDS_AT_ONCE) {
        let rows: Vec<(UserId, GroupId, String)> = group_members::table
            .inner_join(groups::table)
            .filter(Among(group_members::user_id, some))
            .order((groups::name_norm.asc(), groups::id.asc()))
            .select((group_members::user_id, groups::id, groups::name))
            .load(conn)?;
        for (user, id, name) in rows {
            found.entry(user).or_default().push(GroupName { id, name });
        }
    }
    Ok(found)
}

/// Every group, by name, for choices in forms; those that `managed_by` owns or manages when given.
///
/// # Errors
/// When the database refuses.
pub fn choices(conn: &mut Conn, managed_by: Option<UserId>) -> QueryResult<Vec<GroupName>> {
    let mut query = groups::table
        .select((groups::id, groups::name))
        .into_boxed::<MultiBackend>();
    if let Some(user) = managed_by {
        let managed = group_members::table
            .filter(
                group_members::user_id
                    .eq(user)
                    .and(group_members::level.eq(Level::CanManage)),
            )
            .select(group_members::group_id);
        query = query.filter(groups::owner_id.eq(user).or(groups::id.eq_any(managed)));
    }
    let rows: Vec<(GroupId, String)> = query.order((groups::name_norm, groups::id)).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, name)| GroupName { id, name })
        .collect())
}

/// The level of a member; `None` for who is none.
///
/// # Errors
/// When the database refuses.
pub fn level(conn: &mut Conn, group: GroupId, user: UserId) -> QueryResult<Option<Level>> {
    group_members::table
        .find((group, user))
        .select(group_members::level)
        .first(conn)
        .optional()
}

/// The members of a group, newest first.
///
/// # Errors
/// When the database refuses.
pub fn members(conn: &mut Conn, group: GroupId, paging: &Paging) -> QueryResult<Slice<Member>> {
    let columns = (
        users::id,
        users::display_name,
        group_members::level,
        group_members::created_at,
    );
    let mut query = group_members::table
        .inner_join(users::table)
        .filter(group_members::group_id.eq(group))
        .select(columns)
        .into_boxed::<MultiBackend>();
    if let Some(beyond) = paging.beyond("(group_members.created_at, group_members.user_id)") {
        query = query.filter(beyond);
    }
    query = if paging.newer {
        query.order((
            group_members::created_at.asc(),
            group_members::user_id.asc(),
        ))
    } else {
        query.order((
            group_members::created_at.desc(),
            group_members::user_id.desc(),
        ))
    };
    let rows: Vec<Member> = query.limit(paging.fetch()).load(conn)?;
    Ok(paging.slice(rows, |row| Cursor {
        time: row.created_at,
        id: row.user_id.to_string(),
    }))
}

/// One member.
///
/// # Errors
/// When the database refuses.
pub fn member(conn: &mut Conn, group: GroupId, user: UserId) -> QueryResult<Member> {
    group_members::table
        .inner_join(users::table)
        .filter(
            group_members::group_id
                .eq(group)
                .and(group_members::user_id.eq(user)),
        )
        .select((
            users::id,
            users::display_name,
            group_members::level,
            group_members::created_at,
        ))
        .first(conn)
}

/// Makes the user a member at this level, or gives the member this level.
///
/// # Errors
/// When the database refuses.
pub fn set_level(
    conn: &mut Conn,
    group: GroupId,
    user: UserId,
    level: Level,
    now: Time,
) -> QueryResult<usize> {
    let insert =
        diesel::insert_into(group_members::table).values(membership(group, user, level, now));
    Suffix(
        insert,
        "ON CONFLICT (group_id, user_id) DO UPDATE SET level = excluded.level",
    )
    .execute(conn)
}

/// Makes the user a member at this level; who is a member already stays at theirs.
///
/// # Errors
/// When the database refuses.
pub fn add(
    conn: &mut Conn,
    group: GroupId,
    user: UserId,
    level: Level,
    now: Time,
) -> QueryResult<usize> {
    let insert =
        diesel::insert_into(group_members::table).values(membership(group, user, level, now));
    Suffix(insert, "ON CONFLICT (group_id, user_id) DO NOTHING").execute(conn)
}

type Membership = (
    diesel::dsl::Eq<group_members::group_id, GroupId>,
    diesel::dsl::Eq<group_members::user_id, UserId>,
    diesel::dsl::Eq<group_members::level, Level>,
    diesel::dsl::Eq<group_members::created_at, Time>,
);

fn membership(group: GroupId, user: UserId, level: Level, now: Time) -> Membership {
    (
        group_members::group_id.eq(group),
        group_members::user_id.eq(user),
        group_members::level.eq(level),
        group_members::created_at.eq(now),
    )
}

/// Ends a membership; 0 when there was none.
///
/// # Errors
/// When the database refuses.
pub fn remove(conn: &mut Conn, group: GroupId, user: UserId) -> QueryResult<usize> {
    diesel::delete(group_members::table.find((group, user))).execute(conn)
}

/// Ends every membership of a user.
///
/// # Errors
/// When the database refuses.
pub fn remove_everywhere(conn: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(group_members::table.filter(group_members::user_id.eq(user))).execute(conn)
}

/// How many groups a user owns.
///
/// # Errors
/// When the database refuses.
pub fn owned_by(conn: &mut Conn, user: UserId) -> QueryResult<i64> {
    groups::table
        .filter(groups::owner_id.eq(user))
        .count()
        .get_result(conn)
}

/// Gives the groups of one owner to another.
///
/// # Errors
/// When the database refuses.
pub fn hand_over(conn: &mut Conn, from: UserId, to: UserId) -> QueryResult<usize> {
    diesel::update(groups::table.filter(groups::owner_id.eq(from)))
        .set(groups::owner_id.eq(to))
        .execute(conn)
}

/// The status of a user, as `users` keeps it; `None` when there never was such a user.
///
/// # Errors
/// When the database refuses.
pub fn status(conn: &mut Conn, user: UserId) -> QueryResult<Option<String>> {
    users::table
        .find(user)
        .select(users::status)
        .first(conn)
        .optional()
}
