//! `Idempotency-Key`: a call that is repeated because its answer was lost is done once.
//!
//! The answer is kept in the transaction of the change, sealed, for 24 hours, per credential and route.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use serde::Serialize;

use super::visit::ApiCaller;
use crate::app::App;
use crate::clock::{Span, Time, hours};
use crate::db::schema::idempotent_answers as table;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::secret::{MasterKey, Place, SecretDigest};

/// How long an answer is kept.
const KEPT: Span = hours(24);
/// The longest key.
const LONGEST: usize = 255;

/// Calls with a key that are under way in this process.
#[derive(Debug, Default)]
pub struct InProgress(Mutex<HashSet<Name>>);

/// What names one call: credential, route and key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Name {
    credential: String,
    route: String,
    key: SecretDigest,
}

/// The key of one call, or none.
pub(super) struct Once {
    call: Option<Keyed>,
}

/// A call with a key, its body, and the list that it is on while it is under way.
struct Keyed {
    name: Name,
    body: SecretDigest,
    calls: web::Data<InProgress>,
}

impl Once {
    pub(super) fn of(request: &HttpRequest, caller: &ApiCaller, body: &[u8]) -> Result<Self> {
        let Some(value) = request.headers().get("idempotency-key") else {
            return Ok(Self { call: None });
        };
        let key = value
            .to_str()
            .ok()
            .filter(|key| !key.is_empty() && key.len() <= LONGEST)
            .ok_or_else(|| {
                FieldError::new("Idempotency-Key", "out_of_range")
                    .with("min", 1)
                    .with("max", LONGEST)
            })?;
        let name = Name {
            credential: caller.key_id.to_string(),
            route: format!("{} {}", request.method(), request.path()),
            key: SecretDigest::of(key),
        };
        let calls = request
            .app_data::<web::Data<InProgress>>()
            .cloned()
            .expect("the server has InProgress");
        let body = SecretDigest::of_bytes(body);
        Ok(Self {
            call: Some(Keyed { name, body, calls }),
        })
    }

    /// Does `action` once and answers what it made; a repeat answers the same again.
    pub(super) async fn answer<A, F>(
        self,
        app: &App,
        status: StatusCode,
        mut action: F,
    ) -> Result<HttpResponse>
    where
        A: Serialize + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<A> + Send + 'static,
    {
        let Some(Keyed { name, body, calls }) = self.call else {
            let made = app.db.write(action).await?;
            return Ok(HttpResponse::build(status).json(made));
        };
        let _under_way = UnderWay::start(&calls, &name)?;
        if let Some(kept) = known(app, &name, &body).await? {
            return kept.replay(app, &name);
        }
        let key = app.master.subkey::<32>("idempotency");
        let text = app
            .db
            .write(move |tx| {
                let made = action(tx)?;
                let json = serde_json::to_string(&made).map_err(Error::internal)?;
                let sealed = MasterKey::from_bytes(&key).seal(name.place(), json.as_bytes());
                keep(
                    tx,
                    &name,
                    &Answer {
                        body,
                        status,
                        sealed,
                        made: None,
                    },
                )?;
                Ok(json)
            })
            .await?;
        Ok(HttpResponse::build(status)
            .content_type("application/json")
            .body(text))
    }

    /// The same for an action whose answer holds a secret: the answer is not kept, only the id of what was
    /// made, and a repeat calls `again` for another secret in place of the first.
    pub(super) async fn answer_secret<A, F, G>(
        self,
        app: &App,
        status: StatusCode,
        mut action: F,
        mut again: G,
    ) -> Result<HttpResponse>
    where
        A: Serialize + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<(String, A)> + Send + 'static,
        G: FnMut(&mut Tx<'_>, &str) -> Result<A> + Send + 'static,
    {
        let Some(Keyed { name, body, calls }) = self.call else {
            let (_, made) = app.db.write(action).await?;
            return Ok(HttpResponse::build(status).json(made));
        };
        let _under_way = UnderWay::start(&calls, &name)?;
        let made = match known(app, &name, &body).await? {
            Some(Kept { made: Some(id), .. }) => app.db.write(move |tx| again(tx, &id)).await?,
            Some(_) => return Code::IdempotencyMismatch.refuse(),
            None => {
                app.db
                    .write(move |tx| {
                        let (id, made) = action(tx)?;
                        keep(
                            tx,
                            &name,
                            &Answer {
                                body,
                                status,
                                sealed: Vec::new(),
                                made: Some(id),
                            },
                        )?;
                        Ok(made)
                    })
                    .await?
            }
        };
        Ok(HttpResponse::build(status).json(made))
    }
}

/// The kept answer to a call, when there is one that is not too old.
async fn known(app: &App, name: &Name, body: &SecretDigest) -> Result<Option<Kept>> {
    let looked_up = name.clone();
    let kept = app.db.read(move |conn| find(conn, &looked_up)).await?;
    match kept.filter(|kept| app.clock.now() - kept.created_at < KEPT) {
        Some(kept) if kept.body != *body => Code::IdempotencyMismatch.refuse(),
        kept => Ok(kept),
    }
}

/// What is kept of a call.
struct Answer {
    body: SecretDigest,
    status: StatusCode,
    sealed: Vec<u8>,
    made: Option<String>,
}

impl Name {
    fn place(&self) -> Place<'_> {
        Place {
            table: "idempotent_answers",
            column: "answer",
            row: &self.route,
        }
    }
}

