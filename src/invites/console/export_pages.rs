//! The list of invites as a file: what the filters leave, in the order of the list.

use actix_web::{HttpResponse, web};
use futures_util::stream;

use super::list_form::ListForm;
use super::list_pages::rows;
use crate::app::App;
use crate::db::{Conn, Paging};
use crate::error::Result;
use crate::invites::store::{self, Filter};
use crate::text::Text;
use crate::web::{Sheet, SignedIn};

const COLUMNS: [&str; 9] = [
    "email",
    "name",
    "role",
    "groups",
    "status",
    "expires_at",
    "invited_by",
    "created_at",
    "id",
];
/// Invites that are read and sent at a time, so that a long list takes no more memory than a short one.
const AT_ONCE: i64 = 500;

/// `GET /admin/invites/export.csv`: administrators, and members whom a template lets invite, theirs.
pub async fn export(
    app: web::Data<App>,
    who: SignedIn,
    form: web::Query<ListForm>,
) -> Result<HttpResponse> {
    let filter = form.filter(&who);
    let parts = stream::try_unfold(Some(Paging::first(AT_ONCE)), move |paging| {
        let (app, filter) = (app.clone(), filter.clone());
        async move {
            let Some(paging) = paging else {
                return Ok::<_, crate::error::Error>(None);
            };
            let (now, text) = (app.clock.now(), app.text);
            let part = app
                .db
                .read(move |conn| part(conn, text, &filter, &paging, now))
                .await?;
            Ok(Some(part))
        }
    });
    Ok(Sheet::file("invites.csv").streaming(parts))
}

/// A part of the file, and where the next one begins.
fn part(
    conn: &mut Conn,
    text: Text,
    filter: &Filter,
    paging: &Paging,
    now: crate::clock::Time,
) -> Result<(web::Bytes, Option<Paging>)> {
    let slice = store::list(conn, filter, paging, now)?;
    let next = slice.older.map(|from| Paging {
        from: Some(from),
        ..Paging::first(AT_ONCE)
    });
    let mut sheet = match paging.from {
        None => Sheet::new(&COLUMNS)?,
        Some(_) => Sheet::more(),
    };
    for row in rows(conn, slice.rows, text, now)? {
        sheet.row(&[
            &row.email,
            &row.name,
            row.role.as_str(),
            &row.groups,
            &text.get(row.shown.word).to_string(),
            &row.expires_at.to_string(),
            &row.inviter,
            &row.created_at.to_string(),
            row.id.as_str(),
        ])?;
    }
    Ok((sheet.finish()?.into(), next))
}
