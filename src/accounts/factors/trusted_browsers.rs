//! Forgetting browsers in which the second factor is not asked for: from the next sign-in on it is again.

use std::sync::Arc;

use crate::accounts::authority::{Administrator, Mandate};
use crate::accounts::context::{Accounts, Pending};
use crate::domain::{By, Username};
use crate::store::audit::event::{Event, What};
use crate::store::{trusted_browsers, users};

/// Forgets one of one's own. `false`: there is no such one, or not any more.
pub fn forget(accounts: &Arc<Accounts>, mandate: Mandate, id: i64) -> Pending<bool> {
    accounts.write(mandate, move |tx, _, acting| {
        let user = acting.user;
        if !trusted_browsers::remove(tx.conn, user.id, id)? {
            return Ok(false);
        }
        Event::new(What::BrowserForgotten, &By::User(user.id)).user(user.id).record(tx)?;
        let name = user.username.clone();
        tx.after_commit(move || tracing::info!(event = "browser_forgotten", user = %name, by = %name));
        Ok(true)
    })
}

/// Forgets all of somebody's. Returns how many; `None`: there is no such user.
pub fn forget_all(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    username: Username,
) -> Pending<Option<usize>> {
    accounts.write(by.into(), move |tx, _, actor| {
        let Some(user) = users::find_by_name(tx.conn, &username)? else { return Ok(None) };
        let forgotten = trusted_browsers::remove_all(tx.conn, user.id)?;
        if forgotten > 0 {
            Event::new(What::BrowserForgotten, &actor.by).user(user.id).record(tx)?;
            let (by, ip) = actor.for_log();
            tx.after_commit(move || tracing::info!(event = "browser_forgotten", user = %user.username, by, ip));
        }
        Ok(Some(forgotten))
    })
}
