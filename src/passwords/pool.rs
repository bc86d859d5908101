//! The bounded pool of threads that hash.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::hash::{Cost, Hasher, PasswordHash, Verdict};
use super::strength::MAX_BYTES;

/// Passwords that may wait for a thread. With two threads and the standard cost the last one waits
/// about four seconds.
const QUEUE: usize = 512;

/// Too many passwords are waiting, or there is no memory to hash one: answer 503 with
/// `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

impl std::fmt::Display for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too many passwords are being checked; try again in a few seconds")
    }
}

impl std::error::Error for Busy {}

type Job = Box<dyn FnOnce(&mut Hasher) + Send>;

/// Hashes and checks passwords in threads of its own, each with memory of its own that it keeps.
///
/// Dropping it ends the threads after the hash they are at.
pub struct Passwords {
    queue: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Passwords {
    /// Starts one thread for each core, at least one and at most `most_threads`. Memory is taken
    /// when a thread hashes for the first time.
    ///
    /// # Errors
    /// When argon2 cannot work at this cost or a thread cannot be started.
    pub fn start(cost: Cost, most_threads: usize) -> io::Result<Self> {
        let recipe = cost
            .recipe()
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error.to_string()))?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let (sender, receiver) = sync_channel(QUEUE);
        let receiver = Arc::new(Mutex::new(receiver));
        let threads = (0..cores.min(most_threads).max(1))
            .map(|number| {
                let receiver = Arc::clone(&receiver);
                let hasher = Hasher::new(recipe.clone());
                thread::Builder::new()
                    .name(format!("passwords-{number}"))
                    .spawn(move || work(&receiver, hasher))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self {
            queue: Some(sender),
            threads,
        })
    }

    /// Hashes `password` for storage. Check it with `check_strength` first.
    ///
    /// # Errors
    /// `Busy`, at once when the queue is full.
    pub async fn hash(&self, password: String) -> Result<PasswordHash, Busy> {
        let password = Zeroizing::new(password);
        self.run(move |hasher| hasher.hash(&password)).await
    }

    /// Compares `password` with the stored hash. Pass `None` for somebody who is unknown or has no
    /// password: it takes the same time and the answer is `Wrong`.
    ///
    /// A password of more than 1,024 bytes is `Wrong` without being hashed, whoever is asked about.
    ///
    /// # Errors
    /// `Busy`, at once when the queue is full.
    pub async fn verify(
        &self,
        password: String,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, Busy> {
        let password = Zeroizing::new(password);
        if password.len() > MAX_BYTES {
            return Ok(Verdict::Wrong);
        }
        self.run(move |hasher| hasher.verify(&password, stored.as_ref()))
            .await
    }

    async fn run<T, F>(&self, task: F) -> Result<T, Busy>
    where
        T: Send + 'static,
        F: FnOnce(&mut Hasher) -> Option<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |hasher| {
            // Whoever asked may have gone away while this waited; then nothing is computed.
            if !answer.is_closed() {
                drop(answer.send(task(hasher)));
            }
        });
        let queue = self.queue.as_ref().ok_or(Busy)?;
        queue.try_send(job).map_err(|_| Busy)?;
        answered.await.ok().flatten().ok_or(Busy)
    }
}

impl Drop for Passwords {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // A thread catches the panics of its jobs, so there is nothing to hear from it.
            drop(thread.join());
        }
    }
}

/// Takes jobs until the other end of the queue is gone.
fn work(receiver: &Mutex<Receiver<Job>>, mut hasher: Hasher) {
    loop {
        let next = receiver.lock().map(|queue| queue.recv());
        let Ok(Ok(job)) = next else { return };
        // A panic costs one answer, not a thread: without threads nobody could sign in.
        if catch_unwind(AssertUnwindSafe(|| job(&mut hasher))).is_err() {
            tracing::error!("hashing a password panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn hashes_and_verifies() {
        let passwords = Passwords::start(Cost::CHEAP, 4).unwrap();
        block_on(async {
            let right = "correct horse battery".to_owned();
            let hash = passwords.hash(right.clone()).await.unwrap();
            let verdict = passwords.verify(right, Some(hash.clone())).await;
            assert_eq!(verdict, Ok(Verdict::Right));
            let verdict = passwords.verify("wrong".to_owned(), Some(hash)).await;
            assert_eq!(verdict, Ok(Verdict::Wrong));
            let verdict = passwords.verify("wrong".to_owned(), None).await;
            assert_eq!(verdict, Ok(Verdict::Wrong));
        });
    }

    #[test]
    fn an_overlong_password_is_wrong_without_being_hashed() {
        let passwords = Passwords::start(Cost::CHEAP, 1).unwrap();
        let gate = block_the_thread(&passwords);
        let long = "x".repeat(MAX_BYTES + 1);
        assert_eq!(block_on(passwords.verify(long, None)), Ok(Verdict::Wrong));
        drop(gate);
    }

    #[test]
    fn a_cost_that_argon2_cannot_do_is_an_error() {
        let cost = Cost {
            memory_kib: 1,
            ..Cost::CHEAP
        };
        assert!(Passwords::start(cost, 1).is_err());
    }

    /// Holds the only thread until the gate is dropped.
    fn block_the_thread(passwords: &Passwords) -> mpsc::Sender<()> {
        assert_eq!(passwords.threads.len(), 1);
        let (gate, opened) = mpsc::channel::<()>();
        let (ready, started) = mpsc::channel();
        let job: Job = Box::new(move |_| {
            ready.send(()).unwrap();
            opened.recv().unwrap_err();
        });
        passwords
            .queue
            .as_ref()
            .unwrap()
            .try_send(job)
            .ok()
            .unwrap();
        started.recv_timeout(Duration::from_secs(10)).unwrap();
        gate
    }

    /// Asks once, as a runtime does first.
    fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_full_queue_says_so_at_once_and_serves_those_in_it() {
        let passwords = Passwords::start(Cost::CHEAP, 1).unwrap();
        let gate = block_the_thread(&passwords);
        let mut waiting: Vec<_> = (0..QUEUE)
            .map(|_| Box::pin(passwords.hash("waits".to_owned())))
            .collect();
        for future in &mut waiting {
            assert!(poll(future.as_mut()).is_pending());
        }
        let late = pin!(passwords.hash("late".to_owned()));
        assert!(matches!(poll(late), Poll::Ready(Err(Busy))));
        drop(gate);
        for future in waiting {
            assert!(block_on(future).is_ok());
        }
    }

    #[test]
    fn those_who_went_away_cost_nothing() {
        let passwords = Passwords::start(Cost::CHEAP, 1).unwrap();
        let gate = block_the_thread(&passwords);
        let (ran, runs) = mpsc::channel::<()>();
        {
            let asked = pin!(passwords.run(move |_| ran.send(()).ok()));
            assert!(poll(asked).is_pending());
        }
        drop(gate);
        drop(passwords);
        assert!(runs.recv().is_err(), "the task never ran");
    }

    #[test]
    fn a_panic_costs_one_answer() {
        let passwords = Passwords::start(Cost::CHEAP, 1).unwrap();
        block_on(async {
            let failed = passwords.run::<(), _>(|_| panic!("on purpose")).await;
            assert_eq!(failed, Err(Busy));
            assert!(passwords.hash("still works".to_owned()).await.is_ok());
        });
    }
}
