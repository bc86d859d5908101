//! The gateway that sends text messages: an address on the web that takes one JSON document for each.

use std::fmt;

use serde_json::Value;

use super::hosts;

/// The address of the gateway: https, or http to this machine itself. Which network it lies in is not asked:
/// who writes the configuration decides where messages go.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsUrl {
    text: String,
    origin: String,
    is_whole: bool,
}

impl SmsUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// What to write instead. The value itself is not repeated, as it may hold a secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = || "write it as https://host/path".to_owned();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let (scheme, rest) = text
            .split_once("://")
            .filter(|_| is_plain)
            .ok_or_else(form)?;
        let scheme = scheme.to_ascii_lowercase();
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(
                "it holds credentials; write them as a header in VESTIBULE_SMS_HEADERS".to_owned(),
            );
        }
        if path.contains('#') {
            return Err("it holds a #; end it there".to_owned());
        }
        let (host, port) = hosts::split(authority)?;
        let is_loopback = host == "localhost"
            || hosts::ip(&host).is_some_and(|ip| ip.to_canonical().is_loopback());
        match scheme.as_str() {
            "https" => {}
            "http" if is_loopback => {}
            "http" => return Err("plain http is only for loopback; write https://".to_owned()),
            _ => return Err(form()),
        }
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let origin = format!("{scheme}://{host}{port}");
        Ok(Self {
            text: format!("{origin}{path}"),
            is_whole: path.trim_matches('/').is_empty(),
            origin,
        })
    }

    /// The whole address, for the request alone.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

/// The host, and a mask for what stands behind it: many gateways put a secret there.
impl fmt::Display for SmsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        f.write_str(if self.is_whole { "" } else { "/***" })
    }
}

impl fmt::Debug for SmsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A JSON document in whose texts `{to}` stands for the number and `{text}` for the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsTemplate(Value);

impl SmsTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = r#"as in {"to": "{to}", "text": "{text}"}"#;
        let json = serde_json::from_str(text)
            .map_err(|_| format!("it is no JSON; put {{to}} and {{text}} inside quotes, {form}"))?;
        for place in ["{to}", "{text}"] {
            if !holds(&json, place) {
                return Err(format!(
                    "{place} stands in none of its values; write it {form}"
                ));
            }
        }
        Ok(Self(json))
    }

    /// The document for one message. The values become contents of JSON texts, whatever they hold.
    pub fn filled(&self, to: &str, text: &str) -> Value {
        let mut json = self.0.clone();
        fill(&mut json, to, text);
        json
    }
}

impl fmt::Display for SmsTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn holds(json: &Value, place: &str) -> bool {
    match json {
        Value::String(text) => text.contains(place),
        Value::Array(items) => items.iter().any(|item| holds(item, place)),
        Value::Object(map) => map.values().any(|value| holds(value, place)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn fill(json: &mut Value, to: &str, text: &str) {
    match json {
        Value::String(value) => *value = filled(value, to, text),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, to, text)),
        Value::Object(map) => map.values_mut().for_each(|value| fill(value, to, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// One walk from left to right: what a message holds is never taken for a place.
fn filled(value: &str, to: &str, text: &str) -> String {
    let mut done = String::with_capacity(value.len() + to.len() + text.len());
    let mut rest = value;
    while let Some(at) = rest.find('{') {
        done.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, instead) = match rest {
            _ if rest.starts_with("{to}") => (4, to),
            _ if rest.starts_with("{text}") => (6, text),
            _ => (1, "{"),
        };
        done.push_str(instead);
        rest = &rest[length..];
    }
    done.push_str(rest);
    done
}

/// Headers of the request: `Name: value`, one a line, or with `;` between when they stand on one line.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SmsHeaders(Vec<(String, String)>);

/// Headers that the request has already, or that say how it travels.
const OURS: [&str; 8] = [
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
];

impl SmsHeaders {
    /// Reads headers.
    ///
    /// # Errors
    /// What to write instead. Values are not repeated, as they may be secrets.
    pub fn parse(text: &str) -> Result<Self, String> {
        let between = if text.trim().contains('\n') {
            '\n'
        } else {
            ';'
        };
        let mut headers: Vec<(String, String)> = Vec::new();
        for one in text
            .split(between)
            .map(str::trim)
            .filter(|one| !one.is_empty())
        {
            let (name, value) = one.split_once(':').ok_or(
                "write Name: value; Name: value, or one a line where a value holds a semicolon",
            )?;
            let (name, value) = (name.trim(), value.trim());
            let is_name = !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            if !is_name {
                return Err("a name is made of letters, digits and hyphens".to_owned());
            }
            if OURS.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(format!("{name} is set by Vestibule itself; leave it out"));
            }
            if headers
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name))
            {
                return Err(format!("{name} stands there twice"));
            }
            if value.is_empty() || !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                return Err(format!(
                    "write a value of ASCII letters and signs for {name}"
                ));
            }
            headers.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self(headers))
    }

