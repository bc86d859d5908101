//! Doing what is to be done of a batch, a piece at a time.

use std::sync::Arc;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use tokio::sync::Mutex;

use super::actions::row;
use super::lines::{Line, of_piece};
use super::model::{Batch, Counts, Row, State};
use super::store;
use crate::access::Actor;
use crate::app::App;
use crate::clock::Time;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, Result};
use crate::ids::BatchId;
use crate::invites::actions::{self, Ready, Together, again};
use crate::invites::model::NewInvite;
use crate::users::model::Status;
use crate::users::store as users;

/// How long whoever made a batch waits for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// How often a piece is tried when others make the same invites at that moment.
const TRIES: usize = 8;
/// Invites that are revoked in one transaction.
const REVOKED_AT_ONCE: i64 = 100;

/// One batch of this process is done at a time: they would only wait for the same writer, and hold memory.
static TURN: Mutex<()> = Mutex::const_new(());

/// Does what is to be done of a batch and waits for it, for a while; the rest is done all the same.
pub(super) async fn attend(app: &Arc<App>, id: BatchId, patience: Duration) {
    let app = app.clone();
    // A task of its own: it goes on beyond that while, and when whoever waits goes away.
    let work = actix_web::rt::spawn(async move {
        let turn = TURN.lock().await;
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            if let Err(why) = go_on(&app, id) {
                tracing::warn!(batch = %id, %why, "a batch of invites has to wait; a job goes on with it");
            }
        });
        drop(work.await);
    });
    drop(tokio::time::timeout(patience, work).await);
}

/// Does all that is to be done of a batch; says how many pieces it did.
pub(super) fn go_on(app: &Arc<App>, id: BatchId) -> Result<usize> {
    let mut done = 0;
    let mut last = 0;
    loop {
        let (batch, piece) = app.db.read_now(|conn| {
            let batch = store::find(conn, id)?;
            Ok((batch, store::next_piece(conn, id, last)?))
        })?;
        done += 1;
        match (batch.state, piece) {
            (State::Running, Some((number, text))) => {
                do_piece(app, &batch, number, &text)?;
                last = number;
            }
            (State::Running, None) if last == 0 => {
                app.db.write_now(move |tx| {
                    let now = tx.now;
                    Ok(store::turn(
                        tx,
                        id,
                        State::Running,
                        State::Done,
                        false,
                        now,
                    )?)
                })?;
                return Ok(done);
            }
            // Once more from the start: another process may have begun a piece and not ended it.
            (State::Running, None) => last = 0,
            (State::Revoked, _) => {
                if revoke_some(app, id)? == 0 {
                    return Ok(done);
                }
            }
            (State::Draft | State::Done, _) => return Ok(done),
        }
    }
}

/// Revokes some invites of a batch, as the rules of a single one have it; says how many.
fn revoke_some(app: &App, id: BatchId) -> Result<usize> {
    app.db.write_now(move |tx| {
        let now = tx.now;
        let some = store::revocable(tx, id, now, REVOKED_AT_ONCE)?;
        for invite in &some {
            actions::revoke(tx, &Actor::system(), *invite)?;
        }
        store::touch(tx, id, !some.is_empty(), now)?;
        Ok(some.len())
    })
}

/// The lines of a piece with what they ask for and, where it may be made, the invite that is ready to be kept.
struct Prepared {
    lines: Vec<(Line, Result<NewInvite>, Option<Ready>)>,
    now: Time,
}

impl Prepared {
    fn news(&self) -> impl Iterator<Item = &NewInvite> + Clone {
        let news = self.lines.iter();
        news.filter_map(|(_, new, _)| new.as_ref().ok())
    }
}

/// Makes the invites of a piece. What takes long is made before the transaction; what is decided, is decided in it.
fn do_piece(app: &Arc<App>, batch: &Batch, number: i32, text: &str) -> Result<()> {
    for _ in 0..TRIES {
        let prepared = Arc::new(prepare(app, batch, text)?);
        let (shared, batch) = (app.clone(), batch.clone());
        let kept = app.db.write_now(move |tx| {
            // Gone when another process did it; the batch when it was revoked.
            if store::take_piece(tx, batch.id, number)? {
                keep(tx, &shared, &batch, &prepared)?;
            }
            Ok(())
        });
        match kept {
            // Somebody else made one of them since this transaction began: now it is seen.
            Err(Error::Database(DieselError::DatabaseError(
                DatabaseErrorKind::UniqueViolation,
                _,
            ))) => {}
            kept => return kept,
        }
    }
    Err(Error::Unavailable(
        "others make the same invites at this moment".into(),
    ))
}

/// Who made the batch, with the role of this moment; none when they are not let in any more.
fn maker(conn: &mut Conn, batch: &Batch) -> Result<Option<Actor>> {
    let user = users::find(conn, batch.created_by)?;
    let is_active = user.status == Status::Active;
    Ok(is_active.then(|| batch.actor(user.role)))
}

fn prepare(app: &App, batch: &Batch, text: &str) -> Result<Prepared> {
    let now = app.clock.now();
    let lines = of_piece(text)?.into_iter().map(|line| {
        let new = line.read();
        (line, new, None)
    });
    let mut prepared = Prepared {
        lines: lines.collect(),
        now,
    };
    let look = app.db.read_now(|conn| {
        let Some(actor) = maker(conn, batch)? else {
            return Ok(None);
        };
        let together = Together::look(conn, app, &actor, prepared.news(), now)?;
        Ok(Some((actor, together)))
    })?;
    let Some((actor, mut together)) = look else {
        return Ok(prepared);
    };
    for (_, new, ready) in &mut prepared.lines {
        if let Ok(new) = new
            && let Ok(invite) = together.plan(app, &actor, new)
        {
            *ready = Some(together.ready(app, invite, new)?);
        }
    }
    Ok(prepared)
}

fn keep(tx: &mut Tx<'_>, app: &App, batch: &Batch, prepared: &Prepared) -> Result<()> {
    let maker = maker(tx, batch)?;
    let mut rows: Vec<Row> = Vec::with_capacity(prepared.lines.len());
    let mut counts = Counts::default();
    // Made here, when what was ready does not fit any more.
    let mut anew = Vec::new();
    let mut fit = Vec::with_capacity(prepared.lines.len());
    if let Some(actor) = &maker {
        let mut together = Together::look(tx, app, actor, prepared.news(), prepared.now)?;
        for (line, new, ready) in &prepared.lines {
            let planned = match new {
                Ok(new) => together.plan(app, actor, new).map(|invite| (invite, new)),
                Err(why) => Err(again(why)),
            };
            let done = match &planned {
                Err(why) => Err(why),
                Ok((invite, new)) => match ready {
                    Some(ready) if together.still_fits(ready, invite, new) => {
                        fit.push(ready);
                        Ok(Some(ready.invite.id))
                    }
                    _ => {
                        anew.push(together.ready(app, invite.clone(), new)?);
                        Ok(anew.last().map(|ready| ready.invite.id))
                    }
                },
            };
            rows.push(row(app, batch.id, line, done));
        }
        fit.extend(&anew);
        together.keep(tx, actor, &fit)?;
    } else {
        let why = Error::from(Code::AccountDisabled);
        rows.extend(
            prepared
                .lines
                .iter()
                .map(|(line, ..)| row(app, batch.id, line, Err(&why))),
        );
    }
    for row in &rows {
        counts.add(row.verdict);
    }
    let now = tx.now;
    Ok(store::tell(tx, batch.id, &rows, counts, now)?)
}
