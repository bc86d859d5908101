//! Databases of a size, filled with SQL: the rows are what actions write, made faster.

use std::path::Path;

use diesel::connection::SimpleConnection;
use tempfile::TempDir;
use vestibule::clock::Clock;
use vestibule::config::{Config, DatabaseUrl};
use vestibule::passwords::Cost;
use vestibule::server::{Parts, open};

/// An empty database, migrated, with its parts open.
pub fn empty() -> (TempDir, Parts) {
    let folder = tempfile::tempdir().expect("a folder");
    let parts = open_in(folder.path());
    (folder, parts)
}

/// The parts over the database of a folder.
pub fn open_in(folder: &Path) -> Parts {
    open_on(DatabaseUrl::Sqlite(folder.join("vestibule.db")), folder)
}

/// The parts over a database, with the key file in a folder.
pub fn open_on(database: DatabaseUrl, folder: &Path) -> Parts {
    let config = Config {
        database,
        secret_key_file: folder.join("secret.key"),
        ..Config::default()
    };
    open(config, Clock::System, Cost::CHEAP).expect("a database")
}

/// The first user alone, an owner, on either database.
pub fn owner(parts: &Parts) {
    parts
        .app
        .db
        .write_now(|tx| {
            Ok(tx.batch_execute(
                "INSERT INTO users (id, email, email_norm, email_verified, phone_verified, display_name, name_norm, role,
                     status, schema_id, traits, metadata_public, metadata_admin, created_at, updated_at)
                 SELECT 'usr_00000001-0000-7000-8000-000000000001', 'user1@example.org', 'user1@example.org', TRUE, FALSE,
                     'User Number 1', 'user number 1', 'owner', 'active', 'default', '{}', '{}', '{}', created_at, created_at
                 FROM schemas WHERE id = 'default'",
            )?)
        })
        .expect("an owner");
}

/// So many users, the first of them an owner.
pub fn users(parts: &Parts, count: usize) {
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         INSERT INTO users (id, email, email_norm, email_verified, display_name, name_norm, role, status,
             schema_id, traits, metadata_public, metadata_admin, created_at, updated_at)
         SELECT printf('usr_%08x-0000-7000-8000-%012x', i, i), printf('user%d@example.org', i),
             printf('user%d@example.org', i), 1, printf('User Number %d', i), printf('user number %d', i),
             CASE i WHEN 1 THEN 'owner' ELSE 'member' END, 'active', 'default', '{{}}', '{{}}', '{{}}',
             1700000000000000 + i * 1000000, 1700000000000000 + i * 1000000
         FROM n"
    );
    parts
        .app
        .db
        .write_now(move |tx| Ok(tx.batch_execute(&sql)?))
        .expect("users");
}

/// API keys of the first user; their secrets.
pub fn keys(parts: &Parts, count: usize) -> Vec<String> {
    use diesel::prelude::*;
    use vestibule::db::schema::api_keys as table;
    use vestibule::ids::{KeyId, UserId};
    use vestibule::secret::{PlainSecret, SecretKind};
    let owner: UserId = "usr_00000001-0000-7000-8000-000000000001"
        .parse()
        .expect("the first user");
    let secrets: Vec<PlainSecret> = (0..count)
        .map(|_| PlainSecret::generate(SecretKind::ApiKey))
        .collect();
    let plain = secrets
        .iter()
        .map(|secret| secret.reveal().to_owned())
        .collect();
    parts
        .app
        .db
        .write_now(move |tx| {
            for secret in &secrets {
                diesel::insert_into(table::table)
                    .values((
                        table::id.eq(KeyId::new(tx.now)),
                        table::owner_id.eq(owner),
                        table::name.eq("Bench"),
                        table::note.eq(""),
                        table::prefix.eq(secret.prefix()),
                        table::last_four.eq(secret.last_four()),
                        table::digest.eq(secret.digest()),
                        table::scopes.eq("all"),
                        table::created_at.eq(tx.now),
                    ))
                    .execute(&mut **tx)?;
            }
            Ok(())
        })
        .expect("keys");
    plain
}

/// The cookie of a session of the first user.
pub fn session(parts: &Parts, password: &str) {
    let hash = actix_web::rt::System::new()
        .block_on(parts.app.passwords.hash(password.to_owned()))
        .expect("a hash");
    let owner = "usr_00000001-0000-7000-8000-000000000001"
        .parse()
        .expect("the first user");
    parts
        .app
        .db
        .write_now(move |tx| {
            let now = tx.now;
            Ok(vestibule::users::store::set_password(
                tx, owner, &hash, now,
            )?)
        })
        .expect("a password");
}
