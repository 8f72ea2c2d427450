//! `portero serve`: runs the server until a signal stops it.

use super::log;
use super::output::Failure;
use crate::accounts::upkeep::last_seen;
use crate::clock::Clock;
use crate::config::Loaded;
use crate::server::{self, StartError};

pub(super) fn run(loaded: Loaded) -> Result<(), Failure> {
    log::start(&loaded.config.log);
    for warning in &loaded.warnings {
        tracing::warn!(event = "settings_warning", "{warning}");
    }
    let prepared = server::prepare(loaded, Clock::default())?;
    let (address, accounts) = (prepared.address, prepared.accounts());
    let setup_link = prepared.setup_link.clone();
    actix_web::rt::System::new().block_on(async {
        let (server, _lock) = prepared.serve()?;
        let running = actix_web::rt::spawn(server);
        // The server handles signals only once it has had a turn. Whoever reads the announcement may ask it to stop at once.
        actix_web::rt::task::yield_now().await;
        announce(address, setup_link.as_deref());
        running.await.map_err(std::io::Error::other).flatten().map_err(StartError::Serve)
    })?;
    last_seen::flush(&accounts)?;
    tracing::info!(event = "stopped");
    Ok(())
}

fn announce(address: std::net::SocketAddr, setup_link: Option<&str>) {
    tracing::info!(event = "listening", %address, version = env!("CARGO_PKG_VERSION"));
    println!("Portero listens on http://{address}");
    if let Some(link) = setup_link {
        println!("\nThere is no user yet. Open this link within an hour to create the first admin:\n\n    {link}\n");
    }
}
