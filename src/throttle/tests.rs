//! Who is let through, who has to wait, and for how long.

use std::net::IpAddr;

use super::{LinkKey, MAX_BUCKETS, Slowed, Throttle, Wait, Who, lock};
use crate::domain::{NameKey, SessionId, UnixTime, UserId};

const NOW: UnixTime = UnixTime(1_795_374_306);
const ANA: Who = Who::Stranger { name: NameKey(1), exhausted: false };

const DEVICE: Who = Who::Device { user: UserId(1), id: 7, counts_as: NameKey(2) };

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// How many tries in a row are allowed.
fn let_through(throttle: &Throttle, ip: IpAddr, who: Who, now: UnixTime) -> usize {
    (0..10_000).take_while(|_| throttle.begin_try(ip, who, now).is_ok()).count()
}

#[test]
fn one_network_gets_five_tries_at_an_account_and_then_one_each_half_minute() {
    let throttle = Throttle::new(true);
    assert_eq!(let_through(&throttle, ip("192.0.2.1"), ANA, NOW), 5);
    assert_eq!(throttle.begin_try(ip("192.0.2.99"), ANA, NOW).err(), Some(Wait(30)), "the whole /24 is one");
    assert_eq!(throttle.begin_try(ip("192.0.2.1"), ANA, NOW.plus(29)).err(), Some(Wait(1)));
    assert_eq!(let_through(&throttle, ip("192.0.2.1"), ANA, NOW.plus(30)), 1);
    assert_eq!(let_through(&throttle, ip("198.51.100.1"), ANA, NOW), 5, "another network has its own");
}

#[test]
fn one_address_gets_twenty_in_a_minute_whatever_the_names() {
    let throttle = Throttle::new(true);
    let somebody = |name| Who::Stranger { name: NameKey(name), exhausted: false };
    let tries = (0..100).take_while(|name| throttle.begin_try(ip("192.0.2.1"), somebody(*name), NOW).is_ok());
    assert_eq!(tries.count(), 20);
    assert_eq!(let_through(&throttle, ip("2001:db8::1"), Who::Link, NOW), 20);
    assert_eq!(let_through(&throttle, ip("2001:db8::ffff"), Who::Link, NOW), 0, "a /64 is one household");
    assert_eq!(let_through(&throttle, ip("2001:db8:0:1::1"), Who::Link, NOW), 20);
    // Five households use up the share of their /48.
    let of_48 = (2..10).map(|n| let_through(&throttle, ip(&format!("2001:db8:0:{n}::1")), Who::Link, NOW));
    assert_eq!(of_48.sum::<usize>(), 60);
}

#[test]
fn two_hundred_an_hour_is_all() {
    let throttle = Throttle::new(true);
    let tries = (0..3600).map(|second| let_through(&throttle, ip("192.0.2.1"), Who::Link, NOW.plus(second)));
    // A full bucket of 200, and what is added within the hour.
    assert_eq!(tries.sum::<usize>(), 200 + 199);
}

#[test]
fn who_was_right_starts_anew_and_costs_the_network_nothing() {
    let throttle = Throttle::new(true);
    for _ in 0..100 {
        throttle.begin_try(ip("192.0.2.1"), ANA, NOW).unwrap().succeeded();
    }
}

#[test]
fn tries_under_way_count_only_so_far_and_wrong_ones_may_run_into_debt() {
    let throttle = Throttle::new(true);
    let in_flight: Vec<_> = (0..20).map_while(|_| throttle.begin_try(ip("192.0.2.1"), ANA, NOW).ok()).collect();
    assert_eq!(in_flight.len(), 10, "ten at once, of whom nobody knows yet");
    drop(in_flight);
    // All ten were wrong: five more than the bucket held.
    assert_eq!(throttle.begin_try(ip("192.0.2.1"), ANA, NOW).err(), Some(Wait(6 * 30)));
}

#[test]
fn a_user_has_ten_tries_under_way_however_many_browsers_sessions_and_networks_they_have() {
    let throttle = Throttle::new(true);
    let from = |n: u128| ip(&format!("192.0.{n}.1"));
    let device = |user, id| Who::Device { user: UserId(user), id, counts_as: NameKey(2) };
    let of_devices: Vec<_> = (0..28).map_while(|n| throttle.begin_try(from(n), device(1, n), NOW).ok()).collect();
    assert_eq!(of_devices.len(), 10);
    assert_eq!(throttle.begin_try(from(99), device(1, 99), NOW).err(), Some(Wait(1)));
    // Neither the sessions of this user nor anybody else are shut out by that.
    let session = || Who::Session { user: UserId(1), sid: SessionId::random() };
    let of_sessions: Vec<_> = (0..28).map_while(|n| throttle.begin_try(from(n), session(), NOW).ok()).collect();
    assert_eq!(of_sessions.len(), 10);
    assert!(throttle.begin_try(from(0), device(2, 200), NOW).is_ok());
    let strangers: Vec<_> = (0..28).map_while(|n| throttle.begin_try(from(n), ANA, NOW).ok()).collect();
    assert_eq!(strangers.len(), 20);
    for right in of_devices {
        right.succeeded();
    }
    assert!(throttle.begin_try(from(99), device(1, 99), NOW).is_ok());
}

