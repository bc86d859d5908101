//! The first journey, as people make it: install, invite, accept, make a key, use it, revoke it.

use crate::suite::app::{PASSWORD, TestApp};
use crate::suite::client::Api;
use crate::support::axe;
use crate::support::driver::{Browser, Options};
use crate::support::inspect::Inspection;
use crate::support::site::in_browser;

const SITE: &str = "Harbour";

#[test]
fn with_scripts_on_a_desk() {
    journey(Options::default());
}

#[test]
fn with_scripts_on_the_narrowest_phone_in_the_dark() {
    journey(Options {
        dark: true,
        width: 320,
        height: 640,
        ..Options::default()
    });
}

#[test]
fn without_scripts_on_a_desk() {
    journey(Options {
        javascript: false,
        ..Options::default()
    });
}

#[test]
fn without_scripts_on_the_narrowest_phone_in_the_dark() {
    journey(Options {
        javascript: false,
        dark: true,
        width: 320,
        height: 640,
    });
}

#[test]
fn what_is_asked_of_people_with_scripts_on_a_desk() {
    ask_more(Options::default());
}

#[test]
fn what_is_asked_of_people_without_scripts_on_the_narrowest_phone() {
    ask_more(Options {
        javascript: false,
        dark: true,
        width: 320,
        height: 640,
    });
}

/// A browser on the way, which looks at every page that it comes to.
struct Walk {
    browser: Browser,
    options: Options,
}

impl Walk {
    fn start(options: Options) -> Self {
        Self {
            browser: Browser::start(options),
            options,
        }
    }

    /// The page with this heading is there, and nothing is wrong with it.
    #[track_caller]
    fn at(&self, heading: &str, site: &str) {
        // The page before may have the same heading, but not under the new name of the site.
        let h1 = "document.querySelector('h1')?.innerText";
        self.browser.wait_for(heading, || {
            self.browser.evaluate(h1) == heading && self.browser.title().ends_with(site)
        });
        Inspection::new(&self.browser, site).page(heading);
        if self.options.javascript {
            let violations = axe::violations(&self.browser);
            assert!(violations.is_empty(), "{heading}: {violations:#?}");
        }
    }

    /// Opens an entry of the navigation, which a narrow view folds away.
    fn nav(&self, entry: &str) {
        if self.options.width < 800 {
            self.browser.click(".menu summary");
        }
        self.browser.click(entry);
    }
}

fn journey(options: Options) {
    let app = TestApp::empty(in_browser());
    let owner = Walk::start(options);
    become_owner(&app, &owner);
    set_terms(&owner);
    let link = invite(&app, &owner);

    let ada = Walk::start(options);
    accept(&ada, &link);
    sign_out_and_in(&app, &ada);
    let secret = make_key(&ada);
    assert!(secret.starts_with("vstk_"), "{secret}");
    let program = Api::new(&app.base, Some(secret.clone()));
    let me = program.get("/api/v1/me").is(200).json();
    assert_eq!(me["user"]["email"], "ada@example.org");

    ada.browser.click("a[href$='/revoke']");
    ada.at("Revoke this API key?", SITE);
    ada.browser.click("Revoke key");
    ada.at("API keys", SITE);
    assert!(
        ada.browser
            .text(".flash")
            .contains("stopped working at once")
    );
    assert_eq!(program.get("/api/v1/me").is(401).code(), "key_revoked");
    app.mails();
}

fn become_owner(app: &TestApp, owner: &Walk) {
    owner.browser.goto(&app.set_up_link);
    owner.at("Create the first owner", "Vestibule");
    assert!(!owner.browser.current_url().contains("token"));
    owner.browser.fill("Your name", "Grace Hopper");
    owner.browser.fill("Email", "grace@example.org");
    owner.browser.fill("Password", PASSWORD);
    owner.browser.click("Create account");
    owner.at("Dashboard", "Vestibule");
}

fn set_terms(owner: &Walk) {
    owner.nav("Site settings");
    owner.at("Site settings", "Vestibule");
    owner.browser.fill("Name", SITE);
    owner.browser.fill("Version (optional)", "2026-11");
    owner.browser.fill(
        "Address of the text (optional)",
        "https://example.org/terms",
    );
    owner.browser.click("Save settings");
    owner.at("Site settings", SITE);
}

fn invite(app: &TestApp, owner: &Walk) -> String {
    owner.nav("Invites");
    owner.at("Invites", SITE);
    owner.browser.click(".head .btn.primary");
    owner.at("Invite a person", SITE);
    // A refused form keeps what was typed and leads to what is missing.
    owner
        .browser
        .fill("Message (optional)", "We start on Tuesday.");
    owner.browser.click("Check and send");
    owner.browser.text(".error-sum");
    assert!(owner.browser.title().starts_with("Error: "));
    owner
        .browser
        .fill("Emails or phone numbers", "ada@example.org");
    owner.browser.click("Check and send");
    owner.at("Check the invite", SITE);
    assert!(owner.browser.text("main").contains("We start on Tuesday."));
    owner.browser.click("Send invite");
    owner.at("ada@example.org", SITE);
    assert!(
        owner
            .browser
            .text(".flash")
            .contains("Invite sent to ada@example.org")
    );
    let mails = app.mails();
    let links: Vec<String> = mails.iter().flat_map(|mail| mail.links()).collect();
    let invite = links
        .iter()
        .find(|link| link.contains("/self-service/invite"));
    invite.unwrap().clone()
}

