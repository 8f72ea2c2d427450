//! `portero client`: the apps that may ask about tokens (RFC 7662) and revoke them (RFC 7009).

use std::sync::Arc;

use clap::Subcommand;

use super::operator::operator;
use super::output::{Failure, moment, warn};
use crate::accounts::apps::credentials::{add_app, remove_app};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::installation::Installation;
use crate::store::apps;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Let an app ask about tokens; prints its credentials, and the secret only this once
    Add {
        /// The app's name
        name: String,
    },
    /// List the apps
    List,
    /// Revoke an app's credentials
    Remove {
        /// The app's name, as `list` shows it
        name: String,
    },
}

const MAX_NAME: usize = 64;

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let installation = Installation::open_existing(&Arc::new(loaded.config), Clock::default())?;
    let accounts = &installation.accounts;
    match command {
        Command::Add { name } => {
            if name.trim().is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
                return Err(
                    format!("an app's name has 1 to {MAX_NAME} characters, none of them a control character").into()
                );
            }
            let credentials = add_app(accounts, operator(), name.clone()).committed()?;
            let credentials = credentials.ok_or_else(|| format!("there is an app {name} already"))?;
            println!("client_id={}\nclient_secret={}", credentials.id, credentials.secret);
        }
        Command::List => {
            for app in accounts.db.read(apps::all)? {
                println!("{}  {}  {}", app.id, moment(Some(app.created_at)), app.name);
            }
        }
        Command::Remove { name } => {
            if !remove_app(accounts, operator(), name.clone()).committed()? {
                return Err(format!("there is no app {name}").into());
            }
            println!("{name} may not ask any more.");
        }
    }
    Ok(())
}
