//! Queries on batches, their pieces and rows.

use diesel::dsl::{count_star, not};
use diesel::prelude::*;
use serde_json::Value;

use super::model::{Batch, Counts, Row, State};
use crate::clock::Time;
use crate::db::schema::{invite_batch_pieces, invite_batch_rows, invite_batches, invites, outbox};
use crate::db::{Conn, Json, MultiBackend, insert_all};
use crate::ids::{BatchId, InviteId};
use crate::invites::model::State as InviteState;
use crate::outbox::State as MailState;

struct Piece<'a> {
    batch_id: BatchId,
    number: i32,
    lines: &'a str,
}

crate::bulk_row!(Piece<'_>, "invite_batch_pieces", batch_id: Text, number: Integer, lines: Text);

crate::bulk_row!(
    Row, "invite_batch_rows",
    batch_id: Text, line: Integer, email: Text, name: Text, verdict: Text, code: Nullable<Text>,
    detail: Nullable<Text>, invite_id: Nullable<Text>,
);

/// Keeps a batch with all that is to be done of it.
pub(super) fn insert(conn: &mut Conn, batch: &Batch, pieces: &[String]) -> QueryResult<()> {
    diesel::insert_into(invite_batches::table)
        .values(batch)
        .execute(conn)?;
    let pieces: Vec<Piece<'_>> = (1..)
        .zip(pieces)
        .map(|(number, lines)| Piece {
            batch_id: batch.id,
            number,
            lines,
        })
        .collect();
    insert_all(conn, &pieces)
}

pub(super) fn find(conn: &mut Conn, id: BatchId) -> QueryResult<Batch> {
    invite_batches::table
        .find(id)
        .select(Batch::as_select())
        .first(conn)
}

/// The piece that comes next, when there is one.
pub(super) fn next_piece(
    conn: &mut Conn,
    id: BatchId,
    after: i32,
) -> QueryResult<Option<(i32, String)>> {
    invite_batch_pieces::table
        .filter(invite_batch_pieces::batch_id.eq(id))
        .filter(invite_batch_pieces::number.gt(after))
        .order(invite_batch_pieces::number)
        .select((invite_batch_pieces::number, invite_batch_pieces::lines))
        .first(conn)
        .optional()
}

/// Takes a piece away; false when somebody else has.
pub(super) fn take_piece(conn: &mut Conn, id: BatchId, number: i32) -> QueryResult<bool> {
    let piece = invite_batch_pieces::table.find((id, number));
    Ok(diesel::delete(piece).execute(conn)? == 1)
}

/// Takes away all that is still to be done.
pub(super) fn drop_pieces(conn: &mut Conn, id: BatchId) -> QueryResult<usize> {
    let pieces = invite_batch_pieces::table.filter(invite_batch_pieces::batch_id.eq(id));
    diesel::delete(pieces).execute(conn)
}

/// Tells what became of lines, and counts them.
pub(super) fn tell(
    conn: &mut Conn,
    id: BatchId,
    rows: &[Row],
    counts: Counts,
    now: Time,
) -> QueryResult<()> {
    insert_all(conn, rows)?;
    // No piece has more lines than fit.
    let small = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
    use invite_batches::dsl;
    diesel::update(invite_batches::table.find(id))
        .set((
            dsl::ready.eq(dsl::ready + small(counts.ready)),
            dsl::already_member.eq(dsl::already_member + small(counts.already_member)),
            dsl::already_invited.eq(dsl::already_invited + small(counts.already_invited)),
            dsl::invalid.eq(dsl::invalid + small(counts.invalid)),
            dsl::touched_at.eq(now),
        ))
        .execute(conn)
        .map(drop)
}

/// Moves a batch from one state to another; false when it was no longer in the first. `busy` says whether there is
/// something to do for the new one.
pub(super) fn turn(
    conn: &mut Conn,
    id: BatchId,
    from: State,
    to: State,
    busy: bool,
    now: Time,
) -> QueryResult<bool> {
    let batch = invite_batches::table.find(id);
    let changed = diesel::update(batch.filter(invite_batches::state.eq(from)))
        .set((
            invite_batches::state.eq(to),
            invite_batches::busy.eq(busy),
            invite_batches::touched_at.eq(now),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Notes that somebody works at a batch, or that nothing is left to do.
pub(super) fn touch(conn: &mut Conn, id: BatchId, busy: bool, now: Time) -> QueryResult<usize> {
    diesel::update(invite_batches::table.find(id))
        .set((
            invite_batches::busy.eq(busy),
            invite_batches::touched_at.eq(now),
        ))
        .execute(conn)
}

/// Lets a batch of which something is left to do come after the others.
pub(super) fn put_off(conn: &mut Conn, id: BatchId, now: Time) -> QueryResult<usize> {
    let batch = invite_batches::table.find(id);
    diesel::update(batch.filter(invite_batches::busy))
        .set(invite_batches::touched_at.eq(now))
        .execute(conn)
}

/// Batches at which nobody has worked since a moment, though something is left to do.
pub(super) fn left_alone(conn: &mut Conn, since: Time, most: i64) -> QueryResult<Vec<Batch>> {
    invite_batches::table
        .filter(invite_batches::busy.and(invite_batches::touched_at.le(since)))
        .order(invite_batches::touched_at)
        .limit(most)
        .select(Batch::as_select())
        .load(conn)
}

/// How many messages of a batch are in a state.
pub(super) fn count_mails(conn: &mut Conn, id: BatchId, state: MailState) -> QueryResult<i64> {
    invite_batch_rows::table
        .inner_join(invites::table.inner_join(outbox::table))
        .filter(invite_batch_rows::batch_id.eq(id))
        .filter(outbox::state.eq(state))
        .select(count_star())
        .first(conn)
}

/// Invites of a batch that can be revoked, after one on.
pub(super) fn revocable(
    conn: &mut Conn,
    id: BatchId,
    now: Time,
    most: i64,
) -> QueryResult<Vec<InviteId>> {
    let pending = invites::state
        .eq(InviteState::Pending)
        .and(invites::expires_at.gt(now));
    invite_batch_rows::table
        .inner_join(invites::table)
        .filter(invite_batch_rows::batch_id.eq(id))
        .filter(pending.or(invites::state.eq(InviteState::Suspended)))
        .order(invite_batch_rows::line)
        .limit(most)
        .select(invites::id)
        .load(conn)
}

/// What became of a line, with what became of its invite.
#[derive(Clone, Debug, Queryable)]
pub(super) struct Result {
    pub(super) line: i32,
    email: String,
    name: String,
    pub(super) verdict: super::model::Verdict,
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) invite_id: Option<InviteId>,
    invite: Option<(String, Json, InviteState, Time)>,
    mail: Option<MailState>,
}

impl Result {
    /// The address.
    pub(super) fn email(&self) -> &str {
        self.invite.as_ref().map_or(&self.email, |invite| &invite.0)
    }

    /// The name that the line gave the person.
    pub(super) fn name(&self) -> &str {
        let Some((_, traits, ..)) = &self.invite else {
            return &self.name;
        };
        let name = traits.0.get("name").and_then(Value::as_str);
        name.unwrap_or_default()
    }

    /// Where its invite stands, and where its message does while it is pending; empty when there is none.
    pub(super) fn standing(&self, now: Time) -> &'static str {
        let Some((_, _, state, expires_at)) = self.invite.as_ref() else {
            return "";
        };
        match (state, self.mail) {
            (InviteState::Pending, _) if *expires_at <= now => InviteState::Expired.as_str(),
            (InviteState::Pending, Some(mail)) => mail.as_str(),
            (state, _) => state.as_str(),
        }
    }
}

/// What became of lines, after one on; only of those that became no invite when `faults_only`.
pub(super) fn results(
    conn: &mut Conn,
    id: BatchId,
    faults_only: bool,
    after: i32,
    most: i64,
) -> QueryResult<Vec<Result>> {
    use invite_batch_rows::dsl;
    let mut query = invite_batch_rows::table
        .left_join(invites::table.left_join(outbox::table))
        .filter(dsl::batch_id.eq(id).and(dsl::line.gt(after)))
        .order(dsl::line)
        .limit(most)
        .select((
            dsl::line,
            dsl::email,
            dsl::name,
            dsl::verdict,
            dsl::code,
            dsl::detail,
            dsl::invite_id,
            (
                invites::address,
                invites::traits,
                invites::state,
                invites::expires_at,
            )
                .nullable(),
            outbox::state.nullable(),
        ))
        .into_boxed::<MultiBackend>();
    if faults_only {
        query = query.filter(not(dsl::verdict.eq(super::model::Verdict::Ready)));
    }
    query.load(conn)
}

/// Batches that were sent, the newest first.
pub(super) fn newest(conn: &mut Conn, most: i64) -> QueryResult<Vec<Batch>> {
    invite_batches::table
        .filter(invite_batches::state.ne(State::Draft))
        .order((invite_batches::created_at.desc(), invite_batches::id.desc()))
        .limit(most)
        .select(Batch::as_select())
        .load(conn)
}

/// Deletes drafts that nobody sent since a moment.
pub(super) fn delete_drafts(conn: &mut Conn, since: Time, most: i64) -> QueryResult<usize> {
    let old: Vec<BatchId> = invite_batches::table
        .filter(invite_batches::state.eq(State::Draft))
        .filter(invite_batches::created_at.le(since))
        .order(invite_batches::created_at)
        .limit(most)
        .select(invite_batches::id)
        .load(conn)?;
    delete(conn, &old)
}

/// Deletes batches that were made before a moment, with all their lines. Their invites stay.
pub(super) fn delete_old(conn: &mut Conn, before: Time, most: i64) -> QueryResult<usize> {
    let old: Vec<BatchId> = invite_batches::table
        .filter(invite_batches::created_at.lt(before))
        .order((invite_batches::created_at, invite_batches::id))
        .limit(most)
        .select(invite_batches::id)
        .load(conn)?;
    delete(conn, &old)
}

fn delete(conn: &mut Conn, ids: &[BatchId]) -> QueryResult<usize> {
    for id in ids {
        diesel::delete(invite_batches::table.find(id)).execute(conn)?;
    }
    Ok(ids.len())
}
