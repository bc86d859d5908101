//! The addresses and numbers by which a person signs in: the first address and number of the account, and further
//! ones, all of them proved. An address belongs to at most one account, wherever it stands
//! (`docs/decisions/0012-further-logins.md`).

mod actions;
mod store;

pub use actions::{Which, add_proven, free_unproven, remove};

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Address, User};
use crate::access::Role;
use crate::clock::Time;
use crate::db::{Conn, Tx};
use crate::error::{Code, Result};
use crate::ids::{LoginId, UserId};

crate::words! {
    /// What an address is.
    pub enum LoginKind {
        /// An e-mail address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
    }
}

/// A further address of an account.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::logins)]
pub struct Login {
    /// Its id.
    pub id: LoginId,
    /// What it is.
    pub kind: LoginKind,
    /// As it was written.
    pub address: String,
    /// As it is compared.
    pub address_norm: String,
    /// When it was proved.
    pub verified_at: Time,
    /// Since when it leads to the account.
    pub created_at: Time,
    /// When somebody last signed in by it.
    pub last_used_at: Option<Time>,
}

/// Whose an address is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The user.
    pub user: User,
    /// The address as it was written.
    pub address: String,
    /// Whether it is proved.
    pub verified: bool,
    /// The row, when it is a further address.
    pub login: Option<LoginId>,
}

/// The user whom an address leads to: their first address, their first number, or a further one. `norm` is the
/// address as addresses are compared, see [`Address::normal`].
///
/// # Errors
/// When the database refuses.
pub fn by_address(conn: &mut Conn, norm: &str) -> Result<Option<Found>> {
    Ok(store::by_address(conn, norm)?)
}

/// Whose these addresses are, and what they may do; see [`by_address`]. An address of nobody is not in the map.
///
/// # Errors
/// When the database refuses.
pub fn by_addresses(conn: &mut Conn, norms: &[&str]) -> Result<HashMap<String, (UserId, Role)>> {
    Ok(store::by_addresses(conn, norms)?)
}

/// The further addresses of a user.
///
/// # Errors
/// When the database refuses.
pub fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<Login>> {
    Ok(store::of_user(conn, user)?)
}

/// Every proved address of a user, as it was written: where codes may go.
///
/// # Errors
/// When the database refuses.
pub fn proved(conn: &mut Conn, user: &User) -> Result<Vec<String>> {
    let first = user.email.clone().filter(|_| user.email_verified);
    let number = user.phone.clone().filter(|_| user.phone_verified);
    let mut all: Vec<String> = first.into_iter().chain(number).collect();
    let further = store::of_user(conn, user.id)?;
    all.extend(further.into_iter().map(|login| login.address));
    Ok(all)
}

/// Notes that somebody has signed in by an address.
///
/// # Errors
/// When the database refuses.
pub fn used(tx: &mut Tx<'_>, found: &Found) -> Result<()> {
    let now = tx.now;
    match found.login {
        Some(id) => Ok(store::used(tx, id, now)?),
        None => Ok(()),
    }
}

/// Forgets the further addresses of a user who is deleted.
///
/// # Errors
/// When the database refuses.
pub(super) fn forget(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    Ok(store::delete_of(tx, user)?)
}

/// Refuses an address that stands on any account.
///
/// # Errors
/// `address_taken`.
pub fn require_free(conn: &mut Conn, address: Option<&Address>) -> Result<()> {
    let Some(address) = address else {
        return Ok(());
    };
    match store::by_address(conn, &address.norm())? {
        Some(_) => Code::AddressTaken.refuse(),
        None => Ok(()),
    }
}
