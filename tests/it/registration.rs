//! Making an account for oneself: while the site lets everybody, with a proved address, and without learning of anybody else.

use serde_json::json;

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::client::{Answer, Browser};
use crate::support::door::{is_in, sign_in, user_id, without_tokens};
use crate::support::sms::{Gateway, code_in};

fn open(app: &TestApp) {
    let body = json!({ "registration_open": true });
    let told = app.api().patch("/api/v1/settings", &body).is(200).json();
    assert_eq!(told["registration_open"], true);
}

/// Asks for a code; the answer, and the page that it leads to.
fn ask(browser: &mut Browser, address: &str) -> (Answer, Answer) {
    let page = browser.get("/register").is(200).page();
    let asked = browser.submit(page.form("/register").fill("address", address).submit());
    let to = asked.header("location").to_owned();
    let page = browser.get(if to.is_empty() { "/register" } else { &to });
    (asked, page)
}

fn finish(browser: &mut Browser, code: &str) -> Answer {
    let page = browser.get("/register/code").is(200).page();
    let form = page
        .form("/register/code")
        .fill("code", code)
        .fill("display_name", "Ada Lovelace")
        .fill("password", PASSWORD);
    browser.submit(form.submit())
}

fn mailed_code(app: &TestApp) -> String {
    let mails = app.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    code_in(&mails[0].text())
}

