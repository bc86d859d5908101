//! The audit log for programs.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{ActorRef, Filter, Row};
use super::store;
use crate::app::App;
use crate::clock::Time;
use crate::db::Cursor;
use crate::error::{Code, Result};
use crate::ids::AuditId;
use crate::openapi::Doc;
use crate::web::{ListQuery, Listed, Params, ok};

/// The query of the list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Rows, 1 to 500; 50 when left out.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// The id of a user or a key, a kind of actor, or the whole address or name of a user.
    #[serde(default)]
    actor: String,
    /// How the action starts, such as `invite.` or `invite.revoked`.
    #[serde(default)]
    action: String,
    /// The id of what it was done to.
    #[serde(default)]
    target: String,
    /// The address that the request came from.
    #[serde(default)]
    ip: String,
    /// Not before this.
    from: Option<Time>,
    /// Before this.
    to: Option<Time>,
    /// The id of an entry or a target, or the whole address or name of a user or an invited person.
    #[serde(default)]
    q: String,
}

/// An entry of the audit log.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AuditEntry {
    /// Its id.
    id: AuditId,
    /// When it happened.
    at: Time,
    /// Who did it.
    actor: ActorRef,
    /// What was done: thing and verb, such as `invite.revoked`.
    action: String,
    /// What it was done to.
    target: TargetRef,
    /// `ok`.
    result: String,
    /// Where the request came from.
    ip: Option<String>,
    /// The request, empty where there was none.
    request_id: String,
    /// What was there before.
    before: serde_json::Value,
    /// What was there after.
    after: serde_json::Value,
}

/// What something was done to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TargetRef {
    /// `user`, `invite`, `api_key`, `group`, `settings` …
    kind: String,
    /// Its id.
    id: String,
}

impl From<Row> for AuditEntry {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            at: row.at,
            actor: row.actor(),
            action: row.action,
            target: TargetRef {
                kind: row.target_kind,
                id: row.target_id,
            },
            result: row.result,
            ip: row.ip,
            request_id: row.request_id,
            before: row.before.0,
            after: row.after.0,
        }
    }
}

/// Describes [`list`].
pub const LIST: Doc = Doc::new("Read the audit log")
    .about("Newest first. Entries are never changed or taken out.")
    .query::<AuditQuery>()
    .answers::<Listed<AuditEntry>>(200)
    .codes(&[Code::CursorInvalid]);

/// `GET /api/v1/audit`: administrators, with a key that holds `audit:read`. Newest first.
///
/// # Errors
/// A limit or cursor that makes no sense; the database is away.
pub async fn list(app: web::Data<App>, query: Params<AuditQuery>) -> Result<HttpResponse> {
    let query = query.0;
    let paging = ListQuery::paging(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        actor: query.actor,
        action: query.action,
        target: query.target,
        ip: query.ip,
        from: query.from,
        to: query.to,
        q: query.q,
    };
    let slice = app
        .db
        .read(move |conn| {
            let rows = store::list(conn, &filter, &paging)?;
            Ok(paging.slice(rows, |row| Cursor {
                time: row.at,
                id: row.id.to_string(),
            }))
        })
        .await?;
    Ok(ok(&Listed::from(slice.map(AuditEntry::from))))
}
