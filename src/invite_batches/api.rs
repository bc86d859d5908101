//! `/api/v1/invites/batches`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::actions::{AT_ONCE, Rehearsed};
use super::lines::{Line, Pieces, of_rows};
use super::model::{Batch, Counts, Row, State, Verdict};
use super::{actions, file, results, work};
use crate::access::Actor;
use crate::app::App;
use crate::clock::Time;
use crate::db::{Conn, Tx};
use crate::error::{Code, Error, Result};
use crate::groups;
use crate::ids::{BatchId, UserId};
use crate::invites::NewInviteBody;
use crate::openapi::Doc;
use crate::web::{ApiCaller, Call, Nothing, Params, Upload, created, ok};

/// What `POST /api/v1/invites/batches` may be asked for.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchQuery {
    /// Only tells what would become of each line.
    #[serde(default)]
    dry_run: bool,
}

/// The body of `POST /api/v1/invites/batches`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "defaults": { "message": "We start on Tuesday." }, "rows": [{ "email": "ada@example.org" }, { "email": "bob@example.org", "role": "member" }] }]))]
pub struct NewBatchBody {
    /// What holds for every row that says nothing else; at most 64 KiB.
    #[serde(default)]
    #[schemars(with = "NewInviteBody")]
    defaults: Map<String, Value>,
    /// An invite each.
    #[schemars(with = "Vec<NewInviteBody>", length(min = 1, max = 10_000))]
    rows: Vec<Map<String, Value>>,
}

/// What would become of a batch.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Rehearsal {
    /// Each line, in its order.
    rows: Vec<RowView>,
    counts: Counts,
}

/// What would become of a line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "BatchRow")]
struct RowView {
    /// Its line in the file, or its place among the rows, from 1 on.
    line: i32,
    email: String,
    verdict: Verdict,
    /// Why it does not become an invite; a code of a single invite.
    code: Option<&'static str>,
    /// The same in words.
    detail: Option<String>,
}

impl From<Row> for RowView {
    fn from(row: Row) -> Self {
        Self {
            line: row.line,
            email: row.email,
            verdict: row.verdict,
            code: row.code,
            detail: row.detail,
        }
    }
}

/// Where a batch that was sent stands.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Progress {
    /// Its invites are being made.
    Running,
    /// They are made.
    Done,
    /// Withdrawn.
    Revoked,
}

/// A batch as the API tells it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Batch")]
pub struct BatchView {
    id: BatchId,
    state: Progress,
    counts: Counts,
    /// When it was made.
    created_at: Time,
    /// Who made it.
    created_by: UserId,
}

impl BatchView {
    fn read(conn: &mut Conn, actor: &Actor, id: BatchId) -> Result<Self> {
        let batch = actions::visible(conn, actor, id)?;
        Self::of(conn, &batch)
    }

    fn of(conn: &mut Conn, batch: &Batch) -> Result<Self> {
        Ok(Self {
            id: batch.id,
            state: match batch.state {
                State::Draft => return Code::NotFound.refuse(),
                State::Running => Progress::Running,
                State::Done => Progress::Done,
                State::Revoked => Progress::Revoked,
            },
            counts: actions::counts(conn, batch)?,
            created_at: batch.created_at,
            created_by: batch.created_by,
        })
    }
}

/// Describes [`make`].
pub const MAKE: Doc = Doc::new("Make many invites")
    .about(
        "JSON, or a CSV file as `text/csv` with the columns `email`, `name`, `role`, `groups`, `message` and `locale` \
         in any order; at most 10,000 rows and 5 MiB. Each row is held to the rules of a single invite, and bad rows \
         never stop good ones. With `dry_run=true` nothing is made, and each row is answered with what would become of \
         it, with status 200. Repeating it is harmless: rows that are invited are told so. A batch that takes longer \
         than 15 seconds is answered while it is `running`.",
    )
    .query::<BatchQuery>()
    .body::<NewBatchBody>()
    .or_file("text/csv")
    .answers::<BatchView>(201)
    .or_answers::<Rehearsal>(200);

