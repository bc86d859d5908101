//! The worker against a courier that answers as told.

use std::collections::HashMap;

use super::*;
use crate::access::{Actor, Role};
use crate::clock::{days, hours, seconds};
use crate::outbox::testing::{TestApp, letter};
use crate::outbox::{Letter, actions, jobs};

/// Answers as told for each address, and keeps what it was given.
#[derive(Default)]
pub(in crate::outbox) struct Script {
    answers: HashMap<&'static str, Failure>,
    sent: Vec<String>,
    asked: Vec<String>,
}

impl Script {
    /// Refuses mails to one address for ever.
    pub(in crate::outbox) fn refusing(to: &'static str, said: &str) -> Self {
        let answers = HashMap::from([(to, Failure::Ever(Trouble::Refused(said.into())))]);
        Self {
            answers,
            ..Self::default()
        }
    }
}

/// Sends what is due.
pub(in crate::outbox) fn deliver_with(test: &TestApp, mut script: Script) {
    while deliver(&test.app, Channel::Mail, &mut script)
        .unwrap()
        .tried
        > 0
    {}
}

impl Courier for Script {
    fn send(&mut self, mail: &Outgoing<'_>) -> Result<(), Failure> {
        assert_eq!(
            (mail.subject, mail.to_name, mail.html),
            ("Hello", "Ada", "<p>Hello</p>")
        );
        self.asked.push(mail.to.to_owned());
        match self.answers.get(mail.to) {
            Some(failure) => Err(failure.clone()),
            None => {
                self.sent.push(mail.to.to_owned());
                Ok(())
            }
        }
    }
}

fn refused() -> Trouble {
    Trouble::Refused("450 later".into())
}

#[test]
fn what_is_due_is_sent_once_and_its_text_erased() {
    let test = TestApp::start();
    let id = test.enqueue("ada@example.org");
    let sealed = test.body(id).expect("a sealed text");
    assert!(
        !String::from_utf8_lossy(&sealed).contains("vsti_"),
        "the text is sealed"
    );

    let mut script = Script::default();
    assert_eq!(
        deliver(&test.app, Channel::Mail, &mut script)
            .unwrap()
            .tried,
        1
    );
    assert_eq!(
        deliver(&test.app, Channel::Mail, &mut script).unwrap(),
        Outcome::default()
    );
    assert_eq!(script.sent, ["ada@example.org"]);
    let mail = test.find(id);
    assert_eq!(
        (mail.state, mail.attempts, mail.leased_until),
        (State::Sent, 1, None)
    );
    assert!(mail.sent_at.is_some() && mail.next_try().is_none());
    assert_eq!(test.body(id), None);
}

#[test]
fn one_poison_message_blocks_nobody() {
    let test = TestApp::start();
    let poison = test.enqueue("poison@example.org");
    let slow = test.enqueue("slow@example.org");
    let good = test.enqueue("good@example.org");
    let never = Trouble::Refused("550 5.1.1 no such user".into());
    let mut script = Script::default();
    script
        .answers
        .insert("poison@example.org", Failure::Ever(never.clone()));
    script
        .answers
        .insert("slow@example.org", Failure::Now(refused()));
    assert_eq!(
        deliver(&test.app, Channel::Mail, &mut script)
            .unwrap()
            .tried,
        3
    );

    let (poison, slow) = (test.find(poison), test.find(slow));
    assert_eq!(
        (poison.state, poison.trouble()),
        (State::Failed, Some(never))
    );
    assert!(test.body(poison.id).is_some(), "kept, to try it again");
    assert_eq!(
        (slow.state, slow.trouble()),
        (State::Waiting, Some(refused()))
    );
    let wait = slow.next_attempt_at - test.app.clock.now();
    assert!(wait > seconds(20) && wait < seconds(40), "{wait:?}");
    assert_eq!(test.find(good).state, State::Sent);

    script.answers.clear();
    test.app.clock.advance(minutes(1));
    deliver(&test.app, Channel::Mail, &mut script).unwrap();
    assert_eq!(script.sent, ["good@example.org", "slow@example.org"]);
}

#[test]
fn what_somebody_waits_for_goes_first_also_when_it_is_tried_again() {
    let test = TestApp::start();
    let enqueue = |kind, to| {
        let letter = Letter { kind, ..letter(to) };
        let enqueue = move |tx: &mut Tx<'_>, app: &App| actions::enqueue(tx, app, &letter);
        test.act(enqueue).unwrap();
        test.app.clock.advance(seconds(1));
    };
    for early in ["a@example.org", "b@example.org"] {
        enqueue("test", early);
    }
    enqueue("recovery", "ada@example.org");
    let mut script = Script::default();
    let later = Failure::Now(refused());
    script.answers.insert("b@example.org", later.clone());
    script.answers.insert("ada@example.org", later);
    deliver(&test.app, Channel::Mail, &mut script).unwrap();
    test.app.clock.advance(hours(1));
    deliver(&test.app, Channel::Mail, &mut script).unwrap();
    let [ada, b] = ["ada@example.org", "b@example.org"];
    assert_eq!(script.asked, [ada, "a@example.org", b, ada, b]);
}

