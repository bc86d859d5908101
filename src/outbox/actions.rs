//! What can be done with mails.

use std::collections::HashMap;

use lettre::Address;

use super::mail::{Frame, TestMail};
use super::model::{Body, Letter, OutboxMail, State, without_secrets};
use super::store;
use crate::access::{Actor, Role};
use crate::app::App;
use crate::audit::{self, Entry, Target};
use crate::clock::Time;
use crate::db::{Conn, Tx, insert_all};
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::OutboxId;
use crate::secret::{MasterKey, Place};

/// Kinds that somebody waits for in front of a page. They go before thousands of invites that wait.
const URGENT: [&str; 3] = ["code", "recovery", "verification"];

/// Puts a letter into the outbox, due at once. Part of the action that causes it.
///
/// # Errors
/// `control_characters` for an address with any, or when the database refuses.
pub fn enqueue(tx: &mut Tx<'_>, app: &App, letter: &Letter) -> Result<OutboxId> {
    let sealed = seal(app, letter, tx.now)?;
    enqueue_all(tx, [&sealed])?;
    Ok(sealed.id())
}

/// A letter that is ready for the outbox: many are made before the transaction that keeps them.
pub struct Sealed(store::NewMail);

impl Sealed {
    /// The id that it will have.
    pub const fn id(&self) -> OutboxId {
        self.0.id
    }
}

/// Makes a letter ready, due at `now`.
///
/// # Errors
/// `control_characters` for an address with any.
pub fn seal(app: &App, letter: &Letter, now: Time) -> Result<Sealed> {
    let (subject, body) = letter.clean()?;
    let id = OutboxId::new(now);
    let plain = serde_json::to_vec(&body).map_err(Error::internal)?;
    Ok(Sealed(store::NewMail {
        id,
        channel: letter.channel,
        kind: letter.kind,
        recipient: letter.to.clone(),
        subject,
        about: letter.about.clone(),
        body: app.master.seal(place(&id), &plain),
        state: State::Waiting,
        attempts: 0,
        next_attempt_at: now,
        fence: 0,
        created_at: now,
        urgent: URGENT.contains(&letter.kind),
    }))
}

/// Puts letters that were made ready into the outbox. Part of the action that causes them.
///
/// # Errors
/// When the database refuses.
pub fn enqueue_all<'a>(
    tx: &mut Tx<'_>,
    letters: impl IntoIterator<Item = &'a Sealed>,
) -> Result<()> {
    let rows: Vec<_> = letters.into_iter().map(|sealed| &sealed.0).collect();
    Ok(insert_all(tx, &rows)?)
}

/// How many messages of a kind were sent to each of these addresses since a moment; what was cancelled was not.
/// The addresses are in lower case, and one that nothing went to is not in the map.
///
/// # Errors
/// When the database refuses.
pub fn sent_to(
    conn: &mut Conn,
    kind: &str,
    to: &[&str],
    since: Time,
) -> Result<HashMap<String, usize>> {
    let mut counts = HashMap::new();
    for address in store::sent_to(conn, kind, to, since)? {
        *counts.entry(address).or_default() += 1;
    }
    Ok(counts)
}

/// Cancels the waiting mails about something that has ended, and says how many. Part of the action that
/// ends it.
///
/// # Errors
/// When the database refuses.
pub fn cancel_about(tx: &mut Tx<'_>, about: &str) -> Result<usize> {
    let now = tx.now;
    Ok(store::cancel_about(tx, &[about], now)?)
}

/// [`cancel_about`] for many things that end at once.
///
/// # Errors
/// When the database refuses.
pub fn cancel_about_all(tx: &mut Tx<'_>, about: &[&str]) -> Result<()> {
    let now = tx.now;
    for some in about.chunks(ABOUT_AT_ONCE) {
        store::cancel_about(tx, some, now)?;
    }
    Ok(())
}

/// Things in one statement of [`cancel_about_all`].
const ABOUT_AT_ONCE: usize = 512;

/// Whether messages have left this site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// None has.
    No,
    /// One is in the hands of a worker right now.
    Perhaps,
    /// One was taken by the other side.
    Yes,
}

