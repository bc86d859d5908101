//! Signing in, and proving it again, with a code that is sent to a proved address.

use serde_json::json;

use super::actions::From;
use super::limits::Try;
use super::password::tell_refused;
use crate::access::Actor;
use crate::app::App;
use crate::audit;
use crate::codes::{self, Claim};
use crate::db::Tx;
use crate::error::{Code, Error, Result};
use crate::ids::UserId;
use crate::outbox::Frame;
use crate::users::logins::{self, Found};
use crate::users::model::{Address, Status};

/// Sends a code to an address that is proved, whoever's it is. For any other address all is the same but that
/// nothing is sent.
///
/// # Errors
/// Too many codes.
pub async fn ask(
    app: &actix_web::web::Data<App>,
    from: &From,
    source: &str,
    claim: Claim,
    address: &Address,
) -> Result<()> {
    let channel = address.channel();
    codes::count(app, channel, &claim.address, source)?;
    let (shared, actor) = (app.clone(), from.actor.clone());
    let sent = app
        .db
        .write(move |tx| {
            let code = codes::make(tx, &shared, &claim)?;
            let site_name = crate::site::actions::current(tx)?.site_name;
            let found = logins::by_address(tx, &claim.address)?.filter(|found| found.verified);
            if let Some(found) = &found {
                let frame = Frame::of(&shared, &site_name);
                codes::send(tx, &shared, &frame, &code, (channel, &found.address))?;
            }
            let id = found.as_ref().map(|found| found.user.id.to_string());
            let target = audit::Target::new("user", id.unwrap_or_default());
            let entry = audit::Entry::new("session.code_asked", target);
            audit::record(tx, &actor, entry.after(json!({ "channel": channel })))?;
            Ok(found.is_some())
        })
        .await?;
    if sent {
        codes::sent(app, channel);
    }
    Ok(())
}

/// Does something for whom a code names, in one transaction with taking it. A wrong code is told in the audit log
/// as a wrong password is, and counts as one.
///
/// # Errors
/// `code_invalid`, `code_expired`; `account_disabled`, only when the code was right; too many tries; and what the
/// action answers.
pub async fn act<T, F>(
    app: &actix_web::web::Data<App>,
    actor: &Actor,
    source: &str,
    claim: Claim,
    code: &str,
    action: F,
) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&mut Tx<'_>, UserId) -> Result<T> + Send + 'static,
{
    let counted = Try::start(app, &claim.address, source).await?;
    let outcome = take(app, claim.clone(), code, action).await;
    counted.settle(&outcome);
    if let Err(why) = &outcome
        && let Some(code) = told(why)
    {
        let address = claim.address;
        let found = app
            .db
            .read(move |conn| logins::by_address(conn, &address))
            .await?;
        tell_refused(app, actor, found.map(|found| found.user.id), code).await?;
    }
    outcome
}

async fn take<T, F>(
    app: &actix_web::web::Data<App>,
    claim: Claim,
    code: &str,
    mut action: F,
) -> Result<T>
where
    T: Send + 'static,
    F: FnMut(&mut Tx<'_>, UserId) -> Result<T> + Send + 'static,
{
    let address = claim.address.clone();
    let paid = codes::pay(app, claim).await?;
    let (shared, code) = (app.clone(), code.to_owned());
    app.db
        .write(move |tx| {
            codes::take(tx, &shared, &paid, &code)?;
            let found = logins::by_address(tx, &address)?.filter(|found| found.verified);
            // A code that was sent to nobody, and guessed.
            let found: Found = found.ok_or(Code::CodeInvalid)?;
            if found.user.status != Status::Active {
                return Code::AccountDisabled.refuse();
            }
            logins::used(tx, &found)?;
            action(tx, found.user.id)
        })
        .await
}

/// The code of a refusal that the audit log tells.
fn told(why: &Error) -> Option<Code> {
    let told = [Code::CodeInvalid, Code::CodeExpired, Code::AccountDisabled];
    Some(why.code()).filter(|code| told.contains(code))
}
