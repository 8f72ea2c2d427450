//! `portero key`: the keys that sign tokens. Works beside a running server and signs nobody out, except `retire --now`.

use std::sync::Arc;

use clap::Subcommand;

use super::operator::operator;
use super::output::{Failure, moment, warn};
use super::running_server::wait_for_server;
use crate::accounts::apps::assertion;
use crate::clock::Clock;
use crate::config::Loaded;
use crate::error_chain::chain;
use crate::installation::{Installation, RingError};
use crate::store::signing_keys::{KeyPurpose, KeyState};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the keys, oldest first
    List,
    /// Create a key for the current algorithm; it signs after the next `rotate`, and apps can fetch it before that
    New {
        /// A key for what apps read, such as X-Portero-Assertion; the server makes and replaces these by itself
        #[arg(long)]
        apps: bool,
    },
    /// Sign with the key that has waited longest; tokens signed by the previous one stay valid
    Rotate {
        /// A key for what apps read
        #[arg(long)]
        apps: bool,
    },
    /// Remove a key that no longer signs
    Retire {
        /// The key's name, as `list` shows it
        kid: String,
        /// Even if tokens it signed are still valid: their holders must sign in again
        #[arg(long)]
        now: bool,
    },
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let clock = Clock::default();
    let now = clock.now();
    let installation = Installation::open_existing(&Arc::new(loaded.config), clock)?;
    let db = &installation.accounts.db;
    let ring_for = |apps: bool| if apps { &installation.app_ring } else { &installation.ring };
    match command {
        Command::List => list(&installation),
        Command::New { apps } => {
            let kid = ring_for(apps).add(db, operator(), now)?;
            wait_for_server(&installation)?;
            println!(
                "{kid} is there and waits; `portero key rotate{}` lets it sign.",
                if apps { " --apps" } else { "" }
            );
            Ok(())
        }
        Command::Rotate { apps } => {
            let kid = ring_for(apps).rotate(db, operator(), now)?;
            wait_for_server(&installation)?;
            println!("{kid} signs from now on.");
            Ok(())
        }
        Command::Retire { kid, now: at_once } => {
            let is_for_apps = installation.app_ring.list(db)?.iter().any(|key| key.kid == kid);
            let purpose = if is_for_apps { KeyPurpose::Apps } else { KeyPurpose::Sessions };
            let life = longest_life(&installation, purpose);
            let retired = match ring_for(is_for_apps).retire(db, operator(), &kid, life, at_once, now) {
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
    }
}

fn list(installation: &Installation) -> Result<(), Failure> {
    let db = &installation.accounts.db;
    let mut keys = match installation.ring.list(db) {
        Ok(keys) => keys,
        // Those for apps are Portero's own all the same.
        Err(RingError::Given) if !installation.app_ring.list(db)?.is_empty() => {
            eprintln!("warning: {}", RingError::Given);
            Vec::new()
        }
        Err(error) => return Err(error.into()),
    };
    keys.extend(installation.app_ring.list(db)?);
    let width = keys.iter().map(|key| key.kid.len()).max().unwrap_or(0);
    println!("{:width$}  {:9}  {:11}  {:20}  {:8}  CAN BE RETIRED FROM", "KEY", "ALGORITHM", "STATE", "SINCE", "SIGNS");
    for key in keys {
        let from = match key.state {
            KeyState::Pending => "now".into(),
            KeyState::Signing => "-".into(),
            KeyState::VerifyOnly => moment(Some(key.since.plus(longest_life(installation, key.purpose)))),
        };
        let (state, since) = (key.state.as_str().replace('_', "-"), moment(Some(key.since)));
        println!("{:width$}  {:9}  {state:11}  {since:20}  {:8}  {from}", key.kid, key.algorithm, key.purpose.as_str());
    }
    Ok(())
}

/// How long something lives at most that a key signed, in seconds.
fn longest_life(installation: &Installation, purpose: KeyPurpose) -> i64 {
    match purpose {
        KeyPurpose::Sessions => installation.accounts.config.longest_token_life(),
        KeyPurpose::Apps => assertion::LIFE,
    }
}
