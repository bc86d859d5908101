//! Invites speak the language that their maker chose: mails, text messages, codes and every page behind the link.

mod choice;
mod landing;
mod mails;

use serde_json::{Value, json};
use vestibule::text::Text;

use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::html::Page;
use crate::support::invited::Invited;

const INVITES: &str = "/api/v1/invites";
const TEMPLATES: &str = "/api/v1/invite-templates";
const ADA: &str = "ada@example.org";

/// An invite in German.
fn german(app: &TestApp, mut body: Value) -> Invited {
    body["locale"] = json!("de");
    app.invited_with(&body)
}

/// The texts of the catalogue without variables that are another text in German.
fn only_english() -> Vec<String> {
    let german = Text::of("de").unwrap();
    let keys = Text::ENGLISH.keys().into_iter();
    let texts = keys.filter_map(|key| {
        let text = Text::ENGLISH.get(key.clone()).to_string();
        let other = german.has(key.split('.').next()?) && german.get(key).to_string() != text;
        (other && text.len() > 8 && !text.contains("{")).then_some(text)
    });
    texts.collect()
}

/// Makes sure that words are German and nothing but that.
#[track_caller]
fn assert_german(words: &str) {
    for text in only_english() {
        assert!(!words.contains(&text), "{text:?} is in {words:?}");
    }
}

/// The page of an answer that is said to be German, and is.
#[track_caller]
fn in_german(answer: Answer, status: u16) -> Page {
    let answer = answer.is(status);
    assert_eq!(answer.header("content-language"), "de");
    let page = answer.page();
    assert_eq!(page.attr("html", "lang").as_deref(), Some("de"));
    assert_german(&page.text("body"));
    assert_german(&page.title());
    page
}

#[track_caller]
fn in_english(answer: Answer, status: u16) -> Page {
    let answer = answer.is(status);
    assert_eq!(answer.header("content-language"), "en");
    let page = answer.page();
    assert_eq!(page.attr("html", "lang").as_deref(), Some("en"));
    page
}

#[test]
fn the_texts_that_are_looked_for_are_there() {
    let texts = only_english();
    assert!(texts.len() > 100, "{}", texts.len());
    let found = std::panic::catch_unwind(|| assert_german("Go to the start page"));
    assert!(found.is_err());
}
