//! The list of invites at 1,000 and at 1,000,000, on its first page and deep in it.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use tempfile::TempDir;
use vestibule::clock::Clock;
use vestibule::config::DatabaseUrl;

use crate::fill::fill;
use crate::load::block;
use crate::requests::sign_in;
use crate::serve::Process;
use crate::{BLOCKS, median, seed};

/// Invites of the short list and of the long one.
const COUNTS: [i64; 2] = [1_000, 1_000_000];
/// Where the deep page begins, counted from the oldest row: half way, and behind 10,000 pages of 50.
const DEEP: [i64; 2] = [500, 500_050];
/// Requests of a connection in a block.
const EACH: usize = 6;
/// How long the invites live, longer than the million is old: else they would be swept meanwhile.
const LIFE: i64 = 40 * 24 * 3_600;
const PASSWORD: &str = "seven quiet lighthouses";

/// For the short list and the long one.
type Both = [&'static str; 2];

/// What a list is narrowed to, in the API and in the console, for the short list and the long one; and where the
/// deep page of a search begins that finds few.
const CASES: [(&str, Both, Both, [i64; 2]); 5] = [
    ("all", ["", ""], ["tab=all", "tab=all"], DEEP),
    (
        "accepted",
        ["state=accepted", "state=accepted"],
        ["tab=accepted", "tab=accepted"],
        DEEP,
    ),
    (
        "pending",
        ["state=pending", "state=pending"],
        ["tab=pending", "tab=pending"],
        DEEP,
    ),
    (
        "a search that finds all",
        ["q=u", "q=u"],
        ["tab=all&q=u", "tab=all&q=u"],
        DEEP,
    ),
    // As many each: 111.
    (
        "a search that finds 111",
        ["q=u7", "q=u7777"],
        ["tab=all&q=u7", "tab=all&q=u7777"],
        [765, 777_765],
    ),
];

/// On SQLite always; on PostgreSQL when `VESTIBULE_BENCH_POSTGRES` names a server.
pub fn lists() {
    println!("\nlists of invites, 1,000,000 beside 1,000 (at most 1.5)");
    measure(
        "SQLite",
        COUNTS.map(|count| {
            let (folder, parts) = seed::empty();
            seed::users(&parts, 1_000);
            served(folder, parts, count, None)
        }),
    );
    let Ok(url) = std::env::var("VESTIBULE_BENCH_POSTGRES") else {
        println!("  PostgreSQL: not measured, scripts/bench starts one where it is installed");
        return;
    };
    measure(
        "PostgreSQL",
        COUNTS.map(|count| {
            let folder = tempfile::tempdir().expect("a folder");
            let url = database(&url, &format!("lists{count}"));
            let parsed = DatabaseUrl::parse(&url).expect("a URL");
            let parts = seed::open_on(parsed, folder.path());
            seed::owner(&parts);
            served(folder, parts, count, Some(url))
        }),
    );
}

/// A database of its own on the server of a URL.
pub fn database(url: &str, name: &str) -> String {
    let mut conn = PgConnection::establish(url).expect("the server");
    conn.batch_execute(&format!("CREATE DATABASE {name}"))
        .expect("a database");
    let (server, _) = url.rsplit_once('/').expect("a database");
    format!("{server}/{name}")
}

/// A server on a list, with a key and a session.
struct Served {
    server: Process,
    key: String,
    cookie: String,
    oldest: i64,
    _folder: TempDir,
}

fn served(
    folder: TempDir,
    parts: vestibule::server::Parts,
    count: i64,
    url: Option<String>,
) -> Served {
    let oldest = Clock::System.now().as_micros() / 1_000_000 - 60 - count;
    parts
        .app
        .db
        .write_now(move |tx| {
            let rows = usize::try_from(count).expect("a count");
            Ok(fill(tx, &["outbox", "invites"], rows, oldest, LIFE)?)
        })
        .expect("invites");
    let key = seed::keys(&parts, 1).remove(0);
    seed::session(&parts, PASSWORD);
    drop(parts);
    let server = match url {
        Some(url) => Process::start_on(&url, folder.path(), None),
        None => Process::start(folder.path(), None),
    };
    let cookie = sign_in(&server, PASSWORD);
    Served {
        server,
        key: format!("Authorization: Bearer {key}\r\n"),
        cookie,
        oldest,
        _folder: folder,
    }
}

impl Served {
    /// The cursor behind a row, as the list writes it.
    fn behind(&self, row: i64) -> String {
        let micros = (self.oldest + row) * 1_000_000;
        let id = format!("inv_{row:08x}-0000-7000-8000-{row:012x}");
        BASE64_URL_SAFE_NO_PAD.encode(format!("{micros}.{id}"))
    }

    fn cost(&self, path: &str) -> f64 {
        let is_api = path.starts_with("/api/");
        let header = if is_api { &self.key } else { &self.cookie };
        block(&self.server, path, EACH, |_, _| header.clone()).cpu
    }
}

fn measure(name: &str, both: [Served; 2]) {
    for (case, api, console, deep) in CASES {
        for (place, cursor) in [("first page", None), ("deep page", Some(deep))] {
            for (kind, path, filters, word) in [
                ("API", "/api/v1/invites?limit=50&", api, "cursor"),
                ("console", "/admin/invites?", console, "older"),
            ] {
                let path = |which: usize| match cursor {
                    None => format!("{path}{}", filters[which]),
                    Some(rows) => {
                        let cursor = both[which].behind(rows[which]);
                        format!("{path}{}&{word}={cursor}", filters[which])
                    }
                };
                let paths = [path(0), path(1)].map(|path| path.replace("&&", "&"));
                let mut costs = [Vec::new(), Vec::new()];
                for round in 0..=BLOCKS {
                    for which in 0..2 {
                        let cost = both[which].cost(&paths[which]);
                        // The first round warms up.
                        if round > 0 {
                            costs[which].push(cost);
                        }
                    }
                }
                let [short, long] = costs.map(median);
                println!(
                    "  {name}, {kind}, {case}, {place}: {short:.0} µs, {long:.0} µs, ratio {:.2}",
                    long / short
                );
            }
        }
    }
}
