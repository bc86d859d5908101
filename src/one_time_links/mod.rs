//! Links that work once: making the first owner, setting a new password, proving an address.

mod page;

pub use page::{LinkPage, Look, Token, count_wrong};

use diesel::prelude::*;

use crate::clock::{Span, Time, hours, minutes};
use crate::db::schema::one_time_links as table;
use crate::db::{Conn, Tx};
use crate::error::{Code, Result};
use crate::ids::{LinkId, UserId};
use crate::secret::{PlainSecret, SecretDigest, SecretKind};

crate::words! {
    /// What a link is good for.
    pub enum LinkKind {
        /// Make the first owner.
        SetUp = "set_up",
        /// Set a new password.
        Recovery = "recovery",
        /// Prove that mail to an address reaches its user.
        Verification = "verification",
    }
}

impl LinkKind {
    /// How long a link works. Ten minutes is the bound of ASVS V6.5.5 for recovery; the set-up link is
    /// made anew at every start while there is no user.
    pub const fn lifetime(self) -> Span {
        match self {
            Self::SetUp | Self::Verification => hours(24),
            Self::Recovery => minutes(10),
        }
    }
}

/// Where the first owner is made.
pub const SET_UP: LinkPage = LinkPage::new(LinkKind::SetUp, "/setup");
/// Where a new password is set.
pub const RECOVERY: LinkPage = LinkPage::new(LinkKind::Recovery, "/recover/new");
/// Where an address is proved.
pub const VERIFICATION: LinkPage = LinkPage::new(LinkKind::Verification, "/verify");

/// A link that was found to be good.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::one_time_links)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// Whose password it sets.
    pub user_id: Option<UserId>,
    /// Where it was mailed to; a link that was printed or shown proves no mailbox.
    pub mailed_to: Option<String>,
    /// When it stops working.
    pub expires_at: Time,
}

/// Makes a link; older ones of the same kind and user stop working.
///
/// # Errors
/// When the database refuses.
pub fn make(
    tx: &mut Tx<'_>,
    kind: LinkKind,
    user: Option<UserId>,
    mailed_to: Option<&str>,
    lifetime: Span,
) -> Result<PlainSecret> {
    end_all(tx, kind, user)?;
    let secret = PlainSecret::generate(SecretKind::Link);
    diesel::insert_into(table::table)
        .values((
            table::id.eq(LinkId::new(tx.now)),
            table::kind.eq(kind),
            table::digest.eq(secret.digest()),
            table::user_id.eq(user),
            table::mailed_to.eq(mailed_to),
            table::created_at.eq(tx.now),
            table::expires_at.eq(tx.now.plus(lifetime).whole_seconds()),
        ))
        .execute(&mut **tx)?;
    Ok(secret)
}

/// The link of a token, when it is good.
///
/// # Errors
/// `link_gone` for any other.
pub fn find(conn: &mut Conn, kind: LinkKind, token: &str, now: Time) -> Result<Link> {
    let secret = PlainSecret::parse(SecretKind::Link, token).ok_or(Code::LinkGone)?;
    find_digest(conn, kind, &secret.digest(), now)
}

fn find_digest(conn: &mut Conn, kind: LinkKind, digest: &SecretDigest, now: Time) -> Result<Link> {
    let found = table::table
        .filter(table::digest.eq(digest).and(table::kind.eq(kind)))
        .filter(table::used_at.is_null().and(table::expires_at.gt(now)))
        .select(Link::as_select())
        .first(conn)
        .optional()?;
    found.ok_or_else(|| Code::LinkGone.into())
}

/// Uses a link up: of any number at once, one succeeds.
///
/// # Errors
/// `link_gone` when it is not good (any more).
pub fn take(tx: &mut Tx<'_>, kind: LinkKind, token: &str) -> Result<Link> {
    let now = tx.now;
    let link = find(tx, kind, token, now)?;
    let used = diesel::update(table::table.find(link.id).filter(table::used_at.is_null()))
        .set(table::used_at.eq(now))
        .execute(&mut **tx)?;
    if used == 1 {
        Ok(link)
    } else {
        Code::LinkGone.refuse()
    }
}

/// Ends the links of a kind and user that are still good.
///
/// # Errors
/// When the database refuses.
pub fn end_all(tx: &mut Tx<'_>, kind: LinkKind, user: Option<UserId>) -> Result<()> {
    let now = tx.now;
    let live = table::table.filter(table::kind.eq(kind).and(table::used_at.is_null()));
    match user {
        Some(user) => diesel::update(live.filter(table::user_id.eq(user)))
            .set(table::used_at.eq(now))
            .execute(&mut **tx)?,
        None => diesel::update(live.filter(table::user_id.is_null()))
            .set(table::used_at.eq(now))
            .execute(&mut **tx)?,
    };
    Ok(())
}

/// Deletes up to `most` links that ended a day ago; says how many.
///
/// # Errors
/// When the database refuses.
pub fn sweep(tx: &mut Tx<'_>, most: i64) -> Result<usize> {
    let old = tx.now.minus(hours(24));
    let ids: Vec<LinkId> = table::table
        .filter(table::expires_at.lt(old))
        .limit(most)
        .select(table::id)
        .load(&mut **tx)?;
    Ok(diesel::delete(table::table.filter(table::id.eq_any(ids))).execute(&mut **tx)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::scratch::Scratch;

    #[test]
    fn links_that_ended_a_day_ago_go_in_turns() {
        let scratch = Scratch::new();
        for _ in 0..3 {
            scratch
                .db
                .write_now(|tx| make(tx, LinkKind::SetUp, None, None, minutes(1)).map(drop))
                .unwrap();
        }
        let sweep = || scratch.db.write_now(|tx| sweep(tx, 2)).unwrap();
        scratch.clock.advance(hours(24));
        assert_eq!(sweep(), 0);
        scratch.clock.advance(minutes(2));
        assert_eq!([sweep(), sweep(), sweep()], [2, 1, 0]);
    }
}
