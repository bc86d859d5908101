//! What becomes of invites, counted and drawn.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::days;

use crate::support::app::TestApp;
use crate::support::html::Page;

const FUNNEL: &str = "/admin/invites/funnel";
const API: &str = "/api/v1/invites";

fn show(app: &TestApp, query: &str) -> Page {
    app.owner().get(&format!("{FUNNEL}{query}")).is(200).page()
}

/// The rows of the table: what, how many, and what share.
fn rows(page: &Page) -> Vec<[String; 2]> {
    let names = page.texts("tbody th");
    let cells = page.texts("tbody td");
    assert_eq!(cells.len(), names.len() * 2);
    let pairs = cells.chunks(2);
    pairs
        .map(|pair| [pair[0].trim().to_owned(), pair[1].trim().to_owned()])
        .collect()
}

fn counts(page: &Page) -> Vec<i64> {
    let rows = rows(page).into_iter();
    rows.map(|[count, _]| count.replace(',', "").parse().unwrap())
        .collect()
}

fn post(app: &TestApp, id: &Value, verb: &str) {
    let path = format!("{API}/{}/{verb}", id.as_str().unwrap());
    app.api().post(&path, &json!({})).is(200);
}

fn made(app: &TestApp, body: &Value) -> Value {
    app.api().post(API, body).is(201).json()["id"].clone()
}

#[test]
fn every_invite_counts_once_and_where_it_stands() {
    let app = TestApp::start();
    let accepted = app.invited("a@example.org");
    let told = app
        .anonymous()
        .post_json(&accepted.path(), &accepted.accept(), &[]);
    told.is(200);
    let declined = app.invited("b@example.org");
    app.anonymous().open(&declined.link).is(200);
    let no = json!({ "action": "decline", "token": declined.token() });
    app.anonymous()
        .post_json(&declined.path(), &no, &[])
        .is(200);
    made(
        &app,
        &json!({ "email": "c@example.org", "expires_in": 3_600 }),
    );
    post(
        &app,
        &made(&app, &json!({ "email": "d@example.org" })),
        "revoke",
    );
    made(
        &app,
        &json!({ "email": "e@example.org", "delivery": "link" }),
    );
    let open = made(
        &app,
        &json!({ "max_uses": 3, "delivery": "link", "expires_in": 3_600 }),
    );
    app.mails();
    // Somebody came by the open link, which has ended since.
    app.execute(&format!(
        "UPDATE invites SET uses = 1 WHERE id = '{}'",
        open.as_str().unwrap()
    ));
    app.advance(days(1));
    app.run_jobs();
    let page = show(&app, "");
    // Made, sent, opened, accepted, declined, expired, revoked, waiting.
    assert_eq!(counts(&page), [6, 4, 1, 2, 1, 1, 1, 1]);
    let shares: Vec<String> = rows(&page).into_iter().map(|[_, share]| share).collect();
    assert_eq!(shares[..4], ["100%", "67%", "17%", "33%"]);
    // The picture says the same.
    let bars = page.texts(".funnel li");
    assert_eq!(bars.len(), 9);
    assert!(
        bars[1].contains("Sent") && bars[1].contains("4 (67%)"),
        "{bars:?}"
    );
    assert_eq!(
        page.attr(".funnel li:nth-child(2) .fill", "width"),
        Some("67%".into())
    );
    page.assert_no_inline();
    assert!(page.text("caption").contains("What becomes of invites"));
    assert!(
        page.text("main")
            .contains("Mail scanners can open pages too.")
    );
    app.mails();
}

#[test]
fn a_time_and_a_template_are_chosen() {
    let app = TestApp::start();
    let template = json!({ "name": "Workshop", "invitable_by": { "roles": ["admin", "owner"], "groups": [] } });
    let template = app
        .api()
        .post("/api/v1/invite-templates", &template)
        .is(201);
    let template = template.json()["id"].as_str().unwrap().to_owned();
    for (body, age) in [
        (json!({ "email": "a@example.org" }), 340),
        (
            json!({ "email": "b@example.org", "template": template }),
            59,
        ),
        (json!({ "email": "c@example.org" }), 21),
        (json!({ "email": "d@example.org", "template": template }), 5),
        (json!({ "email": "e@example.org" }), 0),
    ] {
        made(&app, &body);
        app.mails();
        app.advance(days(age));
    }
    // They were made 425, 85, 26, 5 and 0 days ago.
    for (query, count) in [
        ("", 3),
        ("?days=30", 3),
        ("?days=7", 2),
        ("?days=90", 4),
        ("?days=365", 4),
        ("?days=all", 5),
        ("?days=nonsense", 3),
        ("?days=all&template=nonsense", 5),
        (&*format!("?days=all&template={template}"), 2),
        (&*format!("?days=30&template={template}"), 1),
    ] {
        let page = show(&app, query);
        assert_eq!(counts(&page)[0], count, "{query}");
    }
    let page = show(&app, &format!("?days=7&template={template}"));
    let form = page.form(FUNNEL);
    assert_eq!(
        (form.value("days"), form.value("template")),
        ("7".into(), template)
    );
    app.advance(days(8));
    let none = show(&app, "?days=7");
    assert!(
        none.text("main")
            .contains("No invites were made in that time")
    );
    assert_eq!(none.count("table") + none.count(".funnel"), 0);
}

#[test]
fn administrators_find_it_from_the_list_and_members_do_not() {
    let app = TestApp::start();
    let list = app.admin().get("/admin/invites").is(200).page();
    assert_eq!(list.link("Funnel"), FUNNEL);
    app.admin().get(FUNNEL).is(200);
    let (mut mia, _) = super::own::letting_mia_invite(&app);
    let list = mia.get("/admin/invites").is(200).page();
    assert_eq!(list.count(&format!("a[href='{FUNNEL}']")), 0);
    mia.get(FUNNEL).is(403);
    app.user("ben@example.org", "Ben", Role::Member);
    app.signed_in("ben@example.org").get(FUNNEL).is(403);
}
