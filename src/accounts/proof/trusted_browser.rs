//! A browser that stands in for the second factor at a sign-in, because it was given there not long ago and its person wanted that. It
//! proves nothing by itself: the password is asked for all the same, and what a session is worth by it is level one.

use uuid::Uuid;

use super::sign_in_limits::{Account, devices_under_factors};
use crate::accounts::context::{Accounts, Error};
use crate::domain::By;
use crate::store::audit::event::{Event, What};
use crate::store::sessions::Session;
use crate::store::users::User;
use crate::store::{Tx, trusted_browsers};

/// That a sign-in comes from a browser which the account trusts. Made only here.
pub(in crate::accounts) struct TrustedBrowser {
    id: i64,
}

/// The one that this sign-in of the user comes from. `devices`: the values of the browser's device cookies.
pub(in crate::accounts) fn find(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    user: &User,
    devices: &[String],
) -> Result<Option<TrustedBrowser>, Error> {
    let since = tx.now.plus(-accounts.config.second_factor_remember);
    for device in devices_under_factors(accounts, devices, Account::of(user), tx.now) {
        if let Some(found) = trusted_browsers::find(tx.conn, user, device, since, tx.now)? {
            return Ok(Some(TrustedBrowser { id: found.id }));
        }
    }
    Ok(None)
}

impl TrustedBrowser {
    /// Notes that this session has begun there.
    pub(in crate::accounts) fn note_use(&self, tx: &mut Tx<'_>, session: &Session) -> Result<(), Error> {
        Ok(trusted_browsers::note_use(tx.conn, self.id, session)?)
    }
}

/// Trusts the browser in which the user has just begun this session by all that their account asks for. Returns the id that its device
/// cookie has to have: a new one, so that no copy of an older cookie is trusted with it. `None`: the settings trust no browser.
pub(in crate::accounts) fn trust(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    user: &User,
    session: &Session,
) -> Result<Option<Uuid>, Error> {
    let life = accounts.config.second_factor_remember;
    if life == 0 {
        return Ok(None);
    }
    let device = Uuid::new_v4();
    trusted_browsers::add(tx.conn, user, device, session, tx.now.plus(life))?;
    Event::new(What::BrowserTrusted, &By::User(user.id)).user(user.id).session(session.sid).record(tx)?;
    let (name, sid, ip) = (user.username.clone(), session.sid.short(), session.ip.clone());
    tx.after_commit(move || tracing::info!(event = "browser_trusted", user = %name, session = sid, ip));
    Ok(Some(device))
}
