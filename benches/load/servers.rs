//! Starts servers, each in a process of its own, and measures processes from outside.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::seed::Data;
use crate::support::{ELSEWHERE, Failure, Server, exchange, get};

pub(crate) const PORTERO: &str = env!("CARGO_BIN_EXE_portero");

/// Starts Portero's release binary on a data folder.
pub(crate) fn portero(data: &Data, settings: &[(&str, &str)]) -> Result<Server, Failure> {
    Server::start(&mut on_data(Path::new(PORTERO), data, settings))
}

/// A Portero, this or another binary, on a data folder.
pub(crate) fn on_data(binary: &Path, data: &Data, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(binary);
    command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(&data.folder);
    command.envs(data.settings()).envs(settings.iter().copied());
    command.current_dir(ELSEWHERE);
    command
}

/// Adds an app by `portero app add` with these arguments, and returns its client id; empty, if it has none.
pub(crate) fn add_app(binary: &Path, data: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let mut command = Command::new(binary);
    command.arg("--data-dir").arg(data).args(["app", "add", "--json"]).args(arguments).current_dir(ELSEWHERE);
    let added = command.output()?;
    if !added.status.success() {
        return Err(format!("no app was added: {added:?}").into());
    }
    let told: serde_json::Value = serde_json::from_slice(&added.stdout)?;
    Ok(told.get("client_id").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned())
}

/// Waits until there are keys of these kinds that sign for apps, which takes about a second.
pub(crate) fn wait_for_app_keys(address: SocketAddr, kinds: &[&str]) -> Result<(), Failure> {
    let begin = Instant::now();
    loop {
        let keys = ask(address, &get("/.well-known/portero/apps.jwks.json", ""))?;
        if kinds.iter().all(|kind| keys.contains(&format!("\"kty\":\"{kind}\""))) {
            return Ok(());
        }
        if begin.elapsed() > Duration::from_secs(60) {
            return Err("no keys for apps came".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// This very program as one of the servers that Portero is compared with.
pub(crate) fn ours(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).envs(environment.iter().copied());
    Ok(command)
}

/// Waits until `GET /readyz` succeeds, for a minute at most.
pub(crate) fn wait_until_ready(address: SocketAddr) -> Result<(), Failure> {
    let begin = Instant::now();
    while !ask(address, &get("/readyz", "")).is_ok_and(|answer| is_success(&answer)) {
        if begin.elapsed() > Duration::from_secs(60) {
            return Err("the server does not get ready".into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Sends one request on a connection of its own and returns the answer.
pub(crate) fn ask(address: SocketAddr, request: &str) -> Result<String, Failure> {
    Ok(exchange(&mut TcpStream::connect(address)?, request)?)
}

pub(crate) fn is_success(answer: &str) -> bool {
    answer.split(' ').nth(1).is_some_and(|status| status.starts_with('2'))
}

/// The CPU time that these processes and their children have used so far, in user and kernel mode, in microseconds.
pub(crate) fn cpu_micros(processes: &[u32]) -> Result<f64, Failure> {
    let mut sum = 0.0;
    for process in processes {
        let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
        let children: Vec<u32> = children.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        sum += own_cpu_micros(*process)? + if children.is_empty() { 0.0 } else { cpu_micros(&children)? };
    }
    Ok(sum)
}

/// Sums up the process's threads, which Linux counts in nanoseconds each. For the process as a whole it counts in hundredths of a second:
/// on a busy machine that is several per cent of a round.
fn own_cpu_micros(process: u32) -> Result<f64, Failure> {
    let mut nanos = 0.0;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may have ended meanwhile.
        let Ok(counted) = std::fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        nanos += counted.split(' ').next().ok_or("nothing in schedstat")?.parse::<f64>()?;
    }
    Ok(nanos / 1e3)
}
