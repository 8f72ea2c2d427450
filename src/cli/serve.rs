//! `portero serve`: runs the server until a signal stops it.

use std::io::{self, Write};

use super::log;
use super::output::{Failure, Logged};
use crate::accounts::upkeep::last_seen;
use crate::clock::Clock;
use crate::config::{Loaded, LogFormat};
use crate::error_chain::chain;
use crate::server::{self, StartError};

pub(super) fn run(loaded: Loaded) -> Result<(), Failure> {
    log::start(&loaded.config);
    let format = loaded.config.log.format;
    serve(loaded).map_err(|error| match format {
        LogFormat::Text => error,
        // Whoever reads JSON reads every line as JSON.
        LogFormat::Json => {
            tracing::error!(event = "serving_failed", error = %chain(error.as_ref()));
            Logged.into()
        }
    })
}

fn serve(loaded: Loaded) -> Result<(), Failure> {
    for warning in &loaded.warnings {
        tracing::warn!(event = "settings_warning", "{warning}");
    }
    let prepared = server::prepare(loaded, Clock::default())?;
    let (address, accounts) = (prepared.address, prepared.accounts());
    let setup_link = prepared.setup_link.clone();
    let serving = actix_web::rt::System::new().block_on(async {
        let (server, serving) = prepared.serve()?;
        let running = actix_web::rt::spawn(server);
        // The server handles signals only once it has had a turn. Whoever reads the announcement may ask it to stop at once.
        actix_web::rt::task::yield_now().await;
        announce(address, setup_link.as_deref());
        running.await.map_err(std::io::Error::other).flatten().map_err(StartError::Serve)?;
        Ok::<_, StartError>(serving)
    })?;
    last_seen::flush(&accounts)?;
    // Threads that go on until the process ends hold the database, so that it would not be closed by itself.
    accounts.db.close();
    // Only now is this a clean stop, which the next start has to know.
    drop(serving);
    tracing::info!(event = "stopped");
    Ok(())
}

fn announce(address: std::net::SocketAddr, setup_link: Option<&str>) {
    tracing::info!(event = "listening", %address, version = env!("CARGO_PKG_VERSION"));
    if let Err(error) = tell_people(address, setup_link) {
        // The server does without: standard output may be closed, or a disk that is full.
        tracing::warn!(event = "announcement_failed", error = %error, "portero setup-link prints a new link");
    }
}

fn tell_people(address: std::net::SocketAddr, setup_link: Option<&str>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Portero listens on http://{address}")?;
    if let Some(link) = setup_link {
        let what = if link.starts_with('/') {
            "this path, after the address by which you reach this server (public_url is not set),"
        } else {
            "this link"
        };
        writeln!(out, "\nThere is no user yet. Open {what} within an hour to create the first admin:\n\n    {link}\n")?;
    }
    out.flush()
}
