//! What the sweeps look for.

use diesel::prelude::*;
use serde_json::json;

use crate::access::Role;
use crate::clock::Time;
use crate::db::schema::{invites, users};
use crate::db::{Conn, Json, MultiBackend, Paging};
use crate::ids::{InviteId, TemplateId};
use crate::invites::model::{Delivery, ERASED, Invite, State};
use crate::users::model::Status;

/// Pending invites whose time is over, for the sweep.
pub fn over(conn: &mut Conn, now: Time, most: i64) -> QueryResult<Vec<Invite>> {
    invites::table
        .filter(
            invites::state
                .eq(State::Pending)
                .and(invites::expires_at.le(now)),
        )
        .order((invites::expires_at, invites::id))
        .limit(most)
        .select(Invite::as_select())
        .load(conn)
}

/// How the maker of an invite stands, and their role; none when the operator made it.
pub type Maker = Option<(Status, Role)>;

/// A part of the pending invites with their makers, the oldest first.
pub fn pending_part(conn: &mut Conn, paging: &Paging) -> QueryResult<Vec<(Invite, Maker)>> {
    let mut query = invites::table
        .left_join(users::table.on(invites::created_by.eq(users::id.nullable())))
        .filter(invites::state.eq(State::Pending))
        .order((invites::created_at, invites::id))
        .limit(paging.limit)
        .select((Invite::as_select(), (users::status, users::role).nullable()))
        .into_boxed::<MultiBackend>();
    if let Some(beyond) = paging.beyond("(invites.created_at, invites.id)") {
        query = query.filter(beyond);
    }
    query.load(conn)
}

/// Pending invites of a template that were sent, of which `reminded` reminders are done and which end between `now`
/// and `until`, the next to end first.
pub fn to_remind(
    conn: &mut Conn,
    template: TemplateId,
    reminded: i32,
    (now, until): (Time, Time),
    most: i64,
) -> QueryResult<Vec<InviteId>> {
    invites::table
        .filter(
            invites::state
                .eq(State::Pending)
                .and(invites::template_id.eq(template)),
        )
        .filter(
            invites::reminded
                .eq(reminded)
                .and(invites::expires_at.gt(now))
                .and(invites::expires_at.le(until)),
        )
        .filter(invites::delivery.ne(Delivery::Link))
        .order((invites::expires_at, invites::id))
        .limit(most)
        .select(invites::id)
        .load(conn)
}

/// Invites that nobody accepted, that ended before a moment and still tell of a person.
pub fn to_erase(conn: &mut Conn, before: Time, most: i64) -> QueryResult<Vec<Invite>> {
    const ENDED: [State; 4] = [
        State::Declined,
        State::Revoked,
        State::Expired,
        State::Suspended,
    ];
    let named = || {
        invites::erased_at
            .is_null()
            .and(invites::address_norm.ne(""))
    };
    let mut old: Vec<Invite> = invites::table
        .filter(named().and(invites::state.eq_any(ENDED)))
        .filter(
            invites::ended_at
                .is_not_null()
                .and(invites::ended_at.lt(before)),
        )
        .order((invites::ended_at, invites::id))
        .limit(most)
        .select(Invite::as_select())
        .load(conn)?;
    // Nobody has decided about these, and there is no end of theirs but the time.
    let waits = invites::state.eq(State::AwaitingApproval);
    let waiting: Vec<Invite> = invites::table
        .filter(named().and(waits).and(invites::expires_at.lt(before)))
        .order((invites::expires_at, invites::id))
        .limit(most)
        .select(Invite::as_select())
        .load(conn)?;
    old.extend(waiting);
    Ok(old)
}

/// Erases what an invite knows of a person. What is counted stays.
pub fn erase(conn: &mut Conn, id: InviteId, now: Time) -> QueryResult<()> {
    diesel::update(invites::table.find(id))
        .set((
            invites::address.eq(ERASED),
            invites::address_norm.eq(ERASED),
            invites::name_norm.eq(""),
            invites::label.eq(""),
            invites::message.eq(""),
            invites::traits.eq(Json(json!({}))),
            invites::metadata_public.eq(Json(json!({}))),
            invites::metadata_admin.eq(Json(json!({}))),
            invites::erased_at.eq(now),
        ))
        .execute(conn)
        .map(drop)
}
