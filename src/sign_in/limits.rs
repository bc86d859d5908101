//! How many tries there are, in numbers that `docs/security.md` repeats.
//!
//! A failure counts for the pair of account and source, so that a stranger cannot lock somebody out; for
//! the source, against trying many accounts; and, far more generously, for the account alone, against
//! trying one account from everywhere.

use crate::app::App;
use crate::clock::{hours, minutes};
use crate::error::{Error, Result};
use crate::limits::Limit;

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
/// A try at a password that is counted already; [`Try::succeeded`] takes the count back.
#[must_use]
pub struct Try<'a> {
    app: &'a App,
    keys: [(&'static Limit, String); 3],
}

impl<'a> Try<'a> {
    /// Counts a try before it is made, so that many at once cannot pass the limit together.
    ///
    /// # Errors
    /// `TooMany` when one of the limits is reached.
    pub fn start(app: &'a App, account: &str, source: &str) -> Result<Self> {
        let account = account.trim().to_ascii_lowercase();
        let keys = [
            (&PAIR, format!("{account} {source}")),
            (&SOURCE, source.to_owned()),
            (&ACCOUNT, account),
        ];
        for (index, (limit, key)) in keys.iter().enumerate() {
            if let Err(wait) = app.limits.take(limit, key, app.clock.now()) {
                for (limit, key) in &keys[..index] {
                    app.limits.give_back(limit, key);
                }
                return Err(Error::TooMany(wait.0));
            }
        }
        Ok(Self { app, keys })
    }

    /// The password was right: only failures count.
    pub fn succeeded(self) {
        for (limit, key) in &self.keys {
            self.app.limits.give_back(limit, key);
        }
    }
}

/// Counts a request for a recovery mail.
///
/// # Errors
/// `TooMany`.
pub fn recovery(app: &App, address: &str, source: &str) -> Result<()> {
    let now = app.clock.now();
    let address = address.trim().to_ascii_lowercase();
    app.limits
        .take(&RECOVERY_SOURCE, source, now)
        .map_err(|wait| Error::TooMany(wait.0))?;
    app.limits
        .take(&RECOVERY_ADDRESS, &address, now)
        .map_err(|wait| Error::TooMany(wait.0))
}