#[test]
fn while_it_is_closed_every_page_of_it_says_so() {
    let app = TestApp::start();
    let mut browser = app.anonymous();
    for path in [
        "/register",
        "/register?email=ada@example.org",
        "/register/code",
    ] {
        let said = browser.get(path).is(403).page().text("main");
        assert!(said.contains("Registration is closed"), "{said}");
    }
    let csrf = browser
        .get("/sign-in")
        .page()
        .form("/sign-in")
        .value("csrf");
    for path in ["/register", "/register/code"] {
        let fields = [("csrf", &*csrf), ("address", "ada@example.org")];
        browser.post(path, &fields).is(403);
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM codes"), 0);
    assert!(app.mails().is_empty());
    let offered =
        |browser: &mut Browser| browser.get("/sign-in").page().count("a[href='/register']");
    assert_eq!(offered(&mut browser), 0);
    open(&app);
    assert_eq!(offered(&mut browser), 1);
    // An administrator closes it again on the page of the settings.
    let mut owner = app.owner();
    let page = owner.get("/admin/settings").page();
    owner
        .submit(
            page.form("/admin/settings")
                .clear("registration_open")
                .submit(),
        )
        .is(303);
    browser.get("/register").is(403);
}

#[test]
fn a_person_makes_an_account_with_a_proved_address_and_nothing_more() {
    let app = TestApp::start();
    open(&app);
    // What an invite to the same address holds takes its link.
    let group = app
        .api()
        .post("/api/v1/groups", &json!({ "name": "Analysts" }))
        .is(201)
        .json();
    app.invited_with(
        &json!({ "email": "ada@example.org", "role": "admin", "groups": [group["id"]] }),
    );
    let mut ada = app.anonymous();
    let page = ada
        .get("/register?email=ada%40example.org&traits.name=Ada&role=owner&x=%22%3E")
        .page();
    assert_eq!(page.form("/register").value("address"), "ada@example.org");
    let asked = ada.submit(page.form("/register").submit()).is(303);
    let page = ada.get(asked.header("location")).is(200).page();
    assert_eq!(page.form("/register/code").value("display_name"), "Ada");
    let code = mailed_code(&app);
    let form = page
        .form("/register/code")
        .fill("code", &code)
        .fill("display_name", "Ada Lovelace")
        .fill("password", PASSWORD)
        .forge("role", "owner")
        .forge("address", "eve@example.org");
    ada.submit(form.submit()).is(303);
    assert!(is_in(&mut ada));
    let id = user_id(&app, "ada@example.org");
    let told = app.api().get(&format!("/api/v1/users/{id}")).json();
    assert_eq!(
        (&told["role"], &told["email_verified"]),
        (&"member".into(), &true.into())
    );
    assert_eq!(
        (&told["groups"], &told["invite_id"]),
        (&json!([]), &json!(null))
    );
    let none = ada.get("/settings/api-keys").is(200).page().text("main");
    assert!(none.contains("You have no API key."), "{none}");
    let log = app.owner().get("/admin/audit").page().text("main");
    assert!(
        log.contains("Ada Lovelace made an account for themselves."),
        "{log}"
    );
    // The code is used up, also by the one who has it.
    let mut again = app.anonymous();
    again.cookies = ada.cookies.clone();
    assert_eq!(again.get("/register/code").status, 303);
}

#[test]
fn a_number_is_as_good_as_an_address() {
    let gateway = Gateway::start();
    let app = TestApp::with(Options {
        sms: Some(gateway.url()),
        ..Options::default()
    });
    open(&app);
    let mut ben = app.anonymous();
    ask(&mut ben, "+351 21 555 01 00");
    app.run_jobs();
    finish(&mut ben, &gateway.take()[0].code()).is(303);
    sign_in(&mut app.anonymous(), "+351215550100", PASSWORD).is(303);
    ask(&mut app.anonymous(), "+351215550100");
    app.run_jobs();
    let said = gateway.take()[0].text.clone();
    assert!(
        said.contains("You have an account") && said.ends_with("/sign-in"),
        "{said}"
    );
}

#[test]
fn nobody_learns_who_has_an_account() {
    let app = TestApp::start();
    open(&app);
    let answers = ["grace@example.org", "new@example.org"].map(|address| {
        let mut browser = app.anonymous();
        let (asked, page) = ask(&mut browser, address);
        let refused = finish(&mut browser, "12 34 5");
        assert_eq!(refused.status, 403, "{}", refused.body);
        [asked, page, refused].map(|answer| {
            let mut headers = answer.headers.clone();
            headers.retain(|(name, _)| {
                !["date", "x-request-id", "content-length", "set-cookie"].contains(&&**name)
            });
            headers.sort();
            (
                answer.status,
                headers,
                without_tokens(&answer.body).replace(address, "ADDRESS"),
            )
        })
    });
    assert_eq!(answers[0], answers[1]);
    let mails = app.mails();
    let to_grace = mails
        .iter()
        .find(|mail| mail.to == ["grace@example.org"])
        .unwrap();
    assert!(to_grace.text().contains("You have one already."));
    let to_new = mails
        .iter()
        .find(|mail| mail.to == ["new@example.org"])
        .unwrap();
    code_in(&to_new.text());
}

#[test]
fn terms_are_agreed_to_and_weak_passwords_cost_no_try() {
    let app = TestApp::start();
    open(&app);
    let terms = json!({ "terms": { "version": "2026-11", "url": "" } });
    app.api().patch("/api/v1/settings", &terms).is(200);
    let mut ada = app.anonymous();
    ask(&mut ada, "ada@example.org");
    let code = mailed_code(&app);
    for _ in 0..6 {
        let refused = finish(&mut ada, &code).is(422).page().text("main");
        assert!(refused.contains("Tick the box to go on."), "{refused}");
    }
    let page = ada.get("/register/code").page();
    let form = page
        .form("/register/code")
        .fill("code", &code)
        .fill("display_name", "Ada")
        .fill("password", PASSWORD)
        .tick("terms_accepted");
    ada.submit(form.submit()).is(303);
    let id = user_id(&app, "ada@example.org");
    let told = app.api().get(&format!("/api/v1/users/{id}")).json();
    assert_eq!(told["terms"]["version"], "2026-11");
}

#[test]
fn an_address_that_was_only_named_goes_to_who_proves_it() {
    let app = TestApp::start();
    open(&app);
    let body = json!({ "email": "ada@example.org", "display_name": "Eve" });
    let eve = app.api().post("/api/v1/users", &body).is(201).json();
    app.mails();
    let mut ada = app.anonymous();
    ask(&mut ada, "ada@example.org");
    finish(&mut ada, &mailed_code(&app)).is(303);
    let id = eve["id"].as_str().unwrap();
    let told = app.api().get(&format!("/api/v1/users/{id}")).json();
    assert_eq!(told["email"], serde_json::Value::Null);
    assert_ne!(user_id(&app, "ada@example.org"), id);
}

#[test]
fn of_two_who_register_one_address_one_has_it() {
    let app = TestApp::start();
    open(&app);
    let (mut one, mut other) = (app.anonymous(), app.anonymous());
    ask(&mut one, "ada@example.org");
    let first = mailed_code(&app);
    ask(&mut other, "ada@example.org");
    let second = mailed_code(&app);
    finish(&mut one, &first).is(303);
    finish(&mut other, &second).is(403);
    assert_eq!(
        app.count("SELECT count(*) AS count FROM users WHERE email_norm = 'ada@example.org'"),
        1
    );
}

#[test]
fn the_form_asks_what_the_schema_of_the_site_asks_for() {
    let app = TestApp::start();
    open(&app);
    let schema = json!({
        "type": "object",
        "properties": {
            "department": { "type": "string", "title": "Department" },
            "floor": { "type": "integer", "title": "Floor", "minimum": 0 },
            "badge": { "enum": ["blue", "red"], "title": "Badge" },
        },
        "required": ["floor"],
        "additionalProperties": false,
    });
    let body = json!({ "schema": schema });
    app.api().patch("/api/v1/schemas/default", &body).is(200);
    let mut ada = app.anonymous();
    let link = "/register?email=ada@example.org&traits.name=Ada&traits.department=Optics\
        &traits.badge=green&traits.floor=3&traits.grade=9";
    let page = ada.get(link).is(200).page();
    let asked = ada.submit(page.form("/register").submit()).is(303);
    let page = ada.get(asked.header("location")).is(200).page();
    page.assert_no_inline();
    let form = page.form("/register/code");
    let shown = [
        "display_name",
        "traits.department",
        "traits.floor",
        "traits.badge",
    ];
    // What is no choice is not chosen; what nobody asks for is not there.
    assert_eq!(
        shown.map(|name| form.value(name)),
        ["Ada", "Optics", "3", ""]
    );
    assert!(form.values("traits.grade").is_empty());
    let code = mailed_code(&app);
    let form = form.fill("code", &code).fill("password", PASSWORD);
    let wrong = form.fill("traits.floor", "-1").fill("traits.badge", "red");
    let refused = ada.submit(wrong.forge("traits.grade", "9").submit());
    let page = refused.is(422).page();
    assert!(page.text("#f-traits\\.floor-error").contains("0 or more"));
    let form = page.form("/register/code");
    assert_eq!(form.value("traits.badge"), "red");
    let form = form.fill("code", &code).fill("password", PASSWORD);
    // Nothing is locked, whatever the link said.
    let form = form
        .fill("traits.floor", "4")
        .fill("traits.department", "Acoustics");
    ada.submit(form.submit()).is(303);
    let id = user_id(&app, "ada@example.org");
    let told = app.api().get(&format!("/api/v1/users/{id}")).json();
    let traits = json!({ "department": "Acoustics", "floor": 4, "badge": "red" });
    assert_eq!(told["traits"], traits);
}
