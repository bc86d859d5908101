//! The addresses and numbers of one account: added by code, removed but for the last, and never on two accounts.

use serde_json::json;
use vestibule::access::{Actor, Role};
use vestibule::clock::minutes;
use vestibule::users::logins::add_proven;
use vestibule::users::model::{Address, NewUser};

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::client::{Answer, Browser};
use crate::support::door::{is_in, sign_in, user_id};
use crate::support::sms::{Gateway, code_in};

const NUMBER: &str = "+351215550100";

fn start() -> (TestApp, Gateway) {
    let gateway = Gateway::start();
    let app = TestApp::with(Options {
        sms: Some(gateway.url()),
        ..Options::default()
    });
    (app, gateway)
}

fn ask(browser: &mut Browser, address: &str) -> Answer {
    let page = browser.get("/settings/logins").is(200).page();
    let form = page.form("#add-login").fill("address", address);
    browser.submit(form.submit())
}

fn enter(browser: &mut Browser, code: &str) -> Answer {
    let page = browser.get("/settings/logins/code").is(200).page();
    let form = page.form("/settings/logins/code").fill("code", code);
    browser.submit(form.submit())
}

/// The code that came, by mail or by SMS.
fn code(app: &TestApp, gateway: &Gateway) -> String {
    let mails = app.mails();
    match mails.last() {
        Some(mail) => code_in(&mail.text()),
        None => gateway.take().last().unwrap().code(),
    }
}

fn remove(browser: &mut Browser, which: &str) -> Answer {
    let page = browser.get("/settings/logins").is(200).page();
    let form = page.form("#add-login").forge("which", which);
    let csrf = form.value("csrf");
    browser.post(
        "/settings/logins/remove",
        &[("csrf", &csrf), ("which", which)],
    )
}

/// An account with an address that nobody proved.
fn unproved(app: &TestApp, email: &str, role: Role) -> String {
    app.user(email, "Eve", role);
    let norm = email.to_owned();
    let db = &app.parts.app.db;
    db.write_now(move |tx| {
        use diesel::prelude::*;
        use vestibule::db::schema::users::dsl;
        diesel::update(dsl::users.filter(dsl::email_norm.eq(&norm)))
            .set(dsl::email_verified.eq(false))
            .execute(&mut **tx)?;
        Ok(())
    })
    .unwrap();
    user_id(app, email)
}

fn user(app: &TestApp, id: &str) -> serde_json::Value {
    app.api().get(&format!("/api/v1/users/{id}")).is(200).json()
}

#[test]
fn an_address_that_is_added_by_code_is_another_way_in() {
    let (app, gateway) = start();
    let mut ada = app.member();
    let id = user_id(&app, "mia@example.org");
    for address in [
        "+351 21 555 01 00",
        "Mia@Home.example.org",
        "+351 21 555 01 01",
    ] {
        ask(&mut ada, address).is(303);
        let code = code(&app, &gateway);
        enter(&mut ada, &code).is(303);
    }
    // The first number is the account's own, the others are further ones.
    assert_eq!(user(&app, &id)["phone"], NUMBER);
    assert_eq!(user(&app, &id)["phone_verified"], true);
    assert_eq!(app.count("SELECT count(*) AS count FROM logins"), 2);
    let page = ada.get("/settings/logins").page().text("main");
    for address in [
        "mia@example.org",
        NUMBER,
        "Mia@Home.example.org",
        "+351215550101",
    ] {
        assert!(page.contains(address), "{page}");
        let mut browser = app.anonymous();
        sign_in(&mut browser, address, PASSWORD).is(303);
        assert!(is_in(&mut browser), "{address}");
    }
    // Nobody else can have them.
    let taken = json!({ "email": "mia@home.example.org", "display_name": "Eve" });
    let refused = app.api().post("/api/v1/users", &taken).is(409);
    assert_eq!(refused.code(), "address_taken");
    assert_eq!(
        app.count("SELECT count(*) AS count FROM audit WHERE action = 'user.login_added'"),
        3
    );

    remove(&mut ada, "phone").is(303);
    assert_eq!(
        user(&app, &id)["phone"],
        "+351215550101",
        "the next takes its place"
    );
    sign_in(&mut app.anonymous(), NUMBER, PASSWORD).is(401);
    app.api().delete(&format!("/api/v1/users/{id}")).is(204);
    assert_eq!(app.count("SELECT count(*) AS count FROM logins"), 0);
}

#[test]
fn the_last_way_in_stays() {
    let (app, gateway) = start();
    let mut mia = app.member();
    let said = remove(&mut mia, "email").is(409).page().text("main");
    assert!(said.contains("This is your only way to sign in. Add another first."));
    ask(&mut mia, NUMBER).is(303);
    let code = code(&app, &gateway);
    enter(&mut mia, &code).is(303);
    remove(&mut mia, "email").is(303);
    remove(&mut mia, "phone").is(409);
    remove(&mut mia, "email").is(404);
    remove(&mut mia, "lgn_0").is(404);
    let mut again = app.anonymous();
    sign_in(&mut again, NUMBER, PASSWORD).is(303);
    assert!(is_in(&mut again));
}

