use serde_json::json;

use super::*;
use crate::access::Actor;
use crate::audit::{Entry, Target, record};
use crate::db::scratch::Scratch;

fn master() -> MasterKey {
    MasterKey::from_bytes(&[7; 32])
}

/// Writes so many entries, each in a transaction of its own.
fn write(scratch: &Scratch, count: usize) {
    for number in 0..count {
        scratch
            .db
            .write_now(move |tx| {
                let target = Target::new("user", format!("usr_{number}"));
                let entry = Entry::new("user.updated", target)
                    .before(
                        json!({ "zeta": 1.5, "alpha": [true, null], "email": "ada@example.org" }),
                    )
                    .after(json!({ "alpha": { "b": 1, "a": "é" }, "big": 1e30 }));
                record(tx, &Actor::operator(), entry)
            })
            .unwrap();
    }
}

fn sealed(count: usize) -> Scratch {
    let scratch = Scratch::new();
    write(&scratch, count);
    seal_all(&scratch);
    scratch
}

fn seal_all(scratch: &Scratch) {
    while seal_batch(&scratch.db, &master()).unwrap() > 0 {}
}

fn check_now(scratch: &Scratch) -> Verified {
    scratch.db.read_now(|conn| verify(conn, &master())).unwrap()
}

fn fault(scratch: &Scratch) -> Option<(i64, Fault)> {
    check_now(scratch).broken.map(|it| (it.seq, it.fault))
}

#[test]
fn what_was_written_is_sealed_once_and_found_in_order() {
    let scratch = sealed(3);
    assert_eq!(
        check_now(&scratch),
        Verified {
            sealed: 3,
            unsealed: 0,
            broken: None
        }
    );
    write(&scratch, 2);
    assert_eq!(
        check_now(&scratch),
        Verified {
            sealed: 3,
            unsealed: 2,
            broken: None
        }
    );
    assert_eq!(seal_batch(&scratch.db, &master()).unwrap(), 2);
    assert_eq!(seal_batch(&scratch.db, &master()).unwrap(), 0);
    assert_eq!(
        check_now(&scratch),
        Verified {
            sealed: 5,
            unsealed: 0,
            broken: None
        }
    );
}

#[test]
fn an_empty_log_is_in_order() {
    let scratch = Scratch::new();
    assert_eq!(seal_batch(&scratch.db, &master()).unwrap(), 0);
    assert_eq!(
        check_now(&scratch),
        Verified {
            sealed: 0,
            unsealed: 0,
            broken: None
        }
    );
}

#[test]
fn every_changed_column_is_found() {
    for change in [
        "UPDATE audit SET action = 'user.created' WHERE seq = 2",
        "UPDATE audit SET actor_kind = 'system' WHERE seq = 2",
        "UPDATE audit SET actor_id = '' WHERE seq = 2",
        "UPDATE audit SET target_kind = 'users' WHERE seq = 2",
        "UPDATE audit SET target_id = 'usr_9' WHERE seq = 2",
        "UPDATE audit SET result = 'no' WHERE seq = 2",
        "UPDATE audit SET ip = '192.0.2.1' WHERE seq = 2",
        "UPDATE audit SET request_id = 'x' WHERE seq = 2",
        "UPDATE audit SET before = '{}' WHERE seq = 2",
        "UPDATE audit SET after = '{\"big\": 1e30, \"alpha\": {\"b\": 1, \"a\": \"e\"}}' WHERE seq = 2",
        "UPDATE audit SET seal = NULL WHERE seq = 2",
        "UPDATE audit SET at = (SELECT at FROM audit WHERE seq = 1) WHERE seq = 2",
        "UPDATE audit SET id = 'aud_018bcfe5-6800-7000-8000-000000000000' WHERE seq = 2",
    ] {
        let scratch = sealed(3);
        scratch.tamper(change);
        assert_eq!(fault(&scratch), Some((2, Fault::Changed)), "{change}");
        assert_eq!(check_now(&scratch).sealed, 1);
    }
}

#[test]
fn another_spelling_of_the_same_values_is_no_change() {
    let scratch = sealed(2);
    scratch.tamper(
        "UPDATE audit SET before = '{ \"email\": \"ada@example.org\", \"alpha\": [true, null], \"zeta\": 1.5 }' WHERE seq = 1",
    );
    assert_eq!(fault(&scratch), None);
}

#[test]
fn entries_that_are_gone_added_or_swapped_are_found() {
    let cases: [(&str, i64, Fault); 8] = [
        ("DELETE FROM audit WHERE seq = 1", 1, Fault::Missing),
        ("DELETE FROM audit WHERE seq = 3", 3, Fault::Missing),
        ("DELETE FROM audit WHERE seq >= 4", 4, Fault::Missing),
        ("DELETE FROM audit", 1, Fault::Missing),
        (
            "DELETE FROM facts WHERE name = 'audit_head'",
            1,
            Fault::Head,
        ),
        (
            "UPDATE audit SET seq = NULL WHERE seq = 5",
            5,
            Fault::Missing,
        ),
        ("UPDATE audit SET seq = 0 WHERE seq = 1", 1, Fault::Added),
        ("UPDATE audit SET seq = 6 WHERE seq = 2", 2, Fault::Missing),
    ];
    for (change, seq, expected) in cases {
        let scratch = sealed(5);
        scratch.tamper(change);
        assert_eq!(fault(&scratch), Some((seq, expected)), "{change}");
    }

    let scratch = sealed(5);
    scratch.tamper("UPDATE audit SET seq = 100 WHERE seq = 2");
    scratch.tamper("UPDATE audit SET seq = 2 WHERE seq = 3");
    scratch.tamper("UPDATE audit SET seq = 3 WHERE seq = 100");
    assert_eq!(fault(&scratch), Some((2, Fault::Changed)));

    let scratch = sealed(5);
    write(&scratch, 1);
    scratch.tamper(
        "UPDATE audit SET seq = 6, seal = (SELECT seal FROM audit WHERE seq = 5) WHERE seq IS NULL",
    );
    assert_eq!(fault(&scratch), Some((6, Fault::Added)));
}

