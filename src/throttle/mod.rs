//! How often somebody may try a password or a one-time link: by network, by account and network, by device, by session. Kept in
//! memory, and bounded; what has to outlive a restart is counted in the database (`store::sign_in_failures`). Several nodes tell each other
//! what they have counted, or each of them would allow as many tries as one alone.
//!
//! Each limit is a bucket of tries that fills up again with time (GCRA), so one moment per key says all of it. Not a library: the
//! existing ones keep a key for ever, or know only tries and not how they ended ([`Try::succeeded`]).

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
            if buckets.fill_up(self.ip, self.who) {
                buckets.note_for_others(Counted { ip: self.ip, who: self.who.into(), at: self.now.0, how: How::Right });
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
            buckets.note_for_others(Counted { ip: self.ip, who: self.who.into(), at: self.now.0, how: How::Wrong });
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

/// The most tries that wait until other nodes are told of them. More than one node can hash passwords for in the meantime.
const MAX_UNTOLD: usize = 10_000;

/// For each key, when its bucket is full again, in milliseconds since the epoch, and how many of its tries are in flight.
#[derive(Default)]
struct Buckets {
    full_at: HashMap<Key, i64>,
    in_flight: HashMap<Key, u32>,
    /// What other nodes are to be told of. `None`: there are none.
    untold: Option<Vec<Counted>>,
}

/// A try that was counted, as nodes tell each other of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Counted {
    ip: IpAddr,
    who: TriedBy,
    at: i64,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum How {
    Wrong,
    Right,
    /// A stranger's at an exhausted account, which counts as soon as it begins.
    OfPool,
}

/// [`Who`], as nodes tell each other of it: the keys as ids, because JSON has no such large numbers.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TriedBy {
    Link,
    GoodLink(Uuid),
    Stranger(Uuid, bool),
    KnownNetwork(Uuid, Uuid),
    Device(i64, Uuid, Uuid),
    Session(i64, SessionId),
}

impl From<Who> for TriedBy {
    fn from(who: Who) -> Self {
        let id = |NameKey(key)| Uuid::from_u128(key);
        match who {
            Who::Link => Self::Link,
            Who::GoodLink(LinkKey(key)) => Self::GoodLink(Uuid::from_u128(key)),
            Who::Stranger { name, exhausted } => Self::Stranger(id(name), exhausted),
            Who::KnownNetwork { name, counts_as } => Self::KnownNetwork(id(name), id(counts_as)),
            Who::Device { user, id: device, counts_as } => Self::Device(user.0, Uuid::from_u128(device), id(counts_as)),
            Who::Session { user, sid } => Self::Session(user.0, sid),
        }
    }
}

impl From<TriedBy> for Who {
    fn from(by: TriedBy) -> Self {
        let key = |id: Uuid| NameKey(id.as_u128());
        match by {
            TriedBy::Link => Self::Link,
            TriedBy::GoodLink(id) => Self::GoodLink(LinkKey(id.as_u128())),
            TriedBy::Stranger(name, exhausted) => Self::Stranger { name: key(name), exhausted },
            TriedBy::KnownNetwork(name, counts_as) => Self::KnownNetwork { name: key(name), counts_as: key(counts_as) },
            TriedBy::Device(user, id, counts_as) => {
                Self::Device { user: UserId(user), id: id.as_u128(), counts_as: key(counts_as) }
            }
            TriedBy::Session(user, sid) => Self::Session { user: UserId(user), sid },
        }
    }
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

    /// Fills the buckets that who was right starts anew with. `false`: they were full.
    fn fill_up(&mut self, ip: IpAddr, who: Who) -> bool {
        let mut was_empty = false;
        for (key, _) in keys(ip, who) {
            match key {
                Key::Pair { .. } | Key::Device(_) | Key::Session(_) | Key::GoodLink(_) => {
                    was_empty |= self.full_at.remove(&key).is_some();
                }
                Key::Network { .. } | Key::Pool(_) | Key::DevicesOf(_) | Key::SessionsOf(_) | Key::StrangersAt(_) => {}
            }
        }
        was_empty
    }

    fn note_for_others(&mut self, counted: Counted) {
        if let Some(untold) = self.untold.as_mut().filter(|untold| untold.len() < MAX_UNTOLD) {
            untold.push(counted);
        }
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
                // With more debt than tries can be in flight for, it would look as if the clock had been set back.
                let most = now + (limit.burst + i64::from(limit.max_in_flight)) * limit.refill_ms;
                let full_at = (self.full_at(&key, limit, now) + limit.refill_ms).min(most);
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
                buckets.note_for_others(Counted { ip, who: who.into(), at: now / 1000, how: How::OfPool });
            }
        }
        Ok(begun(Some(Arc::clone(shared))))
    }
}

impl Throttle {
    /// For one of several nodes: from now on what is counted here is [to be told](Self::untold) to the others.
    pub fn tell_others(&self) {
        if let Some(buckets) = &self.0 {
            lock(buckets).untold = Some(Vec::new());
        }
    }

    /// What was counted here since this was asked last, as text for [`count_others`](Self::count_others) on other nodes.
    pub fn untold(&self) -> Option<String> {
        let mut buckets = lock(self.0.as_ref()?);
        let untold = std::mem::take(buckets.untold.as_mut().filter(|untold| !untold.is_empty())?);
        drop(buckets);
        serde_json::to_string(&untold).ok()
    }

    /// Counts what another node has counted. What this version does not understand counts only there.
    pub fn count_others(&self, told: &str) {
        let (Some(buckets), Ok(all)) = (&self.0, serde_json::from_str::<Vec<Counted>>(told)) else { return };
        let mut buckets = lock(buckets);
        for Counted { ip, who, at, how } in all {
            let (who, now) = (who.into(), millis(UnixTime(at)));
            match how {
                How::Wrong => buckets.take_one(ip, who, now),
                How::Right => drop(buckets.fill_up(ip, who)),
                How::OfPool => {
                    for (key, limit) in keys(ip, who) {
                        if let Key::Pool(_) = key {
                            buckets.full_at.insert(key, now + limit.refill_ms);
                        }
                    }
                }
            }
        }
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
mod tests;
