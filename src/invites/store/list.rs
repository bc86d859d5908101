//! The list of invites, and how many there are of each kind.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::clock::Time;
use crate::db::schema::{invite_batch_rows, invite_groups, invites, outbox};
use crate::db::{
    Conn, Cursor, FOUND_AT_ONCE, MultiBackend, Paging, Slice, count_some, fits, prefix_end,
};
use crate::ids::{BatchId, GroupId, InviteId, OutboxId, TemplateId, UserId};
use crate::invites::model::{DeliveryState, Invite, State};
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
    /// Only invites whose last mail is there.
    pub mail: Option<DeliveryState>,
    /// Not the invites whose last mail failed.
    pub but_failed: bool,
}

/// How invites stand, as rows have it. The sweep may not have been there yet: what is over by time counts as expired.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Any,
    In(State),
    Pending,
    Over,
}

/// The standings that a state has; each is a part of the list by itself.
const fn standings(state: Option<State>) -> &'static [Standing] {
    use State::{Accepted, AwaitingApproval, Declined, Expired, Pending, Revoked, Suspended};
    match state {
        None => &[Standing::Any],
        Some(Pending) => &[Standing::Pending],
        // In this order: one that is swept in between is read twice, and not missed.
        Some(Expired) => &[Standing::Over, Standing::In(Expired)],
        Some(Accepted) => &[Standing::In(Accepted)],
        Some(AwaitingApproval) => &[Standing::In(AwaitingApproval)],
        Some(Declined) => &[Standing::In(Declined)],
        Some(Revoked) => &[Standing::In(Revoked)],
        Some(Suspended) => &[Standing::In(Suspended)],
    }
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

/// What the rows of mails are like that are there. What has no such row has no mail.
const fn mails_like(mail: DeliveryState) -> &'static str {
    match mail {
        DeliveryState::None => "outbox.state <> 'cancelled'",
        DeliveryState::Waiting => "outbox.state = 'waiting' AND outbox.attempts = 0",
        DeliveryState::Sent => "outbox.state = 'sent'",
        DeliveryState::Deferred => "outbox.state = 'waiting' AND outbox.attempts > 0",
        DeliveryState::Failed => "outbox.state = 'failed'",
    }
}

/// Whether an invite has such a mail, asked of each row as a value: PostgreSQL would join what it may, and sort.
fn has_mail(like: &str, has: bool) -> SqlLiteral<Bool> {
    let not = if has { "NOT " } else { "" };
    sql(&format!(
        "(SELECT 1 FROM outbox WHERE outbox.id = invites.mail_id AND {like}) IS {not}NULL"
    ))
}

/// The invites whose last mail is there, when few mails are.
fn mailed(conn: &mut Conn, mail: DeliveryState) -> QueryResult<Option<Vec<InviteId>>> {
    let mails = outbox::table
        .filter(sql::<Bool>(mails_like(mail)))
        .select(outbox::id)
        .limit(FOUND_AT_ONCE + 1);
    let found: Vec<OutboxId> = match mail {
        DeliveryState::None => return Ok(None),
        DeliveryState::Waiting | DeliveryState::Deferred => {
            mails.order((outbox::attempts, outbox::id)).load(conn)?
        }
        DeliveryState::Sent | DeliveryState::Failed => mails
            .order((outbox::created_at.desc(), outbox::id.desc()))
            .load(conn)?,
    };
    if !fits(&found) {
        return Ok(None);
    }
    let of_mails = invites::table.filter(invites::mail_id.eq_any(found));
    of_mails.select(invites::id).load(conn).map(Some)
}

/// All invites that one part of a filter leaves, when they are few: they are sorted. When each part leaves many, the
/// list is walked in its order, where some of them are met soon.
fn few(
    conn: &mut Conn,
    filter: &Filter,
    standing: Standing,
    now: Time,
) -> QueryResult<Option<Vec<InviteId>>> {
    if let Ok(id) = filter.q.parse::<InviteId>() {
        return Ok(Some(vec![id]));
    }
    if !filter.q.is_empty() {
        let start = normal(&filter.q);
        let found = called(conn, &start, &prefix_end(&start))?;
        if fits(&found) {
            return Ok(Some(found));
        }
    }
    if let Some(group) = filter.group {
        let into = invite_groups::table.filter(invite_groups::group_id.eq(group));
        let found: Vec<InviteId> = into
            .order(invite_groups::invite_id)
            .limit(FOUND_AT_ONCE + 1)
            .select(invite_groups::invite_id)
            .load(conn)?;
        if fits(&found) {
            return Ok(Some(found));
        }
    }
    if let Some(mail) = filter.mail
        && let Some(found) = mailed(conn, mail)?
    {
        return Ok(Some(found));
    }
    if standing == Standing::Over {
        let found: Vec<InviteId> = invites::table
            .filter(invites::state.eq(State::Pending))
            .filter(invites::expires_at.le(now))
            .order((invites::expires_at, invites::id))
            .limit(FOUND_AT_ONCE + 1)
            .select(invites::id)
            .load(conn)?;
        return Ok(fits(&found).then_some(found));
    }
    Ok(None)
}

