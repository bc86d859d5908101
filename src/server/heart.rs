//! What a process does for itself while it serves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Parts;
use crate::error::Result;

/// What every process does for itself, whoever holds the leases: hear of ended rights twice a second,
/// and write what it noted. Two threads, because a writer that is busy must not make the process deaf.
pub(super) struct Heart {
    stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Heart {
    const BEAT: Duration = Duration::from_millis(400);
    const WRITE: Duration = Duration::from_secs(20);

    pub(super) fn start(parts: &Parts) -> std::io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let threads = vec![
            beat(
                "heart",
                Self::BEAT,
                stopping.clone(),
                parts.clone(),
                |parts| parts.app.db.refresh_rights(),
            )?,
            beat(
                "last-uses",
                Self::WRITE,
                stopping.clone(),
                parts.clone(),
                |parts| {
                    let db = &parts.app.db;
                    let sessions = parts.seen.flush(db);
                    let keys = parts.keys.usage.flush(db);
                    let misuse = parts.keys.misuse.flush(&parts.app);
                    let links = parts.opened.flush(db);
                    sessions.and(keys).and(misuse).and(links).map(drop)
                },
            )?,
        ];
        Ok(Self { stopping, threads })
    }

    pub(super) fn stop(self) {
        self.stopping.store(true, Ordering::Release);
        for thread in self.threads {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("work of this process ended by itself");
            }
        }
    }
}

/// A thread that does something again and again until it is told to stop.
fn beat(
    name: &'static str,
    every: Duration,
    stopping: Arc<AtomicBool>,
    parts: Parts,
    work: fn(&Parts) -> Result<()>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            while !stopping.load(Ordering::Acquire) {
                if let Err(why) = work(&parts) {
                    tracing::warn!(name, %why, "work of this process failed; it is tried again");
                }
                std::thread::park_timeout(every);
            }
        })
}
