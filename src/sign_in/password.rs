//! Passwords: checking one that is entered, and hashing a new one.

use serde_json::json;

use super::limits::Try;
use crate::access::Actor;
use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::{Code, Error, FieldError, Result};
use crate::ids::UserId;
use crate::passwords::{PasswordHash, Verdict, Weakness};
use crate::users::logins;
use crate::users::model::{Address, Status, User};
use crate::users::store as users;

/// Hashes a new password after checking its strength.
///
/// # Errors
/// A field error for a weak one; `unavailable` when too many hashes wait.
pub async fn hash(
    app: &App,
    field: &'static str,
    password: &str,
    personal: &[&str],
) -> Result<PasswordHash> {
    require_strong(field, password, personal)?;
    app.passwords
        .hash(password.to_owned())
        .await
        .map_err(|_| busy())
}

/// Refuses a new password that is weak.
///
/// # Errors
/// A field error.
pub fn require_strong(
    field: &'static str,
    password: &str,
    personal: &[&str],
) -> Result<(), FieldError> {
    crate::passwords::check_strength(password, personal)
        .map_err(|weakness| FieldError::new(field, weakness_code(weakness)))
}

/// The code of a weakness, for the words beside the field.
pub const fn weakness_code(weakness: Weakness) -> &'static str {
    match weakness {
        Weakness::TooShort => "password_too_short",
        Weakness::TooLong => "password_too_long",
        Weakness::Personal => "password_personal",
        Weakness::Common => "password_common",
    }
}

fn busy() -> Error {
    Error::Unavailable("too many passwords are waiting to be hashed".into())
}

/// A password that was right when it was looked at. By the time that something is done with it the account
/// may have another, or be switched off: the transaction that acts on the proof holds it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Whose password it was.
    pub user: User,
    hash: PasswordHash,
    /// The same password, hashed as the settings want it today.
    better: Option<PasswordHash>,
}

impl Proof {
    /// Does something in one transaction with a last look at the proof; `None` when it holds no more.
    ///
    /// # Errors
    /// What the action answers.
    pub async fn act<T, F>(self, app: &App, mut action: F) -> Result<Option<T>>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>, UserId) -> Result<T> + Send + 'static,
    {
        app.db
            .write(move |tx| match self.holder(tx)? {
                Some(user) => action(tx, user).map(Some),
                None => Ok(None),
            })
            .await
    }

    /// The user, when the proof still holds.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn holder(&self, tx: &mut Tx<'_>) -> Result<Option<UserId>> {
        let id = self.user.id;
        let user = users::find(tx, id)?;
        let same =
            user.password_hash.as_ref().map(PasswordHash::as_phc) == Some(self.hash.as_phc());
        if !same || user.status != Status::Active {
            return Ok(None);
        }
        if let Some(better) = &self.better {
            let now = tx.now;
            users::set_password(tx, id, better, now)?;
        }
        Ok(Some(id))
    }
}

/// Does something for whom a password names, in one transaction with a last look at it. When the account
/// changed in between, the password is checked once more: another sign-in may just have hashed it anew.
///
/// # Errors
/// As [`prove`], and what the action answers.
pub async fn act<T, F>(
    app: &App,
    actor: &Actor,
    source: &str,
    entered: (&str, &str),
    action: F,
) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&mut Tx<'_>, UserId) -> Result<T> + Clone + Send + 'static,
{
    for _ in 0..2 {
        let proof = prove(app, actor, source, entered.0, entered.1).await?;
        if let Some(done) = proof.act(app, action.clone()).await? {
            return Ok(done);
        }
    }
    Code::SignInFailed.refuse()
}

/// Checks that a password is the one of an address, within the limits. A wrong try is told in the audit log
/// (ASVS V16.3.1), with the account that it was made at but never with what was typed: people type passwords
/// into the wrong field. Takes the same time, and writes the same, whether or not there is such an account.
///
/// # Errors
/// `sign_in_failed`; `account_disabled`, only when the password was right; too many tries.
pub async fn prove(
    app: &App,
    actor: &Actor,
    source: &str,
    address: &str,
    password: &str,
) -> Result<Proof> {
    let counted = Try::start(app, address, source).await?;
    let outcome = check(app, actor, address, password).await;
    counted.settle(&outcome);
    outcome
}

async fn check(app: &App, actor: &Actor, address: &str, password: &str) -> Result<Proof> {
    let norm = Address::normal(address);
    let found = app
        .db
        .read(move |conn| logins::by_address(conn, &norm))
        .await?;
    let user = found.map(|found| found.user);
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let verdict = app
        .passwords
        .verify(password.to_owned(), hash.clone())
        .await
        .map_err(|_| busy())?;
    let (user, hash) = match (user, hash) {
        (Some(user), Some(hash)) if verdict != Verdict::Wrong => (user, hash),
        (user, _) => return refuse(app, actor, user, Code::SignInFailed).await,
    };
    if user.status != Status::Active {
        return refuse(app, actor, Some(user), Code::AccountDisabled).await;
    }
    // The settings have changed since the hash was made: take the chance to make a better one.
    let better = match verdict {
        Verdict::RightButOld => Some(
            app.passwords
                .hash(password.to_owned())
                .await
                .map_err(|_| busy())?,
        ),
        _ => None,
    };
    Ok(Proof { user, hash, better })
}

async fn refuse(app: &App, actor: &Actor, user: Option<User>, code: Code) -> Result<Proof> {
    tell_refused(app, actor, user.map(|user| user.id), code).await?;
    code.refuse()
}

/// Tells in the audit log that somebody was not let in, and as whom.
///
/// # Errors
/// When the database refuses.
pub(super) async fn tell_refused(
    app: &App,
    actor: &Actor,
    user: Option<UserId>,
    code: Code,
) -> Result<()> {
    let id = user.map(|id| id.to_string()).unwrap_or_default();
    let actor = actor.clone();
    app.db
        .write(move |tx| {
            let entry = audit::Entry::new("session.refused", audit::Target::new("user", &id));
            let entry = entry.after(json!({ "why": code.as_str() }));
            audit::record_refused(tx, &actor, entry).map(drop)
        })
        .await
}
