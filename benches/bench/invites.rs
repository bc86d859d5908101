//! Single invites over the API, each answered when it is durable.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::{Connection, SimpleConnection};
use vestibule::config::DatabaseUrl;

use crate::http::{body, post};
use crate::load::{CONNECTIONS, drive};
use crate::serve::Process;
use crate::{median, seed};

/// Invites of a connection in a block.
const EACH: usize = 60;
/// Blocks on PostgreSQL, each beside one of pgbench; the median counts.
const BLOCKS: usize = 3;
/// How long pgbench runs in a block, in seconds.
const PGBENCH_SECONDS: &str = "5";
const PATH: &str = "/api/v1/invites";
/// Whom the invite is for whose statements are taken from the log.
const MARKED: &str = "marked@example.net";

/// On SQLite always; on PostgreSQL when `VESTIBULE_BENCH_POSTGRES` names an empty database, and
/// `VESTIBULE_BENCH_POSTGRES_LOG` and `VESTIBULE_BENCH_PGBENCH` the files of its log and of pgbench.
pub fn single() {
    sqlite();
    let named = |name| std::env::var(format!("VESTIBULE_BENCH_{name}"));
    match (named("POSTGRES"), named("POSTGRES_LOG"), named("PGBENCH")) {
        (Ok(url), Ok(log), Ok(pgbench)) => postgres(&url, Path::new(&log), &pgbench),
        _ => println!("  PostgreSQL: not measured, scripts/bench starts one where it is installed"),
    }
}

fn sqlite() {
    let (folder, parts) = seed::empty();
    seed::owner(&parts);
    let key = seed::keys(&parts, 1).remove(0);
    drop(parts);
    let server = Process::start(folder.path(), None);
    invite_many(&server, &key, 5, "warm");
    let before = commits(&server, &key);
    let rate = invite_many(&server, &key, EACH, "single");
    // All commits count, also those of what runs in the background.
    let ratio = (commits(&server, &key) - before) / (CONNECTIONS * EACH) as f64;
    println!(
        "\nsingle invites over the API, {CONNECTIONS} connections\n  SQLite: commits ÷ invites (at most 0.25) \
         {ratio:.3}, {rate:.0} a second"
    );
}

fn postgres(url: &str, log: &Path, pgbench: &str) {
    let mut conn = PgConnection::establish(url).expect("the server");
    for setting in [
        "fsync = on",
        "synchronous_commit = on",
        "full_page_writes = on",
    ] {
        set(&mut conn, setting);
    }
    let folder = tempfile::tempdir().expect("a folder");
    {
        let database = DatabaseUrl::parse(url).expect("a URL");
        let parts = seed::open_on(database, folder.path());
        seed::owner(&parts);
    }
    let key = {
        let database = DatabaseUrl::parse(url).expect("a URL");
        seed::keys(&seed::open_on(database, folder.path()), 1).remove(0)
    };
    let server = Process::start_on(url, folder.path(), None);
    invite_many(&server, &key, 5, "warm");

    set(&mut conn, "log_statement = 'all'");
    post(&server.address, PATH, &headers(&key), &invite(MARKED));
    set(&mut conn, "log_statement = 'none'");
    let written = std::fs::read_to_string(log).expect("the log");
    let statements = transaction(&written);
    let script = folder.path().join("invite.sql");
    std::fs::write(&script, pgbench_script(&statements)).expect("the script");

    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for block in 0..BLOCKS {
        floor.push(run(pgbench, &script, url));
        ours.push(invite_many(&server, &key, EACH, &format!("block{block}")));
    }
    let (ours, floor) = (median(ours), median(floor));
    println!(
        "  PostgreSQL: {ours:.0} a second, pgbench with the same {} statements {floor:.0}, ratio (at least 0.5) {:.2}",
        statements.len(),
        ours / floor
    );
}

/// Invites so many people over every connection; how many a second.
fn invite_many(server: &Process, key: &str, each: usize, name: &str) -> f64 {
    let headers = headers(key);
    let seconds = drive(&server.address, each, |connection, number| {
        let json = invite(&format!("{name}{connection}.{number}@example.net"));
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Length: {}\r\n\r\n{json}",
            json.len()
        )
    });
    (CONNECTIONS * each) as f64 / seconds
}

fn headers(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n")
}

fn invite(email: &str) -> String {
    format!("{{\"email\":\"{email}\"}}")
}

fn commits(server: &Process, key: &str) -> f64 {
    let metrics = body(&server.address, "/metrics", &headers(key));
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("vestibule_database_commits_total "));
    line.and_then(|count| count.parse().ok()).expect("a count")
}

fn set(conn: &mut PgConnection, setting: &str) {
    conn.batch_execute(&format!("ALTER SYSTEM SET {setting}"))
        .expect("a setting");
    conn.batch_execute("SELECT pg_reload_conf()")
        .expect("read again");
    // The signal goes to every process; none tells when it has read the settings.
    std::thread::sleep(Duration::from_millis(500));
}

/// A statement as the log has it.
struct Statement {
    process: String,
    sql: String,
    parameters: Vec<Option<String>>,
}

