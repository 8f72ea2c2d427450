//! What a user may do: disabling, enabling, roles, and deleting.

use std::sync::Arc;

use crate::accounts::authority::{Actor, Administrator};
use crate::accounts::context::{Accounts, Error, Pending};
use crate::accounts::sessions::end::{Ended, end};
use crate::blocklist::change::{Change, Decision};
use crate::blocklist::gate::Apps;
use crate::domain::{By, Reason, Role, UnixTime, UserId, Username};
use crate::store::audit::event::{Details, Event, What};
use crate::store::session_ends::Which;
use crate::store::users::{self, User};
use crate::store::{Tx, Upkeep, app_drills, apps, groups, links, outbox};

#[derive(Debug, PartialEq, Eq)]
pub enum StateChange {
    /// `sessions_ended`: how many the change ended; `receipt`: of that act, if it ended any.
    Done {
        sessions_ended: usize,
        receipt: Option<String>,
    },
    /// It was so already.
    NoChange,
    NoSuchUser,
    /// Somebody has to be left who can let people in.
    LastAdmin,
}

/// The user can't sign in any more, and every session ends at once.
pub fn disable(accounts: &Arc<Accounts>, by: impl Into<Administrator>, username: Username) -> Pending<StateChange> {
    accounts.write(by.into(), move |tx, accounts, actor| disable_in(tx, accounts, &username, &actor))
}

/// Disables the user if their date has come; somebody may have taken it back meanwhile.
pub(in crate::accounts) fn disable_if_due(accounts: &Arc<Accounts>, username: Username) -> Pending<StateChange> {
    accounts.write(Upkeep, move |tx, accounts, _| {
        let Some(user) = users::find_by_name(tx.conn, &username)? else { return Ok(StateChange::NoSuchUser) };
        let is_due = user.disable_at.is_some_and(|date| date <= tx.now);
        if is_due { disable_in(tx, accounts, &username, &Actor::portero()) } else { Ok(StateChange::NoChange) }
    })
}

/// Disables the user once more, because a failover has lost that.
pub(in crate::accounts) fn disable_again(accounts: &Arc<Accounts>, id: UserId) -> Pending<StateChange> {
    accounts.write(Upkeep, move |tx, accounts, _| match users::find(tx.conn, id)? {
        Some(user) => disable_in(tx, accounts, &user.username, &Actor::portero()),
        None => Ok(StateChange::NoSuchUser),
    })
}

fn disable_in(
    tx: &mut Tx<'_>,
    accounts: &Arc<Accounts>,
    username: &Username,
    actor: &Actor,
) -> Result<StateChange, Error> {
    let Some(user) = users::find_by_name(tx.conn, username)? else { return Ok(StateChange::NoSuchUser) };
    if user.disabled_at.is_none() && is_last_admin(tx, &user)? {
        return Ok(StateChange::LastAdmin);
    }
    if !users::disable(tx.conn, user.id, tx.now)? {
        return Ok(StateChange::NoChange);
    }
    tx.change(Change::Decided(Decision::UserDisabled(user.id.0)));
    let ended = shut_out(tx, accounts, &user, Reason::Disabled, &actor.by)?;
    let sessions_ended = ended.sessions.len();
    Event::new(What::UserDisabled, &actor.by).user(user.id).record(tx)?;
    let (by, ip) = actor.for_log();
    tx.after_commit(move || tracing::info!(event = "user_disabled", user = %user.username, sessions_ended, by, ip));
    Ok(StateChange::Done { sessions_ended, receipt: ended.proof() })
}

/// Ends every session, voids the links, and makes memory forget the user.
fn shut_out(tx: &mut Tx<'_>, accounts: &Arc<Accounts>, user: &User, reason: Reason, by: &By) -> Result<Ended, Error> {
    let every = Which::OfUser { user: user.id, except: None };
    let ended = end(tx, every, reason, by)?;
    links::void(tx.conn, Some(user.id))?;
    let subject = accounts.standing(user).subject().to_owned();
    tx.change(Change::UserGone(subject));
    Ok(ended)
}

pub fn enable(accounts: &Arc<Accounts>, by: impl Into<Administrator>, username: Username) -> Pending<StateChange> {
    accounts.write(by.into(), move |tx, _, actor| {
        let Some(user) = users::find_by_name(tx.conn, &username)? else { return Ok(StateChange::NoSuchUser) };
        if !users::enable(tx.conn, user.id)? {
            return Ok(StateChange::NoChange);
        }
        tx.change(Change::Decided(Decision::UserEnabled(user.id.0)));
        Event::new(What::UserEnabled, &actor.by).user(user.id).record(tx)?;
        let (by, ip) = actor.for_log();
        tx.after_commit(move || tracing::info!(event = "user_enabled", user = %user.username, by, ip));
        Ok(StateChange::Done { sessions_ended: 0, receipt: None })
    })
}

