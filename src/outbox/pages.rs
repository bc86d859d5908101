//! The outbox in the console.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::actions::{self, SendTest};
use super::model::{Channel, OutboxMail, State};
use super::store::{self, Filter};
use crate::app::App;
use crate::clock::Time;
use crate::db::Slice;
use crate::error::{Code, Result};
use crate::ids::OutboxId;
use crate::text::Message;
use crate::web::{Flash, FormErrors, Page, PageLinks, Params, PostForm, SignedIn, render, show};

const PATH: &str = "/admin/outbox";
/// Rows of a page.
const ROWS: i64 = 50;

/// What the list shows; anything that makes no sense is the first page of what waits.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    state: String,
    q: String,
    newer: String,
    older: String,
}

struct Tab {
    href: String,
    label: Message,
    count: String,
    current: bool,
}

/// A mail as the templates see it.
struct View {
    id: OutboxId,
    /// How it goes out, in words.
    by: Message,
    to: String,
    kind: String,
    subject: String,
    state: State,
    tries: i32,
    next: Option<Time>,
    written: Time,
    sent: Option<Time>,
    trouble: Option<String>,
    /// Trying it again would try it.
    can_try: bool,
    /// Tells the buttons of one mail from those of the others.
    of_mail: Message,
}

impl View {
    fn of(mail: OutboxMail, app: &App, now: Time) -> Self {
        let text = app.text;
        let can_be_sent = matches!(mail.state, State::Waiting | State::Failed);
        let is_sms = mail.channel == Channel::Sms;
        Self {
            can_try: can_be_sent && is_set_up(app, mail.channel),
            by: text.get(format!("outbox-by-{}", mail.channel)),
            kind: text
                .get(format!("outbox-kind-{}", mail.kind.replace('_', "-")))
                .to_string(),
            next: mail.next_try().filter(|next| *next > now),
            trouble: mail
                .trouble()
                .map(|trouble| trouble.words_on(mail.channel, text, mail.state == State::Waiting)),
            of_mail: text
                .get(if is_sms { "outbox-of-sms" } else { "outbox-of" })
                .arg("to", &mail.recipient),
            id: mail.id,
            to: mail.recipient,
            subject: mail.subject,
            state: mail.state,
            tries: mail.attempts,
            written: mail.created_at,
            sent: mail.sent_at,
        }
    }
}

#[derive(Template)]
#[template(path = "outbox/list.html")]
struct List {
    page: Page,
    tabs: Vec<Tab>,
    state: State,
    q: String,
    /// The list without the search.
    whole: String,
    caption: Message,
    /// Words for a list without rows.
    empty: Message,
    rows: Vec<View>,
    links: PageLinks,
    /// What is missing, while no mail server is set up.
    missing: Option<Message>,
    /// Text messages wait and there is no gateway.
    sms_missing: bool,
    errors: FormErrors,
    /// Where a test mail goes.
    to: String,
}

/// What the list reads from the database.
struct Found {
    slice: Slice<OutboxMail>,
    waiting: i64,
    sent: i64,
    failed: i64,
    sms_waits: bool,
}

/// Whether there is a way to send on a channel.
fn is_set_up(app: &App, channel: Channel) -> bool {
    match channel {
        Channel::Mail => app.config.smtp.is_some(),
        Channel::Sms => app.config.sms.is_some(),
    }
}

impl List {
    async fn read(app: &App, page: Page, query: Query, to: String) -> Result<Self> {
        let state = query.state.parse().unwrap_or(State::Waiting);
        let q = query.q.trim().to_owned();
        let paging = PageLinks::paging(ROWS, &query.newer, &query.older);
        let filter = Filter {
            state: Some(state),
            to: q.clone(),
        };
        let now = page.now();
        let found = app.db.read(move |conn| {
            Ok(Found {
                slice: store::list(conn, &filter, &paging)?,
                waiting: store::count_waiting(conn, now)?,
                sent: store::count_sent(conn, now)?,
                failed: store::count_failed(conn, now)?,
                sms_waits: store::any_sms_waits(conn)?,
            })
        });
        let found = found.await?;
        let tab = |of: State| {
            let count = match of {
                State::Waiting => app.text.count(found.waiting),
                State::Sent => app.text.count(found.sent),
                State::Failed => app.text.count(found.failed),
                State::Cancelled => String::new(),
            };
            let label = app.text.get(format!("outbox-{of}"));
            Tab {
                href: address(of, &q),
                label,
                count,
                current: of == state,
            }
        };
        let mut page = page.titled("outbox-title", "outbox");
        // The list says so itself, and how to mend it.
        page.mail_missing = false;
        let missing = app.config.smtp.is_none().then(|| {
            let shown = app.text.count(found.waiting);
            app.text
                .get("outbox-missing")
                .arg("count", found.waiting)
                .arg("shown", shown)
        });
        Ok(Self {
            tabs: State::ALL.iter().copied().map(tab).collect(),
            links: PageLinks::of(PATH, &[("state", state.as_str()), ("q", &q)], &found.slice),
            rows: found
                .slice
                .rows
                .into_iter()
                .map(|mail| View::of(mail, app, now))
                .collect(),
            whole: address(state, ""),
            caption: app.text.get(format!("outbox-caption-{state}")),
            empty: match q.is_empty() {
                true => app.text.get(format!("outbox-empty-{state}")),
                false => app.text.get("outbox-empty-search"),
            },
            page,
            state,
            q,
            missing,
            sms_missing: found.sms_waits && !is_set_up(app, Channel::Sms),
            errors: FormErrors::none(),
            to,
        })
    }
}

