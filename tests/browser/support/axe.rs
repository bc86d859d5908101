//! axe-core, which finds what keeps people out: contrast, names, order, sizes.
//!
//! `scripts/test` installs it below `target/axe`. It goes into the page as the debugger's own script, so the
//! Content-Security-Policy of the page stays as it is.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use super::driver::Browser;

/// What is installed, and how.
const INSTALL: &str = "scripts/test browser (or: npm install --no-save --no-package-lock --prefix target/axe axe-core@4.14.1)";
/// What is asked for: WCAG 2.2 at level AA, and what its makers advise beyond it.
const RUN: &str = r"axe.run(document, {
    preload: false,
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    resultTypes: ['violations'],
}).then((found) => ({
    passes: found.passes.length,
    violations: found.violations.flatMap((rule) =>
        rule.nodes.map((node) => `${rule.id} (${rule.impact}): ${node.html.slice(0, 160)} ${node.failureSummary}`)),
}))";

fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("axe");
        let file = target.join("node_modules/axe-core/axe.min.js");
        std::fs::read_to_string(&file)
            .unwrap_or_else(|why| panic!("{}: {why}. Install it with {INSTALL}", file.display()))
    })
}

/// What axe finds wrong with the page as it stands. Fails the test when axe could not look at it. The page's own scripts
/// must be allowed to run.
pub fn violations(browser: &Browser) -> Vec<String> {
    if browser.evaluate("typeof axe") == "undefined" {
        // The value of the script itself is not asked for.
        browser.evaluate(&format!("{};0", source()));
    }
    let found = browser.evaluate(RUN);
    // A script that the page stopped would find nothing wrong either.
    assert!(
        found["passes"].as_u64().unwrap() > 15,
        "axe did not run: {found}"
    );
    let Value::Array(violations) = &found["violations"] else {
        panic!("{found}")
    };
    violations
        .iter()
        .map(|words| words.as_str().unwrap().to_owned())
        .collect()
}
