//! What became of each line of a batch, as a file.

use actix_web::{HttpResponse, web};

use super::{actions, store};
use crate::access::Actor;
use crate::app::App;
use crate::error::Result;
use crate::ids::BatchId;
use crate::web::Sheet;

const COLUMNS: [&str; 8] = [
    "line", "email", "name", "verdict", "code", "detail", "invite", "state",
];
/// Lines of one query.
const AT_ONCE: i64 = 1_000;

/// Answers the file.
///
/// # Errors
/// `not_found`.
pub(super) async fn download(
    app: &web::Data<App>,
    actor: Actor,
    id: BatchId,
) -> Result<HttpResponse> {
    let now = app.clock.now();
    let sheet = app
        .db
        .read(move |conn| {
            actions::visible(conn, &actor, id)?;
            let mut sheet = Sheet::new(&COLUMNS)?;
            let mut last = 0;
            loop {
                let some = store::results(conn, id, false, last, AT_ONCE)?;
                let Some(end) = some.last() else {
                    return Ok(sheet);
                };
                last = end.line;
                for one in &some {
                    let invite = one.invite_id.map(|id| id.to_string());
                    sheet.row(&[
                        &one.line.to_string(),
                        one.email(),
                        one.name(),
                        one.verdict.as_str(),
                        one.code.as_deref().unwrap_or_default(),
                        one.detail.as_deref().unwrap_or_default(),
                        invite.as_deref().unwrap_or_default(),
                        one.standing(now),
                    ])?;
                }
            }
        })
        .await?;
    sheet.download(&format!("{id}.csv"))
}
