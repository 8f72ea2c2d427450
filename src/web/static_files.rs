//! Style, script and icon: part of the binary, cached for ever under an address that changes with their content.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Path, Query};
use aws_lc_rs::digest;
use serde::Deserialize;

use super::error::Error;

struct File {
    name: &'static str,
    content_type: &'static str,
    content: &'static [u8],
    version: String,
}

static FILES: LazyLock<[File; 3]> = LazyLock::new(|| {
    [
        file("style.css", "text/css; charset=utf-8", include_bytes!("../../static/style.css")),
        file("portero.js", "text/javascript; charset=utf-8", include_bytes!("../../static/portero.js")),
        file("icon.svg", "image/svg+xml", include_bytes!("../../static/icon.svg")),
    ]
});

fn file(name: &'static str, content_type: &'static str, content: &'static [u8]) -> File {
    let hash = digest::digest(&digest::SHA256, content);
    let version = hex::encode(hash.as_ref()).chars().take(12).collect();
    File { name, content_type, content, version }
}

pub(super) fn url(name: &str) -> String {
    let file = FILES.iter().find(|file| file.name == name);
    file.map_or_else(String::new, |file| format!("/static/{name}?v={}", file.version))
}

#[derive(Deserialize)]
pub(super) struct Version {
    v: Option<String>,
}

pub(super) async fn show(name: Path<String>, version: Query<Version>) -> Result<HttpResponse, Error> {
    let file = FILES.iter().find(|file| file.name == name.as_str()).ok_or(Error::NotFound)?;
    let lasts = version.v.as_deref() == Some(file.version.as_str());
    let caching = if lasts { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.content_type))
        .insert_header((CACHE_CONTROL, caching))
        .body(file.content))
}
