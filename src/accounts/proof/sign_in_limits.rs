//! Who tries to sign in, as the throttle asks before anything is hashed. A browser in which the account has signed in before is known
//! by a cookie: strangers can't shut it out, however many they are. Programs and new browsers have none; they are known by the network, if
//! the account was signed in to from there lately. Both go with the password: once that was changed, neither says anything.

use std::sync::Arc;

use uuid::Uuid;

use crate::accounts::context::Accounts;
use crate::accounts::same_place::network_of;
use crate::domain::{NameKey, UnixTime, UserId, Username};
use crate::store::users::{self, User};
use crate::store::{self, Conn, Upkeep, known_networks, sign_in_failures};
use crate::throttle::{Try, Who};

/// After so many wrong passwords by strangers within a day, strangers hardly get a try any more. After as many by known browsers, or
/// from one known network, these are strangers. (NIST SP 800-63B §5.2.2)
const CEILING: i64 = 100;
/// For how many seconds a browser is known after its last sign-in.
pub const KNOWN_FOR: i64 = 180 * 24 * 60 * 60;

/// Who tries to sign in under this name. `devices`: the values of the browser's device cookies. `ip`: where the request comes from.
/// Names that nobody bears are treated alike.
pub fn who_tries(
    accounts: &Accounts,
    conn: &mut Conn,
    username: &str,
    devices: &[String],
    ip: &str,
    now: UnixTime,
) -> Result<Who, store::Error> {
    let parsed = Username::parse(username).ok();
    let canonical = canonical(username, parsed.as_ref());
    let name = accounts.keyed_ids.name(&canonical);
    let user = match &parsed {
        Some(username) => users::find_by_name(conn, username)?,
        None => None,
    };
    let exhausted = |conn: &mut Conn, key| Ok::<_, store::Error>(sign_in_failures::count(conn, key, now)? >= CEILING);
    let account = user.as_ref().map_or(NOBODY, Account::of);
    // For a name that nobody bears, too, so that it takes as long.
    let known = known_device(accounts, devices, account, now);
    let all_devices = accounts.keyed_ids.devices_of(&canonical);
    let network = network_of(ip).map(|network| network.to_string()).unwrap_or_default();
    let this_network = accounts.keyed_ids.network_of(&canonical, &network);
    // Looked at in any case, so that it takes as long for a name that nobody bears.
    let devices_exhausted = exhausted(conn, all_devices)?;
    let strangers_exhausted = exhausted(conn, name)?;
    let network_exhausted = exhausted(conn, this_network)?;
    let network_is_known = known_networks::is_known(conn, account.user, &network, account.password_version, now)?;
    Ok(match known {
        Some(id) if !devices_exhausted => Who::Device { user: account.user, id, counts_as: all_devices },
        Some(_) | None if network_is_known && !network_exhausted => Who::KnownNetwork { name, counts_as: this_network },
        Some(_) | None => Who::Stranger { name, exhausted: strangers_exhausted },
    })
}

/// What stands for a name as it was typed, whether or not anybody bears it.
pub fn name_key(accounts: &Accounts, username: &str) -> NameKey {
    accounts.keyed_ids.name(&canonical(username, Username::parse(username).ok().as_ref()))
}

fn canonical(typed: &str, parsed: Option<&Username>) -> String {
    parsed.map_or_else(|| typed.to_owned(), Username::canonical)
}

/// Counts a wrong password that has to outlive a restart, or a try at nobody's name. Nobody waits for it.
pub fn note_wrong(accounts: &Arc<Accounts>, tried: &Try) {
    let counts_as = match tried.who() {
        Who::Stranger { name, .. } => name,
        Who::Device { counts_as, .. } | Who::KnownNetwork { counts_as, .. } => counts_as,
        Who::Link | Who::GoodLink(_) | Who::Session { .. } => return,
    };
    drop(accounts.write(Upkeep, move |tx, _, _| Ok(sign_in_failures::add(tx.conn, counts_as, tx.now)?)));
}

/// Longer than any device cookie of Portero's, which has at most some 130 bytes. What is longer is not worth a keyed hash.
const LONGEST_COOKIE: usize = 160;

/// Has no row anywhere.
const NOBODY: Account = Account { user: UserId(0), password_version: 0, factors: None };

/// Whose browser a device cookie makes known, and as long as which password is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    pub user: UserId,
    pub password_version: i64,
    /// The version of their second factors. `None`: they have none.
    pub factors: Option<i64>,
}

