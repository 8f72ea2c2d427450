//! `GET /static/{name}`: style sheet, script and icon, cached for ever under an address that changes with their content.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Path, Query};
use serde::Deserialize;

use crate::web::http::error::Error;
use crate::web::pages::static_files;

#[derive(Deserialize)]
pub(in crate::web) struct Version {
    v: Option<String>,
}

pub(in crate::web) async fn show(name: Path<String>, version: Query<Version>) -> Result<HttpResponse, Error> {
    let file = static_files::find(&name).ok_or(Error::NotFound)?;
    let lasts = version.v.as_deref() == Some(file.version.as_str());
    let caching = if lasts { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.content_type))
        .insert_header((CACHE_CONTROL, caching))
        .body(file.content))
}
