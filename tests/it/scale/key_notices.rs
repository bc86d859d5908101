//! What will be mailed about keys is read in the order of indexes, however many keys there are.

use vestibule::api_keys::notices::ahead::{ahead, ends};
use vestibule::clock::{Time, days};
use vestibule::db::{Conn, Paging};

use super::fill::fill;
use super::{how_many, look};
use crate::support::app::TestApp;

#[test]
fn what_will_be_mailed_is_read_in_the_order_of_indexes() {
    let app = TestApp::start();
    app.leaves_mails();
    let (count, life) = (how_many(), 90 * 86_400);
    let tables = ["users", "api_keys"];
    let filled = app
        .parts
        .app
        .db
        .write_now(move |tx| Ok(fill(tx, &tables, count, 1_700_000_000, life)?));
    filled.unwrap();
    // Sixty days and an hour after the first keys were made: some owners should have been told by now.
    let now = Time::from_micros(1_700_000_000_000_000).plus(days(60));
    let now = now.plus(vestibule::clock::hours(1));
    let part = |paging: Paging| {
        let house = app.parts.app.clone();
        move |conn: &mut Conn| {
            let found = ahead(conn, &house, now, now.plus(days(90)), &paging).unwrap();
            assert!(!found.rows.is_empty() && found.older.is_some());
        }
    };
    let first = Paging::first(50);
    let deep = app.parts.app.db.read_now(|conn| {
        let many = Paging::first(500);
        let mut found = ahead(conn, &app.parts.app, now, now.plus(days(90)), &many)?;
        while found.rows.iter().all(|mail| mail.at == now) {
            let paging = Paging {
                from: found.older,
                ..many.clone()
            };
            found = ahead(conn, &app.parts.app, now, now.plus(days(90)), &paging)?;
        }
        Ok(Paging {
            from: found.older,
            ..first.clone()
        })
    });
    let soon = |conn: &mut Conn| {
        // Those of the day in which all of them end.
        let (from, until) = (now.plus(days(29)), now.plus(days(30)));
        assert!(ends(conn, from, until).unwrap() > 1_000);
    };
    let indexes = [
        "api_keys_next_notice",
        "api_keys_ends",
        "sqlite_autoindex",
        "_pkey",
    ];
    look(
        &app,
        &[
            ("first", &part(first.clone()), &indexes, true),
            ("deep", &part(deep.unwrap()), &indexes, true),
            ("ends", &soon, &indexes, true),
        ],
    );
}
