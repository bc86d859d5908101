//! No plain secret anywhere but where it was shown (security.md, P4 and D19).

use std::fs;

use serde_json::json;
use vestibule::access::Role;

use crate::support::app::{PASSWORD, TestApp};

#[test]
fn no_secret_that_was_seen_stands_in_a_file_or_in_an_answer() {
    let app = TestApp::start();
    let api = app.api();
    let mut secrets = vec![PASSWORD.to_owned(), api.key.clone().unwrap()];

    // Links of invites: mailed, handed over, of a mail that waits, of one that failed, of one that was cancelled.
    let mailed = app.invited("ada@example.org");
    let handed = app.invited_with(&json!({ "email": "bob@example.org", "delivery": "link" }));
    let once = [("idempotency-key", "the-key-of-a-call")];
    let link = json!({ "email": "eve@example.org", "delivery": "link" });
    for _ in 0..2 {
        let made = api
            .json("POST", "/api/v1/invites", &link, &once)
            .is(201)
            .json();
        secrets.push(
            made["invite_url"]
                .as_str()
                .unwrap()
                .split_once("token=")
                .unwrap()
                .1
                .to_owned(),
        );
    }
    secrets.extend([mailed.token().to_owned(), handed.token().to_owned()]);
    let mut ada = app.anonymous();
    ada.open(&mailed.link).is(200);
    ada.post_json(&mailed.path(), &mailed.accept(), &[]).is(200);
    secrets.extend(
        ada.cookies
            .values()
            .filter(|value| value.len() > 20)
            .cloned(),
    );
    // A key made on the page, a session, and a link to set a password.
    let mut ada = app.signed_in("ada@example.org");
    let page = ada.get("/settings/api-keys/new").is(200).page();
    let form = page
        .form("/settings/api-keys/new")
        .fill("name", "Laptop")
        .fill("scopes", "all");
    let shown = ada.submit(form.submit()).is(200);
    secrets.push(shown.page().text("textarea"));
    secrets.extend(
        ada.cookies
            .values()
            .filter(|value| value.len() > 20)
            .cloned(),
    );
    let page = app.anonymous().get("/recover").is(200).page();
    drop(page);
    let mut forgetful = app.anonymous();
    let page = forgetful.get("/recover").is(200).page();
    forgetful.submit(
        page.form("/recover")
            .fill("email", "ada@example.org")
            .submit(),
    );
    let wrong = "a wrong password that nobody has";
    let page = forgetful.get("/sign-in").is(200).page();
    let form = page
        .form("/sign-in")
        .fill("email", "ada@example.org")
        .fill("password", wrong);
    forgetful.submit(form.submit());
    secrets.push(wrong.to_owned());
    for mail in app.mails() {
        for link in mail.links() {
            if let Some((_, token)) = link.split_once("token=") {
                secrets.push(token.to_owned());
            }
        }
    }
    // Mails that wait hold links as well.
    api.post("/api/v1/invites", &json!({ "email": "waits@example.org" }))
        .is(201);
    api.post(
        "/api/v1/users",
        &json!({ "email": "new@example.org", "display_name": "New" }),
    )
    .is(201);
    secrets.sort();
    secrets.dedup();
    assert!(secrets.len() >= 10, "{}", secrets.len());

    let mut everything = Vec::new();
    for path in [
        "me", "users", "invites", "keys", "groups", "audit", "events", "outbox", "settings",
    ] {
        let answer = api.get(&format!("/api/v1/{path}?limit=500"));
        let answer = if answer.status == 422 {
            api.get(&format!("/api/v1/{path}"))
        } else {
            answer
        };
        everything.push((path.to_owned(), answer.is(200).body.into_bytes()));
    }
    let mut grace = app.owner();
    for path in [
        "/",
        "/admin/invites?tab=all",
        "/admin/users",
        "/admin/outbox",
        "/admin/outbox?state=sent",
        "/admin/audit",
        "/settings/api-keys",
        "/settings/sessions",
    ] {
        everything.push((path.to_owned(), grace.get(path).is(200).body.into_bytes()));
    }
    if std::env::var("VESTIBULE_TEST_DATABASE_URL").is_err() {
        for file in fs::read_dir(app.folder.path()).unwrap() {
            let file = file.unwrap().path();
            everything.push((file.display().to_string(), fs::read(&file).unwrap()));
        }
        assert!(
            everything
                .iter()
                .any(|(name, _)| name.ends_with("vestibule.db-wal"))
        );
        for table in ["waits@example.org", "Laptop"] {
            assert!(
                everything
                    .iter()
                    .any(|(name, bytes)| name.contains("vestibule.db")
                        && holds(bytes, table.as_bytes())),
                "the search finds nothing"
            );
        }
    }
    for (name, bytes) in &everything {
        for secret in &secrets {
            assert!(!holds(bytes, secret.as_bytes()), "{name} holds {secret}");
        }
        if name.contains("vestibule.db") {
            for start in [&b"vsti_"[..], b"token=", b"wrong password"] {
                assert!(
                    !holds(bytes, start),
                    "{name} holds {}",
                    String::from_utf8_lossy(start)
                );
            }
        }
    }
    app.leaves_mails();
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_member_sees_nobody_elses_invites_mails_or_log() {
    let app = TestApp::start();
    app.user("mia@example.org", "Mia", Role::Member);
    let invited = app.invited("ada@example.org");
    let mia = app.with_key("mia@example.org", &["all"]);
    for path in ["audit", "events", "outbox", "settings"] {
        assert_eq!(
            mia.get(&format!("/api/v1/{path}")).is(403).code(),
            "forbidden",
            "{path}"
        );
    }
    mia.get(&format!("/api/v1/invites/{}", invited.id)).is(404);
    let mut browser = app.signed_in("mia@example.org");
    for path in ["invites", "users", "outbox", "audit", "settings"] {
        browser.get(&format!("/admin/{path}")).is(403);
    }
}