#[test]
fn the_head_can_neither_be_set_back_nor_signed_with_another_key() {
    let scratch = sealed(2);
    let early = scratch
        .db
        .read_now(|conn| Ok(facts::read(conn, HEAD)?))
        .unwrap()
        .unwrap();
    write(&scratch, 2);
    seal_all(&scratch);
    let late = scratch
        .db
        .read_now(|conn| Ok(facts::read(conn, HEAD)?))
        .unwrap()
        .unwrap();

    // The end is cut off, and the seal of entry 2 put where the head is: the HMAC is still that of 4.
    scratch.tamper("DELETE FROM audit WHERE seq > 2");
    let mac = late.rsplit_once(' ').unwrap().1;
    let forged = format!("{} {mac}", early.rsplit_once(' ').unwrap().0);
    let put = |old: &str, new: &str| {
        let (old, new) = (old.to_owned(), new.to_owned());
        assert!(
            scratch
                .db
                .write_now(move |tx| Ok(facts::swap(tx, HEAD, Some(&old), &new)?))
                .unwrap()
        );
    };
    put(&late, &forged);
    assert_eq!(fault(&scratch), Some((1, Fault::Head)));
    write(&scratch, 1);
    assert!(
        seal_batch(&scratch.db, &master()).is_err(),
        "nothing is sealed on a head that is not ours"
    );

    let other = Head::default().write(&MasterKey::from_bytes(&[8; 32]));
    put(&forged, &other);
    assert_eq!(fault(&scratch), Some((1, Fault::Head)));
}

#[test]
fn another_key_finds_nothing_in_order() {
    let scratch = sealed(1);
    let other = MasterKey::from_bytes(&[8; 32]);
    assert!(
        scratch
            .db
            .read_now(|conn| verify(conn, &other))
            .unwrap()
            .broken
            .is_some()
    );
}

#[test]
fn more_entries_than_a_batch_are_sealed_in_turns() {
    let scratch = Scratch::new();
    scratch
        .db
        .write_now(|tx| {
            for number in 0..1_203 {
                record(
                    tx,
                    &Actor::system(),
                    Entry::new("invite.expired", Target::new("invite", number)),
                )?;
            }
            Ok(())
        })
        .unwrap();
    let sizes: Vec<usize> = (0..4)
        .map(|_| seal_batch(&scratch.db, &master()).unwrap())
        .collect();
    assert_eq!(sizes, [500, 500, 203, 0]);
    assert_eq!(
        check_now(&scratch),
        Verified {
            sealed: 1_203,
            unsealed: 0,
            broken: None
        }
    );
}

#[test]
fn two_processes_that_seal_at_once_make_one_chain() {
    let scratch = Scratch::new();
    let others = [scratch.db.clone(), scratch.again(), scratch.again()];
    std::thread::scope(|scope| {
        for db in &others {
            scope.spawn(move || {
                for _ in 0..60 {
                    // Two that meet on PostgreSQL may both give way; the next turn does it.
                    let _ = seal_batch(db, &master());
                }
            });
        }
        write(&scratch, 40);
    });
    seal_all(&scratch);
    assert_eq!(
        check_now(&scratch),
        Verified {
            sealed: 40,
            unsealed: 0,
            broken: None
        }
    );
}

#[test]
fn the_outcome_of_a_check_is_kept_for_the_console() {
    let scratch = sealed(2);
    let stand = || {
        let now = scratch.clock.now();
        scratch
            .db
            .read_now(|conn| standing(conn, &master(), now))
            .unwrap()
    };
    assert_eq!(
        stand(),
        Standing {
            sealed: 2,
            unsealed: 0,
            checked: None
        }
    );
    check(&scratch.db, &master()).unwrap();
    write(&scratch, 1);
    let then = stand();
    assert_eq!((then.sealed, then.unsealed), (2, 1));
    assert!(matches!(then.checked, Some((_, 2, None))));
    scratch.tamper("UPDATE audit SET action = 'x' WHERE seq = 2");
    check(&scratch.db, &master()).unwrap();
    let broken = Broken {
        seq: 2,
        fault: Fault::Changed,
    };
    assert!(matches!(stand().checked, Some((_, 1, Some(it))) if it == broken));
}

#[test]
fn an_entry_that_cannot_be_read_is_a_fault_and_no_error() {
    let scratch = sealed(3);
    scratch.tamper("UPDATE audit SET id = 'nonsense' WHERE seq = 2");
    assert_eq!(fault(&scratch), Some((2, Fault::Unreadable)));
}
