//! Links of invites, by digest.

use diesel::prelude::*;

use crate::clock::Time;
use crate::db::Conn;
use crate::db::schema::invite_links;
use crate::ids::{InviteId, InviteLinkId};
use crate::invites::model::Invite;
use crate::secret::{PlainSecret, SecretDigest};

/// A link of an invite.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = invite_links)]
pub struct Link {
    /// Its id.
    pub id: InviteLinkId,
    /// The invite.
    pub invite_id: InviteId,
    /// It was shown to a person, so it proves nothing about the mailbox.
    pub shown: bool,
    /// When it was killed.
    pub dead_at: Option<Time>,
}

/// A link to be kept.
#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = invite_links)]
pub struct NewLink {
    /// Its id.
    pub id: InviteLinkId,
    invite_id: InviteId,
    digest: SecretDigest,
    shown: bool,
    created_at: Time,
}

crate::bulk_row!(
    &NewLink, "invite_links",
    id: Text, invite_id: Text, digest: Binary, shown: Bool, created_at: Ts,
);

impl NewLink {
    /// Of an invite, with the digest of its token. `shown` says that a person sees it, so that it proves nothing.
    pub fn new(invite: &Invite, token: &PlainSecret, shown: bool, now: Time) -> Self {
        Self {
            id: InviteLinkId::new(now),
            invite_id: invite.id,
            digest: token.digest(),
            shown,
            created_at: now,
        }
    }
}

/// Adds a link.
pub fn insert_link(conn: &mut Conn, link: &NewLink) -> QueryResult<()> {
    diesel::insert_into(invite_links::table)
        .values(link)
        .execute(conn)
        .map(drop)
}

/// The link with a digest.
pub fn find_link(conn: &mut Conn, digest: &SecretDigest) -> QueryResult<Option<Link>> {
    invite_links::table
        .filter(invite_links::digest.eq(digest))
        .select(Link::as_select())
        .first(conn)
        .optional()
}

/// Kills every live link of an invite.
pub fn kill_links(conn: &mut Conn, invite: InviteId, now: Time) -> QueryResult<usize> {
    diesel::update(
        invite_links::table.filter(
            invite_links::invite_id
                .eq(invite)
                .and(invite_links::dead_at.is_null()),
        ),
    )
    .set(invite_links::dead_at.eq(now))
    .execute(conn)
}

/// The invite that a link leads to.
pub fn invite_of_link(conn: &mut Conn, link: InviteLinkId) -> QueryResult<InviteId> {
    invite_links::table
        .find(link)
        .select(invite_links::invite_id)
        .first(conn)
}

/// Kills one link.
pub fn kill_link(conn: &mut Conn, link: InviteLinkId, now: Time) -> QueryResult<usize> {
    diesel::update(invite_links::table.find(link))
        .set(invite_links::dead_at.eq(now))
        .execute(conn)
}
