//! Tells apps that sessions have ended, on threads of its own: one that looks what is due, and one for each app that is being told, so
//! that an app which answers slowly holds up no other. What is due stands in the database, so a stop loses nothing.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::accounts::apps::sign_outs;
use crate::accounts::bell::Bell;
use crate::accounts::{self, Accounts, tries};
use crate::domain::{App, AppId, LogoutUri};
use crate::error_chain::chain;
use crate::outbound::{CallFault, Outbound};
use crate::store::logout_deliveries::{self, Due, Outcome, Tried};
use crate::store::{self, apps};

/// How many apps are told at the same time.
const MOST_APPS_AT_ONCE: usize = 16;
/// How many deliveries are looked up together.
const AT_ONCE: i64 = 20;
/// How long it takes at most until it is seen that something is due: where something waits, and where nothing does.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
const LOOK_WITHOUT_RING: Duration = Duration::from_secs(30);
/// How long until the next try, while there are no keys yet or while nothing can be noted.
const KEYS_COME_WITHIN: Duration = Duration::from_millis(100);
/// The longest time that an app is left alone after it failed, however often it did. Then one of the sign-outs that wait is tried.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Starts the thread that looks what is due. It ends with the last user of `accounts`. `issuer`: how Portero names itself to apps.
pub(crate) fn start(accounts: &Arc<Accounts>, issuer: String, outbound: Outbound) -> io::Result<()> {
    let telling = Arc::new(Telling {
        accounts: Arc::downgrade(accounts),
        bell: Arc::clone(&accounts.apps_to_tell),
        issuer,
        outbound,
        apps: Mutex::default(),
    });
    std::thread::Builder::new().name("tell-apps".into()).spawn(move || telling.run()).map(drop)
}

struct Telling {
    accounts: Weak<Accounts>,
    bell: Arc<Bell>,
    issuer: String,
    outbound: Outbound,
    apps: Mutex<HashMap<AppId, AtApp>>,
}

/// How it goes with one app.
#[derive(Default)]
struct AtApp {
    /// A thread tells it something.
    is_being_told: bool,
    /// How often it failed since it last answered as it should.
    failures: i64,
    not_before: Option<Instant>,
}

/// How a try went.
enum Went {
    On,
    /// The app is left alone for a while.
    Pause(Duration),
    /// The same, because of the app: the more often, the longer.
    Failed,
}

impl Telling {
    fn run(self: Arc<Self>) {
        if let Err(error) = tries::release_all(&self.accounts, logout_deliveries::release_all) {
            // Then they are tried when their claims lapse.
            self.not_noted(&error);
        }
        let mut has_failed = false;
        loop {
            let Some(accounts) = self.accounts.upgrade() else { return };
            let wait = self.look(&accounts);
            drop(accounts);
            let wait = wait.unwrap_or_else(|error| {
                if !has_failed {
                    tracing::warn!(event = "sign_outs_not_looked_up", error = %chain(&error), "it is tried again");
                }
                has_failed = true;
                LOOK_AGAIN
            });
            self.bell.wait(wait);
        }
    }

    /// Begins to tell every app that something is due at. Returns how long nothing else will be.
    fn look(self: &Arc<Self>, accounts: &Arc<Accounts>) -> Result<Duration, store::Error> {
        let (all, now) = (accounts.db.read(apps::all)?, accounts.now());
        let mut wait = LOOK_WITHOUT_RING;
        for app in all.into_iter().filter(|app| app.rules.backchannel_logout.is_some()) {
            // They are there before somebody signs out.
            accounts.app_keys.want(app.rules.openid.algorithm);
            let Some(next) = accounts.db.read(|conn| logout_deliveries::next_at(conn, app.id, now))? else { continue };
            wait = wait.min(LOOK_AGAIN);
            // One node is enough.
            if next > now || !accounts.db.does_upkeep() {
                continue;
            }
            match self.begin(app.id) {
                Begin::Now => self.tell_beside(app),
                Begin::Later(pause) => wait = wait.min(pause),
                Begin::UnderWay => {}
            }
        }
        Ok(wait)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AppId, AtApp>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, app: AppId) -> Begin {
        let mut apps = self.lock();
        let under_way = apps.values().filter(|at| at.is_being_told).count();
        let at = apps.entry(app).or_default();
        let pause = at.not_before.map(|moment| moment.saturating_duration_since(Instant::now()));
        match pause {
            _ if at.is_being_told || under_way >= MOST_APPS_AT_ONCE => Begin::UnderWay,
            Some(pause) if !pause.is_zero() => Begin::Later(pause),
            Some(_) | None => {
                at.is_being_told = true;
                Begin::Now
            }
        }
    }

    fn tell_beside(self: &Arc<Self>, app: App) {
        let told = BeingTold { telling: Arc::clone(self), app: app.id };
        let started = std::thread::Builder::new().name("tell-app".into()).spawn(move || {
            let went = told.telling.tell(&app);
            told.telling.end(app.id, went);
        });
        if let Err(error) = started {
            tracing::error!(event = "upkeep_failed", job = "tell_apps", error = %error);
        }
    }