fn address(state: State, q: &str) -> String {
    let mut pairs = vec![("state", state.as_str())];
    pairs.extend((!q.is_empty()).then_some(("q", q)));
    format!(
        "{PATH}?{}",
        serde_urlencoded::to_string(pairs).unwrap_or_default()
    )
}

/// `GET /admin/outbox`: administrators.
pub async fn list(
    app: web::Data<App>,
    page: Page,
    signed_in: SignedIn,
    query: Params<Query>,
) -> Result<HttpResponse> {
    show(&List::read(&app, page, query.0, signed_in.email).await?)
}

/// `POST /admin/outbox/test`: administrators. Sends a test mail.
pub async fn send_test(
    app: web::Data<App>,
    page: Page,
    signed_in: SignedIn,
    form: PostForm,
) -> Result<HttpResponse> {
    let to = form.get("to").trim().to_owned();
    let input = SendTest {
        to: to.clone(),
        site_name: page.site_name.clone(),
    };
    let shared = app.clone();
    let sent = signed_in
        .write(&app, move |tx, actor| {
            actions::send_test(tx, &shared, actor, &input)
        })
        .await;
    match sent {
        Ok(id) => {
            let done = Flash::ok(app.text.get("outbox-test-done").arg("to", to));
            Ok(done.redirect(&app, &format!("{PATH}/{id}")))
        }
        Err(why) => {
            let mut list = List::read(&app, page, Query::default(), to).await?;
            list.errors = FormErrors::of(app.text, why)?;
            let status = list.page.refuse(&list.errors);
            render(status, &list)
        }
    }
}

#[derive(Template)]
#[template(path = "outbox/detail.html")]
struct Detail {
    page: Page,
    mail: View,
    /// The text without its links, while it is kept.
    text: Option<String>,
}

/// `GET /admin/outbox/{id}`: administrators.
pub async fn detail(
    app: web::Data<App>,
    page: Page,
    signed_in: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: OutboxId = id.parse()?;
    let (actor, shared) = (signed_in.actor, app.clone());
    let (mail, text) = app
        .db
        .read(move |conn| {
            Ok((
                store::find(conn, id)?,
                actions::preview(conn, &shared, &actor, id)?,
            ))
        })
        .await?;
    let title = match mail.channel {
        Channel::Mail => page.t("outbox-detail-title"),
        Channel::Sms => page.t("outbox-detail-title-sms"),
    };
    let title = title.arg("to", &mail.recipient);
    let mail = View::of(mail, &app, page.now());
    render(
        StatusCode::OK,
        &Detail {
            page: page.headed(title, "outbox"),
            mail,
            text,
        },
    )
}

/// `POST /admin/outbox/{id}/retry`: administrators. Tries a mail now.
pub async fn retry(
    app: web::Data<App>,
    signed_in: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: OutboxId = id.parse()?;
    let done = signed_in
        .write(&app, move |tx, actor| actions::retry(tx, actor, id))
        .await;
    let now = app.clock.now();
    let held = |mail: &OutboxMail| mail.leased_until.is_some_and(|until| until > now);
    let words = |mail: &OutboxMail| match (mail.channel, is_set_up(&app, mail.channel)) {
        (_, true) if held(mail) => "outbox-retried-held",
        (Channel::Mail, true) => "outbox-retried",
        (Channel::Mail, false) => "outbox-retried-waits",
        (Channel::Sms, true) => "outbox-retried-sms",
        (Channel::Sms, false) => "outbox-retried-sms-waits",
    };
    told(&app, id, done, words)
}

/// `POST /admin/outbox/{id}/cancel`: administrators. Cancels a mail that waits.
pub async fn cancel(
    app: web::Data<App>,
    signed_in: SignedIn,
    id: web::Path<String>,
    _: PostForm,
) -> Result<HttpResponse> {
    let id: OutboxId = id.parse()?;
    let done = signed_in
        .write(&app, move |tx, actor| actions::cancel(tx, actor, id))
        .await;
    told(&app, id, done, |_| "outbox-cancelled-done")
}

/// Goes to the mail, with words about what was done; the worker may have been faster.
fn told(
    app: &App,
    id: OutboxId,
    done: Result<OutboxMail>,
    words: impl Fn(&OutboxMail) -> &'static str,
) -> Result<HttpResponse> {
    let flash = match done {
        Ok(mail) => Flash::ok(app.text.get(words(&mail)).arg("to", mail.recipient)),
        Err(why) if why.code() == Code::WrongState => Flash::bad(app.text.get("outbox-too-late")),
        Err(why) => return Err(why),
    };
    Ok(flash.redirect(app, &format!("{PATH}/{id}")))
}
