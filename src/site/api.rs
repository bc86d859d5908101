//! The settings for programs.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::actions;
use super::model::SettingsPatch;
use crate::app::App;
use crate::error::Result;
use crate::web::{ApiCaller, Call, ok};

/// `GET /api/v1/settings`: `settings:read`, administrators and owners.
///
/// # Errors
/// When the database is away.
pub async fn read(app: web::Data<App>, _caller: ApiCaller) -> Result<HttpResponse> {
    let settings = app.db.read(actions::current).await?;
    Ok(ok(&settings))
}

/// `PATCH /api/v1/settings`: `settings:write`, administrators and owners.
///
/// # Errors
/// Those of [`actions::update`].
pub async fn change(app: web::Data<App>, call: Call<SettingsPatch>) -> Result<HttpResponse> {
    call.run(&app, StatusCode::OK, |tx, actor, patch| actions::update(tx, actor, patch, None)).await
}
