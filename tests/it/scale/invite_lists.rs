//! The list of invites, and what is done to all invites of a person.

use diesel::connection::{Connection, InstrumentationEvent};
use vestibule::access::Actor;
use vestibule::clock::{Time, days};
use vestibule::config::DatabaseUrl;
use vestibule::db::{Conn, Cursor, Paging};
use vestibule::ids::{GroupId, UserId};
use vestibule::invites::model::{DeliveryState, State};
use vestibule::invites::store::{self, Filter};
use vestibule::invites::{actions, jobs};

use super::{filled, how_many, look};
use crate::support::app::TestApp;

const MAKER: &str = "usr_00000001-0000-7000-8000-000000000001";
const RARE: &str = "grp_00000000-0000-7000-8000-000000000001";
const WIDE: &str = "grp_00000000-0000-7000-8000-000000000002";

fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

fn pending(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS count FROM invites WHERE state = 'pending'")
}

/// A group for every second invite, and one for a few.
fn with_groups() -> TestApp {
    let app = filled();
    let (zero, is_sqlite) = match app.parts.app.config.database {
        DatabaseUrl::Sqlite(_) => ("0", true),
        DatabaseUrl::Postgres(_) => ("to_timestamp(0)", false),
    };
    for (group, of) in [(RARE, "mail_id LIKE '%00'"), (WIDE, "state <> 'accepted'")] {
        app.execute(&format!(
            "INSERT INTO groups (id, name, name_norm, description, owner_id, created_at) \
             VALUES ('{group}', '{group}', '{group}', '', '{MAKER}', {zero})"
        ));
        app.execute(&format!(
            "INSERT INTO invite_groups (invite_id, group_id) SELECT id, '{group}' FROM invites WHERE {of}"
        ));
    }
    if !is_sqlite {
        app.execute("ANALYZE invite_groups");
    }
    app
}

