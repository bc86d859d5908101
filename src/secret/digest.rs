//! What a table holds in place of a secret.

use std::fmt;
use std::hash::{Hash, Hasher};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;

/// SHA-256 of a whole secret text: all that a table or a cache may hold of it.
///
/// A fast hash is right here. Secrets are 256 random bits, which cannot be searched at any speed,
/// while a slow hash on every request would be a lever for whoever wants the server down.
/// Equality takes the same time whatever the bytes are.
#[derive(Clone, Copy, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// The digest of `text`, whatever its form.
    pub fn of(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }

    /// The digest of `bytes`, for values that are not text.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(hash)
    }

    /// A digest that was computed elsewhere, as in an import of keys that people already have.
    pub const fn from_bytes(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest")
    }
}

impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for SecretDigest {}

impl Hash for SecretDigest {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<DB> ToSql<Binary, DB> for SecretDigest
where
    DB: Backend,
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_slice().to_sql(out)
    }
}

impl<DB> FromSql<Binary, DB> for SecretDigest
where
    DB: Backend,
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = Vec::<u8>::from_sql(bytes)?;
        let hash = <[u8; 32]>::try_from(bytes)
            .map_err(|bytes| format!("a digest has 32 bytes, not {}", bytes.len()))?;
        Ok(Self(hash))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use diesel::prelude::*;
    use diesel::sql_query;

    use super::*;

    #[derive(diesel::MultiConnection)]
    enum Either {
        Lite(SqliteConnection),
        Postgres(PgConnection),
    }

    diesel::table! {
        secrets (id) {
            id -> Integer,
            digest -> Binary,
        }
    }

    #[derive(Insertable, Queryable)]
    #[diesel(table_name = secrets)]
    struct Row {
        id: i32,
        digest: SecretDigest,
    }

    #[test]
    fn is_sha256() {
        let hex: String = SecretDigest::of("abc")
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn is_equal_and_hashed_by_its_bytes() {
        let known: HashSet<_> = [SecretDigest::of("a"), SecretDigest::of("b")].into();
        assert!(known.contains(&SecretDigest::of("a")));
        assert!(!known.contains(&SecretDigest::of("c")));
    }

    #[test]
    fn debug_shows_no_byte() {
        assert_eq!(format!("{:?}", SecretDigest::of("abc")), "SecretDigest");
    }

    #[test]
    fn goes_through_a_table() {
        let mut conn = Either::Lite(SqliteConnection::establish(":memory:").unwrap());
        sql_query("CREATE TABLE secrets (id INTEGER PRIMARY KEY NOT NULL, digest BLOB NOT NULL)")
            .execute(&mut conn)
            .unwrap();
        let digest = SecretDigest::of("one");
        diesel::insert_into(secrets::table)
            .values(Row { id: 1, digest })
            .execute(&mut conn)
            .unwrap();

        let found: Row = secrets::table
            .filter(secrets::digest.eq(digest))
            .first(&mut conn)
            .unwrap();

        assert_eq!(found.id, 1);
        assert_eq!(found.digest, digest);
    }

    #[test]
    fn a_value_of_another_length_is_an_error() {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        let query = diesel::select(diesel::dsl::sql::<Binary>("x'00ff'"));
        let error = query.get_result::<SecretDigest>(&mut conn).unwrap_err();
        assert!(
            matches!(error, diesel::result::Error::DeserializationError(_)),
            "{error}"
        );
    }
}
