//! The public URL: one origin, written in one way.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::hosts;

/// The origin that people open, as browsers write it: lower case, no default port, no slash at the
/// end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
    host: String,
    port: u16,
}

impl PublicUrl {
    /// Takes `https://host`, or `http://` with a loopback host.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (url, rest) = Self::split(text)?;
        if !matches!(rest, "" | "/") {
            return Err(format!(
                "it has a path, a query or a fragment; write only {}",
                url.origin
            ));
        }
        if hosts::ip(&url.host).is_some_and(|ip| ip.is_unspecified()) {
            return Err(format!(
                "{} is no address that a browser can open; write the name that people use",
                url.host
            ));
        }
        if !url.https && !url.is_loopback_site() {
            return Err(format!(
                "plain http is only for loopback; write https://{}",
                url.authority()
            ));
        }
        Ok(url)
    }

    /// The URL of a server on loopback that has no other name.
    pub fn of_loopback(listen: SocketAddr) -> Self {
        let host = match listen.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Self::new(false, host, listen.port())
    }

    fn new(https: bool, host: String, port: u16) -> Self {
        let scheme = if https { "https" } else { "http" };
        let origin = match (https, port) {
            (true, 443) | (false, 80) => format!("{scheme}://{host}"),
            _ => format!("{scheme}://{host}:{port}"),
        };
        Self {
            origin,
            https,
            host,
            port,
        }
    }

    /// The origin at the start of `text`, and what stands after it.
    fn split(text: &str) -> Result<(Self, &str), String> {
        let form = || "write it as https://host or https://host:port".to_owned();
        let (scheme, rest) = text.split_once("://").ok_or_else(form)?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(form()),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err("it holds credentials; leave out everything up to the @".to_owned());
        }
        let (host, port) = hosts::split(authority)?;
        let port = port.unwrap_or(if https { 443 } else { 80 });
        Ok((Self::new(https, host, port), rest))
    }

    /// The origin, without a slash at the end: links are this and a path.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether people reach the site over TLS: cookies are `Secure` and HSTS is sent.
    pub const fn https(&self) -> bool {
        self.https
    }

    /// The host, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host, and the port when it is not the scheme's own: what a `Host` header holds.
    pub fn authority(&self) -> &str {
        self.origin
            .split_once("://")
            .map_or(&self.origin, |(_, authority)| authority)
    }

    /// Whether the host is this machine alone.
    pub fn is_loopback_site(&self) -> bool {
        self.host == "localhost"
            || hosts::ip(&self.host).is_some_and(|ip| ip.to_canonical().is_loopback())
    }

    /// Whether `url`, an `Origin` or a `Referer`, is of this site. The loopback names are one site.
    pub fn is_same_site(&self, url: &str) -> bool {
        Self::split(url).is_ok_and(|(other, _)| other == *self || self.is_alias(&other))
    }

    /// Whether the `Host` header `host` is another loopback name of this site, to be redirected.
    pub fn is_loopback_alias(&self, host: &str) -> bool {
        self.is_host(host, |other| other != self && self.is_alias(other))
    }

    /// Whether the `Host` header `host` names this site; the loopback names are one.
    pub fn is_own_host(&self, host: &str) -> bool {
        // As nearly every request has it.
        host.eq_ignore_ascii_case(self.authority())
            || self.is_host(host, |other| other == self || self.is_alias(other))
    }

    fn is_host(&self, host: &str, right: impl FnOnce(&Self) -> bool) -> bool {
        let scheme = if self.https { "https" } else { "http" };
        Self::split(&format!("{scheme}://{host}"))
            .is_ok_and(|(other, rest)| rest.is_empty() && right(&other))
    }

    fn is_alias(&self, other: &Self) -> bool {
        self.is_loopback_site()
            && other.is_loopback_site()
            && (self.https, self.port) == (other.https, other.port)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, String> {
        PublicUrl::parse(text).map(|url| url.origin().to_owned())
    }

    #[test]
    fn origins_are_written_in_one_way() {
        for (text, origin) in [
            ("https://example.org", "https://example.org"),
            ("https://example.org/", "https://example.org"),
            (
                "HTTPS://Accounts.Example.ORG:443/",
                "https://accounts.example.org",
            ),
            ("https://example.org:8443", "https://example.org:8443"),
            ("https://192.0.2.7", "https://192.0.2.7"),
            ("https://[2001:DB8:0::1]:8443", "https://[2001:db8::1]:8443"),
            (
                "https://xn--bcher-kva.example",
                "https://xn--bcher-kva.example",
            ),
            ("http://localhost:80", "http://localhost"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(origin), "{text}");
        }
    }

    #[test]
    fn each_refusal_says_what_to_write() {
        for (text, words) in [
            ("example.org", "write it as https://host"),
            ("ftp://example.org", "write it as https://host"),
            ("", "write it as https://host"),
            ("https://", "a host"),
            ("https://:8443", "a host"),
            ("https://example.org/app", "write only https://example.org"),
            ("https://example.org/?a", "write only https://example.org"),
            ("https://example.org?a=b", "write only https://example.org"),
            ("https://example.org#top", "write only https://example.org"),
            ("https://user:pass@example.org", "everything up to the @"),
            ("http://example.org", "write https://example.org"),
            ("http://192.168.1.5:8080", "write https://192.168.1.5:8080"),
            ("http://0.0.0.0:8080", "the name that people use"),
            ("https://[::]:8080", "the name that people use"),
            ("https://example.org:0", "a port from 1 to 65535"),
            ("https://example.org:99999", "a port from 1 to 65535"),
            ("https://example.org:", "a port from 1 to 65535"),
            ("https://bücher.example", "xn--"),
            ("https://exa mple.org", "is no host name"),
            ("https://-a.example", "is no host name"),
            ("https://a..example", "is no host name"),
            ("https://example.org.", "is no host name"),
            ("https://[::1", "in brackets"),
            ("https://2001:db8::1", "in brackets"),
            ("https://300.1.1.1", "is no host name"),
        ] {
            let problem = parse(text).expect_err(text);
            assert!(problem.contains(words), "{text}: {problem}");
            assert!(!problem.contains("pass"), "{problem}");
        }
    }

    #[test]
    fn loopback_and_https_are_known() {
        for (text, loopback, https) in [
            ("http://localhost:8080", true, false),
            ("http://127.0.0.1", true, false),
            ("https://[::1]", true, true),
            ("https://example.org", false, true),
            ("https://localhost.example.org", false, true),
        ] {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!(url.is_loopback_site(), loopback, "{text}");
            assert_eq!(url.https(), https, "{text}");
        }
    }

    #[test]
    fn authority_and_host_are_parts_of_the_origin() {
        let url = PublicUrl::parse("https://example.org:8443").unwrap();
        assert_eq!(
            (url.host(), url.authority()),
            ("example.org", "example.org:8443")
        );
        let url = PublicUrl::parse("https://[2001:db8::1]").unwrap();
        assert_eq!(
            (url.host(), url.authority()),
            ("[2001:db8::1]", "[2001:db8::1]")
        );
    }

    #[test]
    fn a_listen_address_on_loopback_is_a_public_url() {
        for (listen, origin) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[::1]:80", "http://[::1]"),
        ] {
            let url = PublicUrl::of_loopback(listen.parse().unwrap());
            assert_eq!(url.origin(), origin);
            assert_eq!(PublicUrl::parse(origin), Ok(url));
        }
    }

    #[test]
    fn origins_and_referers_are_compared() {
        let cases = [
            ("https://example.org", "https://example.org", true),
            ("https://example.org", "https://example.org:443/a?b#c", true),
            ("https://example.org", "https://EXAMPLE.org/", true),
            ("https://example.org", "http://example.org", false),
            ("https://example.org", "https://example.org:8443", false),
            (
                "https://example.org",
                "https://example.org.evil.test",
                false,
            ),
            (
                "https://example.org",
                "https://evil.test/https://example.org",
                false,
            ),
            (
                "https://example.org",
                "https://example.org@evil.test",
                false,
            ),
            ("https://example.org", "null", false),
            ("https://example.org", "", false),
            ("https://example.org", "https://localhost", false),
            ("http://localhost:8080", "http://127.0.0.1:8080", true),
            ("http://127.0.0.1:8080", "http://[::1]:8080/x", true),
            ("http://localhost:8080", "http://localhost:8081", false),
            ("http://localhost:8080", "https://127.0.0.1:8080", false),
        ];
        for (site, other, same) in cases {
            let site = PublicUrl::parse(site).unwrap();
            assert_eq!(site.is_same_site(other), same, "{site} {other}");
        }
    }

    #[test]
    fn loopback_names_are_aliases_of_each_other() {
        let site = PublicUrl::parse("http://localhost:8080").unwrap();
        for (host, alias) in [
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("localhost:8080", false),
            ("127.0.0.1:8081", false),
            ("127.0.0.1:8080/x", false),
            ("example.org:8080", false),
            ("", false),
        ] {
            assert_eq!(site.is_loopback_alias(host), alias, "{host}");
        }
        let site = PublicUrl::parse("https://example.org").unwrap();
        assert!(!site.is_loopback_alias("localhost"));
    }
}
