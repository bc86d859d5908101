//! What is foretold is what comes.

use serde_json::json;
use vestibule::access::Role;
use vestibule::api_keys::model::Ends;
use vestibule::api_keys::notices::ahead::{self, Ahead};
use vestibule::clock::{Time, days};
use vestibule::db::Paging;
use vestibule::ids::KeyId;

use crate::support::app::TestApp;
use crate::support::client::Api;
use crate::support::door::user_id;
use crate::support::program::Program;

/// How far the forecast of these tests looks.
const FAR: i64 = 120;

fn keyed(app: &TestApp, email: &str, ends: Ends) -> (KeyId, Api) {
    let (id, secret) = app.key_that_ends(email, &["all"], ends);
    (id, Api::new(&app.base, Some(secret)))
}

/// All of the forecast at `now`, read in parts of so many.
fn foretold(app: &TestApp, now: Time, part: i64) -> Vec<Ahead> {
    let mut paging = Paging::first(part);
    let mut all = Vec::new();
    loop {
        let until = now.plus(days(FAR));
        let read = |conn: &mut _| ahead::ahead(conn, &app.parts.app, now, until, &paging);
        let slice = app.parts.app.db.read_now(read).unwrap();
        assert!(slice.rows.len() <= usize::try_from(part).unwrap());
        all.extend(slice.rows);
        match slice.older {
            Some(older) => paging.from = Some(older),
            None => return all,
        }
    }
}

/// Keys of every kind, and people of every kind. Each person has one key that is told of, so that each mail is of one key.
fn fill(app: &TestApp) {
    let person = |name: &str| {
        let email = format!("{name}@example.org");
        app.user(&email, "Somebody", Role::Member);
        email
    };
    for count in [1, 2, 7, 8, 30, 31, 90, 100, 365] {
        keyed(app, &person(&format!("for{count}")), Ends::In(count));
    }
    keyed(app, &person("endless"), Ends::Never);
    let (id, api) = keyed(app, &person("revoked"), Ends::In(40));
    api.delete(&format!("/api/v1/keys/{id}")).is(204);
    let (id, api) = keyed(app, &person("replaced"), Ends::In(40));
    api.post(&format!("/api/v1/keys/{id}/rotate"), &json!({}))
        .is(201);
    keyed(app, &person("suspended"), Ends::In(40));
    let id = user_id(app, "suspended@example.org");
    let path = format!("/api/v1/users/{id}/suspension");
    app.api().put(&path, &json!({ "reason": "left" })).is(200);
    keyed(app, &person("silent"), Ends::In(40));
    app.execute(
        "UPDATE users SET email = NULL, email_norm = NULL WHERE email = 'silent@example.org'",
    );
    app.mails();
}

/// What comes day by day in the time of the forecast: on which day, to whom, what.
fn came(app: &TestApp) -> Vec<(i64, String, String)> {
    let mut came = Vec::new();
    for day in 1..=FAR {
        app.advance(days(1));
        let mut mails = app.mails();
        mails.sort_by_key(|mail| mail.to.clone());
        let told = mails
            .into_iter()
            .map(|mail| (day, mail.to[0].clone(), mail.subject()));
        came.extend(told);
    }
    came
}

/// The forecast in the same form. The moments are whole days after the keys were made, which was just before.
fn as_days(foretold: &[Ahead], now: Time) -> Vec<(i64, String, String)> {
    let day = days(1).as_micros();
    let number = |at: Time| (at - now).as_micros().div_euclid(day) + 1;
    let mut days: Vec<_> = foretold
        .iter()
        .map(|mail| (number(mail.at), mail.to.clone(), mail.subject.clone()))
        .collect();
    days.sort_by_key(|(day, to, _)| (*day, to.clone()));
    days
}

#[test]
fn what_is_foretold_is_what_comes() {
    let app = TestApp::start();
    fill(&app);
    let now = app.parts.app.clock.now();
    let mails = foretold(&app, now, 500);
    assert!(mails.is_sorted_by_key(|mail| (mail.at, mail.key.id)));
    for part in [1, 2, 7] {
        assert_eq!(foretold(&app, now, part), mails, "in parts of {part}");
    }
    // 4 moments of 100, 90, 31 and Grace's 90 days and of the key that replaces one; 3 of 30 and 8; 2 of 7 and 2; 1 of a day; none yet of a year.
    assert_eq!(mails.len(), 5 * 4 + 2 * 3 + 2 * 2 + 1);
    assert_eq!(came(&app), as_days(&mails, now));
}

