//! The queries of API keys. Whose key it is and whether that account is active is read from `users` in
//! the same query, so that a key and its owner are never seen at different times.

pub mod endless;
pub mod imported;
pub mod new;
pub mod rotation;

use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Nullable, Text};

use crate::access::{Role, Scopes};
use crate::api_keys::model::{Key, Use};
use crate::clock::Time;
use crate::db::schema::{api_keys, users};
use crate::db::{Bulk, BulkRow, Conn, Cursor, MultiBackend, Paging, Slice, Suffix, Ts};
use crate::ids::{KeyId, UserId};
use crate::jobs::Noted;
use crate::secret::SecretDigest;

/// The most keys of one user that are shown beside the user.
const SHOWN: i64 = 200;

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_keys)]
pub struct Row {
    id: KeyId,
    owner_id: UserId,
    name: String,
    note: String,
    prefix: String,
    last_four: String,
    scopes: String,
    created_at: Time,
    expires_at: Option<Time>,
    revoked_at: Option<Time>,
    revoked_by: Option<UserId>,
    revoked_reason: Option<String>,
    last_used_at: Option<Time>,
    last_used_ip: Option<String>,
    last_used_agent: Option<String>,
    successor_id: Option<KeyId>,
    successor_used_at: Option<Time>,
    ends_on_first_use: bool,
}

impl From<Row> for Key {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            owner_id: row.owner_id,
            name: row.name,
            note: row.note,
            prefix: row.prefix,
            last_four: row.last_four,
            scopes: scopes(&row.scopes),
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            revoked_by: row.revoked_by,
            revoked_reason: row.revoked_reason,
            last_used_at: row.last_used_at,
            last_used_ip: row.last_used_ip,
            last_used_agent: row.last_used_agent,
            successor_id: row.successor_id,
            successor_used_at: row.successor_used_at,
            ends_on_first_use: row.ends_on_first_use,
        }
    }
}

/// Scopes as they are kept. A word that this version does not know gives nothing: a newer one that runs
/// beside it may have written it.
fn scopes(words: &str) -> Scopes {
    let known = |word: &&str| Scopes::read([*word]).is_ok();
    Scopes::read(words.split(' ').filter(known)).unwrap_or_default()
}

/// What of a key's owner its rights and its mails hang on.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Owner {
    /// The role as it is now.
    pub role: Role,
    /// The status as `users` keeps it.
    status: String,
    /// The address, to tell the owner what happened to a key.
    pub email: Option<String>,
    /// The name to greet.
    pub name: String,
}

/// The columns of an [`Owner`].
pub type OwnerColumns = (
    users::role,
    users::status,
    users::email,
    users::display_name,
);
/// What is read of an owner.
pub const OWNER: OwnerColumns = (
    users::role,
    users::status,
    users::email,
    users::display_name,
);

impl Owner {
    /// Whether the account may be used at all.
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }
}

/// The owner of keys, if there is such a user.
///
/// # Errors
/// When the database refuses.
pub fn owner(conn: &mut Conn, id: UserId) -> QueryResult<Option<Owner>> {
    users::table.find(id).select(OWNER).first(conn).optional()
}

/// A key and its owner.
///
/// # Errors
/// `NotFound`, or when the database refuses.
pub fn find(conn: &mut Conn, id: KeyId) -> QueryResult<(Key, Owner)> {
    api_keys::table
        .inner_join(users::table)
        .filter(api_keys::id.eq(id))
        .select((Row::as_select(), OWNER))
        .first::<(Row, Owner)>(conn)
        .map(|(row, owner)| (row.into(), owner))
}

/// Who holds a key, and what decides whether it is good.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The key.
    pub key_id: KeyId,
    /// Its owner.
    pub owner_id: UserId,
    /// The owner's role as it is now.
    pub role: Role,
    /// Whether the owner's account may be used.
    pub is_active: bool,
    /// What the key may do, before the role is looked at.
    pub scopes: Scopes,
    /// When it ends.
    pub expires_at: Option<Time>,
    /// When it was revoked.
    pub revoked_at: Option<Time>,
    /// The key that took its place.
    pub successor_id: Option<KeyId>,
    /// Whether it takes the place of another and was not used before.
    pub is_untried: bool,
}

/// Who holds the key of a digest: no more than every request with an unknown key needs.
///
/// # Errors
/// When the database refuses.
pub fn holder(conn: &mut Conn, digest: SecretDigest) -> QueryResult<Option<Holder>> {
    one_holder(conn, Which::Digest(digest))
}

/// Who holds a key that was found before.
///
/// # Errors
/// When the database refuses.
pub fn holder_of(conn: &mut Conn, id: KeyId) -> QueryResult<Option<Holder>> {
    one_holder(conn, Which::Id(id))
}

enum Which {
    Digest(SecretDigest),
    Id(KeyId),
}

