//! Adding a user together with a password: the operator's way. (Everybody else invites: [`links`](super::links).)

use std::sync::Arc;

use crate::accounts::authority::Operator;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::domain::{By, Mail, NewPassword, Role, UserId, Username};
use crate::store::Tx;
use crate::store::audit::event::{Details, Event, What};
use crate::store::names::{self, Taken};
use crate::store::user_details::{self, NewDetails};
use crate::store::users::{self, NewUser};

#[derive(Debug, PartialEq, Eq)]
pub enum Added {
    Added,
    NameTaken(Taken),
    /// This user has the address.
    MailTaken(Username),
}

/// `mail`: their address, which nobody knows to be theirs. Hashes.
pub fn add_user(
    accounts: &Arc<Accounts>,
    operator: Operator,
    username: Username,
    password: &NewPassword,
    role: Role,
    mail: Option<Mail>,
) -> Pending<Added> {
    let hash = match accounts.passwords.hash(password) {
        Ok(hash) => hash,
        Err(error) => return Pending::known(Err(error.into())),
    };
    accounts.write(operator, move |tx, _, by| {
        if let Some(mail) = &mail
            && let Some(other) = users::with_mail(tx.conn, mail)?
        {
            return Ok(Added::MailTaken(other.username));
        }
        let user = match add(tx, &username, Some(&hash), role, |_| by)? {
            Ok(user) => user,
            Err(taken) => return Ok(Added::NameTaken(taken)),
        };
        if mail.is_some() {
            user_details::set_details(tx.conn, user, &NewDetails { mail, ..NewDetails::default() })?;
        }
        tx.after_commit(move || tracing::info!(event = "user_added", user = %username, role = role.as_str()));
        Ok(Added::Added)
    })
}

/// Inside a transaction. `by`: who did it, who may be the new user themselves.
pub(in crate::accounts) fn add(
    tx: &mut Tx<'_>,
    username: &Username,
    password_hash: Option<&str>,
    role: Role,
    by: impl FnOnce(UserId) -> By,
) -> Result<Result<UserId, Taken>, Error> {
    if let Some(taken) = names::taken(tx.conn, username, None)? {
        return Ok(Err(taken));
    }
    let user = NewUser { username, password_hash, role, now: tx.now };
    let Some(id) = users::add(tx.conn, &user)? else { return Ok(Err(Taken::InUse)) };
    Event::new(What::UserAdded, &by(id)).user(id).details(Details::Role(role)).record(tx)?;
    Ok(Ok(id))
}
