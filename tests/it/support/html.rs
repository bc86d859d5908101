//! A page as a browser without JavaScript sees it: its text, its links and its forms.
//!
//! A form is filled through the page that was served, so a field that the template lacks fails the test:
//!
//! ```ignore
//! let page = Page::parse(&body);
//! let sent = page.form("/invites").fill("email", "zoe@example.org").press("Send invite");
//! client.send(sent.method, &sent.action, &sent.content_type, sent.body);
//! ```

mod field;
mod form;
mod tests;

use std::fmt::Write;

use scraper::{ElementRef, Html, Selector};

pub use form::{Form, Submission};

/// A parsed page.
pub struct Page {
    html: Html,
}

impl Page {
    /// Reads a whole document.
    pub fn parse(html: &str) -> Self {
        Self {
            html: Html::parse_document(html),
        }
    }

    /// The title.
    pub fn title(&self) -> String {
        self.text("title")
    }

    /// The text of the first element that the selector matches, white space run together. Fails the test when there is none.
    pub fn text(&self, selector: &str) -> String {
        collapsed(self.first(selector))
    }

    /// The texts of all elements that the selector matches.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.select(selector).into_iter().map(collapsed).collect()
    }

    /// How many elements the selector matches.
    pub fn count(&self, selector: &str) -> usize {
        self.select(selector).len()
    }

    /// An attribute of the first element that the selector matches. Fails the test when there is no such element.
    pub fn attr(&self, selector: &str, name: &str) -> Option<String> {
        self.first(selector).attr(name).map(str::to_owned)
    }

    /// Where the link with this text (or `aria-label`) leads. Fails the test when there is none, or when links of that
    /// text lead to different places.
    pub fn link(&self, text: &str) -> String {
        let mut targets: Vec<&str> = self
            .select("a[href]")
            .into_iter()
            .filter(|link| collapsed(*link) == text || link.attr("aria-label") == Some(text))
            .filter_map(|link| link.attr("href"))
            .collect();
        targets.dedup();
        match targets.as_slice() {
            [target] => (*target).to_owned(),
            [] => panic!("no link {text:?}; the page has {:?}", self.texts("a[href]")),
            several => panic!("the link {text:?} leads to {several:?}"),
        }
    }

    /// The form with this action (when it begins with `/` or holds `://`, a query string aside) or else the one that this
    /// selector matches. Fails the test unless there is exactly one.
    pub fn form(&self, which: &str) -> Form {
        let by_action = which.starts_with('/') || which.contains("://");
        let forms: Vec<ElementRef<'_>> = if by_action {
            let same = |action: &str| action == which || action.split('?').next() == Some(which);
            self.select("form")
                .into_iter()
                .filter(|form| form.attr("action").is_some_and(same))
                .collect()
        } else {
            self.select(which)
        };
        match forms.as_slice() {
            [form] => Form::read(&self.html, *form),
            _ => {
                let actions: Vec<Option<&str>> = self
                    .select("form")
                    .iter()
                    .map(|form| form.attr("action"))
                    .collect();
                panic!(
                    "{} forms match {which:?}; the page has {actions:?}",
                    forms.len()
                )
            }
        }
    }

    /// Fails the test when the page holds what the Content-Security-Policy forbids: `style` and event attributes,
    /// `<style>`, a script without `src`, `javascript:` and `data:` addresses; and a document within the page, unless it
    /// stands in a sandbox without any door.
    pub fn assert_no_inline(&self) {
        let mut found = String::new();
        for element in self.html.root_element().descendent_elements() {
            let name = element.value().name();
            if name == "style" || (name == "script" && element.attr("src").is_none()) {
                let _ = writeln!(found, "<{name}> {}", collapsed(element));
            }
            for (attribute, value) in element.value().attrs() {
                let address = value.trim_start().to_ascii_lowercase();
                let inline = attribute == "style"
                    || attribute == "srcdoc" && element.attr("sandbox") != Some("")
                    || attribute.starts_with("on");
                let forbidden = ["href", "src", "srcset", "action", "formaction", "data"]
                    .contains(&attribute)
                    && (address.starts_with("javascript:") || address.starts_with("data:"));
                if inline || forbidden {
                    let _ = writeln!(found, "<{name} {attribute}={value:?}>");
                }
            }
        }
        assert!(
            found.is_empty(),
            "the Content-Security-Policy forbids:\n{found}"
        );
    }

    fn first(&self, selector: &str) -> ElementRef<'_> {
        self.select(selector).into_iter().next().unwrap_or_else(|| {
            panic!(
                "nothing matches {selector:?} on the page {:?}:\n{}",
                self.texts("title"),
                self.html.html()
            )
        })
    }

    fn select(&self, selector: &str) -> Vec<ElementRef<'_>> {
        self.html.select(&parsed(selector)).collect()
    }
}

/// The elements below this one that match, in the order of the page.
fn select<'a>(element: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    element.select(&parsed(selector)).collect()
}

fn parsed(selector: &str) -> Selector {
    Selector::parse(selector).unwrap_or_else(|error| panic!("the selector {selector:?}: {error}"))
}

/// An element's text, white space run together.
fn collapsed(element: ElementRef<'_>) -> String {
    element
        .text()
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Escapes all but RFC 3986's unreserved characters; good for a form, a query string and the user part of a URL.
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
