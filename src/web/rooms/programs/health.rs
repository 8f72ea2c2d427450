//! For monitoring: whether the server is alive (`/healthz`), and whether it is ready (`/readyz`).

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::RETRY_AFTER;
use actix_web::rt::time::timeout;
use actix_web::web::ThinData;
use serde_json::{Value, json};

use crate::store::condition::{ANSWER_WITHIN, Answer};
use crate::store::{trouble, users};
use crate::web::app::App;
use crate::web::http::error::Error;

/// What is told if the cause is not one of those that have words for the operator. The log has the cause itself.
const NO_ANSWER: &str = "the database does not answer";

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
    let reason = if app.accounts.blocklist.is_in_doubt() {
        Some("what is in memory is behind the database")
    } else if app.accounts.blocklist.lease.is_over() {
        Some("this node has no lease: it has not heard from the database for too long")
    } else if app.database_check.fault().is_some() {
        Some(trouble::MALFORMED)
    } else {
        trouble_of(&app).await.map(|cause| trouble::meaning(&cause).unwrap_or(NO_ANSWER))
    };
    match reason {
        None => HttpResponse::Ok().json(json!({ "status": "ready" })),
        Some(reason) => not_ready(json!({ "status": "not ready", "reason": reason })),
    }
}

fn not_ready(body: Value) -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "5")).json(body)
}

/// Why the store does not do its work; `None`: it does.
async fn trouble_of(app: &App) -> Option<String> {
    match app.read(users::any).await {
        Ok(_) => {}
        Err(Error::Unavailable(cause) | Error::Internal(cause)) => return Some(cause),
        Err(error) => return Some(error.to_string()),
    }
    match app.accounts.db.condition() {
        Answer::Works => None,
        Answer::Fails(why) => Some(why),
        Answer::Due(probe) => {
            // On its own: a caller who goes away must not end a probe that counts for everybody.
            let prober = app.clone();
            let probing = actix_web::rt::spawn(async move {
                let accounts = Arc::clone(&prober.accounts);
                if let Ok(Some(probe)) = prober.readers.run(&[], move || accounts.db.look(probe)).await {
                    // The outcome is in `trouble`, too.
                    drop(prober.accounts.db.write_probe(probe, prober.now()).everywhere().await);
                }
            });
            match timeout(ANSWER_WITHIN, probing).await {
                Ok(_) => app.accounts.db.trouble(),
                Err(_) => Some(NO_ANSWER.into()),
            }
        }
    }
}
