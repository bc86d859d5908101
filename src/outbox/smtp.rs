//! The conversation with the mail server.
//!
//! The connection is opened step by step here, because it matters where one fails: a server that is away or
//! takes no password says nothing about the mail at hand, so no mail is given up for it.

use std::error::Error as _;
use std::io;
use std::net::IpAddr;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, SmtpConnection, TlsParameters,
};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message};

use super::model::{bounded, one_line};
use super::trouble::Trouble;
use crate::clock::Time;
use crate::config::{Config, SmtpSecurity};
use crate::error::{Error, Result};
use crate::ids::OutboxId;

/// How long the server may be silent.
const PATIENCE: Duration = Duration::from_secs(20);
/// The server wants a password before it takes this (RFC 4954, section 6).
const AUTHENTICATION_REQUIRED: u16 = 530;

/// A mail with its text opened, ready to be sent.
pub(super) struct Outgoing<'a> {
    pub(super) id: OutboxId,
    pub(super) to: &'a str,
    pub(super) to_name: &'a str,
    pub(super) subject: &'a str,
    pub(super) text: &'a str,
    pub(super) html: &'a str,
    pub(super) written: Time,
}

/// Why a mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing can be sent at present, whatever the mail.
    Server(Trouble),
    /// Not this mail, not now.
    Now(Trouble),
    /// Never this mail.
    Ever(Trouble),
}

/// Takes mails to where they go.
pub(super) trait Courier {
    /// Answers once the mail is the server's.
    fn send(&mut self, mail: &Outgoing<'_>) -> Result<(), Failure>;
}

/// How to reach the mail server, from the settings.
pub struct Transport {
    host: String,
    port: u16,
    security: SmtpSecurity,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    from: Mailbox,
    /// The host of the public URL: names this server to the other and ends the Message-IDs.
    domain: String,
}

impl Transport {
    /// The transport that is configured; `None` when there is none.
    ///
    /// # Errors
    /// When the file of the certificate authority cannot be read.
    pub fn of(config: &Config) -> Result<Option<Self>> {
        let Some(smtp) = &config.smtp else {
            return Ok(None);
        };
        // An IPv6 address has brackets in URLs only.
        let host = smtp.host.trim_matches(['[', ']']).to_owned();
        let tls = match smtp.security {
            SmtpSecurity::Plain => None,
            SmtpSecurity::StartTls | SmtpSecurity::Tls => Some(tls(&host, config)?),
        };
        let credentials = smtp.credentials.as_ref();
        Ok(Some(Self {
            host,
            port: smtp.port,
            security: smtp.security,
            tls,
            credentials: credentials
                .map(|known| Credentials::new(known.user.clone(), known.password.clone())),
            from: config.mail_from.clone(),
            domain: config.public_url.host().to_owned(),
        }))
    }

    /// A conversation that opens its connection with the first mail and uses it for all.
    pub(super) fn session(&self) -> Session<'_> {
        Session {
            transport: self,
            open: None,
        }
    }

    fn connect(&self) -> Result<SmtpConnection, Failure> {
        let hello = match self.domain.trim_matches(['[', ']']).parse() {
            Ok(IpAddr::V4(ip)) => ClientId::Ipv4(ip),
            Ok(IpAddr::V6(ip)) => ClientId::Ipv6(ip),
            Err(_) => ClientId::Domain(self.domain.clone()),
        };
        let wrapper = self
            .tls
            .as_ref()
            .filter(|_| self.security == SmtpSecurity::Tls);
        let server = (self.host.as_str(), self.port);
        let away = |why: smtp::Error| Failure::Server(trouble(&why));
        let mut open =
            SmtpConnection::connect(server, Some(PATIENCE), &hello, wrapper, None).map_err(away)?;
        if let (SmtpSecurity::StartTls, Some(tls)) = (self.security, &self.tls) {
            open.starttls(tls, &hello)
                .map_err(|why| match trouble(&why) {
                    // Answering STARTTLS with anything but yes is how an attacker strips it (ASVS V12.3.1).
                    Trouble::Refused(said) => Failure::Server(Trouble::Unsafe(said)),
                    other => Failure::Server(other),
                })?;
        }
        if let Some(credentials) = &self.credentials {
            open.auth(&[Mechanism::Plain, Mechanism::Login], credentials)
                .map_err(|why| match trouble(&why) {
                    Trouble::Refused(said) | Trouble::Unsafe(said) => {
                        Failure::Server(Trouble::Login(said))
                    }
                    other => Failure::Server(other),
                })?;
        }
        Ok(open)
    }

