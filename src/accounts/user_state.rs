//! Disabling, enabling, and changing what a user may do.

use std::sync::Arc;

use super::end_session::{End, Which, end};
use super::{Accounts, By, Error};
use crate::domain::{Reason, Role, UnixTime, Username};
use crate::store::Tx;
use crate::store::audit::{self, What};
use crate::store::users::{self, User};

#[derive(Debug, PartialEq, Eq)]
pub enum StateChange {
    /// `sessions_ended`: how many the change ended.
    Done {
        sessions_ended: usize,
    },
    /// It was so already.
    NoChange,
    NoSuchUser,
    /// Somebody has to be left who can let people in.
    LastAdmin,
}

/// The user can't sign in any more, and every session ends at once.
pub fn disable(at: &Arc<Accounts>, username: Username, by: By, now: UnixTime) -> Result<StateChange, Error> {
    let acts = Arc::clone(at);
    at.db.write(move |tx| {
        let Some(user) = users::find_by_name(tx.conn, &username)? else { return Ok(StateChange::NoSuchUser) };
        if user.disabled_at.is_none() && is_last_admin(tx, &user)? {
            return Ok(StateChange::LastAdmin);
        }
        if !users::disable(tx.conn, user.id, now)? {
            return Ok(StateChange::NoChange);
        }
        let sessions_ended = end(
            tx,
            &acts,
            Which::OfUser { user: user.id, except: None },
            End { at: now, reason: Reason::Disabled, by },
        )?;
        let sessions_ended = sessions_ended.sessions.len();
        note(tx, &user, What::UserDisabled, by, None, now)?;
        let memory = Arc::clone(&acts);
        tx.after_commit(move || {
            tracing::info!(event = "user_disabled", user = %user.username, sessions_ended);
            memory.blocklist.forget(user.id);
        });
        Ok(StateChange::Done { sessions_ended })
    })
}

pub fn enable(at: &Arc<Accounts>, username: Username, by: By, now: UnixTime) -> Result<StateChange, Error> {
    at.db.write(move |tx| {
        let Some(user) = users::find_by_name(tx.conn, &username)? else { return Ok(StateChange::NoSuchUser) };
        if !users::enable(tx.conn, user.id)? {
            return Ok(StateChange::NoChange);
        }
        note(tx, &user, What::UserEnabled, by, None, now)?;
        tx.after_commit(move || tracing::info!(event = "user_enabled", user = %user.username));
        Ok(StateChange::Done { sessions_ended: 0 })
    })
}

/// Bites on the next request: the role stands in no token.
pub fn set_role(
    at: &Arc<Accounts>,
    username: Username,
    role: Role,
    by: By,
    now: UnixTime,
) -> Result<StateChange, Error> {
    let acts = Arc::clone(at);
    at.db.write(move |tx| {
        let Some(mut user) = users::find_by_name(tx.conn, &username)? else { return Ok(StateChange::NoSuchUser) };
        if role == Role::User && user.disabled_at.is_none() && is_last_admin(tx, &user)? {
            return Ok(StateChange::LastAdmin);
        }
        if !users::set_role(tx.conn, user.id, role)? {
            return Ok(StateChange::NoChange);
        }
        note(tx, &user, What::RoleChanged, by, Some(role.as_str()), now)?;
        user.role = role;
        let memory = Arc::clone(&acts);
        tx.after_commit(move || {
            tracing::info!(event = "role_changed", user = %user.username, role = role.as_str());
            // Only who has an open session is kept in memory.
            if memory.blocklist.standing(user.id).is_some() {
                memory.blocklist.remember(memory.standing(&user));
            }
        });
        Ok(StateChange::Done { sessions_ended: 0 })
    })
}

fn is_last_admin(tx: &mut Tx<'_>, user: &User) -> Result<bool, Error> {
    Ok(user.role == Role::Admin && users::enabled_admins(tx.conn)? <= 1)
}

fn note(tx: &mut Tx<'_>, user: &User, what: What, by: By, details: Option<&str>, now: UnixTime) -> Result<(), Error> {
    let event = audit::Event { at: now, what, user: Some(user.id), by, sid: None, ip: None, details };
    Ok(audit::add(tx.conn, &event)?)
}
