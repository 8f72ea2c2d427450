//! How often somebody may try a password or a one-time link: by network, by account and network, by device, by session. Kept in
//! memory, and bounded; what has to outlive a restart is counted in the database (`store::sign_in_failures`).
//!
//! Each limit is a bucket of tries that fills up again with time (GCRA), so one moment per key says all of it. Not a library: the
//! existing ones keep a key for ever, or know only tries and not how they ended ([`Try::succeeded`]).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{NameKey, SessionId, UnixTime, UserId};

/// Who tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Somebody with a one-time link.
    Link,
    /// Somebody whose one-time link is good, and who chooses a password by it.
    GoodLink(LinkKey),
    /// Somebody who gives this account's name and is not known to it. `exhausted`: too many of these strangers were wrong
    /// recently.
    Stranger { name: NameKey, exhausted: bool },
    /// Somebody who gives this account's name in a network from which it was signed in to lately. `counts_as`: under what the database
    /// counts their wrong tries.
    KnownNetwork { name: NameKey, counts_as: NameKey },
    /// A browser in which this user has signed in before, by its id. `counts_as`: under what the database counts its wrong tries.
    Device { user: UserId, id: u128, counts_as: NameKey },
    /// A user who is signed in and gives the password once more.
    Session { user: UserId, sid: SessionId },
}

/// Stands for a one-time link without revealing its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkKey(pub u128);

/// A try that has begun. If it is dropped, it counts as wrong: whoever gives up, or goes away before the answer, has tried.
#[must_use = "dropped at once, it counts as a wrong try"]
pub struct Try {
    who: Who,
    ip: IpAddr,
    now: UnixTime,
    /// `None`: the throttle is off.
    buckets: Option<Arc<Mutex<Buckets>>>,
}

impl Try {
    pub fn who(&self) -> Who {
        self.who
    }

    /// Whose turn this try takes where it has to wait for a thread, from the widest circle to the narrowest: those who are known, those
    /// who have a good link, and strangers; the networks in it; the accounts in these.
    pub fn turn(&self) -> [u128; 4] {
        let ((near, _), (wide, _)) = networks(self.ip);
        let (circle, account) = match self.who {
            Who::Device { user, .. } | Who::Session { user, .. } => (0, u128::from(user.0.cast_unsigned())),
            Who::GoodLink(LinkKey(link)) => (1, link),
            // Strangers come from anywhere; these from where the account is at home.
            Who::KnownNetwork { name: NameKey(name), .. } => (1, name),
            Who::Stranger { name: NameKey(name), .. } => (2, name),
            Who::Link => (2, 0),
        };
        [circle, wide, near, account]
    }

    /// The try was right: it counts for nothing, and the account's bucket for this network, or that of the device, session or link,
    /// is full again. Not the pool of strangers: that one of them knows the password must not let the others try.
    pub fn succeeded(mut self) {
        if let Some(buckets) = self.buckets.take() {
            let mut buckets = lock(&buckets);
            for (key, _) in keys(self.ip, self.who) {
                match key {
                    Key::Pair { .. } | Key::Device(_) | Key::Session(_) | Key::GoodLink(_) => {
                        buckets.full_at.remove(&key);
                    }
                    Key::Network { .. }
                    | Key::Pool(_)
                    | Key::DevicesOf(_)
                    | Key::SessionsOf(_)
                    | Key::StrangersAt(_) => {}
                }
            }
            buckets.end_flight(self.ip, self.who);
        }
    }

    /// What was tried was never checked: it counts for nothing, except in the pool of strangers, which it left when it began.
    pub fn not_tried(mut self) {
        if let Some(buckets) = self.buckets.take() {
            lock(&buckets).end_flight(self.ip, self.who);
        }
    }
}

impl Drop for Try {
    fn drop(&mut self) {
        if let Some(buckets) = &self.buckets {
            let mut buckets = lock(buckets);
            buckets.end_flight(self.ip, self.who);
            buckets.take_one(self.ip, self.who, millis(self.now));
        }
    }
}

/// Too many tries. Seconds until the next one is allowed, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Too many attempts. Try again in {0} seconds")]
pub struct Wait(pub i64);

/// A token bucket for wrong tries, and how many tries may be in flight at once, their end still unknown: several people, or
/// programs, may well sign in at the same moment.
#[derive(Clone, Copy)]
struct Limit {
    /// Size of the bucket.
    burst: i64,
    /// Milliseconds until the bucket holds one more try.
    refill_ms: i64,
    /// The most tries in flight.
    max_in_flight: u32,
}

const fn limit(burst: i64, every_seconds: i64, max_in_flight: u32) -> Limit {
    Limit { burst, refill_ms: every_seconds * 1000, max_in_flight }
}

const fn in_flight(max_in_flight: u32) -> Limit {
    Limit { burst: 1, refill_ms: 0, max_in_flight }
}

