//! Whether the process lives, and whether it can do its work.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use diesel::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::openapi::Doc;
use crate::web::ok;

/// How long the database may take. Whoever watches the server asks again within seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// That the process answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Health {
    /// `ok`.
    status: &'static str,
}

/// Whether the server can do its work.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Readiness {
    /// `ok` or `not_ready`.
    status: &'static str,
    /// `ok`, or what is wrong with it.
    database: &'static str,
}

/// Describes [`alive`].
pub const ALIVE: Doc = Doc::new("Tell whether the process runs").answers::<Health>(200);

/// `GET /healthz`: anybody. The process answers.
pub async fn alive() -> HttpResponse {
    ok(&Health { status: "ok" })
}

/// Describes [`ready`].
pub const READY: Doc = Doc::new("Tell whether the server can do its work")
    .answers::<Readiness>(200)
    .or_answers::<Readiness>(503);

/// `GET /readyz`: anybody. The database answers, or what is wrong.
pub async fn ready(app: web::Data<App>) -> HttpResponse {
    use crate::db::schema::revisions::dsl;
    let asked = app
        .db
        .read_within(PATIENCE, |conn| {
            Ok(dsl::revisions.count().get_result::<i64>(conn)?)
        })
        .await;
    match asked {
        Ok(_) => ok(&Readiness {
            status: "ok",
            database: "ok",
        }),
        Err(why) => {
            tracing::warn!(%why, "not ready");
            HttpResponse::ServiceUnavailable()
                .insert_header(("retry-after", "5"))
                .json(Readiness {
                    status: "not_ready",
                    database: "the database does not answer",
                })
        }
    }
}
