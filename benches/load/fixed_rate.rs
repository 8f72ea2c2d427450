//! Latency at a steady rate. Requests are due at fixed times, however late earlier answers are, and the time of each is counted
//! from when it was due. So a stall shows in every request that falls into it.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::servers::is_success;
use crate::support::{Failure, exchange};

/// How many connections take turns. If one is stuck, the others go on.
const CONNECTIONS: u32 = 16;

/// Sends `requests` in turn, `per_second` of them each second, for `length`. Returns the latency of each, in milliseconds.
pub(crate) fn latencies(
    address: SocketAddr,
    requests: &[String],
    per_second: u32,
    length: Duration,
) -> Result<Vec<f64>, Failure> {
    let begin = Instant::now();
    let interval = Duration::from_secs(1) / per_second;
    std::thread::scope(|scope| {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                let due = move |turn: u32| begin + interval * (number + turn * CONNECTIONS);
                let in_time = (0..).map(due).take_while(move |due| *due < begin + length);
                let mut requests = requests.iter().skip(number as usize).step_by(CONNECTIONS as usize).cycle();
                scope.spawn(move || {
                    let mut stream = TcpStream::connect(address)?;
                    stream.set_nodelay(true)?;
                    let mut took = Vec::new();
                    for due in in_time {
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        let answer = exchange(&mut stream, requests.next().ok_or("no requests")?)?;
                        took.push(due.elapsed().as_secs_f64() * 1e3);
                        if !is_success(&answer) {
                            return Err(format!("no success, but: {answer}").into());
                        }
                    }
                    Ok(took)
                })
            })
            .collect();
        let took = connections.into_iter().map(|thread| thread.join().map_err(|_| "a connection panicked")?);
        Ok(took.collect::<Result<Vec<Vec<f64>>, Failure>>()?.concat())
    })
}
