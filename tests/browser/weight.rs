//! What a first view costs: at most 30 kB and four requests.

use crate::support::driver::{Browser, Options};
use crate::support::site::Site;

/// Bytes as they were sent, without headers, and the number of requests.
const COST: &str = r"(() => {
    const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    return { bytes: all.reduce((sum, one) => sum + one.encodedBodySize, 0), requests: all.map((one) => one.name) };
})()";

#[test]
fn a_first_view_is_light() {
    let site = Site::lived_in();
    let base = &site.app.base;
    for (who, path) in [
        ("", "/sign-in"),
        ("grace@example.org", "/"),
        ("grace@example.org", "/admin/invites?tab=all"),
        ("grace@example.org", "/settings/api-keys"),
        ("grace@example.org", "/settings/api-keys/new"),
    ] {
        // A browser of its own has nothing in its cache.
        let browser = Browser::start(Options::default());
        let cookies = site.cookies(who).cookies;
        let pairs = cookies
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        browser.take_cookies(base, pairs);
        browser.goto(&format!("{base}{path}"));
        let cost = browser.evaluate(COST);
        println!("{path}: {cost}");
        let bytes = cost["bytes"].as_u64().unwrap();
        assert!((1_000..=30_000).contains(&bytes), "{path}: {cost}");
        assert!(
            cost["requests"].as_array().unwrap().len() <= 4,
            "{path}: {cost}"
        );
    }
}
