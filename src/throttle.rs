//! How often somebody may try to get in: by network, by account and network, by device, by session. In memory and bounded; what has
//! to outlive a restart is counted in the database (`store::sign_in_failures`).
//!
//! Each limit is a bucket of tries that fills up again with time (GCRA): one moment per key says all of it. Not a library: those
//! that there are keep a key for ever, or know only tries, not how they ended ([`Pass::succeeded`]).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{SessionId, UnixTime};

/// Names an account, whether it exists or not, without its name: people type passwords there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameKey(pub u128);

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Somebody with a one-time link.
    Link,
    /// Somebody who gives this account's name. `exhausted`: too many like them were wrong of late.
    Stranger { name: NameKey, exhausted: bool },
    /// A browser in which this account has signed in before.
    Device(u128),
    /// Somebody who is signed in and gives the password once more.
    Session(SessionId),
}

/// A try that may be made. Dropped, it counts: whoever gives up, or goes away before the answer, has tried.
#[must_use = "dropped at once, it counts as a wrong try"]
pub struct Pass {
    who: Who,
    ip: IpAddr,
    now: UnixTime,
    /// `None`: nobody counts.
    buckets: Option<Arc<Mutex<Buckets>>>,
}

impl Pass {
    pub fn who(&self) -> Who {
        self.who
    }

    /// Who tried was right: it counts for nothing, and the account's bucket for this network, device or session is new. Not the pool of
    /// strangers: that one of them knows the password must not open the door to the others.
    pub fn succeeded(mut self) {
        if let Some(buckets) = self.buckets.take() {
            let mut buckets = lock(&buckets);
            for (key, _) in keys(self.ip, self.who) {
                match key {
                    Key::Pair { .. } | Key::Device(_) | Key::Session(_) => drop(buckets.full_at.remove(&key)),
                    Key::Network { .. } | Key::Pool(_) => {}
                }
            }
            buckets.land(self.ip, self.who);
        }
    }

    /// Nobody looked at what was tried: it counts for nothing.
    pub fn not_tried(mut self) {
        if let Some(buckets) = self.buckets.take() {
            lock(&buckets).land(self.ip, self.who);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(buckets) = &self.buckets {
            let mut buckets = lock(buckets);
            buckets.land(self.ip, self.who);
            buckets.count(self.ip, self.who, millis(self.now));
        }
    }
}

/// Too often. Seconds until the next try, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Too many attempts. Try again in {0} seconds")]
pub struct Wait(pub i64);

/// So many wrong tries, and one more each so many milliseconds; and how many may be under way at once, of which nobody knows yet how they
/// end. Several people, or programs, may well sign in in the same moment.
#[derive(Clone, Copy)]
struct Limit {
    burst: i64,
    every: i64,
    at_once: u32,
}

const fn limit(burst: i64, every_seconds: i64, at_once: u32) -> Limit {
    Limit { burst, every: every_seconds * 1000, at_once }
}

/// Of one address (IPv4), or one household (IPv6 /64): 20 in a minute, 200 in an hour.
const NEAR: [Limit; 2] = [limit(20, 3, 50), limit(200, 18, 50)];
/// Of the network around it (/24, /48): five times as many.
const WIDE: [Limit; 2] =
    [Limit { burst: 100, every: 600, at_once: 250 }, Limit { burst: 1000, every: 3600, at_once: 250 }];
/// Of one network at one account.
const PAIR: Limit = limit(5, 30, 10);
/// Of a browser that the account knows, and of a session.
const KNOWN: Limit = limit(10, 30, 10);
/// Of all strangers together at an account that is exhausted.
const POOL: Limit = limit(1, 15 * 60, 1);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// An address without its last bits; which of the two limits.
    Network {
        prefix: u128,
        bits: u8,
        nth: usize,
    },
    Pair {
        name: NameKey,
        prefix: u128,
    },
    Device(u128),
    Session(SessionId),
    Pool(NameKey),
}

/// At most so many buckets are kept: about 8 MB.
const MOST: usize = 100_000;

/// When each bucket is full again, and the tries under way.
#[derive(Default)]
struct Buckets {
    full_at: HashMap<Key, i64>,
    under_way: HashMap<Key, u32>,
}

impl Buckets {
    fn full_at(&self, key: &Key, limit: Limit, now: i64) -> i64 {
        let full_at = self.full_at.get(key).copied().unwrap_or(now).max(now);
        // Further off than what can be under way takes: the clock was set back. It shuts nobody out for longer than one try.
        let longest = (limit.burst + i64::from(limit.at_once)) * limit.every;
        if full_at > now + longest { now + limit.burst * limit.every } else { full_at }
    }

    /// Milliseconds until there is a try again; none or less: now.
    fn wait(&self, key: &Key, limit: Limit, now: i64) -> i64 {
        let by_time = self.full_at(key, limit, now) + limit.every - now - limit.burst * limit.every;
        let too_many = self.under_way.get(key).is_some_and(|count| *count >= limit.at_once);
        if too_many { by_time.max(1000) } else { by_time }
    }

