//! A server for one test: the real one, on a port of its own and an empty database of its own.
//!
//! Time moves only when told; background work runs only when told; mail goes to a sink through a real
//! SMTP conversation. Work that a test leaves in the outbox fails it, unless it says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use diesel::prelude::*;
use tempfile::TempDir;
use tokio::sync::oneshot;
use vestibule::access::{Role, Scopes};
use vestibule::api_keys::model::Ends;
use vestibule::clock::{Clock, Span, Time};
use vestibule::config::{Config, DatabaseUrl, SmsHeaders, SmsUrl, Smtp};
use vestibule::ids::{KeyId, UserId};
use vestibule::passwords::Cost;
use vestibule::server::{Parts, Server};

use super::client::{Api, Browser};
use super::smtp::{Received, Security, SmtpSink};

/// A good password, the same for everybody.
pub const PASSWORD: &str = "seven quiet lighthouses";
/// Where the time starts.
pub const START: &str = "2026-11-22T09:00:00Z";

/// How a test wants its server.
#[derive(Clone, Default)]
pub struct Options {
    /// No mail server is set up.
    pub no_mail: bool,
    /// Another mail server than [`TestApp::sink`] was made with: its URL, and the file of its authority.
    pub mail_server: Option<(String, std::path::PathBuf)>,
    /// Another public URL than the address of the port.
    pub public_url: Option<String>,
    /// Links lead to the port itself, as a real browser needs it.
    pub own_address: bool,
    /// Peers whose `X-Forwarded-For` counts.
    pub trusted_proxies: Option<String>,
    /// Where text messages are posted to.
    pub sms: Option<String>,
    /// What a password hash costs, when it is not to be as cheap as can be.
    pub cost: Option<Cost>,
}

/// A running server.
pub struct TestApp {
    /// What the server shares: database, clock, settings.
    pub parts: Parts,
    /// Where it listens, `http://127.0.0.1:PORT`.
    pub base: String,
    /// The mail server.
    pub sink: SmtpSink,
    /// The link that makes the first owner; it is used up by [`TestApp::start`].
    pub set_up_link: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    schema: Option<(String, String)>,
    leaves_mails: AtomicBool,
    /// The folder of the database and the master key.
    pub folder: TempDir,
}

impl TestApp {
    /// A server with a first owner, `grace@example.org`.
    pub fn start() -> Self {
        Self::with(Options::default())
    }

    /// The same with options.
    pub fn with(options: Options) -> Self {
        let app = Self::empty(options);
        app.user("grace@example.org", "Grace Hopper", Role::Owner);
        app
    }

