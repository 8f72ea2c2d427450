//! `portero client`: the apps that may ask about tokens (RFC 7662) and revoke them (RFC 7009).

use std::sync::Arc;

use clap::Subcommand;

use super::app_name::app_name;
use super::operator::operator;
use super::output::{Failure, moment, warn};
use crate::accounts::apps::manage::{add_client, remove_client};
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

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let installation = Installation::open_existing(&Arc::new(loaded.config), Clock::default())?;
    let accounts = &installation.accounts;
    match command {
        Command::Add { name } => {
            let name = app_name(&name)?.to_string();
            let credentials = add_client(accounts, operator(), &name).committed()?;
            let credentials = credentials.ok_or_else(|| format!("there is an app {name} already"))?;
            println!("client_id={}\nclient_secret={}", credentials.id, credentials.secret);
        }
        Command::List => {
            for app in accounts.db.read(apps::all)?.into_iter().filter(|app| app.rules.introspects) {
                println!("{}  {}  {}", app.client_id, moment(Some(app.created_at)), app.name);
            }
        }
        Command::Remove { name } => {
            if !remove_client(accounts, operator(), name.clone()).committed()? {
                return Err(format!("there is no app {name}").into());
            }
            println!("{name} may not ask any more.");
        }
    }
    Ok(())
}
