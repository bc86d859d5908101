//! What members who may invite neither set nor learn.

use serde_json::{Value, json};

use super::own::letting_mia_invite;
use crate::support::app::TestApp;
use crate::support::client::Answer;

const PATH: &str = "/api/v1/invites";

fn guests(app: &TestApp) -> String {
    letting_mia_invite(app).1
}

fn code_of(answer: &Answer, field: &str) -> String {
    let json = answer.json();
    assert_eq!(json["errors"][0]["field"], field, "{json}");
    json["errors"][0]["code"].as_str().unwrap().to_owned()
}

#[test]
fn what_apps_trust_is_set_and_read_by_administrators_alone() {
    let app = TestApp::start();
    let template = guests(&app);
    let mia = app.with_key("mia@example.org", &["invites:read", "invites:write"]);
    let trusted = json!({ "plan": "gold" });
    let mut body =
        json!({ "email": "ada@example.org", "template": template, "metadata_admin": trusted });
    assert_eq!(
        code_of(&mia.post(PATH, &body).is(422), "metadata_admin"),
        "admins_only"
    );
    body["metadata_admin"] = json!({});
    let made = mia.post(PATH, &body).is(201).json();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let change = json!({ "metadata_admin": trusted });
    assert_eq!(
        code_of(&mia.patch(&path, &change).is(422), "metadata_admin"),
        "admins_only"
    );
    app.api().patch(&path, &change).is(200);
    for told in [
        mia.get(&path).is(200).json(),
        mia.get(PATH).is(200).json()["items"][0].clone(),
        mia.post(&format!("{path}/resend"), &json!({}))
            .is(200)
            .json(),
        mia.patch(&path, &json!({ "label": "L" })).is(200).json(),
        mia.post(&format!("{path}/revoke"), &json!({}))
            .is(200)
            .json(),
    ] {
        assert_eq!(told["metadata_admin"], Value::Null, "{told}");
    }
    assert_eq!(app.api().get(&path).json()["metadata_admin"], trusted);
    app.mails();
}

#[test]
fn a_refusal_does_not_tell_whom_others_have_invited() {
    let app = TestApp::start();
    let template = guests(&app);
    app.invited("ada@example.org");
    let mia = app.with_key("mia@example.org", &["invites:write"]);
    let body = json!({ "email": "ada@example.org", "template": template });
    let mut pages = app.signed_in("mia@example.org");
    super::own::send(&mut pages, "ada@example.org");
    // One's own is told, and administrators see all.
    assert_eq!(mia.post(PATH, &body).is(409).code(), "invite_exists");
    let again = app.api().post(PATH, &json!({ "email": "ada@example.org" }));
    assert_eq!(again.is(409).code(), "invite_exists");
    // The same for lines of a file; nobody else's invite ends by it.
    app.invited("eve@example.org");
    let rows = json!({ "defaults": { "template": template }, "rows": [
        { "email": "ada@example.org" }, { "email": "eve@example.org" },
    ] });
    let batch = mia.post(&format!("{PATH}/batches"), &rows).is(201).json();
    assert_eq!(batch["counts"]["already_invited"], 1, "{batch}");
    let pending = "SELECT count(*) AS count FROM invites WHERE address_norm = 'eve@example.org' AND state = 'pending'";
    assert_eq!(app.count(pending), 2);
    app.mails();
}

#[test]
fn a_link_in_hand_would_tell_who_has_an_account() {
    let app = TestApp::start();
    let (mut mia, template) = letting_mia_invite(&app);
    let new = mia.get("/admin/invites/new").is(200).page();
    assert_eq!(new.count("input[name='delivery'][value='link']"), 0);
    let form = new
        .form(".card form[method='post']")
        .fill("email", "ada@example.org");
    let forged = mia.submit(
        form.forge("delivery", "link")
            .forge("step", "send")
            .submit(),
    );
    assert_ne!(forged.status, 200);
    let sent = super::own::send(&mut mia, "ada@example.org");
    let page = mia.get(&sent).is(200).page();
    assert_eq!(page.count(&format!("form[action='{sent}/link']")), 0);
    app.mails();
    // A template that reveals accounts lets its inviters have it.
    let reveals = json!({ "reveal_existing": true });
    app.api()
        .patch(&format!("/api/v1/invite-templates/{template}"), &reveals)
        .is(200);
    let page = mia.get(&sent).is(200).page();
    assert_eq!(page.count(&format!("form[action='{sent}/link']")), 1);
}
