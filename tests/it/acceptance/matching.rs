//! Who may accept: everybody who may be signed in × how the invite wants to be matched × whether the address has an
//! account.

use serde_json::json;
use vestibule::access::Role;

use crate::support::app::TestApp;
use crate::support::client::Browser;
use crate::support::invited::Invited;

const ADA: &str = "ada@example.org";

/// Who opens the link.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Viewer {
    Nobody,
    /// The account of the invited address.
    Right,
    /// Another account, whose proved address is of the invite's domain.
    Colleague,
    /// Another account of the domain, whose address nobody proved.
    Unproved,
    /// An account of another domain.
    Stranger,
}

const VIEWERS: [Viewer; 5] = [
    Viewer::Nobody,
    Viewer::Right,
    Viewer::Colleague,
    Viewer::Unproved,
    Viewer::Stranger,
];

/// What the link leads to.
fn expected(viewer: Viewer, matching: &str, has_account: bool) -> &'static str {
    match (viewer, matching) {
        (Viewer::Nobody, _) if has_account => "sign_in_first",
        (Viewer::Nobody, _) => "register",
        (Viewer::Right, _) | (_, "bearer") | (Viewer::Colleague, "domain" | "bearer of") => {
            "accept"
        }
        _ => "wrong_user",
    }
}

fn invite(app: &TestApp, matching: &str) -> Invited {
    let word = matching.split(' ').next();
    let mut body = json!({ "email": ADA, "match": word, "delivery": "link" });
    if matches!(matching, "domain" | "bearer of") {
        body["domains"] = json!(["example.org"]);
    }
    app.invited_with(&body)
}

fn unproved(app: &TestApp, email: &str) {
    let sql = format!("UPDATE users SET email_verified = false WHERE email = '{email}'");
    app.execute(&sql);
}

fn browser(app: &TestApp, viewer: Viewer) -> Browser {
    match viewer {
        Viewer::Nobody => app.anonymous(),
        Viewer::Right => app.signed_in(ADA),
        Viewer::Colleague => app.signed_in("col@example.org"),
        Viewer::Unproved => app.signed_in("una@example.org"),
        Viewer::Stranger => app.signed_in("sam@other.test"),
    }
}

#[test]
fn the_link_leads_everybody_where_they_belong() {
    // "bearer of" is whoever has the link and an address of the domains.
    for matching in ["strict", "domain", "bearer", "bearer of"] {
        for (has_account, registers) in [(false, false), (true, false), (false, true), (true, true)]
        {
            let app = TestApp::start();
            // Whether everybody may register says nothing about who was invited.
            let open = json!({ "registration_open": registers });
            app.api().patch("/api/v1/settings", &open).is(200);
            for (email, name) in [
                ("col@example.org", "Col"),
                ("una@example.org", "Una"),
                ("sam@other.test", "Sam"),
            ] {
                app.user(email, name, Role::Member);
            }
            unproved(&app, "una@example.org");
            if has_account {
                app.user(ADA, "Ada", Role::Member);
            }
            let invited = invite(&app, matching);
            for viewer in VIEWERS {
                if viewer == Viewer::Right && !has_account {
                    continue;
                }
                let case = format!("{viewer:?} {matching} {has_account} {registers}");
                let mut browser = browser(&app, viewer);
                let kind = browser.get_json(&invited.link).is(200).json()["kind"].clone();
                let wanted = expected(viewer, matching, has_account);
                assert_eq!(kind, wanted, "{case}");
                // The page shows the same, and a refused answer changes nothing.
                let page = browser.open(&invited.link).is(200).page();
                let accepts = page.count("button[value='accept']");
                assert_eq!(
                    accepts == 1,
                    matches!(wanted, "accept" | "register"),
                    "{case}"
                );
                let mut body = json!({ "action": "accept", "token": invited.token() });
                let status = match wanted {
                    "wrong_user" => 403,
                    "sign_in_first" => 401,
                    _ => continue,
                };
                body["display_name"] = json!("Eve");
                let origin = app.origin();
                let headers = [("origin", origin.as_str())];
                browser
                    .post_json(&invited.path(), &body, &headers)
                    .is(status);
            }
            let state = app
                .api()
                .get(&format!("/api/v1/invites/{}", invited.id))
                .json();
            assert_eq!(state["state"], "pending");
        }
    }
}

#[test]
fn whoever_may_accept_gets_what_the_invite_gives_and_keeps_their_address() {
    for matching in ["domain", "bearer"] {
        let app = TestApp::start();
        app.user("col@example.org", "Col", Role::Member);
        let group = app
            .api()
            .post("/api/v1/groups", &json!({ "name": "Readers" }));
        let group = group.is(201).json()["id"].clone();
        let mut body =
            json!({ "email": ADA, "match": matching, "delivery": "link", "groups": [group] });
        if matching == "domain" {
            body["domains"] = json!(["example.org"]);
        }
        let invited = app.invited_with(&body);
        let mut col = app.signed_in("col@example.org");
        let form = col
            .open(&invited.link)
            .is(200)
            .page()
            .form("/self-service/invite");
        col.submit(form.press_named("action", "accept")).is(303);
        let user = app.api().get("/api/v1/users?q=col@example.org").json()["items"][0].clone();
        assert_eq!(user["groups"][0]["name"], "Readers");
        assert_eq!(user["email"], "col@example.org");
        let none = app.api().get(&format!("/api/v1/users?q={ADA}")).json();
        assert_eq!(none["items"], json!([]));
    }
}
