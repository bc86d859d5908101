//! Where a person may be sent on to after accepting.

/// The origin of an address that a person may be sent on to: https, or http on this very machine, and
/// without credentials. `None` for any other.
pub fn origin(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let (name, port) = host.split_once(':').unwrap_or((host, "0"));
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let is_safe = match scheme {
        "https" => true,
        "http" => matches!(name, "localhost" | "127.0.0.1"),
        _ => false,
    };
    (is_name && is_port && is_safe).then(|| &url[..scheme.len() + 3 + host.len()])
}

#[cfg(test)]
mod tests {
    #[test]
    fn people_are_sent_on_to_https_or_to_their_own_machine() {
        for (url, origin) in [
            ("https://app.example.org", Some("https://app.example.org")),
            (
                "https://app.example.org:8443/a@b?c#d",
                Some("https://app.example.org:8443"),
            ),
            ("http://localhost:3000/", Some("http://localhost:3000")),
            ("http://app.example.org/", None),
            ("https://ada@evil.example/", None),
            ("https://app.example.org:x/", None),
            ("https://;script-src/", None),
            ("https:///path", None),
            ("//evil.example", None),
            ("javascript:alert(1)//://x", None),
        ] {
            assert_eq!(super::origin(url), origin, "{url}");
        }
    }
}