fn accept(ada: &Walk, link: &str) {
    ada.browser.goto(link);
    ada.at("Join Harbour", SITE);
    assert!(!ada.browser.current_url().contains("token"));
    ada.browser.fill("Your name", "Ada Lovelace");
    ada.browser.fill("Password", PASSWORD);
    ada.browser.click("Accept and create account");
    ada.browser.text(".error-sum");
    // The terms were not accepted; the password is asked for again, the name is not.
    ada.browser.fill("Password", PASSWORD);
    ada.browser.click("I accept the terms (version 2026-11)");
    ada.browser.click("Accept and create account");
    ada.at("Welcome, Ada Lovelace", SITE);
    assert!(
        ada.browser
            .text(".flash")
            .contains("You accepted the invite")
    );
}

fn sign_out_and_in(app: &TestApp, ada: &Walk) {
    ada.nav("Sign out");
    ada.at("Sign in", SITE);
    ada.browser.goto(&format!("{}/settings/api-keys", app.base));
    ada.at("Sign in", SITE);
    ada.browser.fill("Email or phone", "ada@example.org");
    ada.browser.fill("Password", PASSWORD);
    ada.browser.click("Sign in");
    ada.at("API keys", SITE);
}

/// Makes a key and sees it once; the page of the keys is open afterwards.
fn make_key(ada: &Walk) -> String {
    let keys = ada.browser.current_url();
    ada.browser.click("Generate API key");
    ada.at("Make a new key", SITE);
    ada.browser.fill("Name", "Laptop");
    ada.browser.click("#f-scopes-all");
    ada.browser.click("Make new key");
    ada.at("API key made", SITE);
    let secret = ada
        .browser
        .evaluate("document.getElementById('secret').value");
    let secret = secret.as_str().unwrap().to_owned();
    ada.browser.reload();
    ada.at("This key was already shown", SITE);
    assert!(!ada.source().contains(&secret));
    ada.browser.click("main .actions .btn:not(.primary)");
    ada.at("API keys", SITE);
    assert!(!ada.source().contains(&secret));
    // The way back asks whether to send the form again; it holds nothing of the key.
    ada.browser.back();
    assert!(!ada.source().contains(&secret));
    ada.browser.goto(&keys);
    ada.at("API keys", SITE);
    secret
}

impl Walk {
    /// Everything in the page, values of fields included.
    fn source(&self) -> String {
        let whole = "document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map((field) => field.value)";
        self.browser.evaluate(whole).as_str().unwrap().to_owned()
    }
}

/// A schema, a template that has it, and an invite that says something of the person.
fn ask_more(options: Options) {
    let app = TestApp::empty(in_browser());
    let owner = Walk::start(options);
    become_owner(&app, &owner);
    set_terms(&owner);
    owner.nav("Invites");
    owner.at("Invites", SITE);
    owner.browser.click("Invite templates");
    owner.at("Invite templates", SITE);
    owner.browser.click("Schemas: what is asked of people");
    owner.at("Schemas", SITE);
    owner.browser.click("New schema");
    owner.at("New schema", SITE);
    owner.browser.fill("ID", "staff");
    owner.browser.fill("Name (optional)", "Staff");
    owner.browser.click("Save schema");
    owner.at("Staff", SITE);
    owner.browser.click(".crumbs a");
    owner.at("Invite templates", SITE);
    owner.browser.click("New template");
    owner.at("New invite template", SITE);
    owner.browser.fill("Name", "Workshop");
    owner.browser.fill("Schema", "Staff");
    owner.browser.click("Show the fields of the chosen schema");
    owner.browser.fill(
        "How the form treats Department",
        "Locked: shown, cannot be changed",
    );
    owner.browser.click("Save template");
    owner.at("Invite template", SITE);
    owner.browser.click(".crumbs a");
    owner.at("Invites", SITE);
    owner.browser.click(".head .btn.primary");
    owner.at("Invite a person", SITE);
    owner.browser.fill("Template", "Workshop");
    owner.browser.click("Use this template");
    owner.browser.fill("Department (optional)", "Optics");
    owner
        .browser
        .fill("Emails or phone numbers", "ada@example.org");
    owner.browser.click("Check and send");
    owner.at("Check the invite", SITE);
    owner.browser.click("See what the person gets");
    owner.at("What the person gets", SITE);
    owner.browser.click("Back to the invite");
    owner.at("Check the invite", SITE);
    owner.browser.click("Send invite");
    owner.at("ada@example.org", SITE);

    let ada = Walk::start(options);
    let links: Vec<String> = app.mails().iter().flat_map(|mail| mail.links()).collect();
    let link = links.iter().find(|link| link.contains("/self-service/"));
    ada.browser.goto(link.unwrap());
    ada.at("Join Harbour", SITE);
    assert!(ada.browser.text("main").contains("Optics"));
    ada.browser.fill("Your name", "Ada Lovelace");
    ada.browser.fill("Password", PASSWORD);
    ada.browser.click("I accept the terms (version 2026-11)");
    ada.browser.click("Accept and create account");
    ada.at("Welcome, Ada Lovelace", SITE);
    let users = app.api().get("/api/v1/users?q=ada").is(200).json();
    assert_eq!(users["items"][0]["traits"]["department"], "Optics");
}
