//! Who tries to sign in, as the throttle asks before anything is hashed. A browser in which the account has signed in before is known
//! by a cookie: strangers can't shut it out, however many they are.

use std::sync::Arc;

use uuid::Uuid;

use crate::accounts::context::Accounts;
use crate::domain::{UnixTime, UserId, Username};
use crate::store::{self, Conn, Upkeep, sign_in_failures, users};
use crate::throttle::{Try, Who};

/// After so many wrong passwords by strangers within a day, strangers hardly get a try any more. (NIST SP 800-63B §5.2.2)
const CEILING: i64 = 100;
/// For how many seconds a browser is known after its last sign-in.
pub const KNOWN_FOR: i64 = 180 * 24 * 60 * 60;

/// Who tries to sign in under this name. `devices`: the values of the browser's device cookies. Names that nobody bears are treated
/// alike.
pub fn who_tries(
    accounts: &Accounts,
    conn: &mut Conn,
    username: &str,
    devices: &[String],
    now: UnixTime,
) -> Result<Who, store::Error> {
    let parsed = Username::parse(username).ok();
    let canonical = parsed.as_ref().map_or_else(|| username.to_owned(), Username::canonical);
    let name = accounts.keyed_ids.name(&canonical);
    let user = match &parsed {
        Some(username) => users::find_by_name(conn, username)?,
        None => None,
    };
    let failures = sign_in_failures::count(conn, name, now)?;
    let known = user.as_ref().and_then(|user| known_device(accounts, devices, user.id, now));
    Ok(match known {
        Some(device) => Who::Device(device),
        None => Who::Stranger { name, exhausted: failures >= CEILING },
    })
}

/// Counts a stranger's wrong password, or a try at nobody's name. Nobody waits for it.
pub fn note_stranger(accounts: &Arc<Accounts>, tried: &Try) {
    if let Who::Stranger { name, .. } = tried.who() {
        drop(accounts.write(Upkeep, move |tx, _, _| Ok(sign_in_failures::add(tx.conn, name, tx.now)?)));
    }
}

/// What a device cookie says.
struct Device {
    user: UserId,
    id: u128,
}

/// The device cookie for a browser in which this user has just signed in. `before`: the values its device cookies had until now, so
/// that the same browser stays the same.
pub fn device_cookie(accounts: &Accounts, user: UserId, before: &[String], now: UnixTime) -> String {
    let id = known_device(accounts, before, user, now).map_or_else(Uuid::new_v4, Uuid::from_u128);
    let says = format!("{user}.{}.{}", id.simple(), now.0);
    format!("{says}.{}", accounts.keyed_ids.device_tag(&says))
}

/// The browser's id, if one of these cookies says that this user has signed in there.
fn known_device(accounts: &Accounts, cookies: &[String], user: UserId, now: UnixTime) -> Option<u128> {
    let devices = cookies.iter().filter_map(|cookie| read_device(accounts, cookie, now));
    devices.filter(|device| device.user == user).map(|device| device.id).next()
}

fn read_device(accounts: &Accounts, cookie: &str, now: UnixTime) -> Option<Device> {
    let (says, tag) = cookie.rsplit_once('.')?;
    let expected = accounts.keyed_ids.device_tag(says);
    aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), tag.as_bytes()).ok()?;
    let mut parts = says.split('.');
    let user = UserId(parts.next()?.parse().ok()?);
    let id = Uuid::try_parse(parts.next()?).ok()?.as_u128();
    let since = now.since(UnixTime(parts.next()?.parse().ok()?));
    (0..=KNOWN_FOR).contains(&since).then_some(Device { user, id })
}
