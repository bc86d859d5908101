//! Invites in the console: what an administrator sees and does.

mod api;
mod below;
mod bulk;
mod care;
mod edit;
mod flood;
mod form;
mod funnel;
mod list;
mod open;
mod own;
mod preview;
mod record;
mod refused;
mod rights;
mod undo;

use serde_json::json;
use vestibule::access::Role;
use vestibule::clock::days;

use crate::support::app::{Options, TestApp};
use crate::support::invited::Invited;

#[test]
fn an_invite_is_checked_before_it_is_sent_and_every_value_is_kept_on_the_way() {
    let app = TestApp::start();
    let group = app
        .api()
        .post("/api/v1/groups", &json!({ "name": "Analysts" }));
    let group = group.is(201).json()["id"].as_str().unwrap().to_owned();
    app.user("bob@example.org", "Bob", Role::Member);
    let mut grace = app.owner();

    let page = grace.get("/admin/invites/new").is(200).page();
    let form = page
        .form("/admin/invites/new")
        .fill("email", "bob@")
        .fill("expires", "30");
    let refused = grace.submit(form.submit()).is(422).page();
    assert!(refused.title().starts_with("Error: "));
    let form = refused.form("/admin/invites/new");
    assert_eq!(
        (form.value("email"), form.value("expires")),
        ("bob@".into(), "30".into())
    );

    let form = form
        .fill("email", " Bob@Example.org ")
        .fill("name", "Bob \"B\" <Builder>")
        .fill("role", "admin")
        .fill("groups", &group)
        .fill("message", "First line\nsecond & last")
        .fill("delivery", "email");
    let check = grace.submit(form.submit()).is(200).page();
    assert_eq!(check.text("h1"), "Check the invite");
    let words = check.text("main");
    for part in [
        "Bob@Example.org",
        "Bob \"B\" <Builder>",
        "Analysts",
        "second & last",
        "22 December 2026, 09:00 UTC",
        "This person has an account already",
        "This role can manage accounts",
    ] {
        assert!(words.contains(part), "{part} is not in {words}");
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM invites"), 0);

    let form = check.form("/admin/invites/new");
    let edit = grace.submit(form.press("Change")).is(200).page();
    let form = edit.form("/admin/invites/new");
    let kept =
        ["name", "role", "groups", "message", "expires", "delivery"].map(|name| form.value(name));
    assert_eq!(
        kept,
        [
            "Bob \"B\" <Builder>",
            "admin",
            &group,
            "First line\r\nsecond & last",
            "30",
            "email"
        ]
    );
    let check = grace.submit(form.submit()).is(200).page();
    let sent = grace
        .submit(check.form("/admin/invites/new").press("Send invite"))
        .is(303);
    let detail = grace.get(sent.header("location")).is(200).page();
    assert!(
        detail
            .text(".flash")
            .contains("It expires on 22 December 2026")
    );
    let message = detail.text(".lines");
    assert!(message.contains("First line") && message.contains("second & last"));
    let mail = app.mails().remove(0);
    assert!(mail.text().contains("First line\n"), "{}", mail.text());

    // The same person again: told, and nothing is lost.
    let page = grace.get("/admin/invites/new").is(200).page();
    let form = page
        .form("/admin/invites/new")
        .fill("email", "BOB@example.org")
        .fill("name", "Bob");
    let refused = grace.submit(form.submit()).is(409).page();
    assert!(
        refused
            .text("#f-email-error")
            .contains("Already invited just now.")
    );
    let existing = refused.link("Open it");
    assert_eq!(existing, sent.header("location"));
    assert_eq!(refused.form("/admin/invites/new").value("name"), "Bob");
}

#[test]
fn a_link_to_hand_over_is_shown_once_and_no_mail_is_sent() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let page = grace.get("/admin/invites/new").is(200).page();
    let form = page
        .form("/admin/invites/new")
        .fill("email", "ada@example.org")
        .fill("delivery", "link");
    let check = grace.submit(form.submit()).is(200).page();
    let shown = grace
        .submit(check.form("/admin/invites/new").press("Make the link"))
        .is(200);
    assert_eq!(shown.header("cache-control"), "no-store");
    let page = shown.page();
    let link = page.text("textarea");
    assert!(link.contains("token=vsti_"), "{link}");
    let detail = page.link("Done");
    assert!(!grace.get(&detail).is(200).body.contains("vsti_"));
    assert!(app.mails().is_empty());
    assert_eq!(
        app.anonymous().open(&link).is(200).page().text("h1"),
        "Join Vestibule"
    );

    // A new link on the page of the invite; the first works beside it.
    let page = grace.get(&detail).is(200).page();
    let form = page.form(&format!("{detail}/link"));
    let again = grace.submit(form.clone().submit()).is(200).page();
    let second = again.text("textarea");
    assert_ne!(second, link);
    // Reloading either page makes no third one.
    let first = check.form("/admin/invites/new").press("Make the link");
    for reloaded in [form.submit(), first] {
        let answer = grace.submit(reloaded).is(409);
        assert_eq!(answer.page().text("h1"), "This link was already shown");
    }
    assert_eq!(app.count("SELECT count(*) AS count FROM invite_links"), 2);
    for link in [&link, &second] {
        app.anonymous().open(link).is(200);
    }
}

