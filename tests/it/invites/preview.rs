//! What the person will get, seen before it is sent.

use serde_json::json;
use vestibule::access::Role;

use crate::support::app::{Options, TestApp};
use crate::support::client::Browser;
use crate::support::door::state;
use crate::support::html::Page;

const NEW: &str = "/admin/invites/new";

fn checked(owner: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let page = owner.get(NEW).is(200).page();
    let mut form = page.form("main form[method='post']");
    for (name, value) in fields {
        form = form.fill(name, value);
    }
    owner.submit(form.submit()).is(200).page()
}

fn frames(page: &Page) -> Vec<Page> {
    let count = page.count("iframe");
    assert_eq!(page.count("iframe[sandbox='']"), count);
    let frames = (1..=count).map(|place| {
        let nth = format!("section:nth-of-type({place}) iframe");
        Page::parse(&page.attr(&nth, "srcdoc").unwrap())
    });
    frames.collect()
}

#[test]
fn both_mails_and_the_page_are_seen_without_anything_being_done() {
    let app = TestApp::start();
    app.user("bob@example.org", "Bob", Role::Member);
    let lab = app.api().post("/api/v1/groups", &json!({ "name": "Lab" }));
    let lab = lab.is(201).json()["id"].as_str().unwrap().to_owned();
    let default = "/api/v1/invite-templates/tpl_00000000-0000-7000-8000-000000000000";
    let body = json!({ "intro": "The lab in Lisbon <b>welcomes</b> you." });
    app.api().patch(default, &body).is(200);
    let mut owner = app.owner();
    // Whether somebody has an account changes nothing of what is seen.
    for address in ["ada@example.org", "bob@example.org"] {
        let fields = [
            ("email", address),
            ("name", "Ada"),
            ("groups", &lab),
            ("message", "Bring your laptop."),
        ];
        let check = checked(&mut owner, &fields);
        let before = state(&app);
        let form = check.form(NEW).press("See what the person gets");
        let seen = owner.submit(form).is(200);
        assert!(!seen.body.contains("vsti_"));
        let page = seen.page();
        page.assert_no_inline();
        let frames = frames(&page);
        let [register, accept, landing] = frames.as_slice() else {
            panic!("{} frames", frames.len());
        };
        for frame in &frames {
            frame.assert_no_inline();
            let words = frame.text("body");
            for part in [
                "Lisbon <b>welcomes</b>",
                "Bring your laptop.",
                "Lab",
                "Grace Hopper",
            ] {
                assert!(words.contains(part), "{part} is not in {words}");
            }
        }
        assert_ne!(register.text("main"), accept.text("main"));
        let texts = page.texts("details pre");
        assert!(
            texts
                .iter()
                .all(|text| text.contains("> Bring your laptop."))
        );
        let form = landing.form("/self-service/invite");
        assert_eq!(form.value("display_name"), "Ada");
        assert_eq!(state(&app), before);
        // And on it goes, with all that was typed.
        let back = owner.submit(page.form(NEW).press("Back to the invite"));
        let check = back.is(200).page();
        assert!(check.text("main dl").contains("Bring your laptop."));
    }
    assert!(app.mails().is_empty());
}

#[test]
fn a_link_to_hand_over_has_no_mail_and_a_phone_gets_a_text_message() {
    let app = TestApp::with(Options {
        sms: Some("https://sms.example.org".to_owned()),
        ..Options::default()
    });
    let mut owner = app.owner();
    let fields = [("email", "ada@example.org"), ("delivery", "link")];
    let check = checked(&mut owner, &fields);
    let form = check.form(NEW).press("See what the person gets");
    let page = owner.submit(form).is(200).page();
    assert_eq!(page.count("iframe"), 1);
    assert!(page.text("main").contains("you hand the link over"));
    let check = checked(&mut owner, &[("email", "+351215550100")]);
    let form = check.form(NEW).press("See what the person gets");
    let page = owner.submit(form).is(200).page();
    assert_eq!(page.count("iframe"), 1);
    assert_eq!(page.texts("main pre").len(), 2);
}