#[test]
fn a_page_of_invites_costs_the_same_wherever_it_is_and_whatever_it_is_narrowed_to() {
    let app = with_groups();
    let early = time("2023-11-14T00:00:00Z");
    // A hundred invites or so are over and not swept yet; or all of them.
    let later = time("2023-11-14T22:20:00Z");
    let late = time("2033-01-01T00:00:00Z");
    let state = |state| Filter {
        state: Some(state),
        ..Filter::default()
    };
    let mail = |mail| Filter {
        mail: Some(mail),
        ..Filter::default()
    };
    let group = |group: &str| Filter {
        group: Some(group.parse::<GroupId>().unwrap()),
        ..Filter::default()
    };
    let q = |q: &str| Filter {
        q: q.to_owned(),
        ..Filter::default()
    };
    let template = |last: u8| Filter {
        template: Some(
            format!("tpl_00000000-0000-7000-8000-0000000000{last:02}")
                .parse()
                .unwrap(),
        ),
        ..Filter::default()
    };
    let walked = ["invites_state", "invites_created_at"];
    let ids = [
        "sqlite_autoindex",
        "_pkey",
        "invites_created_at",
        "invites_state",
    ];
    let by = |own: &'static str| [&[own], &ids[..]].concat();
    let by_name = [&["invites_name_norm", "invites_address_norm"], &ids[..]].concat();
    let by_mail = [
        &[
            "outbox_state",
            "outbox_tries",
            "outbox_created_at",
            "invites_mail",
        ],
        &ids[..],
    ]
    .concat();
    let cases: [(&str, Filter, Time, &[&str], bool); 22] = [
        (
            "all",
            Filter::default(),
            early,
            &["invites_created_at"],
            true,
        ),
        (
            "pending",
            Filter {
                but_failed: true,
                ..state(State::Pending)
            },
            early,
            &walked,
            true,
        ),
        (
            "not delivered",
            Filter {
                mail: Some(DeliveryState::Failed),
                ..state(State::Pending)
            },
            early,
            &by_mail,
            false,
        ),
        ("accepted", state(State::Accepted), early, &walked, true),
        (
            "none declined",
            state(State::Declined),
            early,
            &walked,
            true,
        ),
        (
            "expired",
            state(State::Expired),
            early,
            &by("invites_expires_at"),
            false,
        ),
        (
            "expired, few not swept",
            state(State::Expired),
            later,
            &by("invites_expires_at"),
            false,
        ),
        (
            "expired, many not swept",
            state(State::Expired),
            late,
            &by("invites_expires_at"),
            true,
        ),
        (
            "a small group",
            group(RARE),
            early,
            &by("invite_groups_group"),
            false,
        ),
        (
            "a large group",
            group(WIDE),
            early,
            &by("invite_groups_group"),
            true,
        ),
        (
            "pending of a large group",
            Filter {
                state: Some(State::Pending),
                ..group(WIDE)
            },
            early,
            &by("invite_groups_group"),
            true,
        ),
        (
            "waiting",
            mail(DeliveryState::Waiting),
            early,
            &by_mail,
            false,
        ),
        (
            "deferred",
            mail(DeliveryState::Deferred),
            early,
            &by_mail,
            false,
        ),
        (
            "failed",
            mail(DeliveryState::Failed),
            early,
            &by_mail,
            false,
        ),
        ("sent", mail(DeliveryState::Sent), early, &by_mail, true),
        (
            "without mail",
            mail(DeliveryState::None),
            early,
            &walked,
            true,
        ),
        ("few called so", q("u77"), early, &by_name, false),
        ("many called so", q("user"), early, &by_name, true),
        (
            "pending, called so",
            Filter {
                state: Some(State::Pending),
                ..q("u77")
            },
            early,
            &by_name,
            false,
        ),
        (
            "of a template",
            template(11),
            early,
            &["invites_template"],
            true,
        ),
        (
            "of the usual template",
            template(0),
            early,
            &["invites_template", "invites_created_at"],
            true,
        ),
        (
            "of a maker",
            Filter {
                invited_by: Some(MAKER.parse().unwrap()),
                ..Filter::default()
            },
            early,
            &["invites_created_by"],
            true,
        ),
    ];
    let middle = how_many() / 2;
    let cursor = Cursor {
        time: Time::from_micros((1_700_000_000 + i64::try_from(middle).unwrap()) * 1_000_000),
        id: format!("inv_{middle:08x}-0000-7000-8000-{middle:012x}"),
    };
    let from = |newer| Paging {
        limit: 50,
        from: Some(cursor.clone()),
        newer,
    };
    for paging in [Paging::first(50), from(false), from(true)] {
        for (name, filter, now, indexes, in_order) in &cases {
            let run = |conn: &mut Conn| {
                let slice = store::list(conn, filter, &paging, *now).unwrap();
                let is_first = paging.from.is_none() && !name.starts_with("none");
                assert!(!is_first || !slice.rows.is_empty(), "{name}");
            };
            look(&app, &[(*name, &run, *indexes, *in_order)]);
        }
    }
}

#[test]
fn both_halves_of_what_is_over_are_one_list_in_its_order() {
    /// Looked through; a whole number of pages.
    const MOST: usize = 100_000;
    let app = filled();
    let later = time("2023-11-14T22:20:00Z");
    let filter = Filter {
        state: Some(State::Expired),
        ..Filter::default()
    };
    let all = app.parts.app.db.read_now(|conn| {
        let whole = store::matching(conn, &filter, later, i64::try_from(MOST).unwrap())?;
        let (mut pages, mut paging) = (Vec::new(), Paging::first(50));
        loop {
            let slice = store::list(conn, &filter, &paging, later)?;
            pages.extend(slice.rows.iter().map(|invite| invite.id));
            match slice.older {
                Some(older) if pages.len() < MOST => paging.from = Some(older),
                _ => return Ok((whole, pages)),
            }
        }
    });
    let (whole, mut pages) = all.unwrap();
    let over = app.count("SELECT count(*) AS count FROM invites WHERE state = 'expired'") + 100;
    let over = usize::try_from(over).unwrap().min(MOST);
    assert_eq!(pages.len(), over);
    assert_eq!(whole, pages);
    pages.sort_by(|a, b| b.as_str().cmp(a.as_str()));
    assert_eq!(whole, pages);
}

