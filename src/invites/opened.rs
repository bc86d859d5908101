//! When the page of each link was first opened, written behind. A mail scanner opens pages too, so it is a hint and
//! proves nothing.

use diesel::prelude::*;

use crate::clock::Time;
use crate::db::schema::invite_links;
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::ids::InviteLinkId;
use crate::jobs::{Behind, Noted};

/// The links whose pages this process has seen opened.
#[derive(Debug, Default)]
pub struct Opened(Behind<InviteLinkId, ()>);

impl Opened {
    /// Notes that the page of a link was opened.
    pub fn note(&self, link: InviteLinkId, at: Time) {
        self.0.note(link, at, ());
    }

    /// Writes down what is due. Answers how many.
    ///
    /// # Errors
    /// When the database is away; what was not written is kept for the next time.
    pub fn flush(&self, db: &Db) -> Result<usize> {
        self.0.flush(db, write)
    }

    /// Writes down everything, for when the process ends.
    ///
    /// # Errors
    /// When the database is away.
    pub fn flush_all(&self, db: &Db) -> Result<usize> {
        self.0.flush_all(db, write)
    }
}

fn write(tx: &mut Tx<'_>, notes: &[Noted<InviteLinkId, ()>]) -> Result<()> {
    for noted in notes {
        let first = invite_links::table
            .find(noted.of)
            .filter(invite_links::opened_at.is_null());
        diesel::update(first)
            .set(invite_links::opened_at.eq(noted.at))
            .execute(&mut **tx)?;
    }
    Ok(())
}
