//! `portero setup-link`.

use url::Url;

use super::{Failure, warn};
use crate::accounts;
use crate::config::Loaded;
use crate::installation::Installation;
use crate::server::setup_url;
use crate::web::Clock;

pub(super) fn run(loaded: Loaded) -> Result<(), Failure> {
    warn(&loaded);
    let config = loaded.config;
    let now = Clock::default().now();
    let installation = Installation::open_existing(&config, now)?;
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://{}/", config.listen))?,
    };
    match accounts::make_setup_link(&installation.accounts, now)? {
        Some(token) => println!("{}", setup_url(&public_url, &token)),
        None => return Err("there are users already, so no link creates an admin any more; `portero user role NAME admin` makes one of them an admin".into()),
    }
    Ok(())
}
