//! The settings of this process, so that a page costs no query for the name of the site.

use std::sync::{Arc, PoisonError, RwLock};

use super::model::Settings;
use super::store;
use crate::clock::{Span, Time, seconds};
use crate::db::{Conn, Db};
use crate::error::Result;

/// How old the copy may be: what another process changed is seen after this.
const FRESH: Span = seconds(2);

/// A copy of the settings that is read again after a commit of this process, and after two seconds.
#[derive(Debug, Default)]
pub struct SiteCache(RwLock<Option<Copy>>);

#[derive(Clone, Debug)]
struct Copy {
    settings: Arc<Settings>,
    commits: u64,
    read_at: Time,
}

impl SiteCache {
    /// The settings. When the database is away, the last that were read.
    ///
    /// # Errors
    /// When the database is away and the settings were never read.
    pub async fn get(&self, db: &Db) -> Result<Arc<Settings>> {
        match self.fresh(db) {
            Ok(settings) => Ok(settings),
            Err(stamp) => {
                let read = db.read(load).await;
                self.keep(read, stamp)
            }
        }
    }

    /// [`SiteCache::get`] for callers that may block: jobs and the command line.
    ///
    /// # Errors
    /// As there.
    pub fn get_now(&self, db: &Db) -> Result<Arc<Settings>> {
        match self.fresh(db) {
            Ok(settings) => Ok(settings),
            Err(stamp) => self.keep(db.read_now(load), stamp),
        }
    }

    /// The copy while it is good; else the stamp for the next one, taken before it is read so that a
    /// commit in between is not missed.
    fn fresh(&self, db: &Db) -> Result<Arc<Settings>, (u64, Time)> {
        let stamp = (db.counts().commits, db.clock().now());
        let copy = self.0.read().unwrap_or_else(PoisonError::into_inner);
        copy.as_ref()
            .filter(|copy| {
                copy.commits == stamp.0 && stamp.1 - copy.read_at < FRESH && stamp.1 >= copy.read_at
            })
            .map(|copy| copy.settings.clone())
            .ok_or(stamp)
    }

    fn keep(
        &self,
        read: Result<Settings>,
        (commits, read_at): (u64, Time),
    ) -> Result<Arc<Settings>> {
        let mut copy = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let settings = match (read, copy.as_ref()) {
            (Ok(settings), _) => Arc::new(settings),
            (Err(why), Some(old)) => {
                tracing::warn!(%why, "the settings could not be read; those of before stay");
                old.settings.clone()
            }
            (Err(why), None) => return Err(why),
        };
        // A slow read must not replace what a later one found.
        if copy
            .as_ref()
            .is_none_or(|old| (old.commits, old.read_at) <= (commits, read_at))
        {
            *copy = Some(Copy {
                settings: settings.clone(),
                commits,
                read_at,
            });
        }
        Ok(settings)
    }
}

fn load(conn: &mut Conn) -> Result<Settings> {
    Ok(store::load(conn)?)
}

#[cfg(test)]
mod tests {
    use super::super::actions;
    use super::super::model::SettingsPatch;
    use super::*;
    use crate::access::Actor;
    use crate::db::scratch::Scratch;

    #[test]
    fn a_change_here_is_seen_at_once_and_one_elsewhere_after_two_seconds() {
        let scratch = Scratch::new();
        let (db, other) = (&scratch.db, scratch.again());
        let cache = SiteCache::default();
        let name = |name: &str| SettingsPatch {
            site_name: Some(name.into()),
            ..SettingsPatch::default()
        };
        assert_eq!(cache.get_now(db).unwrap().site_name, "Vestibule");

        let patch = name("Here");
        db.write_now(move |tx| actions::update(tx, &Actor::operator(), &patch, None))
            .unwrap();
        let seen = cache.get_now(db).unwrap();
        assert_eq!(seen.site_name, "Here");
        assert!(
            Arc::ptr_eq(&seen, &cache.get_now(db).unwrap()),
            "a second look reads nothing"
        );

        let patch = name("There");
        other
            .write_now(move |tx| actions::update(tx, &Actor::operator(), &patch, None))
            .unwrap();
        assert_eq!(cache.get_now(db).unwrap().site_name, "Here");
        db.clock().advance(FRESH);
        assert_eq!(cache.get_now(db).unwrap().site_name, "There");
    }
}
