//! A forgotten password: a link by mail, or from the operator, sets a new one.

use serde_json::json;

use super::actions::{From, by, open_session, sign_out_all};
use super::sessions::NewSecret;
use crate::access::Actor;
use crate::app::App;
use crate::audit;
use crate::clock::hours;
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::ids::UserId;
use crate::one_time_links::{self, LinkKind, RECOVERY};
use crate::outbox;
use crate::passwords::PasswordHash;
use crate::users::actions::{Ending, set_password, target};
use crate::users::logins::{self, Found};
use crate::users::mail::RecoveryMail;
use crate::users::model::Status;
use crate::users::store as users;

/// Sends a link that sets a new password, when the address has an account that may use one. The answer
/// is the same in every case, and so is the row in the audit log that it costs.
///
/// # Errors
/// When the database refuses.
pub fn ask(tx: &mut Tx<'_>, app: &App, from: &From, address: &str) -> Result<()> {
    let norm = address.trim().to_ascii_lowercase();
    let found = logins::by_address(tx, &norm)?;
    let found = found.filter(|found| found.user.status == Status::Active);
    if let Some(Found {
        user,
        address: email,
        ..
    }) = &found
    {
        let secret = one_time_links::make(
            tx,
            LinkKind::Recovery,
            Some(user.id),
            Some(email),
            LinkKind::Recovery.lifetime(),
        )?;
        let mail = RecoveryMail {
            link: RECOVERY.link(app, secret.reveal()),
        };
        let frame = outbox::Frame::of(app, &crate::site::actions::current(tx)?.site_name);
        let letter = frame.letter(&mail, email, &user.display_name, Some(user.id.as_str()))?;
        outbox::actions::enqueue(tx, app, &letter)?;
    }
    audit::record(
        tx,
        &from.actor,
        audit::Entry {
            action: "user.recovery_asked",
            target: audit::Target {
                kind: "user",
                id: found
                    .map(|found| found.user.id.to_string())
                    .unwrap_or_default(),
            },
            before: json!({}),
            after: json!({}),
        },
    )?;
    Ok(())
}

/// Sets a new password with a recovery link: every session of the user ends, and every other link. API keys
/// go on working, as after a change of the password; but when the link proves an address that was not
/// proved, whoever used the account so far may be somebody else, and `end` ends all that they could do.
///
/// # Errors
/// `link_gone`, `account_disabled`.
pub fn recover(
    tx: &mut Tx<'_>,
    app: &App,
    from: &From,
    token: &str,
    hash: &PasswordHash,
    end: Ending,
) -> Result<NewSecret> {
    let link = one_time_links::take(tx, LinkKind::Recovery, token)?;
    let id = link.user_id.ok_or(Code::LinkGone)?;
    let mut user = users::find(tx, id)?;
    if user.status != Status::Active {
        return Code::AccountDisabled.refuse();
    }
    let actor = by(from, id);
    set_password(tx, &actor, id, hash)?;
    // The link came by mail or SMS, so the mailbox or the number is proved.
    let came_to = |address: &Option<String>| link.mailed_to.is_some() && link.mailed_to == *address;
    let proves_email = !user.email_verified && came_to(&user.email);
    let proves_phone = !user.phone_verified && came_to(&user.phone);
    if proves_email || proves_phone {
        end(tx, app, &actor, id)?;
        user.email_verified |= proves_email;
        user.phone_verified |= proves_phone;
        let now = tx.now;
        users::update(tx, &user, now)?;
        // Whoever was told about this user before is told anew.
        tx.narrow_rights()?;
    }
    one_time_links::end_all(tx, LinkKind::Recovery, Some(id))?;
    sign_out_all(tx, &actor, id, None)?;
    open_session(tx, from, id, "recovery")
}

/// A link that sets a new password, for the operator to hand over.
///
/// # Errors
/// `wrong_state` for an account that is switched off, because the link would not work.
pub fn operator_link(tx: &mut Tx<'_>, app: &App, user: UserId) -> Result<String> {
    if users::find(tx, user)?.status != Status::Active {
        return Code::WrongState.refuse();
    }
    let secret = one_time_links::make(tx, LinkKind::Recovery, Some(user), None, hours(1))?;
    audit::record(
        tx,
        &Actor::operator(),
        audit::Entry {
            action: "user.reset_link_made",
            target: target(user),
            before: json!({}),
            after: json!({}),
        },
    )?;
    Ok(RECOVERY.link(app, secret.reveal()))
}
