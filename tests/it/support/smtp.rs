//! A mail server for the tests: it speaks SMTP on a free port, keeps what it is sent and misbehaves on request.
//!
//! ```ignore
//! let server = SmtpSink::start(Security::StartTls);          // VESTIBULE_SMTP_URL = server.url()
//! server.rule(Rule::refuse(Stage::Recipient, 550, "5.1.1 No such user").only_to("bob@example.org"));
//! let mail = server.wait_for(1).remove(0);
//! assert_eq!(mail.subject(), "You are invited");
//! ```

mod mail;
mod session;
mod tests;

use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::NamedTempFile;

use super::html::percent_encode;
pub use mail::Received;

/// How a connection is kept from being read on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not at all: `smtp://`.
    Plain,
    /// A plain greeting, then `STARTTLS`, without which no mail is taken: `smtp+starttls://`.
    StartTls,
    /// TLS from the first byte: `smtps://`.
    Tls,
}

/// The moment of a delivery at which a [`Rule`] takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// In place of the greeting.
    Connect,
    /// In place of the answer to `EHLO`.
    Hello,
    /// In place of the answer to `AUTH`.
    Login,
    /// In place of the answer to `MAIL FROM`.
    Sender,
    /// In place of the answer to `RCPT TO`.
    Recipient,
    /// In place of the 354 that asks for the content.
    Data,
    /// After the content came in; the mail is not kept.
    Content,
    /// After the mail was kept: the sender never hears of it and cannot know.
    Kept,
}

#[derive(Clone, Debug)]
enum Act {
    Reply(u16, String),
    Close,
    Hang,
}

/// One way to misbehave. It lasts until [`SmtpSink::clear_rules`], or as often as [`Rule::times`] says.
#[derive(Clone, Debug)]
pub struct Rule {
    stage: Stage,
    act: Act,
    recipient: Option<String>,
    left: Option<u32>,
}

impl Rule {
    /// Answers with this code and text (each line of the text one line of the reply). A 421 ends the connection as well.
    pub fn refuse(stage: Stage, code: u16, text: &str) -> Self {
        Self::new(stage, Act::Reply(code, text.to_owned()))
    }

    /// Drops the connection without a word.
    pub fn close(stage: Stage) -> Self {
        Self::new(stage, Act::Close)
    }

    /// Says nothing, and keeps the connection open until the rules are cleared or the sink goes.
    pub fn hang(stage: Stage) -> Self {
        Self::new(stage, Act::Hang)
    }

    fn new(stage: Stage, act: Act) -> Self {
        Self {
            stage,
            act,
            recipient: None,
            left: None,
        }
    }

    /// Only for mails to this address; of use from [`Stage::Recipient`] on.
    pub fn only_to(mut self, recipient: &str) -> Self {
        self.recipient = Some(recipient.to_owned());
        self
    }

    /// Only the next `times` times.
    pub fn times(mut self, times: u32) -> Self {
        self.left = Some(times);
        self
    }
}

/// The server. Dropping it ends every connection.
pub struct SmtpSink {
    address: SocketAddr,
    ca: NamedTempFile,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    security: Security,
    login: Option<(String, String)>,
    tls: Arc<ServerConfig>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    mails: Vec<Received>,
    rules: Vec<Rule>,
    cleared: u64,
    connections: usize,
    open: Vec<(usize, TcpStream)>,
    stopped: bool,
}

impl SmtpSink {
    /// Starts a server that takes mail from everybody.
    pub fn start(security: Security) -> Self {
        Self::launch(security, None)
    }

    /// Starts a server that takes mail only after `AUTH PLAIN` or `AUTH LOGIN` with these.
    pub fn start_with_login(security: Security, user: &str, password: &str) -> Self {
        Self::launch(security, Some((user.to_owned(), password.to_owned())))
    }