    fn land(&mut self, ip: IpAddr, who: Who) {
        for (key, _) in keys(ip, who) {
            if let Some(count) = self.under_way.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    self.under_way.remove(&key);
                }
            }
        }
    }

    fn count(&mut self, ip: IpAddr, who: Who, now: i64) {
        for (key, limit) in keys(ip, who) {
            // That one was taken out when it began.
            if !matches!(key, Key::Pool(_)) {
                let full_at = self.full_at(&key, limit, now) + limit.every;
                self.full_at.insert(key, full_at);
            }
        }
        if self.full_at.len() > MOST {
            make_room(&mut self.full_at, now);
        }
    }
}

/// The buckets. `None`: nobody is ever slowed down.
pub struct Throttle(Option<Arc<Mutex<Buckets>>>);

impl Throttle {
    pub fn new(on: bool) -> Self {
        Self(on.then(Arc::default))
    }

    /// May this be tried now?
    pub fn attempt(&self, ip: IpAddr, who: Who, now: UnixTime) -> Result<Pass, Wait> {
        let pass = |buckets| Pass { who, ip, now, buckets };
        let Some(shared) = &self.0 else { return Ok(pass(None)) };
        let mut buckets = lock(shared);
        let now = millis(now);
        let longest = keys(ip, who).into_iter().map(|(key, limit)| buckets.wait(&key, limit, now)).max().unwrap_or(0);
        if longest > 0 {
            return Err(Wait((longest + 999) / 1000));
        }
        for (key, limit) in keys(ip, who) {
            *buckets.under_way.entry(key).or_default() += 1;
            if let Key::Pool(_) = key {
                buckets.full_at.insert(key, now + limit.every);
            }
        }
        Ok(pass(Some(Arc::clone(shared))))
    }
}

fn lock(buckets: &Mutex<Buckets>) -> MutexGuard<'_, Buckets> {
    buckets.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(now: UnixTime) -> i64 {
    now.0.saturating_mul(1000)
}

/// Lets go of the buckets that are full, which are as good as none; where those are too few, of the tenth that is nearest to it.
fn make_room(buckets: &mut HashMap<Key, i64>, now: i64) {
    buckets.retain(|_, full_at| *full_at > now);
    if buckets.len() > MOST {
        let mut moments: Vec<_> = buckets.values().copied().collect();
        let (_, tenth, _) = moments.select_nth_unstable(MOST / 10);
        let tenth = *tenth;
        buckets.retain(|_, full_at| *full_at > tenth);
    }
}

/// All the buckets that this try takes from. A known browser and a session go by their own alone: whoever shares a network with an
/// attacker would be shut out with them.
fn keys(ip: IpAddr, who: Who) -> Vec<(Key, Limit)> {
    let (near, wide) = networks(ip);
    let of_networks = [(near, NEAR), (wide, WIDE)].into_iter().flat_map(|((prefix, bits), limits)| {
        limits.into_iter().enumerate().map(move |(nth, limit)| (Key::Network { prefix, bits, nth }, limit))
    });
    match who {
        Who::Device(id) => vec![(Key::Device(id), KNOWN)],
        Who::Session(sid) => vec![(Key::Session(sid), KNOWN)],
        Who::Link => of_networks.collect(),
        Who::Stranger { name, exhausted } => {
            let pair = Key::Pair { name, prefix: if ip.is_ipv4() { wide.0 } else { near.0 } };
            let pool = exhausted.then_some((Key::Pool(name), POOL));
            of_networks.chain([(pair, PAIR)]).chain(pool).collect()
        }
    }
}

