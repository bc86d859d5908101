//! Builds the server: the same for `vestibule serve` and for every test.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_session::SessionMiddleware;
use actix_session::config::{BrowserSession, CookieContentSecurity};
use actix_web::cookie::{Key, SameSite};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as Actix, HttpServer, web};
use diesel::prelude::*;

use crate::api_keys::Keys;
use crate::app::App;
use crate::belongings;
use crate::callers::{self, Callers};
use crate::clock::{Clock, hours, minutes, seconds};
use crate::config::{Config, DatabaseUrl};
use crate::console::chrome::ChromeCache;
use crate::db::{Db, Target, migrate};
use crate::error::{Error, Result};
use crate::jobs::{Job, Ticker, run_until_idle};
use crate::passwords::{Cost, Passwords};
use crate::secret::MasterKey;
use crate::sign_in::sessions::{Seen, Sessions};
use crate::text::Text;
use crate::users::api::MeCache;
use crate::web::InProgress;
use crate::{audit, events, invites, one_time_links, outbox, routes, sign_in};

/// Blocking threads of each worker: enough for the readers of the database.
const BLOCKING_THREADS: usize = 8;
/// How long running requests may take after the server was told to stop.
const PATIENCE: u64 = 20;
/// Threads that hash passwords, at most; each keeps 19 MiB.
const HASHING_THREADS: usize = 2;

/// A server that is bound to its port and ready to run.
pub struct Server {
    parts: Parts,
    listener: TcpListener,
    address: SocketAddr,
    /// The link that makes the first owner, while there is no user.
    pub set_up_link: Option<String>,
    beside: fn(&mut web::ServiceConfig),
}

/// What handlers and jobs share. Cheap to clone.
#[derive(Clone)]
pub struct Parts {
    /// The plumbing.
    pub app: web::Data<App>,
    /// What this process remembers about API keys.
    pub keys: web::Data<Keys>,
    /// When sessions were last used.
    pub seen: web::Data<Seen>,
}

/// Opens the database of a configuration and what stands on it, migrations applied.
///
/// # Errors
/// A database that is away, or one that belongs to another master key.
pub fn open(config: Config, clock: Clock, cost: Cost) -> Result<Parts> {
    let target = target(&config)?;
    migrate(&target)?;
    open_migrated(config, clock, cost)
}

/// The same for a database that is there already: refuses one that is missing.
///
/// # Errors
/// As [`open`].
pub fn open_migrated(config: Config, clock: Clock, cost: Cost) -> Result<Parts> {
    let target = target(&config)?;
    let clock = Arc::new(clock);
    let db = Db::open(&target, clock.clone())?;
    let master = MasterKey::load_or_create(&config.secret_key_file)
        .map_err(|why| Error::internal(why.to_string()))?;
    own(&db, &master)?;
    db.refresh_rights()?;
    let passwords = Passwords::start(cost, HASHING_THREADS).map_err(Error::internal)?;
    let app = App {
        config,
        db,
        clock,
        master,
        passwords,
        limits: crate::limits::Limiter::default(),
        text: Text::ENGLISH,
    };
    Ok(Parts {
        app: web::Data::new(app),
        keys: web::Data::new(Keys::default()),
        seen: web::Data::new(Seen::default()),
    })
}

/// The database that a configuration names; makes the folder of a file.
///
/// # Errors
/// When the folder cannot be made.
pub fn target(config: &Config) -> Result<Target> {
    Ok(match &config.database {
        DatabaseUrl::Postgres(url) => Target::Postgres(url.clone()),
        DatabaseUrl::Sqlite(path) => {
            if let Some(folder) = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
            {
                std::fs::create_dir_all(folder).map_err(Error::internal)?;
            }
            Target::Sqlite(path.clone())
        }
    })
}

