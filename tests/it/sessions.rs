//! Sessions: how long they last, what ends them, and that what ended stays ended (D11 to D14).

use vestibule::access::Role;
use vestibule::clock::{Time, minutes, seconds};
use vestibule::db::{Conn, Tx};
use vestibule::ids::UserId;
use vestibule::sign_in::store as sessions;
use vestibule::users::store as users;

use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::Browser;
use crate::support::door::{csrf, is_in, session_cookie, user_id};

const NEW_PASSWORD: &str = "nine loud foghorns at night";

/// A copy of the cookie in other hands.
fn captured(app: &TestApp, browser: &Browser) -> Browser {
    let mut thief = app.anonymous();
    thief
        .cookies
        .insert("vestibule".to_owned(), session_cookie(browser));
    thief
}

fn sign_out(browser: &mut Browser) {
    let page = browser.get("/settings/profile").is(200).page();
    let answer = browser.submit(page.form("/sign-out").submit()).is(303);
    assert_eq!(answer.header("location"), "/sign-in");
}

fn change_password(browser: &mut Browser, current: &str, new: &str, end_others: bool) -> u16 {
    let page = browser.get("/settings/password").is(200).page();
    let mut form = page
        .form("/settings/password")
        .fill("current_password", current)
        .fill("password", new);
    if !end_others {
        form = form.clear("end_others");
    }
    browser.submit(form.submit()).status
}

#[test]
fn a_captured_cookie_is_dead_after_signing_out() {
    let app = TestApp::start();
    let (mut owner, mut other) = (app.owner(), app.owner());
    let mut thief = captured(&app, &owner);
    assert!(is_in(&mut thief));
    sign_out(&mut owner);
    assert!(
        !owner.cookies.contains_key("vestibule"),
        "the cookie is taken away"
    );
    assert!(!is_in(&mut thief) && !is_in(&mut owner));
    assert!(is_in(&mut other), "only this session ended");
}

#[test]
fn a_changed_cookie_is_nobodys() {
    let app = TestApp::start();
    let cookie = session_cookie(&app.owner());
    for at in [0, cookie.len() / 2, cookie.len() - 1] {
        let mut changed = cookie.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let mut browser = app.anonymous();
        let changed = String::from_utf8(changed).unwrap();
        browser.cookies.insert("vestibule".to_owned(), changed);
        assert!(!is_in(&mut browser), "at {at}");
    }
}

#[test]
fn a_new_password_ends_the_other_sessions_and_changes_this_one() {
    let app = TestApp::start();
    let (mut here, mut elsewhere) = (app.owner(), app.owner());
    let mut thief = captured(&app, &here);
    assert_eq!(
        change_password(&mut here, PASSWORD, NEW_PASSWORD, true),
        303
    );
    assert!(is_in(&mut here));
    assert!(!is_in(&mut elsewhere));
    assert!(!is_in(&mut thief), "the session has a new secret");
    // Left unticked, others go on.
    let mut elsewhere = app.anonymous();
    crate::support::door::sign_in(&mut elsewhere, "grace@example.org", NEW_PASSWORD).is(303);
    assert_eq!(
        change_password(&mut here, NEW_PASSWORD, PASSWORD, false),
        303
    );
    assert!(is_in(&mut here) && is_in(&mut elsewhere));
}

#[test]
fn a_wrong_present_password_changes_nothing() {
    let app = TestApp::start();
    let (mut here, mut elsewhere) = (app.owner(), app.owner());
    assert_eq!(change_password(&mut here, "wrong", NEW_PASSWORD, true), 422);
    assert_eq!(change_password(&mut here, PASSWORD, "short", true), 422);
    assert!(is_in(&mut here) && is_in(&mut elsewhere));
    assert!(is_in(&mut app.owner()));
}

