//! Queries on invites and their links.

mod counts;
mod due;
mod funnel;
mod links;
mod list;
mod many;
mod narrow;

pub use counts::{Counts, count_pending, counts};
pub use due::{Maker, erase, over, pending_part, to_erase, to_remind};
pub use funnel::{Funnel, MOST_COUNTED, funnel};
pub use links::{Link, NewLink, find_link, insert_link, invite_of_link, kill_link, kill_links};
pub use list::{count_matching, list, matching};
pub use many::{batches_of, find_all, insert_many, pending_for_all, set_end};
pub use narrow::Filter;

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Application, DeliveryState, Invite, State};
use crate::clock::Time;
use crate::db::Conn;
use crate::db::schema::{invite_acceptances, invite_applications, invite_groups, invites, outbox};
use crate::ids::{GroupId, InviteId, OutboxId, TemplateId, UserId};
use crate::outbox::{State as MailState, Trouble};

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
            invites::address_norm
                .eq(email_norm)
                .and(invites::state.eq(State::Pending)),
        )
        .select(Invite::as_select())
        .load(conn)
}

/// Makes an invite; its groups are set apart.
pub fn insert(conn: &mut Conn, invite: &Invite) -> QueryResult<()> {
    diesel::insert_into(invites::table)
        .values(invite)
        .execute(conn)
        .map(drop)
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

/// Takes one of the places of an invite that is in a state and has one left; the last one ends it. Says where the
/// invite stands now, or nothing when there was no place. This is what makes single use single, under any
/// concurrency.
pub fn take_place(
    conn: &mut Conn,
    id: InviteId,
    from: State,
    now: Time,
) -> QueryResult<Option<State>> {
    let free = invites::table.find(id).filter(
        invites::state
            .eq(from)
            .and(invites::uses.lt(invites::max_uses)),
    );
    let taken = diesel::update(free)
        .set(invites::uses.eq(invites::uses + 1))
        .execute(conn)?;
    if taken == 0 {
        return Ok(None);
    }
    let full = invites::table
        .find(id)
        .filter(invites::uses.eq(invites::max_uses));
    let last = diesel::update(full)
        .set((
            invites::state.eq(State::Accepted),
            invites::accepted_at.eq(now),
        ))
        .execute(conn)?;
    Ok(Some(if last == 1 { State::Accepted } else { from }))
}

/// Moves an invite from one state to another; false when it was no longer in the first.
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
        State::AwaitingApproval => diesel::update(row)
            .set(invites::state.eq(to))
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

/// Notes who joined by an invite.
pub fn join(conn: &mut Conn, id: InviteId, user: UserId, now: Time) -> QueryResult<()> {
    diesel::insert_into(invite_acceptances::table)
        .values((
            invite_acceptances::invite_id.eq(id),
            invite_acceptances::user_id.eq(user),
            invite_acceptances::accepted_at.eq(now),
        ))
        .execute(conn)?;
    let named = invites::table.find(id).filter(invites::address_norm.ne(""));
    diesel::update(named)
        .set(invites::accepted_by.eq(user))
        .execute(conn)
        .map(drop)
}

/// Whether somebody has joined by an invite.
pub fn has_joined(conn: &mut Conn, id: InviteId, user: UserId) -> QueryResult<bool> {
    let row = invite_acceptances::table.find((id, user));
    diesel::select(diesel::dsl::exists(row)).get_result(conn)
}

/// Who has joined by an invite, the last `most` of them, the newest first; and how many there are.
pub fn acceptances(
    conn: &mut Conn,
    id: InviteId,
    most: i64,
) -> QueryResult<(Vec<(UserId, Time)>, i64)> {
    let all = invite_acceptances::table.filter(invite_acceptances::invite_id.eq(id));
    let count = all.count().get_result(conn)?;
    let last = all
        .order((
            invite_acceptances::accepted_at.desc(),
            invite_acceptances::user_id.desc(),
        ))
        .limit(most)
        .select((invite_acceptances::user_id, invite_acceptances::accepted_at))
        .load(conn)?;
    Ok((last, count))
}

/// Writes the changeable parts of an invite back.
pub fn update(conn: &mut Conn, invite: &Invite) -> QueryResult<()> {
    diesel::update(invites::table.find(invite.id))
        .set((
            (
                invites::state.eq(invite.state),
                invites::address.eq(&invite.address),
                invites::address_norm.eq(&invite.address_norm),
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
            invites::created_by.eq(invite.created_by),
            invites::sent_at.eq(invite.sent_at),
            invites::reminded.eq(invite.reminded),
        ))
        .execute(conn)
        .map(drop)
}

/// When the mail server took the mails of an invite, as far as they are kept.
pub fn deliveries(conn: &mut Conn, id: InviteId) -> QueryResult<Vec<Time>> {
    let times: Vec<Option<Time>> = outbox::table
        .filter(outbox::about.eq(id.as_str()))
        .filter(outbox::sent_at.is_not_null())
        .order(outbox::sent_at.desc())
        .limit(MOST_DELIVERIES)
        .select(outbox::sent_at)
        .load(conn)?;
    Ok(times.into_iter().flatten().collect())
}

/// More mails of one invite than anybody reads about.
const MOST_DELIVERIES: i64 = 20;

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

impl MailOfInvite {
    /// Where it is.
    pub fn delivery(&self) -> DeliveryState {
        match self.state {
            MailState::Sent => DeliveryState::Sent,
            MailState::Failed => DeliveryState::Failed,
            MailState::Waiting if self.attempts > 0 => DeliveryState::Deferred,
            MailState::Waiting => DeliveryState::Waiting,
            MailState::Cancelled => DeliveryState::None,
        }
    }

    /// What keeps the mail from leaving, while it waits and once it was given up.
    pub fn trouble(&self) -> Option<Trouble> {
        let is_on_its_way = matches!(self.state, MailState::Waiting | MailState::Failed);
        let error = self.last_error.as_deref().filter(|_| is_on_its_way)?;
        Some(Trouble::read(error))
    }
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

/// Keeps what somebody brings along until it is approved.
pub fn insert_application(
    conn: &mut Conn,
    id: InviteId,
    application: &Application,
    now: Time,
) -> QueryResult<()> {
    diesel::insert_into(invite_applications::table)
        .values((
            invite_applications::invite_id.eq(id),
            invite_applications::user_id.eq(application.user_id),
            invite_applications::display_name.eq(&application.display_name),
            invite_applications::password_hash.eq(&application.password_hash),
            invite_applications::traits.eq(&application.traits),
            invite_applications::terms_version.eq(&application.terms_version),
            invite_applications::address_proved.eq(application.address_proved),
            invite_applications::created_at.eq(now),
        ))
        .execute(conn)
        .map(drop)
}

/// What waits for approval.
pub fn application(conn: &mut Conn, id: InviteId) -> QueryResult<Application> {
    invite_applications::table
        .find(id)
        .select(Application::as_select())
        .first(conn)
}

/// Erases what waited for approval.
pub fn forget_application(conn: &mut Conn, id: InviteId) -> QueryResult<usize> {
    diesel::delete(invite_applications::table.find(id)).execute(conn)
}

/// How many invites a user made with a template since a moment.
pub fn made_since(
    conn: &mut Conn,
    by: UserId,
    template: TemplateId,
    since: Time,
) -> QueryResult<i64> {
    invites::table
        .filter(
            invites::created_by
                .eq(by)
                .and(invites::created_at.gt(since)),
        )
        .filter(invites::template_id.eq(template))
        .count()
        .get_result(conn)
}

/// How many invites of a user and a template wait for an answer.
pub fn waiting_of(
    conn: &mut Conn,
    by: UserId,
    template: TemplateId,
    now: Time,
) -> QueryResult<i64> {
    invites::table
        .filter(
            invites::created_by
                .eq(by)
                .and(invites::state.eq(State::Pending)),
        )
        .filter(
            invites::template_id
                .eq(template)
                .and(invites::expires_at.gt(now)),
        )
        .count()
        .get_result(conn)
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

/// Puts the pending invites that a user made on hold.
pub fn suspend_all_of(
    conn: &mut Conn,
    user: UserId,
    now: Time,
    by: Option<UserId>,
) -> QueryResult<usize> {
    let pending = invites::table
        .filter(invites::created_by.eq(user))
        .filter(invites::state.eq(State::Pending));
    diesel::update(pending)
        .set((
            invites::state.eq(State::Suspended),
            invites::ended_at.eq(now),
            invites::ended_by.eq(by),
        ))
        .execute(conn)
}