/// Counts from the next request on: the role stands in no token.
pub fn set_role(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    username: Username,
    role: Role,
) -> Pending<StateChange> {
    accounts.write(by.into(), move |tx, accounts, actor| {
        let Some(mut user) = users::find_by_name(tx.conn, &username)? else { return Ok(StateChange::NoSuchUser) };
        if role == Role::User && user.disabled_at.is_none() && is_last_admin(tx, &user)? {
            return Ok(StateChange::LastAdmin);
        }
        if !users::set_role(tx.conn, user.id, role)? {
            return Ok(StateChange::NoChange);
        }
        Event::new(What::RoleChanged, &actor.by).user(user.id).details(Details::Role(role)).record(tx)?;
        user.role = role;
        let (by, ip) = actor.for_log();
        tx.change(Change::UserChanged(accounts.standing(&user)));
        tx.after_commit(move || {
            tracing::info!(event = "role_changed", user = %user.username, role = role.as_str(), by, ip);
        });
        Ok(StateChange::Done { sessions_ended: 0, receipt: None })
    })
}

/// From `date` on the user can't sign in, and every session is over; `None` takes a date back.
pub fn schedule_disable(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    username: Username,
    date: Option<UnixTime>,
) -> Pending<StateChange> {
    accounts.write(by.into(), move |tx, accounts, actor| set_disable_date(tx, accounts, &username, date, &actor))
}

/// Takes back the date of the last admin, whom nobody could let in again.
pub(in crate::accounts) fn keep_last_admin(accounts: &Arc<Accounts>, username: Username) -> Pending<StateChange> {
    accounts.write(Upkeep, move |tx, accounts, _| set_disable_date(tx, accounts, &username, None, &Actor::portero()))
}

fn set_disable_date(
    tx: &mut Tx<'_>,
    accounts: &Arc<Accounts>,
    username: &Username,
    date: Option<UnixTime>,
    actor: &Actor,
) -> Result<StateChange, Error> {
    let Some(mut user) = users::find_by_name(tx.conn, username)? else { return Ok(StateChange::NoSuchUser) };
    if date.is_some() && user.disabled_at.is_none() && is_last_admin(tx, &user)? {
        return Ok(StateChange::LastAdmin);
    }
    if user.disable_at == date || user.disabled_at.is_some() {
        return Ok(StateChange::NoChange);
    }
    users::set_disable_at(tx.conn, user.id, date)?;
    Event::new(What::DisableScheduled, &actor.by).user(user.id).details(Details::DisableAt(date)).record(tx)?;
    user.disable_at = date;
    let (by, ip) = actor.for_log();
    tx.change(Change::UserChanged(accounts.standing(&user)));
    tx.after_commit(move || {
        let date = date.map_or_else(|| "none".to_owned(), |date| date.0.to_string());
        tracing::info!(event = "disable_scheduled", user = %user.username, date, by, ip);
    });
    Ok(StateChange::Done { sessions_ended: 0, receipt: None })
}

/// The account is gone and its sessions with it; the name stays taken, so that nobody can be mistaken for who had it.
pub fn delete_user(accounts: &Arc<Accounts>, by: impl Into<Administrator>, username: Username) -> Pending<StateChange> {
    accounts.write(by.into(), move |tx, accounts, actor| delete_in(tx, accounts, &username, &actor))
}

/// Deletes an account that a command made for itself and was killed before it could delete it.
pub(in crate::accounts) fn delete_left(accounts: &Arc<Accounts>, username: Username) -> Pending<StateChange> {
    accounts.write(Upkeep, move |tx, accounts, _| delete_in(tx, accounts, &username, &Actor::portero()))
}

fn delete_in(
    tx: &mut Tx<'_>,
    accounts: &Arc<Accounts>,
    username: &Username,
    actor: &Actor,
) -> Result<StateChange, Error> {
    let Some(user) = users::find_by_name(tx.conn, username)? else { return Ok(StateChange::NoSuchUser) };
    if user.disabled_at.is_none() && is_last_admin(tx, &user)? {
        return Ok(StateChange::LastAdmin);
    }
    let ended = shut_out(tx, accounts, &user, Reason::Deleted, &actor.by)?;
    let sessions_ended = ended.sessions.len();
    users::delete(tx.conn, user.id, tx.now)?;
    // Who is restored has no right of before.
    groups::leave_all(tx.conn, user.id)?;
    tx.change(Change::GroupsChanged(user.id, [].into()));
    app_drills::forget_account(tx.conn, user.id)?;
    outbox::give_up(tx.conn, user.id)?;
    if apps::let_in_no_more(tx.conn, user.id)? {
        let all = apps::all(tx.conn)?;
        tx.change(Change::AppsChanged(Arc::new(Apps::new(all))));
    }
    Event::new(What::UserDeleted, &actor.by).user(user.id).record(tx)?;
    let (by, ip) = actor.for_log();
    tx.after_commit(move || tracing::info!(event = "user_deleted", user = %user.username, sessions_ended, by, ip));
    Ok(StateChange::Done { sessions_ended, receipt: ended.proof() })
}

fn is_last_admin(tx: &mut Tx<'_>, user: &User) -> Result<bool, Error> {
    Ok(user.role == Role::Admin && users::enabled_admins(tx.conn, Some(user.id))? == 0)
}
