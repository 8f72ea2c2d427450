//! `portero key`: the keys that sign tokens. Works beside a running server and signs nobody out, except `retire --now`.

use std::sync::Arc;

use clap::Subcommand;

use super::operator::operator;
use super::output::{Failure, moment, warn};
use super::running_server::wait_for_server;
use crate::clock::Clock;
use crate::config::Loaded;
use crate::error_chain::chain;
use crate::installation::{Installation, RingError};
use crate::store::signing_keys::KeyState;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the keys, oldest first
    List,
    /// Create a key for the current algorithm; it signs after the next `rotate`, and apps can fetch it before that
    New,
    /// Sign with the key that has waited longest; tokens signed by the previous one stay valid
    Rotate,
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
    let (ring, db) = (&installation.ring, &installation.accounts.db);
    match command {
        Command::List => list(&installation),
        Command::New => {
            let kid = ring.add(db, operator(), now)?;
            wait_for_server(&installation)?;
            println!("{kid} is there and waits; `portero key rotate` lets it sign.");
            Ok(())
        }
        Command::Rotate => {
            let kid = ring.rotate(db, operator(), now)?;
            wait_for_server(&installation)?;
            println!("{kid} signs from now on.");
            Ok(())
        }
        Command::Retire { kid, now: at_once } => {
            let retired = match ring.retire(db, operator(), &kid, longest_life(&installation), at_once, now) {
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
    let keys = installation.ring.list(&installation.accounts.db)?;
    let width = keys.iter().map(|key| key.kid.len()).max().unwrap_or(0);
    println!("{:width$}  {:9}  {:11}  {:20}  CAN BE RETIRED FROM", "KEY", "ALGORITHM", "STATE", "SINCE");
    for key in keys {
        let from = match key.state {
            KeyState::Pending => "now".into(),
            KeyState::Signing => "-".into(),
            KeyState::VerifyOnly => moment(Some(key.since.plus(longest_life(installation)))),
        };
        let state = key.state.as_str().replace('_', "-");
        println!("{:width$}  {:9}  {:11}  {:20}  {from}", key.kid, key.algorithm, state, moment(Some(key.since)));
    }
    Ok(())
}

fn longest_life(installation: &Installation) -> i64 {
    installation.accounts.config.longest_token_life()
}
