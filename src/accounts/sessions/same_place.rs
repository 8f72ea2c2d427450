//! Whether a request comes from where a session's current tokens were made for.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::accounts::context::Visitor;
use crate::store::sessions::Session;
use crate::user_agent;

/// Whether browser and system are the same, whatever their versions, and the network is (IPv4 /24, IPv6 /64). An address that Portero
/// can't tell is in no network. A thief copies the browser's name with its cookies, so the network is what counts.
pub(super) fn is_same_place(session: &Session, visitor: &Visitor) -> bool {
    let made_in = network(&session.made_ip);
    made_in.is_some()
        && made_in == network(&visitor.ip)
        && !user_agent::differ(&session.made_agent, &visitor.user_agent)
}

fn network(ip: &str) -> Option<IpNet> {
    let ip: IpAddr = ip.parse().ok()?;
    let bits = if ip.is_ipv4() { 24 } else { 64 };
    let network = IpNet::new(ip, bits).ok()?.trunc();
    (!ip.is_unspecified()).then_some(network)
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn neighbours_are_one_network_and_what_cannot_be_told_is_none() {
        for (one, other) in [("192.0.2.1", "192.0.2.254"), ("2001:db8::1", "2001:db8::ffff:1")] {
            assert_eq!(network(one), network(other), "{one} {other}");
            assert!(network(one).is_some());
        }
        for (one, other) in
            [("192.0.2.1", "192.0.3.1"), ("2001:db8::1", "2001:db8:0:1::1"), ("192.0.2.1", "2001:db8::1")]
        {
            assert_ne!(network(one), network(other), "{one} {other}");
        }
        for unknown in ["", "unknown", "0.0.0.0", "::"] {
            assert_eq!(network(unknown), None, "{unknown:?}");
        }
    }
}
