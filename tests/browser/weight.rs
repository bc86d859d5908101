//! What a first view costs: at most 30 kB and four requests.

use crate::support::driver::{Browser, Options};
use crate::support::site::Site;

/// Bytes as they were sent, without headers, of each address; the icons are one address, whichever of them is drawn.
const COST: &str = r"(() => {
    const sent = {};
    for (const kind of ['navigation', 'resource'])
        for (const one of performance.getEntriesByType(kind))
            sent[one.name.split('#')[0]] = one.encodedBodySize;
    return { bytes: Object.values(sent).reduce((sum, size) => sum + size), sent };
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
            cost["sent"].as_object().unwrap().len() <= 4,
            "{path}: {cost}"
        );
    }
}
