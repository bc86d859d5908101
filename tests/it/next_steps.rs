//! No page is a dead end: what ended says what works now, and whom to ask.

use serde_json::json;
use vestibule::access::Role;
use vestibule::clock::{days, minutes};

use crate::support::app::{Options, PASSWORD, TestApp};
use crate::support::door::sign_in;
use crate::support::html::Page;
use crate::support::smtp::{Rule, Stage};

fn without_mail() -> Options {
    Options {
        no_mail: true,
        ..Options::default()
    }
}

fn set_contact(app: &TestApp) {
    let patch = json!({ "contact": "Olu, +1 555 0100" });
    app.api().patch("/api/v1/settings", &patch).is(200);
}

#[test]
fn the_link_of_an_invite_that_ended_names_whom_to_ask_and_where_to_go() {
    let app = TestApp::start();
    set_contact(&app);
    let expired = app.invited_with(&json!({ "email": "late@example.org", "expires_in": 60 }));
    app.mails();
    app.advance(minutes(2));
    let revoked = app.invited("gone@example.org");
    let path = format!("/api/v1/invites/{}/revoke", revoked.id);
    app.api().post(&path, &json!({})).is(200);
    let used = app.invited("used@example.org");
    app.anonymous()
        .post_json(&used.path(), &used.accept(), &[])
        .is(200);
    for (invited, words, to) in [
        (&expired, "Ask Grace Hopper to send it again.", "/"),
        (&revoked, "Ask Grace Hopper if you think", "/"),
        (&used, "If not, tell Grace Hopper", "/sign-in"),
    ] {
        let page = app.anonymous().open(&invited.link).is(410).page();
        let text = page.text("main");
        assert!(text.contains(words), "{text}");
        assert!(
            text.contains("You can also ask Olu, +1 555 0100."),
            "{text}"
        );
        assert_eq!(page.attr("main a.btn", "href").as_deref(), Some(to));
    }
    // Who holds no genuine link learns no names.
    let unknown = format!("{}x", used.path());
    let page = app.anonymous().get(&unknown).is(404).page();
    assert!(!page.text("main").contains("Olu"));
    assert_eq!(page.attr("main a.btn", "href").as_deref(), Some("/"));
}

#[test]
fn a_link_that_was_used_leads_to_a_new_one() {
    let app = TestApp::start();
    let page = app.anonymous().get("/recover/new").is(410).page();
    assert_eq!(page.link("Send a new link"), "/recover");
    let page = app.anonymous().get("/setup").is(410).page();
    assert!(page.text("main").contains("in the server's output"));
    assert!(!page.text("main code").is_empty(), "no reference");
}

#[test]
fn before_the_first_account_pages_say_where_the_link_is() {
    let app = TestApp::empty(Options::default());
    let mut nobody = app.anonymous();
    let words = "No account exists yet.";
    assert!(nobody.open("/").is(200).page().text("main").contains(words));
    nobody.open(&app.set_up_link).is(200);
    // The owner is made on the command line: the link is good for nothing any more.
    app.user("grace@example.org", "Grace Hopper", Role::Owner);
    nobody.get("/setup").is(410);
    let page = nobody.get("/sign-in").is(200).page();
    assert!(!page.text("main").contains(words));
}

#[test]
fn an_invite_whose_mail_waits_is_no_failure_and_one_that_was_refused_says_what_to_do() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let detail = |app: &TestApp, email: &str| {
        let made = app
            .api()
            .post("/api/v1/invites", &json!({ "email": email }))
            .is(201)
            .json();
        app.run_jobs();
        format!("/admin/invites/{}", made["id"].as_str().unwrap())
    };
    app.sink
        .rule(Rule::refuse(Stage::Recipient, 451, "4.3.0 Busy"));
    let page = grace.get(&detail(&app, "busy@example.org")).is(200).page();
    let words = page.text(".note.warn");
    assert!(words.ends_with("It is tried again by itself."), "{words}");
    assert_eq!(page.count(".note.bad"), 0);

    app.leaves_mails();

    let app = TestApp::start();
    let mut grace = app.owner();
    app.sink
        .rule(Rule::refuse(Stage::Recipient, 550, "5.1.1 No such user"));
    let path = detail(&app, "typo@example.org");
    let page = grace.get(&path).is(200).page();
    let words = page.text(".note.bad");
    assert!(
        words.contains("5.1.1 No such user. If the address is wrong, revoke"),
        "{words}"
    );
    assert!(!words.contains("Check the address"), "{words}");

    // What the server said belongs to the try before.
    let outbox = grace.get("/admin/outbox?state=failed").is(200).page();
    let mail = outbox.attr("th a", "href").unwrap();
    let retry = outbox.form(&format!("{mail}/retry"));
    grace.submit(retry.submit()).is(303);
    let page = grace.get(&mail).is(200).page();
    assert!(!page.text("main").contains("No such user"));
    app.run_jobs();
    app.mails();
}

