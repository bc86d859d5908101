//! Queries on invites and their links.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Invite, State};
use crate::access::Role;
use crate::clock::Time;
use crate::db::schema::{invite_groups, invite_links, invites, outbox, users};
use crate::db::{Conn, Cursor, MultiBackend, Paging, Slice, count_some, prefix_end};
use crate::ids::{GroupId, InviteId, InviteLinkId, OutboxId, UserId};
use crate::outbox::State as MailState;
use crate::secret::SecretDigest;
use crate::users::model::{Status, normal};

/// What a list of invites is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A whole id, or the beginning of an address or a name.
    pub q: String,
    /// Only invites that stand so now.
    pub state: Option<State>,
    /// Only invites into this group.
    pub group: Option<GroupId>,
    /// Only invites that this user made.
    pub invited_by: Option<UserId>,
    /// Only invites whose last mail is in this state.
    pub mail: Option<MailState>,
}

/// A link of an invite.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = invite_links)]
pub struct Link {
    /// Its id.
    pub id: InviteLinkId,
    /// The invite.
    pub invite_id: InviteId,
    /// It was shown to a person, so it proves nothing about the mailbox.
    pub shown: bool,
    /// When it was killed.
    pub dead_at: Option<Time>,
}

/// The invite of an id.
pub fn find(conn: &mut Conn, id: InviteId) -> QueryResult<Invite> {
    invites::table
        .find(id)
        .select(Invite::as_select())
        .first(conn)
}

/// The pending invites for an address, whether or not their time is over.
pub fn pending_for(conn: &mut Conn, email_norm: &str) -> QueryResult<Vec<Invite>> {
    invites::table
        .filter(
            invites::email_norm
                .eq(email_norm)
                .and(invites::state.eq(State::Pending)),
        )
        .select(Invite::as_select())
        .load(conn)
}

/// Makes an invite with its groups.
pub fn insert(conn: &mut Conn, invite: &Invite, groups: &[GroupId]) -> QueryResult<()> {
    diesel::insert_into(invites::table)
        .values(invite)
        .execute(conn)?;
    set_groups(conn, invite.id, groups)
}

