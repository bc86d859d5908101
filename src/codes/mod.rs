//! Codes of six digits that prove an address: sent to it by mail or SMS, and entered here.
//!
//! A code works once, for ten minutes, and for what it was asked for: it is bound to its purpose, to the subject
//! (the browser or the invite that asked) and to the address. A newer one ends the older ones of the same three.
//! Six digits can be searched, so the table keeps an HMAC under a key that is not in the database, and a code may
//! be tried five times.
//!
//! A refused action leaves nothing behind, and a try has to be counted all the same. So it is paid for first: [`pay`]
//! takes one try off in a transaction of its own, and only who has paid can [`take`] the code in the transaction of
//! the action. Of any number of tries at once, five are looked at.
//!
//! Whether an address has an account must not show (product rule 7). So a code is made for every address that is
//! asked about, and is sent to those alone that may have one: see [`make`] and [`send`].

mod limits;
mod mail;
mod store;

pub use limits::{count, sent};

use crate::app::App;
use crate::clock::{Span, hours, minutes};
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::ids::CodeId;
use crate::outbox::{self, Channel, Frame};
use crate::secret::six_digits;
use mail::CodeMail;

crate::words! {
    /// What a code is good for.
    pub enum Purpose {
        /// Sign in.
        SignIn = "sign_in",
        /// Prove again who is signed in.
        Confirm = "confirm",
        /// Add an address to an account.
        Login = "login",
        /// Make an account while registration is open.
        Register = "register",
        /// Accept an invite.
        Invite = "invite",
    }
}

/// How long a code works, at most ten minutes (ASVS V6.5.5).
pub const LIFETIME: Span = minutes(10);
/// How often it may be tried.
const TRIES: i32 = 5;
/// The kind of the messages in the outbox.
pub const KIND: &str = "code";

/// What a code is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What it is good for.
    pub purpose: Purpose,
    /// Who asked: a session, the random cookie of a browser, an invite.
    pub subject: String,
    /// The address that it proves, as addresses are compared.
    pub address: String,
}

impl Claim {
    /// The parts and the code, with their lengths before them, so that no two read the same.
    fn data(&self, code: &str) -> Vec<u8> {
        let mut data = Vec::new();
        for part in [self.purpose.as_str(), &self.subject, &self.address, code] {
            data.extend_from_slice(&(part.len() as u64).to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }
}

/// A code on its way to the person. Shown nowhere.
pub struct PlainCode(String);

impl PlainCode {
    /// The six digits.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// A try that is paid for. There is no other way to [`take`] a code.
#[derive(Clone, Debug)]
#[must_use]
pub struct Paid {
    id: CodeId,
    claim: Claim,
}

/// What the key for the digests is derived for.
const MAC: &str = "code";

/// Makes a code; older ones of the same claim stop working. Made for any address that is asked about.
///
/// # Errors
/// When the database refuses.
pub fn make(tx: &mut Tx<'_>, app: &App, claim: &Claim) -> Result<PlainCode> {
    let now = tx.now;
    store::end_all(tx, claim, now)?;
    let code = PlainCode(six_digits());
    let new = store::NewCode {
        id: CodeId::new(now),
        purpose: claim.purpose,
        subject: &claim.subject,
        address_norm: &claim.address,
        digest: app.master.mac(MAC, &claim.data(&code.0)).to_vec(),
        tries_left: TRIES,
        created_at: now,
        expires_at: now.plus(LIFETIME),
    };
    store::insert(tx, &new)?;
    Ok(code)
}

/// Sends a code to an address, as it was written, in the language of the frame.
///
/// # Errors
/// When the database refuses.
pub fn send(
    tx: &mut Tx<'_>,
    app: &App,
    frame: &Frame,
    code: &PlainCode,
    to: (Channel, &str),
) -> Result<()> {
    let (channel, address) = to;
    let letter = match channel {
        Channel::Mail => {
            let mail = CodeMail {
                code: code.0.clone(),
            };
            frame.letter(&mail, address, "", None)?
        }
        Channel::Sms => {
            let words = frame.t("sms-code").arg("code", &code.0);
            frame.sms(KIND, &words.arg("site", &frame.site_name), address, None)
        }
    };
    outbox::actions::enqueue(tx, app, &letter).map(drop)
}

/// Pays for one try at the newest code of a claim. The payment stays, whatever becomes of the try.
///
/// # Errors
/// `code_invalid` when there is none, or it was tried too often; `code_expired` when its time is over.
pub async fn pay(app: &App, claim: Claim) -> Result<Paid> {
    app.db
        .write(move |tx| {
            let now = tx.now;
            let newest = store::newest(tx, &claim)?.ok_or(Code::CodeInvalid)?;
            if newest.expires_at <= now {
                return Code::CodeExpired.refuse();
            }
            if store::pay(tx, newest.id)? == 0 {
                return Code::CodeInvalid.refuse();
            }
            let claim = claim.clone();
            Ok(Paid {
                id: newest.id,
                claim,
            })
        })
        .await
}

/// Uses a code up, in the transaction of what it allows: of any number at once, one succeeds.
///
/// # Errors
/// `code_invalid` when it is not right or was used; `code_expired` when its time is over.
pub fn take(tx: &mut Tx<'_>, app: &App, paid: &Paid, code: &str) -> Result<()> {
    let now = tx.now;
    let row = store::find(tx, paid.id)?;
    let typed: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if !app
        .master
        .mac_matches(MAC, &paid.claim.data(&typed), &row.digest)
    {
        return Code::CodeInvalid.refuse();
    }
    if row.expires_at <= now {
        return Code::CodeExpired.refuse();
    }
    match store::take(tx, paid.id, now)? {
        0 => Code::CodeInvalid.refuse(),
        _ => Ok(()),
    }
}

/// Deletes up to `most` codes that ended a day ago; says how many.
///
/// # Errors
/// When the database refuses.
pub fn sweep(tx: &mut Tx<'_>, most: i64) -> Result<usize> {
    let old = tx.now.minus(hours(24));
    Ok(store::sweep(tx, old, most)?)
}
