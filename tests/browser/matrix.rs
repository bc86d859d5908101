//! Every page in every state, light and dark, on a desk, on a phone and in the narrowest view.
//!
//! Runs with `VESTIBULE_BROWSER_MATRIX=1`, and leaves a picture of each look in `target/browser-pictures/`. A word in
//! `VESTIBULE_BROWSER_ONLY` leaves out the pages without it in their name; `VESTIBULE_BROWSER_AXE=0` leaves out axe.

use diesel::RunQueryDsl;
use serde_json::json;
use vestibule::access::Role;

use crate::suite::app::{Options as AppOptions, PASSWORD, TestApp};
use crate::support::axe;
use crate::support::driver::{Browser, Options};
use crate::support::inspect::Inspection;
use crate::support::site::{Site, in_browser};

const SITE: &str = "Vestibule";
/// A schema with a field of every kind.
const STAFF: &str = r#"{ "type": "object", "required": ["floor"], "properties": {
  "department": { "type": "string", "title": "Department", "description": "Where you work." },
  "floor": { "type": "integer", "title": "Floor" },
  "badge": { "enum": ["blue", "red"], "title": "Badge" },
  "since": { "type": "string", "format": "date", "title": "First day" },
  "news": { "type": "boolean", "title": "News by mail" } } }"#;
/// The looks: a word for the name of the picture, the width, the height, whether dark.
const LOOKS: [(&str, u32, u32, bool); 6] = [
    ("1280-light", 1280, 900, false),
    ("1280-dark", 1280, 900, true),
    ("390-light", 390, 844, false),
    ("390-dark", 390, 844, true),
    ("320-light", 320, 640, false),
    ("320-dark", 320, 640, true),
];

fn wanted() -> bool {
    let wanted = std::env::var_os("VESTIBULE_BROWSER_MATRIX").is_some();
    if !wanted {
        eprintln!("left out: VESTIBULE_BROWSER_MATRIX is not set");
    }
    wanted
}

/// A walk past pages, which tells everything that it found at the end.
struct Walk<'a> {
    base: &'a str,
    browser: Browser,
    /// The language of the pages.
    lang: &'static str,
    only: String,
    axe: bool,
    faults: Vec<String>,
}

impl<'a> Walk<'a> {
    fn start(base: &'a str) -> Self {
        let word = |name| std::env::var(name).unwrap_or_default();
        Self {
            base,
            browser: Browser::start(Options::default()),
            lang: "en",
            only: word("VESTIBULE_BROWSER_ONLY"),
            axe: word("VESTIBULE_BROWSER_AXE") != "0",
            faults: Vec::new(),
        }
    }

    fn go(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.base));
    }

    /// Opens a page and looks at it.
    fn page(&mut self, name: &str, path: &str) {
        if name.contains(&self.only) {
            self.go(path);
            self.look(name);
        }
    }

    /// Looks at the page that is open.
    fn look(&mut self, name: &str) {
        if !name.contains(&self.only) {
            return;
        }
        for (look, width, height, dark) in LOOKS {
            self.browser.look(width, height, dark);
            let inspection = Inspection::new(&self.browser, SITE).in_language(self.lang);
            let mut faults = inspection.faults();
            if self.axe {
                faults.extend(axe::violations(&self.browser));
            }
            self.browser.screenshot(&format!("{name}-{look}"));
            self.faults
                .extend(faults.iter().map(|fault| format!("{name} {look}: {fault}")));
        }
        let (_, width, height, dark) = LOOKS[0];
        self.browser.look(width, height, dark);
    }

    /// Becomes somebody else; "" is nobody.
    fn is(&self, site: &Site, email: &str) {
        let known = site.cookies(email).cookies;
        let pairs = known
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        self.browser.take_cookies(self.base, pairs);
    }

    #[track_caller]
    fn end(self) {
        assert!(self.faults.is_empty(), "{:#?}", self.faults);
    }
}

#[test]
fn the_first_run() {
    if !wanted() {
        return;
    }
    let app = TestApp::empty(AppOptions {
        no_mail: true,
        ..in_browser()
    });
    let mut walk = Walk::start(&app.base);
    walk.browser.goto(&app.set_up_link);
    walk.look("setup");
    walk.browser.click("Create account");
    walk.look("setup-refused");
    walk.browser.fill("Your name", "Grace Hopper");
    walk.browser.fill("Email", "grace@example.org");
    walk.browser.fill("Password", PASSWORD);
    walk.browser.click("Create account");
    walk.browser.text("nav");
    walk.look("dashboard-first-run");
    walk.page("invites-none", "/admin/invites");
    walk.page("outbox-not-set-up", "/admin/outbox");
    walk.page("users-one", "/admin/users");
    walk.page("keys-none", "/settings/api-keys");
    walk.browser.goto(&app.set_up_link);
    walk.look("setup-ended");
    walk.end();
}

