//! What the frame of every page shows, kept for a moment: the name of the site, two counts, and whether members invite.

use std::sync::{Mutex, PoisonError};

use actix_web::web;

use crate::app::App;
use crate::clock::{Span, Time, seconds};
use crate::db::{COUNT_LIMIT, Conn};
use crate::error::Result;
use crate::text::Text;
use crate::web::Chrome;

/// How old the counts may be when only other processes changed something.
const KEPT: Span = seconds(2);

/// The frame's values, read again after a change of this process and every two seconds.
#[derive(Default)]
pub struct ChromeCache(Mutex<Option<(u64, Time, Chrome)>>);

impl ChromeCache {
    /// The values now.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn get(&self, app: &web::Data<App>) -> Result<Chrome> {
        let (commits, now) = (app.db.counts().commits, app.clock.now());
        let kept = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((then, at, chrome)) = kept
            && then == commits
            && now - at < KEPT
        {
            return Ok(chrome);
        }
        let mail_missing = app.config.smtp.is_none();
        let text = app.text;
        let chrome = app
            .db
            .read(move |conn| read(conn, text, mail_missing, now))
            .await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((commits, now, chrome.clone()));
        Ok(chrome)
    }
}

fn read(conn: &mut Conn, text: Text, mail_missing: bool, now: Time) -> Result<Chrome> {
    let count = |count: i64| (count > 0).then(|| text.count(count.min(COUNT_LIMIT + 1)));
    Ok(Chrome {
        site_name: crate::site::store::load(conn)?.site_name,
        pending_invites: count(crate::invites::store::count_pending(conn, now)?),
        failed_mails: count(crate::outbox::store::count_failed(conn, now)?),
        mail_missing,
        members_invite: crate::invite_templates::actions::members_invite(conn)?,
        other_name: None,
    })
}
