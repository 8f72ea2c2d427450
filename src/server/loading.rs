//! What a server keeps in memory: loads it for the first time, and has it follow the database, alone or as one of several nodes.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::{Map, Value};

use crate::accounts::sessions::mass_end;
use crate::accounts::upkeep::commands::Commands;
use crate::accounts::upkeep::{lost_commits, memory};
use crate::accounts::{self, Accounts};
use crate::blocklist::change::Change;
use crate::domain::{AppAlgorithm, ListenAddress};
use crate::error_chain::chain;
use crate::installation::{AppRings, KeyRing, OpenError, master_key_names};
use crate::store::nodes::{self, Presented};
use crate::store::{self, AsNode, Conn, Memory};
use crate::tokens::fingerprint;
use crate::web::App;

/// Loads memory for the first time, and lets requests in. From here on memory follows the database, whoever changes that.
pub(super) fn load_memory(
    app: &App,
    address: &ListenAddress,
    ring: KeyRing,
    app_rings: AppRings,
) -> Result<(), accounts::Error> {
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
