//! Who is at the other end: the peer itself, unless it is a proxy that we trust to tell.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::Ordering;

use actix_web::HttpRequest;
use actix_web::http::header::USER_AGENT;

use super::App;
use crate::accounts::Client;

const FORWARDED_FOR: &str = "x-forwarded-for";

pub(super) fn client(app: &App, req: &HttpRequest) -> Client {
    let user_agent = req.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Client::new(address(app, req).to_string(), user_agent)
}

/// By which the client reached us, or the proxy in front that we trust to tell. We ourselves speak http.
pub(super) fn scheme(app: &App, req: &HttpRequest) -> &'static str {
    let told = req.headers().get("x-forwarded-proto").filter(|_| comes_through_proxy(app, req));
    if told.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https")) { "https" } else { "http" }
}

fn comes_through_proxy(app: &App, req: &HttpRequest) -> bool {
    let peer = req.peer_addr().map(|peer| peer.ip().to_canonical());
    peer.is_some_and(|peer| app.config.trusted_proxies.iter().any(|net| net.contains(&peer)))
}

/// Of the client, as far as we can tell.
pub(super) fn address(app: &App, req: &HttpRequest) -> IpAddr {
    // Only a test server has no peer.
    let peer = req.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
    let is_trusted = |ip: IpAddr| app.config.trusted_proxies.iter().any(|net| net.contains(&ip));
    let mut hops = req.headers().get_all(FORWARDED_FOR).peekable();
    if hops.peek().is_none() {
        return peer;
    }
    if !is_trusted(peer) {
        if !app.warned_of_forwarded.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                event = "forwarded_by_stranger",
                peer = %peer,
                "a forwarded header came from a peer that is not in trusted_proxies; such headers are ignored"
            );
        }
        return peer;
    }
    // From the right: each proxy appends who it heard from. The first we do not trust is the client, and what stands
    // further left is its own story.
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
