//! Queries on sessions.

use diesel::prelude::*;

use crate::access::Role;
use crate::clock::{Span, Time, hours, minutes};
use crate::db::Conn;
use crate::db::schema::{sessions, users};
use crate::ids::{SessionId, UserId};
use crate::secret::SecretDigest;
use crate::users::model::Status;

/// A session ends after this time, however much it is used.
pub const ABSOLUTE: Span = hours(12);
/// A session ends after this time without use.
pub const IDLE: Span = minutes(90);

/// A session to be made.
#[derive(Insertable)]
#[diesel(table_name = sessions)]
pub struct NewSession<'a> {
    /// Its id, which is no secret.
    pub id: SessionId,
    /// The digest of the secret in the cookie.
    pub digest: &'a SecretDigest,
    /// Whose it is.
    pub user_id: UserId,
    /// When it was made.
    pub created_at: Time,
    /// When the person last proved who they are.
    pub authenticated_at: Time,
    /// When it was last used.
    pub last_seen_at: Time,
    /// From where.
    pub ip: Option<String>,
    /// With which program.
    pub agent: &'a str,
}

/// A session with its user, as every page needs it.
#[derive(Clone, Debug, Queryable)]
pub struct Known {
    /// The session.
    pub id: SessionId,
    /// The user.
    pub user_id: UserId,
    /// When the person last proved who they are.
    pub authenticated_at: Time,
    /// When it was last used, as far as that is written.
    pub last_seen_at: Time,
    /// The user's role now.
    pub role: Role,
    /// The user's name.
    pub name: String,
    /// The user's address.
    pub email: Option<String>,
    /// The user's phone number.
    pub phone: Option<String>,
}

/// The session of a cookie, when it and its user are good.
pub fn find(conn: &mut Conn, digest: &SecretDigest, now: Time) -> QueryResult<Option<Known>> {
    sessions::table
        .inner_join(users::table)
        .filter(sessions::digest.eq(digest))
        .filter(
            sessions::created_at
                .gt(now.minus(ABSOLUTE))
                .and(sessions::last_seen_at.gt(now.minus(IDLE))),
        )
        .filter(users::status.eq(Status::Active))
        .select((
            sessions::id,
            sessions::user_id,
            sessions::authenticated_at,
            sessions::last_seen_at,
            users::role,
            users::display_name,
            users::email,
            users::phone,
        ))
        .first(conn)
        .optional()
}

/// The role of the user of a session, when it and its user are good.
pub fn role(conn: &mut Conn, id: SessionId, now: Time) -> QueryResult<Option<Role>> {
    sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id))
        .filter(
            sessions::created_at
                .gt(now.minus(ABSOLUTE))
                .and(sessions::last_seen_at.gt(now.minus(IDLE))),
        )
        .filter(users::status.eq(Status::Active))
        .select(users::role)
        .first(conn)
        .optional()
}

/// A session as its owner sees it in a list.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct Listed {
    /// The session.
    pub id: SessionId,
    /// When it was made.
    pub created_at: Time,
    /// When it was last used.
    pub last_seen_at: Time,
    /// From where it was made.
    pub ip: Option<String>,
    /// With which program.
    pub agent: String,
}

/// The live sessions of a user, newest first. Bounded: nobody reads more than a hundred.
pub fn of_user(conn: &mut Conn, user: UserId, now: Time) -> QueryResult<Vec<Listed>> {
    sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(
            sessions::created_at
                .gt(now.minus(ABSOLUTE))
                .and(sessions::last_seen_at.gt(now.minus(IDLE))),
        )
        .order((sessions::created_at.desc(), sessions::id.desc()))
        .limit(100)
        .select(Listed::as_select())
        .load(conn)
}

/// Makes a session.
pub fn insert(conn: &mut Conn, new: &NewSession<'_>) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values(new)
        .execute(conn)
        .map(drop)
}

/// Gives a session a new secret after a new proof of who its user is.
pub fn renew(
    conn: &mut Conn,
    id: SessionId,
    digest: &SecretDigest,
    now: Time,
) -> QueryResult<usize> {
    diesel::update(sessions::table.find(id))
        .set((
            sessions::digest.eq(digest),
            sessions::authenticated_at.eq(now),
        ))
        .execute(conn)
}

/// Ends one session of a user.
pub fn end(conn: &mut Conn, user: UserId, id: SessionId) -> QueryResult<usize> {
    diesel::delete(sessions::table.find(id).filter(sessions::user_id.eq(user))).execute(conn)
}

/// Ends the sessions of a user, but `keep`.
pub fn end_all(conn: &mut Conn, user: UserId, keep: Option<SessionId>) -> QueryResult<usize> {
    let of_user = sessions::table.filter(sessions::user_id.eq(user));
    match keep {
        Some(keep) => diesel::delete(of_user.filter(sessions::id.ne(keep))).execute(conn),
        None => diesel::delete(of_user).execute(conn),
    }
}

/// Notes when a session was last used; a later use that is written already stays.
pub fn seen(conn: &mut Conn, id: SessionId, at: Time) -> QueryResult<()> {
    diesel::update(
        sessions::table
            .find(id)
            .filter(sessions::last_seen_at.lt(at)),
    )
    .set(sessions::last_seen_at.eq(at))
    .execute(conn)
    .map(drop)
}

/// Deletes up to `most` sessions that ended by time; says how many.
pub fn sweep(conn: &mut Conn, now: Time, most: i64) -> QueryResult<usize> {
    let ids: Vec<SessionId> = sessions::table
        .filter(sessions::last_seen_at.lt(now.minus(IDLE)))
        .limit(most)
        .select(sessions::id)
        .load(conn)?;
    diesel::delete(sessions::table.filter(sessions::id.eq_any(ids))).execute(conn)
}