/// `POST /api/v1/invites/batches`: `invites:write`.
pub async fn make(
    app: web::Data<App>,
    query: Params<BatchQuery>,
    upload: Upload,
) -> Result<HttpResponse> {
    let (read, actor) = (reader(&upload)?, upload.caller.actor.clone());
    if query.dry_run {
        let (shared, now) = (app.clone(), app.clock.now());
        let told = app.db.read(move |conn| {
            let mut told = Rehearsed::new(&shared, &actor, BatchId::new(now), now);
            let mut waiting = Vec::with_capacity(AT_ONCE);
            read(conn, &mut |conn, line| {
                waiting.push(line);
                if waiting.len() == AT_ONCE {
                    told.add(conn, &waiting)?;
                    waiting.clear();
                }
                Ok(())
            })?;
            told.add(conn, &waiting)?;
            let Rehearsed { rows, counts, .. } = told;
            let rows = rows.into_iter().map(RowView::from).collect();
            serde_json::to_string(&Rehearsal { rows, counts }).map_err(Error::internal)
        });
        let told = told.await?;
        return Ok(HttpResponse::Ok()
            .content_type(ContentType::json())
            .body(told));
    }
    let kept = app.db.read(move |conn| {
        let mut pieces = Pieces::default();
        read(conn, &mut |_, line| pieces.add(line))?;
        Ok((pieces.count, Arc::<[String]>::from(pieces.end()?)))
    });
    let (count, pieces) = kept.await?;
    let (actor, call) = (upload.caller.actor.clone(), upload.with(pieces));
    let open = move |tx: &mut Tx<'_>, actor: &Actor, pieces: &Arc<[String]>| {
        let batch = actions::open(tx, actor, State::Running, count, pieces)?;
        Ok((batch.id.to_string(), batch.id))
    };
    let again = |_: &mut Tx<'_>, _: &Actor, id: &str| Ok((id.to_owned(), id.parse()?));
    let id: BatchId = call.make(&app, open, again).await?;
    work::attend(&app, id, work::PATIENCE).await;
    let view = app
        .db
        .read(move |conn| BatchView::read(conn, &actor, id))
        .await?;
    Ok(created(&view))
}

/// What reads the lines of a body: it may be large, so not the thread of the server does.
fn reader(upload: &Upload) -> Result<Reader> {
    let actor = upload.caller.actor.clone();
    if upload.is("text/csv") {
        let bytes = upload.body.clone();
        return Ok(Box::new(move |conn, each| {
            let groups = groups::actions::grantable(conn, &actor)?;
            file::read(&bytes, &groups, |line| each(conn, line))
        }));
    }
    if !upload.is("application/json") {
        return Code::UnsupportedMediaType.refuse();
    }
    let read = upload.json()?;
    Ok(Box::new(move |conn, each| {
        let body: NewBatchBody = read()?;
        let mut lines = of_rows("rows", body.defaults, body.rows)?.into_iter();
        lines.try_for_each(|line| each(conn, line))
    }))
}

type Reader = Box<dyn FnOnce(&mut Conn, Each<'_>) -> Result<()> + Send>;
/// What is done with each line.
type Each<'a> = &'a mut dyn FnMut(&mut Conn, Line) -> Result<()>;

/// Describes [`show`].
pub const READ: Doc = Doc::new("Read a batch of invites")
    .about("Members see those that they made.")
    .answers::<BatchView>(200);

/// `GET /api/v1/invites/batches/{id}`: `invites:read`; members see those that they made.
pub async fn show(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: BatchId = id.parse()?;
    let view = app
        .db
        .read(move |conn| BatchView::read(conn, &caller.actor, id))
        .await?;
    Ok(ok(&view))
}

/// Describes [`download`].
pub const RESULTS: Doc = Doc::new("Download what became of a batch")
    .about("A line for each line of the file, with the invite that it became and how that stands.")
    .answers_text("text/csv");

/// `GET /api/v1/invites/batches/{id}/results.csv`: `invites:read`; members see those that they made.
pub async fn download(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    results::download(&app, caller.actor, id.parse()?).await
}

/// Describes [`revoke`].
pub const REVOKE: Doc = Doc::new("Revoke a batch of invites")
    .about("Every pending invite of it is revoked. Rows that were not done yet never are.")
    .body::<Nothing>()
    .answers::<BatchView>(200)
    .codes(&[Code::WrongState]);

/// `POST /api/v1/invites/batches/{id}/revoke`: `invites:write`; members revoke those that they made.
pub async fn revoke(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<Nothing>,
) -> Result<HttpResponse> {
    let id: BatchId = id.parse().map_err(Error::from)?;
    let answer = call
        .run(&app, StatusCode::OK, move |tx, actor, _| {
            let batch = actions::revoke(tx, actor, id)?;
            BatchView::of(tx, &batch)
        })
        .await?;
    work::attend(&app, id, work::PATIENCE).await;
    Ok(answer)
}
