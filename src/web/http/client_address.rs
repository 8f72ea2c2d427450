//! Where a request comes from: from the peer itself, unless that is a trusted proxy, which tells in the header that
//! `client_ip_header` names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::Ordering;

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;

use crate::accounts::Visitor;
use crate::config::ClientIpHeader;
use crate::web::app::App;

/// How an address that Portero can't tell stands in the log, in the database and in JSON.
pub(in crate::web) const UNKNOWN: &str = "unknown";

/// The address that a request was sent from, as far as Portero can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum ClientAddress {
    Known(IpAddr),
    /// A trusted proxy sent the request on and told nothing that can be read of where it came from.
    Unknown,
}

impl ClientAddress {
    /// The address by which tries are limited. Everybody whose address is unknown counts as one network: not as the proxy's, where
    /// monitoring and scripts of the operator may be.
    pub(in crate::web) fn for_limits(self) -> IpAddr {
        match self {
            Self::Known(ip) => ip,
            Self::Unknown => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(ip) => ip.fmt(f),
            Self::Unknown => f.write_str(UNKNOWN),
        }
    }
}

pub(in crate::web) fn visitor(app: &App, req: &HttpRequest) -> Visitor {
    let user_agent = req.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Visitor::new(address(app, req).to_string(), user_agent)
}

/// The scheme of the request as it was sent: `https` if a trusted proxy says so. Portero itself speaks plain http.
pub(in crate::web) fn scheme(app: &App, req: &HttpRequest) -> &'static str {
    let told = req.headers().get("x-forwarded-proto").filter(|_| comes_through_proxy(app, req));
    if told.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https")) { "https" } else { "http" }
}

pub(in crate::web) fn comes_through_proxy(app: &App, req: &HttpRequest) -> bool {
    peer(req).is_some_and(|peer| is_trusted(app, peer))
}

/// The other end of the connection.
pub(in crate::web) fn peer(req: &HttpRequest) -> Option<IpAddr> {
    req.peer_addr().map(|peer| peer.ip().to_canonical())
}

pub(in crate::web) fn is_trusted(app: &App, ip: IpAddr) -> bool {
    app.config().trusted_proxies.iter().any(|net| net.contains(&ip))
}

pub(in crate::web) fn address(app: &App, req: &HttpRequest) -> ClientAddress {
    // Only a test server has no peer.
    let Some(peer) = peer(req) else { return ClientAddress::Unknown };
    let header = &app.config().client_ip_header;
    let lines: Vec<&[u8]> = req.headers().get_all(header.name()).map(|line| line.as_bytes()).collect();
    if lines.is_empty() {
        return ClientAddress::Known(peer);
    }
    if !is_trusted(app, peer) {
        if !app.warned_of_forwarded.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                event = "untrusted_forwarded_header",
                peer = %peer,
                "a forwarded header came from a peer that is not in trusted_proxies; such headers are ignored"
            );
        }
        return ClientAddress::Known(peer);
    }
    let told = match header {
        ClientIpHeader::XForwardedFor => {
            nearest_stranger(lines.iter().rev().flat_map(|line| x_forwarded_for(line)), |ip| is_trusted(app, ip))
        }
        ClientIpHeader::Forwarded => {
            nearest_stranger(lines.iter().rev().flat_map(|line| forwarded(line)), |ip| is_trusted(app, ip))
        }
        // Of two, a client may have sent one.
        ClientIpHeader::Single(_) => <[&[u8]; 1]>::try_from(lines).ok().and_then(|[line]| node(line)),
    };
    let Some(ip) = told else {
        if !app.warned_of_unreadable_address.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                event = "client_address_unreadable",
                peer = %peer,
                header = header.name(),
                "a trusted proxy did not tell in this header, in a way that can be read, where a request came from"
            );
        }
        return ClientAddress::Unknown;
    };
    ClientAddress::Known(ip)
}

/// Each proxy appends the address that it heard from. The first one from the right that is not a trusted proxy sent the request; what
/// stands further left may be its invention. `None`: that one can't be read, or there is none at all.
fn nearest_stranger(hops: impl Iterator<Item = Option<IpAddr>>, is_trusted: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let mut nearest = None;
    for hop in hops {
        nearest = Some(hop?);
        if !nearest.is_some_and(&is_trusted) {
            break;
        }
    }
    nearest
}

