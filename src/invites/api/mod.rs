//! `/api/v1/invites`.

mod decisions;
mod wire;

pub use decisions::{
    APPROVE, EXPLAIN, REINSTATE, REJECT, REVOKE, approve, explain, reinstate, reject, revoke,
};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use wire::{InviteMade, InviteView, NewInviteBody};

use self::wire::InvitePatch;
use super::actions::{self, Edit};
use super::model::{Delivery, DeliveryState, NewInvite, State};
use super::store::{self, Filter};
use crate::access::{Actor, Role, Scope};
use crate::app::App;
use crate::db::{Conn, Tx};
use crate::error::{Code, Result};
use crate::ids::{BatchId, GroupId, InviteId, TemplateId, UserId};
use crate::openapi::Doc;
use crate::web::{ApiCaller, Call, ListQuery, Listed, Params, ok};

/// What `GET /api/v1/invites` is narrowed to.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitesQuery {
    /// A whole id, or the beginning of an address or a name.
    #[serde(default)]
    q: String,
    state: Option<State>,
    /// Invites into this group.
    group: Option<GroupId>,
    /// Who made them.
    invited_by: Option<UserId>,
    /// Invites from this template.
    template: Option<TemplateId>,
    /// Invites of this batch.
    batch: Option<BatchId>,
    /// Invites whose last mail is there, as `mail.state` of an invite tells it.
    mail_state: Option<DeliveryState>,
    /// Rows, 1 to 500; 50 when left out.
    #[schemars(range(min = 1, max = 500))]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl InvitesQuery {
    /// A part of all invites.
    pub fn part(limit: Option<i64>, cursor: Option<String>) -> Self {
        Self {
            limit,
            cursor,
            ..Self::default()
        }
    }
}

/// Describes [`list`].
pub const LIST: Doc = Doc::new("List invites")
    .about(
        "Members see those that they made. A page looks at 20,000 invites at most: where few of many fit, it may hold \
         fewer than `limit`, or none, and go on with `next_cursor` all the same.",
    )
    .query::<InvitesQuery>()
    .answers::<Listed<InviteView>>(200)
    .codes(&[Code::CursorInvalid]);

/// `GET /api/v1/invites`: `invites:read`; members see those that they made.
pub async fn list(
    app: web::Data<App>,
    caller: ApiCaller,
    query: Params<InvitesQuery>,
) -> Result<HttpResponse> {
    Ok(ok(&listed(&app, &caller, &query).await?))
}

/// A part of the invites that the caller may see, newest first.
///
/// # Errors
/// `cursor_invalid`; `invalid_input` for a limit out of range.
pub async fn listed(
    app: &App,
    caller: &ApiCaller,
    query: &InvitesQuery,
) -> Result<Listed<InviteView>> {
    let paging = ListQuery::paging(query.limit, query.cursor.as_deref())?;
    let all = caller.actor.role >= Role::Admin;
    let filter = Filter {
        q: query.q.clone(),
        state: query.state,
        group: query.group,
        template: query.template,
        batch: query.batch,
        invited_by: if all {
            query.invited_by
        } else {
            Some(caller.user_id)
        },
        mail: query.mail_state,
        but_failed: false,
    };
    let (now, actor) = (app.clock.now(), caller.actor.clone());
    let page = app
        .db
        .read(move |conn| {
            let slice = store::list(conn, &filter, &paging, now)?;
            let ids: Vec<InviteId> = slice.rows.iter().map(|invite| invite.id).collect();
            let mail_ids: Vec<_> = slice
                .rows
                .iter()
                .filter_map(|invite| invite.mail_id)
                .collect();
            let mut groups = store::groups_of(conn, &ids)?;
            let mails = store::mails(conn, &mail_ids)?;
            let batches = store::batches_of(conn, &ids)?;
            Ok(slice.map(|invite| {
                let mail = invite.mail_id.and_then(|id| mails.get(&id));
                let of_invite = groups.remove(&invite.id).unwrap_or_default();
                let batch = batches.get(&invite.id).copied();
                InviteView::new(invite, of_invite, batch, mail, &actor, now)
            }))
        })
        .await?;
    Ok(Listed::from(page))
}

/// Describes [`read`].
pub const READ: Doc = Doc::new("Read an invite")
    .about("It never holds the link.")
    .answers::<InviteView>(200);

/// `GET /api/v1/invites/{id}`: `invites:read`; members see those that they made.
pub async fn read(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    Ok(ok(&told(&app, &caller, id.parse()?).await?))
}

/// An invite that the caller may see.
///
/// # Errors
/// `not_found`.
pub async fn told(app: &App, caller: &ApiCaller, id: InviteId) -> Result<InviteView> {
    let (now, actor) = (app.clock.now(), caller.actor.clone());
    let read = move |conn: &mut Conn| {
        let invite = actions::visible(conn, &actor, id)?;
        InviteView::read(conn, invite, &actor, now)
    };
    app.db.read(read).await
}

/// Describes [`create`].
pub const CREATE: Doc = Doc::new("Make an invite")
    .about(
        "It is mailed, or with `delivery: link` answered as `invite_url`, in this answer alone; that takes \
         the scope `invites:reveal_link` too. For administrators.",
    )
    .body::<NewInviteBody>()
    .answers::<InviteMade>(201)
    .codes(&[
        Code::Forbidden,
        Code::TemplateNotUsable,
        Code::RoleNotGrantable,
        Code::GroupNotGrantable,
        Code::InviteExists,
        Code::UserExists,
        Code::DomainNotAllowed,
        Code::TooManyInvites,
        Code::MailNotSetUp,
        Code::AlreadyShown,
    ]);