#[test]
fn suspending_ends_everything_at_once_and_reactivating_revives_nothing() {
    let app = TestApp::start();
    let mut member = app.member();
    let key = app.with_key("mia@example.org", &["all"]);
    let id = user_id(&app, "mia@example.org");
    let mut owner = app.owner();
    key.get("/api/v1/me").is(200);
    assert!(is_in(&mut member));

    let detail = format!("/admin/users/{id}");
    let page = owner.get(&format!("{detail}/suspend")).is(200).page();
    let form = page
        .form(&format!("{detail}/suspend"))
        .fill("reason", "Left the project.");
    owner.submit(form.submit()).is(303);
    assert!(!is_in(&mut member));
    key.get("/api/v1/me").is(401);
    crate::support::door::sign_in(&mut app.anonymous(), "mia@example.org", PASSWORD).is(403);

    let page = owner.get(&detail).is(200).page();
    assert!(page.text("main").contains("Left the project."));
    let form = page.form(&format!("{detail}/reactivate"));
    owner.submit(form.submit()).is(303);
    assert!(!is_in(&mut member));
    key.get("/api/v1/me").is(401);
    assert!(is_in(&mut app.member()), "they sign in again");
    app.mails();
}

#[test]
fn a_session_ends_after_ninety_minutes_without_use() {
    let app = TestApp::start();
    let (mut used, mut left) = (app.owner(), app.owner());
    app.advance(minutes(89));
    assert!(is_in(&mut used));
    app.run_jobs();
    app.advance(minutes(89));
    assert!(is_in(&mut used), "its use was written");
    assert!(!is_in(&mut left), "nobody used it");

    let mut never = app.owner();
    app.advance(seconds(90 * 60 - 1));
    assert!(is_in(&mut never));
    app.advance(seconds(1));
    assert!(!is_in(&mut never), "its use was noted, but not yet written");
}

#[test]
fn what_is_written_of_the_last_use_never_goes_back() {
    let app = TestApp::start();
    drop(app.owner());
    let id: UserId = user_id(&app, "grace@example.org").parse().unwrap();
    let db = &app.parts.app.db;
    let seen = || {
        let now = app.parts.app.clock.now();
        let read = |conn: &mut Conn| {
            let session = sessions::of_user(conn, id, now)?.remove(0);
            Ok((session, users::find(conn, id)?.last_seen_at))
        };
        db.read_now(read).unwrap()
    };
    let session = seen().0.id;
    let write = |at: Time| {
        let both = move |tx: &mut Tx<'_>| {
            sessions::seen(tx, session, at)?;
            Ok(users::seen(tx, id, at)?)
        };
        db.write_now(both).unwrap();
    };
    let late = app.parts.app.clock.now().plus(minutes(5));
    write(late);
    write(late.minus(minutes(1)));
    let (session, user) = seen();
    assert_eq!((session.last_seen_at, user), (late, Some(late)));
}

#[test]
fn a_session_ends_after_twelve_hours_however_much_it_is_used() {
    let app = TestApp::start();
    let mut busy = app.owner();
    for _ in 0..12 * 60 / 30 - 1 {
        app.advance(minutes(30));
        assert!(is_in(&mut busy));
        app.run_jobs();
    }
    app.advance(seconds(30 * 60 - 1));
    assert!(is_in(&mut busy));
    app.run_jobs();
    app.advance(seconds(1));
    assert!(!is_in(&mut busy));
    // A new proof of who somebody is does not make a session longer.
    let mut busy = app.owner();
    for _ in 0..12 {
        app.advance(minutes(59));
        let token = csrf(&mut busy);
        let fields = [("csrf", &*token), ("password", PASSWORD)];
        busy.post("/sign-in/confirm", &fields).is(303);
        app.run_jobs();
    }
    app.advance(minutes(12));
    assert!(!is_in(&mut busy));
}

#[test]
fn people_see_their_sessions_and_end_one_or_all_others() {
    let app = TestApp::start();
    let mut here = app.owner();
    app.advance(seconds(1));
    let (mut phone, mut library) = (app.owner(), app.owner());
    let mut stranger = app.member();
    let page = here.get("/settings/sessions").is(200).page();
    assert_eq!(page.count("tbody tr"), 3);
    assert_eq!(page.count("tbody form"), 2, "this one has no button");

    // Somebody else's session is not there.
    let end = page.attr("tbody form", "action").unwrap();
    let token = csrf(&mut stranger);
    stranger.post(&end, &[("csrf", &*token)]).is(404);
    assert!(is_in(&mut phone) && is_in(&mut library));

    here.submit(page.form(&end).submit()).is(303);
    assert_ne!(is_in(&mut phone), is_in(&mut library));
    let page = here.get("/settings/sessions").is(200).page();
    assert_eq!(page.count("tbody tr"), 2);
    here.submit(page.form("/settings/sessions/end").submit())
        .is(303);
    assert!(!is_in(&mut phone) && !is_in(&mut library));
    assert!(is_in(&mut here) && is_in(&mut stranger));
}

