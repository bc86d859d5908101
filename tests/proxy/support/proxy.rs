//! nginx and Caddy, with what the paper says and the addresses of a test.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::paper::configuration;
use super::{Running, free_port, repository};
use crate::suite::app::TestApp;

/// A reverse proxy in front of an app.
pub struct Proxy {
    /// Where clients come to.
    pub base: String,
    running: Option<Running>,
    folder: TempDir,
}

impl Proxy {
    /// nginx, in front of an app on this port.
    pub fn nginx(app: &TestApp, behind: u16) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let site = configuration(
            "nginx",
            &[
                ("listen 443 ssl;", &format!("listen 127.0.0.1:{port};")),
                ("127.0.0.1:8080", host(app)),
                ("127.0.0.1:9000", &format!("127.0.0.1:{behind}")),
            ],
        );
        let at = folder.path().display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|name| format!("{name}_temp_path {at}/{name};\n"));
        let whole = format!(
            "daemon off;\nerror_log stderr;\npid {at}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{}{site}}}\n",
            temporary.concat()
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, whole).unwrap();
        let mut command = Command::new(program("nginx"));
        command.arg("-p").arg(folder.path()).arg("-c").arg(&file);
        Self::start(command, folder, port)
    }

    /// Caddy, in front of an app on this port.
    pub fn caddy(app: &TestApp, behind: u16) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
        let site = configuration(
            "caddy",
            &[
                (
                    "search.example.org {",
                    &format!("http://127.0.0.1:{port} {{"),
                ),
                ("127.0.0.1:8080", host(app)),
                ("127.0.0.1:9000", &format!("127.0.0.1:{behind}")),
            ],
        );
        let file = folder.path().join("Caddyfile");
        std::fs::write(&file, format!("{{\n\tadmin off\n}}\n{site}")).unwrap();
        let mut command = Command::new(program("caddy"));
        command
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(&file)
            .env("HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path());
        Self::start(command, folder, port)
    }

    fn start(mut command: Command, folder: TempDir, port: u16) -> Self {
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = command.stdin(Stdio::null()).stderr(log).spawn().unwrap();
        let mut proxy = Self {
            base: format!("http://127.0.0.1:{port}"),
            running: Some(Running(child)),
            folder,
        };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = proxy.running.as_mut().unwrap().0.try_wait().unwrap();
            let waits = ended.is_none() && started.elapsed() < Duration::from_secs(20);
            assert!(waits, "the proxy does not listen: {}", proxy.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        proxy
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Its workers end when it is asked to, and not when it is killed.
        if let Some(mut running) = self.running.take() {
            let ask = format!("kill -TERM {}", running.0.id());
            let _ = Command::new("sh").args(["-c", &ask]).status();
            let _ = running.0.wait();
        }
    }
}

/// Host and port of the server.
fn host(app: &TestApp) -> &str {
    app.base.strip_prefix("http://").unwrap()
}

/// Where a program is. Debian keeps servers out of the path of who is not root; what is no part of a system lies in `target`.
fn program(name: &str) -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&paths).chain([
        "/usr/sbin".into(),
        "/usr/local/sbin".into(),
        repository("target/caddy/usr/bin").into(),
    ]);
    let found = folders
        .map(|folder| folder.join(name))
        .find(|path| Path::is_file(path));
    found.unwrap_or_else(|| panic!("{name} is not installed: run scripts/test proxy"))
}
