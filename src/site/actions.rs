//! Reading and changing the settings.

use serde_json::Value;

use super::model::{Settings, SettingsPatch};
use super::store;
use crate::access::{Actor, Role};
use crate::audit;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, Result};

/// The settings as they are in the database.
///
/// # Errors
/// When the database refuses.
pub fn current(conn: &mut Conn) -> Result<Settings> {
    Ok(store::load(conn)?)
}

/// Changes the settings. `seen` is the etag of what the person had before them; without one the change
/// is made whatever the settings are.
///
/// # Errors
/// `forbidden` for members, `edit_conflict` when somebody was faster, `invalid_input`.
pub fn update(
    tx: &mut Tx<'_>,
    actor: &Actor,
    patch: &SettingsPatch,
    seen: Option<&str>,
) -> Result<Settings> {
    actor.require(Role::Admin)?;
    let before = store::load(tx)?;
    if seen.is_some_and(|seen| seen != before.etag()) {
        return Code::EditConflict.refuse();
    }
    let after = before.with(patch)?;
    if after != before {
        store::save(tx, &after)?;
        let (was, is) = differences(&before, &after)?;
        let target = audit::Target::new("settings", "settings");
        audit::record(
            tx,
            actor,
            audit::Entry::new("settings.updated", target)
                .before(was)
                .after(is),
        )?;
    }
    Ok(after)
}

/// The settings that changed, as they were and as they are.
fn differences(before: &Settings, after: &Settings) -> Result<(Value, Value)> {
    let object = |settings: &Settings| match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Error::internal("settings are an object")),
        Err(why) => Err(Error::internal(why)),
    };
    let (mut was, mut is) = (object(before)?, object(after)?);
    let changed: Vec<String> = is
        .keys()
        .filter(|key| was.get(*key) != is.get(*key))
        .cloned()
        .collect();
    was.retain(|key, _| changed.contains(key));
    is.retain(|key, _| changed.contains(key));
    Ok((was.into(), is.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;
    use crate::db::scratch::Scratch;

    fn named(name: &str) -> SettingsPatch {
        SettingsPatch {
            site_name: Some(name.to_owned()),
            ..SettingsPatch::default()
        }
    }

    fn update_now(db: &Db, actor: Actor, name: &str, seen: Option<String>) -> Result<Settings> {
        let patch = named(name);
        db.write_now(move |tx| update(tx, &actor, &patch, seen.as_deref()))
    }

    fn audited(db: &Db) -> Vec<(Value, Value)> {
        use crate::db::Json;
        use crate::db::schema::audit;
        use diesel::prelude::*;
        let rows: Vec<(Json, Json)> = db
            .read_now(|conn| {
                Ok(audit::table
                    .select((audit::before, audit::after))
                    .load(conn)?)
            })
            .unwrap();
        rows.into_iter()
            .map(|(before, after)| (before.0, after.0))
            .collect()
    }

    #[test]
    fn a_change_is_kept_and_a_stale_one_refused() {
        let scratch = Scratch::new();
        let db = &scratch.db;
        let first = db.read_now(current).unwrap();
        assert_eq!(first, Settings::default());
        let second = update_now(db, Actor::operator(), "Lab", Some(first.etag())).unwrap();
        assert_eq!(db.read_now(current).unwrap(), second);
        let refused = update_now(db, Actor::operator(), "Shed", Some(first.etag())).unwrap_err();
        assert_eq!(refused.code(), Code::EditConflict);
        assert_eq!(
            audited(db),
            [(
                serde_json::json!({"site_name": "Vestibule"}),
                serde_json::json!({"site_name": "Lab"})
            )]
        );
        let third = update_now(db, Actor::operator(), "Shed", None).unwrap();
        assert_eq!(db.read_now(current).unwrap(), third);
        let member = Actor {
            role: Role::Member,
            ..Actor::operator()
        };
        assert_eq!(
            update_now(db, member, "Mine", None).unwrap_err().code(),
            Code::Forbidden
        );
    }
}
