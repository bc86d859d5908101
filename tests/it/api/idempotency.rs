//! `Idempotency-Key`: what is repeated because its answer was lost is done once.

use std::sync::Barrier;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use vestibule::clock::{Clock, hours, seconds};
use vestibule::passwords::Cost;
use vestibule::server::Server;

use crate::support::app::TestApp;
use crate::support::client::{Answer, Api};
use crate::support::invited::Invited;

fn post(api: &Api, path: &str, key: &str, body: &Value) -> Answer {
    api.json("POST", path, body, &[("idempotency-key", key)])
}

fn invites(app: &TestApp) -> i64 {
    app.count("SELECT count(*) AS count FROM invites")
}

#[test]
fn a_repeat_answers_the_first_answer_again_and_does_nothing() {
    let app = TestApp::start();
    let api = app.api();
    let body = json!({ "email": "ada@example.org" });
    let first = post(&api, "/api/v1/invites", "k-1", &body).is(201);
    assert_eq!(first.header("idempotency-replayed"), "");
    app.advance(hours(23));
    let again = post(&api, "/api/v1/invites", "k-1", &body).is(201);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((invites(&app), app.mails().len()), (1, 1));

    // Another body, though it means the same, is another call.
    let same = json!({ "email": "ada@example.org", "role": "member" });
    for other in [same, json!({ "email": "bob@example.org" })] {
        let refused = post(&api, "/api/v1/invites", "k-1", &other).is(422);
        assert_eq!(refused.code(), "idempotency_mismatch", "{other}");
    }
    // A refusal is not kept: what was mended can be sent with the same key.
    assert_eq!(
        post(&api, "/api/v1/invites", "k-2", &body).is(409).code(),
        "invite_exists"
    );
    post(
        &api,
        "/api/v1/invites",
        "k-2",
        &json!({ "email": "bob@example.org" }),
    )
    .is(201);
    // Every route has its own keys, and so has every credential.
    let id = first.json()["id"].as_str().unwrap().to_owned();
    post(
        &api,
        &format!("/api/v1/invites/{id}/revoke"),
        "k-1",
        &json!({}),
    )
    .is(200);
    post(
        &api,
        &format!("/api/v1/invites/{id}/revoke"),
        "k-1",
        &json!({}),
    )
    .is(200);
    let another = app.api();
    post(&another, "/api/v1/invites", "k-1", &body).is(201);
    assert_eq!(invites(&app), 3);
    // After a day it is forgotten.
    app.advance(hours(1));
    let late = post(&api, "/api/v1/invites", "k-1", &body).is(409);
    assert_eq!(late.code(), "invite_exists");
    app.run_jobs();
    let old = app.count("SELECT count(*) AS count FROM idempotent_answers");
    assert_eq!(old, 3);
    app.mails();
}

