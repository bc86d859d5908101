//! What is known about this installation itself: one text under each name.

use diesel::prelude::*;

use super::pool::Conn;
use super::query::Suffix;
use super::schema::facts::dsl;

/// The fact called `name`.
///
/// # Errors
/// When the database refuses.
pub fn read(conn: &mut Conn, name: &str) -> QueryResult<Option<String>> {
    dsl::facts
        .find(name)
        .select(dsl::value)
        .first(conn)
        .optional()
}

/// Puts `new` in the place of `old` (`None`: there was no such fact). False when the fact was another one
/// by now: then nothing is changed, and who asked works on what is out of date.
///
/// # Errors
/// When the database refuses.
pub fn swap(conn: &mut Conn, name: &str, old: Option<&str>, new: &str) -> QueryResult<bool> {
    let changed = match old {
        Some(old) => diesel::update(dsl::facts.find(name).filter(dsl::value.eq(old)))
            .set(dsl::value.eq(new))
            .execute(conn)?,
        None => {
            let row = (dsl::name.eq(name), dsl::value.eq(new));
            Suffix(
                diesel::insert_into(dsl::facts).values(row),
                "ON CONFLICT (name) DO NOTHING",
            )
            .execute(conn)?
        }
    };
    Ok(changed == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::scratch::Scratch;

    #[test]
    fn a_fact_is_replaced_only_by_who_knows_it() {
        let scratch = Scratch::new();
        let swap = |old: Option<&'static str>, new: &'static str| {
            scratch
                .db
                .write_now(move |tx| Ok(swap(tx, "colour", old, new)?))
                .unwrap()
        };
        assert!(swap(None, "red"));
        assert!(!swap(None, "blue"));
        assert!(!swap(Some("blue"), "green"));
        assert!(swap(Some("red"), "green"));
        let known = scratch
            .db
            .read_now(|conn| Ok(read(conn, "colour")?))
            .unwrap();
        assert_eq!(known.as_deref(), Some("green"));
        assert_eq!(
            scratch
                .db
                .read_now(|conn| Ok(read(conn, "shape")?))
                .unwrap(),
            None
        );
    }
}