#[test]
fn a_server_that_is_away_is_asked_once_for_the_whole_batch_and_then_gets_all_once() {
    let test = TestApp::start();
    let ids: Vec<_> = (0..30)
        .map(|n| test.enqueue(&format!("a{n}@example.org")))
        .collect();
    let away = Failure::Server(Trouble::Unreachable("connection refused".into()));
    let mut script = Script::default();
    for n in 0..30 {
        script
            .answers
            .insert(format!("a{n}@example.org").leak(), away.clone());
    }
    for minute in 0..10 {
        let asked = script.asked.len();
        while !deliver(&test.app, Channel::Mail, &mut script)
            .unwrap()
            .eq(&Outcome::default())
        {}
        assert!(script.asked.len() - asked <= 8, "minute {minute}");
        test.app.clock.advance(minutes(1));
    }
    assert!(ids.iter().all(|id| test.find(*id).state == State::Waiting));

    script.answers.clear();
    test.app.clock.advance(minutes(20));
    while deliver(&test.app, Channel::Mail, &mut script)
        .unwrap()
        .tried
        > 0
    {}
    script.sent.sort_unstable();
    script.sent.dedup();
    assert_eq!(script.sent.len(), 30);
    assert!(ids.iter().all(|id| test.find(*id).state == State::Sent));
}

#[test]
fn a_mail_is_given_up_after_three_days_and_can_be_tried_again_by_an_administrator() {
    let test = TestApp::start();
    let id = test.enqueue("ada@example.org");
    let mut script = Script::default();
    script
        .answers
        .insert("ada@example.org", Failure::Now(refused()));
    let mut passed = 0;
    while test.find(id).state == State::Waiting {
        deliver(&test.app, Channel::Mail, &mut script).unwrap();
        test.app.clock.advance(hours(1));
        passed += 1;
    }
    assert!((55..90).contains(&passed), "{passed} hours");
    assert_eq!(test.find(id).attempts, TRIES);

    let member = Actor {
        role: Role::Member,
        ..Actor::operator()
    };
    let denied = test
        .act(move |tx, _| actions::retry(tx, &member, id))
        .unwrap_err();
    assert_eq!(denied.code(), Code::Forbidden);
    let again = test
        .act(move |tx, _| actions::retry(tx, &Actor::operator(), id))
        .unwrap();
    assert_eq!((again.state, again.attempts), (State::Waiting, 0));
    script.answers.clear();
    deliver(&test.app, Channel::Mail, &mut script).unwrap();
    assert_eq!(test.find(id).state, State::Sent);
    let late = test
        .act(move |tx, _| actions::retry(tx, &Actor::operator(), id))
        .unwrap_err();
    assert_eq!(late.code(), Code::WrongState);
}

#[test]
fn who_lost_the_lease_cannot_mark_the_mail_any_more() {
    let test = TestApp::start();
    let id = test.enqueue("ada@example.org");
    let claim = || {
        let claim = |tx: &mut Tx<'_>| {
            let now = tx.now;
            Ok(store::claim(
                tx,
                Channel::Mail,
                now,
                now.plus(LEASE),
                BATCH,
            )?)
        };
        test.app.db.write_now(claim).unwrap()
    };
    let first = claim().remove(0);
    assert!(claim().is_empty(), "nobody else gets it meanwhile");
    test.app.clock.advance(minutes(6));
    let second = claim().remove(0);
    assert_eq!(second.fence, first.fence + 1);

    let (late, mail) = (first.clone(), first.clone());
    let next = test.app.clock.now().plus(days(1));
    let marked = test.act(move |tx, _| Ok(store::mark_tried(tx, &late, State::Failed, next, "x")?));
    assert!(!marked.unwrap());
    assert!(
        !test
            .act(move |tx, _| Ok(store::mark_sent(tx, &mail, next)?))
            .unwrap()
    );
    assert!(!renew(&test.app, first).unwrap());
    mark_sent(&test.app, second).unwrap();
    assert_eq!(test.find(id).state, State::Sent);
}

