//! `portero key`: the keys that sign tokens. Works beside a running server and signs nobody out, except `retire --now`.

use std::sync::Arc;

use clap::{Subcommand, ValueEnum};

use super::operator::operator;
use super::output::{Failure, moment, warn};
use super::running_server::wait_for_server;
use crate::accounts::apps::keys;
use crate::clock::Clock;
use crate::config::Loaded;
use crate::domain::AppAlgorithm;
use crate::error_chain::chain;
use crate::installation::{Installation, KeyRing, RingError, SealedAnew};
use crate::store::signing_keys::{KeyPurpose, KeyState};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the keys, oldest first
    List,
    /// Create a key for the current algorithm; it signs after the next `rotate`, and apps can fetch it before that
    New {
        /// A key for what apps read, such as ID tokens; the server makes and replaces these by itself [with --apps alone: ES256]
        #[arg(long, value_name = "ES256|RS256", num_args = 0..=1, require_equals = true, default_missing_value = "ES256")]
        apps: Option<ByApps>,
    },
    /// Sign with the key that has waited longest; tokens signed by the previous one stay valid
    Rotate {
        /// A key for what apps read [with --apps alone: ES256]
        #[arg(long, value_name = "ES256|RS256", num_args = 0..=1, require_equals = true, default_missing_value = "ES256")]
        apps: Option<ByApps>,
    },
    /// Remove a key that no longer signs
    Retire {
        /// The key's name, as `list` shows it
        // It may begin with a hyphen.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// Even if tokens it signed are still valid: their holders must sign in again
        #[arg(long)]
        now: bool,
    },
    /// Seal all keys in the database anew under the first master key, beside running nodes
    Seal,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ByApps {
    #[value(name = "ES256")]
    Es256,
    #[value(name = "RS256")]
    Rs256,
}

impl ByApps {
    fn algorithm(self) -> AppAlgorithm {
        match self {
            Self::Es256 => AppAlgorithm::ES256,
            Self::Rs256 => AppAlgorithm::RS256,
        }
    }
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let clock = Clock::default();
    let now = clock.now();
    let installation = Installation::open_existing(&Arc::new(loaded.config), clock)?;
    let db = &installation.accounts.db;
    let ring_for = |apps: Option<ByApps>| match apps {
        Some(by) => installation.app_rings.get(by.algorithm()),
        None => &installation.ring,
    };
    match command {
        Command::List => list(&installation),
        Command::New { apps } => {
            let kid = ring_for(apps).add(db, operator(), now)?;
            wait_for_server(&installation)?;
            let option = apps.map(|by| format!(" --apps={}", by.algorithm().as_str())).unwrap_or_default();
            println!("{kid} is there and waits; `portero key rotate{option}` lets it sign.");
            Ok(())
        }
        Command::Rotate { apps } => {
            let kid = ring_for(apps).rotate(db, operator(), now)?;
            wait_for_server(&installation)?;
            println!("{kid} signs from now on.");
            Ok(())
        }
        Command::Retire { kid, now: at_once } => {
            let (ring, purpose) = ring_with(&installation, &kid)?;
            let life = longest_life(&installation, purpose);
            let retired = match ring.retire(db, operator(), &kid, life, at_once, now) {
                Err(RingError::StillNeeded { until, .. }) => {
                    return Err(format!(
                        "tokens that {kid} signed may live until {}; with --now they are refused at once, and their holders have \
                         to sign in again",
                        moment(Some(until))
                    )
                    .into());
                }
                retired => retired?,
            };
            wait_for_server(&installation)?;
            if let Err(error) = retired.delete() {
                return Err(format!("{kid} is out, but its file could not be deleted: {}", chain(&error)).into());
            }
            println!("{kid} is out: what it signed is refused.");
            Ok(())
        }
        Command::Seal => seal(&installation),
    }
}

fn seal(installation: &Installation) -> Result<(), Failure> {
    let SealedAnew { under, anew, before, unneeded } = installation.seal_anew(operator())?;
    println!("{anew} keys were sealed anew under the master key {under}; {before} were under it before.");
    if !unneeded.is_empty() {
        println!("Nothing is sealed under {} any more: it can be taken out of the master keys.", unneeded.join(", "));
    }
    Ok(())
}

/// The ring that this key is in, and what its keys sign. The ring of sessions if none has it.
fn ring_with<'a>(installation: &'a Installation, kid: &str) -> Result<(&'a KeyRing, KeyPurpose), Failure> {
    for algorithm in AppAlgorithm::ALL {
        let ring = installation.app_rings.get(*algorithm);
        if ring.list(&installation.accounts.db)?.iter().any(|key| key.kid == kid) {
            return Ok((ring, KeyPurpose::for_apps(*algorithm)));
        }
    }
    Ok((&installation.ring, KeyPurpose::Sessions))
}

fn list(installation: &Installation) -> Result<(), Failure> {
    let db = &installation.accounts.db;
    let mut for_apps = Vec::new();
    for ring in installation.app_rings.all() {
        for_apps.extend(ring.list(db)?);
    }
    let mut keys = match installation.ring.list(db) {
        Ok(keys) => keys,
        // Those for apps are Portero's own all the same.
        Err(RingError::Given) if !for_apps.is_empty() => {
            eprintln!("warning: {}", RingError::Given);
            Vec::new()
        }
        Err(error) => return Err(error.into()),
    };
    keys.extend(for_apps);
    let width = keys.iter().map(|key| key.kid.len()).max().unwrap_or(0);
    println!(
        "{:width$}  {:9}  {:11}  {:20}  {:10}  CAN BE RETIRED FROM",
        "KEY", "ALGORITHM", "STATE", "SINCE", "SIGNS"
    );
    for key in keys {
        let from = match key.state {
            KeyState::Pending => "now".into(),
            KeyState::Signing => "-".into(),
            KeyState::VerifyOnly => moment(Some(key.since.plus(longest_life(installation, key.purpose)))),
        };
        let (state, since) = (key.state.as_str().replace('_', "-"), moment(Some(key.since)));
        println!(
            "{:width$}  {:9}  {state:11}  {since:20}  {:10}  {from}",
            key.kid,
            key.algorithm,
            key.purpose.as_str()
        );
    }
    // With the pepper and the key that seals second factors.
    for (n, (id, count)) in installation.sealed_under()?.into_iter().enumerate() {
        let hint = if n == 0 { "" } else { ": `portero key seal` seals them anew" };
        println!("In the database, {count} keys are sealed under the master key {id}{hint}.");
    }
    Ok(())
}

/// How long something lives at most that a key signed, in seconds.
fn longest_life(installation: &Installation, purpose: KeyPurpose) -> i64 {
    match purpose {
        KeyPurpose::Sessions => installation.accounts.config.longest_token_life(),
        KeyPurpose::Apps | KeyPurpose::AppsRs256 => keys::LONGEST_LIFE,
    }
}