#[test]
fn that_an_address_is_anothers_is_told_to_who_has_it_alone() {
    let (app, gateway) = start();
    let mut mia = app.member();
    let asked = ask(&mut mia, "grace@example.org").is(303);
    assert_eq!(asked.header("location"), "/settings/logins/code");
    let code = code(&app, &gateway);
    let wrong = enter(&mut mia, "000 00").is(403).page().text("main");
    assert!(!wrong.contains("another account"), "{wrong}");
    let told = enter(&mut mia, &code).is(409).page().text("main");
    assert!(
        told.contains("That address belongs to another account."),
        "{told}"
    );
    let id = user_id(&app, "mia@example.org");
    assert_eq!(user(&app, &id)["email"], "mia@example.org");
}

#[test]
fn adding_and_removing_ask_for_a_fresh_sign_in() {
    let (app, _gateway) = start();
    let mut mia = app.member();
    app.advance(minutes(11));
    let to = "/sign-in/confirm?next=%2Fsettings%2Flogins";
    assert_eq!(ask(&mut mia, NUMBER).is(303).header("location"), to);
    assert_eq!(remove(&mut mia, "email").is(303).header("location"), to);
    assert_eq!(app.count("SELECT count(*) AS count FROM codes"), 0);
}

#[test]
fn ones_own_address_can_be_proved_by_code() {
    let (app, gateway) = start();
    let id = unproved(&app, "ada@example.org", Role::Member);
    let mut ada = app.signed_in("ada@example.org");
    let page = ada.get("/settings/logins").page();
    ada.submit(
        page.form("form:has(input[name='address'][type='hidden'])")
            .submit(),
    )
    .is(303);
    let code = code(&app, &gateway);
    enter(&mut ada, &code).is(303);
    assert_eq!(user(&app, &id)["email_verified"], true);
}

#[test]
fn who_proves_an_address_takes_it_from_who_only_named_it() {
    let (app, gateway) = start();
    let eve = unproved(&app, "mia@work.example.org", Role::Member);
    let mut mia = app.member();
    ask(&mut mia, "mia@work.example.org").is(303);
    let code = code(&app, &gateway);
    enter(&mut mia, &code).is(303);
    assert_eq!(user(&app, &eve)["email"], serde_json::Value::Null);
    sign_in(&mut mia, "mia@work.example.org", PASSWORD).is(303);
    let log = app.api().get("/api/v1/audit?action=user.login_lost").json();
    assert_eq!(log["items"][0]["target"]["id"], eve.as_str());
}

#[test]
fn the_last_owner_who_can_sign_in_keeps_the_door() {
    let (app, _gateway) = start();
    let owner = unproved(&app, "olu@example.org", Role::Owner);
    let mia = app.user("mia@example.org", "Mia", Role::Member);
    let prove = |address: &str| {
        let address: Address = Address::read("email", address).unwrap();
        let db = &app.parts.app.db;
        db.write_now(move |tx| add_proven(tx, &Actor::system(), mia, &address))
    };
    // As long as Grace is an owner too, the address is only a name.
    let grace = user_id(&app, "grace@example.org");
    let api = app.with_key("olu@example.org", &["all"]);
    api.patch(
        &format!("/api/v1/users/{grace}"),
        &json!({ "role": "member" }),
    )
    .is(200);
    assert_eq!(
        prove("olu@example.org").unwrap_err().code().as_str(),
        "address_taken"
    );
    api.patch(
        &format!("/api/v1/users/{grace}"),
        &json!({ "role": "owner" }),
    )
    .is(200);
    prove("olu@example.org").unwrap();
    assert_eq!(user(&app, &owner)["email"], serde_json::Value::Null);
}

#[test]
fn of_two_who_prove_an_address_at_once_one_has_it() {
    let (app, _gateway) = start();
    let people = [0, 1, 2, 3].map(|n| app.user(&format!("p{n}@example.org"), "P", Role::Member));
    let tries = people.map(|id| {
        let app = app.parts.app.clone();
        std::thread::spawn(move || {
            let address: Address = Address::read("email", "shared@example.org").unwrap();
            app.db
                .write_now(move |tx| add_proven(tx, &Actor::system(), id, &address))
                .is_ok()
        })
    });
    let done = tries.into_iter().map(|one| one.join().unwrap());
    assert_eq!(done.filter(|ok| *ok).count(), 1);
    assert_eq!(app.count("SELECT count(*) AS count FROM logins"), 1);
    let new = NewUser {
        email_verified: true,
        ..NewUser::plain(
            "N".into(),
            Some("shared@example.org".parse().unwrap()),
            Role::Member,
        )
    };
    let db = &app.parts.app.db;
    let made =
        db.write_now(move |tx| vestibule::users::actions::create(tx, &Actor::system(), &new));
    assert_eq!(made.unwrap_err().code().as_str(), "address_taken");
}
