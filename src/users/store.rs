//! Queries on users.

use diesel::prelude::*;

use super::model::{Line, NewUser, Status, User, normal};
use super::phone::without_spacing;
use crate::access::Role;
use crate::clock::Time;
use crate::db::schema::{group_members, users};
use crate::db::{Conn, Cursor, FOUND_AT_ONCE, Json, MultiBackend, Paging, Slice, fits, prefix_end};
use crate::ids::{GroupId, UserId};
use crate::passwords::PasswordHash;

/// What a list of users is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A whole id, or the beginning of an address, a phone number or a name.
    pub q: String,
    /// Only users of this status; without one, all but the deleted.
    pub status: Option<Status>,
    /// Only users of this role.
    pub role: Option<Role>,
    /// Only members of this group.
    pub group: Option<GroupId>,
    /// Only this user, for who may see themselves alone.
    pub only: Option<UserId>,
}

/// The user of an id.
pub fn find(conn: &mut Conn, id: UserId) -> QueryResult<User> {
    users::table.find(id).select(User::as_select()).first(conn)
}

/// The user of an id, if there ever was one.
pub fn find_any(conn: &mut Conn, id: UserId) -> QueryResult<Option<User>> {
    find(conn, id).optional()
}

/// The user who has an address.
pub fn by_email(conn: &mut Conn, email_norm: &str) -> QueryResult<Option<User>> {
    // PostgreSQL takes no NUL, and no address holds one.
    if email_norm.contains('\0') {
        return Ok(None);
    }
    users::table
        .filter(users::email_norm.eq(email_norm))
        .select(User::as_select())
        .first(conn)
        .optional()
}

/// Whether there is any user.
pub fn any(conn: &mut Conn) -> QueryResult<bool> {
    Ok(users::table
        .select(users::id)
        .first::<UserId>(conn)
        .optional()?
        .is_some())
}

/// How many active owners there are who can sign in, besides `id`.
pub fn other_active_owners(conn: &mut Conn, id: UserId) -> QueryResult<i64> {
    users::table
        .filter(
            users::role
                .eq(Role::Owner)
                .and(users::status.eq(Status::Active))
                .and(users::password_hash.is_not_null())
                .and(users::id.ne(id)),
        )
        .count()
        .get_result(conn)
}

/// The longest-standing active users of a role.
pub fn active_of(conn: &mut Conn, role: Role, most: i64) -> QueryResult<Vec<User>> {
    users::table
        .filter(users::role.eq(role).and(users::status.eq(Status::Active)))
        .order(users::id)
        .limit(most)
        .select(User::as_select())
        .load(conn)
}

/// Makes a user.
pub fn insert(conn: &mut Conn, id: UserId, new: &NewUser, now: Time) -> QueryResult<()> {
    diesel::insert_into(users::table)
        .values((
            (
                users::id.eq(id),
                users::email.eq(new.email.as_ref().map(super::model::Email::as_str)),
                users::email_norm.eq(new.email.as_ref().map(super::model::Email::norm)),
                users::email_verified.eq(new.email_verified),
                users::phone.eq(new.phone.as_ref().map(super::model::Phone::as_str)),
                users::phone_verified.eq(new.phone_verified),
                users::display_name.eq(&new.display_name),
                users::name_norm.eq(normal(&new.display_name)),
                users::role.eq(new.role),
                users::status.eq(Status::Active),
                users::schema_id.eq(&new.schema_id),
            ),
            users::traits.eq(&new.traits),
            users::metadata_public.eq(&new.metadata_public),
            users::metadata_admin.eq(&new.metadata_admin),
            users::password_hash.eq(new.password_hash.as_ref()),
            users::invite_id.eq(new.invite_id),
            users::terms_version.eq(new.terms_version.as_deref()),
            users::terms_accepted_at.eq(new.terms_version.as_ref().map(|_| now)),
            users::created_at.eq(now),
            users::updated_at.eq(now),
        ))
        .execute(conn)
        .map(drop)
}

/// Writes the name, role and address of a user back.
pub fn update(conn: &mut Conn, user: &User, now: Time) -> QueryResult<()> {
    diesel::update(users::table.find(user.id))
        .set((
            users::email.eq(user.email.as_deref()),
            users::email_norm.eq(user.email_norm.as_deref()),
            users::email_verified.eq(user.email_verified),
            users::phone.eq(user.phone.as_deref()),
            users::phone_verified.eq(user.phone_verified),
            users::display_name.eq(&user.display_name),
            users::name_norm.eq(normal(&user.display_name)),
            users::role.eq(user.role),
            users::status.eq(user.status),
            users::status_reason.eq(user.status_reason.as_deref()),
            users::traits.eq(&user.traits),
            users::metadata_public.eq(&user.metadata_public),
            users::metadata_admin.eq(&user.metadata_admin),
            users::updated_at.eq(now),
        ))
        .execute(conn)
        .map(drop)
}

/// Forgets who a user was, and lets nobody in as them.
pub fn erase(conn: &mut Conn, id: UserId, now: Time) -> QueryResult<()> {
    let nothing = Json::object();
    diesel::update(users::table.find(id))
        .set((
            users::email.eq(None::<&str>),
            users::email_norm.eq(None::<&str>),
            users::email_verified.eq(false),
            users::phone.eq(None::<&str>),
            users::phone_verified.eq(false),
            users::display_name.eq(""),
            users::name_norm.eq(""),
            users::role.eq(Role::Member),
            users::status.eq(Status::Deleted),
            users::status_reason.eq(None::<&str>),
            users::traits.eq(&nothing),
            users::metadata_public.eq(&nothing),
            users::metadata_admin.eq(&nothing),
            users::password_hash.eq(None::<&PasswordHash>),
            users::terms_version.eq(None::<&str>),
            users::terms_accepted_at.eq(None::<Time>),
            users::last_seen_at.eq(None::<Time>),
            users::updated_at.eq(now),
        ))
        .execute(conn)
        .map(drop)
}

