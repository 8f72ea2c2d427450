//! `portero client`: the apps that may ask about tokens (RFC 7662) and revoke them (RFC 7009).

use clap::Subcommand;

use super::{Failure, moment, warn};
use crate::accounts;
use crate::config::Loaded;
use crate::installation::Installation;
use crate::store::clients;
use crate::web::Clock;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Let an app ask about tokens; prints its credentials, the secret for this once
    Add {
        /// What you call the app
        name: String,
    },
    /// List the apps
    List,
    /// Take an app's credentials away
    Remove {
        /// As `list` shows it
        name: String,
    },
}

const MAX_NAME: usize = 64;

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let now = Clock::default().now();
    let installation = Installation::open_existing(&loaded.config, now)?;
    let at = &installation.accounts;
    match command {
        Command::Add { name } => {
            if name.trim().is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
                return Err(
                    format!("an app's name has 1 to {MAX_NAME} characters, none of them a control character").into()
                );
            }
            let credentials = accounts::add_app(at, name.clone(), now)?;
            let credentials = credentials.ok_or_else(|| format!("there is an app {name} already"))?;
            println!("client_id={}\nclient_secret={}", credentials.id, credentials.secret);
        }
        Command::List => {
            for client in at.db.read(clients::all)? {
                println!("{}  {}  {}", client.id, moment(Some(client.created_at)), client.name);
            }
        }
        Command::Remove { name } => {
            if !accounts::remove_app(at, name.clone(), now)? {
                return Err(format!("there is no app {name}").into());
            }
            println!("{name} may not ask any more.");
        }
    }
    Ok(())
}
