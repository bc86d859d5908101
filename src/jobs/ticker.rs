//! Running jobs: for as long as the server runs, or once until nothing is due.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Job;
use super::lease::Leases;
use crate::clock::{Span, Time, seconds};
use crate::db::Db;
use crate::error::{Error, Result};

/// Commits wake the jobs at most this often.
const PAUSE: Duration = Duration::from_millis(100);
/// Without a commit they wake this often: time passes, and other processes commit too.
const PATIENCE: Duration = Duration::from_secs(1);
/// A job that failed rests for this long, so that it does not fill the log.
const REST: Span = seconds(10);
/// More rounds than any real work takes: a job that always finds something to do never ends.
const ROUNDS: usize = 100_000;

/// The background work of a process. A thread hands the jobs that are due to their own threads, so one
/// that hangs (a mail server that does not answer) holds up no other.
pub struct Ticker {
    stopping: Arc<AtomicBool>,
    db: Db,
    thread: JoinHandle<()>,
}

impl Ticker {
    /// Starts the jobs.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start<C>(context: Arc<C>, db: Db, jobs: Vec<Job<C>>) -> std::io::Result<Self>
    where
        C: Send + Sync + 'static,
    {
        let stopping = Arc::new(AtomicBool::new(false));
        let (theirs, flag) = (db.clone(), stopping.clone());
        let thread = std::thread::Builder::new()
            .name("ticker".into())
            .spawn(move || tick(&*context, &theirs, &jobs, &flag, PATIENCE))?;
        Ok(Self {
            stopping,
            db,
            thread,
        })
    }

    /// Lets running jobs finish what they are at, gives the leases back and ends.
    pub fn stop(self) {
        self.stopping.store(true, Ordering::Release);
        self.db.bell().ring();
        if self.thread.join().is_err() {
            tracing::error!("the background work ended by itself");
        }
    }
}

/// Runs every job until nothing is left to do, whatever its `every`, and says how much was done. Takes
/// no leases: who asks for it wants all to be done when it ends, also right after another process died
/// and while another works beside it.
///
/// # Errors
/// The first error of a job; the others are done all the same.
pub fn run_until_idle<C>(context: &C, jobs: &[Job<C>]) -> Result<usize> {
    let mut failed = None;
    let mut broken: Vec<&str> = Vec::new();
    let mut done = 0;
    for _ in 0..ROUNDS {
        let mut round = 0;
        for job in jobs {
            if broken.contains(&job.name) {
                continue;
            }
            match attempt(context, job) {
                Ok(count) => round += count,
                Err(why) => {
                    broken.push(job.name);
                    failed.get_or_insert(why);
                }
            }
        }
        if round == 0 {
            return failed.map_or(Ok(done), Err);
        }
        done += round;
    }
    Err(Error::internal(
        "the background work does not come to an end",
    ))
}

/// Runs a job once; a failure or a panic is told in the log.
fn attempt<C>(context: &C, job: &Job<C>) -> Result<usize> {
    let result = catch_unwind(AssertUnwindSafe(|| (job.run)(context)))
        .unwrap_or_else(|_| Err(Error::internal("the job panicked")));
    if let Err(why) = &result {
        tracing::error!(job = job.name, %why, "a job failed");
    }
    result
}

/// One job as the ticker sees it.
struct Worker<'a, C> {
    job: &'a Job<C>,
    wake: SyncSender<()>,
    failed: Arc<AtomicBool>,
    due: Option<Time>,
}

impl<C> Worker<'_, C> {
    fn wake_if_due(&mut self, now: Time) {
        if self.failed.swap(false, Ordering::AcqRel) {
            self.due = Some(now.plus(REST));
        }
        if self.due.is_some_and(|due| due > now) {
            return;
        }
        self.due = Some(now.plus(self.job.every));
        // Full: it is still at work, and looks again when it is done.
        let _ = self.wake.try_send(());
    }
}

/// Wakes the jobs whose leases this process holds, after each commit and after `patience` at most, until it is
/// told to stop; then waits for them.
fn tick<C: Sync>(context: &C, db: &Db, jobs: &[Job<C>], stopping: &AtomicBool, patience: Duration) {
    let names: Vec<&'static str> = jobs.iter().map(|job| job.name).collect();
    let mut leases = Leases::new(db.clone());
    std::thread::scope(|scope| {
        let mut workers: Vec<_> = jobs
            .iter()
            .map(|job| {
                let (wake, woken) = sync_channel(1);
                let failed = Arc::new(AtomicBool::new(false));
                let flag = failed.clone();
                scope.spawn(move || work(context, job, &woken, &flag, stopping));
                Worker {
                    job,
                    wake,
                    failed,
                    due: None,
                }
            })
            .collect();
        while !stopping.load(Ordering::Acquire) {
            let now = db.clock().now();
            if let Err(why) = leases.keep(&names, now) {
                tracing::warn!(%why, "the leases of the jobs could not be kept");
            }
            for worker in workers
                .iter_mut()
                .filter(|worker| leases.holds(worker.job.name, now))
            {
                worker.wake_if_due(now);
            }
            std::thread::sleep(PAUSE);
            db.bell().wait(patience);
        }
    });
    if let Err(why) = leases.release() {
        tracing::warn!(%why, "the leases of the jobs could not be given back");
    }
}