    /// The mail as it travels: two parts, and a Message-ID and date that stay the same at every try.
    fn message(&self, mail: &Outgoing<'_>) -> Result<Message, Failure> {
        let never = |why: String| Failure::Ever(Trouble::Address(bounded(&why)));
        let address: Address = mail
            .to
            .parse()
            .map_err(|why: lettre::address::AddressError| never(why.to_string()))?;
        // The library panics at a line end in a name.
        let name = Some(one_line(mail.to_name)).filter(|name| !name.is_empty());
        let written = u64::try_from(mail.written.as_micros()).unwrap_or_default();
        Message::builder()
            .message_id(Some(format!("<{}@{}>", mail.id, self.domain)))
            .date(UNIX_EPOCH + Duration::from_micros(written))
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(one_line(mail.subject))
            // RFC 3834: so that no out-of-office note answers.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .multipart(MultiPart::alternative_plain_html(
                mail.text.to_owned(),
                mail.html.to_owned(),
            ))
            .map_err(|why| never(why.to_string()))
    }
}

/// Which certificates are good: those of the public authorities, or of the one that is named and no other.
fn tls(host: &str, config: &Config) -> Result<TlsParameters> {
    let builder = TlsParameters::builder(host.to_owned());
    let builder = match &config.smtp_ca_file {
        Some(file) => {
            let pem = std::fs::read(file).map_err(Error::internal)?;
            let authority = Certificate::from_pem(&pem).map_err(Error::internal)?;
            builder
                .certificate_store(CertificateStore::None)
                .add_root_certificate(authority)
        }
        None => builder.certificate_store(CertificateStore::WebpkiRoots),
    };
    builder.build().map_err(Error::internal)
}

/// A conversation with the mail server.
pub(super) struct Session<'t> {
    transport: &'t Transport,
    open: Option<SmtpConnection>,
}

impl Courier for Session<'_> {
    fn send(&mut self, mail: &Outgoing<'_>) -> Result<(), Failure> {
        let message = self.transport.message(mail)?;
        // Servers close connections that were used often; better to hear it before than during a mail.
        let used = self
            .open
            .take()
            .and_then(|mut open| open.test_connected().then_some(open));
        let mut open = match used {
            Some(open) => open,
            None => self.transport.connect()?,
        };
        open.send(message.envelope(), &message.formatted())
            .map_err(|why| refused(&why))?;
        self.open = Some(open);
        Ok(())
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.abort();
        }
    }
}

/// What an answer to the mail itself means.
fn refused(why: &smtp::Error) -> Failure {
    let trouble = trouble(why);
    match why.status().map(u16::from) {
        Some(AUTHENTICATION_REQUIRED) => match trouble {
            Trouble::Refused(said) => Failure::Server(Trouble::Login(said)),
            other => Failure::Server(other),
        },
        Some(500..) => Failure::Ever(trouble),
        // The library sends no mail to an address that this server cannot take (RFC 6531).
        None if why.is_client() => Failure::Ever(Trouble::Address(source(why))),
        _ => Failure::Now(trouble),
    }
}

fn trouble(why: &smtp::Error) -> Trouble {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, TimedOut, UnexpectedEof,
        WouldBlock,
    };
    if let Some(code) = why.status() {
        return Trouble::Refused(bounded(&format!("{code} {}", source(why))));
    }
    match io_kind(why) {
        Some(WouldBlock | TimedOut) => {
            Trouble::Unreachable(format!("no answer in {} seconds", PATIENCE.as_secs()))
        }
        Some(BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof) => {
            Trouble::Unreachable("it closed the connection".to_owned())
        }
        // What rustls says of certificates and handshakes arrives so.
        Some(InvalidData) => Trouble::Unsafe(source(why)),
        _ if why.is_tls() || why.is_client() => Trouble::Unsafe(source(why)),
        _ => Trouble::Unreachable(source(why)),
    }
}

