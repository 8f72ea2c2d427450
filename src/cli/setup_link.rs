//! `portero setup-link`: prints a new link for creating the first admin.

use std::sync::Arc;

use super::output::{Failure, base_of_links, warn};
use crate::accounts::people::links;
use crate::accounts::proof::setup_link;
use crate::clock::Clock;
use crate::config::Loaded;
use crate::installation::Installation;

pub(super) fn run(loaded: Loaded) -> Result<(), Failure> {
    warn(&loaded);
    let config = Arc::new(loaded.config);
    let installation = Installation::open_existing(&config, Clock::default())?;
    match setup_link::make(&installation.accounts)? {
        Some(token) => println!("{}", links::setup_url(base_of_links(&config)?.as_ref(), &token)),
        None => return Err("there are users already, so no link creates an admin any more; `portero user role NAME admin` makes one of them an admin".into()),
    }
    Ok(())
}
