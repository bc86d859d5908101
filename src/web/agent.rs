//! What a program calls itself (`User-Agent`), in words that people know.

use crate::text::Text;

/// Browsers by the word that only they have; those that pretend to be another one come first.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, the more exact ones first.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];

/// "Chrome on Linux" for a browser; the first word of any other program, such as `curl/8.5.0`. A program
/// says of itself what it likes: this is no proof of anything.
pub fn program(text: Text, agent: &str) -> String {
    let first = || agent.split(' ').next().unwrap_or_default().to_owned();
    let named = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(sign, _)| agent.contains(sign));
        found.map(|(_, name)| *name)
    };
    // Every browser begins so; what does not is named by its own word.
    if !agent.starts_with("Mozilla/5.0 (") && !agent.starts_with("Opera/") {
        return first();
    }
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => text
            .get("web-program")
            .arg("browser", browser)
            .arg("system", system)
            .to_string(),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => first(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_as_people_call_them_and_others_by_their_first_word() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, name) in [
            (
                format!("Mozilla/5.0 (X11; Linux x86_64) {webkit} Chrome/142.0.0.0 Safari/537.36"),
                "Chrome on Linux",
            ),
            (
                format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/142.0.0.0 Safari/537.36 Edg/142.0"),
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0".into(),
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1".into(),
                "Safari on iPhone",
            ),
            (
                format!("Mozilla/5.0 (Linux; Android 15) {webkit} Chrome/142.0.0.0 Mobile Safari/537.36"),
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15".into(),
                "Safari on macOS",
            ),
            ("Mozilla/5.0 (compatible; Bot/1)".into(), "Mozilla/5.0"),
            ("curl/8.5.0".into(), "curl/8.5.0"),
            ("python-requests/2.32 Firefox/1".into(), "python-requests/2.32"),
            (String::new(), ""),
        ] {
            assert_eq!(program(Text::ENGLISH, &agent), name, "{agent}");
        }
    }
}
