//! The settings for programs.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::actions;
use super::model::{Settings, SettingsPatch};
use crate::app::App;
use crate::error::Result;
use crate::openapi::Doc;
use crate::web::{ApiCaller, Call, ok};

/// Describes [`read`].
pub const READ: Doc = Doc::new("Read the settings of the site").answers::<Settings>(200);

/// `GET /api/v1/settings`: `settings:read`, administrators and owners.
///
/// # Errors
/// When the database is away.
pub async fn read(app: web::Data<App>, _caller: ApiCaller) -> Result<HttpResponse> {
    let settings = app.db.read(actions::current).await?;
    Ok(ok(&settings))
}

/// Describes [`change`].
pub const CHANGE: Doc = Doc::new("Change the settings of the site")
    .body::<SettingsPatch>()
    .answers::<Settings>(200);

/// `PATCH /api/v1/settings`: `settings:write`, administrators and owners.
///
/// # Errors
/// Those of [`actions::update`].
pub async fn change(app: web::Data<App>, call: Call<SettingsPatch>) -> Result<HttpResponse> {
    call.run(&app, StatusCode::OK, |tx, actor, patch| {
        actions::update(tx, actor, patch, None)
    })
    .await
}