/// The thread of one job: at each wake it works until nothing is left. Ends when the ticker lets go of it.
fn work<C>(
    context: &C,
    job: &Job<C>,
    woken: &Receiver<()>,
    failed: &AtomicBool,
    stopping: &AtomicBool,
) {
    while woken.recv().is_ok() {
        while !stopping.load(Ordering::Acquire) {
            match attempt(context, job) {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => {
                    failed.store(true, Ordering::Release);
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Instant;

    use super::*;
    use crate::db::scratch::Scratch;

    #[derive(Default)]
    struct Counters {
        left: AtomicUsize,
        runs: AtomicUsize,
        hourly: AtomicUsize,
    }

    fn countdown(counters: &Counters) -> Result<usize> {
        counters.runs.fetch_add(1, Ordering::SeqCst);
        let took = counters
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        Ok(usize::from(took.is_ok()))
    }

    fn panics(_: &Counters) -> Result<usize> {
        panic!("a job that panics")
    }

    fn fails(_: &Counters) -> Result<usize> {
        Err(Error::internal("a job that fails"))
    }

    fn hourly(counters: &Counters) -> Result<usize> {
        counters.hourly.fetch_add(1, Ordering::SeqCst);
        Ok(0)
    }

    fn jobs() -> Vec<Job<Counters>> {
        let job = |name, every, run| Job { name, every, run };
        vec![
            job("panics", Span::default(), panics as fn(&Counters) -> _),
            job("fails", Span::default(), fails),
            job("countdown", Span::default(), countdown),
            job("hourly", crate::clock::hours(1), hourly),
        ]
    }

    fn until(what: impl Fn() -> bool) {
        let started = Instant::now();
        while !what() {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "it never came true"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn all_that_is_due_is_done_and_a_failure_is_told_at_the_end() {
        let counters = Counters {
            left: AtomicUsize::new(5),
            ..Counters::default()
        };
        assert_eq!(run_until_idle(&counters, &jobs()[2..]).unwrap(), 5);
        counters.left.store(3, Ordering::SeqCst);
        assert!(run_until_idle(&counters, &jobs()).is_err());
        assert_eq!(
            counters.left.load(Ordering::SeqCst),
            0,
            "the others are done all the same"
        );
    }

    /// Ends a ticker with the test, also when the test fails.
    struct Stop<'a>(&'a AtomicBool, &'a Db);

    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
            self.1.bell().ring();
        }
    }

    #[test]
    fn a_commit_wakes_the_jobs_and_stopping_ends_them() {
        let scratch = Scratch::new();
        let counters = Counters::default();
        let stopping = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let jobs = jobs();
            let (counters, stopping, db) = (&counters, &stopping, &scratch.db);
            // Longer than `until` waits: what wakes the jobs is the bell.
            let patience = Duration::from_secs(40);
            let ticker = scope.spawn(move || tick(counters, db, &jobs, stopping, patience));
            let stop = Stop(stopping, db);
            until(|| counters.runs.load(Ordering::SeqCst) > 0);
            counters.left.store(2, Ordering::SeqCst);
            scratch.tamper("DELETE FROM facts");
            until(|| counters.left.load(Ordering::SeqCst) == 0);
            assert_eq!(counters.hourly.load(Ordering::SeqCst), 1);
            scratch.clock.advance(crate::clock::hours(1));
            scratch.tamper("DELETE FROM facts");
            until(|| counters.hourly.load(Ordering::SeqCst) == 2);
            drop(stop);
            ticker.join().unwrap();
        });
        let mut next = Leases::new(scratch.db.clone());
        let now = scratch.clock.now();
        next.keep(&["countdown"], now).unwrap();
        assert!(
            next.holds("countdown", now),
            "stopping gives the leases back"
        );
    }

    #[test]
    fn of_two_processes_one_runs_a_job() {
        let scratch = Scratch::new();
        let other = scratch.again();
        let (first, second) = (Counters::default(), Counters::default());
        let stopping = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| tick(&first, &scratch.db, &jobs()[2..], &stopping, PATIENCE));
            scope.spawn(|| tick(&second, &other, &jobs()[2..], &stopping, PATIENCE));
            let runs = || {
                (
                    first.runs.load(Ordering::SeqCst),
                    second.runs.load(Ordering::SeqCst),
                )
            };
            until(|| runs().0 + runs().1 >= 3);
            stopping.store(true, Ordering::Release);
            assert!(runs().0 == 0 || runs().1 == 0, "{:?}", runs());
        });
    }
}
