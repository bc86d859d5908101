//! What a monitoring system reads, in the text format of Prometheus (exposition format 0.0.4).

use std::fmt::Write as _;
use std::net::TcpListener;

use actix_web::dev::ServerHandle;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{App as Actix, HttpResponse, HttpServer, web};

use crate::api_keys::Keys;
use crate::app::App;
use crate::error::Result;
use crate::openapi::Doc;
use crate::outbox::store as outbox;
use crate::web::Traffic;

/// The media type of the format.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Describes [`show`].
pub const SHOW: Doc = Doc::new("Read the metrics")
    .about("For Prometheus and what reads its text format. The numbers are of the process that answers.")
    .answers_text("text/plain");

/// `GET /metrics`: `metrics:read`; on the address of `VESTIBULE_METRICS_LISTEN` anybody who reaches it.
pub async fn show(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    traffic: web::Data<Traffic>,
) -> Result<HttpResponse> {
    answer(&app, &keys, &traffic).await
}

/// Serves [`show`] on an address of its own, without a key. Signals are left to the server.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(
    app: web::Data<App>,
    keys: web::Data<Keys>,
    traffic: web::Data<Traffic>,
    listener: TcpListener,
) -> std::io::Result<ServerHandle> {
    let server = HttpServer::new(move || {
        Actix::new()
            .app_data(app.clone())
            .app_data(keys.clone())
            .app_data(traffic.clone())
            .route("/metrics", web::get().to(show))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(handle)
}

async fn answer(app: &App, keys: &Keys, traffic: &Traffic) -> Result<HttpResponse> {
    let now = app.clock.now();
    // The numbers of this process are told whether or not the database answers.
    let mails = app
        .db
        .read(move |conn| {
            let waiting = outbox::count_waiting(conn, now)?;
            Ok((waiting, outbox::count_failed(conn, now)?))
        })
        .await;
    if let Err(why) = &mails {
        tracing::warn!(%why, "the mails could not be counted for the metrics");
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, FORMAT))
        .body(text(app, keys, traffic, mails.ok())))
}

fn text(app: &App, keys: &Keys, traffic: &Traffic, mails: Option<(i64, i64)>) -> String {
    let counts = app.db.counts();
    let (hits, misses) = keys.cache.counts();
    let mut out = Page::default();
    out.family(
        "vestibule_info",
        "gauge",
        "Always 1; the version is in the label.",
    );
    out.sample(&format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")), 1);
    out.family(
        "vestibule_uptime_seconds",
        "gauge",
        "Seconds since this process started.",
    );
    out.sample("", traffic.uptime_seconds());
    out.family(
        "vestibule_http_answers_total",
        "counter",
        "Answers that this process gave, by class of status.",
    );
    for (class, count) in traffic.classes() {
        out.sample(&format!("{{status=\"{class}xx\"}}"), count);
    }
    out.family(
        "vestibule_database_actions_total",
        "counter",
        "Actions that this process committed.",
    );
    out.sample("", counts.actions);
    out.family(
        "vestibule_database_commits_total",
        "counter",
        "Transactions that this process committed; one may hold several actions.",
    );
    out.sample("", counts.commits);
    out.family(
        "vestibule_key_lookups_total",
        "counter",
        "API keys that were looked up, by where the answer came from.",
    );
    out.sample("{from=\"memory\"}", hits);
    out.sample("{from=\"database\"}", misses);
    out.family(
        "vestibule_database_up",
        "gauge",
        "1 while the database answers.",
    );
    out.sample("", u8::from(mails.is_some()));
    if let Some((waiting, failed)) = mails {
        out.family(
            "vestibule_outbox_mails",
            "gauge",
            "Mails in the outbox that wait or have failed, counted up to 1001.",
        );
        out.sample("{state=\"waiting\"}", waiting);
        out.sample("{state=\"failed\"}", failed);
    }
    out.text
}

#[derive(Default)]
struct Page {
    name: &'static str,
    text: String,
}

impl Page {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.name = name;
        let lines = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
        self.text.push_str(&lines);
    }

    fn sample(&mut self, labels: &str, value: impl std::fmt::Display) {
        writeln!(self.text, "{}{labels} {value}", self.name).expect("a string takes all text");
    }
}
