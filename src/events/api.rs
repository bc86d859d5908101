//! The events for programs.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{numbers, store};
use crate::app::App;
use crate::audit::ActorRef;
use crate::clock::Time;
use crate::db::Conn;
use crate::error::{Code, Result};
use crate::ids::EventId;
use crate::openapi::Doc;
use crate::web::{ListQuery, Listed, Params, ok};

/// The query of the list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    /// The number of the last event that was read; without it the list starts at the oldest event.
    after: Option<i64>,
    /// Rows, 1 to 500; 50 when left out.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// `next_cursor` of the page before; comes before `after`.
    cursor: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Event {
    /// Its number: one more than that of the event before, in the order of the commits.
    seq: i64,
    /// Its id.
    id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    #[schemars(extend("enum" = super::kinds::ALL))]
    kind: String,
    /// When.
    at: Time,
    /// Who did it.
    actor: ActorRef,
    /// To what; depends on the type.
    data: serde_json::Value,
}

impl From<store::Row> for Event {
    fn from(row: store::Row) -> Self {
        Self {
            seq: row.seq.unwrap_or_default(),
            id: row.id,
            kind: row.kind,
            at: row.at,
            actor: ActorRef {
                kind: row.actor_kind,
                id: row.actor_id,
            },
            data: row.data.0,
        }
    }
}

/// Describes [`list`].
pub const LIST: Doc = Doc::new("Read the events")
    .about(
        "Oldest first. Keep the `seq` of the last event and ask for what came `after` it. Events are kept for \
         90 days. `events_gone` says that events after that number are gone, or that the number was not given \
         yet because a backup was restored: read again from the start.",
    )
    .query::<EventsQuery>()
    .answers::<Listed<Event>>(200)
    .codes(&[Code::CursorInvalid, Code::EventsGone]);

/// `GET /api/v1/events`: administrators, with a key that holds `events:read`. Oldest first. A reader
/// keeps the `seq` of the last event and asks for what came `after` it.
///
/// # Errors
/// `events_gone` when events after `after` were deleted already, or no event has that number yet; a limit or cursor that makes no sense;
/// the database is away.
pub async fn list(app: web::Data<App>, query: Params<EventsQuery>) -> Result<HttpResponse> {
    let limit = ListQuery::paging(query.limit, None)?.limit;
    let after = match query.cursor.as_deref() {
        Some(cursor) => Some(cursor.parse().map_err(|_| Code::CursorInvalid)?),
        None => query.after,
    };
    let page = app.db.read(move |conn| page(conn, after, limit)).await?;
    Ok(ok(&page))
}

fn page(conn: &mut Conn, after: Option<i64>, limit: i64) -> Result<Listed<Event>> {
    let from = match after {
        Some(after) => after.max(0),
        None => numbers::floor(conn)?,
    };
    let rows = store::after(conn, from, limit + 1)?;
    // The floor is read after the rows: what a sweep took away in between is then told as gone.
    // A number that was not given yet is from before a backup was restored: it will be another event's.
    if from < numbers::floor(conn)? || from > numbers::head(conn)? {
        return Code::EventsGone.refuse();
    }
    let mut items: Vec<Event> = rows.into_iter().map(Event::from).collect();
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let goes_on = items.len() > wanted;
    items.truncate(wanted);
    let next_cursor = items
        .last()
        .filter(|_| goes_on)
        .map(|last| last.seq.to_string());
    Ok(Listed { items, next_cursor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Actor;
    use crate::clock::days;
    use crate::db::scratch::Scratch;
    use crate::events::{emit, kinds};

    fn with_events(count: usize) -> Scratch {
        let scratch = Scratch::new();
        for _ in 0..count {
            let data = serde_json::json!({});
            let emit = move |tx: &mut crate::db::Tx<'_>| {
                emit(tx, &Actor::system(), kinds::USER_CREATED, data.clone())
            };
            scratch.db.write_now(emit).unwrap();
        }
        numbers::number_batch(&scratch.db).unwrap();
        scratch
    }

    fn ask(
        scratch: &Scratch,
        after: Option<i64>,
        limit: i64,
    ) -> Result<(Vec<i64>, Option<String>)> {
        let listed = scratch.db.read_now(|conn| page(conn, after, limit))?;
        Ok((
            listed.items.iter().map(|event| event.seq).collect(),
            listed.next_cursor,
        ))
    }

    #[test]
    fn events_are_read_by_number() {
        let scratch = with_events(5);
        assert_eq!(
            ask(&scratch, None, 2).unwrap(),
            (vec![1, 2], Some("2".into()))
        );
        assert_eq!(
            ask(&scratch, Some(2), 2).unwrap(),
            (vec![3, 4], Some("4".into()))
        );
        assert_eq!(ask(&scratch, Some(4), 2).unwrap(), (vec![5], None));
        assert_eq!(ask(&scratch, Some(5), 2).unwrap(), (vec![], None));
        assert_eq!(ask(&scratch, Some(0), 500).unwrap().0, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_number_that_was_not_given_is_told_as_gone() {
        let scratch = with_events(5);
        for after in [6, i64::MAX] {
            let refused = ask(&scratch, Some(after), 2).unwrap_err();
            assert_eq!(refused.code(), Code::EventsGone);
        }
        let empty = Scratch::new();
        assert_eq!(ask(&empty, Some(0), 2).unwrap(), (vec![], None));
    }

    #[test]
    fn what_was_deleted_is_told_as_gone() {
        let scratch = with_events(3);
        scratch.clock.advance(days(91));
        assert_eq!(numbers::sweep_turn(&scratch.db).unwrap(), 3);
        for after in [0, 2, -1] {
            assert_eq!(
                ask(&scratch, Some(after), 50).unwrap_err().code(),
                Code::EventsGone
            );
        }
        assert_eq!(ask(&scratch, Some(3), 50).unwrap(), (vec![], None));
        assert_eq!(ask(&scratch, None, 50).unwrap(), (vec![], None));
    }
}
