//! The heartbeat of a process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Parts;

/// What every process does for itself, whoever holds the leases: hear of ended rights twice a second,
/// and write what it noted.
pub(super) struct Heart {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Heart {
    const BEAT: Duration = Duration::from_millis(400);
    /// Beats between two writes of last uses: about every 20 seconds.
    const FLUSH: u32 = 50;

    pub(super) fn start(parts: &Parts) -> std::io::Result<Self> {
        let stopping = Arc::new(AtomicBool::new(false));
        let (parts, flag) = (parts.clone(), stopping.clone());
        let thread = std::thread::Builder::new()
            .name("heart".into())
            .spawn(move || {
                let mut beats = 0_u32;
                while !flag.load(Ordering::Acquire) {
                    if let Err(why) = parts.app.db.refresh_rights() {
                        tracing::warn!(%why, "the revision of rights could not be read");
                    }
                    beats = beats.wrapping_add(1);
                    if beats.is_multiple_of(Self::FLUSH)
                        && let Err(why) = parts.flush()
                    {
                        tracing::warn!(%why, "last uses could not be written");
                    }
                    std::thread::park_timeout(Self::BEAT);
                }
            })?;
        Ok(Self { stopping, thread })
    }

    pub(super) fn stop(self) {
        self.stopping.store(true, Ordering::Release);
        self.thread.thread().unpark();
        if self.thread.join().is_err() {
            tracing::error!("the heart stopped by itself");
        }
    }
}
