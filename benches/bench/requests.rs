//! Requests beside a bare handler that answers the same bytes.

use std::path::Path;

use vestibule::config::DatabaseUrl;
use vestibule::server::Parts;

use crate::http::{body, once, post};
use crate::lists::database;
use crate::load::{Cost, block, block_of_forms};
use crate::serve::{BARE, Process};
use crate::{BLOCKS, median, seed};

/// Requests of a connection in a block.
const EACH: usize = 1_000;
/// The same where each request needs a key of its own.
const EACH_MISS: usize = 100;

/// `GET /api/v1/me`, with the key known and unknown to the cache.
pub fn me() {
    let (folder, parts) = seed::empty();
    seed::users(&parts, 1_000);
    let keys = seed::keys(&parts, 32 * EACH_MISS * (BLOCKS + 1));
    drop(parts);
    let bearer = |key: &str| format!("Authorization: Bearer {key}\r\n");
    let answer = folder.path().join("answer");
    {
        let server = Process::start(folder.path(), None);
        std::fs::write(
            &answer,
            body(&server.address, "/api/v1/me", &bearer(&keys[0])),
        )
        .expect("the answer");
    }
    let server = Process::start(folder.path(), Some(&answer));
    let (mut floor, mut hit, mut miss) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=BLOCKS {
        let bare = block(&server, BARE, EACH, |_, _| String::new());
        let known = block(&server, "/api/v1/me", EACH, |_, _| bearer(&keys[0]));
        let unknown = block(&server, "/api/v1/me", EACH_MISS, |connection, number| {
            bearer(&keys[(round * 32 + connection) * EACH_MISS + number])
        });
        // The first round warms up.
        if round > 0 {
            floor.push(bare);
            hit.push(known);
            miss.push(unknown);
        }
    }
    let base = tell("bare handler, same bytes as /api/v1/me", &floor, None);
    tell(
        "GET /api/v1/me, key in the cache (at most 1.4)",
        &hit,
        Some(base),
    );
    tell(
        "GET /api/v1/me, key not in the cache (at most 6)",
        &miss,
        Some(base),
    );
}

/// `POST /oauth2/introspect`, with the key that is shown known and unknown to the cache, on both databases.
pub fn introspect() {
    const PATH: &str = "/oauth2/introspect";
    let on = |database: &str, parts: Parts, folder: &Path| {
        let keys = seed::keys(&parts, 1 + 32 * EACH_MISS * (BLOCKS + 1));
        drop(parts);
        let (own, shown) = keys.split_first().expect("keys");
        let bearer = format!("Authorization: Bearer {own}\r\n");
        let token = |key: &str| format!("token={key}");
        let answer = folder.join("answer");
        {
            let server = Process::start_on(database, folder, None);
            let headers = format!("{bearer}Content-Type: application/x-www-form-urlencoded\r\n");
            let whole = post(&server.address, PATH, &headers, &token(&shown[0]));
            let body = whole.split_once("\r\n\r\n").expect("a body").1;
            assert!(body.contains("\"active\":true"), "{body}");
            std::fs::write(&answer, body).expect("the answer");
        }
        let server = Process::start_on(database, folder, Some(&answer));
        let (mut floor, mut posted) = (Vec::new(), Vec::new());
        let (mut hit, mut miss) = (Vec::new(), Vec::new());
        for round in 0..=BLOCKS {
            let bare = block(&server, BARE, EACH, |_, _| String::new());
            let same = |_: usize, _: usize| token(&shown[0]);
            let bare_post = block_of_forms(&server, BARE, &bearer, EACH, same);
            let known = |_: usize, _: usize| token(&shown[0]);
            let known = block_of_forms(&server, PATH, &bearer, EACH, known);
            let unknown = |connection: usize, number: usize| {
                token(&shown[(round * 32 + connection) * EACH_MISS + number])
            };
            let unknown = block_of_forms(&server, PATH, &bearer, EACH_MISS, unknown);
            if round > 0 {
                floor.push(bare);
                posted.push(bare_post);
                hit.push(known);
                miss.push(unknown);
            }
        }
        let base = tell("bare handler, same bytes as the answer", &floor, None);
        tell(
            "bare handler that takes the same request",
            &posted,
            Some(base),
        );
        tell(
            "introspection, key in the cache (at most 1.5)",
            &hit,
            Some(base),
        );
        tell(
            "introspection, key not in the cache (at most 6)",
            &miss,
            Some(base),
        );
    };
    let (folder, parts) = seed::empty();
    seed::owner(&parts);
    on(
        &format!("sqlite:{}", folder.path().join("vestibule.db").display()),
        parts,
        folder.path(),
    );
    let Ok(server) = std::env::var("VESTIBULE_BENCH_POSTGRES") else {
        println!("  PostgreSQL: not measured, scripts/bench starts one where it is installed");
        return;
    };
    println!("on PostgreSQL, where a key that is not in the cache costs one round trip:");
    let server = database(&server, "introspect");
    let folder = tempfile::tempdir().expect("a folder");
    let parsed = DatabaseUrl::parse(&server).expect("a URL");
    let parts = seed::open_on(parsed, folder.path());
    seed::owner(&parts);
    on(&server, parts, folder.path());
}