/// The nearer and the wider network of an address, each as its first bits and how many they are.
fn networks(ip: IpAddr) -> ((u128, u8), (u128, u8)) {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let bits = u128::from(ip.to_bits());
            ((bits, 32), (bits >> 8, 24))
        }
        IpAddr::V6(ip) => ((ip.to_bits() >> 64, 64), (ip.to_bits() >> 80, 48)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_795_374_306);
    const ANA: Who = Who::Stranger { name: NameKey(1), exhausted: false };

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// How many tries in a row are let through.
    fn let_through(throttle: &Throttle, ip: IpAddr, who: Who, now: UnixTime) -> usize {
        (0..10_000).take_while(|_| throttle.attempt(ip, who, now).is_ok()).count()
    }

    #[test]
    fn one_network_gets_five_tries_at_an_account_and_then_one_each_half_minute() {
        let throttle = Throttle::new(true);
        assert_eq!(let_through(&throttle, ip("192.0.2.1"), ANA, NOW), 5);
        assert_eq!(throttle.attempt(ip("192.0.2.99"), ANA, NOW).err(), Some(Wait(30)), "the whole /24 is one");
        assert_eq!(throttle.attempt(ip("192.0.2.1"), ANA, NOW.plus(29)).err(), Some(Wait(1)));
        assert_eq!(let_through(&throttle, ip("192.0.2.1"), ANA, NOW.plus(30)), 1);
        assert_eq!(let_through(&throttle, ip("198.51.100.1"), ANA, NOW), 5, "another network has its own");
    }

    #[test]
    fn one_address_gets_twenty_in_a_minute_whatever_the_names() {
        let throttle = Throttle::new(true);
        let somebody = |name| Who::Stranger { name: NameKey(name), exhausted: false };
        let tries = (0..100).take_while(|name| throttle.attempt(ip("192.0.2.1"), somebody(*name), NOW).is_ok());
        assert_eq!(tries.count(), 20);
        assert_eq!(let_through(&throttle, ip("2001:db8::1"), Who::Link, NOW), 20);
        assert_eq!(let_through(&throttle, ip("2001:db8::ffff"), Who::Link, NOW), 0, "a /64 is one household");
        assert_eq!(let_through(&throttle, ip("2001:db8:0:1::1"), Who::Link, NOW), 20);
        // Five households of one /48 use its share up.
        let of_48 = (2..10).map(|n| let_through(&throttle, ip(&format!("2001:db8:0:{n}::1")), Who::Link, NOW));
        assert_eq!(of_48.sum::<usize>(), 60);
    }

    #[test]
    fn two_hundred_an_hour_is_all() {
        let throttle = Throttle::new(true);
        let tries = (0..3600).map(|second| let_through(&throttle, ip("192.0.2.1"), Who::Link, NOW.plus(second)));
        // A full bucket of 200 and what comes in within the hour.
        assert_eq!(tries.sum::<usize>(), 200 + 199);
    }

    #[test]
    fn who_was_right_starts_anew_and_costs_the_network_nothing() {
        let throttle = Throttle::new(true);
        for _ in 0..100 {
            throttle.attempt(ip("192.0.2.1"), ANA, NOW).unwrap().succeeded();
        }
    }

    #[test]
    fn tries_under_way_count_only_so_far_and_wrong_ones_may_run_into_debt() {
        let throttle = Throttle::new(true);
        let under_way: Vec<_> = (0..20).map_while(|_| throttle.attempt(ip("192.0.2.1"), ANA, NOW).ok()).collect();
        assert_eq!(under_way.len(), 10, "ten at once, of whom nobody knows yet");
        drop(under_way);
        // All ten were wrong: five more than the bucket holds.
        assert_eq!(throttle.attempt(ip("192.0.2.1"), ANA, NOW).err(), Some(Wait(6 * 30)));
    }

    #[test]
    fn a_known_browser_is_let_in_whatever_happens_around_it() {
        let throttle = Throttle::new(true);
        let_through(&throttle, ip("192.0.2.1"), ANA, NOW);
        let_through(&throttle, ip("192.0.2.1"), Who::Link, NOW);
        assert_eq!(let_through(&throttle, ip("192.0.2.1"), Who::Device(7), NOW), 10);
        assert_eq!(
            let_through(&throttle, ip("203.0.113.5"), Who::Device(7), NOW),
            0,
            "by the device, not by the place"
        );
    }

    #[test]
    fn strangers_at_an_exhausted_account_share_one_try_a_quarter_of_an_hour() {
        let throttle = Throttle::new(true);
        let stranger = Who::Stranger { name: NameKey(1), exhausted: true };
        throttle.attempt(ip("192.0.2.1"), stranger, NOW).unwrap().succeeded();
        assert_eq!(throttle.attempt(ip("203.0.113.5"), stranger, NOW.plus(60)).err(), Some(Wait(840)));
        assert!(throttle.attempt(ip("203.0.113.5"), stranger, NOW.plus(900)).is_ok());
    }

    #[test]
    fn a_clock_that_is_set_back_shuts_nobody_out_for_long() {
        let throttle = Throttle::new(true);
        let_through(&throttle, ip("192.0.2.1"), ANA, NOW);
        let Err(Wait(seconds)) = throttle.attempt(ip("192.0.2.1"), ANA, NOW.plus(-86_400)) else {
            panic!("let through")
        };
        assert!(seconds <= 30, "{seconds}");
    }

    #[test]
    fn no_attack_makes_it_grow_without_end() {
        let throttle = Throttle::new(true);
        for n in 0..60_000_u32 {
            let from = IpAddr::from(std::net::Ipv4Addr::from(n << 8));
            assert!(throttle.attempt(from, Who::Stranger { name: NameKey(n.into()), exhausted: false }, NOW).is_ok());
        }
        assert!(lock(throttle.0.as_ref().unwrap()).full_at.len() <= MOST);
    }

    #[test]
    fn switched_off_it_lets_everybody_through() {
        let throttle = Throttle::new(false);
        assert_eq!(let_through(&throttle, ip("192.0.2.1"), ANA, NOW), 10_000);
    }
}
