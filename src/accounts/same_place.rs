//! Whether two requests come from the same place: the same browser in the same network.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::accounts::context::Visitor;
use crate::user_agent;

/// Whether browser and system are the same, whatever their versions, and the network is. A thief copies the browser's name with its
/// cookies, so the network is what counts.
pub(super) fn is_same_place(ip: &str, user_agent: &str, visitor: &Visitor) -> bool {
    let network = network_of(ip);
    network.is_some() && network == network_of(&visitor.ip) && !user_agent::differ(user_agent, &visitor.user_agent)
}

/// The network around an address (IPv4 /24, IPv6 /64). `None`: Portero can't tell the address, so it is in no network.
pub(super) fn network_of(ip: &str) -> Option<IpNet> {
    let ip: IpAddr = ip.parse().ok()?;
    let bits = if ip.is_ipv4() { 24 } else { 64 };
    let network = IpNet::new(ip, bits).ok()?.trunc();
    (!ip.is_unspecified()).then_some(network)
}

#[cfg(test)]
mod tests {
    use super::network_of;

    #[test]
    fn neighbours_are_one_network_and_what_cannot_be_told_is_none() {
        for (one, other) in [("192.0.2.1", "192.0.2.254"), ("2001:db8::1", "2001:db8::ffff:1")] {
            assert_eq!(network_of(one), network_of(other), "{one} {other}");
            assert!(network_of(one).is_some());
        }
        for (one, other) in
            [("192.0.2.1", "192.0.3.1"), ("2001:db8::1", "2001:db8:0:1::1"), ("192.0.2.1", "2001:db8::1")]
        {
            assert_ne!(network_of(one), network_of(other), "{one} {other}");
        }
        for unknown in ["", "unknown", "0.0.0.0", "::"] {
            assert_eq!(network_of(unknown), None, "{unknown:?}");
        }
    }
}
