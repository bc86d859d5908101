//! The way to the driver: an asynchronous client on a thread of its own, so that a journey reads from top to bottom.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use url::{ParseError, Url};

/// The longest that one command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The thread that speaks with the driver.
pub(super) struct Worker {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let _ = runtime.block_on(stopped);
        });
        Self {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Opens a browser with these capabilities.
    pub(super) fn connect(&self, driver: &str, capabilities: Map<String, Value>) -> Client {
        let driver = driver.to_owned();
        self.run(async move {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities).connect(&driver).await
        })
        .unwrap_or_else(|error| panic!("no browser: {error}"))
    }

    /// Waits for what a future comes to.
    pub(super) fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let (done, outcome) = mpsc::channel();
        self.handle.spawn(async move { done.send(future.await) });
        outcome
            .recv_timeout(LIMIT)
            .expect("the browser answers within a minute")
    }

    /// Ends the session, unless the browser takes too long. Never panics.
    pub(super) fn close(&self, client: Client) {
        let (done, outcome) = mpsc::channel();
        self.handle
            .spawn(async move { done.send(client.close().await) });
        let _ = outcome.recv_timeout(Duration::from_secs(5));
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A command of ChromeDriver's own: a POST below the session.
#[derive(Debug)]
pub(super) struct Vendor {
    path: &'static str,
    body: Value,
}

impl Vendor {
    pub(super) fn new(path: &'static str, body: Value) -> Self {
        Self { path, body }
    }
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
