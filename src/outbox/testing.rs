//! An `App` on a database of its own, for the tests of this folder.

use std::sync::Arc;

use super::model::{Channel, Letter, OutboxMail};
use super::{actions, store};
use crate::app::App;
use crate::config::Config;
use crate::db::Tx;
use crate::db::scratch::Scratch;
use crate::error::Result;
use crate::ids::OutboxId;
use crate::limits::Limiter;
use crate::passwords::{Cost, Passwords};
use crate::secret::MasterKey;
use crate::text::Text;

/// The app, and the database that goes away with it.
pub(super) struct TestApp {
    pub(super) app: Arc<App>,
    _scratch: Scratch,
}

impl TestApp {
    pub(super) fn start() -> Self {
        Self::with(config())
    }

    /// With a mail server in its settings that is not there.
    pub(super) fn with_mail_server() -> Self {
        Self::with(nowhere())
    }

    fn with(config: Config) -> Self {
        let scratch = Scratch::new();
        let app = App {
            config,
            db: scratch.db.clone(),
            clock: scratch.clock.clone(),
            master: MasterKey::from_bytes(&[7; 32]),
            passwords: Passwords::start(Cost::CHEAP, 1).unwrap(),
            limits: Limiter::default(),
            text: Text::ENGLISH,
        };
        Self {
            app: Arc::new(app),
            _scratch: scratch,
        }
    }

    /// Runs an action that needs the app.
    pub(super) fn act<T: Send + 'static>(
        &self,
        mut action: impl FnMut(&mut Tx<'_>, &App) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let app = self.app.clone();
        self.app.db.write_now(move |tx| action(tx, &app))
    }

    /// Puts a letter into the outbox.
    pub(super) fn enqueue(&self, to: &str) -> OutboxId {
        let letter = letter(to);
        self.act(move |tx, app| actions::enqueue(tx, app, &letter))
            .unwrap()
    }

    pub(super) fn find(&self, id: OutboxId) -> OutboxMail {
        self.app
            .db
            .read_now(|conn| Ok(store::find(conn, id)?))
            .unwrap()
    }

    /// The sealed text as it lies in the table.
    pub(super) fn body(&self, id: OutboxId) -> Option<Vec<u8>> {
        self.app
            .db
            .read_now(|conn| Ok(store::body(conn, id)?))
            .unwrap()
    }
}

pub(super) fn letter(to: &str) -> Letter {
    Letter {
        channel: Channel::Mail,
        kind: "test",
        to: to.into(),
        to_name: "Ada".into(),
        about: Some("inv_1".into()),
        subject: "Hello".into(),
        text: "Open https://x.org/?token=vsti_secret now".into(),
        html: "<p>Hello</p>".into(),
    }
}

/// No mail server.
pub(super) fn config() -> Config {
    settings(&[])
}

/// A mail server that nobody reaches.
pub(super) fn nowhere() -> Config {
    settings(&[("VESTIBULE_SMTP_URL", "smtp://127.0.0.1:1")])
}

fn settings(more: &[(&str, &str)]) -> Config {
    let from = [("VESTIBULE_MAIL_FROM", "Lab <lab@example.org>")];
    let all = from.iter().chain(more);
    Config::load(all.map(|(name, value)| (name.to_string(), value.to_string()))).unwrap()
}
