//! Batches in the console: a file is looked at, sent, watched and, if need be, revoked.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION, REFRESH};
use actix_web::{HttpResponse, web};
use askama::Template;

use super::actions::Rehearsed;
use super::lines::{Line, Pieces, of_piece};
use super::model::{Batch, Counts, MOST_LINES, Row, State, Verdict};
use super::{actions, file, results, store, work};
use crate::access::{Actor, Role};
use crate::app::App;
use crate::db::Conn;
use crate::error::{FieldError, Result};
use crate::groups;
use crate::ids::BatchId;
use crate::text::Message;
use crate::web::{Flash, FormErrors, Page, PostForm, Sheet, SignedIn, render, show};

/// Batches that the page of the form lists.
const RECENT: i64 = 10;
/// Lines that became no invite and are shown; all of them are in the file.
const SHOWN: usize = 100;
/// Seconds after which a page that waits asks again.
const AGAIN: &str = "3";
/// How long sending waits, so that a small batch is done on the next page.
const SOON: Duration = Duration::from_secs(1);

#[derive(Template)]
#[template(path = "invite_batches/import.html")]
struct ImportPage {
    page: Page,
    errors: FormErrors,
    text: String,
    recent: Vec<Batch>,
}

impl ImportPage {
    fn counted(&self, batch: &Batch) -> Message {
        let words = self.page.t("batches-recent-counts");
        words
            .arg("ready", i64::from(batch.ready))
            .arg("lines", i64::from(batch.lines))
    }
}

/// `GET /admin/invites/import`: administrators.
pub async fn form(app: web::Data<App>, page: Page, _: SignedIn) -> Result<HttpResponse> {
    let recent = app.db.read(|conn| Ok(store::newest(conn, RECENT)?)).await?;
    show(&ImportPage {
        page: page.titled("batches-import-title", "invites"),
        errors: FormErrors::none(),
        text: String::new(),
        recent,
    })
}

/// `GET /admin/invites/import/template.csv`: administrators. A file to fill in.
pub async fn template(_: SignedIn) -> Result<HttpResponse> {
    Sheet::new(&file::COLUMNS)?.download("invites.csv")
}

/// `POST /admin/invites/import`: administrators. Keeps a draft of what was chosen or pasted.
pub async fn import(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    form: PostForm,
) -> Result<HttpResponse> {
    let text = form.get("text").to_owned();
    let read = async {
        let bytes = match form.file("file") {
            Some(bytes) => bytes.to_vec(),
            None if text.trim().is_empty() => {
                return Err(FieldError::new("file", "required").into());
            }
            None => text.clone().into_bytes(),
        };
        let actor = who.actor.clone();
        let kept = app.db.read(move |conn| {
            let groups = groups::actions::grantable(conn, &actor)?;
            let mut pieces = Pieces::default();
            file::read(&bytes, &groups, |line| pieces.add(line))?;
            Ok((pieces.count, pieces.end()?))
        });
        kept.await
    };
    match read.await {
        Ok((count, pieces)) => {
            let draft = who
                .write(&app, move |tx, actor| {
                    actions::open(tx, actor, State::Draft, count, &pieces)
                })
                .await?;
            Ok(see(draft.id))
        }
        Err(why) => {
            let errors = FormErrors::of(app.text, why)?;
            let recent = app.db.read(|conn| Ok(store::newest(conn, RECENT)?)).await?;
            let mut page = page.titled("batches-import-title", "invites");
            let status: StatusCode = page.refuse(&errors);
            render(
                status,
                &ImportPage {
                    page,
                    errors,
                    text,
                    recent,
                },
            )
        }
    }
}

fn see(id: BatchId) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, actions::path_of(id)))
        .finish()
}

/// A line that becomes no invite, in words.
struct Fault {
    line: i32,
    who: String,
    verdict: Verdict,
    words: String,
}

/// A line that becomes an invite.
struct Ready {
    line: i32,
    who: String,
    name: String,
    role: Role,
}