    fn end(&self, app: AppId, went: Went) {
        let mut apps = self.lock();
        let at = apps.entry(app).or_default();
        let pause = match went {
            Went::On => {
                at.failures = 0;
                None
            }
            Went::Pause(pause) => Some(pause),
            Went::Failed => {
                at.failures += 1;
                let seconds = sign_outs::BACKOFF.wait_after(at.failures - 1).unsigned_abs();
                Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
            }
        };
        at.not_before = pause.map(|pause| Instant::now() + pause);
    }

    /// Tells the app one after the other what is due, until nothing is or the app fails.
    fn tell(&self, app: &App) -> Went {
        loop {
            let Some(accounts) = self.accounts.upgrade() else { return Went::On };
            let now = accounts.now();
            // It may have got another address meanwhile, or none.
            let found = accounts.db.read(|conn| {
                Ok::<_, store::Error>((apps::find(conn, app.id)?, logout_deliveries::due(conn, app.id, now, AT_ONCE)?))
            });
            drop(accounts);
            let (app, due) = match found {
                Ok((Some(app), due)) => (app, due),
                Ok((None, _)) => return Went::On,
                Err(error) => return self.not_noted(&error.into()),
            };
            let Some(address) = app.rules.backchannel_logout.as_ref().filter(|_| !due.is_empty()) else {
                return Went::On;
            };
            for one in &due {
                match self.try_once(&app, address, one) {
                    Went::On => self.lock().entry(app.id).or_default().failures = 0,
                    stop @ (Went::Pause(_) | Went::Failed) => return stop,
                }
            }
        }
    }

    fn try_once(&self, app: &App, address: &LogoutUri, due: &Due) -> Went {
        let Some(accounts) = self.accounts.upgrade() else { return Went::On };
        let token = match sign_outs::logout_token(&accounts, &self.issuer, app, due, accounts.now()) {
            Ok(Some(token)) => token,
            Ok(None) => return Went::Pause(KEYS_COME_WITHIN),
            Err(error) => return self.not_noted(&error),
        };
        let claimed_until = match tries::claim(&accounts, due.id, logout_deliveries::claim).committed() {
            Ok(Some(until)) => until,
            Ok(None) => return Went::On,
            Err(error) => return self.not_noted(&error),
        };
        // Not held while the app is called: the process may want to end.
        drop(accounts);
        let begun = Instant::now();
        let answer = self.outbound.post_form(address.as_str(), "logout_token", &token);
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (outcome, status, error) = match answer {
            Ok(status) => (outcome(status), Some(status), None),
            Err(fault) => {
                let outcome = match fault {
                    CallFault::AddressRefused => Outcome::AddressRefused,
                    CallFault::NotReached(_) => Outcome::NotReached,
                    CallFault::NoAnswer(_) => Outcome::NoAnswer,
                };
                (outcome, None, Some(fault.to_string()))
            }
        };
        let Some(accounts) = self.accounts.upgrade() else { return Went::On };
        match sign_outs::note(&accounts, due, claimed_until, outcome, status).committed() {
            Ok(Some(tried)) => log(app, due, tried, took_ms, error),
            // Whoever has it now tells of it.
            Ok(None) => {}
            Err(error) => return self.not_noted(&error),
        }
        if outcome.is_final() { Went::On } else { Went::Failed }
    }

    /// What was told may be told again: a sign-out that comes twice does no harm.
    fn not_noted(&self, error: &accounts::Error) -> Went {
        tracing::warn!(event = "sign_outs_not_looked_up", error = %chain(error), "it is tried again");
        Went::Pause(LOOK_AGAIN)
    }
}

enum Begin {
    Now,
    Later(Duration),
    UnderWay,
}

/// Says when the thread ends, however it does, that the app is not being told any more.
struct BeingTold {
    telling: Arc<Telling>,
    app: AppId,
}

impl Drop for BeingTold {
    fn drop(&mut self) {
        self.telling.lock().entry(self.app).or_default().is_being_told = false;
        // More may have come just when this ended.
        self.telling.bell.ring();
    }
}

/// What an answer means. (§2.8: 200, and 204 as many apps have it; 400 if the app does not take the token)
fn outcome(status: u16) -> Outcome {
    match status {
        200 | 204 => Outcome::Acknowledged,
        400 => Outcome::Refused,
        300..=399 => Outcome::Redirected,
        _ => Outcome::OtherAnswer,
    }
}

fn log(app: &App, due: &Due, tried: Tried, took_ms: u64, error: Option<String>) {
    let (app, session) = (app.name.as_str(), due.ended.as_ref().map(|ended| ended.sid.short()));
    let (outcome, status, tries) = (tried.outcome.as_str(), tried.status, due.tries + 1);
    if tried.outcome == Outcome::Acknowledged {
        tracing::info!(event = "app_told", app, session, tries, took_ms);
    } else {
        let next_in = tried.next_try_at.map(|next| next.since(tried.at));
        tracing::warn!(event = "app_not_told", app, session, outcome, status, error, tries, next_in);
    }
}
