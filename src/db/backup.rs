//! Copies of a SQLite database: made while it is served, put back when nobody holds it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::held::{Held, beside};
use super::migrate::{apply, schema};
use super::pool::{Conn, Target, connect, sqlite_name};
use super::schema::facts::dsl;
use crate::error::{Error, Result};

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// Where the database that was there before is now.
    pub kept: Option<PathBuf>,
    /// The migrations that the backup lacked.
    pub migrated: Vec<String>,
}

/// Writes a copy of a database that may be in use: all that was committed when it starts, and nothing of
/// what was deleted. The copy is checked before this answers; its mode is 0600.
///
/// # Errors
/// When `file` exists already, or the copy cannot be written or is not sound; then there is no copy.
pub fn backup(database: &Path, file: &Path) -> Result<()> {
    sqlite_name(file).map_err(|why| words(why.to_string()))?;
    let refused = |why: io::Error| words(format!("cannot write {}: {why}", file.display()));
    let copy = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(|why| match why.kind() {
            io::ErrorKind::AlreadyExists => words(format!(
                "{} exists already; choose another name, a backup never replaces a file",
                file.display()
            )),
            _ => refused(why),
        })?;
    let written = write_copy(database, file).and_then(|()| {
        copy.sync_all().map_err(refused)?;
        sync_folder(file).map_err(refused)
    });
    if written.is_err() {
        // Why it failed says more than why the rest of it cannot be removed.
        let _ = fs::remove_file(file);
    }
    written
}

fn write_copy(database: &Path, file: &Path) -> Result<()> {
    let _held = Held::shared(database)?;
    let mut conn = open(database)?;
    // SQLite takes an empty file for the copy, so its mode is right from the first byte on.
    let name = sqlite_name(file).map_err(|why| words(why.to_string()))?;
    diesel::sql_query("VACUUM INTO ?")
        .bind::<Text, _>(name)
        .execute(&mut conn)
        .map_err(|why| words(format!("cannot write {}: {why}", file.display())))?;
    let mut copy = SqliteConnection::establish(name)
        .map_err(|why| words(format!("cannot read {}: {why}", file.display())))?;
    check(&mut copy).map_err(|why| words(format!("the copy is not sound: {why}")))
}

/// Puts a backup in the place of a database, and keeps that one aside. The copy is checked and migrated
/// before anything changes, and takes its place in one step.
///
/// `fingerprint` is of the master key that will be used; a backup of another key is refused.
///
/// # Errors
/// When somebody holds the database, when `file` is no sound database of this program or is from a
/// later version, or when an older database is kept aside already; nothing is changed then.
pub fn restore(file: &Path, database: &Path, fingerprint: Option<&str>) -> Result<Restored> {
    let Some(_held) = Held::alone(database)? else {
        return Err(words(format!(
            "a server or another command holds {}; stop it first, then restore",
            database.display()
        )));
    };
    let kept = beside(database, ".before-restore");
    if kept.exists() {
        return Err(words(format!(
            "{} is there from an earlier restore; move it away first",
            kept.display()
        )));
    }
    let draft = beside(database, ".restoring");
    remove_all(&draft)?;
    let made = prepare(file, &draft, fingerprint)
        .and_then(|migrated| Ok((migrated, put_in_place(&draft, database, &kept)?)));
    match made {
        Ok((migrated, kept)) => Ok(Restored { kept, migrated }),
        Err(why) => {
            remove_all(&draft)?;
            Err(why)
        }
    }
}

/// Refuses a file that [`restore`] cannot take: one that is missing, or that is being written or was copied without its
/// journal and so is not whole. Asked before anything is made.
///
/// # Errors
/// The words say what to do.
pub fn refuse_in_use(file: &Path) -> Result<()> {
    if !file.is_file() {
        return Err(words(format!("there is no file {}", file.display())));
    }
    let has_journal = ["-wal", "-journal"]
        .iter()
        .any(|end| fs::metadata(beside(file, end)).is_ok_and(|journal| journal.len() > 0));
    if has_journal {
        return Err(words(format!(
            "{} has a journal beside it, so it is in use or was not copied whole; \
             make the copy with `vestibule backup`",
            file.display()
        )));
    }
    Ok(())
}

