//! `Idempotency-Key`: a call that is repeated because its answer was lost is done once.
//!
//! The answer is kept in the transaction of the change, sealed, for 24 hours, per credential and route. That
//! transaction decides too whether the call is a repeat, also for a handler that was dropped while its write
//! went on, and for several instances.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::prelude::*;
use serde::Serialize;

use super::visit::ApiCaller;
use crate::access::Actor;
use crate::app::App;
use crate::clock::{Span, hours};
use crate::db::schema::idempotent_answers as table;
use crate::db::{Suffix, Tx};
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
    /// The whole name with the key in the clear: the sealed answer is bound to it.
    row: String,
    body: SecretDigest,
    calls: web::Data<InProgress>,
}

impl Once {
    pub(super) fn of(request: &HttpRequest, caller: &ApiCaller, body: &[u8]) -> Result<Self> {
        let mut values = request.headers().get_all("idempotency-key");
        let Some(value) = values.next() else {
            return Ok(Self { call: None });
        };
        if values.any(|other| other != value) {
            return Code::BadRequest.refuse();
        }
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
        let row = format!("{} {} {key}", name.credential, name.route);
        let calls = request
            .app_data::<web::Data<InProgress>>()
            .cloned()
            .expect("the server has InProgress");
        let body = SecretDigest::of_bytes(body);
        Ok(Self {
            call: Some(Keyed {
                name,
                row,
                body,
                calls,
            }),
        })
    }

    /// Does `action` once and answers what it made; a repeat answers the same again.
    pub(super) async fn answer<A, F>(
        self,
        app: &App,
        caller: &ApiCaller,
        status: StatusCode,
        mut action: F,
    ) -> Result<HttpResponse>
    where
        A: Serialize + Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<A> + Send + 'static,
    {
        let Some(Keyed {
            name,
            row,
            body,
            calls,
        }) = self.call
        else {
            let made = caller.write(app, action).await?;
            return Ok(match status {
                StatusCode::NO_CONTENT => HttpResponse::NoContent().finish(),
                status => HttpResponse::build(status).json(made),
            });
        };
        let _under_way = UnderWay::start(&calls, &name)?;
        let key = app.master.subkey::<32>("idempotency");
        let (status, json, replayed) = caller
            .write(app, move |tx, actor| {
                let master = MasterKey::from_bytes(&key);
                if let Some(kept) = claim(tx, &name, &body, status)? {
                    let (status, json) = kept.open(&master, place(&row))?;
                    return Ok((status, json, true));
                }
                let made = action(tx, actor)?;
                let json = serde_json::to_vec(&made).map_err(Error::internal)?;
                let sealed = master.seal(place(&row), &json);
                keep(tx, &name, &sealed, None)?;
                Ok((status, json, false))
            })
            .await?;
        let mut answer = HttpResponse::build(status);
        if replayed {
            answer.insert_header(("idempotency-replayed", "true"));
        }
        Ok(match status {
            StatusCode::NO_CONTENT => answer.finish(),
            _ => answer.content_type("application/json").body(json),
        })
    }

    /// The same for an action whose answer holds a secret: the answer is not kept, only the id of what was
    /// made, and a repeat calls `again` for another secret in place of the first.
    pub(super) async fn answer_secret<A, F, G>(
        self,
        app: &App,
        caller: &ApiCaller,
        status: StatusCode,
        action: F,
        again: G,
    ) -> Result<HttpResponse>
    where
        A: Serialize + Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<(String, A)> + Send + 'static,
        G: FnMut(&mut Tx<'_>, &Actor, &str) -> Result<(String, A)> + Send + 'static,
    {
        let made = self.make(app, caller, status, action, again).await?;
        Ok(HttpResponse::build(status).json(made))
    }

    /// Does `action` once; a repeat calls `again` with the id that it told.
    pub(super) async fn make<A, F, G>(
        self,
        app: &App,
        caller: &ApiCaller,
        status: StatusCode,
        mut action: F,
        mut again: G,
    ) -> Result<A>
    where
        A: Send + 'static,
        F: FnMut(&mut Tx<'_>, &Actor) -> Result<(String, A)> + Send + 'static,
        G: FnMut(&mut Tx<'_>, &Actor, &str) -> Result<(String, A)> + Send + 'static,
    {
        let Some(Keyed {
            name, body, calls, ..
        }) = self.call
        else {
            return Ok(caller.write(app, action).await?.1);
        };
        let _under_way = UnderWay::start(&calls, &name)?;
        let made = caller.write(app, move |tx, actor| {
            let (id, made) = match claim(tx, &name, &body, status)? {
                Some(Kept { made: Some(id), .. }) => again(tx, actor, &id)?,
                Some(_) => return Code::IdempotencyMismatch.refuse(),
                None => action(tx, actor)?,
            };
            // The last one: a further repeat takes the place of this.
            keep(tx, &name, &[], Some(&id))?;
            Ok(made)
        });
        made.await
    }
}

fn place(row: &str) -> Place<'_> {
    Place {
        table: "idempotent_answers",
        column: "answer",
        row,
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
}

impl Kept {
    fn open(&self, master: &MasterKey, place: Place<'_>) -> Result<(StatusCode, Vec<u8>)> {
        let json = master
            .open(place, &self.answer)
            .ok_or_else(|| Error::internal("a kept answer cannot be opened"))?;
        let status = u16::try_from(self.status)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok());
        Ok((status.unwrap_or(StatusCode::OK), json))
    }
}

/// What is kept of a call that was done before; else its row, in the transaction of the action and before
/// it. Of two at once the second waits here for the end of the first and then finds its answer: looked up
/// earlier, outside or behind the action, a repeat would run it and be refused for what the first has done.
fn claim(
    tx: &mut Tx<'_>,
    name: &Name,
    body: &SecretDigest,
    status: StatusCode,
) -> Result<Option<Kept>> {
    let now = tx.now;
    let row = table::table.find((&name.credential, &name.route, &name.key));
    diesel::delete(row.filter(table::created_at.le(now.minus(KEPT)))).execute(&mut **tx)?;
    let new = diesel::insert_into(table::table).values((
        table::credential.eq(&name.credential),
        table::route.eq(&name.route),
        table::key_digest.eq(&name.key),
        table::body_digest.eq(body),
        table::status.eq(i32::from(status.as_u16())),
        table::answer.eq(Vec::new()),
        table::created_at.eq(now),
    ));
    // On PostgreSQL a row that was committed since this transaction began makes it run again.
    if Suffix(new, "ON CONFLICT DO NOTHING").execute(&mut **tx)? == 1 {
        return Ok(None);
    }
    let columns = (
        table::body_digest,
        table::status,
        table::answer,
        table::made,
    );
    let kept: Kept = row.select(columns).first(&mut **tx)?;
    if kept.body != *body {
        return Code::IdempotencyMismatch.refuse();
    }
    Ok(Some(kept))
}

/// Completes the row of a call that is done.
fn keep(tx: &mut Tx<'_>, name: &Name, answer: &[u8], made: Option<&str>) -> Result<()> {
    let row = table::table.find((&name.credential, &name.route, &name.key));
    let done = (table::answer.eq(answer), table::made.eq(made));
    Ok(diesel::update(row).set(done).execute(&mut **tx).map(drop)?)
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