/// The first page of 100,000 users as HTML.
pub fn users_page() {
    let (folder, parts) = seed::empty();
    seed::users(&parts, 100_000);
    let password = "seven quiet lighthouses";
    seed::session(&parts, password);
    drop(parts);
    let answer = folder.path().join("answer");
    {
        let server = Process::start(folder.path(), None);
        let cookie = sign_in(&server, password);
        std::fs::write(&answer, body(&server.address, "/admin/users", &cookie))
            .expect("the answer");
    }
    let server = Process::start(folder.path(), Some(&answer));
    let cookie = sign_in(&server, password);
    let (mut floor, mut page) = (Vec::new(), Vec::new());
    for round in 0..=BLOCKS {
        let bare = block(&server, BARE, EACH / 4, |_, _| String::new());
        let shown = block(&server, "/admin/users", EACH / 20, |_, _| cookie.clone());
        if round > 0 {
            floor.push(bare);
            page.push(shown);
        }
    }
    let base = tell("bare handler, same bytes as /admin/users", &floor, None);
    tell(
        "GET /admin/users, 100,000 users, 50 rows (at most 25)",
        &page,
        Some(base),
    );
}

/// Signs the first user in; the header with the cookies.
pub fn sign_in(server: &Process, password: &str) -> String {
    use std::io::{Read, Write};
    let page = once(&server.address, "/sign-in", "");
    let between = |text: &str, start: &str, end: &str| {
        let rest = text.split_once(start).expect("the start").1;
        rest.split_once(end).expect("the end").0.to_owned()
    };
    let before = between(&page, "set-cookie: ", ";");
    let csrf = between(&page, "name=\"csrf\" value=\"", "\"");
    let fields = [
        ("csrf", csrf.as_str()),
        ("email", "user1@example.org"),
        ("password", password),
    ];
    let form = serde_urlencoded::to_string(fields).expect("a form");
    let mut stream = std::net::TcpStream::connect(&server.address).expect("a connection");
    let request = format!(
        "POST /sign-in HTTP/1.1\r\nHost: {}\r\nCookie: {before}\r\nContent-Type: \
         application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
        server.address,
        form.len()
    );
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    format!("Cookie: {}\r\n", between(&answer, "set-cookie: ", ";"))
}

fn tell(name: &str, blocks: &[Cost], floor: Option<f64>) -> f64 {
    let cpu = median(blocks.iter().map(|cost| cost.cpu).collect());
    let rate = median(blocks.iter().map(|cost| cost.rate).collect());
    let ratio = floor
        .map(|floor| format!("{:.2}", cpu / floor))
        .unwrap_or_default();
    println!("{name:<52} {cpu:>10.1} {rate:>10.0} {ratio:>8}");
    cpu
}