impl Account {
    pub fn of(user: &User) -> Self {
        let factors = (user.factors > 0).then_some(user.factors_version);
        Self { user: user.id, password_version: user.password_version, factors }
    }
}

/// The device cookie for a browser in which somebody has just signed in to this account. `id`: the browser's, if the sign-in has given it
/// one. `before`: the values its device cookies had until now, so that the same browser stays the same.
pub fn device_cookie(
    accounts: &Accounts,
    account: Account,
    id: Option<Uuid>,
    before: &[String],
    now: UnixTime,
) -> String {
    let known = || known_device(accounts, before, account, now).map(Uuid::from_u128);
    let id = id.or_else(known).unwrap_or_else(Uuid::new_v4);
    let says = format!("{}.{}.{}", account.user, id.simple(), now.0);
    let tag = accounts.keyed_ids.device_tag(&says, account.password_version);
    match account.factors {
        // Whoever has signed in has given one of them, too.
        Some(factors) => format!("{says}.{tag}.{}", accounts.keyed_ids.factor_tag(&says, factors)),
        None => format!("{says}.{tag}"),
    }
}

/// Whether one of a browser's device cookies says that this user has signed in there under this password and these second factors.
pub(in crate::accounts) fn knows_factors(
    accounts: &Accounts,
    cookies: &[String],
    account: Account,
    now: UnixTime,
) -> bool {
    devices_under_factors(accounts, cookies, account, now).next().is_some()
}

/// How many passwords back a browser is still known as one in which the person has signed in.
const EARLIER_PASSWORDS: i64 = 5;

/// Whether one of a browser's device cookies says that this user has signed in there, under this password or one not long before it. That
/// gives no right; it is for telling people of new browsers.
pub(in crate::accounts) fn knows_browser(accounts: &Accounts, cookies: &[String], user: &User, now: UnixTime) -> bool {
    let newest = user.password_version;
    (newest.saturating_sub(EARLIER_PASSWORDS)..=newest).rev().any(|password_version| {
        let account = Account { password_version, ..Account::of(user) };
        known_device(accounts, cookies, account, now).is_some()
    })
}

/// The ids of the browser by those of its device cookies that say so.
pub fn devices_under_factors(
    accounts: &Accounts,
    cookies: &[String],
    account: Account,
    now: UnixTime,
) -> impl Iterator<Item = Uuid> {
    let devices = cookies.iter().filter_map(move |cookie| read_device(accounts, cookie, account, now));
    devices.filter(|device| device.knows_factors).map(|device| Uuid::from_u128(device.id))
}

/// The browser's id, if one of these cookies says that this user has signed in there while the password was this one.
fn known_device(accounts: &Accounts, cookies: &[String], account: Account, now: UnixTime) -> Option<u128> {
    cookies.iter().find_map(|cookie| read_device(accounts, cookie, account, now)).map(|device| device.id)
}

/// What a device cookie that holds says.
struct Device {
    id: u128,
    /// Whether the sign-in there gave one of the second factors that the account has now.
    knows_factors: bool,
}

fn read_device(accounts: &Accounts, cookie: &str, account: Account, now: UnixTime) -> Option<Device> {
    if cookie.len() > LONGEST_COOKIE {
        return None;
    }
    let parts: Vec<&str> = cookie.split('.').collect();
    let (user, id, since, tag, factor_tag) = match parts[..] {
        [user, id, since, tag] => (user, id, since, tag, None),
        [user, id, since, tag, factor_tag] => (user, id, since, tag, Some(factor_tag)),
        _ => return None,
    };
    let says = format!("{user}.{id}.{since}");
    let is_ours = |tag: &str, expected: String| {
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), tag.as_bytes()).is_ok()
    };
    if !is_ours(tag, accounts.keyed_ids.device_tag(&says, account.password_version)) {
        return None;
    }
    let knows_factors = match (factor_tag, account.factors) {
        (Some(tag), Some(factors)) => is_ours(tag, accounts.keyed_ids.factor_tag(&says, factors)),
        _ => false,
    };
    let since = now.since(UnixTime(since.parse().ok()?));
    let is_theirs = UserId(user.parse().ok()?) == account.user && (0..=KNOWN_FOR).contains(&since);
    is_theirs.then_some(Device { id: Uuid::try_parse(id).ok()?.as_u128(), knows_factors })
}
