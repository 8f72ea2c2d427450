//! Disabling, enabling, and changing what a user may do.

use std::sync::Arc;

use super::end_session::{End, Which, end};
use super::{Accounts, By, Error};
use crate::domain::{Reason, Role, UnixTime, Username};
use crate::store::Tx;
use crate::store::audit::{self, What};
use crate::store::links;
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
    at.db.write(move |tx| disable_in(tx, &acts, &username, by, now))
}

/// Disables the user if their date has come, which somebody may have taken back meanwhile.
pub(super) fn disable_if_due(
    tx: &mut Tx<'_>,
    at: &Arc<Accounts>,
    username: &Username,
    now: UnixTime,
) -> Result<StateChange, Error> {
    let user = users::find_by_name(tx.conn, username)?;
    let is_due = user.is_none_or(|user| user.disable_at.is_some_and(|date| date <= now));
    if is_due { disable_in(tx, at, username, None, now) } else { Ok(StateChange::NoChange) }
}

/// The same inside a transaction.
fn disable_in(
    tx: &mut Tx<'_>,
    at: &Arc<Accounts>,
    username: &Username,
    by: By,
    now: UnixTime,
) -> Result<StateChange, Error> {
    let Some(user) = users::find_by_name(tx.conn, username)? else { return Ok(StateChange::NoSuchUser) };
    if user.disabled_at.is_none() && is_last_admin(tx, &user)? {
        return Ok(StateChange::LastAdmin);
    }
    if !users::disable(tx.conn, user.id, now)? {
        return Ok(StateChange::NoChange);
    }
    let every = Which::OfUser { user: user.id, except: None };
    let sessions_ended = end(tx, at, every, End { at: now, reason: Reason::Disabled, by })?.sessions.len();
    links::void(tx.conn, Some(user.id))?;
    note(tx, &user, What::UserDisabled, by, None, now)?;
    let memory = Arc::clone(at);
    tx.after_commit(move || {
        tracing::info!(event = "user_disabled", user = %user.username, sessions_ended);
        memory.blocklist.forget(&memory.standing(&user).subject);
    });
    Ok(StateChange::Done { sessions_ended })
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
            memory.refresh_standing(&user);
        });
        Ok(StateChange::Done { sessions_ended: 0 })
    })
}

/// From `date` on the user can't sign in, and every session is over; `None` takes a date back.
pub fn schedule_disable(
    at: &Arc<Accounts>,
    username: Username,
    date: Option<UnixTime>,
    by: By,
    now: UnixTime,
) -> Result<StateChange, Error> {
    let acts = Arc::clone(at);
    at.db.write(move |tx| {
        let Some(mut user) = users::find_by_name(tx.conn, &username)? else { return Ok(StateChange::NoSuchUser) };
        if date.is_some() && user.disabled_at.is_none() && is_last_admin(tx, &user)? {
            return Ok(StateChange::LastAdmin);
        }
        if user.disable_at == date || user.disabled_at.is_some() {
            return Ok(StateChange::NoChange);
        }
        users::set_disable_at(tx.conn, user.id, date)?;
        let details = date.map_or_else(|| "none".to_owned(), |date| date.0.to_string());
        note(tx, &user, What::DisableScheduled, by, Some(&details), now)?;
        user.disable_at = date;
        let memory = Arc::clone(&acts);
        tx.after_commit(move || {
            tracing::info!(event = "disable_scheduled", user = %user.username, date = details);
            memory.refresh_standing(&user);
        });
        Ok(StateChange::Done { sessions_ended: 0 })
    })
}

/// Disables those whose date has come. Returns how many. The last admin stays: nobody could let people in any more.
pub fn disable_due(at: &Arc<Accounts>, now: UnixTime) -> Result<usize, Error> {
    let mut count = 0;
    for user in at.db.read(|conn| users::due_to_be_disabled(conn, now))? {
        let (acts, username) = (Arc::clone(at), user.username.clone());
        match at.db.write(move |tx| disable_if_due(tx, &acts, &username, now))? {
            StateChange::Done { .. } => count += 1,
            StateChange::LastAdmin => {
                tracing::warn!(event = "last_admin_stays", user = %user.username, "the date to disable the last admin was taken back");
                schedule_disable(at, user.username, None, None, now)?;
            }
            StateChange::NoChange | StateChange::NoSuchUser => {}
        }
    }
    Ok(count)
}

/// The account is gone and its sessions with it; the name stays taken, so that nobody can be mistaken for who had it.
pub fn delete_user(at: &Arc<Accounts>, username: Username, by: By, now: UnixTime) -> Result<StateChange, Error> {
    let acts = Arc::clone(at);
    at.db.write(move |tx| {
        let Some(user) = users::find_by_name(tx.conn, &username)? else { return Ok(StateChange::NoSuchUser) };
        if user.disabled_at.is_none() && is_last_admin(tx, &user)? {
            return Ok(StateChange::LastAdmin);
        }
        let every = Which::OfUser { user: user.id, except: None };
        let ended = end(tx, &acts, every, End { at: now, reason: Reason::Disabled, by })?;
        let sessions_ended = ended.sessions.len();
        links::void(tx.conn, Some(user.id))?;
        users::delete(tx.conn, user.id, now)?;
        note(tx, &user, What::UserDeleted, by, None, now)?;
        let memory = Arc::clone(&acts);
        tx.after_commit(move || {
            tracing::info!(event = "user_deleted", user = %user.username, sessions_ended);
            memory.blocklist.forget(&memory.standing(&user).subject);
        });
        Ok(StateChange::Done { sessions_ended })
    })
}

impl Accounts {
    /// Only who has an open session is kept in memory.
    fn refresh_standing(&self, user: &User) {
        let standing = self.standing(user);
        if self.blocklist.standing(&standing.subject).is_some() {
            self.blocklist.remember(standing);
        }
    }
}

fn is_last_admin(tx: &mut Tx<'_>, user: &User) -> Result<bool, Error> {
    Ok(user.role == Role::Admin && users::enabled_admins(tx.conn, Some(user.id))? == 0)
}

fn note(tx: &mut Tx<'_>, user: &User, what: What, by: By, details: Option<&str>, now: UnixTime) -> Result<(), Error> {
    let event = audit::Event { at: now, what, user: Some(user.id), by, sid: None, ip: None, details };
    Ok(audit::add(tx.conn, &event)?)
}
