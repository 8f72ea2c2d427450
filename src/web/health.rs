//! For what watches over us: alive, and ready.

use actix_web::HttpResponse;
use actix_web::web::ThinData;
use serde_json::json;

use super::App;
use super::error::Error;
use crate::store::users;

pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// The store answers, and the blocklist, loaded before the first request was taken, is in step with it.
pub(super) async fn ready(ThinData(app): ThinData<App>) -> Result<HttpResponse, Error> {
    if app.accounts.blocklist.is_in_doubt() {
        return Err(Error::Unavailable("memory is behind the database".into()));
    }
    app.read(users::any).await.map_err(|error| match error {
        Error::Internal(cause) => Error::Unavailable(cause),
        other => other,
    })?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
}
