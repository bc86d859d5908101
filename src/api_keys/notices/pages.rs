//! The page of what will be mailed about keys.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::ahead::{Ahead, ahead};
use crate::app::App;
use crate::clock::{Span, days};
use crate::db::Conn;
use crate::error::Result;
use crate::web::{Page, PageLinks, Params, SignedIn, show};

const PATH: &str = "/admin/outbox/notices";
/// Rows of a page.
const ROWS: i64 = 50;
/// How far the page looks.
const FAR: Span = days(90);

/// Which part is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part {
    older: String,
}

#[derive(Template)]
#[template(path = "api_keys/notices.html")]
struct NoticesPage {
    page: Page,
    mails: Vec<Ahead>,
    /// Whether this is the beginning.
    is_first: bool,
    later: Option<String>,
}

/// `GET /admin/outbox/notices`: administrators.
///
/// # Errors
/// When the database is away.
pub async fn list(
    app: web::Data<App>,
    page: Page,
    _: SignedIn,
    part: Params<Part>,
) -> Result<HttpResponse> {
    let paging = PageLinks::paging(ROWS, "", &part.older);
    let is_first = paging.from.is_none();
    let (shared, now) = (app.clone(), page.now());
    let read = move |conn: &mut Conn| ahead(conn, &shared, now, now.plus(FAR), &paging);
    let found = app.db.read(read).await?;
    let later = PageLinks::of(PATH, &[], &found).older;
    show(&NoticesPage {
        page: page.titled("api-keys-notices-title", "outbox"),
        mails: found.rows,
        is_first,
        later,
    })
}