/// The addresses in a line of `X-Forwarded-For`, from the right; `None`: it can't be read.
fn x_forwarded_for(line: &[u8]) -> impl Iterator<Item = Option<IpAddr>> {
    line.rsplit(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|hop| !hop.is_empty()).map(node)
}

/// The addresses in a line of `Forwarded`, from the right; `None`: it can't be read, or is not told. (RFC 7239 §4)
fn forwarded(line: &[u8]) -> impl Iterator<Item = Option<IpAddr>> {
    split_from_right(line, b',').into_iter().map(<[u8]>::trim_ascii).filter(|hop| !hop.is_empty()).map(|hop| {
        let mut told = split_from_right(hop, b';').into_iter().filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let (name, value) = pair.split_at(at);
            name.trim_ascii().eq_ignore_ascii_case(b"for").then(|| node(value.get(1..).unwrap_or_default()))
        });
        let first = told.next()?;
        // Each parameter may come once. A second one may be what a client wrote as its host.
        if told.next().is_some() { None } else { first }
    })
}

/// The parts between the separators that are not in quotes, from the right. What a client sent stands on the left: a quote that it left
/// open must not swallow what the proxy appended.
fn split_from_right(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut parts, mut end, mut in_quotes) = (Vec::new(), text.len(), false);
    for (at, byte) in text.iter().enumerate().rev() {
        let before = text.get(..at).unwrap_or_default();
        let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if *byte == b'"' && backslashes % 2 == 0 {
            in_quotes = !in_quotes;
        } else if *byte == separator && !in_quotes {
            parts.push(text.get(at + 1..end).unwrap_or_default());
            end = at;
        }
    }
    parts.push(text.get(..end).unwrap_or_default());
    parts
}

/// An address, with or without a port; IPv6 also in brackets; all of it also in quotes. (RFC 7239 §6)
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text.trim_ascii()).ok()?;
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let ip = if let Some(rest) = text.strip_prefix('[') {
        let (ip, port) = rest.split_once(']')?;
        let port_is_right = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        ip.parse::<Ipv6Addr>().ok().filter(|_| port_is_right)?.into()
    } else if let Ok(ip) = text.parse::<IpAddr>() {
        ip
    } else {
        let (ip, port) = text.split_once(':')?;
        ip.parse::<Ipv4Addr>().ok().filter(|_| is_port(port))?.into()
    };
    Some(ip.to_canonical())
}

/// A proxy may hide the port behind a name that begins with `_`.
fn is_port(text: &str) -> bool {
    text.starts_with('_') || text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(hops: impl Iterator<Item = Option<IpAddr>>) -> Vec<String> {
        hops.map(|hop| hop.map_or_else(|| UNKNOWN.to_owned(), |ip| ip.to_string())).collect()
    }

    #[test]
    fn an_address_is_read_with_port_brackets_and_quotes() {
        for (text, ip) in [
            ("203.0.113.7", "203.0.113.7"),
            (" 203.0.113.7:5544\t", "203.0.113.7"),
            ("\"203.0.113.7\"", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("\"[2001:db8::1]:_hidden\"", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(node(text.as_bytes()), Some(ip.parse().unwrap()), "{text}");
        }
        for text in [
            "",
            "unknown",
            "_hidden",
            "203.0.113.7:99999",
            "203.0.113.7:",
            "[2001:db8::1",
            "[::1]443",
            "[203.0.113.7]",
            "\"",
        ] {
            assert_eq!(node(text.as_bytes()), None, "{text}");
        }
        assert_eq!(node(b"203.0.113.7\xff"), None);
    }

    #[test]
    fn what_a_client_sent_takes_nothing_from_what_the_proxy_appended() {
        assert_eq!(
            ips(x_forwarded_for(b"\xff, \", 6.6.6.6,, 203.0.113.7:1")),
            ["203.0.113.7", "6.6.6.6", UNKNOWN, UNKNOWN]
        );
        assert_eq!(ips(forwarded(b"for=\"6.6.6.6, for=203.0.113.7")), ["203.0.113.7", UNKNOWN]);
        assert_eq!(ips(forwarded(b"For=\"[2001:db8::1]:4\" ; proto=https;host=\"a,b;\\\"c\"")), ["2001:db8::1"]);
        assert_eq!(ips(forwarded(b"for=203.0.113.7;host=x;for=6.6.6.6")), [UNKNOWN]);
        assert_eq!(ips(forwarded(b"proto=https, for=unknown, for=_x")), [UNKNOWN, UNKNOWN, UNKNOWN]);
    }
}
