//! Who uses a SQLite file.
//!
//! Several processes may serve one file on one machine, and the command line works beside them, so
//! whoever opens the database holds a shared lock on a file beside it; a restore, which puts another
//! file in its place, needs the lock alone. The operating system takes a lock back when its process
//! ends, however it ends, so a crash leaves nothing to clean up. The lock's file stays: removing it
//! would let two processes lock two different files.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Result};

/// How often it is looked whether a lock has gone that lasts for a moment only, and the pause between.
const LOOKS: u32 = 25;
const PAUSE: Duration = Duration::from_millis(10);

/// The path with `end` behind its file name.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A lock on a SQLite database, held until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    _file: File,
}

impl Held {
    /// A hold beside others.
    pub(super) fn shared(database: &Path) -> Result<Self> {
        Self::joining(database).map(|(held, _)| held)
    }

    /// A hold beside others, and whether there was none when it was asked for.
    pub(super) fn joining(database: &Path) -> Result<(Self, bool)> {
        let file = open(database)?;
        let alone = match file.try_lock() {
            Ok(()) => file
                .unlock()
                .map(|()| true)
                .map_err(|why| refused(database, &why))?,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(why)) => return Err(refused(database, &why)),
        };
        for _ in 0..LOOKS {
            match file.try_lock_shared() {
                Ok(()) => return Ok((Self { _file: file }, alone)),
                // Another may just be looking whether it is alone.
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(why)) => return Err(refused(database, &why)),
            }
        }
        Err(Error::Unavailable(format!(
            "a backup is just being restored to {}; try again when that is done",
            database.display()
        )))
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
        let (first, alone) = Held::joining(&database).unwrap();
        assert!(alone);
        let (second, alone) = Held::joining(&database).unwrap();
        assert!(!alone);
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
