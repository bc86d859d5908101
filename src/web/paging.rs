//! Paging by cursor: a page costs the same however deep it lies.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::db::{Cursor, Paging, Slice};
use crate::error::{Code, FieldError, Result};

/// Rows of a list in the API, unless asked otherwise.
const DEFAULT_LIMIT: i64 = 50;

/// `limit` and `cursor` of a list in the API.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Rows, 1 to 500; 50 when left out.
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl ListQuery {
    /// Rows of a list in the API at most.
    pub const MOST: i64 = 500;

    /// The part of the list that is meant.
    ///
    /// # Errors
    /// `invalid_input` for a limit out of range, `cursor_invalid`.
    pub fn paging(limit: Option<i64>, cursor: Option<&str>) -> Result<Paging> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=Self::MOST).contains(&limit) {
            return Err(FieldError::new("limit", "out_of_range")
                .with("min", 1)
                .with("max", Self::MOST)
                .into());
        }
        let from = cursor.map(read).transpose()?;
        Ok(Paging {
            limit,
            from,
            newer: false,
        })
    }
}

/// A list in the API.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListOf{T}")]
pub struct Listed<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// Where the list goes on; null at its end.
    pub next_cursor: Option<String>,
}

impl<T> Listed<T> {
    /// A list that is never paged.
    pub fn all(items: Vec<T>) -> Self {
        Self {
            items,
            next_cursor: None,
        }
    }
}

impl<T> From<Slice<T>> for Listed<T> {
    fn from(slice: Slice<T>) -> Self {
        Self {
            next_cursor: slice.older.as_ref().map(write),
            items: slice.rows,
        }
    }
}

/// The links below a list in the console.
#[derive(Clone, Debug, Default)]
pub struct PageLinks {
    /// Address of the newer rows.
    pub newer: Option<String>,
    /// Address of the older rows.
    pub older: Option<String>,
}

impl PageLinks {
    /// Links for a list at `path`, with the other query parameters in `query` kept.
    pub fn of<T>(path: &str, query: &[(&str, &str)], slice: &Slice<T>) -> Self {
        let link = |name: &str, cursor: &Cursor| {
            let cursor = write(cursor);
            let mut pairs: Vec<(&str, &str)> = query
                .iter()
                .copied()
                .filter(|(_, value)| !value.is_empty())
                .collect();
            pairs.push((name, &cursor));
            format!(
                "{path}?{}",
                serde_urlencoded::to_string(&pairs).unwrap_or_default()
            )
        };
        Self {
            newer: slice.newer.as_ref().map(|cursor| link("newer", cursor)),
            older: slice.older.as_ref().map(|cursor| link("older", cursor)),
        }
    }

    /// The part of a list that the console's query asks for; one that makes no sense is the first page.
    pub fn paging(limit: i64, newer: &str, older: &str) -> Paging {
        let (text, is_newer) = if newer.is_empty() {
            (older, false)
        } else {
            (newer, true)
        };
        match read(text) {
            Ok(from) => Paging {
                limit,
                from: Some(from),
                newer: is_newer,
            },
            Err(_) => Paging::first(limit),
        }
    }
}

fn write(cursor: &Cursor) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}.{}", cursor.time.as_micros(), cursor.id))
}

fn read(text: &str) -> Result<Cursor> {
    let read = || {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (micros, id) = plain.split_once('.')?;
        let fits = id.len() <= 64
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        fits.then_some(Cursor {
            time: Time::in_range(micros.parse().ok()?)?,
            id: id.to_owned(),
        })
    };
    read().ok_or_else(|| Code::CursorInvalid.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nonsense_is_refused() {
        let cursor = Cursor {
            time: Time::from_micros(1_700_000_000_000_001),
            id: "usr_abc-1".into(),
        };
        assert_eq!(read(&write(&cursor)).unwrap(), cursor);
        for bad in [
            "",
            "x",
            "AAAA",
            &URL_SAFE_NO_PAD.encode("5.' OR 1=1"),
            &URL_SAFE_NO_PAD.encode("a.b"),
            &URL_SAFE_NO_PAD.encode(format!("{}.usr_x", i64::MIN)),
            &URL_SAFE_NO_PAD.encode(format!("{}.usr_x", i64::MAX)),
        ] {
            assert_eq!(read(bad).unwrap_err().code(), Code::CursorInvalid, "{bad}");
        }
        for limit in [0, -1, 501, i64::MAX] {
            assert!(ListQuery::paging(Some(limit), None).is_err());
        }
    }
}
