//! A site that has been in use for ten days: people, groups, invites, mails and keys in every state.
//!
//! Everything comes about as it would in life, through pages and the API.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::{days, hours, minutes};

use crate::suite::app::{Options, PASSWORD, TestApp};
use crate::suite::client::{Api, Browser};
use crate::suite::smtp::{Rule, Stage};

/// How the server of a real browser starts.
pub fn in_browser() -> Options {
    Options {
        own_address: true,
        ..Options::default()
    }
}

/// The site, and what is needed to open its pages.
pub struct Site {
    /// The server.
    pub app: TestApp,
    /// Ids of invites, by the part of the address before the `@`.
    invites: Vec<(String, String)>,
    /// Links from mails, by the whole address.
    links: Vec<(String, String)>,
}

impl Site {
    /// Lets ten days go by.
    pub fn lived_in() -> Self {
        let app = TestApp::with(in_browser());
        app.user("alan@example.org", "Alan Turing", Role::Admin);
        app.user("edsger@example.org", "Edsger Dijkstra", Role::Admin);
        app.user("mia@example.org", "Mia Member", Role::Member);
        app.user("barbara@example.org", "Barbara Liskov", Role::Member);
        let mut site = Self {
            app,
            invites: Vec::new(),
            links: Vec::new(),
        };
        site.set_up();
        site.first_week();
        site.last_days();
        site
    }

    fn set_up(&mut self) {
        let mut owner = self.app.owner();
        let page = owner.get("/admin/settings").is(200).page();
        let form = page
            .form("/admin/settings")
            .fill("contact", "Grace Hopper, +1 555 0100")
            .fill("terms.version", "2026-11")
            .fill("terms.url", "https://example.org/terms")
            .fill("key_policy.never_allowed", "on");
        owner.submit(form.submit()).is(303);
    }

    fn first_week(&mut self) {
        let secret = self.key(
            "grace@example.org",
            "Old laptop",
            "In the keychain",
            "7",
            "all",
        );
        self.key("grace@example.org", "Metrics", "", "90", "users:read");
        let api = Api::new(&self.app.base, Some(secret));
        let groups: Vec<Value> = ["Analysts", "Editors", "Readers"]
            .into_iter()
            .map(|name| {
                let made = api.post("/api/v1/groups", &json!({"name": name})).is(201);
                made.json()["id"].clone()
            })
            .collect();
        let [analysts, editors, readers] = &groups[..] else {
            panic!("{groups:?}")
        };

        self.invite(
            &api,
            "hedy@example.net",
            "Hedy Lamarr",
            &json!([readers]),
            3,
        );
        self.invite(
            &api,
            "dorothy@example.org",
            "Dorothy Vaughan",
            &json!([analysts]),
            7,
        );
        self.invite(
            &api,
            "m.jackson@example.org",
            "Mary Jackson",
            &json!([editors]),
            7,
        );
        self.invite(&api, "annie@example.org", "Annie Easley", &json!([]), 7);
        self.invite(&api, "mia@example.org", "Mia Member", &json!([editors]), 30);
        self.app.advance(minutes(50));
        self.accept("dorothy@example.org", "Dorothy Vaughan");
        self.press("annie@example.org", "decline");
        let id = self.invite_id("m.jackson").to_owned();
        api.post(&format!("/api/v1/invites/{id}/revoke"), &json!({}))
            .is(200);

        // What Edsger sent is put on hold when he is suspended.
        let his = self.key("edsger@example.org", "Import", "", "30", "all");
        let his = Api::new(&self.app.base, Some(his));
        self.invite(&his, "tony.hoare@example.org", "Tony Hoare", &json!([]), 30);
        let mut owner = self.app.owner();
        let listed = api.get("/api/v1/users?q=edsger").is(200).json();
        let edsger = listed["items"][0]["id"].as_str().unwrap().to_owned();
        let page = owner.get(&format!("/admin/users/{edsger}/suspend")).page();
        let form = page
            .form(&format!("/admin/users/{edsger}/suspend"))
            .fill("reason", "Left the company");
        owner.submit(form.submit()).is(303);

        self.app.advance(days(5));
        self.key(
            "grace@example.org",
            "Nightly report",
            "On the reporting server",
            "7",
            "users:read",
        );
        let api = Api::new(
            &self.app.base,
            Some(self.key("grace@example.org", "Import of staff", "", "30", "all")),
        );
        let soon = json!([analysts]);
        self.invite(&api, "ada.lovelace@example.org", "Ada Lovelace", &soon, 6);
        self.app.advance(days(4));
        self.invite(
            &api,
            "k.johnson@example.org",
            "Katherine Johnson",
            &json!([analysts, editors]),
            7,
        );
        self.app.sink.rule(
            Rule::refuse(Stage::Recipient, 550, "5.1.1 No such user here")
                .only_to("m.hamilton@example.org"),
        );
        self.invite(&api, "m.hamilton@example.org", "", &json!([readers]), 7);
        self.app.advance(hours(19));
        self.invite(
            &api,
            "radia.perlman@example.org",
            "Radia Perlman",
            &json!([editors]),
            14,
        );
    }

