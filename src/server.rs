//! Start, serve, stop.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App as ActixApp, HttpServer};
use url::Url;

use crate::accounts::{self, Accounts, PruneClock};
use crate::config::Loaded;
use crate::installation::{Installation, KeyRing, OpenError, RingError};
use crate::lane::{Lane, Priority};
use crate::store::{self, Memory, chain};
use crate::web::{self, App, Clock, Texts};

/// After SIGTERM, what is under way may finish within this time.
const DRAIN_SECONDS: u64 = 8;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const PRUNE_EVERY: Duration = Duration::from_secs(10 * 60);
const FLUSH_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("could not put the keys in order")]
    Keys(#[from] RingError),
    #[error("could not listen on {address}: is something else using it?")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("could not start a thread")]
    Thread(#[source] io::Error),
    #[error(transparent)]
    Texts(#[from] web::BrokenCatalogue),
    #[error("the address {0} makes no URL")]
    Url(SocketAddr),
    #[error("could not read the database")]
    Accounts(#[from] accounts::Error),
    #[error("the server failed")]
    Serve(#[source] io::Error),
}

/// A server that listens and is about to serve.
pub struct Prepared {
    pub address: SocketAddr,
    /// To create the first admin; `None`: there is a user already.
    pub setup_link: Option<String>,
    app: App,
    listener: TcpListener,
    lock: File,
}

/// Opens the installation, loads the blocklist, and listens. Blocks, so call it before the event loop runs.
pub fn prepare(Loaded { config, shown, .. }: Loaded, clock: Clock) -> Result<Prepared, StartError> {
    // First of all, so that a busy port changes nothing.
    let failed = |source| StartError::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{address}/")).map_err(|_| StartError::Url(address))?,
    };

    let installation = Installation::open(&config, clock.now())?;
    let lock = installation.lock()?;
    let accounts = installation.accounts;
    installation.ring.follow_settings(&accounts.db, clock.now())?;
    load_memory(&accounts, installation.ring, &clock)?;
    let setup_link = setup_link(&accounts, &public_url, &clock)?;
    let started = clock.now();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let app = App::new(web::Shared {
        accounts,
        lane: Lane::start("password", cores, Priority::Last).map_err(StartError::Thread)?,
        readers: Lane::start("reader", store::READERS as usize, Priority::Usual).map_err(StartError::Thread)?,
        public_url,
        texts: Texts::load(config.languages_dir.as_deref())?,
        clock,
        browser_session_key: actix_web::cookie::Key::from(&installation.browser_session_key),
        warned_of_forwarded: AtomicBool::new(false),
        started,
        settings: shown,
        config,
    });
    Ok(Prepared { address, setup_link, app, listener, lock })
}

impl Prepared {
    /// The acts behind the server, for whoever runs it inside a program of their own.
    pub fn accounts(&self) -> Arc<Accounts> {
        Arc::clone(&self.app.accounts)
    }

    /// Serves while the result is awaited. Call it on an Actix system, and keep the file: while it is open, no other
    /// process serves this database.
    pub fn serve(self) -> Result<(Server, File), StartError> {
        keep_house(&self.app.accounts, &self.app.clock);
        let app = self.app;
        let is_https = app.public_url.scheme() == "https";
        let server = HttpServer::new(move || {
            let app = app.clone();
            ActixApp::new()
                .configure(|routes| web::routes(&app, routes))
                .wrap(from_fn(move |req, next| web::around(is_https, req, next)))
        })
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(DRAIN_SECONDS)
        .listen(self.listener)
        .map_err(StartError::Serve)?
        .run();
        Ok((server, self.lock))
    }
}

/// From here on, memory follows the database, whoever changes it.
fn load_memory(accounts: &Arc<Accounts>, ring: KeyRing, clock: &Clock) -> Result<(), accounts::Error> {
    // Weak: the writer's thread keeps this, and must end with the last of those that use it.
    let (weak, of_reload) = (Arc::downgrade(accounts), clock.clone());
    let (of_gaps, clock) = (Weak::clone(&weak), clock.clone());
    let blocklist = Arc::clone(&accounts.blocklist);
    Ok(accounts.db.keep_in_step(Memory {
        reload: Box::new(move |conn| match weak.upgrade() {
            Some(accounts) => {
                let keys = ring.load(conn).map_err(|error| store::Error::NotFollowed(chain(&error)))?;
                accounts.engine.set_keys(keys);
                accounts::load_blocklist(&accounts, conn, of_reload.now())
            }
            None => Ok(()),
        }),
        doubt: Box::new(move || blocklist.doubt()),
        has_gaps: Box::new(move || {
            of_gaps.upgrade().is_some_and(|accounts| accounts::memory_has_gaps(&accounts, clock.now()))
        }),
    })?)
}

fn setup_link(accounts: &Accounts, public_url: &Url, clock: &Clock) -> Result<Option<String>, accounts::Error> {
    let token = accounts::make_setup_link(accounts, clock.now())?;
    Ok(token.map(|token| web::link_url(public_url, "setup", &token)))
}

/// What is done from time to time: writing down what was seen, closing what has run out, letting go of what is old.
fn keep_house(accounts: &Arc<Accounts>, clock: &Clock) {
    let seen = Arc::clone(accounts);
    actix_web::rt::spawn(async move {
        loop {
            actix_web::rt::time::sleep(FLUSH_EVERY).await;
            let accounts = Arc::clone(&seen);
            note("flush", actix_web::web::block(move || accounts::flush_last_seen(&accounts).map(|()| 0)).await);
        }
    });
    let (old, clock) = (Arc::clone(accounts), clock.clone());
    let mut prune_clock = PruneClock::start(clock.now(), Instant::now());
    actix_web::rt::spawn(async move {
        loop {
            actix_web::rt::time::sleep(PRUNE_EVERY).await;
            let now = clock.now();
            if !prune_clock.can_be_believed(now, Instant::now()) {
                tracing::warn!(
                    event = "clock_jumped",
                    "the clock has jumped: nothing is closed or pruned until it has stood for a day"
                );
                continue;
            }
            let accounts = Arc::clone(&old);
            note("close", actix_web::web::block(move || accounts::close_run_out(&accounts, now)).await);
            let accounts = Arc::clone(&old);
            note("disable", actix_web::web::block(move || accounts::disable_due(&accounts, now)).await);
            let accounts = Arc::clone(&old);
            note("prune", actix_web::web::block(move || accounts::prune(&accounts, now)).await);
        }
    });
}

fn note(what: &str, done: Result<Result<usize, accounts::Error>, actix_web::error::BlockingError>) {
    match done {
        Ok(Ok(0)) => {}
        Ok(Ok(rows)) => tracing::info!(event = "house_kept", what, rows),
        Ok(Err(error)) => tracing::error!(event = "house_not_kept", what, error = %chain(&error)),
        Err(error) => tracing::error!(event = "house_not_kept", what, error = %error),
    }
}