#[test]
fn the_page_of_an_invite_tells_all_that_happened_to_it() {
    let app = TestApp::start();
    let invited = app.invited("ada@example.org");
    let path = format!("/admin/invites/{}", invited.id);
    let mut alan = app.admin();
    app.advance(minutes(1));
    let page = alan.get(&path).is(200).page();
    assert!(page.text("dl").contains("DeliveryBy email"));
    alan.submit(page.form(&format!("{path}/resend")).submit())
        .is(303);
    app.mails();
    app.advance(minutes(1));
    let page = alan.get(&path).is(200).page();
    alan.submit(page.form(&format!("{path}/link")).submit())
        .is(200);
    let page = alan.get(&path).is(200).page();
    let happened: Vec<String> = page
        .texts(".timeline li > div")
        .iter()
        .map(|words| words.split("22 ").next().unwrap().to_owned())
        .collect();
    let name = page_name(&alan.get("/settings/profile").is(200).page());
    assert_eq!(
        happened,
        [
            format!("{name} made a new link"),
            "The mail server took the mail".to_owned(),
            format!("{name} sent it again"),
            "The mail server took the mail".to_owned(),
            "Grace Hopper made the invite".to_owned(),
        ]
    );
    assert!(page.text("dl").contains("By a link that you hand over"));
}

/// The name of who is signed in, from the form of the profile.
fn page_name(page: &Page) -> String {
    page.form("/settings/profile").value("name")
}

#[test]
fn without_mail_pages_say_so_once_and_offer_what_works() {
    let app = TestApp::with(without_mail());
    set_contact(&app);
    let page = app.anonymous().get("/recover").is(200).page();
    assert!(page.text("main").contains("Ask Olu, +1 555 0100 for one."));
    let mut grace = app.owner();
    let made = json!({ "email": "ada@example.org" });
    app.api().post("/api/v1/invites", &made).is(201);
    let list = grace.get("/admin/outbox").is(200);
    assert_eq!(list.body.matches("Mail is not set up").count(), 1);
    assert_eq!(list.page().count("form[action$='/retry']"), 0);
    assert_eq!(list.page().count("#set-up-mail"), 1);
    let invites = grace.get("/admin/invites").is(200).page();
    assert_eq!(invites.link("Set up mail"), "/admin/outbox#set-up-mail");
    app.leaves_mails();
}

#[test]
fn the_log_says_who_it_was_and_what_changed_in_the_order_in_which_it_happened() {
    let app = TestApp::empty(Options::default());
    let mut ana = app.anonymous();
    let page = ana.open(&app.set_up_link).is(200).page();
    let form = page
        .form("/setup")
        .fill("name", "Ana")
        .fill("email", "ana@example.org")
        .fill("password", PASSWORD);
    ana.submit(form.submit()).is(303);
    let page = ana.get("/settings/profile").is(200).page();
    ana.submit(page.form("/sign-out").submit()).is(303);
    assert!(
        ana.get("/sign-in")
            .is(200)
            .page()
            .text(".flash")
            .contains("You are signed out.")
    );
    sign_in(&mut ana, "ana@example.org", PASSWORD).is(303);
    let log = ana.get("/admin/audit").is(200).page();
    let told: Vec<String> = log
        .texts(".timeline summary")
        .iter()
        .map(|words| words.trim_start_matches("Details: ").to_owned())
        .collect();
    assert_eq!(
        told,
        [
            "Ana signed in.",
            "Ana signed out.",
            "Ana signed in.",
            "Ana set up Vestibule and became its owner.",
        ]
    );
}

#[test]
fn errors_of_a_form_name_their_fields_in_the_order_of_the_page() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let page = grace.get("/admin/settings").is(200).page();
    let form = page
        .form("/admin/settings")
        .fill("site_name", "")
        .fill("terms.url", "https://example.org/terms")
        .fill("invite_days", "91")
        .fill("key_policy.default_days", "");
    let first = grace.submit(form.submit()).is(422).page();
    let told = first.texts(".error-sum li");
    assert!(
        !told.is_empty() && told.iter().all(|words| words.contains("day")),
        "{told:?}"
    );
    let form = first
        .form("/admin/settings")
        .fill("key_policy.default_days", "400");
    let second = grace.submit(form.submit()).is(422).page();
    assert_eq!(
        second.texts(".error-sum li"),
        [
            "Enter the name of the site.",
            "Enter the version of the terms, or leave their address empty.",
            "Let an invite work for 1 to 90 days.",
            "Let a new key work for 1 to 365 days.",
        ]
    );
}

#[test]
fn an_expired_invite_can_be_sent_again_from_its_page() {
    let app = TestApp::start();
    let invited = app.invited("late@example.org");
    app.advance(days(8));
    let page = app
        .owner()
        .get(&format!("/admin/invites/{}", invited.id))
        .is(200)
        .page();
    assert!(page.text("main").contains("Send again"));
}