/// Ties the database to its master key at the first start, and refuses another key later.
fn own(db: &Db, master: &MasterKey) -> Result<()> {
    use crate::db::schema::facts::dsl;
    let fingerprint = master.fingerprint();
    let known = db.write_now(move |tx| {
        let known: Option<String> = dsl::facts
            .find("master_key")
            .select(dsl::value)
            .first(&mut **tx)
            .optional()?;
        if known.is_none() {
            diesel::insert_into(dsl::facts)
                .values((dsl::name.eq("master_key"), dsl::value.eq(&fingerprint)))
                .execute(&mut **tx)?;
        }
        Ok(known)
    })?;
    match known {
        Some(known) if known != master.fingerprint() => Err(Error::internal(
            "This database belongs to another master key. Put back the key file that was made with it, \
             or name it in VESTIBULE_SECRET_KEY_FILE.",
        )),
        _ => Ok(()),
    }
}

/// The background work, in the order in which it is started.
pub fn jobs() -> Vec<Job<Parts>> {
    vec![
        Job {
            name: "audit-seal",
            every: seconds(0),
            run: |parts| audit::jobs::seal(&parts.app),
        },
        Job {
            name: "event-numbers",
            every: seconds(0),
            run: |parts| events::jobs::number(&parts.app),
        },
        Job {
            name: "outbox",
            every: seconds(0),
            run: |parts| outbox::jobs::deliver(&parts.app),
        },
        Job {
            name: "invite-expiry",
            every: minutes(1),
            run: |parts| invites::jobs::expire(&parts.app),
        },
        Job {
            name: "audit-check",
            every: hours(1),
            run: |parts| audit::jobs::check(&parts.app),
        },
        Job {
            name: "event-sweep",
            every: hours(1),
            run: |parts| events::jobs::sweep(&parts.app),
        },
        Job {
            name: "outbox-bodies",
            every: hours(1),
            run: |parts| outbox::jobs::erase_old(&parts.app),
        },
        Job {
            name: "ended-rows",
            every: minutes(10),
            run: sweep,
        },
    ]
}

/// Deletes what has ended and is of no use to anybody.
fn sweep(parts: &Parts) -> Result<usize> {
    parts.app.db.write_now(|tx| {
        let now = tx.now;
        Ok(sign_in::store::sweep(tx, now)?
            + one_time_links::sweep(tx)?
            + crate::web::forget_old_answers(tx)?)
    })
}

impl Parts {
    /// Runs everything that is due, until nothing is.
    ///
    /// # Errors
    /// The first error of a job.
    pub fn run_jobs(&self) -> Result<usize> {
        let noted = self.flush()?;
        Ok(noted + run_until_idle(self, &jobs())?)
    }

    /// Writes what was noted behind: when sessions and keys were last used.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn flush(&self) -> Result<usize> {
        Ok(self.seen.flush(&self.app)? + self.keys.usage.flush_all(&self.app.db)?)
    }
}

impl Server {
    /// Opens the database, binds the port and makes the set-up link, but serves nobody yet.
    ///
    /// # Errors
    /// When a part cannot be had; the words say which and what to do.
    pub fn build(mut config: Config, clock: Clock, cost: Cost) -> Result<Self> {
        let listener = TcpListener::bind(config.listen).map_err(|why| {
            Error::internal(format!(
                "cannot listen on {}: {why}. Set VESTIBULE_LISTEN to another address.",
                config.listen
            ))
        })?;
        let address = listener.local_addr().map_err(Error::internal)?;
        config.bound_to(address);
        let parts = open(config, clock, cost)?;
        let app = parts.app.clone();
        let set_up_link = parts
            .app
            .db
            .write_now(move |tx| sign_in::setup_pages::make_link(tx, &app))?;
        Ok(Self {
            parts,
            listener,
            address,
            set_up_link,
            beside: |_| {},
        })
    }

