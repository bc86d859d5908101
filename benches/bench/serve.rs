//! The server under measurement: the real one, with a few routes beside the table as floors.

use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use actix_web::{HttpResponse, web};
use vestibule::clock::Clock;
use vestibule::config::Config;
use vestibule::passwords::Cost;
use vestibule::server::Server;

/// What the bare handler answers: the bytes of the answer that it is compared with, handed over as a
/// file.
static ANSWER: OnceLock<(String, String)> = OnceLock::new();

/// A route under `/static/`, where the middleware looks for no credential.
pub const BARE: &str = "/static/bare/answer";

/// Serves until killed. Prints the address.
pub fn serve() {
    let variables = std::env::vars().filter(|(name, _)| name.starts_with("VESTIBULE_"));
    let config = Config::load(variables.filter(|(name, _)| name != "VESTIBULE_TEST_ANSWER"))
        .expect("settings");
    if let Ok(file) = std::env::var("VESTIBULE_TEST_ANSWER") {
        let text = std::fs::read_to_string(file).expect("the answer to give");
        let kind = if text.starts_with('<') {
            "text/html; charset=utf-8"
        } else {
            "application/json"
        };
        ANSWER.set((kind.to_owned(), text)).expect("set once");
    }
    let server = Server::build(config, Clock::System, Cost::STANDARD)
        .expect("a server")
        .beside(|routes| {
            routes.route(BARE, web::get().to(bare));
        });
    println!("{}", server.address());
    actix_web::rt::System::new()
        .block_on(server.run())
        .expect("it runs");
}

async fn bare() -> HttpResponse {
    let (kind, text) = ANSWER
        .get()
        .map(|(kind, text)| (kind.as_str(), text.as_str()))
        .unwrap_or_default();
    HttpResponse::Ok().content_type(kind).body(text)
}

/// A server process on a folder.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: String,
    /// From the start of the process to its first answer, in seconds.
    pub first_answer: f64,
}

impl Process {
    /// Starts this program as a server on the SQLite file of a folder.
    pub fn start(folder: &std::path::Path, answer: Option<&std::path::Path>) -> Self {
        let database = format!("sqlite:{}", folder.join("vestibule.db").display());
        Self::start_on(&database, folder, answer)
    }

    /// Starts this program as a server on a database, with its key file in a folder.
    pub fn start_on(
        database: &str,
        folder: &std::path::Path,
        answer: Option<&std::path::Path>,
    ) -> Self {
        use std::io::BufRead;
        let started = std::time::Instant::now();
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command
            .arg("serve")
            .env_clear()
            .env("VESTIBULE_LISTEN", "127.0.0.1:0")
            .env("VESTIBULE_LOG", "warn")
            .env("VESTIBULE_DATABASE_URL", database)
            .env("VESTIBULE_SECRET_KEY_FILE", folder.join("secret.key"))
            .stdout(Stdio::piped());
        if let Some(answer) = answer {
            command.env("VESTIBULE_TEST_ANSWER", answer);
        }
        let mut child = command.spawn().expect("a server process");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        std::io::BufReader::new(out)
            .read_line(&mut line)
            .expect("its address");
        let address = line.trim().to_owned();
        crate::http::once(&address, "/healthz", "");
        Self {
            child,
            address,
            first_answer: started.elapsed().as_secs_f64(),
        }
    }

    /// Processor time used so far, in seconds, of all its threads.
    pub fn cpu(&self) -> f64 {
        cpu_of(&self.child.id().to_string())
    }

    /// Resident memory in MiB.
    pub fn resident(&self) -> f64 {
        self.memory("VmRSS:")
    }

    /// The most memory that was resident so far, in MiB.
    pub fn peak(&self) -> f64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, which: &str) -> f64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("/proc");
        let line = status
            .lines()
            .find(|line| line.starts_with(which))
            .expect("a figure");
        line.split_whitespace()
            .nth(1)
            .and_then(|kib| kib.parse::<f64>().ok())
            .expect("KiB")
            / 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time that a process has used so far, in seconds, of all its threads.
pub fn cpu_of(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("/proc");
    let after_name = stat.rsplit_once(") ").expect("a name in brackets").1;
    let fields: Vec<&str> = after_name.split(' ').collect();
    let ticks: f64 = fields[11..=12]
        .iter()
        .map(|ticks| ticks.parse::<f64>().expect("ticks"))
        .sum();
    // Linux counts in hundredths of a second everywhere it matters.
    ticks / 100.0
}
