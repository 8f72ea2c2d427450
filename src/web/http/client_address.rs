//! Where a request comes from: from the peer itself, unless that is a trusted proxy, which tells.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::Ordering;

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;

use crate::accounts::Visitor;
use crate::web::app::App;

const FORWARDED_FOR: &str = "x-forwarded-for";

pub(in crate::web) fn visitor(app: &App, req: &HttpRequest) -> Visitor {
    let user_agent = req.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Visitor::new(address(app, req).to_string(), user_agent)
}

/// The scheme of the request as it was sent: `https` if a trusted proxy says so. Portero itself speaks plain http.
pub(in crate::web) fn scheme(app: &App, req: &HttpRequest) -> &'static str {
    let told = req.headers().get("x-forwarded-proto").filter(|_| comes_through_proxy(app, req));
    if told.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https")) { "https" } else { "http" }
}

fn comes_through_proxy(app: &App, req: &HttpRequest) -> bool {
    let peer = req.peer_addr().map(|peer| peer.ip().to_canonical());
    peer.is_some_and(|peer| app.config().trusted_proxies.iter().any(|net| net.contains(&peer)))
}

/// The address that the request was sent from, as far as Portero can tell.
pub(in crate::web) fn address(app: &App, req: &HttpRequest) -> IpAddr {
    // Only a test server has no peer.
    let peer = req.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    let is_trusted = |ip: IpAddr| app.config().trusted_proxies.iter().any(|net| net.contains(&ip));
    let mut hops = req.headers().get_all(FORWARDED_FOR).peekable();
    if hops.peek().is_none() {
        return peer;
    }
    if !is_trusted(peer) {
        if !app.warned_of_forwarded.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                event = "untrusted_forwarded_header",
                peer = %peer,
                "a forwarded header came from a peer that is not in trusted_proxies; such headers are ignored"
            );
        }
        return peer;
    }
    // From the right: each proxy appends the address that it heard from. The first one that is not a trusted proxy sent the
    // request; what stands further left may be its invention.
    let hops: Vec<&str> = hops.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).collect();
    let mut nearest = peer;
    for hop in hops.into_iter().rev() {
        let Ok(ip) = hop.trim().parse::<IpAddr>() else { return nearest };
        nearest = ip.to_canonical();
        if !is_trusted(nearest) {
            return nearest;
        }
    }
    nearest
}