/// For one address (IPv4) or one household (IPv6 /64): 20 a minute, 200 an hour.
const NEAR: [Limit; 2] = [limit(20, 3, 50), limit(200, 18, 50)];
/// For the network around it (/24, /48): five times as many.
const WIDE: [Limit; 2] = [
    Limit { burst: 100, refill_ms: 600, max_in_flight: 250 },
    Limit { burst: 1000, refill_ms: 3600, max_in_flight: 250 },
];
/// For one network (/24, /64) and one account.
const PAIR: Limit = limit(5, 30, 10);
/// For a browser that the account knows, for a session, and for a good link.
const KNOWN: Limit = limit(10, 30, 10);
/// For all strangers together who try an account that is exhausted.
const POOL: Limit = limit(1, 15 * 60, 1);
/// For all known browsers of a user together, and for all their sessions: a right password costs a hash too, and whoever knows one may
/// have many of either.
const OF_USER: Limit = in_flight(10);
/// For all strangers at one account together.
const AT_ACCOUNT: Limit = in_flight(20);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// The first `bits` bits of an address. `nth`: which of the network's two limits.
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
    GoodLink(LinkKey),
    Pool(NameKey),
    DevicesOf(UserId),
    SessionsOf(UserId),
    StrangersAt(NameKey),
}

/// The most buckets that are kept: about 8 MB.
const MAX_BUCKETS: usize = 100_000;

/// For each key, when its bucket is full again, in milliseconds since the epoch, and how many of its tries are in flight.
#[derive(Default)]
struct Buckets {
    full_at: HashMap<Key, i64>,
    in_flight: HashMap<Key, u32>,
}

impl Buckets {
    fn full_at(&self, key: &Key, limit: Limit, now: i64) -> i64 {
        let full_at = self.full_at.get(key).copied().unwrap_or(now).max(now);
        // Further off than all tries that can be in flight would put it: the clock was set back. The bucket then counts as empty,
        // which makes nobody wait longer than for one try.
        let longest = (limit.burst + i64::from(limit.max_in_flight)) * limit.refill_ms;
        if full_at > now + longest { now + limit.burst * limit.refill_ms } else { full_at }
    }

    /// Milliseconds until the next try is allowed; 0 or less: now.
    fn wait(&self, key: &Key, limit: Limit, now: i64) -> i64 {
        let by_time = self.full_at(key, limit, now) + limit.refill_ms - now - limit.burst * limit.refill_ms;
        let too_many = self.in_flight.get(key).is_some_and(|count| *count >= limit.max_in_flight);
        if too_many { by_time.max(1000) } else { by_time }
    }

    fn end_flight(&mut self, ip: IpAddr, who: Who) {
        for (key, _) in keys(ip, who) {
            if let Some(count) = self.in_flight.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    self.in_flight.remove(&key);
                }
            }
        }
    }

    fn take_one(&mut self, ip: IpAddr, who: Who, now: i64) {
        for (key, limit) in keys(ip, who) {
            // The pool's try was taken out when it began, and where only what is in flight counts there is no bucket.
            if !matches!(key, Key::Pool(_)) && limit.refill_ms > 0 {
                let full_at = self.full_at(&key, limit, now) + limit.refill_ms;
                self.full_at.insert(key, full_at);
            }
        }
        if self.full_at.len() > MAX_BUCKETS {
            make_room(&mut self.full_at, now);
        }
    }
}

/// The buckets; `None`: nobody is ever slowed down.
pub struct Throttle(Option<Arc<Mutex<Buckets>>>);

impl Throttle {
    pub fn new(on: bool) -> Self {
        Self(on.then(Arc::default))
    }

    /// Begins a try, if none of its buckets is empty or has too many tries in flight.
    pub fn begin_try(&self, ip: IpAddr, who: Who, now: UnixTime) -> Result<Try, Wait> {
        let begun = |buckets| Try { who, ip, now, buckets };
        let Some(shared) = &self.0 else { return Ok(begun(None)) };
        let mut buckets = lock(shared);
        let now = millis(now);
        let longest = keys(ip, who).into_iter().map(|(key, limit)| buckets.wait(&key, limit, now)).max().unwrap_or(0);
        if longest > 0 {
            return Err(Wait((longest + 999) / 1000));
        }
        for (key, limit) in keys(ip, who) {
            *buckets.in_flight.entry(key).or_default() += 1;
            if let Key::Pool(_) = key {
                buckets.full_at.insert(key, now + limit.refill_ms);
            }
        }
        Ok(begun(Some(Arc::clone(shared))))
    }
}

/// Who has to wait before the next try.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slowed {
    /// How many accounts, as strangers see them: names that nobody bears count too.
    pub accounts: usize,
    /// Networks, as an address or with the number of their bits: `203.0.113.7`, `2001:db8::/64`.
    pub networks: Vec<String>,
}