/// The invites of a standing that a filter leaves. But for what leads to the rows, no condition is written as an index
/// could take it: either the few are found and sorted, or the list is walked by an index that has its order.
fn narrowed(
    conn: &mut Conn,
    filter: &Filter,
    standing: Standing,
    now: Time,
) -> QueryResult<invites::BoxedQuery<'static, MultiBackend>> {
    let mut query = invites::table.into_boxed::<MultiBackend>();
    let few = few(conn, filter, standing, now)?;
    let is_walked = few.is_none() && filter.batch.is_none();
    macro_rules! lead {
        ($condition:expr) => {
            query = if is_walked {
                query.filter($condition)
            } else {
                query.filter($condition.eq(true))
            }
        };
    }
    if let Some(few) = few {
        query = query.filter(invites::id.eq_any(few));
    }
    if !filter.q.is_empty() && filter.q.parse::<InviteId>().is_err() {
        let start = normal(&filter.q);
        let end = prefix_end(&start);
        let email = || invites::address_norm.concat("");
        let name = || invites::name_norm.concat("");
        query = query.filter(
            email()
                .ge(start.clone())
                .and(email().lt(end.clone()))
                .or(name().ge(start).and(name().lt(end))),
        );
    }
    match standing {
        Standing::Any => {}
        Standing::In(state) => lead!(invites::state.eq(state)),
        Standing::Pending => {
            lead!(invites::state.eq(State::Pending));
            query = query.filter(invites::expires_at.gt(now).eq(true));
        }
        Standing::Over => {
            lead!(invites::state.eq(State::Pending));
            query = query.filter(invites::expires_at.le(now).eq(true));
        }
    }
    if let Some(template) = filter.template {
        lead!(invites::template_id.eq(template));
    }
    if let Some(by) = filter.invited_by {
        lead!(invites::created_by.eq(by));
    }
    if let Some(batch) = filter.batch {
        // No batch has more than can be sorted.
        let of_batch = invite_batch_rows::table.filter(invite_batch_rows::batch_id.eq(batch));
        let ids = of_batch.select(invite_batch_rows::invite_id.assume_not_null());
        query = query.filter(invites::id.eq_any(ids));
    }
    // As a value, see `has_mail`.
    if let Some(group) = filter.group {
        let into = invite_groups::table
            .filter(invite_groups::invite_id.eq(invites::id))
            .filter(invite_groups::group_id.eq(group));
        let into = into.select(invite_groups::group_id).single_value();
        query = query.filter(into.is_not_null());
    }
    if let Some(mail) = filter.mail {
        query = query.filter(has_mail(mails_like(mail), mail != DeliveryState::None));
    }
    if filter.but_failed {
        query = query.filter(has_mail(mails_like(DeliveryState::Failed), false));
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
    let mut found: Vec<(Time, InviteId)> = Vec::new();
    for standing in standings(filter.state) {
        let part: Vec<(Time, InviteId)> = narrowed(conn, filter, *standing, now)?
            .order((invites::created_at.desc(), invites::id.desc()))
            .limit(most)
            .select((invites::created_at, invites::id))
            .load(conn)?;
        found.extend(part);
    }
    found.sort_by(|a, b| (b.0, b.1.as_str()).cmp(&(a.0, a.1.as_str())));
    found.dedup();
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

/// A part of the list of invites, newest first.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    paging: &Paging,
    now: Time,
) -> QueryResult<Slice<Invite>> {
    let mut rows: Vec<Invite> = Vec::new();
    for standing in standings(filter.state) {
        let mut query = narrowed(conn, filter, *standing, now)?
            .select(Invite::as_select())
            .limit(paging.fetch());
        if let Some(beyond) = paging.beyond("(invites.created_at, invites.id)") {
            query = query.filter(beyond);
        }
        query = if paging.newer {
            query.order((invites::created_at.asc(), invites::id.asc()))
        } else {
            query.order((invites::created_at.desc(), invites::id.desc()))
        };
        rows.extend(query.load(conn)?);
    }
    rows.sort_by(|a, b| {
        let order = (a.created_at, a.id.as_str()).cmp(&(b.created_at, b.id.as_str()));
        if paging.newer { order } else { order.reverse() }
    });
    rows.dedup_by_key(|invite| invite.id);
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
