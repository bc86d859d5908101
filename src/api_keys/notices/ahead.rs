//! What will be mailed about keys, to whom and when, as things stand now: by the rules of the sweep, for the console and
//! for the command line.

use super::mail::{Ending, KeysEnd};
use super::{LEADS, is_told, store};
use crate::api_keys::model::Key;
use crate::app::App;
use crate::clock::{Time, seconds};
use crate::db::{Conn, Cursor, Paging, Slice};
use crate::error::Result;
use crate::ids::UserId;
use crate::outbox::{Frame, Mail};
use crate::site;

/// Sorts behind every id.
const LAST_ID: &str = "~";

/// A mail to come. Keys of one person that are due in the same minute come in one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// When it is due; what is late comes with the next sweep.
    pub at: Time,
    /// About which key.
    pub key: Key,
    /// To which address.
    pub to: String,
    /// Its subject when it comes alone.
    pub subject: String,
}

/// The mails of a part of the time from now to `until`, the next ones first; `paging` goes on behind its cursor. A part may
/// hold fewer than asked for, or none, and go on all the same: people without an address are passed over.
///
/// # Errors
/// When the database refuses.
pub fn ahead(
    conn: &mut Conn,
    app: &App,
    now: Time,
    until: Time,
    paging: &Paging,
) -> Result<Slice<Ahead>> {
    let moments = moments(conn, now, until, paging)?;
    let owners: Vec<UserId> = moments.iter().map(|(_, key)| key.owner_id).collect();
    let owners = store::owners(conn, &owners)?;
    let frame = Frame::of(app, &site::actions::current(conn)?.site_name);
    let place = |(time, key): &store::Moment| Cursor {
        time: *time,
        id: key.id.to_string(),
    };
    let slice = paging.slice(moments, place);
    let mail = |(at, key): store::Moment| {
        let at = at.max(now);
        let end = key.expires_at.filter(|end| is_told(&key, *end, at))?;
        let owner = owners.iter().find(|(id, _)| *id == key.owner_id);
        let owner = owner
            .map(|(_, owner)| owner)
            .filter(|owner| owner.is_active());
        let to = owner?.email.clone()?;
        let mail = KeysEnd {
            // The sweep comes a moment later, when a day is 24 hours that are not whole any more.
            keys: vec![Ending::of(app, &key, end, at.plus(seconds(1)))],
        };
        let subject = mail.subject(&frame).to_string();
        Some(Ahead {
            at,
            key,
            to,
            subject,
        })
    };
    Ok(Slice {
        rows: slice.rows.into_iter().filter_map(mail).collect(),
        newer: None,
        older: slice.older,
    })
}

/// How many keys that work now end behind one moment and until another, and nothing took their place; counted up to 1,001.
///
/// # Errors
/// When the database refuses.
pub fn ends(conn: &mut Conn, from: Time, until: Time) -> Result<i64> {
    Ok(store::ends(conn, (from, until))?)
}

/// The moments of a part, and one more when there is more: each way to be due is in the order of an index, and the
/// first of all of them are merged.
fn moments(conn: &mut Conn, now: Time, until: Time, paging: &Paging) -> Result<Vec<store::Moment>> {
    let most = paging.fetch();
    let mut moments = Vec::new();
    let is_late = |place: &Cursor| place.time <= now;
    if paging.from.as_ref().is_none_or(is_late) {
        moments.extend(store::due(conn, now, paging.from.clone(), most)?);
    }
    let next = Cursor {
        time: now,
        id: LAST_ID.to_owned(),
    };
    let from = paging
        .from
        .clone()
        .filter(|place| !is_late(place))
        .unwrap_or(next);
    for lead in LEADS {
        moments.extend(store::before_end(conn, lead, &from, until, most)?);
    }
    moments.sort_by(|(at, key), (other, beside)| (at, key.id).cmp(&(other, beside.id)));
    moments.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(moments)
}
