//! Starting, serving and stopping the server.

mod loading;
mod upkeep;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::App as ActixApp;
use actix_web::dev::{Server, Service};
use aws_lc_rs::rand;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use url::Url;

use crate::accounts::people::links;
use crate::accounts::proof::setup_link;
use crate::accounts::{self, Accounts};
use crate::bounded_http::{BoundedServer, Bounds, Listener};
use crate::clock::Clock;
use crate::config::{AppAddresses, Config, Loaded};
use crate::descriptors;
use crate::domain::{AppAlgorithm, ListenAddress};
use crate::error_chain::chain;
use crate::installation::{AppRings, Installation, KeyRing, OpenError, Reached, RingError, Serving};
use crate::listening::{self, ListenError, Listening};
use crate::mail::{self, Mailer, Site};
use crate::mailing;
use crate::metrics::Metrics;
use crate::outbound::address::Reach;
use crate::outbound::{NoCertificates, Outbound};
use crate::passkeys::{NotHere, Passkeys};
use crate::seldom::Seldom;
use crate::store::{self, passkeys};
use crate::telling;
use crate::texts::{BrokenCatalogue, Texts};
use crate::unix_socket::SocketFile;
use crate::web::{self, AnswerCounts, App};
use crate::workers::{Priority, Workers};

