//! A real Chromium, led through WebDriver, as a person would: by what is written on links, buttons and labels.
//!
//! ```ignore
//! let browser = Browser::start(Options { width: 320, ..Options::default() });
//! browser.goto(&format!("{address}/sign-in"));
//! browser.fill("Email", "zoe@example.org");
//! browser.click("Sign in");
//! assert_eq!(browser.text("h1"), "Your account");
//! assert_eq!(browser.console_reports(), []);
//! ```
//!
//! Every call waits for the browser's answer, and fails the test when the browser cannot do it within five seconds. The
//! server under test must therefore run on a thread of its own.

mod process;
mod tests;
mod wire;

use std::fmt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fantoccini::elements::Element;
use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tempfile::TempDir;

use process::{Driver, chromium};
use wire::{Vendor, Worker};

/// How long a page may take to show what a journey asks for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who sits before the browser.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether pages may run scripts.
    pub javascript: bool,
    /// Whether the person prefers dark pages.
    pub dark: bool,
    /// The width of the view, in CSS pixels; 320 is the narrowest that must work (WCAG 2.2, 1.4.10).
    pub width: u32,
    /// The height of the view, in CSS pixels.
    pub height: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            javascript: true,
            dark: false,
            width: 1280,
            height: 900,
        }
    }
}

/// What the browser's console says of a page: a script's words or fault, a request that failed, a breach of the
/// Content-Security-Policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// `SEVERE`, `WARNING`, `INFO` or `DEBUG`.
    pub level: String,
    /// Where it comes from: `security`, `javascript`, `network`, `console-api`, `rendering` ….
    pub source: String,
    /// The words, the address of the page or script first.
    pub text: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.level, self.source, self.text)
    }
}

/// A browser with a profile of its own. Dropping it, in a panic too, ends it and its driver.
pub struct Browser {
    client: Client,
    worker: Worker,
    // Dropped last, in this order: the processes must be gone before their folder goes.
    _driver: Driver,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser that shows an empty page. Fails the test when Chromium or its driver is not installed.
    pub fn start(options: Options) -> Self {
        let profile = TempDir::with_prefix("vestibule-browser-").unwrap();
        let driver = Driver::start(profile.path());
        let worker = Worker::start();
        let client = worker.connect(&driver.url(), capabilities(options, profile.path()));
        let browser = Self {
            client,
            worker,
            _driver: driver,
            _profile: profile,
        };
        browser.look(options.width, options.height, options.dark);
        browser
    }