/// Sets the groups of an invite.
pub fn set_groups(conn: &mut Conn, id: InviteId, groups: &[GroupId]) -> QueryResult<()> {
    diesel::delete(invite_groups::table.filter(invite_groups::invite_id.eq(id))).execute(conn)?;
    for group in groups {
        diesel::insert_into(invite_groups::table)
            .values((
                invite_groups::invite_id.eq(id),
                invite_groups::group_id.eq(group),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The groups of an invite.
pub fn groups(conn: &mut Conn, id: InviteId) -> QueryResult<Vec<GroupId>> {
    invite_groups::table
        .filter(invite_groups::invite_id.eq(id))
        .order(invite_groups::group_id)
        .select(invite_groups::group_id)
        .load(conn)
}

/// The groups of many invites.
pub fn groups_of(
    conn: &mut Conn,
    ids: &[InviteId],
) -> QueryResult<HashMap<InviteId, Vec<GroupId>>> {
    let rows: Vec<(InviteId, GroupId)> = invite_groups::table
        .filter(invite_groups::invite_id.eq_any(ids))
        .order((invite_groups::invite_id, invite_groups::group_id))
        .select((invite_groups::invite_id, invite_groups::group_id))
        .load(conn)?;
    let mut groups: HashMap<InviteId, Vec<GroupId>> = HashMap::new();
    for (invite, group) in rows {
        groups.entry(invite).or_default().push(group);
    }
    Ok(groups)
}

/// Moves an invite from one state to another; false when it was no longer in the first. This is what
/// makes single use single, under any concurrency.
pub fn turn(
    conn: &mut Conn,
    id: InviteId,
    from: State,
    to: State,
    now: Time,
    by: Option<UserId>,
) -> QueryResult<bool> {
    let row = invites::table.find(id).filter(invites::state.eq(from));
    let changed = match to {
        State::Accepted => diesel::update(row)
            .set((invites::state.eq(to), invites::accepted_at.eq(now)))
            .execute(conn)?,
        _ => diesel::update(row)
            .set((
                invites::state.eq(to),
                invites::ended_at.eq(now),
                invites::ended_by.eq(by),
            ))
            .execute(conn)?,
    };
    Ok(changed == 1)
}

/// Notes who accepted.
pub fn set_accepted_by(conn: &mut Conn, id: InviteId, user: UserId) -> QueryResult<()> {
    diesel::update(invites::table.find(id))
        .set(invites::accepted_by.eq(user))
        .execute(conn)
        .map(drop)
}

/// Writes the changeable parts of an invite back.
pub fn update(conn: &mut Conn, invite: &Invite) -> QueryResult<()> {
    diesel::update(invites::table.find(invite.id))
        .set((
            (
                invites::state.eq(invite.state),
                invites::email.eq(&invite.email),
                invites::email_norm.eq(&invite.email_norm),
                invites::name_norm.eq(&invite.name_norm),
                invites::role.eq(invite.role),
                invites::traits.eq(&invite.traits),
                invites::metadata_public.eq(&invite.metadata_public),
                invites::metadata_admin.eq(&invite.metadata_admin),
            ),
            invites::label.eq(&invite.label),
            invites::message.eq(&invite.message),
            invites::delivery.eq(invite.delivery),
            invites::lifetime_seconds.eq(invite.lifetime_seconds),
            invites::expires_at.eq(invite.expires_at),
            invites::ended_at.eq(invite.ended_at),
            invites::ended_by.eq(invite.ended_by),
            invites::mail_id.eq(invite.mail_id),
        ))
        .execute(conn)
        .map(drop)
}

/// Adds a link.
pub fn insert_link(
    conn: &mut Conn,
    invite: InviteId,
    digest: &SecretDigest,
    shown: bool,
    now: Time,
) -> QueryResult<()> {
    diesel::insert_into(invite_links::table)
        .values((
            invite_links::id.eq(InviteLinkId::new(now)),
            invite_links::invite_id.eq(invite),
            invite_links::digest.eq(digest),
            invite_links::shown.eq(shown),
            invite_links::created_at.eq(now),
        ))
        .execute(conn)
        .map(drop)
}

/// The link with a digest.
pub fn find_link(conn: &mut Conn, digest: &SecretDigest) -> QueryResult<Option<Link>> {
    invite_links::table
        .filter(invite_links::digest.eq(digest))
        .select(Link::as_select())
        .first(conn)
        .optional()
}

/// Kills every live link of an invite.
pub fn kill_links(conn: &mut Conn, invite: InviteId, now: Time) -> QueryResult<usize> {
    diesel::update(
        invite_links::table.filter(
            invite_links::invite_id
                .eq(invite)
                .and(invite_links::dead_at.is_null()),
        ),
    )
    .set(invite_links::dead_at.eq(now))
    .execute(conn)
}

/// Kills the live links of an invite that were shown to a person.
pub fn kill_shown_links(conn: &mut Conn, invite: InviteId, now: Time) -> QueryResult<usize> {
    let live = invite_links::table.filter(
        invite_links::invite_id
            .eq(invite)
            .and(invite_links::dead_at.is_null()),
    );
    diesel::update(live.filter(invite_links::shown))
        .set(invite_links::dead_at.eq(now))
        .execute(conn)
}

/// How the last mail of an invite fares.
#[derive(Clone, Debug, Queryable)]
pub struct MailOfInvite {
    /// The mail.
    pub id: OutboxId,
    /// Its state.
    pub state: MailState,
    /// Tries so far.
    pub attempts: i32,
    /// What the mail server said last.
    pub last_error: Option<String>,
    /// When it was taken.
    pub sent_at: Option<Time>,
}

/// The last mails of invites.
pub fn mails(conn: &mut Conn, ids: &[OutboxId]) -> QueryResult<HashMap<OutboxId, MailOfInvite>> {
    let rows: Vec<MailOfInvite> = outbox::table
        .filter(outbox::id.eq_any(ids))
        .select((
            outbox::id,
            outbox::state,
            outbox::attempts,
            outbox::last_error,
            outbox::sent_at,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// A part of the list of invites, newest first.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    paging: &Paging,
    now: Time,
) -> QueryResult<Slice<Invite>> {
    let mut query = invites::table
        .select(Invite::as_select())
        .limit(paging.fetch())
        .into_boxed::<MultiBackend>();
    if let Ok(id) = filter.q.parse::<InviteId>() {
        query = query.filter(invites::id.eq(id));
    } else if !filter.q.is_empty() {
        let start = normal(&filter.q);
        let end = prefix_end(&start);
        query = query.filter(
            invites::email_norm
                .ge(start.clone())
                .and(invites::email_norm.lt(end.clone()))
                .or(invites::name_norm.ge(start).and(invites::name_norm.lt(end))),
        );
    }
    // The sweep may not have been there yet: what is over by time counts as expired.
    query = match filter.state {
        Some(State::Pending) => query.filter(
            invites::state
                .eq(State::Pending)
                .and(invites::expires_at.gt(now)),
        ),
        Some(State::Expired) => query.filter(
            invites::state.eq(State::Expired).or(invites::state
                .eq(State::Pending)
                .and(invites::expires_at.le(now))),
        ),
        Some(state) => query.filter(invites::state.eq(state)),
        None => query,
    };
    if let Some(group) = filter.group {
        let into = invite_groups::table.filter(invite_groups::group_id.eq(group));
        query = query.filter(invites::id.eq_any(into.select(invite_groups::invite_id)));
    }
    if let Some(by) = filter.invited_by {
        query = query.filter(invites::created_by.eq(by));
    }
    if let Some(mail) = filter.mail {
        let mails = outbox::table
            .filter(outbox::state.eq(mail))
            .select(outbox::id.nullable());
        query = query.filter(invites::mail_id.eq_any(mails));
    }
    if let Some(beyond) = paging.beyond("(invites.created_at, invites.id)") {
        query = query.filter(beyond);
    }
    let rows = if paging.newer {
        query
            .order((invites::created_at.asc(), invites::id.asc()))
            .load(conn)?
    } else {
        query
            .order((invites::created_at.desc(), invites::id.desc()))
            .load(conn)?
    };
    Ok(paging.slice(rows, |invite: &Invite| Cursor {
        time: invite.created_at,
        id: invite.id.to_string(),
    }))
}

/// Pending invites, up to 1,001.
pub fn count_pending(conn: &mut Conn, now: Time) -> QueryResult<i64> {
    count_some(
        conn,
        "SELECT 1 FROM invites WHERE state = 'pending' AND expires_at > $1",
        now,
    )
}

/// Invites in the tabs of the list, up to 1,001 each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Pending.
    pub pending: i64,
    /// Pending, and the mail failed.
    pub not_delivered: i64,
    /// Over by time.
    pub expired: i64,
    /// Accepted.
    pub accepted: i64,
    /// Revoked.
    pub revoked: i64,
    /// All of them.
    pub all: i64,
}

/// Counts for the tabs of the list.
pub fn counts(conn: &mut Conn, now: Time) -> QueryResult<Counts> {
    Ok(Counts {
        pending: count_pending(conn, now)?,
        not_delivered: count_some(
            conn,
            "SELECT 1 FROM outbox JOIN invites ON invites.mail_id = outbox.id \
             WHERE outbox.state = 'failed' AND invites.state = 'pending' AND invites.expires_at > $1",
            now,
        )?,
        expired: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'expired' OR (state = 'pending' AND expires_at <= $1)",
            now,
        )?,
        accepted: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'accepted' AND created_at <= $1",
            now,
        )?,
        revoked: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'revoked' AND created_at <= $1",
            now,
        )?,
        all: count_some(conn, "SELECT 1 FROM invites WHERE created_at <= $1", now)?,
    })
}

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

/// Pending invites whose maker may no longer grant what they grant, for the sweep. The rule is
/// [`super::landing::inviter_may`]'s; administrators may give any group.
pub fn beyond_maker(conn: &mut Conn, most: i64) -> QueryResult<Vec<Invite>> {
    let may = users::status.eq(Status::Active).and(
        users::role.eq(Role::Owner).or(users::role
            .eq(Role::Admin)
            .and(invites::role.ne(Role::Owner))),
    );
    invites::table
        .inner_join(users::table.on(invites::created_by.eq(users::id.nullable())))
        .filter(invites::state.eq(State::Pending))
        .filter(diesel::dsl::not(may))
        .order(invites::id)
        .limit(most)
        .select(Invite::as_select())
        .load(conn)
}

/// The pending invites that a user made.
pub fn pending_of(conn: &mut Conn, user: UserId) -> QueryResult<Vec<InviteId>> {
    invites::table
        .filter(
            invites::created_by
                .eq(user)
                .and(invites::state.eq(State::Pending)),
        )
        .select(invites::id)
        .load(conn)
}

/// Invites on hold, up to 1,001.
pub fn count_suspended(conn: &mut Conn, now: Time) -> QueryResult<i64> {
    count_some(
        conn,
        "SELECT 1 FROM invites WHERE state = 'suspended' AND created_at <= $1",
        now,
    )
}
