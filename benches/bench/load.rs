//! Requests over connections that stay open, with as little work on this side as can be.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use crate::serve::Process;

/// Connections at a time.
pub const CONNECTIONS: usize = 32;

/// What one block of requests cost.
#[derive(Clone, Copy)]
pub struct Cost {
    /// Processor time of the server, in microseconds a request.
    pub cpu: f64,
    /// Requests a second.
    pub rate: f64,
}

/// Gets `path` so many times over every connection; `headers` tells those of connection and request.
pub fn block(
    server: &Process,
    path: &str,
    each: usize,
    headers: impl Fn(usize, usize) -> String + Sync,
) -> Cost {
    let before = server.cpu();
    let seconds = drive(&server.address, each, |connection, number| {
        let more = headers(connection, number);
        format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{more}\r\n")
    });
    let requests = (CONNECTIONS * each) as f64;
    Cost {
        cpu: (server.cpu() - before) * 1e6 / requests,
        rate: requests / seconds,
    }
}

/// Sends `each` requests over every connection; how long all took, in seconds.
pub fn drive(address: &str, each: usize, request: impl Fn(usize, usize) -> String + Sync) -> f64 {
    let started = Instant::now();
    std::thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let request = &request;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(address).expect("a connection");
                stream.set_nodelay(true).expect("no delay");
                let mut buffer = vec![0; 256 * 1024];
                for number in 0..each {
                    let request = request(connection, number);
                    stream.write_all(request.as_bytes()).expect("a request");
                    read_answer(&mut stream, &mut buffer);
                }
            });
        }
    });
    started.elapsed().as_secs_f64()
}

/// Reads one answer with a Content-Length; it must be 200 or 201.
fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) {
    let mut filled = 0;
    loop {
        let count = stream.read(&mut buffer[filled..]).expect("an answer");
        assert!(count > 0, "the server closed the connection");
        filled += count;
        let Some(end) = buffer[..filled]
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
        else {
            continue;
        };
        let head = std::str::from_utf8(&buffer[..end]).expect("a head in ASCII");
        assert!(head.starts_with("HTTP/1.1 20"), "{head}");
        let length = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")
                    .map(str::to_owned)
            })
            .and_then(|length| length.parse::<usize>().ok())
            .expect("a length");
        if filled >= end + 4 + length {
            return;
        }
    }
}
