//! Forms with files.

use std::future::ready;

use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, web};
use futures_util::{TryStreamExt, stream};

use crate::error::{Code, Error, Result};

/// Fields by their names, and files.
type Parts = (Vec<(String, String)>, Vec<(String, Vec<u8>)>);

/// Whether a form came with files.
pub(super) fn has_files(request: &HttpRequest) -> bool {
    let kind = request.headers().get(CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

/// Reads the body of a form with files. A part without the name of a file is a field.
///
/// # Errors
/// `bad_request`.
pub(super) async fn read(request: &HttpRequest, body: web::Bytes) -> Result<Parts> {
    let broken = |_| Error::from(Code::BadRequest);
    let body = stream::once(ready(Ok::<_, PayloadError>(body)));
    let mut parts = Multipart::new(request.headers(), body);
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    while let Some(mut part) = parts.try_next().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let disposition = part.content_disposition();
        let is_file = disposition.is_some_and(|about| about.get_filename().is_some());
        let mut bytes = Vec::new();
        while let Some(some) = part.try_next().await.map_err(broken)? {
            bytes.extend_from_slice(&some);
        }
        if !is_file {
            let value = String::from_utf8(bytes).map_err(|_| Code::BadRequest)?;
            fields.push((name, value));
        } else if !bytes.is_empty() {
            // Browsers send an empty file for a field where none was chosen.
            files.push((name, bytes));
        }
    }
    Ok((fields, files))
}
