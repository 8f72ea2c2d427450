//! Starting, serving and stopping the server.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use actix_web::App as ActixApp;
use actix_web::dev::{Server, Service};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use url::Url;

use crate::accounts::people::links;
use crate::accounts::proof::setup_link;
use crate::accounts::sessions::mass_end;
use crate::accounts::upkeep::commands::Commands;
use crate::accounts::upkeep::prune::PruneClock;
use crate::accounts::upkeep::{due, last_seen, lost_commits, memory, name_parts, prune, skeletons, tries};
use crate::accounts::{self, Accounts};
use crate::blocklist::change::Change;
use crate::bounded_http::{BoundedServer, Bounds, Listener};
use crate::clock::Clock;
use crate::config::{AppAddresses, Config, Loaded};
use crate::descriptors;
use crate::domain::{AppAlgorithm, ListenAddress};
use crate::error_chain::chain;
use crate::installation::{AppRings, Installation, KeyRing, OpenError, Reached, RingError, Serving, master_key_names};
use crate::listening::{self, ListenError, Listening};
use crate::mail::{self, Mailer, Site};
use crate::mailing;
use crate::metrics::Metrics;
use crate::outbound::address::Reach;
use crate::outbound::{NoCertificates, Outbound};
use crate::passkeys::{NotHere, Passkeys};
use crate::seldom::Seldom;
use crate::store::nodes::{self, Presented};
use crate::store::{self, AsNode, Conn, Memory, passkeys};
use crate::telling;
use crate::texts::{BrokenCatalogue, Texts};
use crate::tokens::fingerprint;
use crate::unix_socket::SocketFile;
use crate::web::{self, AnswerCounts, App};
use crate::workers::{Priority, Workers};

