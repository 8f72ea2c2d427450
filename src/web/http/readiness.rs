//! Whether the server does its work, once it has started.

use std::sync::Arc;

use actix_web::rt::time::timeout;

use super::error::Error;
use crate::store::condition::{ANSWER_WITHIN, Answer};
use crate::store::{trouble, users};
use crate::web::app::App;

/// What is told if the cause is not one of those that have words for the operator. The log has the cause itself.
const NO_ANSWER: &str = "the database does not answer";

/// Why it does not: memory is not in step with the store, or the store can't be read, takes no changes or was found damaged. `None`: it does.
pub(in crate::web) async fn trouble_of(app: &App) -> Option<&'static str> {
    if app.accounts.blocklist.is_in_doubt() {
        Some("what is in memory is behind the database")
    } else if app.accounts.blocklist.lease.is_over() {
        Some("this node has no lease: it has not heard from the database for too long")
    } else if app.database_check.fault().is_some() {
        Some(trouble::MALFORMED)
    } else {
        trouble_of_store(app).await.map(|cause| trouble::meaning(&cause).unwrap_or(NO_ANSWER))
    }
}

/// Why the store does not do its work; `None`: it does.
async fn trouble_of_store(app: &App) -> Option<String> {
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