/// Whether a message about something has left. Asked before [`cancel_about`], it tells what that still stops.
///
/// # Errors
/// When the database refuses.
pub fn has_left(tx: &mut Tx<'_>, about: &str) -> Result<Left> {
    let now = tx.now;
    let all = store::about(tx, about)?.into_iter();
    let left = all.map(|(state, held_until)| match state {
        State::Sent => Left::Yes,
        State::Waiting if held_until.is_some_and(|until| until > now) => Left::Perhaps,
        State::Waiting | State::Failed | State::Cancelled => Left::No,
    });
    Ok(left.max().unwrap_or(Left::No))
}

/// Tries a mail that waits or has failed again, at once. Only administrators.
///
/// # Errors
/// `forbidden`, `not_found`, or `wrong_state` for a mail that was sent or cancelled, or whose text is gone.
pub fn retry(tx: &mut Tx<'_>, actor: &Actor, id: OutboxId) -> Result<OutboxMail> {
    actor.require(Role::Admin)?;
    let mail = store::find(tx, id)?;
    let can_be_sent = matches!(mail.state, State::Waiting | State::Failed);
    if !can_be_sent || store::body(tx, id)?.is_none() {
        return Code::WrongState.refuse();
    }
    let now = tx.now;
    store::make_due(tx, &mail, now)?;
    tell(tx, actor, "outbox.retried", id, &mail.recipient)?;
    Ok(store::find(tx, id)?)
}

/// Cancels a mail that waits. Only administrators.
///
/// # Errors
/// `forbidden`, `not_found`, or `wrong_state` for a mail that no longer waits.
pub fn cancel(tx: &mut Tx<'_>, actor: &Actor, id: OutboxId) -> Result<OutboxMail> {
    actor.require(Role::Admin)?;
    if store::state_of(tx, id)? != State::Waiting {
        return Code::WrongState.refuse();
    }
    let now = tx.now;
    store::cancel(tx, id, now)?;
    let mail = store::find(tx, id)?;
    tell(tx, actor, "outbox.cancelled", id, &mail.recipient)?;
    Ok(mail)
}

/// A mail that shows whether mail works.
#[derive(Clone, Debug)]
pub struct SendTest {
    /// Where to.
    pub to: String,
    /// The name of the site.
    pub site_name: String,
}

/// Sends a test mail. Only administrators.
///
/// # Errors
/// `forbidden`, `mail_not_set_up`, or `not_an_email` for the field `to`.
pub fn send_test(tx: &mut Tx<'_>, app: &App, actor: &Actor, input: &SendTest) -> Result<OutboxId> {
    actor.require(Role::Admin)?;
    if app.config.smtp.is_none() {
        return Code::MailNotSetUp.refuse();
    }
    let to = input.to.trim();
    if to.is_empty() {
        return Err(FieldError::new("to", "required").into());
    }
    let is_address = to.parse::<Address>().is_ok() && !to.chars().any(char::is_control);
    if !is_address || to.len() > 254 {
        return Err(FieldError::new("to", "not_an_email").into());
    }
    let frame = Frame::of(app, &input.site_name);
    let letter = frame.letter(&TestMail { written: tx.now }, to, "", None)?;
    let id = enqueue(tx, app, &letter)?;
    tell(tx, actor, "outbox.tested", id, to)?;
    Ok(id)
}

/// Tells in the audit log what somebody did with a mail.
fn tell(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    id: OutboxId,
    to: &str,
) -> Result<()> {
    let after = serde_json::json!({ "email": to });
    audit::record(
        tx,
        actor,
        Entry::new(action, Target::new("outbox", id)).after(after),
    )
    .map(drop)
}

/// The text of a mail as an administrator may read it: without links, secrets and codes. `None` when the
/// text is erased or cannot be opened.
///
/// # Errors
/// `forbidden`, or when the database refuses.
pub fn preview(conn: &mut Conn, app: &App, actor: &Actor, id: OutboxId) -> Result<Option<String>> {
    actor.require(Role::Admin)?;
    let sealed = store::body(conn, id)?;
    let body = sealed.and_then(|sealed| open(&app.master, id, &sealed));
    Ok(body.map(|body| without_secrets(&body.text, app.text)))
}

/// The text of a row, unless it was sealed elsewhere or with another key.
pub(super) fn open(master: &MasterKey, id: OutboxId, sealed: &[u8]) -> Option<Body> {
    serde_json::from_slice(&master.open(place(&id), sealed)?).ok()
}

fn place(id: &OutboxId) -> Place<'_> {
    Place {
        table: "outbox",
        column: "body",
        row: id.as_str(),
    }
}