/// The statements of the transaction that made the marked invite.
fn transaction(log: &str) -> Vec<Statement> {
    let all = read_log(log);
    let is_marked = |one: &Statement| one.parameters.iter().flatten().any(|value| value == MARKED);
    let marked = all
        .iter()
        .position(|one| is_marked(one) && one.sql.starts_with("INSERT"))
        .expect("the invite");
    let process = all[marked].process.clone();
    let begins = all[..marked]
        .iter()
        .rposition(|one| one.process == process && one.sql.starts_with("BEGIN"))
        .expect("its start");
    let mut own: Vec<Statement> = all
        .into_iter()
        .skip(begins)
        .filter(|one| one.process == process)
        .collect();
    let ends = own
        .iter()
        .position(|one| one.sql.starts_with("COMMIT"))
        .expect("its end");
    own.truncate(ends + 1);
    own
}

fn read_log(log: &str) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for line in log.lines() {
        if let Some(more) = line.strip_prefix('\t') {
            if let Some(last) = statements.last_mut() {
                last.sql += "\n";
                last.sql += more;
            }
            continue;
        }
        let Some((process, said)) = line
            .split_once(" [")
            .and_then(|(_, rest)| rest.split_once("] "))
        else {
            continue;
        };
        let sql = said.strip_prefix("LOG:  statement: ").or_else(|| {
            let executed = said.strip_prefix("LOG:  execute ")?;
            Some(executed.split_once(": ")?.1)
        });
        if let Some(sql) = sql {
            statements.push(Statement {
                process: process.to_owned(),
                sql: sql.to_owned(),
                parameters: Vec::new(),
            });
        } else if let Some((_, list)) = said
            .strip_prefix("DETAIL:  ")
            .and_then(|detail| detail.split_once("arameters: "))
            && let Some(last) = statements.iter_mut().rfind(|one| one.process == process)
        {
            last.parameters = parameters(list);
        }
    }
    statements
}

/// Reads `$1 = 'it''s', $2 = NULL`.
fn parameters(mut list: &str) -> Vec<Option<String>> {
    let mut found = Vec::new();
    while let Some((_, value)) = list.split_once(" = ") {
        let Some(quoted) = value.strip_prefix('\'') else {
            found.push(None);
            list = value;
            continue;
        };
        let mut text = String::new();
        let mut rest = quoted;
        while let Some((before, after)) = rest.split_once('\'') {
            text += before;
            let Some(more) = after.strip_prefix('\'') else {
                rest = after;
                break;
            };
            text.push('\'');
            rest = more;
        }
        found.push(Some(text));
        list = rest;
    }
    found
}

/// The same statements for pgbench. What is unique to the invite gets a number of its own in each run.
fn pgbench_script(statements: &[Statement]) -> String {
    let mut script = "\\set n random(1, 900000000000)\n".to_owned();
    for statement in statements {
        let mut sql = statement.sql.clone();
        for (index, value) in statement.parameters.iter().enumerate().rev() {
            let value = value.as_deref().map_or_else(|| "NULL".to_owned(), literal);
            sql = sql.replace(&format!("${}", index + 1), &value);
        }
        script += &sql;
        script += ";\n";
    }
    script
}

fn literal(value: &str) -> String {
    const NUMBER: &str = "(:n)::bigint::text";
    let is_id = value.len() > 37
        && value.as_bytes()[value.len() - 37] == b'_'
        && value.matches('-').count() == 4;
    if is_id && !value.contains("-0000-7000-8000-") {
        return format!(
            "('{}' || lpad({NUMBER}, 12, '0'))",
            &value[..value.len() - 12]
        );
    }
    if value == MARKED {
        return format!("('marked' || {NUMBER} || '@example.net')");
    }
    if value.len() == 66 && value.starts_with("\\x") {
        return format!("decode(lpad({NUMBER}, 64, '0'), 'hex')");
    }
    // A colon would name a variable of pgbench.
    let value = value
        .replace('\'', "''")
        .replace('\\', "\\\\")
        .replace(':', "\\003A");
    format!("U&'{value}'")
}

/// Transactions a second.
fn run(pgbench: &str, script: &Path, url: &str) -> f64 {
    let connections = CONNECTIONS.to_string();
    let out = Command::new(pgbench)
        .args([
            "--no-vacuum",
            "--protocol=prepared",
            "--max-tries=24",
            "--jobs=2",
        ])
        .args([
            "--client",
            &connections,
            "--time",
            PGBENCH_SECONDS,
            "--file",
        ])
        .args([script.as_os_str(), url.as_ref()])
        .output()
        .expect("pgbench");
    let told = String::from_utf8_lossy(&out.stdout);
    let rate = told.lines().find_map(|line| line.strip_prefix("tps = "));
    let rate = rate.and_then(|rest| rest.split(' ').next()?.parse().ok());
    rate.filter(|_| out.status.success())
        .unwrap_or_else(|| panic!("{told}{}", String::from_utf8_lossy(&out.stderr)))
}
