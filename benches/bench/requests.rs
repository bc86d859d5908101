//! Requests beside a bare handler that answers the same bytes.

use crate::http::{body, once};
use crate::load::{Cost, block};
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
