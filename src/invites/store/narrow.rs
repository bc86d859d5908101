//! What a list of invites is narrowed to, and how its rows are met.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::clock::Time;
use crate::db::schema::{invite_batch_rows, invite_groups, invites, outbox};
use crate::db::{Conn, FOUND_AT_ONCE, MultiBackend, fits, prefix_end};
use crate::ids::{BatchId, GroupId, InviteId, OutboxId, TemplateId, UserId};
use crate::invites::model::{DeliveryState, State};
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
pub(super) enum Standing {
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

/// How many parts of a filter lead to rows in the order of the list, each by an index of its own.
fn leads(filter: &Filter, standing: Standing) -> usize {
    let leads = [
        standing != Standing::Any,
        filter.template.is_some(),
        filter.invited_by.is_some(),
    ];
    leads.into_iter().filter(|leads| *leads).count()
}

/// The invites of a template, or of a maker, when they are few.
fn few_of(
    conn: &mut Conn,
    template: Option<TemplateId>,
    by: Option<UserId>,
) -> QueryResult<Option<Vec<InviteId>>> {
    let all = invites::table.into_boxed::<MultiBackend>();
    let all = match (template, by) {
        (Some(template), _) => all.filter(invites::template_id.eq(template)),
        (None, Some(by)) => all.filter(invites::created_by.eq(by)),
        (None, None) => return Ok(None),
    };
    let found: Vec<InviteId> = all
        .order((invites::created_at.desc(), invites::id.desc()))
        .limit(FOUND_AT_ONCE + 1)
        .select(invites::id)
        .load(conn)?;
    Ok(fits(&found).then_some(found))
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
    if leads(filter, standing) > 1 {
        // Each leads to rows by an index of its own, and one of them may lead to few.
        for (template, by) in [(filter.template, None), (None, filter.invited_by)] {
            if let Some(found) = few_of(conn, template, by)? {
                return Ok(Some(found));
            }
        }
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

/// A part of the list: the invites of a standing, with the few that a filter leaves, when they are.
pub(super) struct Part {
    pub(super) standing: Standing,
    few: Option<Vec<InviteId>>,
}

impl Part {
    pub(super) fn all(conn: &mut Conn, filter: &Filter, now: Time) -> QueryResult<Vec<Self>> {
        let parts = standings(filter.state).iter().map(|standing| {
            Ok(Self {
                standing: *standing,
                few: few(conn, filter, *standing, now)?,
            })
        });
        parts.collect()
    }

    /// Whether its rows are met one after the other, in their order. No batch has more than can be sorted.
    fn is_walked(&self, filter: &Filter) -> bool {
        self.few.is_none() && filter.batch.is_none()
    }

    /// Whether rows that are met may not fit: more is asked of them than what leads to them tells.
    pub(super) fn is_searched(&self, filter: &Filter) -> bool {
        let asks = !filter.q.is_empty()
            || filter.group.is_some()
            || filter.mail.is_some()
            || filter.but_failed;
        self.is_walked(filter) && (asks || leads(filter, self.standing) > 1)
    }
}

/// The invites of a part that a filter leaves. But for what leads to the rows, no condition is written as an index
/// could take it: either the few are found and sorted, or the list is walked by an index that has its order.
pub(super) fn narrowed(
    filter: &Filter,
    part: &Part,
    now: Time,
) -> invites::BoxedQuery<'static, MultiBackend> {
    let mut query = invites::table.into_boxed::<MultiBackend>();
    let mut is_led = !part.is_walked(filter);
    macro_rules! lead {
        ($condition:expr) => {
            query = if std::mem::replace(&mut is_led, true) {
                query.filter($condition.eq(true))
            } else {
                query.filter($condition)
            }
        };
    }
    if let Some(few) = &part.few {
        query = query.filter(invites::id.eq_any(few.clone()));
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
    match part.standing {
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
    let _ = is_led;
    query
}
