//! Queries on codes.

use diesel::prelude::*;

use super::{Claim, Purpose};
use crate::clock::Time;
use crate::db::Conn;
use crate::db::schema::codes;
use crate::ids::CodeId;

/// A code to be made.
#[derive(Insertable)]
#[diesel(table_name = codes)]
pub(super) struct NewCode<'a> {
    pub id: CodeId,
    pub purpose: Purpose,
    pub subject: &'a str,
    pub address_norm: &'a str,
    pub digest: Vec<u8>,
    pub tries_left: i32,
    pub created_at: Time,
    pub expires_at: Time,
}

/// What is known of a code.
#[derive(Queryable, Selectable)]
#[diesel(table_name = codes)]
pub(super) struct Kept {
    pub id: CodeId,
    pub digest: Vec<u8>,
    pub expires_at: Time,
}

pub(super) fn insert(conn: &mut Conn, new: &NewCode<'_>) -> QueryResult<()> {
    diesel::insert_into(codes::table)
        .values(new)
        .execute(conn)
        .map(drop)
}

/// Ends the codes of a claim that are still good.
pub(super) fn end_all(conn: &mut Conn, claim: &Claim, now: Time) -> QueryResult<()> {
    let of_claim = codes::table
        .filter(codes::purpose.eq(claim.purpose))
        .filter(codes::subject.eq(&claim.subject))
        .filter(codes::address_norm.eq(&claim.address));
    diesel::update(of_claim.filter(codes::used_at.is_null()))
        .set(codes::used_at.eq(now))
        .execute(conn)
        .map(drop)
}

/// The code of a claim that is neither used nor ended; there is one at most.
pub(super) fn newest(conn: &mut Conn, claim: &Claim) -> QueryResult<Option<Kept>> {
    codes::table
        .filter(codes::purpose.eq(claim.purpose))
        .filter(codes::subject.eq(&claim.subject))
        .filter(codes::address_norm.eq(&claim.address))
        .filter(codes::used_at.is_null())
        .order(codes::created_at.desc())
        .select(Kept::as_select())
        .first(conn)
        .optional()
}

pub(super) fn find(conn: &mut Conn, id: CodeId) -> QueryResult<Kept> {
    codes::table.find(id).select(Kept::as_select()).first(conn)
}

/// Takes one try off; nothing when none is left.
pub(super) fn pay(conn: &mut Conn, id: CodeId) -> QueryResult<usize> {
    let left = codes::table.find(id).filter(codes::tries_left.gt(0));
    diesel::update(left)
        .set(codes::tries_left.eq(codes::tries_left - 1))
        .execute(conn)
}

/// Uses a code up; nothing when it was used.
pub(super) fn take(conn: &mut Conn, id: CodeId, now: Time) -> QueryResult<usize> {
    diesel::update(codes::table.find(id).filter(codes::used_at.is_null()))
        .set(codes::used_at.eq(now))
        .execute(conn)
}

/// Deletes up to `most` codes that ended before `before`; says how many.
pub(super) fn sweep(conn: &mut Conn, before: Time, most: i64) -> QueryResult<usize> {
    let ids: Vec<CodeId> = codes::table
        .filter(codes::expires_at.lt(before))
        .limit(most)
        .select(codes::id)
        .load(conn)?;
    diesel::delete(codes::table.filter(codes::id.eq_any(ids))).execute(conn)
}
