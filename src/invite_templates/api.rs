//! `/api/v1/invite-templates`.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::actions::{self, Draft};
use super::model::Template;
use super::policy::{FieldMode, InvitableBy, Policy, Quota};
use super::words::{Delivery, Identifier, Matching};
use crate::access::Role;
use crate::app::App;
use crate::clock::Time;
use crate::error::{Code, Result};
use crate::ids::{GroupId, TemplateId};
use crate::input::given;
use crate::openapi::Doc;
use crate::site::Terms;
use crate::web::{ApiCaller, Call, Listed, ok};

/// A template as the API tells it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "InviteTemplate")]
pub struct TemplateView {
    id: TemplateId,
    /// What people call it.
    name: String,
    /// The schema of the traits of who is invited with it.
    schema_id: String,
    #[serde(flatten)]
    policy: Policy,
    /// When it was made.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
}

impl TemplateView {
    fn new(template: Template) -> Result<Self> {
        Ok(Self {
            policy: template.policy()?,
            id: template.id,
            name: template.name,
            schema_id: template.schema_id,
            created_at: template.created_at,
            updated_at: template.updated_at,
        })
    }
}

/// The body of `POST` and `PATCH`. What is left out of a new template has its default; what is left out of a
/// change stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "name": "Workshop", "roles": ["member"], "expires_in": 1_209_600, "domains": ["example.org"] }]))]
pub struct TemplateBody {
    /// At most 80 characters; no two templates have the same. A new template needs one.
    name: Option<String>,
    /// The schema of the traits.
    schema_id: Option<String>,
    /// Who may invite with it.
    invitable_by: Option<InvitableBy>,
    /// The roles that its invites may give; null for any.
    #[serde(default, deserialize_with = "given")]
    roles: Option<Option<Vec<Role>>>,
    /// The groups that its invites may give; null for any.
    #[serde(default, deserialize_with = "given")]
    groups: Option<Option<Vec<GroupId>>>,
    /// What its invites are made out to; null for any.
    #[serde(default, deserialize_with = "given")]
    identifier: Option<Option<Identifier>>,
    /// How the form treats a trait, by its name.
    fields: Option<BTreeMap<String, FieldMode>>,
    /// The terms in place of the site's; null for those.
    #[serde(default, deserialize_with = "given")]
    terms: Option<Option<Terms>>,
    /// Seconds that an invite lives; null for the site's setting.
    #[serde(default, deserialize_with = "given")]
    expires_in: Option<Option<i64>>,
    /// How links reach people; null for mail.
    #[serde(default, deserialize_with = "given")]
    delivery: Option<Option<Delivery>>,
    /// How whoever accepts must match.
    #[serde(rename = "match")]
    matching: Option<Matching>,
    /// Domains of the addresses, label by label; empty for any.
    domains: Option<Vec<String>>,
    /// How many one person may send.
    quota: Option<Quota>,
    /// Reminders, each so many seconds before the end; at most 3.
    reminders: Option<Vec<i64>>,
    /// The language of mail and page, such as `de`; null for the site's.
    #[serde(default, deserialize_with = "given")]
    locale: Option<Option<String>>,
    /// A paragraph that every mail and page says; at most 1,000 characters.
    intro: Option<String>,
    /// Addresses that an invite may lead on to; empty for any.
    redirect_urls: Option<Vec<String>>,
    /// Whether the inviter is told that a person has an account.
    reveal_existing: Option<bool>,
    /// Whether an administrator approves each acceptance.
    approval: Option<bool>,
}

fn put<T: Clone>(part: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        part.clone_from(new);
    }
}