    /// A server without any user.
    pub fn empty(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sink = SmtpSink::start(Security::Plain);
        let (database, schema) = database(&folder);
        let listen = "127.0.0.1:0".parse().unwrap();
        let mut config = Config {
            listen,
            public_url: vestibule::config::PublicUrl::of_loopback(listen),
            database,
            secret_key_file: folder.path().join("secret.key"),
            smtp: (!options.no_mail).then(|| Smtp::parse(&sink.url()).unwrap()),
            jobs: false,
            ..Config::default()
        };
        if let Some((url, authority)) = &options.mail_server {
            config.smtp = Some(Smtp::parse(url).unwrap());
            config.smtp_ca_file = Some(authority.clone());
        }
        if let Some(url) = &options.public_url {
            config.public_url = vestibule::config::PublicUrl::parse(url).unwrap();
            config
                .sources
                .insert("PUBLIC_URL", vestibule::config::Source::Environment);
        }
        if let Some(proxies) = &options.trusted_proxies {
            config.trusted_proxies = vestibule::config::Networks::parse(proxies).unwrap();
        }
        if let Some(url) = &options.sms {
            config.sms = Some(SmsUrl::parse(url).unwrap());
            config.sms_headers = SmsHeaders::parse("Authorization: Bearer s3cret").unwrap();
        }
        if options.own_address {
            // Known before the server is there, because links hold it.
            let free = std::net::TcpListener::bind(config.listen).unwrap();
            config.listen = free.local_addr().unwrap();
            let url = format!("http://{}", config.listen);
            config.public_url = vestibule::config::PublicUrl::parse(&url).unwrap();
        }
        let clock = Clock::manual(Time::parse(START).unwrap());
        let server = Server::build(config, clock, options.cost.unwrap_or(Cost::CHEAP)).unwrap();
        let parts = server.parts().clone();
        let base = format!("http://{}", server.address());
        let set_up_link = server.set_up_link.clone().unwrap_or_default();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let stopped = async move { drop(stopped.await) };
            actix_web::rt::System::new()
                .block_on(server.run_until(stopped))
                .unwrap();
        });
        Self {
            parts,
            base,
            sink,
            set_up_link,
            stop: Some(stop),
            thread: Some(thread),
            schema,
            leaves_mails: AtomicBool::new(false),
            folder,
        }
    }

    /// A browser that nobody has signed in with.
    pub fn anonymous(&self) -> Browser {
        Browser::new(&self.base)
    }

    /// A browser signed in as the first owner.
    pub fn owner(&self) -> Browser {
        self.signed_in("grace@example.org")
    }

    /// A browser signed in as an administrator.
    pub fn admin(&self) -> Browser {
        self.admin_account();
        self.signed_in("alan@example.org")
    }

    /// An administrator, `alan@example.org`.
    pub fn admin_account(&self) {
        self.user_once("alan@example.org", "Alan Turing", Role::Admin);
    }

    /// A browser signed in as a member.
    pub fn member(&self) -> Browser {
        self.user_once("mia@example.org", "Mia Member", Role::Member);
        self.signed_in("mia@example.org")
    }

    /// A browser signed in as whoever has that address, with [`PASSWORD`].
    pub fn signed_in(&self, email: &str) -> Browser {
        let mut browser = self.anonymous();
        let page = browser.get("/sign-in").page();
        let form = page
            .form("/sign-in")
            .fill("email", email)
            .fill("password", PASSWORD);
        let answer = browser.submit(form.submit());
        assert_eq!(
            answer.status, 303,
            "{email} cannot sign in: {}",
            answer.body
        );
        browser
    }

    fn user_once(&self, email: &str, name: &str, role: Role) {
        let norm = email.to_owned();
        let known = self
            .parts
            .app
            .db
            .read_now(|conn| Ok(vestibule::users::store::by_email(conn, &norm)?));
        if known.unwrap().is_none() {
            self.user(email, name, role);
        }
    }

    /// Makes a user, through the action that acceptance uses.
    pub fn user(&self, email: &str, name: &str, role: Role) -> UserId {
        use vestibule::users::model::NewUser;
        let hash = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(self.parts.app.passwords.hash(PASSWORD.to_owned()))
            .unwrap();
        let new = NewUser {
            password_hash: Some(hash),
            email_verified: true,
            ..NewUser::plain(name.to_owned(), Some(email.parse().unwrap()), role)
        };
        let operator = vestibule::access::Actor::operator();
        let made = self
            .parts
            .app
            .db
            .write_now(move |tx| vestibule::users::actions::create(tx, &operator, &new));
        made.unwrap().id
    }

    /// A program with a key of the user who has that address.
    pub fn with_key(&self, email: &str, scopes: &[&str]) -> Api {
        let (_, secret) = self.key(email, scopes);
        Api::new(&self.base, Some(secret))
    }

    /// A program with a key of the first owner that may do everything.
    pub fn api(&self) -> Api {
        self.with_key("grace@example.org", &["all"])
    }

    /// A program without a key.
    pub fn no_key(&self) -> Api {
        Api::new(&self.base, None)
    }

    /// Makes a key as the operator does; its id and its secret.
    pub fn key(&self, email: &str, scopes: &[&str]) -> (KeyId, String) {
        self.key_that_ends(email, scopes, Ends::In(90))
    }

    /// The same for another time than ninety days.
    pub fn key_that_ends(&self, email: &str, scopes: &[&str], ends: Ends) -> (KeyId, String) {
        use vestibule::api_keys::actions::{Maker, issue};
        use vestibule::api_keys::model::IssueKey;
        let norm = email.to_owned();
        let owner = self
            .parts
            .app
            .db
            .read_now(|conn| Ok(vestibule::users::store::by_email(conn, &norm)?));
        let owner = owner
            .unwrap()
            .unwrap_or_else(|| panic!("there is no {email}"));
        let scopes = Scopes::read(scopes.iter().copied()).unwrap();
        let input = IssueKey {
            name: "Test".to_owned(),
            note: String::new(),
            scopes,
            ends,
        };
        let app = self.parts.app.clone();
        let made = self
            .parts
            .app
            .db
            .write_now(move |tx| issue(tx, &app, &Maker::Operator(owner.id), &input))
            .unwrap();
        self.run_jobs();
        self.sink.take_mails();
        (made.key.id, made.secret.reveal().to_owned())
    }

    /// The origin of the site as browsers send it.
    pub fn origin(&self) -> String {
        self.parts.app.config.public_url.origin().to_owned()
    }

    /// Lets time pass.
    pub fn advance(&self, span: Span) {
        self.parts.app.clock.advance(span);
    }

    /// Does the background work that is due, until nothing is.
    pub fn run_jobs(&self) {
        self.parts.run_jobs().unwrap();
    }

    /// Delivers what waits, and answers the mails that came since the last call.
    pub fn mails(&self) -> Vec<Received> {
        self.run_jobs();
        self.sink.take_mails()
    }

    /// The test means to leave mails waiting.
    pub fn leaves_mails(&self) {
        self.leaves_mails.store(true, Ordering::Relaxed);
    }

    /// Changes rows behind the server's back, for what takes too long to bring about in earnest.
    pub fn execute(&self, sql: &str) {
        let sql = sql.to_owned();
        let db = &self.parts.app.db;
        db.write_now(move |tx| Ok(diesel::sql_query(&sql).execute(&mut **tx)?))
            .unwrap();
    }

    /// Counts rows: `SELECT count(*) AS count FROM …`.
    pub fn count(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let counted = self
            .parts
            .app
            .db
            .read_now(|conn| Ok(diesel::sql_query(sql).get_result::<Count>(conn)?));
        counted.unwrap().count
    }

    fn waiting(&self) -> i64 {
        self.count("SELECT count(*) AS count FROM outbox WHERE state = 'waiting'")
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let left = if std::thread::panicking() {
            0
        } else {
            self.waiting()
        };
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let ended = self.thread.take().map(JoinHandle::join);
        if let Some((server, name)) = self.schema.take() {
            drop_schema(&server, &name);
        }
        if std::thread::panicking() {
            return;
        }
        assert!(
            ended.is_none_or(|ended| ended.is_ok()),
            "the server panicked"
        );
        let excused =
            self.leaves_mails.load(Ordering::Relaxed) || self.parts.app.config.smtp.is_none();
        assert!(
            left == 0 || excused,
            "the test leaves {left} mails in the outbox: call app.mails()"
        );
    }
}