/// Marks a call as under way until it is dropped.
struct UnderWay<'a> {
    calls: &'a InProgress,
    name: Name,
}

impl<'a> UnderWay<'a> {
    fn start(calls: &'a InProgress, name: &Name) -> Result<Self> {
        let mut set = calls.0.lock().unwrap_or_else(PoisonError::into_inner);
        if set.insert(name.clone()) {
            Ok(Self {
                calls,
                name: name.clone(),
            })
        } else {
            Code::RequestInProgress.refuse()
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.calls
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.name);
    }
}

#[derive(Queryable)]
struct Kept {
    body: SecretDigest,
    status: i32,
    answer: Vec<u8>,
    made: Option<String>,
    created_at: Time,
}

impl Kept {
    fn replay(&self, app: &App, name: &Name) -> Result<HttpResponse> {
        let key = app.master.subkey::<32>("idempotency");
        let json = MasterKey::from_bytes(&key)
            .open(name.place(), &self.answer)
            .ok_or_else(|| Error::internal("a kept answer cannot be opened"))?;
        let status = u16::try_from(self.status)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok());
        Ok(HttpResponse::build(status.unwrap_or(StatusCode::OK))
            .content_type("application/json")
            .insert_header(("idempotency-replayed", "true"))
            .body(json))
    }
}

fn find(conn: &mut Conn, name: &Name) -> Result<Option<Kept>> {
    Ok(table::table
        .find((&name.credential, &name.route, &name.key))
        .select((
            table::body_digest,
            table::status,
            table::answer,
            table::made,
            table::created_at,
        ))
        .first(conn)
        .optional()?)
}

fn keep(tx: &mut Tx<'_>, name: &Name, answer: &Answer) -> Result<()> {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    let now = tx.now;
    let row = table::table.find((&name.credential, &name.route, &name.key));
    diesel::delete(row.filter(table::created_at.le(now.minus(KEPT)))).execute(&mut **tx)?;
    let inserted = diesel::insert_into(table::table)
        .values((
            table::credential.eq(&name.credential),
            table::route.eq(&name.route),
            table::key_digest.eq(&name.key),
            table::body_digest.eq(&answer.body),
            table::status.eq(i32::from(answer.status.as_u16())),
            table::answer.eq(&answer.sealed),
            table::made.eq(answer.made.as_deref()),
            table::created_at.eq(now),
        ))
        .execute(&mut **tx);
    match inserted {
        // Another instance was faster: this action is undone, and the repeat reads that answer.
        Err(Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Code::RequestInProgress.refuse()
        }
        other => Ok(other.map(drop)?),
    }
}

/// Forgets up to `most` answers that are older than a day; says how many.
///
/// # Errors
/// When the database refuses.
pub fn forget_old(tx: &mut Tx<'_>, most: i64) -> Result<usize> {
    let old = tx.now.minus(KEPT);
    let names: Vec<(String, String, SecretDigest)> = table::table
        .filter(table::created_at.le(old))
        .order(table::created_at)
        .limit(most)
        .select((table::credential, table::route, table::key_digest))
        .load(&mut **tx)?;
    let mut forgotten = 0;
    for (credential, route, key) in &names {
        let row = table::table.find((credential, route, key));
        forgotten += diesel::delete(row).execute(&mut **tx)?;
    }
    Ok(forgotten)
}
