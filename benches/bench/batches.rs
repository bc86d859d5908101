//! 10,000 invites from one file, beside the same rows inserted one by one by prepared statements in one transaction.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tempfile::TempDir;
use vestibule::clock::Time;
use vestibule::db::Json;
use vestibule::db::schema::{audit, events, invite_batch_rows, invite_links, invites, outbox};
use vestibule::invites::model::Invite;

use crate::http::{body, post};
use crate::serve::{Process, cpu_of};
use crate::{BLOCKS, median, seed};

const LINES: usize = 10_000;
const BATCHES: &str = "/api/v1/invites/batches";

/// Rows of a table as they are read from one database and inserted into another.
macro_rules! rows {
    ($name:ident $table:ident $($column:ident: $type:ty),+) => {
        #[derive(Queryable, Selectable, Insertable)]
        #[diesel(table_name = $table)]
        struct $name { $($column: $type),+ }
    };
}

rows!(Mail outbox id: String, channel: String, kind: String, recipient: String, subject: String,
    about: Option<String>, body: Option<Vec<u8>>, state: String, attempts: i32, next_attempt_at: Time, fence: i64,
    created_at: Time, urgent: bool);
rows!(Link invite_links id: String, invite_id: String, digest: Vec<u8>, shown: bool, created_at: Time);
rows!(Entry audit id: String, at: Time, actor_kind: String, actor_id: Option<String>, action: String,
    target_kind: String, target_id: String, result: String, ip: Option<String>, request_id: String, before: Json,
    after: Json);
rows!(Event events id: String, kind: String, at: Time, actor_kind: String, actor_id: Option<String>, data: Json);
rows!(Told invite_batch_rows batch_id: String, line: i32, email: String, name: String, verdict: String,
    code: Option<String>, detail: Option<String>, invite_id: Option<String>);

/// What a block took: seconds of the clock and of the processor.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    cpu: f64,
}

impl Took {
    fn of(server: &Process, work: impl FnOnce()) -> Self {
        let (started, before) = (Instant::now(), server.cpu());
        work();
        Self {
            wall: started.elapsed().as_secs_f64(),
            cpu: server.cpu() - before,
        }
    }
}

/// The middle of some blocks.
fn middle(blocks: &[Took]) -> Took {
    Took {
        wall: median(blocks.iter().map(|one| one.wall).collect()),
        cpu: median(blocks.iter().map(|one| one.cpu).collect()),
    }
}

/// The file and the headers that it is sent with.
struct Sent {
    header: String,
    csv: String,
    file: String,
}

/// Prints how long the dry run and the commit take beside the floor, and what they do to memory and to other requests.
pub fn batches() {
    let (mut dry, mut commit, mut floors) = (Vec::new(), Vec::new(), Vec::new());
    let mut grown: f64 = 0.0;
    for _ in 0..BLOCKS {
        let (folder, server, sent) = start();
        let before = server.resident();
        dry.push(Took::of(&server, || rehearse(&server, &sent)));
        commit.push(Took::of(&server, || make(&server, &sent)));
        grown = grown.max(server.peak() - before);
        drop(server);
        floors.push(floor(folder.path()));
    }
    let (dry, commit, floor) = (middle(&dry), middle(&commit), middle(&floors));
    println!(
        "\n10,000 invites from a file, seconds of processor (of the clock): dry run {:.2} ({:.2}), commit {:.2} ({:.2})",
        dry.cpu, dry.wall, commit.cpu, commit.wall
    );
    println!(
        "  same rows by prepared statement in one transaction {:.2} ({:.2}), ratio (at most 3) {:.2} ({:.2})",
        floor.cpu,
        floor.wall,
        commit.cpu / floor.cpu,
        commit.wall / floor.wall
    );
    println!("  memory grew by (under 50 MiB) {grown:.1} MiB");
    beside_others();
}

/// A server that has warmed up what every process pays for once.
fn start() -> (TempDir, Process, Sent) {
    let (folder, parts) = seed::empty();
    seed::users(&parts, 1_000);
    let key = seed::keys(&parts, 1).remove(0);
    drop(parts);
    let server = Process::start(folder.path(), None);
    let header = format!("Authorization: Bearer {key}\r\n");
    let lines =
        (0..LINES).map(|number| format!("person{number}@example.net,Person Number {number}\n"));
    let sent = Sent {
        csv: format!("{header}Content-Type: text/csv\r\n"),
        file: format!("email,name\n{}", lines.collect::<String>()),
        header,
    };
    post(
        &server.address,
        BATCHES,
        &sent.csv,
        "email\nfirst@example.net\n",
    );
    (folder, server, sent)
}