    /// Gives the page another width and height, in CSS pixels, and light or dark, as if it had always been shown so.
    pub fn look(&self, width: u32, height: u32, dark: bool) {
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        );
        let scheme = if dark { "dark" } else { "light" };
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({"features": [
                {"name": "prefers-color-scheme", "value": scheme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ]}),
        );
    }

    /// Forgets every cookie and takes these, of the site at `url`: who is signed in changes without a form.
    pub fn take_cookies<'a>(
        &self,
        url: &str,
        cookies: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        self.cdp("Network.clearBrowserCookies", json!({}));
        for (name, value) in cookies {
            let cookie = json!({"name": name, "value": value, "url": url});
            self.cdp("Network.setCookie", cookie);
        }
    }

    /// Opens an address and waits for the page.
    pub fn goto(&self, url: &str) {
        let url = url.to_owned();
        self.call(|client| async move { client.goto(&url).await });
    }

    /// Clicks on the link, button, summary or label that shows this text (or has it as its `aria-label`), or else on the
    /// first element that this CSS selector matches. Fails the test when nothing visible fits, or several texts do.
    pub fn click(&self, what: &str) {
        let text = literal(what);
        let by_text = format!(
            "//*[self::a or self::button or self::summary or self::label or @role='button'][normalize-space(.)={text} \
             or @aria-label={text}] | //input[@type='submit' and @value={text}]"
        );
        let target = self.wait(what, || {
            let mut named = self.visible(Locator::XPath(&by_text));
            assert!(
                named.len() < 2,
                "{} things to click show {what:?}",
                named.len()
            );
            named
                .pop()
                .or_else(|| self.visible(Locator::Css(what)).into_iter().next())
        });
        self.call(|_| async move { target.click().await });
    }

    /// Enters a value into the field with this label (or `aria-label`): types it in place of what stood there, or chooses
    /// the option that shows it. Boxes and radio buttons are ticked with [`Browser::click`] on their label.
    pub fn fill(&self, label: &str, value: &str) {
        let text = literal(label);
        // A label around a field also holds the field's own text; what it says stands before it.
        let says = format!("normalize-space(.)={text} or normalize-space(text()[1])={text}");
        let labelled = format!(
            "//*[@id = //label[{says}]/@for] | //label[{says}]//*[{FIELD}] | //*[{FIELD}][@aria-label={text}]"
        );
        let field = self.wait(label, || {
            let mut fields = self.visible(Locator::XPath(&labelled));
            assert!(
                fields.len() < 2,
                "{} fields are labelled {label:?}",
                fields.len()
            );
            fields.pop()
        });
        let value = value.to_owned();
        self.call(|_| async move {
            if field.tag_name().await? == "select" {
                let option = format!(".//option[normalize-space(.)={}]", literal(&value));
                return field.find(Locator::XPath(&option)).await?.click().await;
            }
            if field.attr("type").await?.as_deref() != Some("file") {
                field.clear().await?;
            }
            field.send_keys(&value).await
        });
    }

    /// Presses keys where the focus is; [`fantoccini::key::Key`] names those without a letter.
    pub fn press(&self, keys: &str) {
        let keys = keys.to_owned();
        self.call(|client| async move { client.active_element().await?.send_keys(&keys).await });
    }

    /// Presses Tab, wherever the focus is.
    pub fn tab(&self) {
        for kind in ["rawKeyDown", "keyUp"] {
            self.cdp(
                "Input.dispatchKeyEvent",
                json!({"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}),
            );
        }
    }

    /// Loads the page again; a form that was sent is sent again.
    pub fn reload(&self) {
        self.call(|client| async move { client.refresh().await });
    }

    /// Goes back to the page before.
    pub fn back(&self) {
        self.call(|client| async move { client.back().await });
    }

    /// The visible text of the first visible element that the CSS selector matches.
    pub fn text(&self, css: &str) -> String {
        let element = self.wait(css, || self.visible(Locator::Css(css)).into_iter().next());
        self.call(|_| async move { element.text().await })
    }

    /// Whether anything visible matches the CSS selector now.
    pub fn shows(&self, css: &str) -> bool {
        !self.visible(Locator::Css(css)).is_empty()
    }

    /// The title of the page.
    pub fn title(&self) -> String {
        self.call(|client| async move { client.title().await })
    }

    /// The address of the page.
    pub fn current_url(&self) -> String {
        self.call(|client| async move { client.current_url().await })
            .to_string()
    }

    /// The value of a script's expression in the page, for what only a script can tell; a promise is waited for, if the
    /// page's own scripts may run. Works where they may not.
    pub fn evaluate(&self, expression: &str) -> Value {
        let result = self.cdp(
            "Runtime.evaluate",
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true}),
        );
        let shown: String = expression.chars().take(200).collect();
        assert!(
            result.get("exceptionDetails").is_none(),
            "{shown}: {result}"
        );
        result["result"]
            .get("value")
            .cloned()
            .unwrap_or(Value::Null)
    }

    /// Whether the page is wider than the view, so that one must scroll sideways to read it.
    pub fn overflows(&self) -> bool {
        let metrics = self.cdp("Page.getLayoutMetrics", json!({}));
        let width = |of: &str, name: &str| metrics[of][name].as_f64().unwrap();
        width("cssContentSize", "width") > width("cssLayoutViewport", "clientWidth")
    }

    /// Takes a picture of the whole page, also of what lies beyond the view, into `target/browser-pictures/<name>.png`.
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let size = self.cdp("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let picture = self.cdp(
            "Page.captureScreenshot",
            json!({
                "format": "png",
                "captureBeyondViewport": true,
                "clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1},
            }),
        );
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("browser-pictures");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// What the console says since it was last asked.
    pub fn console_reports(&self) -> Vec<Report> {
        let entries = self.vendor(Vendor::new("se/log", json!({"type": "browser"})));
        let entries = entries.as_array().unwrap();
        let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        entries
            .iter()
            .map(|entry| Report {
                level: word(entry, "level"),
                source: word(entry, "source"),
                text: word(entry, "message"),
            })
            .collect()
    }

    /// The visible elements that match; none when the locator makes no sense to the browser or the page goes meanwhile.
    fn visible(&self, locator: Locator<'_>) -> Vec<Element> {
        let (xpath, text) = match locator {
            Locator::XPath(text) => (true, text.to_owned()),
            Locator::Css(text) | Locator::Id(text) | Locator::LinkText(text) => {
                (false, text.to_owned())
            }
        };
        let found = self.worker.run({
            let client = self.client.clone();
            async move {
                let locator = if xpath {
                    Locator::XPath(&text)
                } else {
                    Locator::Css(&text)
                };
                let mut visible = Vec::new();
                for element in client.find_all(locator).await? {
                    if element.is_displayed().await? {
                        visible.push(element);
                    }
                }
                Ok::<_, CmdError>(visible)
            }
        });
        match found {
            Ok(visible) => visible,
            Err(CmdError::Standard(error))
                if matches!(
                    error.error,
                    ErrorStatus::InvalidSelector | ErrorStatus::StaleElementReference
                ) =>
            {
                Vec::new()
            }
            Err(error) => panic!("the browser: {error}"),
        }
    }

    /// Waits until something holds; fails the test when it does not in time.
    pub fn wait_for(&self, what: &str, mut holds: impl FnMut() -> bool) {
        self.wait(what, || holds().then_some(()));
    }

    fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            if Instant::now() > deadline {
                let text = self.evaluate("document.body.innerText");
                panic!(
                    "nothing visible is {what:?} on {}:\n{}",
                    self.current_url(),
                    text.as_str().unwrap_or_default()
                );
            }
            sleep(Duration::from_millis(50));
        }
    }

    fn cdp(&self, command: &str, parameters: Value) -> Value {
        self.vendor(Vendor::new(
            "goog/cdp/execute",
            json!({"cmd": command, "params": parameters}),
        ))
    }

    fn vendor(&self, command: Vendor) -> Value {
        self.call(|client| async move { client.issue_cmd(command).await })
    }

    fn call<T, F>(&self, act: impl FnOnce(Client) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = Result<T, CmdError>> + Send + 'static,
    {
        self.worker
            .run(act(self.client.clone()))
            .unwrap_or_else(|error| panic!("the browser: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked first, the browser ends its own children; the driver's end kills what is left.
        self.worker.close(self.client.clone());
    }
}

const FIELD: &str = "self::input or self::select or self::textarea";

fn capabilities(options: Options, profile: &Path) -> serde_json::Map<String, Value> {
    let args = [
        "--headless".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-quic".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--hide-scrollbars".to_owned(),
        "--lang=en".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    let scripts = if options.javascript { 1 } else { 2 };
    let capabilities = json!({
        // Not until the documents within a page are there too: the driver has been seen to wait for a sandboxed one for
        // ever.
        "pageLoadStrategy": "eager",
        "goog:loggingPrefs": {"browser": "ALL"},
        "goog:chromeOptions": {
            "binary": chromium(),
            "args": args,
            "prefs": {"profile.managed_default_content_settings.javascript": scripts},
        },
    });
    let Value::Object(capabilities) = capabilities else {
        unreachable!()
    };
    capabilities
}

/// A text as an XPath literal, which knows no escapes.
fn literal(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(", \"'\", "))
}
