//! The pictures of the README, of a site with people in it. Runs with `VESTIBULE_PICTURES=1`, for `scripts/pictures`, and
//! leaves them in `target/browser-pictures/`.

use crate::support::driver::{Browser, Options};
use crate::support::site::Site;

#[test]
fn for_the_readme() {
    if std::env::var_os("VESTIBULE_PICTURES").is_none() {
        eprintln!("left out: VESTIBULE_PICTURES is not set");
        return;
    }
    let site = Site::lived_in();
    let base = &site.app.base;
    let browser = Browser::start(Options::default());
    let owner = site.cookies("grace@example.org").cookies;
    browser.take_cookies(
        base,
        owner
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );

    browser.look(1280, 800, false);
    browser.goto(&format!("{base}/admin/invites?tab=all"));
    browser.text("table");
    browser.screenshot("invites-light");
    browser.look(1280, 800, true);
    browser.screenshot("invites-dark");
    browser.look(390, 844, false);
    browser.goto(&format!("{base}/admin/invites"));
    browser.text("table");
    browser.screenshot("phone");

    browser.look(1280, 800, false);
    browser.goto(&format!("{base}/settings/api-keys/new"));
    browser.fill("Name", "Laptop, notebooks");
    browser.fill("Where you keep it (optional)", "In the password manager");
    browser.click("#f-scopes-all");
    browser.click("Make new key");
    browser.text("#secret");
    browser.screenshot("key-light");
    site.app.mails();
}
