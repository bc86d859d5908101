//! Queries on the outbox.

use diesel::define_sql_function;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::model::{Channel, OutboxMail, State};
use crate::clock::Time;
use crate::db::schema::outbox;
use crate::db::{
    Among, Conn, Cursor, FOUND_AT_ONCE, MultiBackend, Paging, Slice, count_some, fits, prefix_end,
};
use crate::ids::OutboxId;

define_sql_function! {
    /// Small letters, of ASCII at least.
    fn lower(text: Text) -> Text;
}

/// What a list of mails is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only mails in this state.
    pub state: Option<State>,
    /// Only mails to addresses that start so.
    pub to: String,
}

/// A mail that a worker has claimed.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub(super) struct Claimed {
    pub(super) id: OutboxId,
    pub(super) kind: String,
    pub(super) about: Option<String>,
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) body: Option<Vec<u8>>,
    pub(super) attempts: i32,
    pub(super) fence: i64,
    pub(super) created_at: Time,
}

/// A new row, due at once.
pub(super) struct NewMail {
    pub(super) id: OutboxId,
    pub(super) channel: Channel,
    pub(super) kind: &'static str,
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) about: Option<String>,
    pub(super) body: Vec<u8>,
    pub(super) state: State,
    pub(super) attempts: i32,
    pub(super) next_attempt_at: Time,
    pub(super) fence: i64,
    pub(super) created_at: Time,
    pub(super) urgent: bool,
}

crate::bulk_row!(
    &NewMail, "outbox",
    id: Text, channel: Text, kind: Text, recipient: Text, subject: Text, about: Nullable<Text>, body: Binary,
    state: Text, attempts: Integer, next_attempt_at: Ts, fence: BigInt, created_at: Ts, urgent: Bool,
);

pub(super) fn find(conn: &mut Conn, id: OutboxId) -> QueryResult<OutboxMail> {
    outbox::table
        .find(id)
        .select(OutboxMail::as_select())
        .first(conn)
}

/// The sealed text of a mail; `None` once it is erased.
pub(super) fn body(conn: &mut Conn, id: OutboxId) -> QueryResult<Option<Vec<u8>>> {
    outbox::table.find(id).select(outbox::body).first(conn)
}

/// Where a mail stands.
///
/// # Errors
/// `NotFound` for an id that there is not.
pub fn state_of(conn: &mut Conn, id: OutboxId) -> QueryResult<State> {
    outbox::table.find(id).select(outbox::state).first(conn)
}

/// How many mails failed, counted up to [`crate::db::COUNT_LIMIT`] + 1. `now` is the present time.
///
/// # Errors
/// When the database refuses.
pub fn count_failed(conn: &mut Conn, now: Time) -> QueryResult<i64> {
    count_some(
        conn,
        "SELECT 1 FROM outbox WHERE state = 'failed' AND created_at <= $1",
        now,
    )
}

/// How many mails wait, counted as in [`count_failed`].
///
/// # Errors
/// When the database refuses.
pub fn count_waiting(conn: &mut Conn, now: Time) -> QueryResult<i64> {
    count_some(
        conn,
        "SELECT 1 FROM outbox WHERE state = 'waiting' AND created_at <= $1",
        now,
    )
}

/// Whether text messages wait.
pub(super) fn any_sms_waits(conn: &mut Conn) -> QueryResult<bool> {
    let waiting = outbox::table
        .filter(sql::<Bool>("outbox.state = 'waiting'"))
        .filter(outbox::channel.eq(Channel::Sms));
    let found: Option<OutboxId> = waiting.select(outbox::id).first(conn).optional()?;
    Ok(found.is_some())
}

/// How many mails were sent, counted as in [`count_failed`].
pub(super) fn count_sent(conn: &mut Conn, now: Time) -> QueryResult<i64> {
    count_some(
        conn,
        "SELECT 1 FROM outbox WHERE state = 'sent' AND created_at <= $1",
        now,
    )
}

/// To whom messages of a kind went, or will go, since a moment: one of these addresses, in lower case, for each.
pub(super) fn sent_to(
    conn: &mut Conn,
    kind: &str,
    to: &[&str],
    since: Time,
) -> QueryResult<Vec<String>> {
    let counts = outbox::kind
        .eq(kind)
        .and(outbox::state.ne(State::Cancelled));
    outbox::table
        .filter(lower(outbox::recipient).eq_any(to).and(counts))
        .filter(outbox::created_at.gt(since))
        .select(lower(outbox::recipient))
        .load(conn)
}

