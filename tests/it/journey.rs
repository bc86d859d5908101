//! The first whole journey over HTTP: install, invite, accept, generate a key, use it, revoke it.

use crate::support::app::{Options, PASSWORD, TestApp};

#[test]
fn from_an_empty_database_to_a_revoked_key() {
    let app = TestApp::empty(Options::default());

    // The set-up link makes the first owner, once.
    let mut owner = app.anonymous();
    let page = owner.open(&app.set_up_link).is(200).page();
    let form = page
        .form("/setup")
        .fill("name", "Grace Hopper")
        .fill("email", "grace@example.org")
        .fill("password", PASSWORD);
    assert_eq!(owner.submit(form.submit()).is(303).header("location"), "/");
    assert!(
        owner
            .get("/")
            .is(200)
            .page()
            .text("h1")
            .contains("Dashboard")
    );
    app.anonymous().open(&app.set_up_link).is(410);

    // Invite people: fill in, check, send.
    let page = owner.get("/admin/invites/new").is(200).page();
    let form = page
        .form("/admin/invites/new")
        .fill("email", "ada@example.org")
        .fill("message", "We start on Tuesday.");
    let check = owner.submit(form.submit()).is(200).page();
    assert!(check.text("main").contains("We start on Tuesday."));
    let sent = owner
        .submit(check.form("/admin/invites/new").press("Send invite"))
        .is(303);
    let detail = sent.header("location").to_owned();
    assert!(
        owner
            .get(&detail)
            .is(200)
            .page()
            .text(".flash")
            .contains("ada@example.org")
    );

    // The mail came through a real SMTP conversation.
    let mails = app.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["ada@example.org"]);
    assert!(mails[0].text().contains("We start on Tuesday."));
    let link = mails[0]
        .links()
        .into_iter()
        .find(|link| link.contains("/self-service/invite"))
        .unwrap();

    // Opening the link changes nothing, and the token leaves the address.
    let mut ada = app.anonymous();
    let moved = ada.get(&link).is(303);
    assert!(!moved.header("location").contains("token"));
    let page = ada.open(&link).is(200).page();
    assert!(page.text("h1").contains("Join"));

    // Accept with name and password.
    let form = page
        .form("/self-service/invite")
        .fill("display_name", "Ada Lovelace")
        .fill("password", PASSWORD);
    let accepted = ada.submit(form.press_named("action", "accept")).is(303);
    // The notice outlives the redirects on the way.
    let first = ada.open(accepted.header("location")).is(200).page();
    assert!(first.text(".flash").contains("You accepted the invite"));
    assert_eq!(first.text("h1"), "Welcome, Ada Lovelace");
    for next in ["Make an API key", "Look at your profile"] {
        ada.get(&first.link(next)).is(200);
    }

    // Sign out and in again.
    let page = ada.open("/settings/profile").is(200).page();
    ada.submit(page.form("/sign-out").submit()).is(303);
    assert_eq!(
        ada.get("/settings/profile").is(303).header("location"),
        "/sign-in?next=%2Fsettings%2Fprofile"
    );
    let mut ada = app.signed_in("ada@example.org");

    // Generate a key and see it once.
    let page = ada.get("/settings/api-keys/new").is(200).page();
    let form = page
        .form("/settings/api-keys/new")
        .fill("name", "Laptop")
        .fill("scopes", "all");
    let shown = ada.submit(form.submit()).is(200);
    let secret = shown.page().text("textarea").trim().to_owned();
    assert!(secret.starts_with("vstk_"), "{secret}");
    assert!(!ada.get("/settings/api-keys").is(200).body.contains(&secret));

    // Use it.
    let program = crate::support::client::Api::new(&app.base, Some(secret));
    let me = program.get("/api/v1/me").is(200);
    assert_eq!(me.json()["user"]["email"], "ada@example.org");
    assert!(!me.header("vestibule-key-expires").is_empty());

    // Revoke it: the next request is refused.
    let list = ada.get("/settings/api-keys").is(200).page();
    let href = list.attr("a[href$='/revoke']", "href").unwrap();
    let confirm = ada.get(&href).is(200).page();
    ada.submit(confirm.form(&href).submit()).is(303);
    let refused = program.get("/api/v1/me").is(401);
    assert_eq!(refused.code(), "key_revoked");
    app.mails();
}
