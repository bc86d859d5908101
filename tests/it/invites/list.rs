//! The list of invites in the console: tabs, search and pages.

use serde_json::json;

use crate::support::app::TestApp;
use crate::support::client::Browser;
use crate::support::smtp::{Rule, Stage};

/// The addresses in the list at `path`, from the top.
fn listed(browser: &mut Browser, path: &str) -> Vec<String> {
    browser.get(path).is(200).page().texts("tbody th a")
}

#[test]
fn the_tabs_count_and_show_what_they_say() {
    let app = TestApp::start();
    let api = app.api();
    app.invited("pending@example.org");
    let revoked = app.invited("revoked@example.org");
    api.post(
        &format!("/api/v1/invites/{}/revoke", revoked.id),
        &json!({}),
    )
    .is(200);
    let used = app.invited("used@example.org");
    app.anonymous()
        .post_json(&used.path(), &used.accept(), &[])
        .is(200);
    let declined = app.invited("declined@example.org");
    let no = json!({ "action": "decline", "token": declined.token() });
    app.anonymous()
        .post_json(&declined.path(), &no, &[])
        .is(200);
    app.invited_with(&json!({ "email": "over@example.org", "expires_in": 60 }));
    app.sink
        .rule(Rule::refuse(Stage::Recipient, 550, "5.1.1 No such user"));
    api.post("/api/v1/invites", &json!({ "email": "typo@example.org" }))
        .is(201);
    app.run_jobs();
    app.advance(vestibule::clock::minutes(2));

    let mut grace = app.owner();
    let page = grace.get("/admin/invites").is(200).page();
    assert_eq!(
        page.texts(".tabs a"),
        [
            "Pending 1",
            "Not delivered 1",
            "Expired 1",
            "Accepted 1",
            "Declined 1",
            "Revoked 1",
            "On hold 0",
            "To approve 0",
            "All 6"
        ]
    );
    assert_eq!(
        page.attr(".tabs a[aria-current]", "href").unwrap(),
        "/admin/invites?tab=pending"
    );
    for (tab, addresses) in [
        ("pending", vec!["pending@example.org"]),
        ("not-delivered", vec!["typo@example.org"]),
        ("expired", vec!["over@example.org"]),
        ("accepted", vec!["used@example.org"]),
        ("declined", vec!["declined@example.org"]),
        ("revoked", vec!["revoked@example.org"]),
    ] {
        assert_eq!(
            listed(&mut grace, &format!("/admin/invites?tab={tab}")),
            addresses,
            "{tab}"
        );
    }
    assert_eq!(listed(&mut grace, "/admin/invites?tab=all").len(), 6);
    // The sweep changes nothing about what is shown.
    app.run_jobs();
    assert_eq!(
        listed(&mut grace, "/admin/invites?tab=expired"),
        ["over@example.org"]
    );
}

#[test]
fn the_list_is_searched_by_the_beginning_of_a_name_or_an_address_and_by_id() {
    let app = TestApp::start();
    let api = app.api();
    let group = api
        .post("/api/v1/groups", &json!({ "name": "Analysts" }))
        .is(201)
        .json();
    let make = |email: &str, name: &str, groups: serde_json::Value| {
        let body = json!({ "email": email, "traits": { "name": name }, "groups": groups });
        api.post("/api/v1/invites", &body).is(201).json()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let ada = make("ada@example.org", "Zoë  O'Neil", json!([group["id"]]));
    make("a%b@example.org", "50% off", json!([]));
    make("a_b@example.org", "under_score", json!([]));
    make("axb@example.org", "Percy", json!([]));
    app.mails();
    let mut grace = app.owner();
    let mut find = |q: &str| {
        let q = crate::support::html::percent_encode(q);
        listed(&mut grace, &format!("/admin/invites?q={q}"))
    };
    assert_eq!(find("ada@"), ["ada@example.org"]);
    assert_eq!(find("  ADA@EXAMPLE.ORG "), ["ada@example.org"]);
    assert_eq!(find("zoË o'n"), ["ada@example.org"]);
    assert_eq!(find(&ada), ["ada@example.org"]);
    assert_eq!(find("a%"), ["a%b@example.org"]);
    assert_eq!(find("a_"), ["a_b@example.org"]);
    assert_eq!(find("50%"), ["a%b@example.org"]);
    for none in [
        "%",
        "_",
        "da@",
        "' OR 1=1 --",
        "\"",
        "\\",
        "a*",
        "inv_0",
        "\u{10ffff}",
    ] {
        assert_eq!(find(none), [""; 0], "{none:?}");
    }
    assert_eq!(find("").len(), 4);
    grace.get("/admin/invites?q=%00").is(400);

    let page = grace.get("/admin/invites?q=nobody").is(200).page();
    assert!(page.text("main").contains("No invites match"));
    let group = group["id"].as_str().unwrap();
    let page = grace
        .get(&format!("/admin/invites?group={group}&q=ada"))
        .is(200)
        .page();
    assert_eq!(page.texts("tbody th a"), ["ada@example.org"]);
    assert_eq!(
        page.link("Remove filter: Starts with ada"),
        format!("/admin/invites?tab=pending&group={group}")
    );
    assert_eq!(
        page.link("Remove filter: Group Analysts"),
        "/admin/invites?tab=pending&q=ada"
    );
    assert_eq!(page.form("[role=search]").value("group"), group);
    grace
        .get("/admin/invites?group=nonsense&tab=nonsense&older=nonsense&newer=!")
        .is(200);
}

#[test]
fn a_hundred_and_twenty_invites_are_paged_there_and_back() {
    let app = TestApp::start();
    let api = app.api();
    for number in 0..120 {
        // Several in one moment, so that the order needs the id too.
        if number % 7 == 0 {
            app.advance(vestibule::clock::seconds(1));
        }
        let body = json!({ "email": format!("p{number:03}@example.org"), "delivery": "link" });
        api.post("/api/v1/invites", &body).is(201);
    }
    let mut grace = app.owner();
    let mut seen = Vec::new();
    let mut pages = Vec::new();
    let mut path = "/admin/invites".to_owned();
    loop {
        let page = grace.get(&path).is(200).page();
        pages.push(page.texts("tbody th a"));
        seen.extend(page.texts("tbody th a"));
        if page.count("a[rel=next]") == 0 {
            break;
        }
        path = page.attr("a[rel=next]", "href").unwrap();
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);
    let unique: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(unique.len(), 120);
    assert!(seen.first().unwrap() >= &"p119".to_owned());
    // Back again: the same pages.
    for expected in pages.iter().rev().skip(1) {
        let page = grace.get(&path).page();
        path = page.attr("a[rel=prev]", "href").unwrap();
        assert_eq!(&listed(&mut grace, &path), expected);
    }
    // In the API the pages meet without a gap too.
    let mut cursor = String::new();
    let mut count = 0;
    loop {
        let answer = api
            .get(&format!("/api/v1/invites?limit=7{cursor}"))
            .is(200)
            .json();
        count += answer["items"].as_array().unwrap().len();
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(count, 120);
}

#[test]
fn a_list_without_any_invite_says_how_to_begin() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let page = grace.get("/admin/invites").is(200).page();
    assert!(page.text("main").contains("No invites yet"));
    assert_eq!(page.link("Invite people"), "/admin/invites/new");
}