#[test]
fn an_invite_is_sent_again_even_after_its_end_and_revoked_once() {
    let app = TestApp::start();
    let mut grace = app.owner();
    let invited = app.invited("ada@example.org");
    let detail = format!("/admin/invites/{}", invited.id);
    app.advance(days(8));
    app.run_jobs();
    let page = grace.open("/sign-in").page();
    assert_eq!(page.text("h1"), "Sign in");
    let mut grace = app.owner();
    let page = grace.get(&detail).is(200).page();
    assert!(page.text("main").contains("Expired"));
    assert_eq!(page.count(&format!("a[href='{detail}/revoke']")), 0);
    let stamp = page.form(&format!("{detail}/link")).value("stamp");
    grace
        .submit(page.form(&format!("{detail}/resend")).submit())
        .is(303);
    let page = grace.get(&detail).is(200).page();
    assert!(
        page.text(".flash")
            .contains("It expires on 7 December 2026")
    );
    assert!(page.text("main").contains("Pending"));
    let link = app.mailed_link();
    app.anonymous().open(&link).is(200);
    app.anonymous().open(&invited.link).is(200);

    let confirm = grace.get(&format!("{detail}/revoke")).is(200).page();
    assert_eq!(confirm.text("h1"), "Revoke the invite to ada@example.org?");
    let form = confirm.form(&format!("{detail}/revoke"));
    grace.submit(form.clone().submit()).is(303);
    grace.submit(form.submit()).is(409);
    for link in [&link, &invited.link] {
        app.anonymous().open(link).is(410);
    }
    let page = grace.get(&detail).is(200).page();
    assert_eq!(
        page.count("form[action$='/resend']") + page.count("form[action$='/link']"),
        0
    );
    let csrf = grace
        .get("/admin/invites/new")
        .page()
        .form("/admin/invites/new")
        .value("csrf");
    for verb in ["resend", "link"] {
        let fields = [("csrf", csrf.as_str()), ("stamp", &stamp)];
        grace.post(&format!("{detail}/{verb}"), &fields).is(409);
    }
    app.mails();
}

#[test]
fn an_administrator_is_offered_no_role_above_their_own() {
    let app = TestApp::start();
    let mut alan = app.admin();
    let page = alan.get("/admin/invites/new").is(200).page();
    assert_eq!(page.count("[name=role]"), 2);
    let form = page
        .form("/admin/invites/new")
        .fill("email", "ada@example.org");
    let refused = alan
        .submit(form.forge("role", "owner").submit())
        .is(403)
        .page();
    assert!(refused.text("[role=alert]").contains("above your own"));
    for path in ["/admin/invites", "/admin/invites/new"] {
        app.member().get(path).is(403);
        assert_eq!(app.anonymous().get(path).status, 303);
    }
    alan.get("/admin/invites/inv_0").is(404);
    alan.get("/admin/invites/usr_01a2027b-d6b5-7cd0-be67-ab79529a31c9")
        .is(404);
}

#[test]
fn without_a_mail_server_the_invite_waits_and_a_link_lets_the_person_in() {
    let app = TestApp::with(Options {
        no_mail: true,
        ..Options::default()
    });
    let mut grace = app.owner();
    let page = grace.get("/admin/invites/new").is(200).page();
    let form = page
        .form("/admin/invites/new")
        .fill("email", "ada@example.org");
    // What works at once is chosen at first.
    assert_eq!(form.value("delivery"), "link");
    let check = grace
        .submit(form.fill("delivery", "email").submit())
        .is(200)
        .page();
    assert!(check.text("main").contains("until mail is set up"));
    let sent = grace
        .submit(check.form("/admin/invites/new").press("Send invite"))
        .is(303);
    let detail = sent.header("location").to_owned();
    let page = grace.get(&detail).is(200).page();
    assert!(page.text("main").contains("The mail waits in the outbox"));
    let page = grace
        .submit(page.form(&format!("{detail}/link")).submit())
        .is(200)
        .page();
    let link = page.text("textarea");
    let invited = Invited {
        id: detail.rsplit('/').next().unwrap().to_owned(),
        link,
    };
    app.anonymous()
        .post_json(&invited.path(), &invited.accept(), &[])
        .is(200);
    assert_eq!(
        app.count("SELECT count(*) AS count FROM outbox WHERE state = 'cancelled'"),
        1
    );
}