    fn launch(security: Security, login: Option<(String, String)>) -> Self {
        let (tls, ca_pem) = certificate();
        let ca = NamedTempFile::with_suffix(".pem").unwrap();
        std::fs::write(ca.path(), ca_pem).unwrap();

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            security,
            login,
            tls,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Self {
            address,
            ca,
            shared,
            acceptor: Some(acceptor),
        }
    }

    /// The port on 127.0.0.1 (the certificate is good for that address and for `localhost`).
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What `VESTIBULE_SMTP_URL` takes, credentials included (percent-encoded).
    pub fn url(&self) -> String {
        let scheme = match self.shared.security {
            Security::Plain => "smtp",
            Security::StartTls => "smtp+starttls",
            Security::Tls => "smtps",
        };
        let login = self
            .shared
            .login
            .as_ref()
            .map_or_else(String::new, |(user, password)| {
                format!("{}:{}@", percent_encode(user), percent_encode(password))
            });
        format!("{scheme}://{login}localhost:{}", self.port())
    }

    /// What `VESTIBULE_SMTP_CA_FILE` takes: the authority, in PEM, that signed the certificate. The file goes with the sink.
    pub fn ca_file(&self) -> &Path {
        self.ca.path()
    }

    /// Adds a way to misbehave. Of several that fit, the first added one acts.
    pub fn rule(&self, rule: Rule) {
        self.shared.state().rules.push(rule);
    }

    /// Behaves again, and ends the connections that hang.
    pub fn clear_rules(&self) {
        let mut state = self.shared.state();
        state.rules.clear();
        state.cleared += 1;
        self.shared.changed.notify_all();
    }

    /// The mails kept so far, oldest first.
    pub fn mails(&self) -> Vec<Received> {
        self.shared.state().mails.clone()
    }

    /// The mails kept so far, which are forgotten.
    pub fn take_mails(&self) -> Vec<Received> {
        std::mem::take(&mut self.shared.state().mails)
    }

    /// The mails, as soon as there are `count` of them; fails the test after ten seconds.
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut state = self.shared.state();
        while state.mails.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{} of {count} mails came within ten seconds",
                state.mails.len()
            );
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
        state.mails.clone()
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        {
            let mut state = self.shared.state();
            state.stopped = true;
            for (_, stream) in state.open.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
            self.shared.changed.notify_all();
        }
        // The acceptor sees `stopped` only when it is woken by one more connection.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn keep(&self, mail: Received) {
        self.state().mails.push(mail);
        self.changed.notify_all();
    }

    /// The rule for this moment, counted as used.
    fn act(&self, stage: Stage, recipients: &[String]) -> Option<Act> {
        let mut state = self.state();
        let rule = state.rules.iter_mut().find(|rule| {
            rule.stage == stage
                && rule.left != Some(0)
                && rule
                    .recipient
                    .as_ref()
                    .is_none_or(|only| recipients.contains(only))
        })?;
        rule.left = rule.left.map(|left| left - 1);
        Some(rule.act.clone())
    }

    fn hang(&self) {
        let state = self.state();
        let before = state.cleared;
        drop(
            self.changed
                .wait_while(state, |state| state.cleared == before && !state.stopped)
                .unwrap(),
        );
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let number = {
            let mut state = shared.state();
            if state.stopped {
                return;
            }
            state.connections += 1;
            let number = state.connections;
            state.open.push((number, stream.try_clone().unwrap()));
            number
        };
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            // A connection that breaks is the sender's business, which the test looks at.
            let _ = session::serve(&shared, stream);
            shared.state().open.retain(|(open, _)| *open != number);
        });
    }
}

/// A server's side of TLS for `localhost` and 127.0.0.1, and the PEM of the authority that signed it.
fn certificate() -> (Arc<ServerConfig>, String) {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    ca.distinguished_name
        .push(rcgen::DnType::CommonName, "Authority of the tests");
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(ca, ca_key);

    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let leaf = rcgen::CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![leaf.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    (Arc::new(config), ca_pem)
}
