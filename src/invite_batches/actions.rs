//! What can be done with batches.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::lines::{Line, Pieces, of_rows};
use super::model::{Batch, Counts, Row, State, Verdict};
use super::store;
use crate::access::{Actor, ActorKind, Role};
use crate::app::App;
use crate::audit::{self, Entry, Target};
use crate::clock::Time;
use crate::db::{Conn, Tx};
use crate::error::{Code, Result};
use crate::ids::{BatchId, TemplateId};
use crate::invites::actions::Together;
use crate::invites::model::NewInvite;
use crate::outbox::State as MailState;
use crate::web::reason;

/// Lines that are judged together.
pub(super) const AT_ONCE: usize = 500;

/// The batch, when the actor may see it: administrators see all that were sent and their own drafts, everybody else
/// their own.
///
/// # Errors
/// `not_found`.
pub fn visible(conn: &mut Conn, actor: &Actor, id: BatchId) -> Result<Batch> {
    let batch = store::find(conn, id)?;
    let is_own = actor.user == Some(batch.created_by);
    if is_own || (actor.role >= Role::Admin && batch.state != State::Draft) {
        Ok(batch)
    } else {
        Code::NotFound.refuse()
    }
}

/// How many lines of a batch became what.
///
/// # Errors
/// When the database refuses.
pub fn counts(conn: &mut Conn, batch: &Batch) -> Result<Counts> {
    Ok(Counts {
        ready: batch.ready.into(),
        already_member: batch.already_member.into(),
        already_invited: batch.already_invited.into(),
        invalid: batch.invalid.into(),
        sent: store::count_mails(conn, batch.id, MailState::Sent)?,
        failed: store::count_mails(conn, batch.id, MailState::Failed)?,
    })
}

/// What would become of lines, one by one in their order. Nothing is changed.
pub(super) struct Rehearsed<'a> {
    app: &'a App,
    actor: &'a Actor,
    id: BatchId,
    now: Time,
    given: Vec<TemplateId>,
    /// What would become of each.
    pub(super) rows: Vec<Row>,
    /// How many would become what.
    pub(super) counts: Counts,
}