/// After SIGTERM, how long requests that are under way may take to finish.
const DRAIN_SECONDS: u64 = 8;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("could not put the keys in order")]
    Keys(#[from] RingError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Certificates(#[from] NoCertificates),
    #[error(transparent)]
    MailCertificates(#[from] mail::NoCertificates),
    #[error("could not start a thread")]
    Thread(#[source] io::Error),
    #[error(transparent)]
    Texts(#[from] BrokenCatalogue),
    #[error("could not read the database")]
    Accounts(#[from] accounts::Error),
    #[error("the server failed")]
    Serve(#[source] io::Error),
}

/// A server that listens but does not answer yet.
pub struct Prepared {
    pub address: ListenAddress,
    /// Where metrics are shown, if they are.
    pub metrics_address: Option<SocketAddr>,
    app: App,
    ring: KeyRing,
    app_rings: AppRings,
    outbound: Outbound,
    /// `None`: Portero sends no mail.
    mailer: Option<Mailer>,
    listener: Listener,
    socket_file: Option<SocketFile>,
    metrics_listener: Option<TcpListener>,
    serving: Serving,
    begun: Instant,
}

/// A server that answers: with 503 until memory is loaded.
pub struct Running {
    pub server: Server,
    /// While this is there, no other process can serve the database.
    pub serving: Serving,
    /// The Unix socket, to be taken away when the server has stopped.
    pub socket_file: Option<SocketFile>,
    /// Ends when memory is loaded, and then starts the upkeep. An error means that the server can let nobody in, ever.
    pub loading: LocalBoxFuture<'static, Result<Started, StartError>>,
}

/// What a start came to.
pub struct Started {
    /// Where the first admin can be created, only a path if nobody knows where people reach this server; `None`: there is a user
    /// already.
    pub setup_link: Option<String>,
    /// How many rows memory holds something of.
    pub rows: usize,
    pub took: Duration,
}

/// Opens the installation, and listens. Blocks, so call it before the event loop runs.
pub fn prepare(Loaded { config, shown, .. }: Loaded, clock: Clock) -> Result<Prepared, StartError> {
    let begun = Instant::now();
    let _entropy = Entropy::gather()?;
    let config = Arc::new(config);
    let outbound = Outbound::new(reach(&config), config.apps_ca_file.clone())?;
    // Listen before anything else, so that a port in use leaves everything unchanged.
    let Listening { listener, address, socket_file } = listening::listen(&config)?;
    let metrics = config.metrics_listen.map(listening::bind).transpose()?;
    let (metrics_listener, metrics_address) = metrics.unzip();
    let base_url = config.base_url(&address);

    let texts = Arc::new(Texts::load(config.languages_dir.as_deref())?);
    let mailer = mailer(&config, base_url.clone(), &texts)?;

    let mut installation = Installation::open(&config, clock.clone())?;
    let serving = installation.lock()?;
    serving.note(&Reached { listening: address.clone(), public_url: config.public_url.clone() });
    installation.move_in()?;
    let accounts = installation.accounts;
    installation.ring.follow_settings(&accounts.db, clock.now())?;
    // Until memory is loaded, which says something else: whoever asks it is told that it can't know.
    accounts.blocklist.doubt();
    let started = clock.now();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let readers = accounts.db.most_readers();
    let app = App::new(web::Shared {
        accounts,
        password_workers: Workers::start("password", cores, Priority::Last).map_err(StartError::Thread)?,
        readers: Workers::start("reader", readers, Priority::Usual).map_err(StartError::Thread)?,
        // A signature by RSA takes a core for most of a millisecond. One thread: others wait longer with more, also if they go first.
        signer: Workers::start("signer", 1, Priority::Last).map_err(StartError::Thread)?,
        public_url: base_url,
        passkeys: passkeys_at(&config, &address).map(Arc::new),
        texts,
        browser_session_key: actix_web::cookie::Key::from(&installation.browser_session_key),
        warned_of_forwarded: AtomicBool::new(false),
        warned_of_unreadable_address: AtomicBool::new(false),
        foreign_origins: Seldom::default(),
        foreign_hosts: Seldom::default(),
        refused_checks: Seldom::default(),
        observed_tokens: Seldom::default(),
        answers: AnswerCounts::default(),
        openapi: OnceLock::new(),
        started,
        settings: shown,
        database_check: installation.check,
    });
    Ok(Prepared {
        address,
        metrics_address,
        app,
        ring: installation.ring,
        app_rings: installation.app_rings,
        outbound,
        mailer,
        listener,
        socket_file,
        metrics_listener,
        serving,
        begun,
    })
}

/// Has aws-lc gather its entropy, once for the whole process, beside everything that a start does before it needs a key. It measures how
/// the processor's speed varies, for some 35 ms. Waited for when this is dropped: a process that ends meanwhile aborts, because what aws-lc
/// gathers into is freed then.
struct Entropy(Option<JoinHandle<()>>);

impl Entropy {
    fn gather() -> Result<Self, StartError> {
        let gather = || {
            // Should this fail, so will whoever needs a random number next, and says so.
            let _ = rand::fill(&mut [0]);
        };
        let thread = std::thread::Builder::new().name("entropy".into()).spawn(gather).map_err(StartError::Thread)?;
        Ok(Self(Some(thread)))
    }
}

impl Drop for Entropy {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // It does not panic.
            drop(thread.join());
        }
    }
}

/// `None`: Portero sends no mail.
fn mailer(config: &Config, base_url: Option<Url>, texts: &Arc<Texts>) -> Result<Option<Mailer>, StartError> {
    let Some(settings) = &config.mail else { return Ok(None) };
    let site = Site { name: config.site_name.clone(), base_url, time_zone: config.time_zone.clone() };
    Ok(Some(Mailer::new(settings, site, Arc::clone(texts))?))
}

/// Where apps may be that Portero calls. One on this machine is for trying things out, as long as Portero is there alone too.
fn reach(config: &Config) -> Reach {
    let any = config.app_addresses == AppAddresses::Any;
    Reach {
        private: any || config.app_addresses == AppAddresses::Private,
        loopback: any || config.is_local(),
        link_local: any,
    }
}

/// The ceremonies of passkeys at the address by which people reach this server. Without a `public_url` that can only be this machine, by
/// the one name of it for which browsers need no https.
fn passkeys_at(config: &Config, listening: &ListenAddress) -> Result<Passkeys, NotHere> {
    let local = listening.tcp().filter(|address| address.ip().is_loopback() || address.ip().is_unspecified());
    let address = match (&config.public_url, local) {
        (Some(url), _) => url.clone(),
        (None, Some(address)) => local_url(address.port()),
        (None, None) => return Err(NotHere::PlainHttp),
    };
    Passkeys::at(&address, &config.site_name)
}

fn local_url(port: u16) -> Url {
    Url::parse(&format!("http://localhost:{port}")).expect("a port makes no address wrong")
}

impl Prepared {
    /// The acts behind the server, for a program that runs the server inside itself.
    pub fn accounts(&self) -> Arc<Accounts> {
        Arc::clone(&self.app.accounts)
    }

    /// Answers for as long as the returned server is awaited, and begins to load memory. To be called on an Actix system.
    pub fn serve(self) -> Result<Running, StartError> {
        let (app, ring, app_rings, begun) = (self.app, self.ring, self.app_rings, self.begun);
        let (outbound, mailer, issuer) = (self.outbound, self.mailer, issuer(&app, &self.address));
        let loaded = app.clone();
        let is_https = app.config().is_https();
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let bounds = Bounds {
            keep_alive: app.config().keep_alive,
            drain_seconds: DRAIN_SECONDS,
            threads,
            connections_per_thread: descriptors::connections_per_thread(threads),
        };
        let metrics = Metrics::new(app.clone());
        let mut server = BoundedServer::new(bounds)
            .listen("portero", self.listener, move || {
                let app = app.clone();
                ActixApp::new()
                    .configure(|routes| web::routes(&app, routes))
                    // Not `from_fn`, which would box the future of each request.
                    .wrap_fn(move |req, routes| {
                        let answer = routes.call(req);
                        async move {
                            let mut res = answer.await?;
                            web::put_headers(&mut res, is_https);
                            Ok(res)
                        }
                    })
            })
            .map_err(StartError::Serve)?;
        if let Some(listener) = self.metrics_listener {
            let app = move || ActixApp::new().configure(|routes| metrics.routes(routes));
            server = server.listen("metrics", Listener::Tcp(listener), app).map_err(StartError::Serve)?;
        }
        let server = server.run();
        let accounts = Arc::clone(&loaded.accounts);
        let address = self.address;
        let followed = app_rings.clone();
        let load = actix_web::rt::task::spawn_blocking(move || {
            loading::load_memory(&loaded, &address, ring, followed)?;
            warn_of_lost_passkeys(&loaded);
            let setup_link = setup_link::make(&loaded.accounts)?;
            let setup_link = setup_link.map(|token| links::setup_url(loaded.public_url.as_ref(), &token));
            Ok::<_, StartError>(Started { setup_link, rows: loaded.accounts.first_load.rows(), took: begun.elapsed() })
        });
        let loading = async move {
            let started = load.await.map_err(|_| StartError::Accounts(store::Error::Panicked.into()))??;
            upkeep::start_upkeep(&accounts);
            if accounts.config.cluster_lease.is_some() {
                upkeep::tell_of_tries(Arc::clone(&accounts));
            }
            telling::start(&accounts, issuer, outbound).map_err(StartError::Thread)?;
            if let Some(mailer) = mailer {
                mailing::start(&accounts, mailer).map_err(StartError::Thread)?;
            }
            for algorithm in AppAlgorithm::ALL {
                upkeep::follow_app_keys(Arc::clone(&accounts), *algorithm, app_rings.get(*algorithm).clone());
            }
            Ok(started)
        };
        Ok(Running { server, serving: self.serving, socket_file: self.socket_file, loading: loading.boxed_local() })
    }
}

/// How Portero names itself to apps.
fn issuer(app: &App, listening: &ListenAddress) -> String {
    let port = listening.tcp().map_or(80, |address| address.port());
    let url = app.public_url.clone().unwrap_or_else(|| local_url(port));
    url.origin().ascii_serialization()
}

/// Warns of passkeys that were made for another host: there is nothing that could make them work for this one.
fn warn_of_lost_passkeys(app: &App) {
    let host = app.passkeys.as_ref().map_or("", |here| here.host());
    match app.accounts.db.read(passkeys::hosts) {
        Ok(hosts) => {
            for made_for in hosts.iter().filter(|made_for| *made_for != host) {
                tracing::warn!(event = "passkeys_of_another_host", made_for, host);
            }
        }
        // Whoever signs in with one will find the same.
        Err(error) => tracing::error!(event = "passkeys_not_looked_at", error = %chain(&error)),
    }
}
