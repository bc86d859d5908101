//! Codes of six digits: once, for ten minutes, five tries, whoever tries at the same moment (D24).

use std::sync::Arc;

use actix_web::web;
use vestibule::app::App;
use vestibule::clock::{hours, minutes, seconds};
use vestibule::codes::{self, Claim, Purpose};
use vestibule::error::Code;

use crate::support::app::TestApp;

fn claim(subject: &str, address: &str) -> Claim {
    Claim {
        purpose: Purpose::SignIn,
        subject: subject.to_owned(),
        address: address.to_owned(),
    }
}

fn make(app: &TestApp, of: &Claim) -> String {
    let (shared, of) = (app.parts.app.clone(), of.clone());
    let made = app
        .parts
        .app
        .db
        .write_now(move |tx| codes::make(tx, &shared, &of));
    made.unwrap().reveal().to_owned()
}

/// Tries a code as a page does: pays, then acts.
async fn attempt(app: web::Data<App>, of: Claim, code: String) -> Result<(), Code> {
    let paid = codes::pay(&app, of).await.map_err(|why| why.code())?;
    let shared = app.clone();
    app.db
        .write(move |tx| codes::take(tx, &shared, &paid, &code))
        .await
        .map_err(|why| why.code())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn try_it(app: &TestApp, of: &Claim, code: &str) -> Result<(), Code> {
    runtime().block_on(attempt(app.parts.app.clone(), of.clone(), code.to_owned()))
}

/// A code that is not this one.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[test]
fn a_code_works_once_for_what_it_was_made_for() {
    let app = TestApp::start();
    let of = claim("browser-a", "ada@example.org");
    let code = make(&app, &of);
    for other in [
        claim("browser-b", "ada@example.org"),
        claim("browser-a", "eve@example.org"),
        Claim {
            purpose: Purpose::Login,
            ..of.clone()
        },
    ] {
        make(&app, &other);
        assert_eq!(
            try_it(&app, &other, &code),
            Err(Code::CodeInvalid),
            "{other:?}"
        );
    }
    assert_eq!(try_it(&app, &of, &wrong(&code)), Err(Code::CodeInvalid));
    assert_eq!(
        try_it(&app, &of, &format!(" {} {} ", &code[..3], &code[3..])),
        Ok(())
    );
    assert_eq!(try_it(&app, &of, &code), Err(Code::CodeInvalid));
}

#[test]
fn a_newer_code_ends_the_older_one_and_ten_minutes_end_both() {
    let app = TestApp::start();
    let of = claim("browser", "+351215550100");
    let (first, second) = (make(&app, &of), make(&app, &of));
    if first != second {
        assert_eq!(try_it(&app, &of, &first), Err(Code::CodeInvalid));
    }
    app.advance(minutes(10));
    assert_eq!(try_it(&app, &of, &second), Err(Code::CodeExpired));
    let third = make(&app, &of);
    app.advance(seconds(599));
    assert_eq!(try_it(&app, &of, &third), Ok(()));
    app.advance(hours(25));
    app.run_jobs();
    assert_eq!(app.count("SELECT count(*) AS count FROM codes"), 0);
}

#[test]
fn of_fifty_wrong_tries_at_once_five_are_looked_at() {
    let app = TestApp::start();
    let of = claim("browser", "ada@example.org");
    let code = make(&app, &of);
    let runtime = runtime();
    let barrier = Arc::new(tokio::sync::Barrier::new(50));
    let tries: Vec<_> = (0..50)
        .map(|_| {
            let (shared, of, barrier) = (app.parts.app.clone(), of.clone(), barrier.clone());
            runtime.spawn(async move {
                barrier.wait().await;
                codes::pay(&shared, of).await.is_ok()
            })
        })
        .collect();
    let paid = tries
        .into_iter()
        .filter_map(|one| runtime.block_on(one).unwrap().then_some(()));
    assert_eq!(paid.count(), 5);
    // Each of them was a look at the code: the right one comes too late.
    assert_eq!(try_it(&app, &of, &code), Err(Code::CodeInvalid));
}

#[test]
fn of_fifty_right_tries_at_once_one_succeeds() {
    let app = TestApp::start();
    let of = claim("browser", "ada@example.org");
    let code = make(&app, &of);
    let runtime = runtime();
    let tries: Vec<_> = (0..50)
        .map(|_| runtime.spawn(attempt(app.parts.app.clone(), of.clone(), code.clone())))
        .collect();
    let done = tries.into_iter().map(|one| runtime.block_on(one).unwrap());
    assert_eq!(done.filter(Result::is_ok).count(), 1);
}

#[test]
fn a_refused_try_stays_counted_and_the_table_holds_no_code() {
    let app = TestApp::start();
    let of = claim("browser", "ada@example.org");
    let code = make(&app, &of);
    for _ in 0..5 {
        assert_eq!(try_it(&app, &of, &wrong(&code)), Err(Code::CodeInvalid));
    }
    assert_eq!(
        app.count("SELECT count(*) AS count FROM codes WHERE tries_left = 0"),
        1
    );
    // What a plain digest of the code, alone or with what it is bound to, would be.
    let plain = vestibule::secret::SecretDigest::of(&code);
    let kept = app.count("SELECT count(*) AS count FROM codes");
    assert_eq!(kept, 1);
    let found = app.parts.app.db.read_now(move |conn| {
        use diesel::prelude::*;
        use vestibule::db::schema::codes::dsl;
        let same = dsl::codes.filter(dsl::digest.eq(plain.as_bytes().to_vec()));
        Ok(same.count().get_result::<i64>(conn)?)
    });
    assert_eq!(found.unwrap(), 0);
}