/// Sets the password.
pub fn set_password(
    conn: &mut Conn,
    id: UserId,
    hash: &PasswordHash,
    now: Time,
) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((users::password_hash.eq(hash), users::updated_at.eq(now)))
        .execute(conn)
        .map(drop)
}

/// Notes that a user accepted terms.
pub fn accept_terms(conn: &mut Conn, id: UserId, version: &str, now: Time) -> QueryResult<()> {
    diesel::update(users::table.find(id))
        .set((
            users::terms_version.eq(version),
            users::terms_accepted_at.eq(now),
        ))
        .execute(conn)
        .map(drop)
}

/// Notes when a user was last seen; a later time that is written already stays.
pub fn seen(conn: &mut Conn, id: UserId, at: Time) -> QueryResult<()> {
    let earlier = users::last_seen_at.is_null().or(users::last_seen_at.lt(at));
    diesel::update(users::table.find(id).filter(earlier))
        .set(users::last_seen_at.eq(at))
        .execute(conn)
        .map(drop)
}

/// The ids of users whose address, number or name lies from `start` to before `end`; no more of each than
/// [`FOUND_AT_ONCE`] and one.
fn called(conn: &mut Conn, start: &str, end: &str) -> QueryResult<Vec<UserId>> {
    let mut found: Vec<UserId> = users::table
        .filter(users::email_norm.ge(start).and(users::email_norm.lt(end)))
        .select(users::id)
        .limit(FOUND_AT_ONCE + 1)
        .load(conn)?;
    if start.starts_with('+') {
        let numbered: Vec<UserId> = users::table
            .filter(users::phone.ge(start).and(users::phone.lt(end)))
            .select(users::id)
            .limit(FOUND_AT_ONCE + 1)
            .load(conn)?;
        found.extend(numbered);
    }
    if fits(&found) {
        let named: Vec<UserId> = users::table
            .filter(users::name_norm.ge(start).and(users::name_norm.lt(end)))
            .select(users::id)
            .limit(FOUND_AT_ONCE + 1)
            .load(conn)?;
        found.extend(named);
    }
    Ok(found)
}

/// A part of the list of users, newest first.
pub fn list(conn: &mut Conn, filter: &Filter, paging: &Paging) -> QueryResult<Slice<User>> {
    let rows = part(conn, filter, paging)?
        .select(User::as_select())
        .load(conn)?;
    Ok(paging.slice(rows, |user: &User| Cursor {
        time: user.created_at,
        id: user.id.to_string(),
    }))
}

/// [`list`], with what a line in a table shows.
pub fn lines(conn: &mut Conn, filter: &Filter, paging: &Paging) -> QueryResult<Slice<Line>> {
    let rows = part(conn, filter, paging)?
        .select(Line::as_select())
        .load(conn)?;
    Ok(paging.slice(rows, |user: &Line| Cursor {
        time: user.created_at,
        id: user.id.to_string(),
    }))
}

/// The rows of a part of the list, in its order.
fn part<'a>(
    conn: &mut Conn,
    filter: &Filter,
    paging: &Paging,
) -> QueryResult<users::BoxedQuery<'a, MultiBackend>> {
    let mut query = users::table
        .limit(paging.fetch())
        .into_boxed::<MultiBackend>();
    if let Ok(id) = filter.q.parse::<UserId>() {
        query = query.filter(users::id.eq(id));
    } else if !filter.q.is_empty() {
        // A number is found however it is spaced; nobody's name or address begins with +.
        let start = match filter.q.trim().starts_with('+') {
            true => without_spacing(&filter.q),
            false => normal(&filter.q),
        };
        let end = prefix_end(&start);
        let found = called(conn, &start, &end)?;
        query = if fits(&found) {
            query.filter(users::id.eq_any(found))
        } else {
            // Joined to nothing, so that no index of them is taken: the list is walked in its order.
            let email = || users::email_norm.concat("");
            let name = || users::name_norm.concat("");
            let phone = || users::phone.concat("");
            let called = email()
                .ge(start.clone())
                .and(email().lt(end.clone()))
                .or(phone().ge(start.clone()).and(phone().lt(end.clone())));
            query.filter(
                called
                    .assume_not_null()
                    .or(name().ge(start).and(name().lt(end))),
            )
        };
    }
    query = match filter.status {
        Some(status) => query.filter(users::status.eq(status)),
        None => query.filter(users::status.ne(Status::Deleted)),
    };
    if let Some(role) = filter.role {
        query = query.filter(users::role.eq(role));
    }
    if let Some(group) = filter.group {
        let members = group_members::table.filter(group_members::group_id.eq(group));
        query = query.filter(users::id.eq_any(members.select(group_members::user_id)));
    }
    if let Some(only) = filter.only {
        query = query.filter(users::id.eq(only));
    }
    if let Some(beyond) = paging.beyond("(users.created_at, users.id)") {
        query = query.filter(beyond);
    }
    Ok(if paging.newer {
        query.order((users::created_at.asc(), users::id.asc()))
    } else {
        query.order((users::created_at.desc(), users::id.desc()))
    })
}

/// The names of users, for sentences about them.
pub fn names(
    conn: &mut Conn,
    ids: &[UserId],
) -> QueryResult<Vec<(UserId, String, Option<String>)>> {
    users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::display_name, users::email))
        .load(conn)
}