    /// Serves further routes beside the table, for benchmarks that need a floor to compare with.
    #[must_use]
    pub fn beside(mut self, routes: fn(&mut web::ServiceConfig)) -> Self {
        self.beside = routes;
        self
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What handlers and jobs share.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Serves until a signal says to stop, finishes what it began, and writes what it still holds.
    ///
    /// # Errors
    /// When the server cannot run.
    pub async fn run(self) -> std::io::Result<()> {
        self.serve(None::<std::future::Pending<()>>).await
    }

    /// The same until `stop` is ready; signals are left alone.
    ///
    /// # Errors
    /// When the server cannot run.
    pub async fn run_until(self, stop: impl Future<Output = ()> + 'static) -> std::io::Result<()> {
        self.serve(Some(stop)).await
    }

    async fn serve(self, stop: Option<impl Future<Output = ()> + 'static>) -> std::io::Result<()> {
        let Self {
            parts,
            listener,
            beside,
            ..
        } = self;
        let cookie_key = Key::from(&parts.app.master.subkey::<64>("session cookie")[..]);
        let https = parts.app.config.public_url.https();
        let callers = web::Data::new(Callers {
            keys: parts.keys.clone(),
            chrome: ChromeCache::default(),
        });
        let me = web::Data::new(MeCache::default());
        let reference = web::Data::new(routes::reference(parts.app.config.public_url.origin()));
        let in_progress = web::Data::new(InProgress::default());
        let endings = web::Data::new(belongings::ENDINGS);
        let shared = parts.clone();
        let server = HttpServer::new(move || {
            let sessions = SessionMiddleware::builder(
                Sessions::new(shared.app.clone(), shared.seen.clone()),
                cookie_key.clone(),
            )
            .cookie_name(
                if https {
                    "__Host-vestibule"
                } else {
                    "vestibule"
                }
                .to_owned(),
            )
            .cookie_secure(https)
            .cookie_same_site(SameSite::Lax)
            .cookie_content_security(CookieContentSecurity::Signed)
            .session_lifecycle(BrowserSession::default())
            .build();
            Actix::new()
                .app_data(shared.app.clone())
                .app_data(shared.keys.clone())
                .app_data(callers.clone())
                .app_data(me.clone())
                .app_data(in_progress.clone())
                .app_data(endings.clone())
                .app_data(reference.clone())
                .app_data(web::PayloadConfig::new(crate::web::BODY_LIMIT))
                .configure(beside)
                .configure(routes::register)
                .wrap(from_fn(callers::visit))
                .wrap(sessions)
                .wrap(from_fn(crate::web::answers))
                .wrap(Compress::default())
        })
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .shutdown_timeout(PATIENCE);
        let server = if stop.is_some() {
            server.disable_signals()
        } else {
            server
        };
        let server = server.listen(listener)?.run();
        if let Some(stop) = stop {
            let handle = server.handle();
            actix_web::rt::spawn(async move {
                stop.await;
                handle.stop(true).await;
            });
        }
        let heart = Heart::start(&parts)?;
        let ticker = if parts.app.config.jobs {
            let db = parts.app.db.clone();
            Some(Ticker::start(Arc::new(parts.clone()), db, jobs())?)
        } else {
            None
        };
        server.await?;
        if let Some(ticker) = ticker {
            ticker.stop();
        }
        heart.stop();
        if let Err(why) = parts.flush() {
            tracing::warn!(%why, "the last uses of sessions and keys could not be written");
        }
        Ok(())
    }
}

/// What every process does for itself, whoever holds the leases: hear of ended rights twice a second,
/// and write what it noted. Two threads, because a writer that is busy must not make the process deaf.
struct Heart {
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Heart {
    const BEAT: Duration = Duration::from_millis(400);
    const WRITE: Duration = Duration::from_secs(20);

    fn start(parts: &Parts) -> std::io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let threads = vec![
            beat(
                "heart",
                Self::BEAT,
                stopping.clone(),
                parts.clone(),
                |parts| parts.app.db.refresh_rights(),
            )?,
            beat(
                "last-uses",
                Self::WRITE,
                stopping.clone(),
                parts.clone(),
                |parts| {
                    parts.seen.flush(&parts.app)?;
                    parts.keys.usage.flush(&parts.app.db).map(drop)
                },
            )?,
        ];
        Ok(Self { stopping, threads })
    }

    fn stop(self) {
        self.stopping.store(true, Ordering::Release);
        for thread in self.threads {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("work of this process ended by itself");
            }
        }
    }
}

/// A thread that does something again and again until it is told to stop.
fn beat(
    name: &'static str,
    every: Duration,
    stopping: Arc<AtomicBool>,
    parts: Parts,
    work: fn(&Parts) -> Result<()>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            while !stopping.load(Ordering::Acquire) {
                if let Err(why) = work(&parts) {
                    tracing::warn!(name, %why, "work of this process failed; it is tried again");
                }
                std::thread::park_timeout(every);
            }
        })
}
