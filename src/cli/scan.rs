//! `scan`: secrets in files, found without the database.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clap::Args;
use vestibule::secret::scan::scan;

use super::{Failure, Outcome, print};

/// Where to look.
#[derive(Args)]
pub struct Scan {
    /// A folder with all that is below it, or a file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
}

/// Prints each secret as `file:line`, its beginning and end. Fails when there is one, so that a build can.
pub fn run(what: &Scan) -> Outcome {
    let mut seen = Seen::default();
    seen.look(&what.path)?;
    for why in &seen.unread {
        eprintln!("vestibule: not read: {why}");
    }
    if seen.secrets > 0 {
        let words = format!(
            "{} secrets in {} files. Revoke each, whoever has read them may have kept them; then remove it.",
            seen.secrets, seen.files
        );
        return Err(words.into());
    }
    if !seen.unread.is_empty() {
        return Err("no secrets in what could be read".to_owned().into());
    }
    eprintln!("No secrets in {} files.", seen.files);
    Ok(())
}

#[derive(Default)]
struct Seen {
    files: usize,
    secrets: usize,
    unread: Vec<String>,
}

impl Seen {
    /// Looks at a path that was named; one that is not there is a failure.
    fn look(&mut self, path: &Path) -> Outcome {
        let about = fs::metadata(path)
            .map_err(|why| Failure::usage(format!("{}: {why}", path.display())))?;
        if about.is_dir() {
            self.folder(path)
        } else {
            self.file(path)
        }
    }

    /// Links are not followed: they could lead anywhere, and round.
    fn folder(&mut self, path: &Path) -> Outcome {
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(why) => {
                    self.unread.push(format!("{}: {why}", folder.display()));
                    continue;
                }
            };
            let mut inside: Vec<_> = entries.flatten().collect();
            inside.sort_by_key(fs::DirEntry::file_name);
            for entry in inside {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    Ok(kind) if kind.is_file() => self.file(&entry.path())?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Outcome {
        let mut lines = Vec::new();
        let read = File::open(path).and_then(|file| {
            scan(file, |found| {
                lines.push(format!("{}:{}\t{}", path.display(), found.line, found.hint));
            })
        });
        self.secrets += lines.len();
        match read {
            Ok(()) => self.files += 1,
            Err(why) => self.unread.push(format!("{}: {why}", path.display())),
        }
        lines.into_iter().try_for_each(print)
    }
}
