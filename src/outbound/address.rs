//! Which addresses Portero calls.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses Portero calls, besides those of the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Of the networks at home and in companies.
    pub private: bool,
    /// Of this machine.
    pub loopback: bool,
    /// Of whatever is on the same wire, where the clouds tell their machines secrets.
    pub link_local: bool,
}

/// What kind of address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Internet,
    Private,
    Loopback,
    LinkLocal,
    /// Nothing that can be called: everybody, nobody, or kept for later.
    Nowhere,
}

impl Reach {
    /// Whether Portero calls every one of these. A name that also leads elsewhere is not called at all: who may change where it leads
    /// could have it lead anywhere the next time.
    pub fn covers_all(self, mut addresses: impl Iterator<Item = IpAddr>) -> bool {
        addresses.all(|address| self.covers(address))
    }

    fn covers(self, address: IpAddr) -> bool {
        match kind(address) {
            Kind::Internet => true,
            Kind::Private => self.private,
            Kind::Loopback => self.loopback,
            Kind::LinkLocal => self.link_local,
            Kind::Nowhere => false,
        }
    }
}

fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => match inside(address) {
            Some(address) => kind_v4(address),
            None => kind_v6(address),
        },
    }
}

/// By IANA's registry of special addresses. (RFC 6890)
fn kind_v4(address: Ipv4Addr) -> Kind {
    // Clouds tell their machines secrets there too: Alibaba's, and Oracle's older ones.
    const METADATA: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
    let [first, second, third, _] = address.octets();
    match first {
        _ if METADATA.contains(&address) || address.is_link_local() => Kind::LinkLocal,
        0 | 224.. => Kind::Nowhere,
        127 => Kind::Loopback,
        _ if address.is_private() => Kind::Private,
        // Behind a provider's NAT, which home networks and VPNs use as well.
        100 if second & 0xc0 == 64 => Kind::Private,
        192 if second == 0 && third == 0 => Kind::Nowhere,
        198 if second & 0xfe == 18 => Kind::Nowhere,
        _ if address.is_documentation() => Kind::Nowhere,
        _ => Kind::Internet,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    /// Where Amazon tells its machines secrets.
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);
    if address == METADATA || address.is_unicast_link_local() {
        return Kind::LinkLocal;
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        // What may be called at all is 2000::/3, and private are fc00::/7.
        [first, ..] if first & 0xfe00 == 0xfc00 => Kind::Private,
        // Teredo carries an IPv4 address in disguise; 2001:db8::/32 is for documentation.
        [0x2001, 0, ..] | [0x2001, 0x0db8, ..] => Kind::Nowhere,
        [first, ..] if first & 0xe000 == 0x2000 => Kind::Internet,
        _ => Kind::Nowhere,
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated (RFC 6052) or tunnelled (RFC 3056).
fn inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        // "Compatible" addresses, long out of use, but not ::1 and ::.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYWHERE: Reach = Reach { private: true, loopback: true, link_local: true };
    const INTERNET: Reach = Reach { private: false, loopback: false, link_local: false };

    fn covers(reach: Reach, address: &str) -> bool {
        reach.covers(address.parse().unwrap())
    }

    #[test]
    fn secrets_of_the_cloud_and_neighbours_on_the_wire_are_called_only_where_that_is_allowed() {
        let usual = Reach { link_local: false, ..EVERYWHERE };
        for address in [
            "169.254.169.254",
            "169.254.0.1",
            "169.254.170.2",
            "100.100.100.200",
            "192.0.0.192",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::169.254.169.254",
        ] {
            assert!(!covers(usual, address) && covers(EVERYWHERE, address), "{address}");
        }
    }

    #[test]
    fn what_is_nobodys_address_is_never_called() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "203.0.113.1",
            "192.0.0.1",
            "::",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "fec0::1",
            "100::1",
            "::ffff:0.0.0.0",
            "64:ff9b::e000:1",
            "64:ff9b:1::1",
        ] {
            assert!(!covers(EVERYWHERE, address), "{address}");
        }
    }

    #[test]
    fn private_addresses_and_this_machine_are_called_only_where_that_is_allowed() {
        let private = Reach { private: true, ..INTERNET };
        for address in
            ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:10.1.2.3"]
        {
            assert!(covers(private, address) && !covers(INTERNET, address), "{address}");
        }
        let loopback = Reach { loopback: true, ..INTERNET };
        for address in ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"] {
            assert!(covers(loopback, address) && !covers(private, address), "{address}");
        }
        for address in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "2606:4700::1111", "64:ff9b::101:101"] {
            assert!(covers(INTERNET, address), "{address}");
        }
    }

    #[test]
    fn a_name_that_leads_to_one_refused_address_among_others_is_not_called() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        assert!(INTERNET.covers_all(addresses(&["1.1.1.1", "2606:4700::1111"]).into_iter()));
        assert!(!INTERNET.covers_all(addresses(&["1.1.1.1", "169.254.169.254"]).into_iter()));
        assert!(!INTERNET.covers_all(addresses(&["fe80::1", "1.1.1.1"]).into_iter()));
    }
}
