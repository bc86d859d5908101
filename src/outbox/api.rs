//! The outbox for programs. Texts of mails are not in it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::actions;
use super::model::{Channel, OutboxMail, State};
use super::store::{self, Filter};
use crate::app::App;
use crate::clock::Time;
use crate::error::{Code, Result};
use crate::ids::OutboxId;
use crate::openapi::Doc;
use crate::web::{ApiCaller, Call, ListQuery, Listed, Nothing, Params, ok};

/// A mail or a text message that waits, was sent, failed or was cancelled.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Mail")]
pub struct OutboxView {
    /// Its id.
    id: OutboxId,
    /// How it is sent.
    channel: Channel,
    /// What kind of mail it is.
    kind: String,
    /// The address, or the phone number.
    to: String,
    /// Where it stands.
    state: State,
    /// How often it was tried.
    attempts: i32,
    /// When it is tried next; null unless it waits.
    next_attempt_at: Option<Time>,
    /// Why the last try failed; an answer of the other side starts with its code.
    last_error: Option<String>,
    /// When it was written.
    created_at: Time,
    /// When the other side took it.
    sent_at: Option<Time>,
}

impl From<OutboxMail> for OutboxView {
    fn from(mail: OutboxMail) -> Self {
        Self {
            next_attempt_at: mail.next_try(),
            id: mail.id,
            channel: mail.channel,
            kind: mail.kind,
            to: mail.recipient,
            state: mail.state,
            attempts: mail.attempts,
            last_error: mail.last_error,
            created_at: mail.created_at,
            sent_at: mail.sent_at,
        }
    }
}

/// What `GET /api/v1/outbox` is narrowed to.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutboxQuery {
    state: Option<State>,
    /// The beginning of the recipient's address or number.
    #[serde(default)]
    q: String,
    /// Rows, 1 to 500; 50 when left out.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Describes [`list`].
pub const LIST: Doc = Doc::new("List mails and text messages")
    .about("Newest first. Their texts are not told.")
    .query::<OutboxQuery>()
    .answers::<Listed<OutboxView>>(200)
    .codes(&[Code::CursorInvalid]);

/// `GET /api/v1/outbox`: administrators, with `outbox:read`.
pub async fn list(
    app: web::Data<App>,
    _: ApiCaller,
    query: Params<OutboxQuery>,
) -> Result<HttpResponse> {
    let paging = ListQuery::paging(query.limit, query.cursor.as_deref())?;
    let filter = Filter {
        state: query.state,
        to: query.q.trim().to_owned(),
    };
    let slice = app
        .db
        .read(move |conn| Ok(store::list(conn, &filter, &paging)?))
        .await?;
    Ok(ok(&Listed::from(slice.map(OutboxView::from))))
}

/// Describes [`retry`].
pub const RETRY: Doc = Doc::new("Try a mail again at once")
    .about("One that is being sent, or was when a server stopped, is tried again within five minutes if it does not leave.")
    .body::<Nothing>()
    .answers::<OutboxView>(200)
    .codes(&[Code::WrongState]);

/// `POST /api/v1/outbox/{id}/retry`: administrators, with `outbox:write`.
pub async fn retry(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<Nothing>,
) -> Result<HttpResponse> {
    let id: OutboxId = id.parse()?;
    call.run(&app, StatusCode::OK, move |tx, actor, _| {
        actions::retry(tx, actor, id).map(OutboxView::from)
    })
    .await
}
