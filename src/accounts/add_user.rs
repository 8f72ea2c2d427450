//! Adding a user, and setting a password from the command line.

use std::sync::Arc;

use super::end_session::{End, Which, end};
use super::{Accounts, By, Error};
use crate::domain::{NewPassword, Reason, Role, UnixTime, Username};
use crate::store::audit::{self, What};
use crate::store::links;
use crate::store::users::{self, NewUser};

#[derive(Debug, PartialEq, Eq)]
pub enum Added {
    Added,
    NameTaken,
}

/// Hashes.
pub fn add_user(
    at: &Arc<Accounts>,
    username: Username,
    password: &NewPassword,
    role: Role,
    by: By,
    now: UnixTime,
) -> Result<Added, Error> {
    let hash = at.passwords.hash(password)?;
    at.db.write(move |tx| {
        let user = NewUser { username: &username, password_hash: Some(&hash), role, now };
        let Some(id) = users::add(tx.conn, &user)? else { return Ok(Added::NameTaken) };
        let event = audit::Event {
            at: now,
            what: What::UserAdded,
            user: Some(id),
            by,
            sid: None,
            ip: None,
            details: Some(role.as_str()),
        };
        audit::add(tx.conn, &event)?;
        tx.after_commit(move || tracing::info!(event = "user_added", user = %username, role = role.as_str()));
        Ok(Added::Added)
    })
}

/// Sets a password without knowing the old one, and ends all of the user's sessions: returns how many. `None`: no such user.
/// Hashes.
pub fn set_password(
    at: &Arc<Accounts>,
    username: Username,
    password: &NewPassword,
    by: By,
    now: UnixTime,
) -> Result<Option<usize>, Error> {
    let hash = at.passwords.hash(password)?;
    let acts = Arc::clone(at);
    at.db.write(move |tx| {
        let Some(user) = users::find_by_name(tx.conn, &username)? else { return Ok(None) };
        if !users::set_password(tx.conn, user.id, user.password_version, &hash, now)? {
            return Err(crate::store::Error::NotTaken.into());
        }
        links::void(tx.conn, Some(user.id))?;
        let every = Which::OfUser { user: user.id, except: None };
        let ended = end(tx, &acts, every, End { at: now, reason: Reason::PasswordChange, by })?.sessions.len();
        let event = audit::Event {
            at: now,
            what: What::PasswordChanged,
            user: Some(user.id),
            by,
            sid: None,
            ip: None,
            details: None,
        };
        audit::add(tx.conn, &event)?;
        tx.after_commit(move || {
            tracing::info!(event = "password_changed", user = %user.username, others_ended = ended);
        });
        Ok(Some(ended))
    })
}