/// Copies, checks and migrates.
fn prepare(file: &Path, draft: &Path, fingerprint: Option<&str>) -> Result<Vec<String>> {
    let mut from =
        File::open(file).map_err(|why| words(format!("cannot read {}: {why}", file.display())))?;
    let mut to = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)
        .map_err(Error::internal)?;
    io::copy(&mut from, &mut to)
        .and_then(|_| to.sync_all())
        .map_err(Error::internal)?;
    let not_ours = |why: &str| {
        words(format!(
            "{} is not a backup of Vestibule: {why}",
            file.display()
        ))
    };
    let mut conn =
        open(draft).map_err(|_| not_ours("it is no SQLite database, or only a part of one"))?;
    check(&mut conn).map_err(|why| not_ours(&why))?;
    let mut conn = Conn::Lite(conn);
    let Some(schema) = schema(&mut conn)? else {
        return Err(not_ours("it has none of the tables"));
    };
    if let Some(unknown) = schema.unknown.first() {
        return Err(words(format!(
            "{} was made by a later version, with the migration {unknown} that this one lacks; \
             install that version first",
            file.display()
        )));
    }
    let made_with: Option<String> = dsl::facts
        .find("master_key")
        .select(dsl::value)
        .first(&mut conn)
        .optional()?;
    if let (Some(made_with), Some(ours)) = (made_with, fingerprint)
        && made_with != ours
    {
        return Err(words(format!(
            "{} was made with another master key; put that key file in its place first, \
             or name it in VESTIBULE_SECRET_KEY_FILE",
            file.display()
        )));
    }
    let migrated = apply(&mut conn)?;
    // All of it into the one file, so that one rename puts it in place.
    conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")?;
    drop(conn);
    to.sync_all().map_err(Error::internal)?;
    Ok(migrated)
}

/// The old database gets a second name, then the new one takes its first: at every moment there is a
/// whole database under that name.
fn put_in_place(draft: &Path, database: &Path, kept: &Path) -> Result<Option<PathBuf>> {
    let mut aside = None;
    if database.exists() {
        fold_journal(database);
        // What could not be folded in must not be taken for the journal of the new file.
        for end in ["-wal", "-shm"] {
            let journal = beside(database, end);
            if journal.exists() {
                fs::rename(&journal, beside(kept, end)).map_err(Error::internal)?;
            }
        }
        fs::hard_link(database, kept).map_err(Error::internal)?;
        aside = Some(kept.to_owned());
    }
    fs::rename(draft, database)
        .and_then(|()| sync_folder(database))
        .map_err(Error::internal)?;
    Ok(aside)
}

/// Writes the journal of a database into it. One that is broken stays as it is: that may be why somebody
/// restores a backup.
fn fold_journal(database: &Path) {
    let folded = sqlite_name(database)
        .and_then(SqliteConnection::establish)
        .map_err(|why| why.to_string())
        .and_then(|mut conn| {
            conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
                .map_err(|why| why.to_string())
        });
    if let Err(why) = folded {
        tracing::warn!(%why, "the journal of the old database could not be folded in; it is kept beside it");
    }
}

fn open(path: &Path) -> Result<SqliteConnection> {
    let conn = connect(&Target::Sqlite(path.to_owned()))
        .map_err(|why| Error::Unavailable(format!("cannot open {}: {why}", path.display())))?;
    match conn {
        Conn::Lite(lite) => Ok(lite),
        Conn::Pg(_) => Err(Error::internal("a file was opened as a server")),
    }
}

/// Looks at every page, index and reference.
fn check(conn: &mut SqliteConnection) -> Result<(), String> {
    #[derive(QueryableByName)]
    struct Finding {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    #[derive(QueryableByName)]
    struct Dangling {
        #[diesel(sql_type = Text)]
        table: String,
    }
    let findings: Vec<Finding> = diesel::sql_query("PRAGMA integrity_check(1)")
        .load(conn)
        .map_err(|why| why.to_string())?;
    match findings.first() {
        Some(finding) if finding.integrity_check == "ok" => {}
        Some(finding) => return Err(finding.integrity_check.clone()),
        None => return Err("the check answers nothing".to_owned()),
    }
    let dangling: Vec<Dangling> = diesel::sql_query("PRAGMA foreign_key_check")
        .load(conn)
        .map_err(|why| why.to_string())?;
    dangling.first().map_or(Ok(()), |row| {
        Err(format!("{} refers to a row that is missing", row.table))
    })
}

fn remove_all(draft: &Path) -> Result<()> {
    for end in ["", "-wal", "-shm", "-journal"] {
        match fs::remove_file(beside(draft, end)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(Error::internal(why)),
            _ => {}
        }
    }
    Ok(())
}

fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn words(text: String) -> Error {
    Error::internal(text)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;
    use crate::db::migrate;

    #[test]
    fn a_name_that_is_no_text_is_refused_and_no_other_file_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("v.db");
        migrate(&Target::Sqlite(database.clone())).unwrap();
        let odd = folder.path().join(OsStr::from_bytes(b"copy\xff.db"));
        let before = fs::read_dir(folder.path()).unwrap().count();
        let refused = backup(&database, &odd).unwrap_err().to_string();
        assert!(refused.contains("not UTF-8"), "{refused}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before);
    }
}