/// A file in `folder`, or a schema of its own on the server that `VESTIBULE_TEST_DATABASE_URL` names.
pub fn database(folder: &TempDir) -> (DatabaseUrl, Option<(String, String)>) {
    let Ok(server) = std::env::var("VESTIBULE_TEST_DATABASE_URL") else {
        return (
            DatabaseUrl::Sqlite(folder.path().join("vestibule.db")),
            None,
        );
    };
    let name = format!(
        "it_{:032x}",
        u128::from_be_bytes(vestibule::secret::random())
    );
    let mut conn = PgConnection::establish(&server).unwrap();
    diesel::sql_query(format!("CREATE SCHEMA {name}"))
        .execute(&mut conn)
        .unwrap();
    let join = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{join}options=-csearch_path%3D{name}");
    (DatabaseUrl::Postgres(url), Some((server, name)))
}

/// Removes what [`database`] made on a server.
pub fn drop_schema(server: &str, name: &str) {
    let dropped = PgConnection::establish(server)
        .map_err(|why| why.to_string())
        .and_then(|mut conn| {
            let drop = format!("SET client_min_messages = 'warning'; DROP SCHEMA {name} CASCADE");
            diesel::connection::SimpleConnection::batch_execute(&mut conn, &drop)
                .map_err(|why| why.to_string())
        });
    assert!(dropped.is_ok() || std::thread::panicking(), "{dropped:?}");
}