#[test]
fn of_fifty_at_once_one_is_done() {
    let app = TestApp::start();
    let api = app.api();
    let barrier = Barrier::new(50);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..50)
            .map(|_| {
                scope.spawn(|| {
                    let api = Api::new(&app.base, api.key.clone());
                    barrier.wait();
                    post(
                        &api,
                        "/api/v1/groups",
                        "once",
                        &json!({ "name": "Analysts" }),
                    )
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let first = answers.iter().find(|answer| answer.status == 201).unwrap();
    for answer in &answers {
        match answer.status {
            201 => assert_eq!(answer.body, first.body),
            _ => assert_eq!(
                (answer.status, answer.code()),
                (409, "request_in_progress".to_owned())
            ),
        }
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM groups"), 1);
    let events = app.count("SELECT count(*) AS count FROM audit WHERE action = 'group.created'");
    assert_eq!(events, 1);
}

/// Another instance on the database of a test, until it is dropped.
struct Second {
    base: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Second {
    fn of(app: &TestApp) -> Self {
        let mut config = app.parts.app.config.clone();
        config.listen = "127.0.0.1:0".parse().unwrap();
        let clock = Clock::manual(app.parts.app.clock.now());
        let server = Server::build(config, clock, Cost::CHEAP).unwrap();
        let base = format!("http://{}", server.address());
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let stopped = async move { drop(stopped.await) };
            actix_web::rt::System::new()
                .block_on(server.run_until(stopped))
                .unwrap();
        });
        Self {
            base,
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok() || std::thread::panicking());
        }
    }
}

#[test]
fn a_repeat_that_comes_before_the_first_is_written_answers_the_same() {
    let app = TestApp::start();
    let api = app.api();
    let second = Second::of(&app);
    for round in 0..4 {
        let body = json!({ "name": format!("Analysts {round}") });
        let key = format!("k-{round}");
        let barrier = Barrier::new(3);
        let answers = std::thread::scope(|scope| {
            // On SQLite both wait for the writer, with whatever they have looked up by then.
            let db = &app.parts.app.db;
            let barrier = &barrier;
            scope.spawn(move || {
                db.write_now(|_| {
                    std::thread::sleep(Duration::from_millis(300));
                    Ok(())
                })
                .unwrap();
            });
            let threads = [&app.base, &second.base].map(|base| {
                let api = Api::new(base, api.key.clone());
                let (key, body) = (&key, &body);
                scope.spawn(move || {
                    barrier.wait();
                    post(&api, "/api/v1/groups", key, body).is(201)
                })
            });
            std::thread::sleep(Duration::from_millis(100));
            barrier.wait();
            threads.map(|thread| thread.join().unwrap())
        });
        assert_eq!(answers[0].body, answers[1].body);
        let replayed = |answer: &Answer| answer.header("idempotency-replayed") == "true";
        assert_ne!(replayed(&answers[0]), replayed(&answers[1]));
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM groups"), 4);
}

#[test]
fn an_answer_that_held_a_link_is_made_anew_in_place_of_the_first() {
    let app = TestApp::start();
    let api = app.api();
    let body = json!({ "email": "ada@example.org", "delivery": "link" });
    let first = post(&api, "/api/v1/invites", "k", &body).is(201).json();
    let second = post(&api, "/api/v1/invites", "k", &body).is(201).json();
    assert_eq!(first["id"], second["id"]);
    assert_ne!(first["invite_url"], second["invite_url"]);
    let third = post(&api, "/api/v1/invites", "k", &body).is(201).json();
    let invited = |made: &Value| Invited {
        id: made["id"].as_str().unwrap().to_owned(),
        link: made["invite_url"].as_str().unwrap().to_owned(),
    };
    for lost in [&first, &second] {
        app.anonymous().open(&invited(lost).link).is(410);
    }
    let good = invited(&third);
    app.anonymous()
        .post_json(&good.path(), &good.accept(), &[])
        .is(200);
    assert_eq!(
        post(&api, "/api/v1/invites", "k", &body).is(409).code(),
        "already_shown"
    );
    let mismatch = json!({ "email": "bob@example.org", "delivery": "link" });
    assert_eq!(
        post(&api, "/api/v1/invites", "k", &mismatch).is(422).code(),
        "idempotency_mismatch"
    );
    assert_eq!(invites(&app), 1);
    // Sending again with a link: the same. A link that came by mail is not touched.
    let mailed = app.invited("eve@example.org");
    let path = format!("/api/v1/invites/{}/resend", mailed.id);
    let link = json!({ "delivery": "link" });
    let first = post(&api, &path, "k", &link).is(200).json();
    let second = post(&api, &path, "k", &link).is(200).json();
    app.anonymous()
        .open(first["invite_url"].as_str().unwrap())
        .is(410);
    app.anonymous()
        .open(second["invite_url"].as_str().unwrap())
        .is(200);
    app.anonymous().open(&mailed.link).is(200);
}

#[test]
fn a_repeated_call_leaves_an_open_link_alone_that_somebody_came_by() {
    let app = TestApp::start();
    let api = app.api();
    let body = json!({ "max_uses": 5, "delivery": "link" });
    let made = post(&api, "/api/v1/invites", "k", &body).is(201).json();
    let link = Invited {
        id: made["id"].as_str().unwrap().to_owned(),
        link: made["invite_url"].as_str().unwrap().to_owned(),
    };
    let mut mia = app.member();
    let page = mia.open(&link.link).is(200).page();
    let form = page.form("/self-service/invite");
    mia.submit(form.press_named("action", "accept")).is(303);
    let again = post(&api, "/api/v1/invites", "k", &body);
    assert_eq!(again.is(409).code(), "already_shown");
    app.anonymous().get_json(&link.link).is(200);
}

#[test]
fn a_key_that_is_no_key_is_refused() {
    let app = TestApp::start();
    let api = app.api();
    for bad in ["", &"x".repeat(256)] {
        let refused = post(&api, "/api/v1/groups", bad, &json!({ "name": "G" }))
            .is(422)
            .json();
        assert_eq!(refused["errors"][0]["field"], "Idempotency-Key");
    }
    post(
        &api,
        "/api/v1/groups",
        &"x".repeat(255),
        &json!({ "name": "G" }),
    )
    .is(201);
    app.advance(seconds(1));
    assert_eq!(app.count("SELECT count(*) AS count FROM groups"), 1);
}
