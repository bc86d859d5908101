//! Links that anybody can use who has them, as far as their places and domains go (security.md, D2).

use std::sync::Barrier;

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::minutes;

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::door::user_id;
use crate::support::invited::Invited;
use crate::support::sms::code_in;

const INVITES: &str = "/api/v1/invites";

fn open_link(app: &TestApp, places: u32) -> Invited {
    app.invited_with(&json!({ "max_uses": places, "label": "Workshop" }))
}

fn names(invited: &Invited, email: &str) -> Value {
    let mut body = invited.accept();
    body["email"] = json!(email);
    body
}

/// What a program sends with the code that came by mail.
fn with_code(app: &TestApp, invited: &Invited, email: &str) -> Value {
    let mut body = names(invited, email);
    let asked = app.anonymous().post_json(&invited.path(), &body, &[]);
    assert_eq!(asked.is(403).code(), "code_required");
    body["code"] = json!(mailed_code(app, email));
    body
}

fn mailed_code(app: &TestApp, email: &str) -> String {
    let mails = app.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0].to, [email]);
    code_in(&mails[0].text())
}

fn seen(app: &TestApp, invited: &Invited) -> Value {
    app.api()
        .get(&format!("{INVITES}/{}", invited.id))
        .is(200)
        .json()
}

#[test]
fn people_name_an_address_and_prove_it() {
    let app = TestApp::start();
    let invited = open_link(&app, 2);
    let landing = app.anonymous().get_json(&invited.link).is(200).json();
    assert_eq!(landing["kind"], "register");
    assert_eq!(landing["identifier"], "");
    assert_eq!(landing["locked"], json!([]));

    // On the pages: the address, then the code with the rest.
    let mut ben = app.anonymous();
    let page = ben.open(&invited.link).is(200).page();
    assert_eq!(page.count("input[name=password]"), 0);
    assert_eq!(page.count("button[value=decline]"), 0);
    let form = page
        .form("/self-service/invite")
        .fill("email", "ben@example.org");
    let sent = ben.submit(form.press_named("action", "send_code")).is(303);
    let code = mailed_code(&app, "ben@example.org");
    let page = ben.get(sent.header("location")).is(200).page();
    assert!(page.text("main").contains("ben@example.org"));
    let form = page
        .form("/self-service/invite")
        .fill("display_name", "Ben")
        .fill("password", PASSWORD);
    // A wrong code keeps what was entered and says so beside the field.
    let wrong = ben.submit(form.fill("code", "000000").press_named("action", "accept"));
    let page = wrong.is(403).page();
    assert!(page.title().starts_with("Error"));
    assert_eq!(
        page.attr("input[name=display_name]", "value"),
        Some("Ben".into())
    );
    let form = page
        .form("/self-service/invite")
        .fill("code", &code)
        .fill("password", PASSWORD);
    ben.submit(form.press_named("action", "accept")).is(303);
    ben.get("/settings/profile").is(200);
    let now = seen(&app, &invited);
    assert_eq!(
        (&now["state"], &now["uses"]),
        (&json!("pending"), &json!(1))
    );
    assert_eq!(now["accepted_by"], Value::Null);

    // The same over JSON, for the last place.
    let body = with_code(&app, &invited, "dia@example.org");
    let done = app
        .anonymous()
        .post_json(&invited.path(), &body, &[])
        .is(200);
    assert_eq!(done.json()["user"]["email"], "dia@example.org");
    assert_eq!(seen(&app, &invited)["state"], "accepted");
    for email in ["ben@example.org", "dia@example.org"] {
        let user = &app.api().get(&format!("/api/v1/users?q={email}")).json()["items"][0];
        assert_eq!(user["email_verified"], true);
        assert_eq!(user["role"], "member");
        assert_eq!(user["invite_id"], invited.id.as_str());
    }
    let full = app.anonymous().open(&invited.link).is(410).page();
    assert_eq!(full.text("h1"), "This link is used up");
    assert!(full.text("main").contains("All 2 places are taken"));
    assert_eq!(
        app.anonymous().get_json(&invited.link).is(410).code(),
        "invite_full"
    );
}

