//! Addresses whose holders asked never to be sent invites again. Kept as keyed digests: the list tells nobody who
//! they are, and an address is looked up only by who has it already.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::model::{Delivery, Invite};
use crate::app::App;
use crate::db::schema::suppressions;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldError, Result};

/// What the key for the digests is derived for.
const MAC: &str = "suppression";

fn digest(app: &App, address_norm: &str) -> Vec<u8> {
    app.master.mac(MAC, address_norm.as_bytes()).to_vec()
}

/// Whether nothing may be sent there.
///
/// # Errors
/// When the database refuses.
pub fn is_on(conn: &mut Conn, app: &App, address_norm: &str) -> Result<bool> {
    let row = suppressions::table.find(digest(app, address_norm));
    Ok(diesel::select(diesel::dsl::exists(row)).get_result(conn)?)
}

/// Those of these addresses to which nothing may be sent.
///
/// # Errors
/// When the database refuses.
pub(super) fn on_of(conn: &mut Conn, app: &App, norms: &[&str]) -> Result<HashSet<String>> {
    let digests: HashMap<Vec<u8>, &str> = norms
        .iter()
        .map(|norm| (digest(app, norm), *norm))
        .collect();
    let on: Vec<Vec<u8>> = suppressions::table
        .filter(suppressions::address.eq_any(digests.keys()))
        .select(suppressions::address)
        .load(conn)?;
    let on = on.iter().filter_map(|digest| digests.get(digest));
    Ok(on.map(|norm| (*norm).to_owned()).collect())
}

/// Makes sure that an invite may be sent. Its link may be handed over in any case.
///
/// # Errors
/// `never_mail` for the field `email`.
pub fn require_off(conn: &mut Conn, app: &App, invite: &Invite) -> Result<()> {
    if invite.delivery != Delivery::Link && is_on(conn, app, &invite.address_norm)? {
        return Err(never_mail());
    }
    Ok(())
}

/// The refusal to send something there.
pub(super) fn never_mail() -> Error {
    FieldError::new("email", "never_mail").into()
}

/// Sends nothing there from now on. Says whether that is new.
///
/// # Errors
/// When the database refuses.
pub(super) fn put_on(tx: &mut Tx<'_>, app: &App, address_norm: &str) -> Result<bool> {
    if is_on(tx, app, address_norm)? {
        return Ok(false);
    }
    let now = tx.now;
    diesel::insert_into(suppressions::table)
        .values((
            suppressions::address.eq(digest(app, address_norm)),
            suppressions::created_at.eq(now),
        ))
        .execute(&mut **tx)?;
    Ok(true)
}

/// Invites may be sent there again: the person has accepted one.
///
/// # Errors
/// When the database refuses.
pub(super) fn take_off(tx: &mut Tx<'_>, app: &App, address_norm: &str) -> Result<()> {
    diesel::delete(suppressions::table.find(digest(app, address_norm))).execute(&mut **tx)?;
    Ok(())
}
