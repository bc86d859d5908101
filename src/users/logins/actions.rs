//! Adding and removing addresses. Who adds one has proved it; see `docs/decisions/0012-further-logins.md` for what
//! that means for an account that names it unproved.

use serde_json::json;

use super::store;
use super::{Found, by_address};
use crate::access::{Actor, Role};
use crate::audit;
use crate::db::Tx;
use crate::error::{Code, FieldError, Result};
use crate::events;
use crate::ids::{LoginId, UserId};
use crate::one_time_links::{self, LinkKind};
use crate::users::actions::target;
use crate::users::model::{Address, Status, User};
use crate::users::store as users;

/// Further addresses of one account: more than anybody has, and few enough for one page.
const MOST: usize = 10;

/// One address of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The first e-mail address.
    Email,
    /// The first phone number.
    Phone,
    /// A further one.
    Further(LoginId),
}

/// Adds an address to an account, whose person has just proved it: the first of its kind, or a further one. One
/// that the account names already is proved by it. An account that names it unproved loses it.
///
/// # Errors
/// `address_taken` for the proved address of another account; `wrong_state` for an account that is not active;
/// `too_many_logins` for the field `address`.
pub fn add_proven(tx: &mut Tx<'_>, actor: &Actor, id: UserId, address: &Address) -> Result<User> {
    let mut user = users::find(tx, id)?;
    if user.status != Status::Active {
        return Code::WrongState.refuse();
    }
    let norm = address.norm();
    match by_address(tx, &norm)? {
        Some(found) if found.user.id == id && found.verified => return Ok(user),
        Some(found) if found.user.id == id => {}
        _ => free_unproven(tx, actor, address)?,
    }
    let now = tx.now;
    match address {
        Address::Email(email)
            if user.email.is_none() || user.email_norm.as_ref() == Some(&norm) =>
        {
            user.email.get_or_insert_with(|| email.as_str().to_owned());
            user.email_norm = Some(norm);
            user.email_verified = true;
            users::update(tx, &user, now)?;
        }
        Address::Phone(_) if user.phone.is_none() || user.phone.as_ref() == Some(&norm) => {
            user.phone = Some(norm);
            user.phone_verified = true;
            users::update(tx, &user, now)?;
        }
        _ if store::of_user(tx, id)?.len() >= MOST => {
            return Err(FieldError::new("address", "too_many_logins")
                .with("max", MOST)
                .into());
        }
        address => tx
            .attempt(|conn| store::insert(conn, id, address, now))
            .map_err(crate::users::actions::address_taken)?,
    }
    tell(tx, actor, "user.login_added", id, address.as_str())?;
    Ok(user)
}

/// Makes sure that nobody has an address which somebody has just proved: an account that names it unproved loses
/// it. Nobody else can be told about that account, so its links to the address end too.
///
/// # Errors
/// `address_taken` when it is proved there, or is the only way in of the last owner who can sign in.
pub fn free_unproven(tx: &mut Tx<'_>, actor: &Actor, address: &Address) -> Result<()> {
    let Some(found) = by_address(tx, &address.norm())? else {
        return Ok(());
    };
    if found.verified || is_last_door(tx, &found)? {
        return Code::AddressTaken.refuse();
    }
    let mut user = found.user;
    match address {
        Address::Email(_) => (user.email, user.email_norm) = (None, None),
        Address::Phone(_) => user.phone = None,
    }
    let now = tx.now;
    users::update(tx, &user, now)?;
    end_links(tx, user.id)?;
    tell(tx, actor, "user.login_lost", user.id, address.as_str())
}

/// Whether nobody could act as an owner any more without this address.
fn is_last_door(tx: &mut Tx<'_>, found: &Found) -> Result<bool> {
    let user = &found.user;
    let owns = user.role == Role::Owner && user.status == Status::Active;
    if !owns || users::other_active_owners(tx, user.id)? > 0 {
        return Ok(false);
    }
    let mut left = user.clone();
    match found.address.starts_with('+') {
        true => left.phone = None,
        false => left.email = None,
    }
    Ok(!has_way_in(tx, &left)?)
}

/// Whether a person can sign in: by a code to a proved address, or by a password and any address.
fn has_way_in(tx: &mut Tx<'_>, user: &User) -> Result<bool> {
    let proved = (user.email.is_some() && user.email_verified)
        || (user.phone.is_some() && user.phone_verified)
        || !store::of_user(tx, user.id)?.is_empty();
    let named = user.email.is_some() || user.phone.is_some();
    Ok(proved || (named && user.password_hash.is_some()))
}

/// Removes an address from the account of the one who acts. The next of its kind, if there is one, takes its place.
///
/// # Errors
/// `only_login` when the person could not sign in any more; `not_found`.
pub fn remove(tx: &mut Tx<'_>, actor: &Actor, which: Which) -> Result<String> {
    let id = actor.user()?;
    let mut user = users::find(tx, id)?;
    let further = store::of_user(tx, id)?;
    let (removed, next) = match which {
        Which::Further(login) => {
            let row = further.iter().find(|row| row.id == login);
            let row = row.ok_or(Code::NotFound)?;
            store::delete(tx, login)?;
            (Some(row.address.clone()), None)
        }
        Which::Email => {
            user.email_norm = None;
            user.email_verified = false;
            let next = further
                .iter()
                .find(|row| row.kind == super::LoginKind::Email);
            (user.email.take(), next)
        }
        Which::Phone => {
            user.phone_verified = false;
            let next = further
                .iter()
                .find(|row| row.kind == super::LoginKind::Phone);
            (user.phone.take(), next)
        }
    };
    let removed = removed.ok_or(Code::NotFound)?;
    if let Some(next) = next {
        store::delete(tx, next.id)?;
        if which == Which::Email {
            user.email = Some(next.address.clone());
            user.email_norm = Some(next.address_norm.clone());
            user.email_verified = true;
        } else {
            user.phone = Some(next.address.clone());
            user.phone_verified = true;
        }
    }
    if !has_way_in(tx, &user)? {
        return Code::OnlyLogin.refuse();
    }
    let now = tx.now;
    users::update(tx, &user, now)?;
    end_links(tx, id)?;
    tell(tx, actor, "user.login_removed", id, &removed)?;
    Ok(removed)
}

/// Ends the links that were sent to an address which is no longer the user's.
fn end_links(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    for kind in [LinkKind::Recovery, LinkKind::Verification] {
        one_time_links::end_all(tx, kind, Some(user))?;
    }
    Ok(())
}

fn tell(
    tx: &mut Tx<'_>,
    actor: &Actor,
    action: &'static str,
    id: UserId,
    address: &str,
) -> Result<()> {
    tx.retell_users();
    let entry = audit::Entry::new(action, target(id));
    audit::record(tx, actor, entry.after(json!({ "address": address })))?;
    events::emit(tx, actor, "user.updated", json!({ "user_id": id }))?;
    Ok(())
}
