//! What is decided about an invite that was made: revoke, approve, reject, reinstate; and why somebody cannot
//! accept.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::wire::InviteView;
use crate::access::Actor;
use crate::app::App;
use crate::db::Tx;
use crate::error::{Code, Result};
use crate::ids::InviteId;
use crate::invites::acceptance::approval;
use crate::invites::actions;
use crate::invites::gates::{Gate, gates};
use crate::invites::model::Invite;
use crate::openapi::Doc;
use crate::web::{ApiCaller, Call, Nothing, ok};

/// Runs a decision and answers the invite as it is then.
async fn decide<F>(
    app: &App,
    id: web::Path<String>,
    call: Call<Nothing>,
    mut decide: F,
) -> Result<HttpResponse>
where
    F: FnMut(&mut Tx<'_>, &Actor, InviteId) -> Result<Invite> + Send + 'static,
{
    let id: InviteId = id.parse()?;
    call.run(app, StatusCode::OK, move |tx, actor, _| {
        let invite = decide(tx, actor, id)?;
        let now = tx.now;
        InviteView::read(tx, invite, actor, now)
    })
    .await
}

/// Describes [`revoke`].
pub const REVOKE: Doc = Doc::new("Revoke an invite")
    .about("Its links stop working at once, and a mail that still waits is not sent.")
    .body::<Nothing>()
    .answers::<InviteView>(200)
    .codes(&[Code::InviteNotPending]);

/// `POST /api/v1/invites/{id}/revoke`: `invites:write`.
///
/// # Errors
/// Those of [`actions::revoke`].
pub async fn revoke(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<Nothing>,
) -> Result<HttpResponse> {
    decide(&app, id, call, actions::revoke).await
}

/// Describes [`approve`].
pub const APPROVE: Doc = Doc::new("Approve an acceptance")
    .about(
        "Where the template wants approval, the account is made, or gains what the invite gives, only now. The \
         person is told by mail. For administrators.",
    )
    .body::<Nothing>()
    .answers::<InviteView>(200)
    .codes(&[
        Code::Forbidden,
        Code::TemplateNotUsable,
        Code::RoleNotGrantable,
        Code::GroupNotGrantable,
        Code::AddressTaken,
        Code::InviteNotPending,
    ]);

/// `POST /api/v1/invites/{id}/approve`: `invites:write`, administrators.
///
/// # Errors
/// Those of [`approval::approve`].
pub async fn approve(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<Nothing>,
) -> Result<HttpResponse> {
    let shared = app.clone();
    decide(&app, id, call, move |tx, actor, id| {
        approval::approve(tx, &shared, actor, id)
    })
    .await
}

/// Describes [`reject`].
pub const REJECT: Doc = Doc::new("Reject an acceptance")
    .about("What the person entered is erased; they are not told. For administrators.")
    .body::<Nothing>()
    .answers::<InviteView>(200)
    .codes(&[Code::Forbidden, Code::InviteNotPending]);

/// `POST /api/v1/invites/{id}/reject`: `invites:write`, administrators.
///
/// # Errors
/// Those of [`approval::reject`].
pub async fn reject(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<Nothing>,
) -> Result<HttpResponse> {
    decide(&app, id, call, approval::reject).await
}

/// Describes [`reinstate`].
pub const REINSTATE: Doc = Doc::new("Take an invite off hold")
    .about(
        "Its maker lost the right to it; whoever reinstates it answers for it from then on. Its links work again. \
         For administrators.",
    )
    .body::<Nothing>()
    .answers::<InviteView>(200)
    .codes(&[
        Code::Forbidden,
        Code::TemplateNotUsable,
        Code::RoleNotGrantable,
        Code::GroupNotGrantable,
        Code::InviteExists,
        Code::InviteNotPending,
    ]);

/// `POST /api/v1/invites/{id}/reinstate`: `invites:write`, administrators.
///
/// # Errors
/// Those of [`actions::reinstate`].
pub async fn reinstate(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<Nothing>,
) -> Result<HttpResponse> {
    decide(&app, id, call, actions::reinstate).await
}

/// What stands in the way of accepting.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// In the order in which the person meets them.
    gates: Vec<Gate>,
}

/// Describes [`explain`].
pub const EXPLAIN: Doc = Doc::new("Tell why somebody cannot accept")
    .about("Every gate, and whether it is open.")
    .answers::<Explanation>(200);

/// `GET /api/v1/invites/{id}/explain`: `invites:read`; members about those that they made.
///
/// # Errors
/// `not_found`.
pub async fn explain(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let (now, text) = (app.clock.now(), app.text);
    let gates = app
        .db
        .read(move |conn| {
            let invite = actions::visible(conn, &caller.actor, id)?;
            gates(conn, text, &invite, now)
        })
        .await?;
    Ok(ok(&Explanation { gates }))
}