#[test]
fn the_last_place_is_given_once() {
    let app = TestApp::start();
    let invited = open_link(&app, 3);
    let people: Vec<String> = (0..12).map(|n| format!("p{n}@example.org")).collect();
    let bodies: Vec<Value> = people
        .iter()
        .map(|email| with_code(&app, &invited, email))
        .collect();
    let barrier = Barrier::new(bodies.len());
    let answers: Vec<(u16, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = bodies
            .iter()
            .map(|body| {
                let (app, barrier, path) = (&app, &barrier, invited.path());
                scope.spawn(move || {
                    let mut browser = app.anonymous();
                    barrier.wait();
                    let answer = browser.post_json(&path, body, &[]);
                    match answer.status {
                        200 => (200, String::new()),
                        status => (status, answer.code()),
                    }
                })
            })
            .collect();
        threads.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let joined = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(joined, 3, "{answers:?}");
    for late in answers.iter().filter(|(status, _)| *status != 200) {
        assert_eq!(*late, (410, "invite_full".to_owned()));
    }
    let count = "SELECT count(*) AS count FROM users WHERE email LIKE 'p%'";
    assert_eq!(app.count(count), 3);
    assert_eq!(
        app.count("SELECT count(*) AS count FROM invite_acceptances"),
        3
    );
    assert_eq!(seen(&app, &invited)["uses"], 3);
}

#[test]
fn nobody_takes_two_places_or_declines_for_all() {
    let app = TestApp::start();
    let invited = open_link(&app, 5);
    app.user("mia@example.org", "Mia", Role::Member);
    let mut mia = app.signed_in("mia@example.org");
    let form = mia
        .open(&invited.link)
        .is(200)
        .page()
        .form("/self-service/invite");
    mia.submit(form.press_named("action", "accept")).is(303);
    let again = mia.open(&invited.link).is(410).page();
    assert_eq!(again.text("h1"), "This invite has been used");
    assert_eq!(seen(&app, &invited)["uses"], 1);
    let decline = json!({ "action": "decline", "token": invited.token() });
    let refused = app.anonymous().post_json(&invited.path(), &decline, &[]);
    assert_eq!(refused.is(422).json()["errors"][0]["code"], "not_a_choice");
    assert_eq!(seen(&app, &invited)["state"], "pending");
}

#[test]
fn somebody_with_an_account_signs_in_first_and_is_told_so_by_the_code_alone() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let invited = open_link(&app, 5);
    let mut mia = app.anonymous();
    let form = mia
        .open(&invited.link)
        .is(200)
        .page()
        .form("/self-service/invite")
        .fill("email", "mia@example.org");
    let sent = mia.submit(form.press_named("action", "send_code")).is(303);
    // As for anybody: see `people_name_an_address_and_prove_it`.
    let page = mia.get(sent.header("location")).is(200).page();
    let code = mailed_code(&app, "mia@example.org");
    let form = page
        .form("/self-service/invite")
        .fill("display_name", "Mia")
        .fill("password", PASSWORD)
        .fill("code", &code);
    let told = mia
        .submit(form.press_named("action", "accept"))
        .is(200)
        .page();
    assert_eq!(told.text("h1"), "You already have an account");
    let form = told.form("/sign-in").fill("password", PASSWORD);
    let back = mia.submit(form.submit()).is(303);
    let page = mia.get(back.header("location")).is(200).page();
    let form = page.form("/self-service/invite");
    mia.submit(form.press_named("action", "accept")).is(303);
    assert_eq!(seen(&app, &invited)["uses"], 1);
    let mut body = names(&invited, "mia@example.org");
    app.anonymous()
        .post_json(&invited.path(), &body, &[])
        .is(403);
    body["code"] = json!(mailed_code(&app, "mia@example.org"));
    let refused = app.anonymous().post_json(&invited.path(), &body, &[]);
    assert_eq!(refused.is(401).code(), "sign_in_required");
}

#[test]
fn an_address_is_of_the_domains_of_the_link() {
    let app = TestApp::start();
    let invited = app.invited_with(&json!({ "max_uses": 9, "domains": ["example.org"] }));
    for email in ["eve@evil-example.org", "eve@example.org.evil.test"] {
        let body = names(&invited, email);
        let refused = app.anonymous().post_json(&invited.path(), &body, &[]);
        assert_eq!(refused.is(422).code(), "domain_not_allowed", "{email}");
    }
    let mut by_phone = invited.accept();
    by_phone["phone"] = json!("+351215550100");
    let refused = app.anonymous().post_json(&invited.path(), &by_phone, &[]);
    assert_eq!(refused.is(422).code(), "domain_not_allowed");
    assert!(app.mails().is_empty());

    // Whoever is signed in with another address adds one of the domain.
    app.user("sam@other.test", "Sam", Role::Member);
    let mut sam = app.signed_in("sam@other.test");
    assert_eq!(
        sam.get_json(&invited.link).is(200).json()["kind"],
        "wrong_user"
    );
    let page = sam.open(&invited.link).is(200).page();
    let form = page
        .form("/self-service/invite")
        .fill("email", "sam@example.org");
    let sent = sam.submit(form.press_named("action", "send_code")).is(303);
    let code = mailed_code(&app, "sam@example.org");
    let page = sam.get(sent.header("location")).is(200).page();
    let form = page.form("/self-service/invite").fill("code", &code);
    sam.submit(form.press_named("action", "accept")).is(303);
    assert_eq!(seen(&app, &invited)["uses"], 1);
    let logins = sam.get("/settings/logins").is(200).page();
    assert!(logins.text("main").contains("sam@example.org"));
}

