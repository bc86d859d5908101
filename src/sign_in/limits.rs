//! How many tries there are, in numbers that `docs/security.md` repeats.
//!
//! A failure counts for the pair of account and source, so that a stranger cannot lock somebody out; for
//! the source, against trying many accounts; and, far more generously, for the account alone, against
//! trying one account from everywhere.

use std::time::{Duration, Instant};

use crate::app::App;
use crate::clock::{hours, minutes};
use crate::error::{Code, Error, Result};
use crate::limits::{Held, Limit};
use crate::users::model::Address;

/// Wrong passwords for one account from one source.
const PAIR: Limit = Limit {
    name: "sign-in pair",
    most: 5,
    within: minutes(5),
};
/// Wrong passwords from one source.
const SOURCE: Limit = Limit {
    name: "sign-in source",
    most: 50,
    within: minutes(15),
};
/// Wrong passwords for one account.
const ACCOUNT: Limit = Limit {
    name: "sign-in account",
    most: 200,
    within: hours(1),
};
/// Recovery mails for one address.
const RECOVERY_ADDRESS: Limit = Limit {
    name: "recovery address",
    most: 3,
    within: minutes(15),
};
/// Recovery mails asked for from one source.
const RECOVERY_SOURCE: Limit = Limit {
    name: "recovery source",
    most: 20,
    within: minutes(15),
};
/// How long somebody is kept waiting while other tries, which may fail, are under way.
const PATIENCE: Duration = Duration::from_secs(10);

/// A try at a password or a code. Until [`Try::settle`] says otherwise it counts as a failure, also when whoever
/// made it goes away before the answer.
#[must_use]
pub struct Try<'a> {
    app: &'a App,
    keys: [(&'static Limit, String); 3],
    failed: bool,
}

impl<'a> Try<'a> {
    /// Starts a try before anything is looked up or hashed. Waits as long as other tries of the same account
    /// or source are under way that could reach the limit.
    ///
    /// # Errors
    /// `TooMany` when one of the limits is reached; `unavailable` when the others take too long.
    pub async fn start(app: &'a App, account: &str, source: &str) -> Result<Self> {
        let account = Address::normal(account);
        let keys = [
            (&PAIR, format!("{account} {source}")),
            (&SOURCE, source.to_owned()),
            (&ACCOUNT, account),
        ];
        let since = Instant::now();
        loop {
            match start_all(app, &keys) {
                Ok(()) => {
                    return Ok(Self {
                        app,
                        keys,
                        failed: true,
                    });
                }
                Err(Held::Reached(wait)) => return Err(wait.into()),
                Err(Held::UnderWay) if since.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Err(Held::UnderWay) => {
                    return Err(Error::Unavailable("too many tries are under way".into()));
                }
            }
        }
    }

    /// Counts the try by what came of it: only a password or a code that was wrong is a failure.
    pub fn settle<T>(mut self, outcome: &Result<T>) {
        let wrong = |why: &Error| {
            matches!(
                why.code(),
                Code::SignInFailed | Code::CodeInvalid | Code::CodeExpired
            )
        };
        self.failed = outcome.as_ref().err().is_some_and(wrong);
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        let now = self.app.clock.now();
        for (limit, key) in &self.keys {
            self.app.limits.settle(limit, key, now, self.failed);
        }
    }
}

fn start_all(app: &App, keys: &[(&'static Limit, String)]) -> Result<(), Held> {
    let now = app.clock.now();
    for (index, (limit, key)) in keys.iter().enumerate() {
        if let Err(held) = app.limits.start(limit, key, now) {
            for (limit, key) in &keys[..index] {
                app.limits.settle(limit, key, now, false);
            }
            return Err(held);
        }
    }
    Ok(())
}

/// Counts a request for a recovery mail.
///
/// # Errors
/// `TooMany`.
pub fn recovery(app: &App, address: &str, source: &str) -> Result<()> {
    let now = app.clock.now();
    let address = address.trim().to_ascii_lowercase();
    app.limits.take(&RECOVERY_SOURCE, source, now)?;
    Ok(app.limits.take(&RECOVERY_ADDRESS, &address, now)?)
}