impl Throttle {
    /// Who is slowed down at this moment. Looks through all buckets, of which there are at most a hundred thousand.
    pub fn slowed(&self, now: UnixTime) -> Slowed {
        let Some(buckets) = &self.0 else { return Slowed::default() };
        let (buckets, now) = (lock(buckets), millis(now));
        let (mut accounts, mut networks) = (HashSet::new(), BTreeSet::new());
        for (key, full_at) in &buckets.full_at {
            let waits = |limit| *full_at > now && buckets.wait(key, limit, now) > 0;
            match key {
                Key::Network { prefix, bits, nth } => {
                    let limits = if matches!(bits, 32 | 64) { NEAR } else { WIDE };
                    if limits.get(*nth).is_some_and(|limit| waits(*limit)) {
                        networks.insert((*bits, *prefix));
                    }
                }
                Key::Pair { name, .. } if waits(PAIR) => drop(accounts.insert(*name)),
                Key::Pool(name) if waits(POOL) => drop(accounts.insert(*name)),
                Key::Pair { .. }
                | Key::Pool(_)
                | Key::Device(_)
                | Key::Session(_)
                | Key::GoodLink(_)
                | Key::DevicesOf(_)
                | Key::SessionsOf(_)
                | Key::StrangersAt(_) => {}
            }
        }
        let networks = networks.into_iter().map(|(bits, prefix)| network_in_words(bits, prefix));
        Slowed { accounts: accounts.len(), networks: networks.collect() }
    }
}

/// The network with these first bits, as [`networks`] makes them.
fn network_in_words(bits: u8, prefix: u128) -> String {
    match bits {
        32 | 24 => {
            let address = u32::try_from(prefix << (32 - bits)).unwrap_or(u32::MAX);
            let ip = Ipv4Addr::from(address);
            if bits == 32 { ip.to_string() } else { format!("{ip}/{bits}") }
        }
        _ => format!("{}/{bits}", Ipv6Addr::from(prefix << (128 - bits))),
    }
}

fn lock(buckets: &Mutex<Buckets>) -> MutexGuard<'_, Buckets> {
    buckets.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(now: UnixTime) -> i64 {
    now.0.saturating_mul(1000)
}

/// Drops the buckets that are full again, which are as good as none. If there are still too many, also drops about a tenth of
/// them: those that will be full soonest.
fn make_room(buckets: &mut HashMap<Key, i64>, now: i64) {
    buckets.retain(|_, full_at| *full_at > now);
    if buckets.len() > MAX_BUCKETS {
        let mut moments: Vec<_> = buckets.values().copied().collect();
        let (_, tenth, _) = moments.select_nth_unstable(MAX_BUCKETS / 10);
        let tenth = *tenth;
        buckets.retain(|_, full_at| *full_at > tenth);
    }
}

/// All buckets that the try takes from. In a known network the try is spared only the pool of strangers. A known browser, a session and
/// a good link have only their own, or whoever shares a network with an attacker would be shut out together with them.
fn keys(ip: IpAddr, who: Who) -> Vec<(Key, Limit)> {
    let (near, wide) = networks(ip);
    let of_networks = [(near, NEAR), (wide, WIDE)].into_iter().flat_map(|((prefix, bits), limits)| {
        limits.into_iter().enumerate().map(move |(nth, limit)| (Key::Network { prefix, bits, nth }, limit))
    });
    let pair = |name| (Key::Pair { name, prefix: if ip.is_ipv4() { wide.0 } else { near.0 } }, PAIR);
    match who {
        Who::Device { user, id, .. } => vec![(Key::Device(id), KNOWN), (Key::DevicesOf(user), OF_USER)],
        Who::Session { user, sid } => vec![(Key::Session(sid), KNOWN), (Key::SessionsOf(user), OF_USER)],
        Who::GoodLink(link) => vec![(Key::GoodLink(link), KNOWN)],
        Who::Link => of_networks.collect(),
        Who::KnownNetwork { name, .. } => of_networks.chain([pair(name)]).collect(),
        Who::Stranger { name, exhausted } => {
            let pool = exhausted.then_some((Key::Pool(name), POOL));
            of_networks.chain([pair(name), (Key::StrangersAt(name), AT_ACCOUNT)]).chain(pool).collect()
        }
    }
}

/// The near and the wide network of an address, each as its first bits and how many they are.
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
        let Err(Wait(seconds)) = throttle.begin_try(ip("192.0.2.1"), ANA, NOW.plus(-86_400)) else {
            panic!("let through")
        };
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
    fn switched_off_it_lets_everybody_through() {
        let throttle = Throttle::new(false);
        assert_eq!(let_through(&throttle, ip("192.0.2.1"), ANA, NOW), 10_000);
    }
}
