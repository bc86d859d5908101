//! The driver, tried on a few pages served from here.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fantoccini::key::Key;

use super::{Browser, Options};

const FORM: &str = r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A form</title>
<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script></head><body>
<h1>It's a form</h1><p id="hidden" hidden>Hidden</p><p id="script">No script ran</p>
<form action="/sent"><label for="name">Your name</label><input id="name" name="name" value="old">
<label>Colour <select name="colour"><option value="r">Red</option><option value="b">Blue</option></select></label>
<label for="colour-b">Another "colour" isn't</label><textarea id="colour-b" name="b"></textarea>
<input type="checkbox" id="agree" name="agree"><label for="agree">I agree</label>
<input name="q" aria-label="Search"><button>Send <b>it</b></button></form>
<details><summary>More</summary><a href="/inline" aria-label="To the inline page">→</a></details>
<div class="tall"></div></body></html>"#;
const INLINE: &str = "<!doctype html><title>Inline</title><link rel='icon' href='/icon.svg'>\
    <p style='color: red'>Red</p><script>document.title = 'x'</script>";
const STYLE: &str = "body { background: #fff } .tall { height: 2000px; width: 400px } \
    @media (prefers-color-scheme: dark) { body { background: #000 } }";
const SCRIPT: &str =
    "document.getElementById('script').textContent = 'A script ran'; console.error('a word');";

/// Serves the pages until the test program ends; returns the address.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok);
            let Some(first) = lines.next() else { continue };
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let path = first.split(' ').nth(1).unwrap_or_default();
            let (kind, body) = match path.split('?').next().unwrap_or_default() {
                "/style.css" => ("text/css", STYLE),
                "/script.js" => ("text/javascript", SCRIPT),
                "/icon.svg" => ("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
                "/inline" => ("text/html", INLINE),
                "/sent" => (
                    "text/html",
                    "<!doctype html><title>Sent</title><h1>Sent</h1>",
                ),
                _ => ("text/html", FORM),
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\
                 Content-Security-Policy: default-src 'self'\r\n\r\n",
                body.len()
            );
            let _ = stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    address
}

#[test]
fn a_page_is_read_filled_in_and_sent() {
    let address = serve();
    let browser = Browser::start(Options::default());
    browser.goto(&address);
    assert_eq!(browser.title(), "A form");
    assert_eq!(browser.text("h1"), "It's a form");
    assert_eq!(browser.text("#script"), "A script ran");
    assert!(browser.shows("h1") && !browser.shows("#hidden") && !browser.shows("nav"));

    browser.fill("Your name", "Zoë & co");
    browser.fill("Colour", "Blue");
    browser.fill("Another \"colour\" isn't", "green");
    browser.fill("Search", "x");
    browser.click("I agree");
    browser.click("Send it");
    assert_eq!(browser.text("h1"), "Sent");
    assert_eq!(
        browser.current_url(),
        format!("{address}/sent?name=Zo%C3%AB+%26+co&colour=b&b=green&agree=on&q=x")
    );
}

#[test]
fn keys_and_selectors_work_too() {
    let address = serve();
    let browser = Browser::start(Options::default());
    browser.goto(&address);
    browser.click("#name");
    browser.press("er");
    browser.press(&Key::Enter.to_string());
    assert_eq!(browser.text("h1"), "Sent");
    assert!(
        browser.current_url().contains("name=older&"),
        "{}",
        browser.current_url()
    );
}

#[test]
fn the_console_is_heard() {
    let address = serve();
    let browser = Browser::start(Options::default());
    browser.goto(&address);
    let reports = browser.console_reports();
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(
        reports[0].to_string().starts_with("SEVERE (console-api): "),
        "{}",
        reports[0]
    );
    assert!(reports[0].text.ends_with("\"a word\""), "{}", reports[0]);

    browser.click("More");
    browser.click("To the inline page");
    assert_eq!(browser.title(), "Inline");
    let reports = browser.console_reports();
    assert_eq!(
        reports
            .iter()
            .filter(|report| report.source == "security")
            .count(),
        2,
        "{reports:?}"
    );
    assert_eq!(browser.console_reports(), []);
}

#[test]
fn a_narrow_dark_view_without_scripts() {
    let address = serve();
    let browser = Browser::start(Options {
        javascript: false,
        dark: true,
        width: 320,
        height: 600,
    });
    browser.goto(&address);
    assert_eq!(browser.text("#script"), "No script ran");
    assert_eq!(browser.evaluate("innerWidth"), 320);
    assert_eq!(
        browser.evaluate("getComputedStyle(document.body).backgroundColor"),
        "rgb(0, 0, 0)"
    );
    assert!(browser.overflows());
    let picture = std::fs::read(browser.screenshot("self-test-narrow-dark")).unwrap();
    let size = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    assert_eq!(&picture[1..4], b"PNG");
    assert!(
        size(16) >= 400 && size(20) > 2000,
        "{} x {}",
        size(16),
        size(20)
    );

    browser.fill("Your name", "Zoë");
    browser.click("Send it");
    assert_eq!(browser.text("h1"), "Sent");
    assert!(!browser.overflows());

    browser.goto(&format!("{address}/inline"));
    let reports = browser.console_reports();
    assert!(
        reports.iter().any(|report| report.source == "security"),
        "{reports:?}"
    );
}

/// The processes whose command line holds this text.
fn processes_with(text: &str) -> usize {
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path().join("cmdline")).ok())
        .filter(|line| line.contains(text))
        .count()
}

#[test]
fn nothing_stays_behind_even_after_a_panic() {
    let mut profile = String::new();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let browser = Browser::start(Options::default());
        profile = browser._profile.path().display().to_string();
        browser.goto("data:text/html,<h1>x</h1><button>Twice</button><button>Twice</button>");
        browser.click("Twice");
    }));
    assert!(outcome.is_err());
    assert_eq!(processes_with(&profile), 0);
    assert!(!std::path::Path::new(&profile).exists());
}