fn io_kind(why: &smtp::Error) -> Option<io::ErrorKind> {
    why.source()?
        .downcast_ref::<io::Error>()
        .map(io::Error::kind)
}

/// The words of an error without the library's own before them.
fn source(why: &smtp::Error) -> String {
    let inner = why.source().map(ToString::to_string);
    bounded(&inner.unwrap_or_else(|| why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::testing::nowhere;

    fn transport() -> Transport {
        Transport::of(&nowhere()).unwrap().unwrap()
    }

    fn outgoing<'a>(to: &'a str, name: &'a str, subject: &'a str, text: &'a str) -> Outgoing<'a> {
        let written = Time::parse("2026-11-22T09:00:00Z").unwrap();
        let id = OutboxId::new(written);
        Outgoing {
            id,
            to,
            to_name: name,
            subject,
            text,
            html: "<p>Hello</p>",
            written,
        }
    }

    #[test]
    fn every_try_has_the_same_message_id_and_date() {
        let transport = transport();
        let mail = outgoing("ada@example.org", "Ada", "Hello", "Hello");
        for _ in 0..2 {
            let message = transport.message(&mail).unwrap();
            let text = String::from_utf8(message.formatted()).unwrap();
            assert!(
                text.contains(&format!("Message-ID: <{}@127.0.0.1>\r\n", mail.id)),
                "{text}"
            );
            assert!(
                text.contains("Date: Sun, 22 Nov 2026 09:00:00 +0000\r\n"),
                "{text}"
            );
            assert!(text.contains("From: Lab <lab@example.org>\r\n"), "{text}");
            assert!(
                text.contains("Auto-Submitted: auto-generated\r\n"),
                "{text}"
            );
        }
    }

    #[test]
    fn names_and_subjects_add_no_header_and_no_recipient() {
        let transport = transport();
        let bad = [
            "Eve\r\nBcc: eve@example.org",
            "Eve\nBcc: eve@example.org",
            "Eve\rBcc: eve@example.org",
            "a@example.org, eve@example.org",
            "Eve <eve@example.org>; \"x\" <y@example.org>",
            "Eve\u{0}\u{7}\u{85}\u{2028}Bcc: eve@example.org",
            "=?utf-8?Q?=0D=0ABcc:_eve@example.org?=",
            "Ada é\r\nBcc: eve@example.org",
            &"é,\"<>\r\n".repeat(200),
        ];
        for bad in bad {
            let message = transport
                .message(&outgoing("ada@example.org", bad, bad, "x"))
                .unwrap();
            let to: Vec<_> = message
                .envelope()
                .to()
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(to, ["ada@example.org"]);
            let text = String::from_utf8(message.formatted()).expect("headers are ASCII");
            let (head, _) = text.split_once("\r\n\r\n").unwrap();
            assert!(
                !head.replace("\r\n", "").contains(['\r', '\n', '\0']),
                "{head:?}"
            );
            for line in head.split("\r\n") {
                let known = [
                    "Message-ID:",
                    "Date:",
                    "From:",
                    "To:",
                    "Subject:",
                    "MIME-Version:",
                ];
                let known = known
                    .iter()
                    .chain(&["Content-Type:", "Auto-Submitted:", " "]);
                assert!(
                    known.into_iter().any(|name| line.starts_with(name)),
                    "{line:?} of {bad:?}"
                );
                assert!(line.len() <= 998, "{line:?}");
            }
        }
    }

    #[test]
    fn addresses_that_are_none_are_told_and_never_tried() {
        let transport = transport();
        for bad in [
            "",
            "ada",
            "ada@",
            "@x.org",
            "a@x.org\r\nDATA",
            "a@x.org>\r\nRCPT TO:<e@x.org",
            "a@b c",
        ] {
            let failure = transport.message(&outgoing(bad, "", "x", "x")).unwrap_err();
            assert!(
                matches!(failure, Failure::Ever(Trouble::Address(_))),
                "{bad:?}: {failure:?}"
            );
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_no_fault_of_the_mail() {
        let transport = transport();
        let failure = transport
            .session()
            .send(&outgoing("ada@example.org", "", "x", "x"));
        assert!(
            matches!(failure, Err(Failure::Server(Trouble::Unreachable(_)))),
            "{failure:?}"
        );
    }
}
