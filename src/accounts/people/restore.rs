//! Giving a deleted user their account back, with a link to choose a password. Nothing of before comes back with it: no password, no
//! session, no token and no right.

use std::sync::Arc;

use super::links::{MadeLink, make, post_link};
use crate::accounts::authority::Administrator;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::proof::secrets;
use crate::domain::UserId;
use crate::store::audit::event::{Event, What};
use crate::store::links::Purpose;
use crate::store::users;

pub enum Restored {
    Restored(MadeLink),
    NotDeleted,
    NoSuchUser,
}

pub fn restore(accounts: &Arc<Accounts>, by: impl Into<Administrator>, user: UserId) -> Pending<Restored> {
    let token = match secrets::random() {
        Ok(token) => token,
        Err(error) => return Pending::known(Err(error)),
    };
    accounts.write(by.into(), move |tx, accounts, actor| {
        let Some(user) = users::find(tx.conn, user)? else { return Ok(Restored::NoSuchUser) };
        if !users::restore(tx.conn, user.id, tx.now)? {
            return Ok(Restored::NotDeleted);
        }
        Event::new(What::UserRestored, &actor.by).user(user.id).record(tx)?;
        let link = make(tx, token, user.id, Purpose::NewPassword, &actor.by)?;
        post_link(tx, accounts, user.id, Purpose::NewPassword, &link, &actor.by)?;
        let (by, ip) = actor.for_log();
        tx.after_commit(move || tracing::info!(event = "user_restored", user = %user.username, by, ip));
        Ok(Restored::Restored(link))
    })
}
