//! `GET /openapi.json`: the document. Made when it is first asked for, and kept.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::{Bytes, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest::{SHA256, digest};

use super::document::document;
use crate::web::app::App;

/// What is kept on the way is asked for again each time: another version may have other calls.
const CACHING: &str = "public, no-cache";

pub(in crate::web) async fn show(ThinData(app): ThinData<App>, req: HttpRequest) -> HttpResponse {
    let (body, tag) = app.openapi.get_or_init(|| {
        let body = Bytes::from(document(app.config()).to_string());
        let hash = digest(&SHA256, &body);
        let tag = hash.as_ref().iter().take(16).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        (body, format!("\"{tag}\""))
    });
    let is_known = req.headers().get_all(IF_NONE_MATCH).any(|known| {
        known.to_str().is_ok_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
    });
    let mut res = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    res.insert_header((ETAG, tag.as_str())).insert_header((CACHE_CONTROL, CACHING));
    if is_known { res.finish() } else { res.insert_header((CONTENT_TYPE, "application/json")).body(body.clone()) }
}
