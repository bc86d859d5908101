//! Queries on many invites at once.

use std::collections::HashMap;

use diesel::prelude::*;

use super::NewLink;
use crate::db::schema::{invite_batch_rows, invites};
use crate::db::{Among, Conn, insert_all};
use crate::ids::{BatchId, GroupId, InviteId};
use crate::invites::model::{Invite, State};

crate::bulk_row!(
    &Invite, "invites",
    id: Text, state: Text, address: Text, address_norm: Text, name_norm: Text, delivery: Text, role: Text,
    schema_id: Text, traits: Js, metadata_public: Js, metadata_admin: Js, label: Text, message: Text,
    locale: Text, redirect_url: Nullable<Text>, lifetime_seconds: BigInt, expires_at: Ts, created_at: Ts,
    created_by: Nullable<Text>, ended_at: Nullable<Ts>, ended_by: Nullable<Text>, accepted_at: Nullable<Ts>,
    accepted_by: Nullable<Text>, mail_id: Nullable<Text>, template_id: Text, matching: Text, domains: Js,
    max_uses: Integer, uses: Integer, sent_at: Nullable<Ts>, reminded: Integer, erased_at: Nullable<Ts>,
);

struct InGroup {
    invite_id: InviteId,
    group_id: GroupId,
}

crate::bulk_row!(InGroup, "invite_groups", invite_id: Text, group_id: Text);

/// Makes invites with their groups and links.
pub fn insert_many(
    conn: &mut Conn,
    made: &[&Invite],
    groups: &[(InviteId, GroupId)],
    links: &[&NewLink],
) -> QueryResult<()> {
    insert_all(conn, made)?;
    let groups: Vec<InGroup> = groups
        .iter()
        .map(|(invite_id, group_id)| InGroup {
            invite_id: *invite_id,
            group_id: *group_id,
        })
        .collect();
    insert_all(conn, &groups)?;
    insert_all(conn, links)
}

/// The pending invites for these addresses, whether or not their time is over.
pub fn pending_for_all(conn: &mut Conn, norms: &[&str]) -> QueryResult<Vec<Invite>> {
    invites::table
        .filter(
            invites::address_norm
                .eq_any(norms)
                .and(invites::state.eq(State::Pending)),
        )
        .select(Invite::as_select())
        .load(conn)
}

/// The invites of ids; one that there is not is not in the map.
pub fn find_all(conn: &mut Conn, ids: &[InviteId]) -> QueryResult<HashMap<InviteId, Invite>> {
    let rows: Vec<Invite> = invites::table
        .filter(Among(invites::id, ids))
        .select(Invite::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// Writes back when an invite ends, and who answers for that.
pub fn set_end(conn: &mut Conn, invite: &Invite) -> QueryResult<()> {
    diesel::update(invites::table.find(invite.id))
        .set((
            invites::lifetime_seconds.eq(invite.lifetime_seconds),
            invites::expires_at.eq(invite.expires_at),
            invites::reminded.eq(invite.reminded),
            invites::created_by.eq(invite.created_by),
        ))
        .execute(conn)
        .map(drop)
}

/// The batches that invites were made in; one that was made by itself is not in the map.
pub fn batches_of(conn: &mut Conn, ids: &[InviteId]) -> QueryResult<HashMap<InviteId, BatchId>> {
    let rows: Vec<(Option<InviteId>, BatchId)> = invite_batch_rows::table
        .filter(invite_batch_rows::invite_id.eq_any(ids))
        .select((invite_batch_rows::invite_id, invite_batch_rows::batch_id))
        .load(conn)?;
    let tied = rows.into_iter();
    Ok(tied.filter_map(|(id, batch)| Some((id?, batch))).collect())
}