#[test]
fn the_console() {
    if !wanted() {
        return;
    }
    let site = Site::lived_in();
    let mut walk = Walk::start(&site.app.base);
    walk.is(&site, "grace@example.org");
    walk.page("dashboard", "/");
    walk.page("invites", "/admin/invites");
    walk.page("invites-all", "/admin/invites?tab=all");
    walk.page("invites-filtered", "/admin/invites?tab=all&q=k.johnson");
    walk.page("invites-no-match", "/admin/invites?q=nobody");
    for name in [
        "k.johnson",
        "m.hamilton",
        "dorothy",
        "hedy",
        "m.jackson",
        "tony.hoare",
    ] {
        walk.page(
            &format!("invite-{name}"),
            &format!("/admin/invites/{}", site.invite_id(name)),
        );
    }
    let revoke = format!("/admin/invites/{}/revoke", site.invite_id("k.johnson"));
    walk.page("invite-revoke", &revoke);
    let edit = format!("/admin/invites/{}/edit", site.invite_id("k.johnson"));
    walk.page("invite-edit", &edit);
    walk.go(&edit);
    walk.browser.fill("Email or phone", "k.johnson@");
    walk.browser.click("#f-expires-date");
    walk.browser.click("Save invite");
    walk.browser.text(".error-sum");
    walk.look("invite-edit-refused");
    walk.page("invites-funnel", "/admin/invites/funnel?days=all");
    walk.page("invites-funnel-none", &funnel_of_nothing(&site));
    walk.page("invite-came", &open_link_with_people(&site));
    walk.page("invite-open", "/admin/invites/open");
    walk.page("invite-import", "/admin/invites/import");
    walk.page("invite-new", "/admin/invites/new");
    walk.go("/admin/invites/new");
    walk.browser.click("Check and send");
    walk.look("invite-new-refused");
    walk.browser
        .fill("Emails or phone numbers", "grete.hermann@example.org");
    walk.browser.fill("Name (optional)", "Grete Hermann");
    walk.browser.click("Analysts");
    walk.browser.fill(
        "Message (optional)",
        "Welcome to the team.\nWe meet at nine.",
    );
    walk.browser.click("Check and send");
    walk.browser.text("button[value=send]");
    walk.look("invite-check");
    walk.browser.click("Send invite");
    walk.browser.text(".flash");
    walk.look("invite-sent");
    walk.browser.click("Make a new link");
    walk.browser.text("#link");
    walk.look("invite-link");
    site.app.mails();

    walk.page("users", "/admin/users");
    walk.page("users-no-match", "/admin/users?q=nobody");
    walk.go("/admin/users?q=barbara");
    walk.browser.click("Barbara Liskov");
    walk.browser.text("#account");
    walk.look("user");
    walk.browser.click("Suspend…");
    walk.browser.text("#f-reason");
    walk.look("user-suspend");
    walk.go("/admin/users?q=edsger");
    walk.browser.click("Edsger Dijkstra");
    walk.browser.text("#account");
    walk.look("user-suspended");
    walk.go("/admin/users?q=grace");
    walk.browser.click("Grace Hopper");
    walk.browser.text("#account");
    walk.look("user-with-keys");

    walk.page("outbox", "/admin/outbox");
    walk.page("outbox-sent", "/admin/outbox?state=sent");
    walk.page("outbox-failed", "/admin/outbox?state=failed");
    walk.page("outbox-notices", "/admin/outbox/notices");
    walk.browser.look(1280, 900, false);
    walk.go("/admin/outbox?state=failed");
    walk.browser.click("m.hamilton@example.org");
    walk.browser.text("pre");
    walk.look("outbox-mail");
    walk.page("audit", "/admin/audit");
    walk.page("audit-filtered", "/admin/audit?q=nothing");
    walk.go("/admin/audit");
    walk.browser
        .evaluate("for (const d of document.querySelectorAll('main details')) d.open = true");
    walk.look("audit-open");
    walk.page("site-settings", "/admin/settings");
    walk.page("docs", "/docs");
    walk.end();
}

