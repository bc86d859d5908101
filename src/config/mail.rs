//! The mail server and the sender.

use std::fmt;
use std::str::FromStr;

use lettre::Address;
use lettre::message::Mailbox;

use super::hosts;
use super::public_url::PublicUrl;

/// How mails leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    /// Whether and when TLS starts.
    pub security: SmtpSecurity,
    /// The server: a name or an address (IPv6 in brackets).
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who signs in there, if anybody.
    pub credentials: Option<SmtpCredentials>,
}

/// Whether and when TLS starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// `smtp://`: never. Port 25.
    Plain,
    /// `smtp+starttls://`: after a greeting, and nothing is sent without it. Port 587.
    StartTls,
    /// `smtps://`: from the first byte. Port 465.
    Tls,
}

/// Who signs in at the mail server.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpCredentials {
    /// The name, decoded.
    pub user: String,
    /// The password, decoded.
    pub password: String,
}

impl fmt::Debug for SmtpCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:***", self.user)
    }
}

impl SmtpSecurity {
    const ALL: [Self; 3] = [Self::Plain, Self::StartTls, Self::Tls];

    const fn scheme(self) -> &'static str {
        match self {
            Self::Plain => "smtp",
            Self::StartTls => "smtp+starttls",
            Self::Tls => "smtps",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Plain => 25,
            Self::StartTls => 587,
            Self::Tls => 465,
        }
    }
}

impl Smtp {
    /// Takes `scheme://user:password@host:port`; credentials and port may be left out.
    ///
    /// # Errors
    /// What to write instead. The value itself is not repeated, as it may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "write smtp://host, smtp+starttls://user:password@host or \
                    smtps://user:password@host";
        let (scheme, rest) = text.split_once("://").ok_or(form)?;
        let security = SmtpSecurity::ALL
            .into_iter()
            .find(|security| security.scheme() == scheme)
            .ok_or(form)?;
        let (credentials, server) = match rest.rsplit_once('@') {
            Some((credentials, server)) => (Some(SmtpCredentials::parse(credentials)?), server),
            None => (None, rest),
        };
        let server = server.strip_suffix('/').unwrap_or(server);
        if server.contains(['/', '?', '#']) {
            return Err("it has something after the port; end it there".to_owned());
        }
        let (host, port) = hosts::split(server)?;
        Ok(Self {
            security,
            host,
            port: port.unwrap_or(security.port()),
            credentials,
        })
    }
}

impl SmtpCredentials {
    fn parse(text: &str) -> Result<Self, String> {
        let (user, password) = text
            .split_once(':')
            .filter(|(user, password)| !user.is_empty() && !password.is_empty())
            .ok_or("write user and password with a colon between them, or leave out both")?;
        Ok(Self {
            user: percent_decode(user)?,
            password: percent_decode(password)?,
        })
    }
}

/// Shows the URL with the password masked.
impl fmt::Display for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.security.scheme();
        write!(f, "{scheme}://")?;
        if let Some(credentials) = &self.credentials {
            write!(f, "{}:***@", credentials.user)?;
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn percent_decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let value = digit(rest.next()).zip(digit(rest.next()));
            let (high, low) = value.ok_or("write a % in user or password as %25")?;
            u8::try_from(high * 16 + low).expect("two hexadecimal digits are a byte")
        } else {
            byte
        });
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.chars().any(char::is_control))
        .ok_or_else(|| "user and password must be UTF-8 text without control characters".to_owned())
}

/// Takes `Name <address>`, or an address alone.
///
/// # Errors
/// What to write instead.
pub(super) fn sender(text: &str) -> Result<Mailbox, String> {
    let form = || format!("{text:?} is no sender; write Name <address>");
    if text.chars().any(char::is_control) {
        return Err(form());
    }
    let (name, address) = match text.strip_suffix('>') {
        Some(text) => text.rsplit_once('<').ok_or_else(form)?,
        None => ("", text),
    };
    let name = name.trim();
    let name = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'))
        .unwrap_or(name);
    let address = Address::from_str(address.trim()).map_err(|_| form())?;
    if name.contains(['<', '>', '"']) {
        return Err(form());
    }
    let name = (!name.is_empty()).then(|| name.to_owned());
    Ok(Mailbox::new(name, address))
}

