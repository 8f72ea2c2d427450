//! What a check comes to, and what an answer, or what reached the app, proves by itself.

use super::faults::Fault;
use super::requests::Outcome;
use super::stand_in::Seen;
use crate::cli::caller::Answer;
use crate::gate::headers::{ASSERTION, alias_of};
use crate::gate::probes::{CLAIM, CLAIMED_ADDRESS, Probe};

#[derive(Debug)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) verdict: Verdict,
}

#[derive(Debug)]
pub(super) enum Verdict {
    Held,
    /// What is wrong, and what was seen of it.
    Found(Fault, String),
    /// Why it can't be told.
    Unjudged(&'static str),
}

/// Headers that the app believes, by which it can be deceived; what it gets of them must be the same whatever a client sends.
const GUARDED: [&str; 15] = [
    "remote-user",
    "remote-name",
    "remote-email",
    "remote-groups",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-prefix",
    "x-forwarded-uri",
    "x-forwarded-method",
    "x-original-url",
    "x-rewrite-url",
    "x-real-ip",
    "forwarded",
    "host",
];

/// With a pass the request may reach the app, but not what a client says in it.
pub(super) fn judged_with_pass(probe: &Probe, outcome: &Outcome, usual: &Seen) -> Verdict {
    let fault = Fault::from(probe.attack);
    for seen in &outcome.seen {
        let claims = |value: &str| value.to_ascii_lowercase().contains(CLAIM) || value.contains(CLAIMED_ADDRESS);
        if let Some((name, value)) =
            seen.headers.iter().find(|(name, value)| claims(value) || alias_of(&name.to_ascii_lowercase()).is_some())
        {
            return found(fault, &format!("the app got {name}: {value}"));
        }
        for name in GUARDED {
            let (got, usually) = (seen.all(name), usual.all(name));
            if got != usually {
                return found(fault, &format!("the app got {name}: {got:?}, and usually {usually:?}"));
            }
        }
        // The first one may come later than the first request: Portero makes its key when somebody enters.
        let assertions = |seen: &Seen| seen.all(ASSERTION).iter().filter(|text| !text.is_empty()).count();
        if assertions(seen) > 1 || assertions(seen) < assertions(usual) {
            return found(fault, &format!("the app got no {ASSERTION}, or more than one"));
        }
    }
    Verdict::Held
}

/// The gate's cookies are for one host, are shown to no script, and go over https only.
pub(super) fn changed_cookies(answer: &Answer) -> Verdict {
    let mut is_there = false;
    for cookie in answer.all("set-cookie").filter(|cookie| cookie.contains("portero_pass")) {
        is_there = true;
        let lower = cookie.to_ascii_lowercase();
        let attributes: Vec<_> = lower.split(';').skip(1).map(str::trim).collect();
        let has = |attribute: &str| attributes.contains(&attribute);
        let is_whole = has("secure") && has("httponly") && has("samesite=lax") && has("path=/");
        let has_domain = attributes.iter().any(|attribute| attribute.starts_with("domain="));
        if !is_whole || has_domain || !cookie.starts_with("__Host-") {
            let shown = cookie.split_once('=').map_or("", |(name, _)| name);
            return found(Fault::Cookie, &format!("{shown} came with {}", attributes.join("; ")));
        }
    }
    if is_there { Verdict::Held } else { found(Fault::Cookie, "the answer sets no cookie of the gate") }
}

pub(super) fn found(fault: Fault, seen: &str) -> Verdict {
    Verdict::Found(fault, seen.to_owned())
}

/// An answer in few words.
pub(super) fn told(answer: &Answer) -> String {
    /// Enough to know a page by.
    const FEW: usize = 160;
    let text = match answer.header("location") {
        Some(to) => format!("{}, to {to}", answer.status),
        None if answer.body.trim().is_empty() => answer.status.to_string(),
        None => format!("{}, {}", answer.status, answer.body.split_whitespace().collect::<Vec<_>>().join(" ")),
    };
    let text: String = text.chars().filter(|c| !c.is_control()).take(FEW).collect();
    text
}
