//! Builds the server: the same for `vestibule serve` and for every test.

mod heart;
mod opening;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_session::SessionMiddleware;
use actix_session::config::{BrowserSession, CookieContentSecurity};
use actix_web::cookie::{Key, SameSite};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as Actix, HttpServer, web};

use crate::api_keys::{self, Keys};
use crate::app::{App, Kept};
use crate::belongings;
use crate::callers::{self, Callers};
use crate::clock::{Clock, hours, minutes, seconds};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::jobs::{Job, Ticker, end_dead, run_until_idle};
use crate::passwords::Cost;
use crate::sign_in::sessions::{Seen, Sessions};
use crate::tokens::api::IntrospectionCache;
use crate::users::api::MeCache;
use crate::web::{InProgress, Traffic, UsedForms};
use crate::{
    audit, codes, events, invite_batches, invites, metrics, one_time_links, outbox, routes, sign_in,
};

use heart::Heart;
use opening::away;
pub use opening::{migrate, open, open_migrated, require_database, target};

/// Blocking threads of each worker: enough for the readers of the database.
const BLOCKING_THREADS: usize = 8;
/// How long running requests may take after the server was told to stop.
const PATIENCE: u64 = 20;

/// A server that is bound to its port and ready to run.
pub struct Server {
    parts: Parts,
    listener: TcpListener,
    address: SocketAddr,
    metrics: Option<TcpListener>,
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
    /// Forms that have made a secret.
    pub forms: web::Data<UsedForms>,
    /// When sessions were last used.
    pub seen: web::Data<Seen>,
    /// Which invite links were opened.
    pub opened: web::Data<invites::opened::Opened>,
    /// How far the sweep of rights to invite has come.
    pub round: web::Data<invites::jobs::Round>,
    /// What was answered.
    pub traffic: web::Data<Traffic>,
}

/// The jobs that send.
const MAILS: &str = "outbox";
const TEXTS: &str = "outbox-sms";

/// The jobs that a process with these settings can do; it takes the leases of no others.
pub fn jobs_of(config: &Config) -> Vec<Job<Parts>> {
    let can = |job: &Job<Parts>| match job.name {
        MAILS => outbox::jobs::can_send(config, outbox::Channel::Mail),
        TEXTS => outbox::jobs::can_send(config, outbox::Channel::Sms),
        _ => true,
    };
    jobs().into_iter().filter(can).collect()
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
            name: MAILS,
            every: seconds(0),
            run: |parts| outbox::jobs::deliver(&parts.app),
        },
        Job {
            name: TEXTS,
            every: seconds(0),
            run: |parts| outbox::jobs::deliver_sms(&parts.app),
        },
        Job {
            name: "invite-expiry",
            every: minutes(1),
            run: |parts| invites::jobs::expire(&parts.app),
        },
        Job {
            name: "invite-reminders",
            every: minutes(1),
            run: |parts| invites::jobs::remind(&parts.app),
        },
        Job {
            name: "invite-erasure",
            every: hours(1),
            run: |parts| invites::jobs::erase(&parts.app),
        },
        Job {
            name: "invite-rights",
            every: minutes(1),
            run: |parts| invites::jobs::hold(&parts.app, &parts.round),
        },
        Job {
            name: "invite-batches",
            every: seconds(10),
            run: |parts| invite_batches::jobs::go_on(&parts.app),
        },
        Job {
            name: "batch-erasure",
            every: hours(1),
            run: |parts| invite_batches::jobs::forget(&parts.app),
        },
        Job {
            name: "invite-drafts",
            every: hours(1),
            run: |parts| invite_batches::jobs::delete_drafts(&parts.app),
        },
        Job {
            name: "key-notices",
            every: minutes(1),
            run: |parts| api_keys::notices::sweep::tell(&parts.app),
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
            name: "outbox-sweep",
            every: hours(1),
            run: |parts| outbox::jobs::sweep(&parts.app),
        },
        Job {
            name: "ended-rows",
            every: minutes(10),
            run: sweep,
        },
    ]
}

/// Rows of each table that one turn of [`sweep`] deletes, so that it holds the writer only for a moment.
const SWEEP_ROWS: i64 = 500;

