//! Programs that run beside the server: proxies, and the apps behind them.

mod paper;
mod proxy;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub use proxy::Proxy;

/// A program that ends with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Fails when it has ended already, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A file of the repository.
pub fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    path.to_str().unwrap().to_owned()
}

/// An app of `examples/`.
pub struct ExampleApp {
    /// Where it listens.
    pub port: u16,
    _running: Running,
}

impl ExampleApp {
    pub fn start(file: &str, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new("python3")
            .args(["-u", &repository(file), "0"])
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|why| panic!("python3 does not start ({why}): run scripts/test proxy"));
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        Self {
            port: line.trim().parse().unwrap(),
            _running: Running(child),
        }
    }
}
