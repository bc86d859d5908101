//! `/api/v1/schemas`.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::actions::{self, Change, NewSchema};
use super::model::Schema;
use crate::app::App;
use crate::clock::Time;
use crate::error::{Code, Error, Result};
use crate::openapi::Doc;
use crate::web::{ApiCaller, Call, Listed, ok};

/// A schema as the API tells it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Schema")]
pub struct SchemaView {
    /// The word that users and invites name it by.
    id: String,
    /// What people call it.
    name: String,
    /// JSON Schema 2020-12 of the traits.
    schema: Value,
    /// When it was made.
    created_at: Time,
    /// When it last changed.
    updated_at: Time,
}

impl SchemaView {
    fn new(schema: Schema) -> Result<Self> {
        Ok(Self {
            schema: serde_json::from_str(&schema.document).map_err(Error::internal)?,
            id: schema.id,
            name: schema.name,
            created_at: schema.created_at,
            updated_at: schema.updated_at,
        })
    }
}

/// The body of `POST /api/v1/schemas`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "id": "staff", "name": "Staff", "schema": { "type": "object", "properties": { "department": { "type": "string" } } } }]))]
pub struct NewSchemaBody {
    /// Small letters, digits, `-` and `_`; at most 40 characters.
    id: String,
    /// What people call it; at most 80 characters.
    #[serde(default)]
    name: String,
    /// JSON Schema 2020-12 of type `object`, without references to other documents; at most 64 KiB.
    schema: Value,
}

/// The body of `PATCH /api/v1/schemas/{id}`; what is left out stays.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{ "name": "People of the lab" }]))]
pub struct SchemaPatch {
    /// What people call it.
    name: Option<String>,
    /// In place of the one before. Traits that are kept are not checked again until they change.
    schema: Option<Value>,
}

/// Describes [`list`].
pub const LIST: Doc = Doc::new("List schemas")
    .about("By name; there are at most 100.")
    .answers::<Listed<SchemaView>>(200);

/// `GET /api/v1/schemas`: `settings:read`, administrators.
///
/// # Errors
/// When the database refuses.
pub async fn list(app: web::Data<App>, caller: ApiCaller) -> Result<HttpResponse> {
    let all = app
        .db
        .read(move |conn| actions::list(conn, &caller.actor))
        .await?;
    let items = all.into_iter().map(SchemaView::new);
    Ok(ok(&Listed::all(items.collect::<Result<Vec<_>>>()?)))
}

/// Describes [`read`].
pub const READ: Doc = Doc::new("Read a schema").answers::<SchemaView>(200);

/// `GET /api/v1/schemas/{id}`: `settings:read`, administrators.
///
/// # Errors
/// `not_found`.
pub async fn read(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    let schema = app
        .db
        .read(move |conn| actions::read(conn, &caller.actor, &id))
        .await?;
    Ok(ok(&SchemaView::new(schema)?))
}

/// Describes [`make`].
pub const MAKE: Doc = Doc::new("Make a schema")
    .body::<NewSchemaBody>()
    .answers::<SchemaView>(201)
    .codes(&[Code::SchemaExists, Code::TooManySchemas]);

/// `POST /api/v1/schemas`: `settings:write`, administrators.
///
/// # Errors
/// Those of [`actions::make`].
pub async fn make(app: web::Data<App>, call: Call<NewSchemaBody>) -> Result<HttpResponse> {
    call.run(&app, StatusCode::CREATED, |tx, actor, body| {
        let new = NewSchema {
            id: body.id.clone(),
            name: body.name.clone(),
            document: body.schema.to_string(),
        };
        SchemaView::new(actions::make(tx, actor, &new)?)
    })
    .await
}

/// Describes [`change`].
pub const CHANGE: Doc = Doc::new("Change a schema")
    .about("It holds for those who come after.")
    .body::<SchemaPatch>()
    .answers::<SchemaView>(200);

/// `PATCH /api/v1/schemas/{id}`: `settings:write`, administrators.
///
/// # Errors
/// Those of [`actions::change`].
pub async fn change(
    app: web::Data<App>,
    id: web::Path<String>,
    call: Call<SchemaPatch>,
) -> Result<HttpResponse> {
    call.run(&app, StatusCode::OK, move |tx, actor, patch| {
        let change = Change {
            name: patch.name.clone(),
            document: patch.schema.as_ref().map(Value::to_string),
        };
        SchemaView::new(actions::change(tx, actor, &id, &change, None)?)
    })
    .await
}

/// Describes [`delete`].
pub const DELETE: Doc = Doc::new("Delete a schema")
    .about("One that no user, invite or template has.")
    .codes(&[Code::InUse]);

/// `DELETE /api/v1/schemas/{id}`: `settings:write`, administrators.
///
/// # Errors
/// Those of [`actions::delete`].
pub async fn delete(
    app: web::Data<App>,
    caller: ApiCaller,
    id: web::Path<String>,
) -> Result<HttpResponse> {
    caller
        .write(&app, move |tx, actor| actions::delete(tx, actor, &id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
