//! The conversation with the gateway that sends text messages: one POST of one JSON document.

use std::sync::Arc;
use std::time::Duration;

use ureq::config::AutoHeaderValue;
use ureq::tls::{RootCerts, TlsConfig};

use super::model::bounded;
use super::smtp::{Courier, Failure, Outgoing};
use super::trouble::Trouble;
use crate::config::{Config, SmsHeaders, SmsTemplate, SmsUrl};

/// How long the gateway may take for a message, from the look-up of its name to the end of its answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of an answer that are read. More is of no use to anybody.
const ANSWER_LENGTH: u64 = 4 * 1024;

/// The gateway of the settings.
pub(super) struct Gateway {
    agent: ureq::Agent,
    url: SmsUrl,
    template: SmsTemplate,
    headers: SmsHeaders,
}

impl Gateway {
    /// The gateway that is configured; `None` when there is none.
    pub(super) fn of(config: &Config) -> Option<Self> {
        let url = config.sms.clone()?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::WebPki)
            .unversioned_rustls_crypto_provider(Arc::new(
                rustls::crypto::aws_lc_rs::default_provider(),
            ))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            // A redirect would carry the credential and the number to where nobody meant them to go.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The environment of the process names no other way.
            .proxy(None)
            .user_agent(AutoHeaderValue::Provided(Arc::new("Vestibule".to_owned())))
            .build();
        Some(Self {
            agent: agent.into(),
            url,
            template: config.sms_template.clone(),
            headers: config.sms_headers.clone(),
        })
    }
}

impl Courier for Gateway {
    fn send(&mut self, message: &Outgoing<'_>) -> Result<(), Failure> {
        let json = self.template.filled(message.to, message.text).to_string();
        let mut request = self
            .agent
            .post(self.url.reveal())
            .header("content-type", "application/json");
        for (name, value) in self.headers.reveal() {
            request = request.header(name, value);
        }
        let mut answer = request.send(json).map_err(|why| away(&why))?;
        let status = answer.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(());
        }
        // What it says beside the status helps; that it cannot be read changes nothing.
        let body = answer.body_mut().with_config().limit(ANSWER_LENGTH);
        let words = body.lossy_utf8(true).read_to_string().unwrap_or_default();
        Err(refused(status, words.trim()))
    }
}

/// What an answer means that is no success.
fn refused(status: u16, words: &str) -> Failure {
    let said = bounded(&format!("{status} {words}"));
    match status {
        401 | 403 | 407 => Failure::Server(Trouble::Login(said)),
        408 | 429 => Failure::Server(Trouble::Refused(said)),
        400..500 => Failure::Ever(Trouble::Refused(said)),
        _ => Failure::Server(Trouble::Refused(said)),
    }
}

/// What it means that there was no answer. The words of the library name neither the address nor a header.
fn away(why: &ureq::Error) -> Failure {
    Failure::Server(match why {
        ureq::Error::Timeout(_) => {
            Trouble::Unreachable(format!("no answer in {} seconds", PATIENCE.as_secs()))
        }
        ureq::Error::HostNotFound => Trouble::Unreachable("its name is not known".to_owned()),
        ureq::Error::ConnectionFailed => Trouble::Unreachable("it takes no connection".to_owned()),
        ureq::Error::Io(why) => Trouble::Unreachable(bounded(&why.to_string())),
        ureq::Error::Rustls(why) => Trouble::Unsafe(bounded(&why.to_string())),
        ureq::Error::Tls(why) => Trouble::Unsafe((*why).to_owned()),
        _ => Trouble::Unreachable("its answer is no HTTP".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_concerns_the_message_itself_gives_it_up() {
        for (status, ever) in [
            (301, false),
            (400, true),
            (401, false),
            (403, false),
            (404, true),
            (408, false),
            (422, true),
            (429, false),
            (500, false),
            (503, false),
        ] {
            let failure = refused(status, "words");
            assert_eq!(matches!(failure, Failure::Ever(_)), ever, "{status}");
        }
        let long = refused(400, &"x\n".repeat(4_000));
        let Failure::Ever(Trouble::Refused(said)) = long else {
            panic!("{long:?}");
        };
        assert!(said.starts_with("400 x x") && said.len() <= 300, "{said}");
    }
}
