//! `import`: what people had before.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use vestibule::access::Actor;
use vestibule::api_keys::actions::import::{Line, Verdict, import, read};
use vestibule::config::Config;
use vestibule::text::Text;
use vestibule::web::reason;

use super::opening::open;
use super::{Failure, Outcome, print};

/// Lines that are done in one transaction.
const SOME: usize = 200;

/// What can be brought along.
#[derive(Subcommand)]
pub enum Command {
    /// Make API keys that people already have work here, by the SHA-256 of each.
    ///
    /// FILE.csv begins with a line of columns: email,name,sha256_hex,scopes,expires_at. The digest is that of the whole text of the
    /// key, as 64 hexadecimal digits, with or without sha256$ before it. Scopes have spaces or semicolons between, or are all. A key
    /// without expires_at never ends. Nobody is mailed.
    ///
    /// Each line is done by itself: what is wrong with one keeps no other from being done. Prints a line for each, with tabs between
    /// its number, the address, and what became of it. Mend what was refused and run the same file again: what is there
    /// already stays as it is, and a key that was revoked stays revoked.
    Keys(Keys),
}

/// Which keys.
#[derive(Args)]
pub struct Keys {
    /// The file.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Only say what would become of each line.
    #[arg(long)]
    dry_run: bool,
}

/// How many lines became what.
#[derive(Default)]
struct Counts {
    new: usize,
    there: usize,
    refused: usize,
}

/// Imports keys. Fails when a line was refused.
pub fn keys(config: Config, what: &Keys) -> Outcome {
    let bytes = fs::read(&what.file)
        .map_err(|why| Failure::usage(format!("{}: {why}", what.file.display())))?;
    let lines =
        read(Text::ENGLISH, &bytes).map_err(|why| Failure::usage(reason(Text::ENGLISH, &why).1))?;
    let parts = open(config)?;
    let mut counts = Counts::default();
    for some in lines.chunks(SOME) {
        let (theirs, dry_run) = (some.to_vec(), what.dry_run);
        let done = parts
            .app
            .db
            .write_now(move |tx| import(tx, &Actor::operator(), &theirs, dry_run));
        let verdicts = done.map_err(|why| stopped(&some[0], &Failure::from(why)))?;
        for (line, verdict) in some.iter().zip(&verdicts) {
            let words = counts.tell(verdict);
            print(format!("{}\t{}\t{words}", line.line, line.email))?;
        }
    }
    counts.sum(what.dry_run)
}

impl Counts {
    fn tell(&mut self, verdict: &Verdict) -> String {
        match verdict {
            Verdict::New(Some(id)) => {
                self.new += 1;
                format!("imported as {id}")
            }
            Verdict::New(None) => {
                self.new += 1;
                "would be imported".to_owned()
            }
            Verdict::There => {
                self.there += 1;
                "there already".to_owned()
            }
            Verdict::Refused(why) => {
                self.refused += 1;
                let (code, words) = reason(Text::ENGLISH, why);
                format!("refused: {code}: {words}")
            }
        }
    }

    fn sum(&self, dry_run: bool) -> Outcome {
        let Self {
            new,
            there,
            refused,
        } = self;
        let words = match dry_run {
            true => format!(
                "Nothing was changed. New: {new}. There already: {there}. Refused: {refused}."
            ),
            false => format!("Imported: {new}. There already: {there}. Refused: {refused}."),
        };
        if *refused > 0 {
            return Err(format!(
                "{words} Mend the lines that were refused and run the file again."
            )
            .into());
        }
        eprintln!("{words}");
        Ok(())
    }
}

fn stopped(at: &Line, why: &Failure) -> Failure {
    let words = format!(
        "{} The lines before line {} are done; run the file again for the others.",
        why.words, at.line
    );
    words.into()
}
