//! For monitoring: whether the server is alive (`/healthz`), and whether it is ready (`/readyz`).

use actix_web::HttpResponse;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::ThinData;
use serde_json::{Value, json};

use crate::web::app::App;
use crate::web::http::readiness::trouble_of;

pub(in crate::web) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// Ready means that the blocklist is loaded and in step with the store, and that the store can be read and takes changes, and that no
/// damage was found in it.
pub(in crate::web) async fn ready(ThinData(app): ThinData<App>) -> HttpResponse {
    if app.is_starting() {
        return not_ready(json!({
            "status": "not ready",
            "reason": "the server is starting",
            "loaded_percent": app.accounts.first_load.percent(),
        }));
    }
    match trouble_of(&app).await {
        None => HttpResponse::Ok().json(json!({ "status": "ready" })),
        Some(reason) => not_ready(json!({ "status": "not ready", "reason": reason })),
    }
}

fn not_ready(body: Value) -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "5")).json(body)
}
