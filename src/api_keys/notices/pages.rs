//! The page of what will be mailed about keys.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::ahead::{Ahead, ahead, ends};
use crate::app::App;
use crate::clock::{Span, Time, days};
use crate::db::Conn;
use crate::error::Result;
use crate::web::{Page, PageLinks, Params, SignedIn, show};

const PATH: &str = "/admin/outbox/notices";
/// Rows of a page.
const ROWS: i64 = 50;
/// How far the page looks.
const FAR: Span = days(90);

/// Weeks of the picture of when keys end.
const WEEKS: i64 = 13;

/// Which part is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Part {
    older: String,
}

/// A week of the picture.
struct Week {
    /// In so many days it ends at the latest.
    days: i64,
    /// The length of its bar, in percent of the longest.
    percent: i64,
    /// How many keys end in it.
    count: String,
}

#[derive(Template)]
#[template(path = "api_keys/notices.html")]
struct NoticesPage {
    page: Page,
    /// Nothing where no key ends, and on later parts.
    weeks: Vec<Week>,
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
    let read = move |conn: &mut Conn| {
        let found = ahead(conn, &shared, now, now.plus(FAR), &paging)?;
        let weeks = match is_first {
            true => weeks(conn, &shared, now)?,
            false => Vec::new(),
        };
        Ok((found, weeks))
    };
    let (found, weeks) = app.db.read(read).await?;
    let later = PageLinks::of(PATH, &[], &found).older;
    show(&NoticesPage {
        page: page.titled("api-keys-notices-title", "outbox"),
        weeks,
        mails: found.rows,
        is_first,
        later,
    })
}

/// When keys end, week by week; nothing when none does.
fn weeks(conn: &mut Conn, app: &App, now: Time) -> Result<Vec<Week>> {
    let end = |week: i64| now.plus(days(7 * week));
    let counts = (0..WEEKS).map(|week| ends(conn, end(week), end(week + 1)));
    let counts: Vec<i64> = counts.collect::<Result<_>>()?;
    let most = counts.iter().copied().max().unwrap_or_default();
    if most == 0 {
        return Ok(Vec::new());
    }
    let week = |(number, count): (i64, i64)| Week {
        days: 7 * number,
        percent: 100 * count / most,
        count: app.text.count(count),
    };
    Ok((1..).zip(counts).map(week).collect())
}
