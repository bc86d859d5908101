//! `Idempotency-Key`: a call that is repeated because its answer was lost is done once.
//!
//! The answer is kept in the transaction of the change, sealed, for 24 hours, per credential and route.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use diesel::prelude::*;
use serde::Serialize;

use super::visit::ApiCaller;
use crate::app::App;
use crate::clock::{Span, hours};
use crate::db::schema::idempotent_answers as table;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, FieldError, Result};
use crate::secret::{Place, SecretDigest};

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
    call: Option<(Name, SecretDigest)>,
}

impl Once {
    pub(super) fn of(request: &HttpRequest, caller: &ApiCaller, body: &[u8]) -> Result<Self> {
        let Some(value) = request.headers().get("idempotency-key") else { return Ok(Self { call: None }) };
        let key = value
            .to_str()
            .ok()
            .filter(|key| !key.is_empty() && key.len() <= LONGEST)
            .ok_or_else(|| FieldError::new("Idempotency-Key", "out_of_range").with("min", 1).with("max", LONGEST))?;
        let name = Name {
            credential: caller.key_id.to_string(),
            route: format!("{} {}", request.method(), request.path()),
            key: SecretDigest::of(key),
        };
        Ok(Self { call: Some((name, SecretDigest::of_bytes(body))) })
    }

    pub(super) async fn answer<A, F>(
        self,
        app: &App,
        _caller: &ApiCaller,
        status: StatusCode,
        mut action: F,
    ) -> Result<HttpResponse>
    where
        A: Serialize + Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<A> + Send + 'static,
    {
        let Some((name, body)) = self.call else {
            let made = app.db.write(action).await?;
            return Ok(HttpResponse::build(status).json(made));
        };
        let _under_way = UnderWay::start(&app.in_progress, &name)?;
        let known = { let name = name.clone(); app.db.read(move |conn| find(conn, &name)).await? };
        if let Some(kept) = known.filter(|kept| app.clock.now() - kept.created_at < KEPT) {
            return kept.replay(app, &name, &body);
        }
        let seal = {
            let key = app.master.subkey::<32>("idempotency");
            move |name: &Name, json: &[u8]| {
                crate::secret::MasterKey::from_bytes(&key).seal(name.place(), json)
            }
        };
        let text = app
            .db
            .write(move |tx| {
                let made = action(tx)?;
                let json = serde_json::to_string(&made).map_err(Error::internal)?;
                keep(tx, &name, &body, status, seal(&name, json.as_bytes()))?;
                Ok(json)
            })
            .await?;
        Ok(HttpResponse::build(status).content_type("application/json").body(text))
    }
}

impl Name {
    fn place(&self) -> Place<'_> {
        Place { table: "idempotent_answers", column: "answer", row: &self.route }
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
            Ok(Self { calls, name: name.clone() })
        } else {
            Code::RequestInProgress.refuse()
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.calls.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

#[derive(Queryable)]
struct Kept {
    body: SecretDigest,
    status: i32,
    answer: Vec<u8>,
    created_at: crate::clock::Time,
}

impl Kept {
    fn replay(&self, app: &App, name: &Name, body: &SecretDigest) -> Result<HttpResponse> {
        if self.body != *body {
            return Code::IdempotencyMismatch.refuse();
        }
        let key = app.master.subkey::<32>("idempotency");
        let json = crate::secret::MasterKey::from_bytes(&key)
            .open(name.place(), &self.answer)
            .ok_or_else(|| Error::internal("a kept answer cannot be opened"))?;
        let status = u16::try_from(self.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        Ok(HttpResponse::build(status.unwrap_or(StatusCode::OK))
            .content_type("application/json")
            .insert_header(("idempotency-replayed", "true"))
            .body(json))
    }
}

fn find(conn: &mut Conn, name: &Name) -> Result<Option<Kept>> {
    Ok(table::table
        .find((&name.credential, &name.route, &name.key))
        .select((table::body_digest, table::status, table::answer, table::created_at))
        .first(conn)
        .optional()?)
}

fn keep(tx: &mut Tx<'_>, name: &Name, body: &SecretDigest, status: StatusCode, answer: Vec<u8>) -> Result<()> {
    let now = tx.now;
    diesel::delete(table::table.find((&name.credential, &name.route, &name.key)).filter(table::created_at.le(now.minus(KEPT))))
        .execute(&mut **tx)?;
    let inserted = diesel::insert_into(table::table)
        .values((
            table::credential.eq(&name.credential),
            table::route.eq(&name.route),
            table::key_digest.eq(&name.key),
            table::body_digest.eq(body),
            table::status.eq(i32::from(status.as_u16())),
            table::answer.eq(answer),
            table::created_at.eq(now),
        ))
        .execute(&mut **tx);
    match inserted {
        // Another instance was faster: this action is undone and the repeat reads that answer.
        Err(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)) => {
            Code::RequestInProgress.refuse()
        }
        other => {
            other?;
            Ok(())
        }
    }
}

/// Forgets answers that are older than a day.
///
/// # Errors
/// When the database refuses.
pub fn forget_old(tx: &mut Tx<'_>) -> Result<usize> {
    let old = tx.now.minus(KEPT);
    Ok(diesel::delete(table::table.filter(table::created_at.le(old))).execute(&mut **tx)?)
}
