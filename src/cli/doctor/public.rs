//! What can be seen through the public address: what the proxy tells Portero, and what comes of Portero's answers.

use std::time::Duration;

use jiff::fmt::rfc2822;
use serde_json::Value;
use url::Url;

use super::faults::{Fault, FrontProxy};
use super::report::{Report, Verdict};
use crate::cli::caller::{Answer, Caller, Peer, Unreachable};
use crate::cli::output::{CouldNotAsk, Failure};
use crate::config::ClientIpHeader;
use crate::doctor::{self, CLOCK_DIFFERENCE};
use crate::domain::UnixTime;

/// Where Portero tells the doctor what reached it.
const REFLECTION: &str = "/.well-known/portero/reflection";
/// What the doctor claims to come from. (RFC 5737)
const FORGED: &str = "203.0.113.99";
/// How long Portero's headers may be, in bytes: the request of an app that waits in a cookie, beside all others.
const LONG_HEADERS: usize = 6_000;
/// How long Portero may take for an answer, in seconds: a password that waits its turn for four, is hashed, and stored.
const LONG_ANSWER: u64 = 10;
/// Headers that Portero's pages have, besides Strict-Transport-Security.
const PROTECTING: [&str; 4] =
    ["content-security-policy", "x-content-type-options", "x-frame-options", "cross-origin-opener-policy"];
/// What is left out if the public address can't be asked.
const ASKED: [Fault; 10] = [
    Fault::Scheme,
    Fault::Host,
    Fault::UntrustedProxy,
    Fault::ClientAddress,
    Fault::ClientAddressForged,
    Fault::Cookies,
    Fault::Hsts,
    Fault::Headers,
    Fault::HeaderSize,
    Fault::Timeout,
];

/// What is asked, and of whom.
pub(super) struct Asked<'a> {
    pub(super) caller: &'a Caller,
    pub(super) url: &'a Url,
    /// The port where plain http is to lead on to https; `None`: it is not tried.
    pub(super) plain_http: Option<u16>,
    /// Shows Portero that the doctor may see what reached it.
    pub(super) ticket: String,
    pub(super) address_header: &'a ClientIpHeader,
}

impl Asked<'_> {
    /// Host and port, as browsers write them in `Host`.
    fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    fn send(&self, peer: &Peer, target: &str, headers: &str, patience: u64) -> Result<Option<Answer>, Unreachable> {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nAccept: text/html\r\n{headers}Connection: close\r\n\r\n",
            self.authority()
        );
        self.caller.send_within(Duration::from_secs(patience), peer, request.as_bytes())
    }

    /// What Portero says of this request. `None`: it is not this Portero that answers.
    fn reflect(&self, peer: &Peer, query: &str, headers: &str) -> Result<Option<Value>, Unreachable> {
        let headers = format!("X-Portero-Doctor: {}\r\n{headers}", self.ticket);
        let answer = self.send(peer, &format!("{REFLECTION}{query}"), &headers, LONG_ANSWER * 2)?;
        let answer = answer.filter(|answer| answer.status == 200);
        Ok(answer.and_then(|answer| serde_json::from_str(&answer.body).ok()))
    }
}