fn rehearse(server: &Process, sent: &Sent) {
    let path = format!("{BATCHES}?dry_run=true");
    let told = post(&server.address, &path, &sent.csv, &sent.file);
    assert!(told.contains("\"ready\":10000"), "not all are ready");
}

fn make(server: &Process, sent: &Sent) {
    let made = post(&server.address, BATCHES, &sent.csv, &sent.file);
    assert!(made.contains("\"state\":\"done\""), "{made}");
}

/// Prints how long other requests wait meanwhile: some that read and some that write, one after the other.
fn beside_others() {
    let (_folder, server, sent) = start();
    let done = AtomicBool::new(false);
    let (reads, writes) = std::thread::scope(|scope| {
        let (done, address, header) = (&done, &server.address, &sent.header);
        let others = |ask: fn(&str, &str, usize)| {
            scope.spawn(move || {
                let mut waits = Vec::new();
                while !done.load(Ordering::Acquire) {
                    let started = Instant::now();
                    ask(address, header, waits.len());
                    waits.push(started.elapsed().as_secs_f64() * 1e3);
                }
                waits
            })
        };
        let reads = others(|address, header, _| {
            body(address, "/api/v1/users?limit=50", header);
        });
        let writes = others(|address, header, number| {
            let json = format!("{header}Content-Type: application/json\r\n");
            let body = format!("{{\"email\":\"single{number}@example.net\"}}");
            post(address, "/api/v1/invites", &json, &body);
        });
        rehearse(&server, &sent);
        make(&server, &sent);
        done.store(true, Ordering::Release);
        (reads.join().expect("reads"), writes.join().expect("writes"))
    });
    println!(
        "  meanwhile p99 (under 250 ms): reads {:.0} ms of {}, writes {:.0} ms of {}",
        p99(&reads),
        reads.len(),
        p99(&writes),
        writes.len()
    );
}

fn p99(waits: &[f64]) -> f64 {
    let mut sorted = waits.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() * 99 / 100).min(sorted.len() - 1)]
}

/// Inserts the rows of the batch into another database.
fn floor(from: &Path) -> Took {
    let open = |folder: &Path| {
        let file = folder.join("vestibule.db");
        let mut conn = SqliteConnection::establish(&file.display().to_string()).expect("a file");
        conn.batch_execute(
            "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL",
        )
        .expect("settings");
        conn
    };
    let mut from = open(from);
    let (mails, made, links, entries, happened, told) = (
        outbox::table
            .select(Mail::as_select())
            .load(&mut from)
            .expect("mails"),
        invites::table
            .select(Invite::as_select())
            .load(&mut from)
            .expect("invites"),
        invite_links::table
            .select(Link::as_select())
            .load(&mut from)
            .expect("links"),
        audit::table
            .select(Entry::as_select())
            .load(&mut from)
            .expect("entries"),
        events::table
            .select(Event::as_select())
            .load(&mut from)
            .expect("events"),
        invite_batch_rows::table
            .select(Told::as_select())
            .load(&mut from)
            .expect("rows"),
    );
    let mut batches = String::new();
    for batch in told
        .iter()
        .map(|row| &row.batch_id)
        .collect::<std::collections::BTreeSet<_>>()
    {
        batches += &format!(
            "INSERT INTO invite_batches (id, state, lines, request_id, created_at, created_by, touched_at, busy)
             VALUES ('{batch}', 'done', 0, '', 0, 'usr_00000001-0000-7000-8000-000000000001', 0, 0);"
        );
    }
    let (folder, parts) = seed::empty();
    seed::users(&parts, 1_000);
    drop(parts);
    let mut to = open(folder.path());
    to.batch_execute(&batches).expect("batches");
    let (started, before) = (Instant::now(), cpu_of("self"));
    to.immediate_transaction(|to| {
        macro_rules! insert {
            ($($table:ident $rows:ident)+) => {
                $(for row in &$rows {
                    diesel::insert_into($table::table).values(row).execute(to)?;
                })+
            };
        }
        insert!(outbox mails invites made invite_links links audit entries events happened invite_batch_rows told);
        QueryResult::Ok(())
    })
    .expect("the same rows");
    Took {
        wall: started.elapsed().as_secs_f64(),
        cpu: cpu_of("self") - before,
    }
}
