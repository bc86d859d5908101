//! The configuration: environment variables above a TOML file above defaults.
//!
//! `settings` lists every setting once; `sources` collects what was given; this module makes one
//! checked `Config` of it. A wrong value stops the start with words that say what to write instead.

mod database;
mod hosts;
mod mail;
mod networks;
mod print;
mod public_url;
mod settings;
mod sms;
mod sources;

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use lettre::message::Mailbox;
use tracing_subscriber::filter::{LevelFilter, Targets};

pub use database::DatabaseUrl;
pub use mail::{Smtp, SmtpCredentials, SmtpSecurity};
pub use networks::Networks;
pub use public_url::PublicUrl;
pub use settings::{SETTINGS, Setting, SettingDefault};
pub use sms::{SmsHeaders, SmsTemplate, SmsUrl};
pub use sources::Source;

use sources::Values;

/// The effective settings of one process.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// What links are built from.
    pub public_url: PublicUrl,
    /// Where the data is.
    pub database: DatabaseUrl,
    /// How mails leave; `None`: they wait in the outbox.
    pub smtp: Option<Smtp>,
    /// A PEM file with the authority of the mail server's certificate, trusted instead of the public ones.
    pub smtp_ca_file: Option<PathBuf>,
    /// The sender of all mails.
    pub mail_from: Mailbox,
    /// How text messages leave; `None`: they wait in the outbox.
    pub sms: Option<SmsUrl>,
    /// What the gateway gets for each message.
    pub sms_template: SmsTemplate,
    /// What is sent along, such as a credential.
    pub sms_headers: SmsHeaders,
    /// The master key's file.
    pub secret_key_file: PathBuf,
    /// Whose `X-Forwarded-For` counts.
    pub trusted_proxies: Networks,
    /// A second address that serves `/metrics` without a key.
    pub metrics_listen: Option<SocketAddr>,
    /// Whether this process does background work.
    pub jobs: bool,
    /// What is logged, as a filter of `tracing`.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Where each setting came from, by its name in upper case; what is not there is a default.
    pub sources: HashMap<&'static str, Source>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A setting that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    setting: String,
    problem: String,
}

impl ConfigError {
    fn new(setting: &str, problem: String) -> Self {
        Self {
            setting: setting.to_owned(),
            problem,
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.problem)
    }
}

impl std::error::Error for ConfigError {}

impl Default for Config {
    /// The settings of a start without any configuration.
    fn default() -> Self {
        Self::from_values(Values::default()).expect("the defaults are good")
    }
}

impl Config {
    /// Reads `VESTIBULE_*` of `env`, and the file that `VESTIBULE_CONFIG` names.
    ///
    /// # Errors
    /// The first setting that is unknown or cannot be used, and what to write instead.
    pub fn load(env: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        Self::from_values(Values::collect(env)?)
    }

    fn from_values(values: Values) -> Result<Self, ConfigError> {
        let listen = required(values.read("LISTEN", address)?);
        let public_url = match values.read("PUBLIC_URL", PublicUrl::parse)? {
            Some(url) => url,
            None if listen.ip().to_canonical().is_loopback() => PublicUrl::of_loopback(listen),
            None => {
                let problem = format!(
                    "required when listening on {listen}, beyond loopback; \
                     write the address that people open, as in https://accounts.example.org"
                );
                return Err(values.error("PUBLIC_URL", problem));
            }
        };
        let database = required(values.read("DATABASE_URL", DatabaseUrl::parse)?);
        let metrics_listen = values.read("METRICS_LISTEN", |text| {
            address(text).and_then(|metrics| {
                if metrics == listen && listen.port() != 0 {
                    Err("that is the listen address; write another port".to_owned())
                } else {
                    Ok(metrics)
                }
            })
        })?;
        Ok(Self {
            listen,
            smtp: values.read("SMTP_URL", Smtp::parse)?,
            smtp_ca_file: values.read("SMTP_CA_FILE", certificate_file)?,
            mail_from: values
                .read("MAIL_FROM", mail::sender)?
                .unwrap_or_else(|| mail::default_sender(&public_url)),
            sms: values.read("SMS_URL", SmsUrl::parse)?,
            sms_template: required(values.read("SMS_TEMPLATE", SmsTemplate::parse)?),
            sms_headers: values
                .read("SMS_HEADERS", SmsHeaders::parse)?
                .unwrap_or_default(),
            secret_key_file: values
                .get("SECRET_KEY_FILE")
                .map_or_else(|| database.default_key_file(), PathBuf::from),
            trusted_proxies: values
                .read("TRUSTED_PROXIES", Networks::parse)?
                .unwrap_or_default(),
            metrics_listen,
            jobs: required(values.read("JOBS", on_or_off)?),
            log: required(values.read("LOG", log_filter)?),
            log_format: required(values.read("LOG_FORMAT", log_format)?),
            public_url,
            database,
            sources: values.into_sources(),
        })
    }

    /// Takes the address that the server got, when it asked for any free port. A public URL that
    /// was not given follows.
    pub fn bound_to(&mut self, listen: SocketAddr) {
        if self.public_url == PublicUrl::of_loopback(self.listen) {
            self.public_url = PublicUrl::of_loopback(listen);
        }
        self.listen = listen;
    }

    /// Where the setting called `name` came from.
    pub fn source(&self, name: &str) -> Source {
        self.sources.get(name).copied().unwrap_or(Source::Default)
    }
}

/// The value of a setting whose default is a value.
fn required<T>(value: Option<T>) -> T {
    value.expect("the table of settings gives it a default")
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is no address; write IP:PORT, as in 127.0.0.1:8080"))
}

fn certificate_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if !path.is_file() {
        return Err(format!("there is no file {text}; write the path of one"));
    }
    let pem = std::fs::read(&path).map_err(|why| format!("{text} cannot be read: {why}"))?;
    if String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----") {
        Ok(path)
    } else {
        Err(format!(
            "there is no certificate in {text}; write the path of a PEM file"
        ))
    }
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("{text:?} is neither; write on or off")),
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    let is_part = |part: &str| {
        let (module, level) = part.split_once('=').unwrap_or(("all", part));
        let is_module = !module.is_empty()
            && module
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
        is_module && level.parse::<LevelFilter>().is_ok()
    };
    // The filter itself would take any word for the name of a module.
    if text.split(',').all(|part| is_part(part.trim())) && text.parse::<Targets>().is_ok() {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text:?} is no filter; write error, warn, info, debug or trace"
        ))
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("{text:?} is neither; write text or json")),
    }
}

#[cfg(test)]
mod tests;
