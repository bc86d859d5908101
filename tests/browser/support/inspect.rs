//! What must hold for every page that anybody opens.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::driver::{Browser, Report};

/// What a page says of itself; the text holds what stands in attributes that people read, too.
const FACTS: &str = r"(() => {
    const words = [document.title, document.body.innerText];
    for (const name of ['aria-label', 'title', 'alt', 'placeholder', 'data-done', 'data-alt', 'data-text'])
        for (const element of document.querySelectorAll(`[${name}]`)) words.push(element.getAttribute(name));
    for (const element of document.querySelectorAll('.vh')) words.push(element.textContent);
    return {
        title: document.title,
        lang: document.documentElement.lang,
        headings: [...document.querySelectorAll('h1')].map((h1) => h1.textContent.trim()),
        text: words.join('\n'),
    };
})()";
/// Where the focus is, and whether it can be seen.
const FOCUS: &str = r"(() => {
    const box = document.activeElement.getBoundingClientRect();
    const style = getComputedStyle(document.activeElement);
    return {
        element: document.activeElement.outerHTML.slice(0, 80),
        skip: document.activeElement.matches('.skip'),
        seen: box.left >= 0 && box.top >= 0 && box.width > 20 && box.height > 20
            && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 3,
    };
})()";

/// Collects what is wrong, so that one look tells everything.
pub struct Inspection<'a> {
    browser: &'a Browser,
    /// What the titles end with.
    site: &'a str,
    lang: &'static str,
}

impl<'a> Inspection<'a> {
    /// Of the site with this name.
    pub fn new(browser: &'a Browser, site: &'a str) -> Self {
        Self {
            browser,
            site,
            lang: "en",
        }
    }

    /// Of pages in another language.
    pub fn in_language(self, lang: &'static str) -> Self {
        Self { lang, ..self }
    }

    /// Looks at the page as it stands. Fails the test with everything that is wrong with it: reports of the console (but
    /// for answers from 400 to 499, which error pages are), a missing or second `h1`, a title without the name of the site,
    /// a key of the message catalogue where words should stand, a page wider than the view, a first Tab that leads
    /// elsewhere than to the visible skip link.
    #[track_caller]
    pub fn page(&self, name: &str) {
        let faults = self.faults();
        assert!(
            faults.is_empty(),
            "{name} ({}): {faults:#?}",
            self.browser.current_url()
        );
    }

    /// What [`Inspection::page`] would fail for.
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self
            .browser
            .console_reports()
            .iter()
            .filter(|report| !is_expected(report))
            .map(ToString::to_string)
            .collect();
        let facts = self.browser.evaluate(FACTS);
        let title = facts["title"].as_str().unwrap();
        if !title.ends_with(&format!(" - {}", self.site)) {
            faults.push(format!("the title is {title:?}"));
        }
        let headings = facts["headings"].as_array().unwrap();
        if headings.len() != 1 || headings[0] == "" {
            faults.push(format!("the h1 are {headings:?}"));
        }
        if facts["lang"] != self.lang {
            faults.push(format!("the language is {}", facts["lang"]));
        }
        faults.extend(
            keys_in(facts["text"].as_str().unwrap()).map(|key| format!("a key for words: {key}")),
        );
        if self.browser.overflows() {
            faults.push("wider than the view".to_owned());
        }
        faults.extend(self.first_tab());
        faults
    }

    /// An error summary takes the focus; else the first Tab leads to the skip link.
    fn first_tab(&self) -> Option<String> {
        if self.browser.shows(".error-sum") {
            return None;
        }
        // Wherever the page was left, Tab begins at its top again.
        self.browser.evaluate(
            "document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')",
        );
        self.browser.tab();
        let focus = self.browser.evaluate(FOCUS);
        self.browser.evaluate("document.activeElement.blur()");
        let good = focus["skip"] == true && focus["seen"] == true;
        (!good).then(|| format!("the first Tab leads to {focus}"))
    }
}

fn is_expected(report: &Report) -> bool {
    report.source == "network"
        && report
            .text
            .contains("the server responded with a status of 4")
}

/// The keys of the catalogue that stand in a text as words of their own.
fn keys_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
        .filter(|word| keys().contains(*word))
}

fn keys() -> &'static BTreeSet<String> {
    static KEYS: OnceLock<BTreeSet<String>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let mut keys = BTreeSet::new();
        for file in std::fs::read_dir("locales/en").unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let lines = text.lines().filter_map(|line| line.split_once(" ="));
            keys.extend(
                lines
                    .map(|(key, _)| key.to_owned())
                    .filter(|key| key.contains('-') && !key.contains(' ')),
            );
        }
        assert!(keys.len() > 300, "{keys:?}");
        keys
    })
}
