//! How many codes are sent, in numbers that `docs/security.md` repeats. All count, whether or not anything is
//! sent: otherwise the limit would tell who has an account.
//!
//! Six digits, five tries and twenty codes a day: who guesses at one address is right once in 27 years.

use crate::app::App;
use crate::clock::{hours, minutes};
use crate::error::Result;
use crate::limits::{Held, Limit};
use crate::outbox::Channel;

/// Codes for one address in a short while.
const ADDRESS: Limit = Limit {
    name: "code address",
    most: 3,
    within: minutes(15),
};
/// Codes for one address in a day.
const ADDRESS_A_DAY: Limit = Limit {
    name: "code address a day",
    most: 20,
    within: hours(24),
};
/// Codes asked for from one source.
const SOURCE: Limit = Limit {
    name: "code source",
    most: 20,
    within: minutes(15),
};
/// Codes by SMS in a day, all together: each costs money, and some who ask for them earn it.
const SMS_A_DAY: Limit = Limit {
    name: "code sms a day",
    most: 500,
    within: hours(24),
};

/// Counts a code that somebody asks for, before anything is looked up. `address` is the address as it is compared.
///
/// # Errors
/// Too many.
pub fn count(app: &App, channel: Channel, address: &str, source: &str) -> Result<()> {
    let now = app.clock.now();
    app.limits.take(&SOURCE, source, now)?;
    app.limits.take(&ADDRESS, address, now)?;
    app.limits.take(&ADDRESS_A_DAY, address, now)?;
    // Looked at here, and counted when one is sent: else asking for codes to nobody's numbers would use it up.
    if channel == Channel::Sms {
        match app.limits.start(&SMS_A_DAY, "", now) {
            Ok(()) => app.limits.settle(&SMS_A_DAY, "", now, false),
            Err(Held::Reached(wait)) => return Err(wait.into()),
            Err(Held::UnderWay) => {}
        }
    }
    Ok(())
}

/// Counts a code that was sent, after the transaction that sent it.
pub fn sent(app: &App, channel: Channel) {
    if channel == Channel::Sms {
        let now = app.clock.now();
        app.limits.settle(&SMS_A_DAY, "", now, true);
    }
}