#[test]
fn what_is_late_is_foretold_as_the_sweep_tells_it() {
    let app = TestApp::start();
    fill(&app);
    // Nothing ran for a while: of each key the most urgent notice alone is left.
    app.advance(days(38));
    let now = app.parts.app.clock.now();
    let mails = foretold(&app, now, 500);
    for part in [1, 2, 7] {
        assert_eq!(foretold(&app, now, part), mails, "in parts of {part}");
    }
    let late: Vec<_> = mails.iter().filter(|mail| mail.at == now).collect();
    assert!(!late.is_empty());
    let mut told: Vec<_> = app
        .mails()
        .into_iter()
        .map(|mail| (mail.to[0].clone(), mail.subject()))
        .collect();
    let mut expected: Vec<_> = late
        .iter()
        .map(|mail| (mail.to.clone(), mail.subject.clone()))
        .collect();
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
    assert!(
        foretold(&app, app.parts.app.clock.now(), 500)
            .iter()
            .all(|mail| mail.at > now)
    );
}

#[test]
fn administrators_read_it_page_by_page() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let path = "/admin/outbox/notices";
    let page = grace.get(path).is(200).page();
    assert!(page.text("main").contains("Nothing will be mailed"));
    for n in 0..20 {
        let email = format!("p{n}@example.org");
        app.user(&email, "Somebody", Role::Member);
        app.key(&email, &["all"]);
    }
    let outbox = grace.get("/admin/outbox").is(200).page();
    assert_eq!(outbox.attr(".head a.btn", "href").as_deref(), Some(path));
    let first = grace.get(path).is(200).page();
    let people = first.texts("tbody th");
    assert_eq!((people.len(), people[0].as_str()), (50, "p0@example.org"));
    assert!(first.texts("tbody td")[1].ends_with("stops working in 30 days"));
    let ends = first.texts(".funnel strong");
    assert_eq!(
        (ends.len(), ends[12].as_str(), ends[11].as_str()),
        (13, "20", "0")
    );
    let later = first.attr(".foot a", "href").unwrap();
    let second = grace.get(&later).is(200).page();
    assert_eq!(second.texts("tbody th").len(), 30);
    assert!(second.text("main").contains("has stopped working"));
    assert_eq!(second.attr(".foot a", "href").as_deref(), Some(path));
    assert_eq!((second.count(".foot a"), second.count(".funnel")), (1, 0));
    grace.get(&format!("{path}?older=nonsense")).is(200);
}

#[test]
fn the_dashboard_says_how_many_keys_end_soon() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let (revoked, api) = keyed(&app, "mia@example.org", Ends::In(3));
    keyed(&app, "mia@example.org", Ends::In(8));
    let mut grace = app.owner();
    let words = |grace: &mut crate::support::client::Browser| {
        let page = grace.get("/").is(200).page();
        page.text("main")
    };
    assert!(words(&mut grace).contains("1 API key ends within 7 days"));
    let page = grace.get("/").is(200).page();
    assert_eq!(
        page.link("1 API key ends within 7 days"),
        "/admin/outbox/notices"
    );
    api.delete(&format!("/api/v1/keys/{revoked}")).is(204);
    assert!(!words(&mut grace).contains("within 7 days"));
    app.mails();
}

#[test]
fn the_command_line_tells_the_same() {
    let program = Program::new();
    program.run(&["migrate"]).ok();
    let args = [
        "user",
        "create",
        "--email",
        "mia@example.org",
        "--name",
        "Mia",
        "--role",
        "member",
    ];
    program.run(&args).ok();
    let issue = [
        "key",
        "issue",
        "--user",
        "mia@example.org",
        "--name",
        "Nightly",
    ];
    program.run(&issue).ok();
    let listed = program.run(&["key", "list"]).ok();
    let (key, start) = (
        listed.split('\t').next().unwrap(),
        listed
            .split('\t')
            .nth(3)
            .unwrap()
            .split('…')
            .next()
            .unwrap(),
    );
    let said = program.run(&["notices"]).ok();
    let lines: Vec<Vec<&str>> = said
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines.len(), 4, "{said}");
    for (line, words) in lines.iter().zip([
        "stops working in 30 days",
        "stops working in 7 days",
        "stops working in 24 hours",
        "has stopped working",
    ]) {
        assert_eq!((line[1], line[2]), ("mia@example.org", key));
        assert_eq!(line[3], format!("Your API key {start}… {words}"));
        assert!(Time::parse(line[0]).is_some(), "{line:?}");
    }
    assert_eq!(program.run(&["notices", "--days", "59"]).ok(), "");
    assert_eq!(
        program
            .run(&["notices", "--days", "61"])
            .ok()
            .lines()
            .count(),
        1
    );
    for wrong in ["0", "x", "-1", "36501"] {
        let days = format!("--days={wrong}");
        program.run(&["notices", &days]).refused(2, "--days");
    }
}
