//! Templates that are narrowed while invites wait: what they leave out by then, nobody gives, whoever made the invite.

use serde_json::{Value, json};
use vestibule::access::Role;
use vestibule::clock::minutes;

use crate::support::app::TestApp;
use crate::support::invited::Invited;

const TEMPLATES: &str = "/api/v1/invite-templates";
const INVITES: &str = "/api/v1/invites";

/// A template, a group, and somebody who invited into it with the role of an administrator.
struct Waiting {
    app: TestApp,
    template: String,
    invited: Invited,
}

impl Waiting {
    fn made_by(email: &str) -> Self {
        let app = TestApp::start();
        app.user("alan@example.org", "Alan", Role::Admin);
        let api = app.api();
        let made = |path: &str| {
            let made = api.post(path, &json!({ "name": "Staff" })).is(201).json();
            made["id"].as_str().unwrap().to_owned()
        };
        let (group, template) = (made("/api/v1/groups"), made(TEMPLATES));
        let body = json!({
            "email": "ada@example.org", "template": template, "role": "admin", "groups": [group],
            "delivery": "link",
        });
        let maker = app.with_key(email, &["all"]);
        let made = maker.post(INVITES, &body).is(201).json();
        let word = |name: &str| made[name].as_str().unwrap().to_owned();
        let invited = Invited {
            id: word("id"),
            link: word("invite_url"),
        };
        Self {
            app,
            template,
            invited,
        }
    }

    fn patch(&self, change: &Value) {
        let path = format!("{TEMPLATES}/{}", self.template);
        self.app.api().patch(&path, change).is(200);
    }

    fn state(&self) -> Value {
        let path = format!("{INVITES}/{}", self.invited.id);
        self.app.api().get(&path).is(200).json()["state"].clone()
    }

    /// What the API answers to who takes the invite off hold: the word of a refusal, or where it stands.
    fn reinstate(&self) -> String {
        let path = format!("{INVITES}/{}/reinstate", self.invited.id);
        let answer = self.app.api().post(&path, &json!({}));
        match answer.status {
            200 => answer.json()["state"].as_str().unwrap().to_owned(),
            _ => answer.code(),
        }
    }

    fn sweep(&self) {
        self.app.advance(minutes(1));
        self.app.run_jobs();
    }

    fn is_let_in(&self) -> bool {
        let mut ada = self.app.anonymous();
        let seen = ada.get_json(&self.invited.link);
        let path = self.invited.path();
        if seen.status == 200 {
            return true;
        }
        assert_eq!(seen.is(410).code(), "invite_suspended");
        let tried = ada.post_json(&path, &self.invited.accept(), &[]);
        assert_eq!(tried.is(410).code(), "invite_suspended");
        false
    }
}

/// What narrows a template, what widens it again, and what is said to an owner who takes an invite off hold meanwhile.
fn narrowings() -> [(Value, Value, &'static str); 2] {
    [
        (
            json!({ "roles": ["member"] }),
            json!({ "roles": null }),
            "role_not_grantable",
        ),
        (
            json!({ "groups": [] }),
            json!({ "groups": null }),
            "group_not_grantable",
        ),
    ]
}

#[test]
fn what_a_template_leaves_out_by_now_puts_waiting_invites_on_hold_whoever_made_them() {
    for maker in ["grace@example.org", "alan@example.org", "the operator"] {
        for (narrow, widen, code) in narrowings() {
            let by = if maker.contains('@') {
                maker
            } else {
                "grace@example.org"
            };
            let waiting = Waiting::made_by(by);
            if by != maker {
                waiting.app.execute("UPDATE invites SET created_by = NULL");
            }
            waiting.sweep();
            assert!(waiting.is_let_in(), "{maker}");
            assert_eq!(waiting.reinstate(), "invite_not_pending");

            waiting.patch(&narrow);
            assert!(!waiting.is_let_in(), "{maker} {narrow}");
            waiting.sweep();
            assert_eq!(waiting.state(), "suspended", "{maker} {narrow}");
            assert_eq!(waiting.reinstate(), code);

            // The way out: what the template allows again, somebody takes off hold.
            waiting.patch(&widen);
            waiting.sweep();
            assert!(!waiting.is_let_in());
            assert_eq!(waiting.reinstate(), "pending");
            assert!(waiting.is_let_in(), "{maker} {widen}");
        }
    }
}

#[test]
fn who_may_no_longer_invite_with_a_template_sends_nobody_in() {
    // Whether or not the sweep has made it visible.
    for is_swept in [true, false] {
        let waiting = Waiting::made_by("alan@example.org");
        waiting.patch(&json!({ "invitable_by": { "roles": ["owner"] } }));
        let path = format!("/admin/invites/{}", waiting.invited.id);
        if is_swept {
            waiting.sweep();
            assert_eq!(waiting.state(), "suspended");
        }
        assert!(!waiting.is_let_in());
        let mut grace = waiting.app.owner();
        let page = grace.get(&path).is(200).page();
        assert_eq!(page.text("main .tag"), "On hold");
        let form = page.form(&format!("{path}/reinstate"));
        grace.submit(form.submit()).is(303);
        let invite = waiting
            .app
            .api()
            .get(&format!("{INVITES}/{}", waiting.invited.id));
        let me = waiting.app.api().get("/api/v1/me").json();
        assert_eq!(invite.json()["created_by"], me["user"]["id"]);
        assert!(waiting.is_let_in());
        waiting.sweep();
        assert!(waiting.is_let_in());
        let page = grace.get(&path).is(200).page();
        assert_eq!(page.count(&format!("form[action='{path}/reinstate']")), 0);
    }
}
