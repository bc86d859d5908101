//! The row of the settings.

use diesel::prelude::*;
use diesel::result::Error as DieselError;

use super::model::Settings;
use crate::db::schema::settings;
use crate::db::{Conn, Json, Suffix};

/// The name of the row.
const ROW: &str = "site";

/// The settings as they are kept; the defaults when nothing was ever set.
///
/// # Errors
/// When the database refuses.
pub fn load(conn: &mut Conn) -> QueryResult<Settings> {
    let kept: Option<Json> = settings::table
        .find(ROW)
        .select(settings::value)
        .first(conn)
        .optional()?;
    match kept {
        Some(Json(value)) => serde_json::from_value(value)
            .map_err(|why| DieselError::DeserializationError(why.into())),
        None => Ok(Settings::default()),
    }
}

/// Keeps the settings.
///
/// # Errors
/// When the database refuses.
pub fn save(conn: &mut Conn, new: &Settings) -> QueryResult<()> {
    let value =
        serde_json::to_value(new).map_err(|why| DieselError::SerializationError(why.into()))?;
    let row = (settings::name.eq(ROW), settings::value.eq(Json(value)));
    let insert = diesel::insert_into(settings::table).values(row);
    Suffix(
        insert,
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .execute(conn)?;
    Ok(())
}