impl<'a> Rehearsed<'a> {
    pub(super) fn new(app: &'a App, actor: &'a Actor, id: BatchId, now: Time) -> Self {
        Self {
            app,
            actor,
            id,
            now,
            given: Vec::new(),
            rows: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Judges some lines more, [`AT_ONCE`] of them.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) fn add(&mut self, conn: &mut Conn, lines: &[Line]) -> Result<()> {
        let (app, actor) = (self.app, self.actor);
        let news: Vec<Result<NewInvite>> = lines.iter().map(Line::read).collect();
        let good = news.iter().filter_map(|new| new.as_ref().ok());
        let mut together = Together::look(conn, app, actor, good, self.now)?;
        together.have_given(&self.given);
        for (line, new) in lines.iter().zip(&news) {
            let planned = match new {
                Ok(new) => together.plan(app, actor, new),
                Err(why) => Err(crate::invites::actions::again(why)),
            };
            let row = row(app, self.id, line, planned.as_ref().map(|_| None));
            self.counts.add(row.verdict);
            self.rows.push(row);
            self.given
                .extend(planned.ok().map(|invite| invite.template_id));
        }
        Ok(())
    }
}

/// What becomes of a line that was planned, or refused.
pub(super) fn row(
    app: &App,
    batch_id: BatchId,
    line: &Line,
    planned: std::result::Result<Option<crate::ids::InviteId>, &crate::error::Error>,
) -> Row {
    let (verdict, code, detail) = match planned {
        Ok(_) => (Verdict::Ready, None, None),
        Err(why) => {
            let (code, detail) = reason(app.text, why);
            (Verdict::of(why.code()), Some(code), Some(detail))
        }
    };
    let invite_id = planned.ok().flatten();
    let kept = |text: &str| match invite_id {
        Some(_) => String::new(),
        // Whatever it is, it is shown again.
        None => text
            .replace(char::is_control, " ")
            .chars()
            .take(254)
            .collect(),
    };
    Row {
        batch_id,
        line: i32::try_from(line.line).unwrap_or(i32::MAX),
        email: kept(line.address()),
        name: kept(line.name()),
        verdict,
        code,
        detail,
        invite_id,
    }
}

/// Keeps a draft of what the form for one person says of several. The address of its page.
///
/// # Errors
/// `too_many_lines`.
pub fn draft(
    tx: &mut Tx<'_>,
    actor: &Actor,
    for_all: &Map<String, Value>,
    rows: &[Map<String, Value>],
) -> Result<String> {
    let mut pieces = Pieces::default();
    for line in of_rows("email", for_all.clone(), rows.to_vec())? {
        pieces.add(line)?;
    }
    let (count, pieces) = (pieces.count, pieces.end()?);
    let draft = open(tx, actor, State::Draft, count, &pieces)?;
    Ok(path_of(draft.id))
}

/// The address of the page of a batch.
pub(super) fn path_of(id: BatchId) -> String {
    format!("/admin/invites/batches/{id}")
}

/// Keeps a batch, as a draft or to be done at once.
///
/// # Errors
/// When the database refuses.
pub(super) fn open(
    tx: &mut Tx<'_>,
    actor: &Actor,
    state: State,
    lines: usize,
    pieces: &[String],
) -> Result<Batch> {
    let now = tx.now;
    let batch = Batch {
        id: BatchId::new(now),
        state,
        lines: i32::try_from(lines).unwrap_or(i32::MAX),
        ready: 0,
        already_member: 0,
        already_invited: 0,
        invalid: 0,
        key_id: match actor.kind {
            ActorKind::ApiKey(key) => Some(key),
            _ => None,
        },
        ip: actor.ip.as_ref().map(IpAddr::to_string),
        request_id: actor.request_id.clone(),
        created_at: now,
        created_by: actor.user()?,
        touched_at: now,
        busy: state == State::Running,
    };
    store::insert(tx, &batch, pieces)?;
    if state == State::Running {
        record(tx, actor, "invite.batch_sent", &batch)?;
    }
    Ok(batch)
}

/// Sends a draft: its invites are made from then on.
///
/// # Errors
/// `not_found`, `wrong_state` for one that was sent.
pub fn send(tx: &mut Tx<'_>, actor: &Actor, id: BatchId) -> Result<Batch> {
    let batch = visible(tx, actor, id)?;
    let now = tx.now;
    if !store::turn(tx, id, State::Draft, State::Running, true, now)? {
        return Code::WrongState.refuse();
    }
    record(tx, actor, "invite.batch_sent", &batch)?;
    Ok(store::find(tx, id)?)
}

/// Begins to withdraw a batch: what is still to be done of it never is, and its pending invites are revoked from
/// then on.
///
/// # Errors
/// `not_found`, `wrong_state` for one that was revoked or not sent.
pub fn revoke(tx: &mut Tx<'_>, actor: &Actor, id: BatchId) -> Result<Batch> {
    let batch = visible(tx, actor, id)?;
    let now = tx.now;
    let may_be = matches!(batch.state, State::Running | State::Done);
    if !may_be || !store::turn(tx, id, batch.state, State::Revoked, true, now)? {
        return Code::WrongState.refuse();
    }
    store::drop_pieces(tx, id)?;
    record(tx, actor, "invite.batch_revoked", &batch)?;
    Ok(store::find(tx, id)?)
}

fn record(tx: &mut Tx<'_>, actor: &Actor, action: &'static str, batch: &Batch) -> Result<()> {
    let entry = Entry::new(action, Target::new("invite_batch", batch.id));
    let entry = entry.after(json!({ "lines": batch.lines }));
    audit::record(tx, actor, entry).map(drop)
}