/// A part of the list, newest first.
///
/// # Errors
/// When the database refuses.
pub fn list(conn: &mut Conn, filter: &Filter, paging: &Paging) -> QueryResult<Slice<OutboxMail>> {
    let mut query = outbox::table
        .select(OutboxMail::as_select())
        .limit(paging.fetch())
        .into_boxed::<MultiBackend>();
    if let Some(state) = filter.state {
        query = query.filter(outbox::state.eq(state));
    }
    if !filter.to.is_empty() {
        // Addresses are kept as they were written.
        let start = filter.to.to_ascii_lowercase();
        let end = prefix_end(&start);
        let found: Vec<OutboxId> = outbox::table
            .filter(
                lower(outbox::recipient)
                    .ge(&start)
                    .and(lower(outbox::recipient).lt(&end)),
            )
            .select(outbox::id)
            .limit(FOUND_AT_ONCE + 1)
            .load(conn)?;
        query = if fits(&found) {
            query.filter(outbox::id.eq_any(found))
        } else {
            // Joined to nothing, so that no index of it is taken: the list is walked in its order.
            let recipient = || lower(outbox::recipient).concat("");
            query.filter(recipient().ge(start).and(recipient().lt(end)))
        };
    }
    if let Some(beyond) = paging.beyond("(outbox.created_at, outbox.id)") {
        query = query.filter(beyond);
    }
    query = if paging.newer {
        query.order((outbox::created_at.asc(), outbox::id.asc()))
    } else {
        query.order((outbox::created_at.desc(), outbox::id.desc()))
    };
    let rows = query.load(conn)?;
    Ok(paging.slice(rows, |row| Cursor {
        time: row.created_at,
        id: row.id.to_string(),
    }))
}

/// What is due on a channel and in nobody's hands: the urgent first, then what has been due for longest. The state is
/// written out: only so do both databases use the index of waiting mails.
fn due(conn: &mut Conn, channel: Channel, now: Time, most: i64) -> QueryResult<Vec<OutboxId>> {
    let mut found: Vec<OutboxId> = Vec::new();
    for urgent in [true, false] {
        let held = outbox::leased_until;
        let part = outbox::table
            .filter(sql::<Bool>("outbox.state = 'waiting'"))
            .filter(outbox::channel.eq(channel))
            .filter(outbox::urgent.eq(urgent))
            .filter(outbox::next_attempt_at.le(now))
            .filter(held.is_null().or(held.le(now)))
            .order((outbox::next_attempt_at, outbox::id))
            .limit(most - i64::try_from(found.len()).unwrap_or(most));
        found.extend(part.select(outbox::id).load::<OutboxId>(conn)?);
    }
    Ok(found)
}

/// Whether there is anything to claim.
pub(super) fn any_due(conn: &mut Conn, channel: Channel, now: Time) -> QueryResult<bool> {
    due(conn, channel, now, 1).map(|ids| !ids.is_empty())
}

/// Claims up to `most` mails that are due. Each claim has a fencing number of its own: who lost the lease
/// can no longer mark the mail.
pub(super) fn claim(
    conn: &mut Conn,
    channel: Channel,
    now: Time,
    until: Time,
    most: i64,
) -> QueryResult<Vec<Claimed>> {
    let ids = due(conn, channel, now, most)?;
    diesel::update(outbox::table.filter(outbox::id.eq_any(&ids)))
        .set((
            outbox::leased_until.eq(until),
            outbox::fence.eq(outbox::fence + 1),
        ))
        .execute(conn)?;
    outbox::table
        .filter(outbox::id.eq_any(&ids))
        .order((outbox::urgent.desc(), outbox::next_attempt_at, outbox::id))
        .select(Claimed::as_select())
        .load(conn)
}

/// Takes mails out of the hands of the dead: every lease that ends before `before`. Says how many.
pub(super) fn release(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let held = outbox::table
        .filter(sql::<Bool>("outbox.state = 'waiting'"))
        .filter(outbox::leased_until.lt(before));
    diesel::update(held)
        .set(outbox::leased_until.eq(None::<Time>))
        .execute(conn)
}

/// Makes the lease longer; false when the mail was cancelled or is in other hands.
pub(super) fn renew(conn: &mut Conn, mail: &Claimed, until: Time) -> QueryResult<bool> {
    let held = outbox::table.find(mail.id).filter(
        outbox::fence
            .eq(mail.fence)
            .and(outbox::state.eq(State::Waiting)),
    );
    diesel::update(held)
        .set(outbox::leased_until.eq(until))
        .execute(conn)
        .map(|rows| rows == 1)
}

