//! Lists of which few of many rows are wanted.

use vestibule::clock::Time;
use vestibule::db::Paging;
use vestibule::invites::store::{self, Filter};

use super::fill::fill;
use crate::support::app::TestApp;

#[test]
fn a_page_looks_at_so_many_rows_and_goes_on_behind_them() {
    let app = TestApp::start();
    app.leaves_mails();
    let tables = ["users", "outbox", "invites"];
    let filled = app
        .parts
        .app
        .db
        .write_now(move |tx| Ok(fill(tx, &tables, 25_000, 1_700_000_000, 0)?));
    filled.unwrap();
    let now = Time::parse("2023-11-14T00:00:00Z").unwrap();
    // Those that are called so are among the 5,000 oldest, and more than are sorted.
    let filter = Filter {
        q: "u4".to_owned(),
        ..Filter::default()
    };
    let walked = app.parts.app.db.read_now(|conn| {
        assert_eq!(store::count_matching(conn, &filter, now)?, (0, true));
        let whole = store::matching(conn, &filter, now, 100_000)?;
        let (mut pages, mut seen, mut paging) = (0, Vec::new(), Paging::first(50));
        loop {
            let slice = store::list(conn, &filter, &paging, now)?;
            assert_eq!(slice.rows.is_empty(), pages == 0);
            pages += 1;
            seen.extend(slice.rows.iter().map(|invite| invite.id));
            match slice.older {
                Some(older) => paging.from = Some(older),
                None => return Ok((whole, seen)),
            }
        }
    });
    let (whole, seen) = walked.unwrap();
    assert_eq!((whole.len(), &whole), (1_111, &seen));
    // The first page of them leads to newer rows again, in which there is none.
    let back = app.parts.app.db.read_now(|conn| {
        let first = store::find(conn, whole[0])?;
        let paging = Paging {
            limit: 50,
            from: Some(vestibule::db::Cursor {
                time: first.created_at,
                id: first.id.to_string(),
            }),
            newer: true,
        };
        Ok(store::list(conn, &filter, &paging, now)?)
    });
    let back = back.unwrap();
    assert!(back.rows.is_empty() && back.newer.is_some());

    let mut grace = app.owner();
    let page = grace.get("/admin/invites?tab=all&q=u4").is(200).page();
    assert!(page.text("main").contains("None of these invites match"));
    let further = page.attr("main a[rel=next]", "href").unwrap();
    let page = grace.get(&further).is(200).page();
    assert_eq!(page.texts("tbody th a").len(), 50);
}
