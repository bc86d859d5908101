//! Whether the process lives, and whether it can do its work.

use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use serde_json::json;

use crate::app::App;

/// `GET /healthz`: anybody. The process answers.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /readyz`: anybody. The database answers, or what is wrong.
pub async fn ready(app: web::Data<App>) -> HttpResponse {
    use crate::db::schema::revisions::dsl;
    let asked = app
        .db
        .read(|conn| Ok(dsl::revisions.count().get_result::<i64>(conn)?))
        .await;
    match asked {
        Ok(_) => HttpResponse::Ok().json(json!({ "status": "ok", "database": "ok" })),
        Err(why) => {
            tracing::warn!(%why, "not ready");
            HttpResponse::ServiceUnavailable()
                .insert_header(("retry-after", "5"))
                .json(json!({ "status": "not_ready", "database": "the database does not answer" }))
        }
    }
}