#[test]
fn an_administrator_ends_the_sessions_of_a_user() {
    let app = TestApp::start();
    let (mut admin, mut member) = (app.admin(), app.member());
    let detail = format!("/admin/users/{}", user_id(&app, "mia@example.org"));
    let page = admin.get(&detail).is(200).page();
    let form = page.form(&format!("{detail}/sign-out"));
    admin.submit(form.submit()).is(303);
    assert!(!is_in(&mut member) && is_in(&mut admin));
}

#[test]
fn making_a_secret_wants_a_fresh_sign_in_and_confirming_changes_the_session() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let page = owner.get("/settings/api-keys/new").is(200).page();
    let form = page
        .form("/settings/api-keys/new")
        .fill("name", "Laptop")
        .fill("scopes", "all");
    app.advance(seconds(10 * 60 + 1));
    let sent = owner.get("/settings/api-keys/new").is(303);
    let to = sent.header("location").to_owned();
    assert!(to.starts_with("/sign-in/confirm?next="), "{to}");
    // The form itself is good still; what it wants is the password.
    let sent = owner.submit(form.submit()).is(403).page();
    let words = sent.text("[role=alert]");
    assert!(words.contains("Prove again that it is you"), "{words}");
    assert_eq!(sent.form("/settings/api-keys/new").value("name"), "Laptop");
    assert_eq!(app.count("SELECT count(*) AS count FROM api_keys"), 0);

    let mut thief = captured(&app, &owner);
    let page = owner.get(&to).is(200).page();
    let wrong = page
        .form("/sign-in/confirm")
        .fill("password", "wrong")
        .submit();
    owner.submit(wrong).is(401);
    let right = page
        .form("/sign-in/confirm")
        .fill("password", PASSWORD)
        .submit();
    let answer = owner.submit(right).is(303);
    assert_eq!(answer.header("location"), "/settings/api-keys/new");
    owner.get("/settings/api-keys/new").is(200);
    assert!(!is_in(&mut thief), "the session has a new secret");
}

#[test]
fn somebody_elses_password_confirms_nothing() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia Member", Role::Member);
    let mut mia = app.signed_in("mia@example.org");
    let mut owner = app.owner();
    assert_eq!(
        change_password(&mut owner, PASSWORD, NEW_PASSWORD, true),
        303
    );
    let token = csrf(&mut mia);
    let fields = [
        ("csrf", &*token),
        ("password", NEW_PASSWORD),
        ("email", "grace@example.org"),
    ];
    mia.post("/sign-in/confirm", &fields).is(401);
}

#[test]
fn the_longest_form_is_kept_while_the_password_is_asked_for() {
    let app = TestApp::start();
    let mut owner = app.owner();
    let note = "\u{1f511}".repeat(500);
    let path = "/settings/api-keys/new";
    let page = owner.get(path).is(200).page();
    let form = page.form(path).fill("name", "Laptop").fill("scopes", "all");
    app.advance(seconds(10 * 60 + 1));
    let asked = owner
        .submit(form.fill("note", &note).submit())
        .is(403)
        .page();
    let before = captured(&app, &owner);
    let wrong = asked.form(path).fill("password", "wrong").submit();
    let asked = owner.submit(wrong).is(422).page();
    assert!(asked.text(".error-sum").contains("password"));
    // By the other way too, which is a link.
    let other = asked.attr("a[href^='/sign-in/confirm']", "href").unwrap();
    let other = owner.get(&other).is(200).page();
    let back = other.form("/sign-in/confirm").value("next");
    assert!(back.starts_with(path), "{back}");
    assert_eq!(back.matches("%F0%9F%94%91").count(), 500);
    let form = asked.form(path);
    assert_eq!(form.value("note"), note);
    assert_eq!(form.value("password"), "");
    let shown = owner
        .submit(form.fill("password", PASSWORD).submit())
        .is(200);
    assert!(shown.body.contains("vstk_"));
    let keys = "SELECT count(*) AS count FROM api_keys WHERE name = 'Laptop'";
    assert_eq!(app.count(keys), 1);
    let mut before = before;
    assert!(!is_in(&mut before), "the session has a new secret");
    owner.get(path).is(200);
    app.mails();
}