/// The funnel of a template that no invite was made from.
fn funnel_of_nothing(site: &Site) -> String {
    let body = serde_json::json!({ "name": "Quiet", "invitable_by": { "roles": ["owner"], "groups": [] } });
    let made = site.app.api().post("/api/v1/invite-templates", &body);
    let id = made.is(201).json()["id"].as_str().unwrap().to_owned();
    format!("/admin/invites/funnel?template={id}")
}

/// The page of an open link by which everybody has come.
fn open_link_with_people(site: &Site) -> String {
    let body =
        serde_json::json!({ "max_uses": 40, "delivery": "link", "label": "Workshop, Lisbon" });
    let made = site.app.api().post("/api/v1/invites", &body).is(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    site.app.execute(&format!(
        "INSERT INTO invite_acceptances (invite_id, user_id, accepted_at) SELECT '{id}', id, created_at FROM users"
    ));
    format!("/admin/invites/{id}")
}

#[test]
fn what_is_asked_of_people() {
    if !wanted() {
        return;
    }
    let site = Site::lived_in();
    let mut walk = Walk::start(&site.app.base);
    walk.is(&site, "grace@example.org");
    walk.page("asked-schemas", "/admin/schemas");
    walk.page("asked-schema-new", "/admin/schemas/new");
    walk.go("/admin/schemas/new");
    walk.browser.fill("JSON Schema", "{ \"type\": object }");
    walk.browser.click("Save schema");
    walk.browser.text(".error-sum");
    walk.look("asked-schema-refused");
    walk.browser.fill("ID", "staff");
    walk.browser.fill("Name (optional)", "Staff");
    walk.browser.fill("JSON Schema", STAFF);
    walk.browser.click("Save schema");
    walk.browser.text(".flash");
    walk.look("asked-schema");
    walk.page("asked-schema-kept", "/admin/schemas/default/delete");
    walk.page("asked-schema-delete", "/admin/schemas/staff/delete");
    walk.page("asked-templates", "/admin/invite-templates");
    walk.page("asked-template-new", "/admin/invite-templates/new");
    walk.go("/admin/invite-templates/new");
    walk.browser.click("#f-match-domain");
    walk.browser.fill("An invite works for (optional)", "soon");
    walk.browser.click("Save template");
    walk.browser.text(".error-sum");
    walk.look("asked-template-refused");
    walk.browser.fill("Name", "Workshop");
    walk.browser
        .fill("Domains of the addresses (optional)", "example.org");
    walk.browser
        .fill("An invite works for (optional)", "14 days");
    walk.browser
        .evaluate("document.querySelector('#f-schema_id').value = 'staff'");
    walk.browser.click("Save template");
    walk.browser.text(".flash");
    walk.look("asked-template");
    walk.browser.click("Delete…");
    walk.look("asked-template-delete");
    walk.page("asked-invite", "/admin/invites/new");
    walk.go("/admin/invites/new");
    walk.browser.fill("Template", "Workshop");
    walk.browser.click("Use this template");
    walk.browser.text("#f-traits\\.floor");
    walk.browser
        .fill("Emails or phone numbers", "eve@example.net");
    walk.browser.fill("Floor", "three");
    walk.browser.click("Check and send");
    walk.browser.text(".error-sum");
    walk.look("asked-invite-refused");
    walk.browser
        .fill("Emails or phone numbers", "eve@example.org");
    walk.browser.fill("Floor", "3");
    walk.browser.click("Check and send");
    walk.browser.text("button[value=send]");
    walk.look("asked-invite-check");
    walk.browser.click("See what the person gets");
    walk.browser.text("iframe");
    walk.look("asked-invite-preview");
    // A browser draws a frame when it comes into view.
    walk.browser.look(1280, 2600, false);
    walk.browser.screenshot("asked-invite-preview-whole");
    walk.end();
}

#[test]
fn ones_own_settings() {
    if !wanted() {
        return;
    }
    let site = Site::lived_in();
    let mut walk = Walk::start(&site.app.base);
    walk.is(&site, "grace@example.org");
    walk.page("profile", "/settings/profile");
    walk.page("password", "/settings/password");
    walk.page("keys", "/settings/api-keys");
    walk.page("sessions", "/settings/sessions");
    walk.page("logins", "/settings/logins");
    walk.go("/settings/logins");
    walk.browser.fill("Email or phone", "+351 21 555 01 00");
    walk.browser.click("Send a code");
    walk.look("login-code");
    walk.go("/settings/password");
    walk.browser.fill("Current password", "not this one");
    walk.browser.fill("New password", "short");
    walk.browser.click("Change password");
    walk.browser.text(".error-sum");
    walk.look("password-refused");
    walk.page("key-new", "/settings/api-keys/new");
    walk.go("/settings/api-keys/new");
    walk.browser.click("Make new key");
    walk.browser.text(".error-sum");
    walk.look("key-new-refused");
    walk.browser.fill("Name", "Reporting");
    walk.browser.click("#f-scopes-all");
    walk.browser.click("Make new key");
    walk.browser.text("#secret");
    walk.look("key-shown");
    walk.go("/settings/api-keys");
    walk.browser.click("a[href$='/revoke']");
    walk.browser.text("main form");
    walk.look("key-revoke");
    site.app.advance(vestibule::clock::minutes(15));
    walk.page(
        "confirm",
        "/sign-in/confirm?next=%2Fsettings%2Fapi-keys%2Fnew",
    );
    walk.is(&site, "mia@example.org");
    walk.page("member-start", "/");
    walk.page("member-keys-none", "/settings/api-keys");
    walk.page("member-profile", "/settings/profile");
    walk.page("error-403", "/admin/users");
    walk.end();
    site.app.mails();
}

#[test]
fn the_way_in() {
    if !wanted() {
        return;
    }
    let site = Site::lived_in();
    let mut walk = Walk::start(&site.app.base);
    walk.page("sign-in", "/sign-in");
    walk.go("/sign-in");
    walk.browser.fill("Email or phone", "grace@example.org");
    walk.browser.fill("Password", "not this one");
    walk.browser.click("Sign in");
    walk.browser.text(".error-sum");
    walk.look("sign-in-refused");
    walk.browser.fill("Email or phone", "grace@example.org");
    walk.browser.click("Send me a code");
    walk.look("sign-in-code");
    walk.browser.fill("Code", "12345");
    walk.browser.click("Go on");
    walk.browser.text(".error-sum");
    walk.look("sign-in-code-refused");
    walk.page("register-closed", "/register");
    let open = json!({ "registration_open": true });
    site.app.api().patch("/api/v1/settings", &open).is(200);
    walk.page("register", "/register");
    walk.go("/register");
    walk.browser
        .fill("Email or phone", "new.person@example.org");
    walk.browser.click("Send me a code");
    walk.look("register-code");
    walk.browser.click("Create account");
    walk.browser.text(".error-sum");
    walk.look("register-code-refused");
    walk.page("recover", "/recover");
    walk.go("/recover");
    walk.browser.fill("Email", "barbara@example.org");
    walk.browser.click("Send the link");
    walk.browser.text(".note");
    walk.look("recover-sent");
    for mail in site.app.mails() {
        if let Some(link) = mail.links().iter().find(|link| link.contains("/recover/")) {
            walk.browser.goto(link);
            walk.look("recover-new");
        }
    }

    for (name, who, whom) in [
        ("landing-join", "", "k.johnson@example.org"),
        ("landing-sign-in", "", "mia@example.org"),
        (
            "landing-wrong-user",
            "barbara@example.org",
            "mia@example.org",
        ),
        ("landing-accept", "mia@example.org", "mia@example.org"),
        ("landing-expired", "", "hedy@example.net"),
        ("landing-used", "", "dorothy@example.org"),
        ("landing-revoked", "", "m.jackson@example.org"),
        ("landing-declined", "", "annie@example.org"),
        ("landing-on-hold", "", "tony.hoare@example.org"),
    ] {
        walk.is(&site, who);
        walk.browser.goto(site.link(whom));
        walk.look(name);
    }
    walk.is(&site, "");
    walk.browser.goto(site.link("k.johnson@example.org"));
    walk.browser.click("Accept and create account");
    walk.browser.text(".error-sum");
    walk.look("landing-join-refused");
    walk.browser.click("Decline");
    walk.look("landing-declined-now");
    let open = json!({ "max_uses": 40, "message": "Bring your laptop." });
    let link = site.app.invited_with(&open).link;
    walk.browser.goto(&link);
    walk.look("landing-open");
    walk.browser.fill("Email or phone", "new.face@example.org");
    walk.browser.click("Send me a code");
    walk.browser.text("#f-code");
    walk.look("landing-open-code");
    walk.is(&site, "barbara@example.org");
    walk.browser.goto(site.link("mia@example.org"));
    walk.browser.click("Send a code to m…@example.org");
    walk.browser.text("#f-code");
    walk.look("landing-wrong-user-code");
    walk.is(&site, "");
    walk.page("landing-unknown", "/self-service/invite?token=vsti_nothing");
    walk.page("error-404", "/nowhere");
    walk.go("/sign-in");
    walk.browser
        .evaluate("document.querySelector('[name=csrf]').value = 'old'");
    walk.browser.fill("Email or phone", "grace@example.org");
    walk.browser.fill("Password", PASSWORD);
    walk.browser.click("Sign in");
    walk.look("error-form-too-old");
    for _ in 0..6 {
        walk.go("/sign-in");
        walk.browser.fill("Email or phone", "alan@example.org");
        walk.browser.fill("Password", "not this one");
        walk.browser.click("Sign in");
        walk.browser.text(".error-sum");
    }
    walk.look("sign-in-too-many");
    site.app.mails();
    walk.end();
}

#[test]
fn the_way_in_in_german() {
    if !wanted() {
        return;
    }
    let app = TestApp::with(in_browser());
    for (email, name) in [("mia@example.org", "Mia"), ("sam@example.net", "Sam")] {
        app.user(email, name, Role::Member);
    }
    let terms = json!({ "terms": { "version": "1", "url": "https://example.org/terms" } });
    app.api().patch("/api/v1/settings", &terms).is(200);
    let invite = |body: &serde_json::Value| {
        let mut body = body.clone();
        body["locale"] = json!("de");
        body["message"] = json!("Wir beginnen am Dienstag.\nBringen Sie Ihren Laptop mit.");
        app.invited_with(&body)
    };
    let ada = invite(&json!({ "email": "ada@example.org", "role": "admin" }));
    let mut walk = Walk::start(&app.base);
    walk.lang = "de";
    let become_somebody = |walk: &Walk, email: &str| {
        let cookies = match email {
            "" => Vec::new(),
            email => Vec::from_iter(app.signed_in(email).cookies),
        };
        let pairs = cookies.iter();
        let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str()));
        walk.browser.take_cookies(&app.base, pairs);
    };
    walk.browser.goto(&ada.link);
    walk.look("german-join");
    walk.browser.click("Annehmen und Konto erstellen");
    walk.browser.text(".error-sum");
    walk.look("german-join-refused");
    become_somebody(&walk, "sam@example.net");
    walk.browser.goto(&ada.link);
    walk.look("german-wrong-user");
    walk.browser.click("Code an a…@example.org senden");
    walk.browser.text("#f-code");
    walk.look("german-wrong-user-code");
    app.mails();
    let mia = invite(&json!({ "email": "mia@example.org" }));
    become_somebody(&walk, "mia@example.org");
    walk.browser.goto(&mia.link);
    walk.look("german-accept");
    become_somebody(&walk, "");
    walk.browser.goto(&mia.link);
    walk.look("german-sign-in");
    let open = invite(&json!({ "max_uses": 40, "domains": ["example.org"] }));
    walk.browser.goto(&open.link);
    walk.look("german-open");
    walk.browser
        .fill("E-Mail oder Telefon", "new.face@example.org");
    walk.browser.click("Code anfordern");
    walk.browser.text("#f-code");
    walk.look("german-open-code");
    walk.browser.goto(&ada.link);
    walk.browser.click("Ablehnen");
    walk.look("german-declined");
    app.advance(vestibule::clock::days(8));
    walk.browser.goto(&mia.link);
    walk.look("german-expired");
    walk.browser
        .evaluate("document.querySelector('[name=csrf]').value = 'old'");
    walk.browser.click("Um eine neue Einladung bitten");
    walk.look("german-form-too-old");
    app.mails();
    walk.end();
}

#[test]
fn when_the_server_is_broken() {
    if !wanted() {
        return;
    }
    let app = TestApp::with(in_browser());
    app.user("mia@example.org", "Mia Member", Role::Member);
    let mut walk = Walk::start(&app.base);
    let cookies = app.owner().cookies;
    let pairs = cookies
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    walk.browser.take_cookies(&app.base, pairs);
    walk.page("error-404-signed-in", "/nowhere");
    let broken = app.parts.app.db.write_now(|tx| {
        Ok(diesel::sql_query("ALTER TABLE invites RENAME TO invites_gone").execute(&mut **tx)?)
    });
    broken.unwrap();
    walk.go("/admin/invites");
    let shown = walk.browser.text("h1");
    walk.browser.console_reports();
    walk.look("error-500");
    assert!(!shown.is_empty());
    walk.end();
}