/// `POST /api/v1/invites`: `invites:write`; with `delivery: link` also `invites:reveal_link`.
pub async fn create(app: web::Data<App>, call: Call<NewInviteBody>) -> Result<HttpResponse> {
    let new = NewInvite::try_from(&call.input)?;
    let actor = call.caller.actor.clone();
    let delivery = app
        .db
        .read(move |conn| actions::delivery(conn, &actor, &new))
        .await?;
    let reveals = delivery == Delivery::Link;
    if reveals {
        call.caller.require(Scope::InvitesRevealLink)?;
    }
    let shared = app.clone();
    let make = move |tx: &mut Tx<'_>, actor: &Actor, body: &NewInviteBody| {
        let mut new = NewInvite::try_from(body)?;
        // As it was looked up, whatever the template says by now: the answer's secrecy hangs on it.
        new.choices.delivery = Some(delivery);
        let made = actions::create(tx, &shared, actor, &new)?;
        InviteMade::read(tx, made, actor)
    };
    answer::<InviteMade, _, _>(&app, call, StatusCode::CREATED, reveals, make).await
}

/// Makes an invite and answers it as a `V`; when the answer holds a link, a repeat gets another one in its place.
///
/// # Errors
/// Those of `make`.
pub async fn answer<V, T, F>(
    app: &web::Data<App>,
    call: Call<T>,
    status: StatusCode,
    reveals: bool,
    mut make: F,
) -> Result<HttpResponse>
where
    V: From<InviteMade> + Serialize + Send + 'static,
    T: Clone + Send + 'static,
    F: FnMut(&mut Tx<'_>, &Actor, &T) -> Result<InviteMade> + Send + 'static,
{
    if !reveals {
        let make =
            move |tx: &mut Tx<'_>, actor: &Actor, body: &T| make(tx, actor, body).map(V::from);
        return call.run(app, status, make).await;
    }
    let shared = app.clone();
    let with_id = |made: InviteMade| {
        let lost = made.link_id.map(|id| id.to_string());
        (lost.unwrap_or_default(), V::from(made))
    };
    let first = move |tx: &mut Tx<'_>, actor: &Actor, body: &T| Ok(with_id(make(tx, actor, body)?));
    let again = move |tx: &mut Tx<'_>, actor: &Actor, lost: &str| {
        let made = actions::replace_link(tx, &shared, actor, lost.parse()?)?;
        Ok(with_id(InviteMade::read(tx, made, actor)?))
    };
    call.run_secret(app, status, first, again).await
}

/// Describes [`patch`].
pub const CHANGE: Doc = Doc::new("Change a pending invite")
    .about(
        "A new address ends every link that was sent to the old one, and is sent one of its own.",
    )
    .body::<InvitePatch>()
    .answers::<InviteView>(200)
    .codes(&[
        Code::Forbidden,
        Code::TemplateNotUsable,
        Code::RoleNotGrantable,
        Code::GroupNotGrantable,
        Code::InviteExists,
        Code::InviteNotPending,
        Code::DomainNotAllowed,
        Code::TooManyInvites,
    ]);

/// `PATCH /api/v1/invites/{id}`: `invites:write`.
pub async fn patch(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<InvitePatch>,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let shared = app.clone();
    call.run(&app, StatusCode::OK, move |tx, actor, patch| {
        let invite = actions::edit(tx, &shared, actor, id, &Edit::try_from(patch)?)?;
        let now = tx.now;
        InviteView::read(tx, invite, actor, now)
    })
    .await
}

/// The body of `POST /api/v1/invites/{id}/resend`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resend {
    /// `link` answers the new link instead of sending it.
    delivery: Option<Delivery>,
}

/// Describes [`resend`].
pub const RESEND: Doc = Doc::new("Send an invite again")
    .about(
        "It gets a new link and its whole time again; former links work until one of them is used. Works for \
         one that has expired too. `delivery: link` answers the link as when it is made.",
    )
    .body::<Resend>()
    .answers::<InviteMade>(200)
    .codes(&[
        Code::Forbidden,
        Code::TemplateNotUsable,
        Code::RoleNotGrantable,
        Code::GroupNotGrantable,
        Code::InviteExists,
        Code::InviteNotPending,
        Code::DomainNotAllowed,
        Code::TooManyInvites,
        Code::AlreadyShown,
    ]);

/// `POST /api/v1/invites/{id}/resend`: `invites:write`; with `delivery: link` also `invites:reveal_link`.
pub async fn resend(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<Resend>,
) -> Result<HttpResponse> {
    let id: InviteId = id.parse()?;
    let actor = call.caller.actor.clone();
    let invite = app
        .db
        .read(move |conn| actions::visible(conn, &actor, id))
        .await?;
    // What has no address can go no other way.
    let delivery = call.input.delivery.unwrap_or(invite.usual_delivery());
    let reveals = delivery == Delivery::Link;
    if reveals {
        call.caller.require(Scope::InvitesRevealLink)?;
    }
    let shared = app.clone();
    let make = move |tx: &mut Tx<'_>, actor: &Actor, _: &Resend| {
        let made = actions::resend(tx, &shared, actor, id, Some(delivery))?;
        InviteMade::read(tx, made, actor)
    };
    answer::<InviteMade, _, _>(&app, call, StatusCode::OK, reveals, make).await
}
