//! Single use means one, whoever comes at the same time (security.md, D1).

use std::sync::Barrier;

use serde_json::{Value, json};
use vestibule::access::Role;

use crate::support::app::TestApp;
use crate::support::client::Answer;

/// Sends the bodies at the same time, each from a browser of its own.
fn at_once(app: &TestApp, path: &str, bodies: Vec<Value>) -> Vec<Answer> {
    let barrier = Barrier::new(bodies.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = bodies
            .into_iter()
            .map(|body| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let mut browser = app.anonymous();
                    barrier.wait();
                    browser.post_json(path, &body, &[])
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn actions(app: &TestApp, action: &str) -> i64 {
    app.count(&format!(
        "SELECT count(*) AS count FROM audit WHERE action = '{action}'"
    ))
}

#[test]
fn of_64_acceptances_at_once_one_succeeds_and_the_others_come_too_late() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let bodies = (0..64).map(|number| {
        let mut body = invited.accept();
        body["display_name"] = json!(format!("Ada {number}"));
        body
    });
    let answers = at_once(&app, &invited.path(), bodies.collect());
    let (good, late): (Vec<Answer>, Vec<Answer>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(good.len(), 1);
    for answer in &late {
        assert_eq!(
            (answer.status, answer.code()),
            (410, "invite_used".to_owned())
        );
        assert!(
            answer
                .headers("set-cookie")
                .iter()
                .all(|cookie| cookie.starts_with("vestibule-before"))
        );
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 2);
    assert_eq!(actions(&app, "invite.accepted"), 1);
    assert_eq!(actions(&app, "user.created"), 2);
    app.run_jobs();
    assert_eq!(
        app.count("SELECT count(*) AS count FROM events WHERE type = 'invite.accepted'"),
        1
    );
}

#[test]
fn accepting_and_declining_at_once_has_one_outcome() {
    let app = TestApp::start();
    for round in 0..4 {
        let invited = app.invited(&format!("person{round}@example.org"));
        let decline = json!({ "action": "decline", "token": invited.token() });
        let bodies = (0..12).map(|n| {
            if n % 2 == 0 {
                invited.accept()
            } else {
                decline.clone()
            }
        });
        let answers = at_once(&app, &invited.path(), bodies.collect());
        let good = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(good, 1, "{answers:?}");
    }
    let ended = actions(&app, "invite.accepted") + actions(&app, "invite.declined");
    assert_eq!(ended, 4);
    assert_eq!(
        app.count("SELECT count(*) AS count FROM users") - 1,
        actions(&app, "invite.accepted")
    );
}

#[test]
fn accepting_and_revoking_at_once_has_one_outcome() {
    let app = TestApp::start();
    let api = app.api();
    for round in 0..6 {
        let invited = app.invited(&format!("person{round}@example.org"));
        let path = format!("/api/v1/invites/{}/revoke", invited.id);
        let (accepted, revoked) = std::thread::scope(|scope| {
            let revoking = scope.spawn(|| api.post(&path, &json!({})).status);
            let accepted = app
                .anonymous()
                .post_json(&invited.path(), &invited.accept(), &[]);
            (accepted.status, revoking.join().unwrap())
        });
        assert!(
            matches!((accepted, revoked), (200, 409) | (410, 200)),
            "{accepted} {revoked}"
        );
    }
    assert_eq!(
        app.count("SELECT count(*) AS count FROM users") - 1,
        actions(&app, "invite.accepted")
    );
}

#[test]
fn one_account_cannot_be_made_twice_through_two_ways_at_once() {
    let app = TestApp::start();
    let api = app.api();
    let invited = app.invited("ada@example.org");
    let by_admin = json!({ "email": "ADA@example.org", "display_name": "Ada", "role": "member" });
    let (accepted, made) = std::thread::scope(|scope| {
        let making = scope.spawn(|| api.post("/api/v1/users", &by_admin).status);
        let accepted = app
            .anonymous()
            .post_json(&invited.path(), &invited.accept(), &[]);
        (accepted.status, making.join().unwrap())
    });
    assert!(
        matches!((accepted, made), (200, 409) | (401, 201)),
        "{accepted} {made}"
    );
    assert_eq!(app.count("SELECT count(*) AS count FROM users"), 2);
    app.mails();
}

#[test]
fn two_invites_to_one_person_give_each_what_they_say() {
    let app = TestApp::start();
    app.user("bob@example.org", "Bob", Role::Member);
    let first = app.invited("bob@example.org");
    let mut bob = app.signed_in("bob@example.org");
    let here = app.origin();
    let body = json!({ "action": "accept", "token": first.token() });
    bob.post_json(&first.path(), &body, &[("origin", &here)])
        .is(200);
    let second = app.invited_with(&json!({ "email": "bob@example.org", "role": "admin" }));
    // The token of the first does not open the second.
    let body = json!({ "action": "accept", "token": first.token() });
    bob.post_json(&second.path(), &body, &[("origin", &here)])
        .is(404);
    let body = json!({ "action": "accept", "token": second.token() });
    bob.post_json(&second.path(), &body, &[("origin", &here)])
        .is(200);
    bob.get("/admin/invites").is(200);
}