fn one_holder(conn: &mut Conn, which: Which) -> QueryResult<Option<Holder>> {
    let columns = (
        api_keys::id,
        api_keys::owner_id,
        users::role,
        users::status,
        api_keys::scopes,
        api_keys::expires_at,
        api_keys::revoked_at,
        api_keys::successor_id,
        api_keys::is_untried,
    );
    let keys = api_keys::table.inner_join(users::table).select(columns);
    let found: QueryResult<HolderRow> = match which {
        Which::Digest(digest) => keys.filter(api_keys::digest.eq(digest)).first(conn),
        Which::Id(id) => keys.filter(api_keys::id.eq(id)).first(conn),
    };
    Ok(found.optional()?.map(Holder::from))
}

#[derive(Queryable)]
struct HolderRow {
    key_id: KeyId,
    owner_id: UserId,
    role: Role,
    status: String,
    scopes: String,
    expires_at: Option<Time>,
    revoked_at: Option<Time>,
    successor_id: Option<KeyId>,
    is_untried: bool,
}

impl From<HolderRow> for Holder {
    fn from(row: HolderRow) -> Self {
        Self {
            key_id: row.key_id,
            owner_id: row.owner_id,
            role: row.role,
            is_active: row.status == "active",
            scopes: scopes(&row.scopes),
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            successor_id: row.successor_id,
            is_untried: row.is_untried,
        }
    }
}

/// A page of keys, newest first: one user's, or everybody's.
///
/// # Errors
/// When the database refuses.
pub fn list(conn: &mut Conn, owner: Option<UserId>, paging: &Paging) -> QueryResult<Slice<Key>> {
    let mut query = api_keys::table
        .select(Row::as_select())
        .limit(paging.fetch())
        .into_boxed::<MultiBackend>();
    if let Some(owner) = owner {
        query = query.filter(api_keys::owner_id.eq(owner));
    }
    if let Some(beyond) = paging.beyond("(api_keys.created_at, api_keys.id)") {
        query = query.filter(beyond);
    }
    query = if paging.newer {
        query.order((api_keys::created_at.asc(), api_keys::id.asc()))
    } else {
        query.order((api_keys::created_at.desc(), api_keys::id.desc()))
    };
    let rows: Vec<Row> = query.load(conn)?;
    let place = |row: &Row| Cursor {
        time: row.created_at,
        id: row.id.to_string(),
    };
    Ok(paging.slice(rows, place).map(Key::from))
}

/// The newest keys of one user.
///
/// # Errors
/// When the database refuses.
pub fn newest_of(conn: &mut Conn, owner: UserId) -> QueryResult<Vec<Key>> {
    Ok(list(conn, Some(owner), &Paging::first(SHOWN))?.rows)
}

/// The keys of one user that nobody has revoked, those that have expired among them.
///
/// # Errors
/// When the database refuses.
pub fn not_revoked(conn: &mut Conn, owner: UserId) -> QueryResult<Vec<KeyId>> {
    api_keys::table
        .filter(api_keys::owner_id.eq(owner))
        .filter(api_keys::revoked_at.is_null())
        .order((api_keys::created_at, api_keys::id))
        .select(api_keys::id)
        .load(conn)
}

/// Revokes a key unless somebody was faster; true when it was this call.
///
/// # Errors
/// When the database refuses.
pub fn revoke(
    conn: &mut Conn,
    id: KeyId,
    now: Time,
    by: Option<UserId>,
    reason: Option<&str>,
) -> QueryResult<bool> {
    let changed = diesel::update(api_keys::table.find(id))
        .filter(api_keys::revoked_at.is_null())
        .set((
            api_keys::revoked_at.eq(now),
            api_keys::revoked_by.eq(by),
            api_keys::revoked_reason.eq(reason),
            api_keys::next_notice_at.eq(None::<Time>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// A use of a key on its way to its row.
struct UseRow<'a> {
    noted: &'a Noted<KeyId, Use>,
    ip: Option<String>,
}

impl BulkRow for UseRow<'_> {
    const HEAD: &'static str = "UPDATE api_keys SET last_used_at = new.column2, last_used_ip = new.column3, \
         last_used_agent = new.column4 FROM (VALUES ";

    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_bind_param::<Text, KeyId>(&self.noted.of)?;
        out.push_sql(", ");
        out.push_bind_param::<Ts, Time>(&self.noted.at)?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, Option<String>>(&self.ip)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, String>(&self.noted.what.agent)
    }
}

/// Writes when keys were last used, in one statement for a few hundred; a later use that another instance
/// has written stays.
///
/// # Errors
/// When the database refuses.
pub fn write_uses(conn: &mut Conn, uses: &[Noted<KeyId, Use>]) -> QueryResult<()> {
    const OLDER: &str = ") AS new WHERE api_keys.id = new.column1 \
         AND (api_keys.last_used_at IS NULL OR api_keys.last_used_at < new.column2)";
    if uses.is_empty() {
        return Ok(());
    }
    let rows: Vec<UseRow<'_>> = uses
        .iter()
        .map(|noted| UseRow {
            noted,
            ip: noted.what.ip.map(|ip| ip.to_string()),
        })
        .collect();
    Suffix(Bulk(&rows), OLDER).execute(conn).map(drop)
}
