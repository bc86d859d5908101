//! The list of invites: filters, the file, and the same done to many.

use serde_json::json;
use vestibule::config::DatabaseUrl;

use crate::support::app::TestApp;
use crate::support::client::Browser;
use crate::support::html::Page;

const BULK: &str = "/admin/invites/bulk";

fn list(browser: &mut Browser, path: &str) -> Page {
    browser.get(path).is(200).page()
}

fn flash(browser: &mut Browser, to: &str) -> String {
    list(browser, to).text(".flash")
}

/// Ticks these invites and presses a button; where it leads.
fn act(browser: &mut Browser, page: &Page, ids: &[&str], label: &str) -> String {
    let mut form = page.form(BULK);
    form = form.without("id");
    let mut sent = form.press(label);
    for id in ids {
        sent.body.extend_from_slice(format!("&id={id}").as_bytes());
    }
    let answer = browser.submit(sent).is(303);
    answer.header("location").to_owned()
}

#[test]
fn chosen_invites_are_extended_sent_again_and_revoked() {
    let app = TestApp::start();
    let ids: Vec<String> = ["ada", "bob", "cyd"]
        .iter()
        .map(|name| app.invited(&format!("{name}@example.org")).id)
        .collect();
    let mut grace = app.owner();
    let page = list(&mut grace, "/admin/invites");
    assert!(page.text(".bulk").contains("With selected:"));
    let none = grace.submit(page.form(BULK).press("Extend 7 days")).is(422);
    assert!(
        none.page()
            .text(".error-sum")
            .contains("Choose at least one invite.")
    );

    let to = act(&mut grace, &page, &[&ids[0], &ids[1]], "Extend 7 days");
    assert_eq!(
        flash(&mut grace, &to),
        "2 invites extended to 6 December 2026."
    );
    let api = app.api();
    let read = |id: &str| api.get(&format!("/api/v1/invites/{id}")).is(200).json();
    assert_eq!(read(&ids[0])["expires_at"], "2026-12-06T09:00:00Z");

    api.post(&format!("/api/v1/invites/{}/revoke", ids[2]), &json!({}))
        .is(200);
    let to = act(&mut grace, &page, &[&ids[0], &ids[2]], "Send again");
    assert_eq!(
        flash(&mut grace, &to),
        "One invite sent again. One could not be. This invite is no longer pending, so that cannot be done."
    );
    assert_eq!(app.mails().len(), 1);

    // Revoking asks first, and carries along what was chosen.
    let mut sent = page.form(BULK).without("id").press("Revoke…");
    sent.body
        .extend_from_slice(format!("&id={}&id={}", ids[0], ids[1]).as_bytes());
    let ask = grace.submit(sent).is(200).page();
    assert_eq!(ask.text("h1"), "Revoke these invites?");
    assert_eq!(read(&ids[0])["state"], "pending");
    let done = grace
        .submit(ask.form(BULK).press("Revoke 2 invites"))
        .is(303);
    let words = flash(&mut grace, done.header("location"));
    assert_eq!(words, "2 invites revoked. The links no longer work.");
    assert_eq!(read(&ids[1])["state"], "revoked");
}

#[test]
fn all_that_match_are_more_than_the_page_shows() {
    let app = TestApp::start();
    let rows: Vec<_> = (0..30)
        .map(|number| json!({ "email": format!("p{number}@example.org") }))
        .collect();
    app.api()
        .post("/api/v1/invites/batches", &json!({ "rows": rows }))
        .is(201);
    app.invited("zoe@example.org");
    app.mails();
    let mut grace = app.owner();
    let page = list(&mut grace, "/admin/invites?q=p&rows=25");
    assert_eq!(page.count("tbody tr"), 25);
    assert!(page.text(".bulk").contains("Apply to all 30 that match"));
    let form = page.form(BULK).tick("all").press("Revoke…");
    let ask = grace.submit(form).is(200).page();
    let done = grace
        .submit(ask.form(BULK).press("Revoke 30 invites"))
        .is(303);
    let to = done.header("location").to_owned();
    assert!(to.contains("q=p") && to.contains("rows=25"), "{to}");
    assert_eq!(
        flash(&mut grace, &to),
        "30 invites revoked. The links no longer work."
    );
    let left = list(&mut grace, "/admin/invites");
    assert_eq!(left.texts("tbody th a"), ["zoe@example.org"]);
    assert!(!left.text(".bulk").contains("Apply to all"));
}