#[derive(Template)]
#[template(path = "invite_batches/draft.html")]
struct DraftPage {
    page: Page,
    errors: FormErrors,
    batch: Batch,
    counts: Counts,
    /// The first of them.
    ready: Vec<Ready>,
    more_ready: i64,
    faults: Vec<Fault>,
    more: i64,
    /// Lines that make more than members.
    privileged: i64,
    mail_works: bool,
}

impl DraftPage {
    fn left_out(&self) -> i64 {
        self.counts.already_member + self.counts.already_invited + self.counts.invalid
    }
}

#[derive(Template)]
#[template(path = "invite_batches/batch.html")]
struct BatchPage {
    page: Page,
    batch: Batch,
    counts: Counts,
    faults: Vec<Fault>,
    more: i64,
    /// Messages that have not left yet.
    waiting: i64,
    mail_works: bool,
    can_revoke: bool,
}

impl BatchPage {
    fn is_running(&self) -> bool {
        self.batch.state == State::Running
    }

    fn is_revoked(&self) -> bool {
        self.batch.state == State::Revoked
    }
}

/// The key of the words for what became of a line.
fn verdict_words(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Ready => "batches-ready",
        Verdict::AlreadyMember => "batches-already-member",
        Verdict::AlreadyInvited => "batches-already-invited",
        Verdict::Invalid => "batches-invalid",
    }
}

/// What is shown of a batch.
enum Shown {
    Draft(Vec<Row>, Counts, Vec<Ready>, i64),
    Sent(Counts, Vec<Fault>),
}

fn lines_of(conn: &mut Conn, id: BatchId) -> Result<Vec<Line>> {
    let (mut lines, mut last) = (Vec::new(), 0);
    while let Some((number, text)) = store::next_piece(conn, id, last)? {
        lines.extend(of_piece(&text)?);
        last = number;
    }
    Ok(lines)
}

fn shown(conn: &mut Conn, app: &App, actor: &Actor, batch: &Batch) -> Result<Shown> {
    if batch.state == State::Draft {
        let lines = lines_of(conn, batch.id)?;
        let now = app.clock.now();
        let mut told = Rehearsed::new(app, actor, batch.id, now);
        for lines in lines.chunks(actions::AT_ONCE) {
            told.add(conn, lines)?;
        }
        let Rehearsed { rows, counts, .. } = told;
        let role = |line: &Line| line.get("role")?.as_str()?.parse().ok();
        let good = lines.iter().zip(&rows);
        let good = good.filter(|(_, row)| row.verdict == Verdict::Ready);
        let ready = good.map(|(line, row)| Ready {
            line: row.line,
            who: row.email.clone(),
            name: row.name.clone(),
            role: role(line).unwrap_or(Role::Member),
        });
        let mut ready: Vec<Ready> = ready.collect();
        let privileged = ready.iter().filter(|one| one.role > Role::Member).count();
        ready.truncate(SHOWN);
        let privileged = i64::try_from(privileged).unwrap_or(i64::MAX);
        return Ok(Shown::Draft(rows, counts, ready, privileged));
    }
    let some = i64::try_from(SHOWN).unwrap_or(i64::MAX);
    let faults = store::results(conn, batch.id, true, 0, some)?;
    let faults = faults.into_iter().map(|one| Fault {
        line: one.line,
        who: one.email().to_owned(),
        verdict: one.verdict,
        words: one.detail.unwrap_or_default(),
    });
    Ok(Shown::Sent(actions::counts(conn, batch)?, faults.collect()))
}

/// `GET /admin/invites/batches/{id}`: administrators.
pub async fn detail(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: BatchId = id.parse()?;
    look(&app, page, &who, id, FormErrors::none()).await
}