#[test]
fn suspending_somebody_with_many_invites_takes_few_statements() {
    let app = filled();
    app.execute(&format!(
        "UPDATE invites SET created_by = '{MAKER}' WHERE state = 'pending'"
    ));
    app.execute(
        "UPDATE outbox SET state = 'waiting', about = replace(id, 'out_', 'inv_') \
         WHERE id IN (SELECT mail_id FROM invites WHERE state = 'pending')",
    );
    let pending = pending(&app);
    let user: UserId = MAKER.parse().unwrap();
    let ran = app.parts.app.db.write_now(move |tx| {
        let noted = super::noting(tx);
        actions::suspend_all_of(tx, &Actor::system(), user)?;
        tx.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        Ok(noted.lock().unwrap().len())
    });
    let ran = i64::try_from(ran.unwrap()).unwrap();
    assert!(ran * 20 < pending, "{ran} statements for {pending} invites");
    for held in [
        "invites WHERE state = 'suspended' AND ended_at IS NOT NULL",
        "outbox WHERE state = 'cancelled' AND body IS NULL",
        "audit WHERE action = 'invite.suspended'",
    ] {
        let count = app.count(&format!("SELECT count(*) AS count FROM {held}"));
        assert_eq!(count, pending, "{held}");
    }
}

#[test]
fn extending_many_invites_takes_little_more_than_a_statement_each() {
    let app = filled();
    let later = match app.parts.app.config.database {
        DatabaseUrl::Sqlite(_) => "1800000000000000",
        DatabaseUrl::Postgres(_) => "to_timestamp(1800000000)",
    };
    app.execute(&format!(
        "UPDATE invites SET expires_at = {later} WHERE state = 'pending'"
    ));
    let extended = app.parts.app.db.write_now(move |tx| {
        let filter = Filter {
            state: Some(State::Pending),
            ..Filter::default()
        };
        let now = tx.now;
        let ids = store::matching(tx, &filter, now, 500)?;
        let noted = super::noting(tx);
        let ends = actions::extend(tx, &Actor::operator(), &ids, days(7))?;
        tx.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        let ran = noted.lock().unwrap().len();
        Ok((ends, ran))
    });
    let (ends, ran) = extended.unwrap();
    let end = Time::from_micros(1_800_000_000_000_000).plus(days(7));
    assert!(ends.iter().all(|one| matches!(one, Ok(at) if *at == end)));
    assert!(ran < ends.len() + 50, "{ran} for {}", ends.len());
    let audited = "SELECT count(*) AS count FROM audit WHERE action = 'invite.updated'";
    assert_eq!((app.count(audited), ends.len()), (500, 500));
}

#[test]
fn the_sweep_of_rights_looks_at_some_invites_and_goes_on_with_the_next() {
    let app = filled();
    // Made by somebody who is suspended.
    app.execute(
        "UPDATE invites SET created_by = 'usr_00000064-0000-7000-8000-000000000064' \
         WHERE id = (SELECT max(id) FROM invites WHERE state = 'pending')",
    );
    let round = jobs::Round::default();
    let turn = || jobs::hold(&app.parts.app, &round).unwrap();
    assert_eq!(turn(), 0);
    let turns = pending(&app) / 2_000;
    assert_eq!((0..turns).map(|_| turn()).sum::<usize>(), 1);
    // From the start again.
    app.execute(
        "UPDATE invites SET created_by = 'usr_00000064-0000-7000-8000-000000000064' \
         WHERE id = (SELECT min(id) FROM invites WHERE state = 'pending')",
    );
    assert_eq!(turn(), 1);
    // PostgreSQL may walk the order and skip rows, where many rows fit.
    let walked = ["invites_state", "invites_created_at"];
    let part = |conn: &mut Conn| drop(store::pending_part(conn, &Paging::first(100)));
    look(&app, &[("pending", &part, &walked, true)]);
}
