//! Queries on the addresses by which people sign in.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{Found, Login, LoginKind};
use crate::access::Role;
use crate::clock::Time;
use crate::db::Conn;
use crate::db::schema::{logins, users};
use crate::ids::{LoginId, UserId};
use crate::users::model::{Address, User};

/// The user of an address, wherever it stands; see [`super::by_address`].
pub(super) fn by_address(conn: &mut Conn, norm: &str) -> QueryResult<Option<Found>> {
    // PostgreSQL takes no NUL, and no address holds one.
    if norm.is_empty() || norm.contains('\0') {
        return Ok(None);
    }
    let is_phone = norm.starts_with('+');
    let first: Option<User> = if is_phone {
        users::table
            .filter(users::phone.eq(norm))
            .select(User::as_select())
            .first(conn)
            .optional()?
    } else {
        users::table
            .filter(users::email_norm.eq(norm))
            .select(User::as_select())
            .first(conn)
            .optional()?
    };
    if let Some(user) = first {
        let (address, verified) = match is_phone {
            true => (user.phone.clone(), user.phone_verified),
            false => (user.email.clone(), user.email_verified),
        };
        return Ok(Some(Found {
            address: address.unwrap_or_default(),
            verified,
            login: None,
            user,
        }));
    }
    let further: Option<(User, LoginId, String)> = logins::table
        .inner_join(users::table)
        .filter(logins::address_norm.eq(norm))
        .select((User::as_select(), logins::id, logins::address))
        .first(conn)
        .optional()?;
    Ok(further.map(|(user, id, address)| Found {
        user,
        address,
        verified: true,
        login: Some(id),
    }))
}

/// The users of these addresses, wherever they stand; see [`super::by_addresses`].
pub(super) fn by_addresses(
    conn: &mut Conn,
    norms: &[&str],
) -> QueryResult<HashMap<String, (UserId, Role)>> {
    let (phones, emails): (Vec<&str>, Vec<&str>) =
        norms.iter().partition(|norm| norm.starts_with('+'));
    let mut found: Vec<(Option<String>, UserId, Role)> = users::table
        .filter(users::email_norm.eq_any(emails))
        .select((users::email_norm, users::id, users::role))
        .load(conn)?;
    let numbers = users::table.filter(users::phone.eq_any(phones)).select((
        users::phone,
        users::id,
        users::role,
    ));
    found.extend(numbers.load::<(Option<String>, UserId, Role)>(conn)?);
    let further: Vec<(String, UserId, Role)> = logins::table
        .inner_join(users::table)
        .filter(logins::address_norm.eq_any(norms))
        .select((logins::address_norm, users::id, users::role))
        .load(conn)?;
    let further = further
        .into_iter()
        .map(|(norm, id, role)| (Some(norm), id, role));
    let all = found.into_iter().chain(further);
    Ok(all
        .filter_map(|(norm, id, role)| Some((norm?, (id, role))))
        .collect())
}

/// The further addresses of a user, the oldest first.
pub(super) fn of_user(conn: &mut Conn, user: UserId) -> QueryResult<Vec<Login>> {
    logins::table
        .filter(logins::user_id.eq(user))
        .order((logins::created_at, logins::id))
        .select(Login::as_select())
        .load(conn)
}

pub(super) fn insert(
    conn: &mut Conn,
    user: UserId,
    address: &Address,
    now: Time,
) -> QueryResult<()> {
    let kind = match address {
        Address::Email(_) => LoginKind::Email,
        Address::Phone(_) => LoginKind::Phone,
    };
    diesel::insert_into(logins::table)
        .values((
            logins::id.eq(LoginId::new(now)),
            logins::user_id.eq(user),
            logins::kind.eq(kind),
            logins::address.eq(address.as_str()),
            logins::address_norm.eq(address.norm()),
            logins::verified_at.eq(now),
            logins::created_at.eq(now),
        ))
        .execute(conn)
        .map(drop)
}

pub(super) fn delete(conn: &mut Conn, id: LoginId) -> QueryResult<()> {
    diesel::delete(logins::table.find(id))
        .execute(conn)
        .map(drop)
}

pub(super) fn delete_of(conn: &mut Conn, user: UserId) -> QueryResult<()> {
    diesel::delete(logins::table.filter(logins::user_id.eq(user)))
        .execute(conn)
        .map(drop)
}

/// Notes when an address was last used to sign in.
pub(super) fn used(conn: &mut Conn, id: LoginId, now: Time) -> QueryResult<()> {
    diesel::update(logins::table.find(id))
        .set(logins::last_used_at.eq(now))
        .execute(conn)
        .map(drop)
}
