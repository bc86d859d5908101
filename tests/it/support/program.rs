//! The real binary, in a folder of its own and with an environment that holds nothing else.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use tempfile::TempDir;
use vestibule::clock::Clock;
use vestibule::config::DatabaseUrl;
use vestibule::db::{Db, Target};

use super::client::{Api, Browser};

/// A place where the binary runs; `VESTIBULE_TEST_DATABASE_URL` puts its data on a server.
pub struct Program {
    /// The working directory.
    pub folder: TempDir,
    /// Settings beside those that every run has.
    pub settings: Vec<(String, String)>,
    /// How long a command may take; after it, it is killed.
    pub patience: Duration,
    /// How the binary calls itself on a server.
    pub name: String,
    target: Target,
    schema: Option<(String, String)>,
}

/// What a run said.
#[derive(Debug)]
pub struct Said {
    /// The exit code.
    pub code: i32,
    /// The standard output, without the last line break.
    pub out: String,
    /// The standard error.
    pub err: String,
}

impl Said {
    /// The result of a run that succeeded.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// The words of a run that did not, which must have no result.
    #[track_caller]
    pub fn refused(self, code: i32, words: &str) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        assert!(self.err.contains(words), "{words:?} is not in {self:?}");
    }
}

impl Program {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (url, schema) = super::app::database(&folder);
        let target = match url {
            DatabaseUrl::Postgres(url) => Target::Postgres(url),
            DatabaseUrl::Sqlite(_) => Target::Sqlite(folder.path().join("data/vestibule.db")),
        };
        let mut settings = Vec::new();
        let name = schema
            .as_ref()
            .map(|(_, name)| format!("of_{name}"))
            .unwrap_or_default();
        if let Target::Postgres(url) = &target {
            let url = format!("{url}&application_name={name}");
            settings.push(("VESTIBULE_DATABASE_URL".to_owned(), url));
        }
        Self {
            folder,
            settings,
            patience: Duration::from_secs(120),
            name,
            target,
            schema,
        }
    }

    /// Whether the data is in a file.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.target, Target::Sqlite(_))
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same with another setting.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        command
            .args(args)
            .env_clear()
            .env("VESTIBULE_LISTEN", "127.0.0.1:0")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Said {
        self.run_with(args, "")
    }

    /// The same with something on the standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Said {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that refuses before it reads closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        // One that serves instead of refusing would hold up the test for ever.
        let (done, is_done) = std::sync::mpsc::channel::<()>();
        let (id, patience) = (child.id().to_string(), self.patience);
        let guard = std::thread::spawn(move || {
            if is_done.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                drop(Command::new("kill").args(["-9", &id]).status());
            }
        });
        let output = child.wait_with_output().unwrap();
        drop(done);
        guard.join().unwrap();
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout)
                .unwrap()
                .trim_end()
                .to_owned(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts the server and waits until it is ready. Its log goes to `log.txt` in the folder.
    pub fn serve(&self) -> Serving {
        let started = Instant::now();
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("log.txt"))
            .unwrap();
        let mut child = self
            .command(&[])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let mut words = line
            .split_whitespace()
            .filter(|word| word.starts_with("http"));
        let base = words
            .next()
            .unwrap_or_else(|| panic!("no address: {line:?}"))
            .to_owned();
        let set_up_link = words.next().map(str::to_owned);
        let ready = Api::new(&base, None).get("/readyz");
        assert_eq!(ready.status, 200, "{}", ready.body);
        Serving {
            child,
            base,
            set_up_link,
            ready_after: started.elapsed(),
        }
    }

    /// The database, opened beside whoever else has it.
    pub fn db(&self) -> Db {
        Db::open(&self.target, Arc::new(Clock::System)).unwrap()
    }

    /// Counts rows: `SELECT count(*) AS count FROM …`.
    pub fn count(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let counted = self
            .db()
            .read_now(|conn| Ok(diesel::sql_query(sql).get_result::<Count>(conn)?));
        counted.unwrap().count
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some((server, name)) = self.schema.take() {
            super::app::drop_schema(&server, &name);
        }
    }
}

/// The running server.
pub struct Serving {
    child: Child,
    /// Where it listens.
    pub base: String,
    /// The link that makes the first owner, while there is none.
    pub set_up_link: Option<String>,
    /// How long it took from the start to the first answer.
    pub ready_after: Duration,
}

impl Serving {
    pub fn browser(&self) -> Browser {
        Browser::new(&self.base)
    }

    /// A browser signed in with that address and password, or the status of the refusal.
    pub fn sign_in(&self, email: &str, password: &str) -> Result<Browser, u16> {
        let mut browser = self.browser();
        let page = browser.get("/sign-in").page();
        let form = page
            .form("/sign-in")
            .fill("email", email)
            .fill("password", password);
        match browser.submit(form.submit()).status {
            303 => Ok(browser),
            status => Err(status),
        }
    }

    /// Asks it to stop, as an operator does, and waits.
    pub fn terminate(self) -> ExitStatus {
        self.signal();
        self.wait()
    }

    /// Waits until it has ended.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Asks it to stop and does not wait for it.
    pub fn signal(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it between two instructions, wherever it is.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Fails when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