/// After SIGTERM, how long requests that are under way may take to finish.
const DRAIN_SECONDS: u64 = 8;
const PRUNE_EVERY: Duration = Duration::from_secs(10 * 60);
/// How often it is looked whether an app needs keys that are not there yet.
const LOOK_FOR_KEYS_EVERY: Duration = Duration::from_millis(500);
const FOLLOW_KEYS_EVERY: Duration = Duration::from_secs(60 * 60);
const FLUSH_EVERY: Duration = Duration::from_secs(60);
const TELL_OF_TRIES_EVERY: Duration = Duration::from_millis(100);

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
        signer: Workers::start("signer", 1, Priority::Usual).map_err(StartError::Thread)?,
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
            load_memory(&loaded, &address, ring, followed)?;
            warn_of_lost_passkeys(&loaded);
            let setup_link = setup_link::make(&loaded.accounts)?;
            let setup_link = setup_link.map(|token| links::setup_url(loaded.public_url.as_ref(), &token));
            Ok::<_, StartError>(Started { setup_link, rows: loaded.accounts.first_load.rows(), took: begun.elapsed() })
        });
        let loading = async move {
            let started = load.await.map_err(|_| StartError::Accounts(store::Error::Panicked.into()))??;
            start_upkeep(&accounts);
            if accounts.config.cluster_lease.is_some() {
                tell_of_tries(Arc::clone(&accounts));
            }
            telling::start(&accounts, issuer, outbound).map_err(StartError::Thread)?;
            if let Some(mailer) = mailer {
                mailing::start(&accounts, mailer).map_err(StartError::Thread)?;
            }
            for algorithm in AppAlgorithm::ALL {
                follow_app_keys(Arc::clone(&accounts), *algorithm, app_rings.get(*algorithm).clone());
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

/// Loads memory for the first time, and lets requests in. From here on memory follows the database, whoever changes that.
fn load_memory(app: &App, address: &ListenAddress, ring: KeyRing, app_rings: AppRings) -> Result<(), accounts::Error> {
    let accounts = &app.accounts;
    // Weak, because the thread that follows keeps these closures and has to end with the last user of the database.
    let weak = Arc::downgrade(accounts);
    let for_gaps = Weak::clone(&weak);
    let blocklist = Arc::clone(&accounts.blocklist);
    let followed = Arc::clone(&blocklist);
    let seal = accounts.db.seal().cloned();
    let (rung, rung_by_others) = (Arc::clone(&accounts.apps_to_tell), Arc::clone(&accounts.apps_to_tell));
    let mails = Arc::clone(&accounts.mails_to_send);
    let commands = Arc::new(Mutex::new(Commands::default()));
    let told_by_node = Arc::clone(&commands);
    let apply: Arc<dyn Fn(Change) + Send + Sync> = Arc::new(move |change| {
        // An app that can be told from now on needs keys.
        let has_to_look = matches!(change, Change::SessionsEnded(_) | Change::AppsChanged(_));
        followed.apply(change);
        if has_to_look {
            rung.ring();
        }
    });
    let as_node = accounts
        .config
        .cluster_lease
        .map(|_| as_node(app, address, Arc::clone(&apply), (ring.clone(), app_rings.clone()), told_by_node));
    let memory = Memory {
        reload: Box::new(move |conn| match weak.upgrade() {
            Some(accounts) => {
                read_keys(&accounts, conn, &ring, &app_rings)?;
                memory::load(&accounts, conn, accounts.now())?;
                mass_end::resume(&accounts, conn)?;
                rung_by_others.ring();
                mails.ring();
                tell_commands(&commands, conn);
                Ok(())
            }
            None => Ok(()),
        }),
        apply,
        doubt: Box::new(move || blocklist.doubt()),
        has_gaps: Box::new(move || {
            for_gaps.upgrade().is_some_and(|accounts| memory::has_gaps(&accounts, accounts.now()))
        }),
        rest: Box::new(move || {
            if let Some(seal) = &seal {
                seal.write_head();
            }
        }),
    };
    match as_node {
        Some(as_node) => accounts.db.follow_in_cluster(memory, as_node)?,
        None => accounts.db.follow_changes(memory)?,
    }
    accounts.first_load.done();
    Ok(())
}

fn read_keys(accounts: &Accounts, conn: &mut Conn, ring: &KeyRing, app_rings: &AppRings) -> Result<(), store::Error> {
    let not_followed = |error: OpenError| store::Error::NotFollowed(chain(&error));
    accounts.engine.set_keys(ring.load(conn).map_err(not_followed)?);
    for algorithm in AppAlgorithm::ALL {
        let keys = app_rings.get(*algorithm).load_for_apps(conn).map_err(not_followed)?;
        accounts.app_keys.set(*algorithm, keys);
    }
    Ok(())
}

fn tell_commands(commands: &Mutex<Commands>, conn: &mut Conn) {
    if let Err(error) = commands.lock().unwrap_or_else(PoisonError::into_inner).tell_new(conn) {
        // What the command did is in force all the same.
        tracing::warn!(event = "commands_not_logged", error = %chain(&error));
    }
}

/// What this server does as one of several nodes.
fn as_node(
    app: &App,
    address: &ListenAddress,
    apply: Arc<dyn Fn(Change) + Send + Sync>,
    (ring, app_rings): (KeyRing, AppRings),
    commands: Arc<Mutex<Commands>>,
) -> AsNode {
    let weak = Arc::downgrade(&app.accounts);
    let [for_keys, for_apps, for_changes, for_loss] = std::array::from_fn(|_| Weak::clone(&weak));
    AsNode {
        presented: Presented { name: node_name(address), settings: settings_to_agree_upon(app) },
        blocklist: Arc::clone(&app.accounts.blocklist),
        read_keys: Box::new(move |conn| match for_keys.upgrade() {
            Some(accounts) => read_keys(&accounts, conn, &ring, &app_rings),
            None => Ok(()),
        }),
        look_up_apps: Box::new(move |conn| {
            if let Some(accounts) = for_apps.upgrade() {
                apply(Change::AppsChanged(memory::apps(&accounts, conn)?));
            }
            Ok(())
        }),
        changed_elsewhere: Box::new(move |change| {
            let Some(accounts) = for_changes.upgrade() else { return };
            if let Change::MassEndBegan(receipt) = change {
                mass_end::take_up(&accounts, receipt.clone());
            }
            if let Change::TriesCounted(tries) = change {
                accounts.throttle.count_others(tries);
            }
        }),
        commands_acted: Box::new(move |conn| tell_commands(&commands, conn)),
        commits_lost: Box::new(move |conn, decisions| {
            let Some(accounts) = for_loss.upgrade() else { return Ok(Box::new(|| ())) };
            let lost = lost_commits::find(&accounts, conn, decisions)?;
            Ok(Box::new(move || lost_commits::hand_in(&accounts, lost)))
        }),
    }
}

/// For people: the machine's name, and the port or the socket.
fn node_name(address: &ListenAddress) -> String {
    // (`proc_sys_kernel(5)`)
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match address {
        ListenAddress::Tcp(address) => format!("{}:{}", machine.trim(), address.port()),
        ListenAddress::Unix(path) => format!("{}:{}", machine.trim(), path.display()),
    }
}

/// The settings that say what is right, not where a node is or what it logs.
fn settings_to_agree_upon(app: &App) -> String {
    const OF_EACH: [&str; 12] = [
        "listen",
        "socket_mode",
        "metrics_listen",
        "data_dir",
        "database_url",
        "database_ca_file",
        "languages_dir",
        "trusted_proxies",
        "client_ip_header",
        "keep_alive",
        "apps_ca_file",
        "allow_plain_http",
    ];
    let is_shared = |key: &str| {
        let is_of_each = OF_EACH.contains(&key) || key.starts_with("log.") || key.ends_with("_file");
        !is_of_each && !key.starts_with("database_password")
    };
    let shared = app.settings.iter().filter(|setting| is_shared(setting.key));
    let mut settings: Map<String, Value> =
        shared.map(|setting| (setting.key.to_owned(), Value::from(setting.value.as_str()))).collect();
    if let Some(key) = &app.config().signing_key {
        // What is shown of it says nothing.
        settings.insert("jwt.secret_key".into(), fingerprint(key.as_bytes()).into());
    }
    // Two nodes may have different lists while these change, as long as each can open what the other seals.
    let master_keys = master_key_names(app.config());
    settings.insert(nodes::MASTER_KEYS.into(), master_keys.iter().map(ToString::to_string).collect());
    Value::Object(settings).to_string()
}

/// Starts what is done once, working out what names look like and are found by, and the periodic jobs: storing when sessions were last seen, closing
/// sessions that have expired or were idle for too long, disabling users whose date has come, and pruning what is old.
fn start_upkeep(accounts: &Arc<Accounts>) {
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
fn tell_of_tries(accounts: Arc<Accounts>) {
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
fn follow_app_keys(accounts: Arc<Accounts>, algorithm: AppAlgorithm, ring: KeyRing) {
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