impl TemplateBody {
    fn onto(&self, mut draft: Draft) -> Draft {
        put(&mut draft.name, self.name.as_ref());
        put(&mut draft.schema_id, self.schema_id.as_ref());
        let policy = &mut draft.policy;
        put(&mut policy.invitable_by, self.invitable_by.as_ref());
        put(&mut policy.roles, self.roles.as_ref());
        put(&mut policy.groups, self.groups.as_ref());
        put(&mut policy.identifier, self.identifier.as_ref());
        put(&mut policy.fields, self.fields.as_ref());
        put(&mut policy.terms, self.terms.as_ref());
        put(&mut policy.expires_in, self.expires_in.as_ref());
        put(&mut policy.delivery, self.delivery.as_ref());
        put(&mut policy.matching, self.matching.as_ref());
        put(&mut policy.domains, self.domains.as_ref());
        put(&mut policy.quota, self.quota.as_ref());
        put(&mut policy.reminders, self.reminders.as_ref());
        put(&mut policy.locale, self.locale.as_ref());
        put(&mut policy.intro, self.intro.as_ref());
        put(&mut policy.redirect_urls, self.redirect_urls.as_ref());
        put(&mut policy.reveal_existing, self.reveal_existing.as_ref());
        put(&mut policy.approval, self.approval.as_ref());
        draft
    }
}

/// Describes [`list`].
pub const LIST: Doc = Doc::new("List invite templates")
    .about("By name; there are at most 100. Members see those that they may invite with.")
    .answers::<Listed<TemplateView>>(200);

/// `GET /api/v1/invite-templates`: `invites:read`; members see those that they may invite with.
///
/// # Errors
/// When the database refuses.
pub async fn list(app: web::Data<App>, caller: ApiCaller) -> Result<HttpResponse> {
    let all = app
        .db
        .read(move |conn| actions::list(conn, &caller.actor))
        .await?;
    let items = all.into_iter().map(TemplateView::new);
    Ok(ok(&Listed::all(items.collect::<Result<Vec<_>>>()?)))
}

/// Describes [`read`].
pub const READ: Doc = Doc::new("Read an invite template").answers::<TemplateView>(200);

/// `GET /api/v1/invite-templates/{id}`: `invites:read`; members see those that they may invite with.
///
/// # Errors
/// `not_found`.
pub async fn read(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: TemplateId = id.parse()?;
    let template = app
        .db
        .read(move |conn| actions::read(conn, &caller.actor, id))
        .await?;
    Ok(ok(&TemplateView::new(template)?))
}

/// Describes [`make`].
pub const MAKE: Doc = Doc::new("Make an invite template")
    .body::<TemplateBody>()
    .answers::<TemplateView>(201)
    .codes(&[Code::TemplateExists, Code::TooManyTemplates]);

/// `POST /api/v1/invite-templates`: `settings:write`, administrators.
///
/// # Errors
/// Those of [`actions::make`].
pub async fn make(app: web::Data<App>, call: Call<TemplateBody>) -> Result<HttpResponse> {
    call.run(&app, StatusCode::CREATED, |tx, actor, body| {
        TemplateView::new(actions::make(tx, actor, &body.onto(Draft::plain()))?)
    })
    .await
}

/// Describes [`change`].
pub const CHANGE: Doc = Doc::new("Change an invite template")
    .about(
        "What it says of the form, the terms and the approval, and of who may invite to what, holds at once, also \
         for invites that wait; all else for those that are made later.",
    )
    .body::<TemplateBody>()
    .answers::<TemplateView>(200)
    .codes(&[Code::TemplateExists]);

/// `PATCH /api/v1/invite-templates/{id}`: `settings:write`, administrators.
///
/// # Errors
/// Those of [`actions::change`].
pub async fn change(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<TemplateBody>,
) -> Result<HttpResponse> {
    let id: TemplateId = id.parse()?;
    call.run(&app, StatusCode::OK, move |tx, actor, body| {
        let before = Draft::of(&actions::read(tx, actor, id)?)?;
        TemplateView::new(actions::change(tx, actor, id, &body.onto(before), None)?)
    })
    .await
}

/// Describes [`delete`].
pub const DELETE: Doc = Doc::new("Delete an invite template")
    .about("One that no invite was made from.")
    .codes(&[Code::InUse]);

/// `DELETE /api/v1/invite-templates/{id}`: `settings:write`, administrators.
///
/// # Errors
/// Those of [`actions::delete`].
pub async fn delete(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let id: TemplateId = id.parse()?;
    caller
        .write(&app, move |tx, actor| actions::delete(tx, actor, id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
