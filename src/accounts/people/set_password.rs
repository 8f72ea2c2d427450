//! Putting another password in place of a user's: by the operator, and as the part that all acts on passwords share.

use std::sync::Arc;

use crate::accounts::authority::Operator;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::mails::letter::Letter;
use crate::accounts::mails::post::{Message, post};
use crate::accounts::sessions::end::end;
use crate::domain::{By, NewPassword, Reason, Username};
use crate::store::audit::event::{Event, What};
use crate::store::outbox::Kind;
use crate::store::session_ends::Which;
use crate::store::users::{self, User};
use crate::store::{self, Tx, links};

/// Sets a password without knowing the old one, and ends all of the user's sessions: returns how many. `None`: no such user. Hashes.
pub fn set_password(
    accounts: &Arc<Accounts>,
    operator: Operator,
    username: Username,
    password: &NewPassword,
) -> Pending<Option<usize>> {
    let hash = match accounts.passwords.hash(password) {
        Ok(hash) => hash,
        Err(error) => return Pending::known(Err(error.into())),
    };
    accounts.write(operator, move |tx, accounts, by| {
        let Some(user) = users::find_by_name(tx.conn, &username)? else { return Ok(None) };
        replace(tx, &user, &hash)?;
        let ended = end_all(tx, &user, &by)?;
        Event::new(What::PasswordChanged, &by).user(user.id).record(tx)?;
        if let Some(user) = users::find(tx.conn, user.id)? {
            password_changed(tx, accounts, &user, Letter::default())?;
        }
        tx.after_commit(move || {
            tracing::info!(event = "password_changed", user = %user.username, others_ended = ended);
        });
        Ok(Some(ended))
    })
}

/// Stores the new hash, unless the password was changed since `user` was read, and voids the user's links: whoever else may have one
/// gains nothing by it any more.
pub(in crate::accounts) fn replace(tx: &mut Tx<'_>, user: &User, hash: &str) -> Result<(), Error> {
    if !users::set_password(tx.conn, user.id, user.password_version, hash, tx.now)? {
        return Err(store::Error::NotTaken.into());
    }
    links::void(tx.conn, Some(user.id))?;
    Ok(())
}

/// Leaves word of it in the outbox. `user`: as they are after it. `letter`: where it came from.
pub(in crate::accounts) fn password_changed(
    tx: &mut Tx<'_>,
    accounts: &Accounts,
    user: &User,
    letter: Letter,
) -> Result<(), Error> {
    let act = format!("{}:{}", user.id, user.password_version);
    post(tx, accounts, user, Message { kind: Kind::PasswordChanged, act, letter })
}

/// Ends every session from before. Returns how many.
pub(in crate::accounts) fn end_all(tx: &mut Tx<'_>, user: &User, by: &By) -> Result<usize, Error> {
    let every = Which::OfUser { user: user.id, except: None };
    Ok(end(tx, every, Reason::PasswordChange, by)?.sessions.len())
}
