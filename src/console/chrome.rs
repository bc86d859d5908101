//! What the frame of every page shows, kept for a moment: the name of the site, two counts, and whether members invite.

use crate::app::{App, Kept};
use crate::clock::Time;
use crate::db::{COUNT_LIMIT, Conn};
use crate::error::Result;
use crate::text::Text;
use crate::web::Chrome;

/// The frame's values now.
///
/// # Errors
/// When the database is away.
pub async fn get(kept: &Kept<Chrome>, app: &App) -> Result<Chrome> {
    let (mail_missing, text, now) = (app.config.smtp.is_none(), app.text, app.clock.now());
    kept.get(app, move |conn| read(conn, text, mail_missing, now))
        .await
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