#[test]
fn who_is_slowed_down_is_told_until_the_next_try_is_allowed() {
    let throttle = Throttle::new(true);
    let_through(&throttle, ip("192.0.2.1"), ANA, NOW.plus(-1));
    assert_eq!(throttle.slowed(NOW), Slowed { accounts: 1, networks: Vec::new() });
    assert_eq!(throttle.slowed(NOW.plus(30)), Slowed::default());
    for from in ["203.0.113.7", "2001:db8:1:2::3"] {
        let_through(&throttle, ip(from), Who::Link, NOW);
    }
    let slowed = throttle.slowed(NOW);
    assert_eq!(
        (slowed.accounts, &slowed.networks[..]),
        (1, ["203.0.113.7", "2001:db8:1:2::/64"].map(String::from).as_slice())
    );
}

#[test]
fn a_known_browser_is_let_in_whatever_happens_around_it() {
    let throttle = Throttle::new(true);
    let_through(&throttle, ip("192.0.2.1"), ANA, NOW);
    let_through(&throttle, ip("192.0.2.1"), Who::Link, NOW);
    assert_eq!(let_through(&throttle, ip("192.0.2.1"), DEVICE, NOW), 10);
    assert_eq!(let_through(&throttle, ip("203.0.113.5"), DEVICE, NOW), 0, "by the device, not by the place");
}

#[test]
fn strangers_at_an_exhausted_account_share_one_try_a_quarter_of_an_hour() {
    let throttle = Throttle::new(true);
    let stranger = Who::Stranger { name: NameKey(1), exhausted: true };
    throttle.begin_try(ip("192.0.2.1"), stranger, NOW).unwrap().succeeded();
    assert_eq!(throttle.begin_try(ip("203.0.113.5"), stranger, NOW.plus(60)).err(), Some(Wait(840)));
    assert!(throttle.begin_try(ip("203.0.113.5"), stranger, NOW.plus(900)).is_ok());
}

#[test]
fn a_clock_that_is_set_back_shuts_nobody_out_for_long() {
    let throttle = Throttle::new(true);
    let_through(&throttle, ip("192.0.2.1"), ANA, NOW);
    let Err(Wait(seconds)) = throttle.begin_try(ip("192.0.2.1"), ANA, NOW.plus(-86_400)) else { panic!("let through") };
    assert!(seconds <= 30, "{seconds}");
}

#[test]
fn no_attack_makes_it_grow_without_end() {
    let throttle = Throttle::new(true);
    for n in 0..60_000_u32 {
        let from = IpAddr::from(std::net::Ipv4Addr::from(n << 8));
        assert!(throttle.begin_try(from, Who::Stranger { name: NameKey(n.into()), exhausted: false }, NOW).is_ok());
    }
    let buckets = lock(throttle.0.as_ref().unwrap());
    assert!(buckets.full_at.len() <= MAX_BUCKETS && buckets.in_flight.is_empty());
}

#[test]
fn several_nodes_that_tell_each_other_allow_no_more_tries_than_one() {
    let nodes: Vec<Throttle> = (0..3).map(|_| Throttle::new(true)).collect();
    nodes.iter().for_each(Throttle::tell_others);
    let tell = || {
        for (from, node) in nodes.iter().enumerate() {
            let Some(told) = node.untold() else { continue };
            nodes.iter().enumerate().filter(|(to, _)| *to != from).for_each(|(_, other)| other.count_others(&told));
        }
    };
    let tries = |who: Who, now: UnixTime| {
        let one = |nth: usize| {
            let is_allowed = nodes[nth % 3].begin_try(ip("192.0.2.1"), who, now).is_ok();
            tell();
            is_allowed
        };
        (0..30).filter(|nth| one(*nth)).count()
    };
    assert_eq!(tries(ANA, NOW), 5);
    assert_eq!(tries(DEVICE, NOW), 10);
    assert_eq!(tries(Who::Session { user: UserId(1), sid: SessionId::random() }, NOW), 10);
    assert_eq!(tries(Who::GoodLink(LinkKey(u128::MAX)), NOW), 10);
    assert_eq!(tries(Who::KnownNetwork { name: NameKey(9), counts_as: NameKey(8) }, NOW), 5);
    let exhausted = Who::Stranger { name: NameKey(3), exhausted: true };
    assert_eq!(tries(exhausted, NOW), 1);
    // Who is right at one of them starts anew at all of them.
    nodes[1].begin_try(ip("192.0.2.1"), ANA, NOW.plus(60)).unwrap().succeeded();
    tell();
    assert_eq!(tries(ANA, NOW.plus(60)), 5);
    assert!(nodes.iter().all(|node| node.untold().is_none()), "each is told once");
}

#[test]
fn tries_at_all_nodes_at_once_leave_an_empty_bucket_everywhere() {
    let nodes: Vec<Throttle> = (0..9).map(|_| Throttle::new(true)).collect();
    nodes.iter().for_each(Throttle::tell_others);
    for node in &nodes {
        drop((0..5).map_while(|_| node.begin_try(ip("192.0.2.1"), ANA, NOW).ok()).collect::<Vec<_>>());
    }
    let told: Vec<_> = nodes.iter().map(|node| node.untold().unwrap()).collect();
    told[1..].iter().for_each(|told| nodes[0].count_others(told));
    assert_eq!(nodes[0].begin_try(ip("192.0.2.1"), ANA, NOW).err(), Some(Wait(11 * 30)));
    nodes[0].count_others("of a newer version");
}

#[test]
fn switched_off_it_lets_everybody_through() {
    let throttle = Throttle::new(false);
    assert_eq!(let_through(&throttle, ip("192.0.2.1"), ANA, NOW), 10_000);
}
