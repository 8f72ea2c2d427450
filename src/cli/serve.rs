//! `portero serve`: runs the server until a signal stops it.

use std::io::{self, Write};
use std::thread;

use futures_util::future::{Either, select};

use super::output::{Failure, Logged};
use super::{health, log};
use crate::accounts::upkeep::last_seen;
use crate::clock::Clock;
use crate::config::{Loaded, LogFormat};
use crate::domain::ListenAddress;
use crate::error_chain::chain;
use crate::server::{self, Running, StartError, Started};
use crate::service_manager;

pub(super) fn run(loaded: Loaded) -> Result<(), Failure> {
    log::start(&loaded.config);
    let format = loaded.config.log.format;
    serve(loaded, tell_people).map_err(|error| match format {
        LogFormat::Text => error,
        // Whoever reads JSON reads every line as JSON.
        LogFormat::Json => {
            tracing::error!(event = "serving_failed", error = %chain(error.as_ref()));
            Logged.into()
        }
    })
}

/// `announce`: tells people that it is ready.
pub(super) fn serve(
    loaded: Loaded,
    announce: impl FnOnce(&ListenAddress, &Started) -> io::Result<()>,
) -> Result<(), Failure> {
    for warning in &loaded.warnings {
        tracing::warn!(event = "settings_warning", "{warning}");
    }
    let prepared = server::prepare(loaded, Clock::default())?;
    let (address, metrics, accounts) = (prepared.address.clone(), prepared.metrics_address, prepared.accounts());
    let serving = actix_web::rt::System::new().block_on(async {
        let Running { server, serving, socket_file, loading } = prepared.serve()?;
        let handle = server.handle();
        let running = actix_web::rt::spawn(server);
        // The server handles signals only once it has had a turn. Whoever reads the announcement may ask it to stop at once.
        actix_web::rt::task::yield_now().await;
        tracing::info!(event = "listening", %address, version = env!("CARGO_PKG_VERSION"));
        if let Some(address) = metrics {
            tracing::info!(event = "metrics_listening", %address);
        }
        let ended = match select(loading, running).await {
            Either::Left((Ok(started), running)) => {
                is_ready(&address, &started, announce);
                watch(address.clone())?;
                running.await
            }
            Either::Left((Err(error), _)) => {
                handle.stop(false).await;
                return Err(error);
            }
            Either::Right((ended, loading)) => {
                // Asked to stop during the start. The database is closed once nobody reads it.
                accounts.first_load.give_up();
                drop(loading.await);
                ended
            }
        };
        ended.map_err(std::io::Error::other).flatten().map_err(StartError::Serve)?;
        drop(socket_file);
        Ok::<_, StartError>(serving)
    })?;
    service_manager::stopping();
    last_seen::flush(&accounts)?;
    // Threads that go on until the process ends hold the database, so that it would not be closed by itself.
    accounts.db.close();
    // Only now is this a clean stop, which the next start has to know.
    drop(serving);
    tracing::info!(event = "stopped");
    Ok(())
}

fn is_ready(
    address: &ListenAddress,
    started: &Started,
    announce: impl FnOnce(&ListenAddress, &Started) -> io::Result<()>,
) {
    let &Started { rows, took, .. } = started;
    tracing::info!(event = "ready", rows, took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    service_manager::ready();
    if let Err(error) = announce(address, started) {
        // The server does without: standard output may be closed, or a disk that is full.
        tracing::warn!(event = "announcement_failed", error = %error, "portero setup-link prints a new link");
    }
}

/// Tells systemd that the server is alive for as long as it answers, if systemd wants to know.
fn watch(address: ListenAddress) -> Result<(), StartError> {
    let Some(patience) = service_manager::watchdog() else { return Ok(()) };
    let watching = move || {
        loop {
            if health::is_alive(&address) {
                service_manager::alive();
            }
            std::thread::sleep(patience / 3);
        }
    };
    thread::Builder::new().name("watchdog".into()).spawn(watching).map_err(StartError::Thread)?;
    Ok(())
}

/// In one piece: whoever reads the first line reads all of it.
fn tell_people(address: &ListenAddress, Started { setup_link, rows, took }: &Started) -> io::Result<()> {
    let mut told = Vec::new();
    match address {
        ListenAddress::Tcp(address) => writeln!(told, "Portero listens on http://{address}")?,
        ListenAddress::Unix(path) => writeln!(told, "Portero listens on the socket {}", path.display())?,
    }
    writeln!(told, "Ready after {:.1} s: {rows} users and revocations are in memory.", took.as_secs_f64())?;
    if let Some(link) = setup_link {
        let what = if link.starts_with('/') {
            "this path, after the address by which you reach this server (public_url is not set),"
        } else {
            "this link"
        };
        writeln!(
            told,
            "\nThere is no user yet. Open {what} within an hour to create the first admin:\n\n    {link}\n"
        )?;
    }
    let mut out = io::stdout().lock();
    out.write_all(&told)?;
    out.flush()
}