/// The server has taken the mail. False when it is in other hands.
pub(super) fn mark_sent(conn: &mut Conn, mail: &Claimed, now: Time) -> QueryResult<bool> {
    // A mail that was cancelled while it was on its way has left all the same.
    let held = outbox::table.find(mail.id).filter(
        outbox::fence.eq(mail.fence).and(
            outbox::state
                .eq(State::Waiting)
                .or(outbox::state.eq(State::Cancelled)),
        ),
    );
    diesel::update(held)
        .set((
            outbox::state.eq(State::Sent),
            outbox::sent_at.eq(now),
            outbox::next_attempt_at.eq(now),
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::body.eq(None::<Vec<u8>>),
            outbox::last_error.eq(None::<String>),
            outbox::leased_until.eq(None::<Time>),
        ))
        .execute(conn)
        .map(|rows| rows == 1)
}

/// The mail did not leave: it waits until `next`, or has failed. False when it is in other hands.
pub(super) fn mark_tried(
    conn: &mut Conn,
    mail: &Claimed,
    state: State,
    next: Time,
    why: &str,
) -> QueryResult<bool> {
    let held = outbox::table.find(mail.id).filter(
        outbox::fence
            .eq(mail.fence)
            .and(outbox::state.eq(State::Waiting)),
    );
    diesel::update(held)
        .set((
            outbox::state.eq(state),
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::next_attempt_at.eq(next),
            outbox::last_error.eq(why),
            outbox::leased_until.eq(None::<Time>),
        ))
        .execute(conn)
        .map(|rows| rows == 1)
}

/// Makes a mail due now; one that failed starts its tries again.
pub(super) fn make_due(conn: &mut Conn, mail: &OutboxMail, now: Time) -> QueryResult<()> {
    let attempts = if mail.state == State::Failed {
        0
    } else {
        mail.attempts
    };
    diesel::update(outbox::table.find(mail.id))
        .set((
            outbox::state.eq(State::Waiting),
            outbox::attempts.eq(attempts),
            outbox::next_attempt_at.eq(now),
            // What the server said belongs to the tries before.
            outbox::last_error.eq(None::<String>),
        ))
        .execute(conn)
        .map(drop)
}

/// Cancels a mail and erases its text.
pub(super) fn cancel(conn: &mut Conn, id: OutboxId, now: Time) -> QueryResult<()> {
    diesel::update(outbox::table.find(id))
        .set((
            outbox::state.eq(State::Cancelled),
            outbox::next_attempt_at.eq(now),
            outbox::body.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
        .map(drop)
}

/// Cancels what waits and concerns one of these; says how many.
pub(super) fn cancel_about(conn: &mut Conn, about: &[&str], now: Time) -> QueryResult<usize> {
    let waiting = outbox::table
        .filter(Among(outbox::about, about))
        .filter(outbox::state.eq(State::Waiting));
    diesel::update(waiting)
        .set((
            outbox::state.eq(State::Cancelled),
            outbox::next_attempt_at.eq(now),
            outbox::body.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
}

/// The messages about something: where each stands, and until when somebody has it in hand.
pub(super) fn about(conn: &mut Conn, about: &str) -> QueryResult<Vec<(State, Option<Time>)>> {
    outbox::table
        .filter(outbox::about.eq(about))
        .select((outbox::state, outbox::leased_until))
        .load(conn)
}

/// Erases the text of up to `most` mails that were given up before `before`; says of how many.
pub(super) fn erase_failed(conn: &mut Conn, before: Time, most: i64) -> QueryResult<usize> {
    let ids: Vec<OutboxId> = outbox::table
        .filter(outbox::state.eq(State::Failed))
        .filter(outbox::body.is_not_null())
        .filter(outbox::next_attempt_at.le(before))
        .limit(most)
        .select(outbox::id)
        .load(conn)?;
    diesel::update(outbox::table.filter(outbox::id.eq_any(&ids)))
        .set(outbox::body.eq(None::<Vec<u8>>))
        .execute(conn)
}

/// Deletes up to `most` mails that ended before `before`; says how many. When a mail ended stands where its
/// next try would stand.
pub(super) fn sweep(conn: &mut Conn, before: Time, most: i64) -> QueryResult<usize> {
    let ids: Vec<OutboxId> = outbox::table
        .filter(sql::<Bool>("outbox.state <> 'waiting'"))
        .filter(outbox::next_attempt_at.lt(before))
        .order((outbox::next_attempt_at, outbox::id))
        .limit(most)
        .select(outbox::id)
        .load(conn)?;
    diesel::delete(outbox::table.filter(outbox::id.eq_any(&ids))).execute(conn)
}
