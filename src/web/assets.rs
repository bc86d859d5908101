//! The stylesheet, the script and the icons: in the binary, under names that change with their content,
//! so that browsers keep them for ever.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use crate::error::{Code, Result};
use crate::secret::SecretDigest;

struct Asset {
    path: String,
    kind: &'static str,
    body: &'static str,
}

static CSS: LazyLock<Asset> = LazyLock::new(|| {
    asset_of(
        "v",
        "css",
        "text/css; charset=utf-8",
        include_str!("../../static/v.css"),
    )
});
static JS: LazyLock<Asset> = LazyLock::new(|| {
    asset_of(
        "app",
        "js",
        "text/javascript; charset=utf-8",
        include_str!("../../static/app.js"),
    )
});
static ICONS: LazyLock<Asset> = LazyLock::new(|| {
    asset_of(
        "icons",
        "svg",
        "image/svg+xml; charset=utf-8",
        include_str!("../../static/icons.svg"),
    )
});

fn asset_of(name: &str, ending: &str, kind: &'static str, body: &'static str) -> Asset {
    let [a, b, c, d, ..] = *SecretDigest::of(body).as_bytes();
    Asset {
        path: format!("/static/{name}.{a:02x}{b:02x}{c:02x}{d:02x}.{ending}"),
        kind,
        body,
    }
}

/// The address of the stylesheet.
pub fn css() -> &'static str {
    &CSS.path
}

/// The address of the script.
pub fn js() -> &'static str {
    &JS.path
}

/// The address of the icons.
pub fn icons() -> &'static str {
    &ICONS.path
}

/// `GET /static/{file}`: public.
pub async fn asset(file: web::Path<String>) -> Result<HttpResponse> {
    let path = format!("/static/{file}");
    let asset = [&*CSS, &*JS, &*ICONS]
        .into_iter()
        .find(|asset| asset.path == path)
        .ok_or(Code::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.kind))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.body))
}