/// Looks at everything. Returns which proxy it seems to be. `newest`: when the newest audit event was recorded.
pub(super) fn look(
    asked: &Asked<'_>,
    newest: Option<UnixTime>,
    now: UnixTime,
    report: &mut Report,
) -> Result<Option<FrontProxy>, Failure> {
    let could_not_ask = |error: Unreachable| Failure::from(CouldNotAsk(error.to_string()));
    let peer =
        Peer::of(asked.url).ok_or_else(|| CouldNotAsk(format!("{} is no address of http or https", asked.url)))?;
    let is_https = asked.url.scheme() == "https";
    let is_here = matches!(asked.url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    report.judge(Fault::PlainHttp, (!is_https && !is_here).then(|| format!("people come by {}", asked.url)));
    let page = match asked.send(&peer, "/login", "", LONG_ANSWER) {
        Ok(page) => page,
        Err(error @ (Unreachable::Tls(..) | Unreachable::OfAuthority(_))) => {
            report.judge(Fault::Certificate, Some(error.to_string()));
            report
                .leave_out(&[Fault::CertificateEnds, Fault::OtherServer], "nothing is sent without a good certificate");
            report.leave_out(&ASKED, "nothing is sent without a good certificate");
            clock(newest, None, now, report);
            return Ok(None);
        }
        Err(error @ (Unreachable::Connect(..) | Unreachable::NoAddress(..))) => {
            let of_address = [Fault::NoRedirect, Fault::Certificate, Fault::CertificateEnds, Fault::OtherServer];
            report.leave_out(&[&of_address[..], &ASKED].concat(), "nothing answers at the public address");
            clock(newest, None, now, report);
            return Err(could_not_ask(error));
        }
    };
    let there =
        page.as_ref().and_then(|page| rfc2822::DateTimeParser::new().parse_timestamp(page.header("date")?).ok());
    clock(newest, there.map(|moment| UnixTime(moment.as_second())), now, report);
    if is_https {
        report.add(Fault::Certificate, Verdict::Good);
        certificate(asked, &peer, now, report)?;
        redirect(asked, &peer, report);
    } else {
        report.leave_out(&[Fault::Certificate, Fault::CertificateEnds, Fault::NoRedirect], "there is no https");
    }
    let server = page.as_ref().and_then(|page| page.header("server").or_else(|| page.header("via")));
    let proxy = server.and_then(FrontProxy::known_by);
    let Some(seen) = asked.reflect(&peer, "", "").map_err(could_not_ask)? else {
        let status = page.map_or_else(|| "nothing".to_owned(), |page| page.status.to_string());
        let text = format!("{} answers to /login with {status}, and does not know this installation's key", asked.url);
        report.judge(Fault::OtherServer, Some(text));
        report.leave_out(&ASKED, "only this Portero can say what reaches it");
        return Ok(proxy);
    };
    report.add(Fault::OtherServer, Verdict::Good);
    request(asked, &peer, &seen, report).map_err(could_not_ask)?;
    match &page {
        Some(page) => answer(page, is_https, report),
        None => report.leave_out(&[Fault::Cookies, Fault::Hsts, Fault::Headers], "/login is not answered"),
    }
    let long = asked.reflect(&peer, &format!("?headers={LONG_HEADERS}"), "").map_err(could_not_ask)?;
    let is_lost = long.is_none();
    report.judge(Fault::HeaderSize, is_lost.then(|| format!("an answer with {LONG_HEADERS} bytes of headers is lost")));
    let late = asked.reflect(&peer, &format!("?seconds={LONG_ANSWER}"), "").map_err(could_not_ask)?;
    let is_lost = late.is_none();
    report.judge(Fault::Timeout, is_lost.then(|| format!("an answer that takes {LONG_ANSWER} s is lost")));
    Ok(proxy)
}

/// Compares this machine's clock with what was recorded, and with the server's at the public address.
fn clock(newest: Option<UnixTime>, there: Option<UnixTime>, now: UnixTime, report: &mut Report) {
    let behind = doctor::clock(newest, now);
    let apart = there.filter(|there| there.since(now).abs() > CLOCK_DIFFERENCE);
    let seen = match (behind, apart) {
        (_, Some(there)) => {
            let (apart, word) = (now.since(there), if now.since(there) > 0 { "ahead of" } else { "behind" });
            Some(format!("this machine's clock is {} s {word} the one at the public address", apart.abs()))
        }
        (Some(seen), None) => Some(seen.to_string()),
        (None, None) => None,
    };
    report.judge(Fault::Clock, seen);
}

/// A certificate is renewed when a third of its time is left; with less than a quarter that has failed.
fn certificate(asked: &Asked<'_>, peer: &Peer, now: UnixTime, report: &mut Report) -> Result<(), Failure> {
    let Some((from, until)) = asked.caller.certificate_dates(peer)? else {
        report.leave_out(&[Fault::CertificateEnds], "the certificate can't be read");
        return Ok(());
    };
    let left = until.since(now);
    let seen = || format!("it is good for {} more days, of {}", left / 86_400, until.since(from) / 86_400);
    report.judge(Fault::CertificateEnds, (left < until.since(from) / 4).then(seen));
    Ok(())
}

fn redirect(asked: &Asked<'_>, peer: &Peer, report: &mut Report) {
    let Some(port) = asked.plain_http else {
        report.leave_out(&[Fault::NoRedirect], "--plain-http names no port");
        return;
    };
    let wrong = match asked.send(&peer.plain(port), "/login", "", LONG_ANSWER) {
        // Nothing is there: nobody's password goes that way.
        Err(_) | Ok(None) => None,
        Ok(Some(answer)) => {
            let leads = answer.is_redirect() && answer.header("location").is_some_and(|to| to.starts_with("https://"));
            (!leads).then(|| format!("port {port} answers with {} instead of leading on", answer.status))
        }
    };
    report.judge(Fault::NoRedirect, wrong);
}

/// What reaches Portero of a request.
fn request(asked: &Asked<'_>, peer: &Peer, seen: &Value, report: &mut Report) -> Result<(), Unreachable> {
    let text = |name: &str| seen[name].as_str().unwrap_or_default().to_owned();
    let is_https = asked.url.scheme() == "https";
    let peer_address = text("peer");
    let is_trusted = seen["trusted"] == true;
    let untrusted = || format!("its address is {peer_address}, which is not in trusted_proxies");
    report.judge(Fault::UntrustedProxy, (is_https && !is_trusted).then(untrusted));
    let scheme = seen["forwarded_proto"].as_str().unwrap_or("nothing").to_owned();
    let is_told = scheme.eq_ignore_ascii_case("https");
    report.judge(Fault::Scheme, (is_https && !is_told).then(|| format!("X-Forwarded-Proto says {scheme}")));
    let (host, ours) = (text("host"), asked.authority());
    let is_same = host.eq_ignore_ascii_case(&ours);
    report.judge(Fault::Host, (!is_same).then(|| format!("Portero is asked for {host}, and people ask for {ours}")));
    if !is_https {
        report.leave_out(&[Fault::ClientAddress, Fault::ClientAddressForged], "there is no proxy without https");
        return Ok(());
    }
    let name = asked.address_header.name();
    let is_missing = lines(seen).is_empty();
    report.judge(Fault::ClientAddress, is_missing.then(|| format!("no header {name} comes")));
    let (forged, written) = match asked.address_header {
        ClientIpHeader::Forwarded => (format!("for={FORGED}"), format!("{name}: for={FORGED}\r\n")),
        ClientIpHeader::XForwardedFor | ClientIpHeader::Single(_) => {
            (FORGED.to_owned(), format!("{name}: {FORGED}\r\n"))
        }
    };
    let Some(seen) = asked.reflect(peer, "", &written)? else {
        // A proxy that refuses such a request lets nobody forge anything.
        report.add(Fault::ClientAddressForged, Verdict::Good);
        return Ok(());
    };
    let all = lines(&seen);
    let passes = match asked.address_header {
        // What the proxy appended stands on the right, and only that is believed.
        ClientIpHeader::XForwardedFor | ClientIpHeader::Forwarded => {
            all.last().and_then(|line| line.rsplit(',').next()).is_some_and(|last| last.trim() == forged)
        }
        ClientIpHeader::Single(_) => all.iter().any(|line| line.trim() == forged),
    };
    report
        .judge(Fault::ClientAddressForged, passes.then(|| format!("{name}: {forged} reached Portero as it was sent")));
    Ok(())
}

/// The lines of the header that tells the client's address, as they reached Portero.
fn lines(seen: &Value) -> Vec<String> {
    let lines = seen["address_lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What comes of Portero's answer.
fn answer(page: &Answer, is_https: bool, report: &mut Report) {
    let cookies: Vec<_> = page.all("set-cookie").collect();
    let has = |cookie: &str, attribute: &str| {
        cookie.split(';').skip(1).any(|part| part.trim().to_ascii_lowercase().starts_with(attribute))
    };
    let is_weak = |cookie: &&&str| {
        let is_bound = has(cookie, "path=/") && !has(cookie, "domain=") && has(cookie, "samesite=");
        !is_bound || (is_https && !has(cookie, "secure"))
    };
    let wrong = match cookies.iter().find(is_weak) {
        Some(cookie) => {
            let (name, rest) = cookie.split_once('=').unwrap_or((*cookie, ""));
            Some(format!(
                "{name} comes with {}",
                rest.split_once(';').map_or("nothing", |(_, attributes)| attributes.trim())
            ))
        }
        None if cookies.is_empty() => Some("/login comes without a cookie".into()),
        None => None,
    };
    report.judge(Fault::Cookies, wrong);
    let has_hsts = page.header("strict-transport-security").is_some();
    report.judge(Fault::Hsts, (is_https && !has_hsts).then(|| "/login comes without it".into()));
    let lost: Vec<_> = PROTECTING.into_iter().filter(|name| page.header(name).is_none()).collect();
    report.judge(Fault::Headers, (!lost.is_empty()).then(|| format!("/login comes without {}", lost.join(", "))));
}
