//! What Portero counts, for Prometheus: `GET /metrics` on a listener of its own. Counting is left to whoever does what is counted; no label
//! names a user, an address or anything else that somebody typed.

mod exposition;
mod families;
mod process;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CONTENT_TYPE};
use actix_web::{HttpResponse, web};

use crate::domain::UnixTime;
use crate::error_chain::chain;
use crate::store::figures::{self, Figures};
use crate::web::App;

/// How old what was found in the database may be before it is looked up again, in seconds.
const LOOK_EVERY: i64 = 60;
const ALLOWED: &str = "GET, HEAD";

/// The metrics of a server. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Shared>);

struct Shared {
    app: App,
    found: Mutex<Found>,
    is_looking: AtomicBool,
}

/// What was found in the database.
#[derive(Clone, Default)]
struct Found {
    /// `None`: it was not looked up yet.
    at: Option<UnixTime>,
    /// `None`: the database did not answer.
    figures: Option<Figures>,
    /// The size of the database in bytes, if that can be found out.
    size: Option<u64>,
}

impl Metrics {
    pub fn new(app: App) -> Self {
        Self(Arc::new(Shared { app, found: Mutex::default(), is_looking: AtomicBool::new(false) }))
    }

    /// The only path of the listener.
    pub fn routes(&self, config: &mut web::ServiceConfig) {
        let metrics = self.clone();
        let show = move |method: Method| {
            let metrics = metrics.clone();
            async move {
                match method {
                    Method::GET | Method::HEAD => metrics.show().await,
                    _ => HttpResponse::MethodNotAllowed().insert_header((ALLOW, ALLOWED)).finish(),
                }
            }
        };
        config.service(web::resource("/metrics").to(show));
    }

    async fn show(&self) -> HttpResponse {
        let found = self.found().await;
        match families::text(&self.0.app, &found) {
            Ok(text) => HttpResponse::Ok().insert_header((CONTENT_TYPE, prometheus::TEXT_FORMAT)).body(text),
            Err(error) => {
                tracing::error!(event = "metrics_failed", error = %chain(&error));
                HttpResponse::InternalServerError().finish()
            }
        }
    }

    /// What was found in the database when it was last looked at. If that is too long ago, it is looked at again, and only the first scrape
    /// waits for that.
    async fn found(&self) -> Found {
        let now = self.0.app.now();
        let kept = self.kept().clone();
        // A clock that was put back must not keep it for ever.
        let is_due = kept.at.is_none_or(|at| !(0..LOOK_EVERY).contains(&now.since(at)));
        if !is_due || self.0.is_looking.swap(true, Ordering::AcqRel) {
            return kept;
        }
        let metrics = self.clone();
        let looking = actix_web::rt::spawn(async move {
            let found = metrics.look(now).await;
            *metrics.kept() = found.clone();
            metrics.0.is_looking.store(false, Ordering::Release);
            found
        });
        match kept.at {
            Some(_) => kept,
            None => looking.await.unwrap_or_default(),
        }
    }

    async fn look(&self, now: UnixTime) -> Found {
        let accounts = Arc::clone(&self.0.app.accounts);
        let looked = self.0.app.readers.run(&[], move || {
            let figures = accounts.db.read(|conn| figures::look(conn, now));
            (figures, accounts.db.size())
        });
        let (error, size) = match looked.await {
            Ok((Ok(figures), size)) => return Found { at: Some(now), figures: Some(figures), size },
            Ok((Err(error), size)) => (chain(&error), size),
            Err(busy) => (busy.to_string(), None),
        };
        tracing::warn!(event = "metrics_incomplete", error, "what the database would tell is left out");
        Found { at: Some(now), figures: None, size }
    }

    // A poisoned lock can be used on: it is only ever replaced as a whole.
    fn kept(&self) -> MutexGuard<'_, Found> {
        self.0.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
