//! Clients that send one request after the other, each on a connection of its own: for requests that take long or work only once.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::servers::is_success;
use crate::support::{Failure, exchange, header};

pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) took: Duration,
    pub(crate) came: Instant,
}

/// Successes per second if `clients` clients share the requests, each of which is sent once.
pub(crate) fn each_once(address: SocketAddr, clients: usize, requests: &[String]) -> Result<f64, Failure> {
    let begin = Instant::now();
    let answers = at_once(clients, |number| {
        let mut stream = TcpStream::connect(address)?;
        let own = requests.iter().skip(number).step_by(clients);
        own.map(|request| send(&mut stream, request)).collect()
    })?;
    let took = begin.elapsed().as_secs_f64();
    match answers.iter().find(|answer| !is_success(&answer.text)) {
        Some(answer) => Err(format!("no success, but: {}", answer.text).into()),
        None => Ok(answers.len() as f64 / took),
    }
}

/// Gives each request a client of its own, which sends it over and over until `until`. A client that is told to come back later
/// waits as long as it is told.
pub(crate) fn flood(address: SocketAddr, requests: &[String], until: Instant) -> Result<Vec<Answer>, Failure> {
    at_once(requests.len(), |number| {
        let request = requests.get(number).ok_or("a client without a request")?;
        let mut stream = TcpStream::connect(address)?;
        let mut answers = Vec::new();
        while Instant::now() < until {
            let answer = send(&mut stream, request)?;
            if let Some(seconds) = header(&answer.text, "retry-after") {
                let back = Instant::now() + Duration::from_secs(seconds.parse()?);
                std::thread::sleep(back.min(until).saturating_duration_since(Instant::now()));
            }
            answers.push(answer);
        }
        Ok(answers)
    })
}

fn send(stream: &mut TcpStream, request: &str) -> Result<Answer, Failure> {
    let begin = Instant::now();
    let text = exchange(stream, request)?;
    Ok(Answer { text, took: begin.elapsed(), came: Instant::now() })
}

fn at_once(
    clients: usize,
    client: impl Fn(usize) -> Result<Vec<Answer>, Failure> + Sync,
) -> Result<Vec<Answer>, Failure> {
    std::thread::scope(|scope| {
        let client = &client;
        let threads: Vec<_> = (0..clients).map(|number| scope.spawn(move || client(number))).collect();
        let mut answers = Vec::new();
        for thread in threads {
            answers.append(&mut thread.join().map_err(|_| "a client panicked")??);
        }
        Ok(answers)
    })
}
