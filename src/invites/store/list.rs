//! The list of invites, and how many there are of each kind.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::clock::Time;
use crate::db::schema::{invite_batch_rows, invite_groups, invites, outbox};
use crate::db::{
    Conn, Cursor, FOUND_AT_ONCE, MultiBackend, Paging, Slice, count_some, fits, prefix_end,
};
use crate::ids::{BatchId, GroupId, InviteId, TemplateId, UserId};
use crate::invites::model::{Invite, State};
use crate::outbox::State as MailState;
use crate::users::model::normal;

/// What a list of invites is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A whole id, or the beginning of an address or a name.
    pub q: String,
    /// Only invites that stand so now.
    pub state: Option<State>,
    /// Only invites into this group.
    pub group: Option<GroupId>,
    /// Only invites from this template.
    pub template: Option<TemplateId>,
    /// Only invites of this batch.
    pub batch: Option<BatchId>,
    /// Only invites that this user made.
    pub invited_by: Option<UserId>,
    /// Only invites whose last mail is in this state.
    pub mail: Option<MailState>,
    /// Not the invites whose last mail is in this state.
    pub but_mail: Option<MailState>,
}

/// The ids of invites whose address or name lies from `start` to before `end`; no more of either than
/// [`FOUND_AT_ONCE`] and one.
fn called(conn: &mut Conn, start: &str, end: &str) -> QueryResult<Vec<InviteId>> {
    let emails = invites::address_norm
        .ge(start)
        .and(invites::address_norm.lt(end));
    let names = invites::name_norm.ge(start).and(invites::name_norm.lt(end));
    let ids = invites::table.select(invites::id).limit(FOUND_AT_ONCE + 1);
    let mut found: Vec<InviteId> = ids.filter(emails).load(conn)?;
    if fits(&found) {
        found.extend(ids.filter(names).load::<InviteId>(conn)?);
    }
    Ok(found)
}

/// The invites that a filter leaves.
fn narrowed(
    conn: &mut Conn,
    filter: &Filter,
    now: Time,
) -> QueryResult<invites::BoxedQuery<'static, MultiBackend>> {
    let mut query = invites::table.into_boxed::<MultiBackend>();
    if let Ok(id) = filter.q.parse::<InviteId>() {
        query = query.filter(invites::id.eq(id));
    } else if !filter.q.is_empty() {
        let start = normal(&filter.q);
        let end = prefix_end(&start);
        let found = called(conn, &start, &end)?;
        query = if fits(&found) {
            query.filter(invites::id.eq_any(found))
        } else {
            // Joined to nothing, so that no index of them is taken: the list is walked in its order.
            let email = || invites::address_norm.concat("");
            let name = || invites::name_norm.concat("");
            query.filter(
                email()
                    .ge(start.clone())
                    .and(email().lt(end.clone()))
                    .or(name().ge(start).and(name().lt(end))),
            )
        };
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
    if let Some(template) = filter.template {
        query = query.filter(invites::template_id.eq(template));
    }
    if let Some(batch) = filter.batch {
        let of_batch = invite_batch_rows::table.filter(invite_batch_rows::batch_id.eq(batch));
        let ids = of_batch.select(invite_batch_rows::invite_id.assume_not_null());
        query = query.filter(invites::id.eq_any(ids));
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
    if let Some(mail) = filter.but_mail {
        let mails = outbox::table
            .filter(outbox::id.nullable().eq(invites::mail_id))
            .filter(outbox::state.eq(mail));
        query = query.filter(not(exists(mails)));
    }
    Ok(query)
}

/// The newest ids that a filter leaves.
pub fn matching(
    conn: &mut Conn,
    filter: &Filter,
    now: Time,
    most: i64,
) -> QueryResult<Vec<InviteId>> {
    narrowed(conn, filter, now)?
        .order((invites::created_at.desc(), invites::id.desc()))
        .limit(most)
        .select(invites::id)
        .load(conn)
}

/// A part of the list of invites, newest first.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    paging: &Paging,
    now: Time,
) -> QueryResult<Slice<Invite>> {
    let mut query = narrowed(conn, filter, now)?
        .select(Invite::as_select())
        .limit(paging.fetch());
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

/// Pending invites, up to 1,001, without those whose mail failed: they are counted apart.
pub fn count_pending(conn: &mut Conn, now: Time) -> QueryResult<i64> {
    count_some(
        conn,
        "SELECT 1 FROM invites WHERE state = 'pending' AND expires_at > $1 AND NOT EXISTS \
         (SELECT 1 FROM outbox WHERE outbox.id = invites.mail_id AND outbox.state = 'failed')",
        now,
    )
}

/// Invites in the tabs of the list, up to 1,001 each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Pending, and no mail failed.
    pub pending: i64,
    /// Pending, and the mail failed.
    pub not_delivered: i64,
    /// Over by time.
    pub expired: i64,
    /// Accepted.
    pub accepted: i64,
    /// Declined.
    pub declined: i64,
    /// Revoked.
    pub revoked: i64,
    /// On hold.
    pub on_hold: i64,
    /// Accepted, and an administrator has to approve.
    pub to_approve: i64,
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
        declined: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'declined' AND created_at <= $1",
            now,
        )?,
        revoked: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'revoked' AND created_at <= $1",
            now,
        )?,
        on_hold: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'suspended' AND created_at <= $1",
            now,
        )?,
        to_approve: count_some(
            conn,
            "SELECT 1 FROM invites WHERE state = 'awaiting_approval' AND created_at <= $1",
            now,
        )?,
        all: count_some(conn, "SELECT 1 FROM invites WHERE created_at <= $1", now)?,
    })
}
