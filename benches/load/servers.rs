//! Starts servers, each in a process of its own, and measures processes from outside.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{ELSEWHERE, Failure, Server, exchange, get};

pub(crate) const PORTERO: &str = env!("CARGO_BIN_EXE_portero");

/// Linux counts CPU time in hundredths of a second. (`proc(5)`, `sysconf(_SC_CLK_TCK)`)
const MICROS_PER_TICK: f64 = 10_000.0;

/// Starts Portero's release binary on a data folder.
pub(crate) fn portero(data: &Path, settings: &[(&str, &str)]) -> Result<Server, Failure> {
    let mut command = Command::new(PORTERO);
    command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data).envs(settings.iter().copied());
    Server::start(command.current_dir(ELSEWHERE))
}

/// Starts this very program as one of the servers that Portero is compared with.
pub(crate) fn ours(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Server, Failure> {
    Server::start(Command::new(std::env::current_exe()?).args(arguments).envs(environment.iter().copied()))
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

fn own_cpu_micros(process: u32) -> Result<f64, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field, the name, may contain anything, but ends with the last parenthesis.
    let fields = stat.rsplit(')').next().ok_or("no fields in stat")?;
    let ticks: Vec<f64> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() * MICROS_PER_TICK)
}