    fn last_days(&mut self) {
        let revoked = self.app.owner().get("/settings/api-keys").page();
        let hrefs: Vec<String> = (1..9)
            .filter_map(|row| {
                let row = format!("tbody tr:nth-child({row})");
                (revoked.count(&row) == 1 && revoked.text(&row).contains("Metrics")).then(|| {
                    revoked
                        .attr(&format!("{row} a[href$='/revoke']"), "href")
                        .unwrap()
                })
            })
            .collect();
        let mut owner = self.app.owner();
        let page = owner.get(&hrefs[0]).page();
        owner.submit(page.form(&hrefs[0]).submit()).is(303);
        self.key(
            "grace@example.org",
            "Door display",
            "",
            "never",
            "events:read",
        );
        let laptop = self.key(
            "grace@example.org",
            "Laptop, notebooks",
            "In the password manager",
            "90",
            "all",
        );
        self.app.advance(hours(3));
        Api::new(&self.app.base, Some(laptop))
            .get("/api/v1/me")
            .is(200);
        // One mail that waits for a second try.
        self.app.sink.rule(
            Rule::refuse(Stage::Recipient, 451, "4.7.1 Greylisted, try again later")
                .only_to("alan@example.org"),
        );
        let mut alan = self.app.anonymous();
        let page = alan.get("/recover").page();
        let form = page.form("/recover").fill("email", "alan@example.org");
        alan.submit(form.submit());
        self.app.mails();
        self.app.leaves_mails();
    }

    /// Makes a key on the page, and gives its secret.
    pub fn key(&self, email: &str, name: &str, note: &str, expires: &str, scope: &str) -> String {
        let mut browser = self.app.signed_in(email);
        let page = browser.get("/settings/api-keys/new").is(200).page();
        let form = page
            .form("/settings/api-keys/new")
            .fill("name", name)
            .fill("note", note)
            .fill("expires", expires)
            .fill("scopes", scope);
        let shown = browser.submit(form.submit()).is(200).page();
        self.app.mails();
        shown.text("textarea").trim().to_owned()
    }

    fn invite(&mut self, api: &Api, email: &str, name: &str, groups: &Value, for_days: i64) {
        let body = json!({
            "email": email,
            "traits": {"name": name},
            "groups": groups,
            "message": "We start on Tuesday.\nBring a notebook.",
            "expires_in": for_days * 86_400,
        });
        let made = api.post("/api/v1/invites", &body).is(201).json();
        let id = made["id"].as_str().unwrap().to_owned();
        self.invites
            .push((email.split('@').next().unwrap().to_owned(), id));
        for mail in self.app.mails() {
            for link in mail.links() {
                if link.contains("/self-service/invite") {
                    self.links.insert(0, (mail.to[0].clone(), link));
                }
            }
        }
    }

    fn accept(&self, email: &str, name: &str) {
        let mut browser = self.app.anonymous();
        let page = browser.open(self.link(email)).is(200).page();
        let form = page
            .form("/self-service/invite")
            .fill("display_name", name)
            .fill("password", PASSWORD)
            .fill("terms_accepted", "yes");
        browser.submit(form.press_named("action", "accept")).is(303);
        self.app.mails();
    }

    fn press(&self, email: &str, action: &str) {
        let mut browser = self.app.anonymous();
        let page = browser.open(self.link(email)).is(200).page();
        browser.submit(
            page.form("/self-service/invite")
                .press_named("action", action),
        );
    }

    /// The link in the last mail that invited this address.
    pub fn link(&self, email: &str) -> &str {
        let found = self.links.iter().find(|(known, _)| known == email);
        &found
            .unwrap_or_else(|| panic!("no link for {email}: {:?}", self.links))
            .1
    }

    /// The id of the invite to whoever has this name before the `@`.
    pub fn invite_id(&self, name: &str) -> &str {
        let found = self.invites.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("nobody invited {name}")).1
    }

    /// The cookies of whoever has that address, signed in just now; of nobody for "".
    pub fn cookies(&self, email: &str) -> Browser {
        if email.is_empty() {
            self.app.anonymous()
        } else {
            self.app.signed_in(email)
        }
    }
}