/// Deletes a part of what has ended and is of no use to anybody.
fn sweep(parts: &Parts) -> Result<usize> {
    parts.app.db.write_now(|tx| {
        let now = tx.now;
        Ok(sign_in::store::sweep(tx, now, SWEEP_ROWS)?
            + one_time_links::sweep(tx, SWEEP_ROWS)?
            + codes::sweep(tx, SWEEP_ROWS)?
            + crate::web::forget_old_answers(tx, SWEEP_ROWS)?)
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
        let db = &self.app.db;
        Ok(self.seen.flush_all(db)?
            + self.keys.usage.flush_all(db)?
            + self.keys.misuse.flush(&self.app)?
            + self.opened.flush_all(db)?)
    }
}

/// What a process that was killed still holds is free, where it can be told that it is gone.
fn take_over(parts: &Parts) {
    let taken = end_dead(&parts.app.db).and_then(|_| outbox::take_over(&parts.app));
    if let Err(why) = taken {
        tracing::warn!(%why, "what a former process held could not be taken over; it ends by itself");
    }
}

fn listen(setting: &str, address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).map_err(|why| {
        Error::internal(format!(
            "cannot listen on {address}: {why}. Set {setting} to another address."
        ))
    })
}

impl Server {
    /// Opens the database, binds the port and makes the set-up link, but serves nobody yet.
    ///
    /// # Errors
    /// When a part cannot be had; the words say which and what to do.
    pub fn build(mut config: Config, clock: Clock, cost: Cost) -> Result<Self> {
        let listener = listen("VESTIBULE_LISTEN", config.listen)?;
        let metrics = config
            .metrics_listen
            .map(|address| listen("VESTIBULE_METRICS_LISTEN", address))
            .transpose()?;
        let address = listener.local_addr().map_err(Error::internal)?;
        config.bound_to(address);
        let parts = open(config, clock, cost)?;
        let app = parts.app.clone();
        let set_up_link = parts
            .app
            .db
            .write_now(move |tx| sign_in::setup_pages::make_link(tx, &app))
            .map_err(|why| away(&parts.app.config, why))?;
        Ok(Self {
            parts,
            listener,
            address,
            metrics,
            set_up_link,
            beside: |_| {},
        })
    }

    /// Where the metrics are served without a key, when they are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref()?.local_addr().ok()
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
            metrics,
            beside,
            ..
        } = self;
        let metrics = metrics
            .map(|listener| {
                let (app, keys) = (parts.app.clone(), parts.keys.clone());
                metrics::serve(app, keys, parts.traffic.clone(), listener)
            })
            .transpose()?;
        let cookie_key = Key::from(&parts.app.master.subkey::<64>("session cookie")[..]);
        let https = parts.app.config.public_url.https();
        let callers = web::Data::new(Callers::new(parts.keys.clone()));
        let me = web::Data::new(MeCache::default());
        let introspected = web::Data::new(IntrospectionCache::default());
        let tab_counts = web::Data::new(Kept::<invites::store::Counts>::default());
        let in_progress = web::Data::new(InProgress::default());
        let reference = web::Data::new(routes::reference(parts.app.config.public_url.origin()));
        let endings = web::Data::new(belongings::ENDINGS);
        let drafts = web::Data::new(invites::console::Drafts(invite_batches::actions::draft));
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
                .app_data(shared.opened.clone())
                .app_data(shared.keys.clone())
                .app_data(shared.forms.clone())
                .app_data(shared.traffic.clone())
                .app_data(callers.clone())
                .app_data(me.clone())
                .app_data(introspected.clone())
                .app_data(tab_counts.clone())
                .app_data(in_progress.clone())
                .app_data(endings.clone())
                .app_data(drafts.clone())
                .app_data(reference.clone())
                .app_data(web::PayloadConfig::new(crate::web::BODY_LIMIT))
                .configure(beside)
                .configure(routes::register)
                .wrap(from_fn(callers::visit))
                .wrap(sessions)
                .wrap(Compress::default())
                .wrap(from_fn(crate::web::answers))
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
        take_over(&parts);
        let ticker = if parts.app.config.jobs {
            let (db, jobs) = (parts.app.db.clone(), jobs_of(&parts.app.config));
            Some(Ticker::start(Arc::new(parts.clone()), db, jobs)?)
        } else {
            None
        };
        server.await?;
        if let Some(metrics) = metrics {
            metrics.stop(false).await;
        }
        // Before jobs are waited for: one may hang at a mail server until the process is killed.
        if let Err(why) = parts.flush() {
            tracing::warn!(%why, "the last uses of sessions and keys could not be written");
        }
        if let Some(ticker) = ticker {
            ticker.stop();
        }
        heart.stop();
        Ok(())
    }
}