async fn look(
    app: &web::Data<App>,
    page: Page,
    who: &SignedIn,
    id: BatchId,
    errors: FormErrors,
) -> Result<HttpResponse> {
    let (shared, actor) = (app.clone(), who.actor.clone());
    let (batch, shown) = app
        .db
        .read(move |conn| {
            let batch = actions::visible(conn, &actor, id)?;
            let shown = shown(conn, &shared, &actor, &batch)?;
            Ok((batch, shown))
        })
        .await?;
    let mail_works = app.config.smtp.is_some();
    let more = |all: i64| (all - i64::try_from(SHOWN).unwrap_or(i64::MAX)).max(0);
    match shown {
        Shown::Draft(rows, counts, ready, privileged) => {
            let faults = rows.into_iter().filter(|row| row.verdict != Verdict::Ready);
            let faults = faults.take(SHOWN).map(|row| Fault {
                line: row.line,
                who: row.email,
                verdict: row.verdict,
                words: row.detail.unwrap_or_default(),
            });
            let mut page = page.titled("batches-draft-title", "invites");
            let status: StatusCode = page.refuse(&errors);
            let mut shown = DraftPage {
                page,
                errors,
                batch,
                more_ready: more(counts.ready),
                counts,
                ready,
                faults: faults.collect(),
                more: 0,
                privileged,
                mail_works,
            };
            shown.more = more(shown.left_out());
            render(status, &shown)
        }
        Shown::Sent(counts, faults) => {
            let time = app.text.moment(batch.created_at);
            let title = page.t("batches-title").arg("time", time);
            let waiting = counts.ready - counts.sent - counts.failed;
            let is_moving = batch.busy
                || (mail_works
                    && waiting > 0
                    && batch.state != State::Revoked
                    && counts.failed < counts.ready);
            let left_out = counts.already_member + counts.already_invited + counts.invalid;
            let mut answer = show(&BatchPage {
                page: page.headed(title, "invites"),
                can_revoke: batch.state != State::Revoked && counts.ready > 0,
                batch,
                counts,
                faults,
                more: more(left_out),
                waiting,
                mail_works,
            })?;
            if is_moving {
                let headers = answer.headers_mut();
                headers.insert(REFRESH, HeaderValue::from_static(AGAIN));
            }
            Ok(answer)
        }
    }
}

/// `POST /admin/invites/batches/{id}/send`: administrators, their own drafts.
pub async fn send(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
    form: PostForm,
) -> Result<HttpResponse> {
    let id: BatchId = id.parse()?;
    // A line that is left out is left out knowingly.
    if form.has("problems") && !form.has("leave_out") {
        let why = FieldError::new("leave_out", "required");
        let errors = FormErrors::of(app.text, why.into())?;
        return look(&app, page, &who, id, errors).await;
    }
    who.write(&app, move |tx, actor| actions::send(tx, actor, id))
        .await?;
    work::attend(&app, id, SOON).await;
    Ok(see(id))
}

/// `GET /admin/invites/batches/{id}/results.csv`: administrators.
pub async fn download(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    results::download(&app, who.actor, id.parse()?).await
}

#[derive(Template)]
#[template(path = "invite_batches/revoke.html")]
struct RevokePage {
    page: Page,
    batch: Batch,
}

/// `GET /admin/invites/batches/{id}/revoke`: administrators.
pub async fn confirm_revoke(
    app: web::Data<App>,
    page: Page,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: BatchId = id.parse()?;
    let batch = app
        .db
        .read(move |conn| actions::visible(conn, &who.actor, id))
        .await?;
    let page = page.titled("batches-revoke-title", "invites");
    show(&RevokePage { page, batch })
}

/// `POST /admin/invites/batches/{id}/revoke`: administrators.
pub async fn revoke(
    app: web::Data<App>,
    who: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: BatchId = id.parse()?;
    who.write(&app, move |tx, actor| actions::revoke(tx, actor, id))
        .await?;
    work::attend(&app, id, SOON).await;
    let words = app.text.get("batches-revoked-flash");
    Ok(Flash::ok(words).redirect(&app, &actions::path_of(id)))
}
