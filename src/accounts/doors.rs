//! Who may try to get in, and how it went. A browser in which somebody has signed in before is known by a cookie: strangers can't shut
//! it out, however many they are.

use std::net::IpAddr;
use std::sync::Arc;

use uuid::Uuid;

use super::{Accounts, Error};
use crate::domain::{UnixTime, UserId, Username};
use crate::store::{self, Conn, sign_in_failures, users};
use crate::throttle::{NameKey, Pass, Wait, Who};

/// So many wrong passwords of strangers in a day, and the account is exhausted to them. (NIST SP 800-63B §5.2.2)
const CEILING: i64 = 100;
/// How long a browser is known after its last sign-in.
pub const KNOWN_FOR: i64 = 180 * 24 * 60 * 60;

/// May somebody try to sign in under this name? `devices`: what the browser's cookies say. The same for names that nobody bears.
pub fn knock(
    at: &Accounts,
    conn: &mut Conn,
    username: &str,
    devices: &[String],
    ip: IpAddr,
    now: UnixTime,
) -> Result<Result<Pass, Wait>, store::Error> {
    let parsed = Username::parse(username).ok();
    let name = at.name_key(&parsed.as_ref().map_or_else(|| username.to_owned(), Username::canonical));
    let user = match &parsed {
        Some(username) => users::find_by_name(conn, username)?,
        None => None,
    };
    let failures = sign_in_failures::count(conn, name, now)?;
    let known = user.as_ref().and_then(|user| at.device_of(devices, user.id, now));
    let who = match known {
        Some(device) => Who::Device(device),
        None => Who::Stranger { name, exhausted: failures >= CEILING },
    };
    Ok(at.throttle.attempt(ip, who, now))
}

/// It was the wrong password, or nobody's name. Nobody waits for the note.
pub fn note_stranger(at: &Accounts, pass: &Pass, now: UnixTime) {
    if let Who::Stranger { name, .. } = pass.who() {
        drop(at.db.submit::<_, Error>(move |tx| Ok(sign_in_failures::add(tx.conn, name, now)?)));
    }
}

/// A browser, as its cookie tells it.
struct Device {
    user: UserId,
    id: u128,
}

impl Accounts {
    fn name_key(&self, canonical: &str) -> NameKey {
        NameKey(self.mint_keys.uuid("name", canonical).as_u128())
    }

    /// What the cookie of a browser in which this user has just signed in says. `before`: what its cookies said until now; the same
    /// browser stays the same.
    pub fn device_cookie(&self, user: UserId, before: &[String], now: UnixTime) -> String {
        let id = self.device_of(before, user, now).map_or_else(Uuid::new_v4, Uuid::from_u128);
        let says = format!("{user}.{}.{}", id.simple(), now.0);
        format!("{says}.{}", self.mint_keys.uuid("device", &says).simple())
    }

    /// The browser, if one of these cookies says that this user has signed in there.
    fn device_of(&self, cookies: &[String], user: UserId, now: UnixTime) -> Option<u128> {
        let devices = cookies.iter().filter_map(|cookie| self.device(cookie, now));
        devices.filter(|device| device.user == user).map(|device| device.id).next()
    }

    fn device(&self, cookie: &str, now: UnixTime) -> Option<Device> {
        let (says, tag) = cookie.rsplit_once('.')?;
        let expected = self.mint_keys.uuid("device", says).simple().to_string();
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), tag.as_bytes()).ok()?;
        let mut parts = says.split('.');
        let user = UserId(parts.next()?.parse().ok()?);
        let id = Uuid::try_parse(parts.next()?).ok()?.as_u128();
        let since = now.since(UnixTime(parts.next()?.parse().ok()?));
        (0..=KNOWN_FOR).contains(&since).then_some(Device { user, id })
    }
}

/// Lets go of failures that no longer count.
pub(super) fn prune(at: &Arc<Accounts>, now: UnixTime) -> Result<usize, Error> {
    at.db.write(move |tx| Ok(sign_in_failures::prune(tx.conn, now)?))
}
