//! Who uses a SQLite file.
//!
//! Several processes may serve one file on one machine, and the command line works beside them, so
//! whoever opens the database holds a shared lock on a file beside it; a restore, which puts another
//! file in its place, needs the lock alone. The operating system takes a lock back when its process
//! ends, however it ends, so a crash leaves nothing to clean up. The lock's file stays: removing it
//! would let two processes lock two different files.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::backup::beside;
use crate::error::{Error, Result};

/// A lock on a SQLite database, held until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _file: File,
}

impl Held {
    /// A hold beside others.
    pub(super) fn shared(database: &Path) -> Result<Self> {
        let file = open(database)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Unavailable(format!(
                "a backup is just being restored to {}; try again when that is done",
                database.display()
            ))),
            Err(TryLockError::Error(why)) => Err(refused(database, &why)),
        }
    }

    /// The only hold; `None` when others have one.
    pub(super) fn alone(database: &Path) -> Result<Option<Self>> {
        let file = open(database)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(why)) => Err(refused(database, &why)),
        }
    }
}

fn open(database: &Path) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(beside(database, ".lock"))
        .map_err(|why| refused(database, &why))
}

fn refused(database: &Path, why: &std::io::Error) -> Error {
    Error::Unavailable(format!(
        "cannot lock {}: {why}; the folder must be writable for the user who runs this",
        beside(database, ".lock").display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_share_and_one_alone_waits_for_all_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("v.db");
        let first = Held::shared(&database).unwrap();
        let second = Held::shared(&database).unwrap();
        assert!(Held::alone(&database).unwrap().is_none());
        drop(first);
        assert!(Held::alone(&database).unwrap().is_none());
        drop(second);
        let alone = Held::alone(&database).unwrap();
        assert!(alone.is_some());
        let refused = Held::shared(&database).unwrap_err();
        assert!(refused.to_string().contains("restored"), "{refused}");
        drop(alone);
        Held::shared(&database).unwrap();
    }
}
