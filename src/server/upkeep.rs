//! What a server does besides answering, from time to time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::accounts::upkeep::prune::PruneClock;
use crate::accounts::upkeep::{due, last_seen, name_parts, prune, skeletons, tries};
use crate::accounts::{self, Accounts};
use crate::domain::AppAlgorithm;
use crate::error_chain::chain;
use crate::installation::{KeyRing, RingError};

const PRUNE_EVERY: Duration = Duration::from_secs(10 * 60);
/// How often it is looked whether an app needs keys that are not there yet.
const LOOK_FOR_KEYS_EVERY: Duration = Duration::from_millis(500);
const FOLLOW_KEYS_EVERY: Duration = Duration::from_secs(60 * 60);
const FLUSH_EVERY: Duration = Duration::from_secs(60);
const TELL_OF_TRIES_EVERY: Duration = Duration::from_millis(100);

/// Starts what is done once, working out what names look like and are found by, and the periodic jobs: storing when sessions were last seen, closing
/// sessions that have expired or were idle for too long, disabling users whose date has come, and pruning what is old.
pub(super) fn start_upkeep(accounts: &Arc<Accounts>) {
    let named = Arc::clone(accounts);
    actix_web::rt::spawn(async move {
        run_job("name_parts", &named, name_parts::fill).await;
        run_job("skeletons", &named, skeletons::fill).await;
    });
    let seen = Arc::clone(accounts);
    actix_web::rt::spawn(async move {
        loop {
            actix_web::rt::time::sleep(FLUSH_EVERY).await;
            run_job("last_seen", &seen, |accounts| last_seen::flush(accounts).map(|()| 0)).await;
        }
    });
    let old = Arc::clone(accounts);
    let mut prune_clock = PruneClock::start(old.now(), Instant::now());
    actix_web::rt::spawn(async move {
        loop {
            actix_web::rt::time::sleep(prune_every()).await;
            let is_believed = prune_clock.can_be_believed(old.now(), Instant::now());
            old.clock_doubted.store(!is_believed, Ordering::Relaxed);
            if !is_believed {
                tracing::warn!(
                    event = "clock_jumped",
                    "the clock has jumped: nothing is closed or pruned until it has stood for a day"
                );
                continue;
            }
            // One of several nodes is enough.
            if old.db.does_upkeep() {
                run_job("close", &old, prune::close_run_out).await;
                run_job("disable", &old, due::disable_due).await;
                run_job("drills", &old, due::delete_left_accounts).await;
            }
            run_job("prune", &old, prune::prune).await;
        }
    });
}

/// Tells the other nodes which tries of passwords and links were counted here.
pub(super) fn tell_of_tries(accounts: Arc<Accounts>) {
    accounts.throttle.tell_others();
    actix_web::rt::spawn(async move {
        loop {
            actix_web::rt::time::sleep(TELL_OF_TRIES_EVERY).await;
            // Nobody waits for it. What can't be told because the database is away counts here only.
            drop(tries::tell(&accounts));
        }
    });
}

/// For tests it can be less. Never in a program that was built for use.
fn prune_every() -> Duration {
    let milliseconds = std::env::var("PORTERO_TEST_PRUNE_EVERY_MS").ok().filter(|_| cfg!(debug_assertions));
    milliseconds.and_then(|text| text.parse().ok()).map_or(PRUNE_EVERY, Duration::from_millis)
}

/// Makes the keys that sign for apps by this algorithm once one is needed, and replaces them in time.
pub(super) fn follow_app_keys(accounts: Arc<Accounts>, algorithm: AppAlgorithm, ring: KeyRing) {
    actix_web::rt::spawn(async move {
        let mut looked: Option<Instant> = None;
        loop {
            actix_web::rt::time::sleep(LOOK_FOR_KEYS_EVERY).await;
            let keys = &accounts.app_keys;
            let is_due = keys.get(algorithm).is_none() || looked.is_none_or(|at| at.elapsed() > FOLLOW_KEYS_EVERY);
            if !keys.are_wanted(algorithm)
                || !is_due
                || !accounts.db.does_upkeep()
                || accounts.clock_doubted.load(Ordering::Relaxed)
            {
                continue;
            }
            looked = Some(Instant::now());
            let (accounts, ring) = (Arc::clone(&accounts), ring.clone());
            let followed = actix_web::web::block(move || {
                if ring.follow_schedule(&accounts.db, accounts.now())? {
                    accounts.app_keys.set(algorithm, accounts.db.read(|conn| ring.load_for_apps(conn))?);
                }
                Ok::<_, RingError>(())
            });
            match followed.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(event = "upkeep_failed", job = "app_keys", error = %chain(&error)),
                Err(error) => tracing::error!(event = "upkeep_failed", job = "app_keys", error = %error),
            }
        }
    });
}

/// Runs one job on a thread of its own, and logs its outcome. Not on the runtime's threads for what blocks: a stop waits for those, and a
/// job may take minutes.
async fn run_job(
    job: &str,
    accounts: &Arc<Accounts>,
    work: impl FnOnce(&Arc<Accounts>) -> Result<usize, accounts::Error> + Send + 'static,
) {
    let accounts = Arc::clone(accounts);
    let (sender, done) = oneshot::channel();
    let started = std::thread::Builder::new().name("upkeep".into()).spawn(move || drop(sender.send(work(&accounts))));
    if let Err(error) = started {
        tracing::error!(event = "upkeep_failed", job, error = %error);
        return;
    }
    match done.await {
        Ok(Ok(0)) => {}
        Ok(Ok(rows)) => tracing::info!(event = "upkeep_done", job, rows),
        Ok(Err(error)) => tracing::error!(event = "upkeep_failed", job, error = %chain(&error)),
        Err(_) => tracing::error!(event = "upkeep_failed", job, error = "it panicked"),
    }
}