    /// Names and values, for the request alone.
    pub fn reveal(&self) -> &[(String, String)] {
        &self.0
    }
}

impl fmt::Debug for SmsHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The names, with masks for the values.
impl fmt::Display for SmsHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self
            .0
            .iter()
            .map(|(name, _)| format!("{name}: ***"))
            .collect();
        f.write_str(&names.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_https_or_this_machine_and_is_shown_without_its_path() {
        for (text, shown) in [
            (
                "https://sms.example.org/v1/send?key=s3cret",
                "https://sms.example.org/***",
            ),
            (
                "https://SMS.example.org:8443/",
                "https://sms.example.org:8443",
            ),
            ("https://10.0.0.7/send", "https://10.0.0.7/***"),
            ("http://127.0.0.1:9000/send", "http://127.0.0.1:9000/***"),
            ("http://localhost", "http://localhost"),
            ("http://[::1]:9000", "http://[::1]:9000"),
        ] {
            let url = SmsUrl::parse(text).unwrap();
            assert_eq!(
                (url.to_string(), format!("{url:?}")),
                (shown.into(), shown.into())
            );
        }
        for bad in [
            "sms.example.org",
            "http://sms.example.org/send",
            "http://10.0.0.7/",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "https://user:s3cret@sms.example.org/",
            "https://sms.example.org/a b",
            "https://sms.example.org/#s3cret",
            "https://",
        ] {
            let why = SmsUrl::parse(bad).unwrap_err();
            assert!(!why.contains("s3cret"), "{why}");
        }
    }

    #[test]
    fn values_cannot_break_out_of_the_template() {
        let template = r#"{"to": ["{to}"], "body": {"text": "Lab {x}: {text}", "n": 1}}"#;
        let template = SmsTemplate::parse(template).unwrap();
        let filled = template.filled("+351\"", "say \"{to}\" \\ {text}\n");
        let json: Value = serde_json::from_str(&filled.to_string()).unwrap();
        assert_eq!(json["to"][0], "+351\"");
        assert_eq!(json["body"]["text"], "Lab {x}: say \"{to}\" \\ {text}\n");
        assert_eq!(json["body"]["n"], 1);
        for bad in [
            r#"{"to": {to}, "text": "{text}"}"#,
            r#"{"to": "{to}", "text": {text}}"#,
            r#"{"to": "{to}"}"#,
            r#"{"text": "{text}"}"#,
            r#"{"{to}": "{text}"}"#,
            "to={to}&text={text}",
            "",
        ] {
            assert!(SmsTemplate::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_are_read_in_two_forms_and_shown_masked() {
        let one = SmsHeaders::parse("Authorization: Bearer s3cret:x; X-Api: y;").unwrap();
        assert_eq!(
            one.reveal()[0],
            ("Authorization".into(), "Bearer s3cret:x".into())
        );
        assert_eq!(one.to_string(), "Authorization: ***; X-Api: ***");
        let lines = SmsHeaders::parse("\nX-A: a; b\nX-B: c\n").unwrap();
        assert_eq!(lines.reveal()[0], ("X-A".into(), "a; b".into()));
        assert_eq!(lines.reveal().len(), 2);
        for bad in [
            "s3cret",
            "X A: s3cret",
            ": s3cret",
            "X-A:",
            "X-A: é",
            "X-A: a\rX-B: b",
            "Host: s3cret",
            "content-type: text/plain",
            "X-A: s3cret; x-a: s3cret",
        ] {
            let why = SmsHeaders::parse(bad).unwrap_err();
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