#[test]
fn the_file_holds_what_the_filters_leave() {
    let app = TestApp::start();
    drop(app.admin());
    let api = app.api();
    for number in 0..3 {
        app.invited_with(&json!({
            "email": format!("p{number}@example.org"), "traits": { "name": "=1+1" },
        }));
    }
    app.with_key("alan@example.org", &["all"])
        .post("/api/v1/invites", &json!({ "email": "zoe@example.org" }))
        .is(201);
    app.mails();
    drop(api);
    let mut grace = app.owner();
    let page = list(&mut grace, "/admin/invites?q=p");
    let file = grace.get(&page.link("Download CSV")).is(200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 4, "{}", file.body);
    assert!(lines[0].starts_with("email,name,role,groups,status,"));
    assert!(
        lines[1]
            .starts_with("p2@example.org,'=1+1,member,,Pending,2026-11-29T09:00:00Z,Grace Hopper,")
    );

    let by = list(&mut grace, "/admin/invites");
    let by = list(&mut grace, &by.link("Alan Turing"));
    assert_eq!(by.texts("tbody th a"), ["zoe@example.org"]);
    assert_eq!(
        by.texts(".chips a"),
        ["Remove filter: Invited by Alan Turing"]
    );
    let file = grace.get(&by.link("Download CSV")).is(200);
    assert_eq!(file.body.lines().count(), 2);
}

#[test]
fn what_was_done_is_told_when_something_fails_in_the_midst_of_it() {
    let app = TestApp::start();
    app.leaves_mails();
    let rows: Vec<_> = (0..60)
        .map(|number| json!({ "email": format!("p{number}@example.org") }))
        .collect();
    app.api()
        .post("/api/v1/invites/batches", &json!({ "rows": rows }))
        .is(201);
    let whom = "NEW.address = 'p5@example.org'";
    match app.parts.app.config.database {
        DatabaseUrl::Sqlite(_) => app.execute(&format!(
            "CREATE TRIGGER fails BEFORE UPDATE ON invites WHEN {whom} BEGIN SELECT RAISE(ABORT, 'no'); END"
        )),
        DatabaseUrl::Postgres(_) => {
            app.execute(
                "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'no'; END $$",
            );
            app.execute(&format!(
                "CREATE TRIGGER fails BEFORE UPDATE ON invites FOR EACH ROW WHEN ({whom}) EXECUTE FUNCTION fails()"
            ));
        }
    }
    let mut grace = app.owner();
    let page = list(&mut grace, "/admin/invites?rows=25");
    let form = page.form(BULK).tick("all").press("Extend 7 days");
    let to = grace.submit(form).is(303);
    let to = to.header("location").to_owned();
    assert_eq!(
        flash(&mut grace, &to),
        "50 invites extended to 6 December 2026. Then something failed on this site, and 10 are as they were. Try again."
    );
    let extended = "SELECT count(*) AS count FROM audit WHERE action = 'invite.updated'";
    assert_eq!(app.count(extended), 50);
    // Nothing was done: it is an error like any other.
    let page = list(&mut grace, "/admin/invites?q=p5@");
    let mut form = page.form(BULK).without("id").press("Extend 7 days");
    let id = page.attr("tbody input[name=id]", "value").unwrap();
    form.body.extend_from_slice(format!("&id={id}").as_bytes());
    grace.submit(form).is(500);
}

#[test]
fn more_than_are_taken_at_once_are_told() {
    let app = TestApp::start();
    let count = 10_001;
    app.invited("first@example.org");
    app.mails();
    let hex = match app.parts.app.config.database {
        DatabaseUrl::Sqlite(_) => "printf('%012x', i)",
        DatabaseUrl::Postgres(_) => "lpad(to_hex(i), 12, '0')",
    };
    app.execute(&format!(
        "INSERT INTO invites (id, state, address, address_norm, name_norm, delivery, role, schema_id, traits, \
         metadata_public, metadata_admin, label, message, locale, lifetime_seconds, expires_at, created_at) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         SELECT 'inv_00000000-0000-7000-8000-' || {hex}, 'revoked', 'p' || i, 'p' || i, '', delivery, role, schema_id, \
         traits, metadata_public, metadata_admin, label, message, locale, lifetime_seconds, expires_at, created_at \
         FROM n, invites"
    ));
    let mut grace = app.owner();
    let part = "More match: at most the newest 10,000 are taken at once. Narrow the list to reach the others.";
    let page = list(&mut grace, "/admin/invites?tab=revoked");
    let ask = grace.submit(page.form(BULK).tick("all").press("Revoke…"));
    let ask = ask.is(200).page();
    assert!(ask.text("main").contains(part), "{}", ask.text("main"));
    assert!(ask.text("main").contains("10,000 are chosen."));
    let done = grace.submit(page.form(BULK).tick("all").press("Extend 7 days"));
    let to = done.is(303).header("location").to_owned();
    let told = flash(&mut grace, &to);
    assert!(
        told.starts_with("10,000 could not be.") && told.ends_with(part),
        "{told}"
    );
    let page = list(&mut grace, "/admin/invites?tab=revoked&q=p99");
    let few = grace.submit(page.form(BULK).tick("all").press("Revoke…"));
    assert!(!few.is(200).page().text("main").contains("More match"));
}