#[test]
fn what_was_cancelled_is_not_sent_and_what_had_left_all_the_same_is_told() {
    let test = TestApp::start();
    let (before, during) = (test.enqueue("a@example.org"), test.enqueue("b@example.org"));
    let cancel = move |tx: &mut Tx<'_>, _: &App| actions::cancel(tx, &Actor::operator(), before);
    assert_eq!(test.act(cancel).unwrap().state, State::Cancelled);
    assert_eq!(test.act(cancel).unwrap_err().code(), Code::WrongState);
    assert_eq!(test.body(before), None);

    let claimed = test.act(|tx, _| {
        let now = tx.now;
        Ok(store::claim(
            tx,
            Channel::Mail,
            now,
            now.plus(LEASE),
            BATCH,
        )?)
    });
    let mail = claimed.unwrap().remove(0);
    assert_eq!(mail.id, during);
    assert_eq!(
        test.act(|tx, _| actions::cancel_about(tx, "inv_1"))
            .unwrap(),
        1
    );
    assert!(!renew(&test.app, mail.clone()).unwrap());
    mark_sent(&test.app, mail).unwrap();
    assert_eq!(test.find(during).state, State::Sent);
}

#[test]
fn a_text_of_another_key_fails_and_old_texts_are_erased() {
    let test = TestApp::start();
    let (id, other) = (
        test.enqueue("ada@example.org"),
        test.enqueue("bob@example.org"),
    );
    let swapped = test.body(other);
    test.act(move |tx, _| {
        use crate::db::schema::outbox;
        use diesel::prelude::*;
        let row = diesel::update(outbox::table.find(id));
        Ok(row
            .set(outbox::body.eq(swapped.as_deref()))
            .execute(&mut **tx)?)
    })
    .unwrap();
    deliver(&test.app, Channel::Mail, &mut Script::default()).unwrap();
    assert_eq!(test.find(id).trouble(), Some(Trouble::Unreadable));
    assert_eq!(test.find(other).state, State::Sent);

    test.app.clock.advance(days(29));
    assert_eq!(jobs::erase_old(&test.app).unwrap(), 0);
    test.app.clock.advance(days(1));
    assert_eq!(jobs::erase_old(&test.app).unwrap(), 1);
    assert_eq!(
        (test.body(id), jobs::erase_old(&test.app).unwrap()),
        (None, 0)
    );
    let gone = test
        .act(move |tx, _| actions::retry(tx, &Actor::operator(), id))
        .unwrap_err();
    assert_eq!(gone.code(), Code::WrongState);
}

#[test]
fn ended_mails_are_deleted_after_ninety_days_and_waiting_ones_never() {
    let test = TestApp::start();
    let (sent, cancelled, waiting) = (
        test.enqueue("ada@example.org"),
        test.enqueue("bob@example.org"),
        test.enqueue("eve@example.org"),
    );
    // A mail may have waited for long before it ends: its ninety days begin then.
    test.app.clock.advance(days(100));
    test.act(move |tx, _| {
        let now = tx.now;
        Ok(store::cancel(tx, cancelled, now)?)
    })
    .unwrap();
    test.app.clock.advance(days(2));
    test.act(move |tx, _| {
        let now = tx.now;
        let claimed = store::claim(tx, Channel::Mail, now, now.plus(days(1)), 1)?;
        assert_eq!(claimed[0].id, sent);
        Ok(store::mark_sent(tx, &claimed[0], now)?)
    })
    .unwrap();
    test.app.clock.advance(days(87));
    assert_eq!(jobs::sweep(&test.app).unwrap(), 0);
    test.app.clock.advance(days(2));
    assert_eq!(jobs::sweep(&test.app).unwrap(), 1, "the cancelled one");
    test.app.clock.advance(days(2));
    assert_eq!(jobs::sweep(&test.app).unwrap(), 1, "the one that was sent");
    test.app.clock.advance(days(900));
    assert_eq!(jobs::sweep(&test.app).unwrap(), 0);
    assert_eq!(test.find(waiting).state, State::Waiting);
}

#[test]
fn with_no_mail_server_nothing_is_claimed() {
    let test = TestApp::start();
    let id = test.enqueue("ada@example.org");
    assert_eq!(jobs::deliver(&test.app).unwrap(), 0);
    let mail = test.find(id);
    assert_eq!(
        (mail.state, mail.attempts, mail.leased_until),
        (State::Waiting, 0, None)
    );
    let hidden = test
        .app
        .db
        .read_now(|conn| actions::preview(conn, &test.app, &Actor::operator(), id));
    assert_eq!(hidden.unwrap().as_deref(), Some("Open (link hidden) now"));
    let bad = letter("ada@example.org\r\nRCPT TO:<eve@example.org>");
    assert!(
        test.act(move |tx, app| actions::enqueue(tx, app, &bad))
            .is_err()
    );
}
