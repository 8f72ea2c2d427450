//! For monitoring: whether the server is alive (`/healthz`), and whether it is ready (`/readyz`).

use actix_web::HttpResponse;
use actix_web::web::ThinData;
use serde_json::json;

use crate::store::users;
use crate::web::app::App;
use crate::web::http::error::Error;

pub(in crate::web) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// Ready means that the store answers, and that the blocklist, which was loaded before the first request was
/// taken, is in step with it.
pub(in crate::web) async fn ready(ThinData(app): ThinData<App>) -> Result<HttpResponse, Error> {
    if app.accounts.blocklist.is_in_doubt() {
        return Err(Error::Unavailable("memory is behind the database".into()));
    }
    app.read(users::any).await.map_err(|error| match error {
        Error::Internal(cause) => Error::Unavailable(cause),
        other => other,
    })?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
}
