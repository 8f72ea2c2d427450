//! The requests of an examination. Each has an id of its own, by which the stand-in tells what of it reached the app.

use std::time::Duration;

use url::Url;

use super::stand_in::{Seen, StandIn};
use crate::cli::caller::{Answer, Caller, PATIENCE, Peer, Unreachable};
use crate::cli::output::{CouldNotAsk, Failure};
use crate::cli::visitor::authority;
use crate::gate::probes::{Fill, PROBE, Probe};

pub(super) struct Requests<'a> {
    caller: &'a Caller,
    app: Peer,
    /// Of the app.
    host: &'a str,
    /// Of the app: its host, with its port unless that is 443.
    authority: String,
    /// A path that is meant to be open to everybody, for the probes that begin with one.
    open: Option<&'a str>,
    stand_in: Option<&'a StandIn>,
    run: &'a str,
    sent: u32,
    /// What the answers say of the proxy.
    pub(super) servers: Vec<String>,
}

/// A request that was sent, and what came of it.
pub(super) struct Outcome {
    pub(super) answer: Option<Answer>,
    pub(super) seen: Vec<Seen>,
}

impl<'a> Requests<'a> {
    /// `run`: what the ids of all these requests begin with.
    pub(super) fn new(
        caller: &'a Caller,
        app: &'a Url,
        open: Option<&'a str>,
        stand_in: Option<&'a StandIn>,
        run: &'a str,
    ) -> Result<Self, Failure> {
        Ok(Self {
            caller,
            app: Peer::of(app).ok_or("that is not where people reach an app")?,
            host: app.host_str().unwrap_or_default(),
            authority: authority(app),
            open,
            stand_in,
            run,
            sent: 0,
            servers: Vec::new(),
        })
    }

    /// The bytes of a probe, which has to be the next request that is sent.
    pub(super) fn attack(&self, probe: &Probe, lines: &str) -> Vec<u8> {
        probe.request(&Fill { authority: &self.authority, open: self.open, id: &self.coming_id(), lines })
    }

    /// The bytes of another request. The same holds for it.
    pub(super) fn text(&self, method: &str, target: &str, lines: &str, body: &str) -> Vec<u8> {
        let (host, id) = (&self.authority, self.coming_id());
        format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{PROBE}: {id}\r\n{lines}\r\n{body}").into_bytes()
    }

    /// Sends a `GET` for the app's host to a port at which plain http may be.
    pub(super) fn get_plain(&mut self, port: u16, target: &str) -> Outcome {
        let id = self.next_id();
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\n{PROBE}: {id}\r\nAccept: text/html\r\nConnection: close\r\n\r\n",
            self.host
        );
        // Nothing is there: so much the better.
        let answer = self.caller.send(&self.app.plain(port), request.as_bytes()).unwrap_or_default();
        Outcome { answer, seen: self.seen(&id) }
    }

    pub(super) fn get(&mut self, target: &str, lines: &str) -> Result<Outcome, Failure> {
        let bytes = self.text("GET", target, &format!("{lines}Connection: close\r\n"), "");
        self.send(&bytes)
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<Outcome, Failure> {
        self.send_within(PATIENCE, bytes)
    }

    pub(super) fn send_within(&mut self, patience: Duration, bytes: &[u8]) -> Result<Outcome, Failure> {
        let id = self.next_id();
        let answer = self.caller.send_within(patience, &self.app, bytes).map_err(could_not_ask)?;
        if let Some(answer) = &answer {
            self.servers.extend(["server", "via"].iter().filter_map(|name| answer.header(name)).map(str::to_owned));
        }
        Ok(Outcome { answer, seen: self.seen(&id) })
    }

    fn next_id(&mut self) -> String {
        let id = self.coming_id();
        self.sent += 1;
        id
    }

    /// The id of the request that is sent next.
    pub(super) fn coming_id(&self) -> String {
        format!("{}.{}", self.run, self.sent + 1)
    }

    /// What of the request with this id has reached the stand-in so far.
    pub(super) fn seen(&self, id: &str) -> Vec<Seen> {
        self.stand_in.map(|stand_in| stand_in.seen(id)).unwrap_or_default()
    }
}

pub(super) fn could_not_ask(error: Unreachable) -> Failure {
    CouldNotAsk(error.to_string()).into()
}