/// The sender of a site that has set none.
pub(super) fn default_sender(site: &PublicUrl) -> Mailbox {
    let domain = match hosts::ip(site.host()) {
        _ if site.is_loopback_site() => "localhost".to_owned(),
        Some(ip) if ip.is_ipv6() => format!("[IPv6:{ip}]"),
        Some(ip) => format!("[{ip}]"),
        None => site.host().to_owned(),
    };
    // A host name that no address can have is none that mail servers know either.
    let address = Address::new("vestibule", domain)
        .or_else(|_| Address::new("vestibule", "localhost"))
        .expect("vestibule@localhost is an address");
    Mailbox::new(Some("Vestibule".to_owned()), address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_and_shown_masked() {
        for (text, shown) in [
            ("smtp://localhost", "smtp://localhost:25"),
            ("smtp://127.0.0.1:1025/", "smtp://127.0.0.1:1025"),
            (
                "smtp+starttls://mail.example.org",
                "smtp+starttls://mail.example.org:587",
            ),
            (
                "smtps://ada:hunter2@Mail.example.org",
                "smtps://ada:***@mail.example.org:465",
            ),
            (
                "smtps://ada%40example.org:x@[::1]:2465",
                "smtps://ada@example.org:***@[::1]:2465",
            ),
        ] {
            assert_eq!(Smtp::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn credentials_are_decoded_and_hidden() {
        let smtp = Smtp::parse("smtps://ada%40example.org:p%25%3A+%C3%A9@w@mail").unwrap();
        let credentials = smtp.credentials.clone().unwrap();
        assert_eq!(credentials.user, "ada@example.org");
        assert_eq!(credentials.password, "p%:+é@w");
        assert!(format!("{smtp:?}").contains("ada@example.org:***"));
        assert!(!format!("{smtp:?}").contains("p%"));
    }

    #[test]
    fn each_refusal_says_what_to_write() {
        for (text, words) in [
            ("", "write smtp://host"),
            ("mail.example.org", "write smtp://host"),
            ("http://mail.example.org", "write smtp://host"),
            ("SMTP://mail", "write smtp://host"),
            ("smtp://", "a host"),
            ("smtp://mail/x", "after the port"),
            ("smtp://mail?tls=1", "after the port"),
            ("smtp://mail:0", "a port from 1 to 65535"),
            ("smtp://hunter2@mail", "user and password"),
            ("smtp://:hunter2@mail", "user and password"),
            ("smtp://hunter2:@mail", "user and password"),
            ("smtp://ada:hunter2%@mail", "%25"),
            ("smtp://ada:hunter2%zz@mail", "%25"),
            ("smtp://ada:hunter2%+1@mail", "%25"),
            ("smtp://ada:hunter2%0D%0A@mail", "control characters"),
            ("smtp://ada:hunter2%ff@mail", "UTF-8"),
        ] {
            let problem = Smtp::parse(text).expect_err(text);
            assert!(problem.contains(words), "{text}: {problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn senders_are_read() {
        for (text, name, address) in [
            (
                "Vestibule <v@example.org>",
                Some("Vestibule"),
                "v@example.org",
            ),
            ("v@example.org", None, "v@example.org"),
            ("<v@example.org>", None, "v@example.org"),
            (
                "Zoë's Lab, Ltd. <v@example.org>",
                Some("Zoë's Lab, Ltd."),
                "v@example.org",
            ),
            ("\"A, B\"  < v@localhost >", Some("A, B"), "v@localhost"),
        ] {
            let sender = sender(text).unwrap();
            assert_eq!(sender.name.as_deref(), name, "{text}");
            assert_eq!(sender.email.to_string(), address, "{text}");
        }
    }

    #[test]
    fn other_senders_are_refused() {
        for text in [
            "",
            "Vestibule",
            "Vestibule v@example.org",
            "Vestibule <v@example.org",
            "Vestibule <>",
            "A <a@example.org>, B <b@example.org>",
            "A <a@example.org> <b@example.org>",
            "A\r\nBcc: x <v@example.org>",
        ] {
            let problem = sender(text).expect_err(text);
            assert!(problem.contains("write Name <address>"), "{problem}");
        }
    }

    #[test]
    fn every_site_has_a_default_sender() {
        for (site, sender) in [
            ("http://127.0.0.1:8080", "vestibule@localhost"),
            ("http://[::1]:8080", "vestibule@localhost"),
            (
                "https://accounts.example.org",
                "vestibule@accounts.example.org",
            ),
            ("https://192.0.2.7", "vestibule@[192.0.2.7]"),
            ("https://[2001:db8::1]", "vestibule@[IPv6:2001:db8::1]"),
        ] {
            let site = PublicUrl::parse(site).unwrap();
            assert_eq!(default_sender(&site).email.to_string(), sender);
        }
    }
}
