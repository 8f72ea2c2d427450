//! For monitoring: whether the server is alive (`/healthz`), and whether it is ready (`/readyz`).

use actix_web::HttpResponse;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::ThinData;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::app::App;
use crate::web::http::readiness::trouble_of;

pub(in crate::web) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(Alive { status: "alive" })
}

/// Ready means that the blocklist is loaded and in step with the store, and that the store can be read and takes changes, and that no
/// damage was found in it.
pub(in crate::web) async fn ready(ThinData(app): ThinData<App>) -> HttpResponse {
    if app.is_starting() {
        return not_ready("the server is starting", Some(app.accounts.first_load.percent()));
    }
    match trouble_of(&app).await {
        None => HttpResponse::Ok().json(Alive { status: "ready" }),
        Some(reason) => not_ready(reason, None),
    }
}

/// All is well.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Alive {
    /// `alive`, or `ready`.
    status: &'static str,
}

/// Why the server does not do its work.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct NotReady {
    status: &'static str,
    reason: &'static str,
    /// While it starts: how much of what is revoked is in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    loaded_percent: Option<usize>,
}

fn not_ready(reason: &'static str, loaded_percent: Option<usize>) -> HttpResponse {
    let body = NotReady { status: "not ready", reason, loaded_percent };
    HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "5")).json(body)
}