#[test]
fn an_open_link_gives_little_and_needs_a_way_to_send_codes() {
    let app = TestApp::start();
    let api = app.api();
    let refused = api.post(INVITES, &json!({ "role": "admin" }));
    assert_eq!(refused.is(403).code(), "role_not_grantable");
    let approval = json!({ "name": "With approval", "approval": true });
    let template = api.post("/api/v1/invite-templates", &approval).is(201);
    for (body, field, code) in [
        (json!({ "match": "strict" }), "match", "needs_an_address"),
        (json!({ "delivery": "email" }), "delivery", "only_by_link"),
        (json!({ "max_uses": 0 }), "max_uses", "out_of_range"),
        (json!({ "max_uses": 501 }), "max_uses", "out_of_range"),
        (
            json!({ "email": "ada@example.org", "max_uses": 2 }),
            "max_uses",
            "only_for_open_links",
        ),
        (
            json!({ "template": template.json()["id"] }),
            "template",
            "not_for_open_links",
        ),
    ] {
        let refused = api.post(INVITES, &body).is(422).json();
        assert_eq!(refused["errors"][0]["field"], field, "{body}");
        assert_eq!(refused["errors"][0]["code"], code, "{body}");
    }
    let invited = open_link(&app, 1);
    let path = format!("{INVITES}/{}", invited.id);
    let refused = api.patch(&path, &json!({ "email": "ada@example.org" }));
    assert_eq!(
        refused.is(422).json()["errors"][0]["code"],
        "not_for_open_links"
    );
    assert_eq!(
        api.patch(&path, &json!({ "role": "admin" })).is(403).code(),
        "role_not_grantable"
    );
    // A second link of the same invite shares its places; without the scope nobody is shown one.
    let writer = app.with_key("grace@example.org", &["invites:write"]);
    let resend = format!("{path}/resend");
    assert_eq!(
        writer.post(&resend, &json!({})).is(403).code(),
        "scope_missing"
    );
    let again = api.post(&resend, &json!({})).is(200).json();
    assert!(
        again["invite_url"]
            .as_str()
            .unwrap()
            .contains("token=vsti_")
    );

    let silent = TestApp::with(Options {
        no_mail: true,
        ..Options::default()
    });
    let refused = silent.api().post(INVITES, &json!({}));
    assert_eq!(refused.is(409).code(), "mail_not_set_up");
}

#[test]
fn a_code_is_for_one_link_one_address_and_ten_minutes() {
    let app = TestApp::start();
    let (one, other) = (open_link(&app, 5), open_link(&app, 5));
    let body = with_code(&app, &one, "ben@example.org");
    let mut elsewhere = names(&other, "ben@example.org");
    elsewhere["code"] = body["code"].clone();
    let refused = app.anonymous().post_json(&other.path(), &elsewhere, &[]);
    assert_eq!(refused.is(403).code(), "code_invalid");
    let mut another = names(&one, "eve@example.org");
    another["code"] = body["code"].clone();
    let refused = app.anonymous().post_json(&one.path(), &another, &[]);
    assert_eq!(refused.is(403).code(), "code_invalid");
    app.advance(minutes(11));
    let refused = app.anonymous().post_json(&one.path(), &body, &[]);
    assert_eq!(refused.is(410).code(), "code_expired");
}

#[test]
fn an_open_link_leaves_the_invites_of_others_alone() {
    let app = TestApp::start();
    let ada = app.invited("ada@example.org");
    let invited = open_link(&app, 5);
    let body = with_code(&app, &invited, "ada@example.org");
    app.anonymous()
        .post_json(&invited.path(), &body, &[])
        .is(200);
    assert_eq!(seen(&app, &ada)["state"], "pending");
}

#[test]
fn the_page_of_the_link_lists_who_came_and_which_place_they_took() {
    let app = TestApp::start();
    let link = open_link(&app, 3);
    let page = format!("/admin/invites/{}", link.id);
    let mut grace = app.owner();
    let nobody = grace.get(&page).is(200).page();
    assert!(nobody.text("main").contains("Nobody yet."));
    for email in ["ben@example.org", "eve@example.org"] {
        let body = with_code(&app, &link, email);
        app.anonymous().post_json(&link.path(), &body, &[]).is(200);
    }
    app.mails();
    let shown = grace.get(&page).is(200).page();
    let places = shown.texts("td:nth-of-type(2)");
    let places: Vec<&str> = places.iter().map(|place| place.trim()).collect();
    assert_eq!(places, ["2 of 3", "1 of 3"]);
    let eve = user_id(&app, "eve@example.org");
    let first = shown.attr("tbody tr:nth-child(1) th a", "href");
    assert_eq!(first, Some(format!("/admin/users/{eve}")));
    assert!(!shown.text("main").contains("before them"));
    // Of a link with very many, the last hundred are named.
    for place in 0..100 {
        let name = format!("User {place}");
        let id = app.user(&format!("u{place}@example.org"), &name, Role::Member);
        app.execute(&format!(
            "INSERT INTO invite_acceptances (invite_id, user_id, accepted_at) SELECT invite_id, '{id}', \
             accepted_at FROM invite_acceptances WHERE user_id = '{eve}'"
        ));
    }
    let shown = grace.get(&page).is(200).page();
    assert_eq!(shown.count("tbody tr"), 100);
    assert!(
        shown
            .text("main")
            .contains("And 2 more, who came before them.")
    );
    // Who has one person in mind has no such list.
    let one = app.invited("ada@example.org");
    let page = grace.get(&format!("/admin/invites/{}", one.id)).page();
    assert!(!page.text("main").contains("Who came by this link"));
}
