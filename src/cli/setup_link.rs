//! `portero setup-link`.

use super::{Failure, public_url, warn};
use crate::accounts;
use crate::config::Loaded;
use crate::installation::Installation;
use crate::web::{Clock, link_url};

pub(super) fn run(loaded: Loaded) -> Result<(), Failure> {
    warn(&loaded);
    let config = loaded.config;
    let now = Clock::default().now();
    let installation = Installation::open_existing(&config, now)?;
    let public_url = public_url(&config)?;
    match accounts::make_setup_link(&installation.accounts, now)? {
        Some(token) => println!("{}", link_url(&public_url, "setup", &token)),
        None => return Err("there are users already, so no link creates an admin any more; `portero user role NAME admin` makes one of them an admin".into()),
    }
    Ok(())
}
