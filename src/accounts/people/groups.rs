//! Groups of people: adding and removing one, and who is in it. Apps let people in by their groups, and are told them; what changes counts
//! for the next request to an app.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::accounts::authority::{Actor, Administrator};
use crate::accounts::context::{Accounts, Error, Pending};
use crate::blocklist::change::Change;
use crate::domain::{By, GroupId, GroupName, UserId, fit_in_headers};
use crate::store::audit::event::{Details, Event, What};
use crate::store::groups::Group;
use crate::store::users::{self, User};
use crate::store::{Tx, apps, groups};

/// How many people are put into a group, or taken out of it, by one act: it should not keep the others waiting.
pub const MOST_AT_ONCE: usize = 100;

/// What becomes of somebody in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    In,
    Out,
}

/// What came of putting people into groups, or taking them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// For how many it is another now.
    Done(usize),
    NoSuchGroup,
    /// There is none of that number, or they were deleted.
    NoSuchUser,
    /// The names of all groups of one user would be longer than headers have room for.
    TooMany,
    /// Somebody else has changed it since the admin saw it.
    Outdated,
}

/// What came of removing a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    Done,
    NoSuchGroup,
    /// These apps let the group in. A later group of that name would be let in too.
    LetInBy(Vec<String>),
}

/// `None`: there is a group of that name.
pub fn add(accounts: &Arc<Accounts>, by: impl Into<Administrator>, name: GroupName) -> Pending<Option<GroupId>> {
    accounts.write(by.into(), move |tx, _, actor| {
        let Some(id) = add_in(tx, &actor.by, &name)? else { return Ok(None) };
        let (by, ip) = actor.for_log();
        tx.after_commit(move || tracing::info!(event = "group_added", group = %name, by, ip));
        Ok(Some(id))
    })
}

/// Inside a transaction. `None`: there is a group of that name.
pub(super) fn add_in(tx: &mut Tx<'_>, by: &By, name: &GroupName) -> Result<Option<GroupId>, Error> {
    let added = groups::add(tx.conn, name, tx.now)?;
    if added.is_some() {
        Event::new(What::GroupAdded, by).details(Details::Group(name.clone())).record(tx)?;
    }
    Ok(added)
}

/// Whoever was in it is in it no more.
pub fn remove(accounts: &Arc<Accounts>, by: impl Into<Administrator>, group: GroupId) -> Pending<Removed> {
    accounts.write(by.into(), move |tx, _, actor| {
        let Some(Group { name, .. }) = groups::find(tx.conn, group)? else { return Ok(Removed::NoSuchGroup) };
        let apps = apps::that_let_in(tx.conn, &name)?;
        if !apps.is_empty() {
            return Ok(Removed::LetInBy(apps));
        }
        groups::remove(tx.conn, group)?;
        Event::new(What::GroupRemoved, &actor.by).details(Details::Group(name.clone())).record(tx)?;
        tx.change(Change::GroupGone(name.clone()));
        let (by, ip) = actor.for_log();
        tx.after_commit(move || tracing::info!(event = "group_removed", group = %name, by, ip));
        Ok(Removed::Done)
    })
}

/// Puts people into a group or takes them out of it: all of them, or nobody if one does not exist.
pub fn change_members(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    group: GroupId,
    people: Vec<UserId>,
    to: Membership,
) -> Pending<Changed> {
    accounts.write(by.into(), move |tx, _, actor| {
        let Some(group) = groups::find(tx.conn, group)? else { return Ok(Changed::NoSuchGroup) };
        let mut found = Vec::new();
        for id in people.into_iter().collect::<BTreeSet<_>>() {
            let Some(user) = member(tx, id)? else { return Ok(Changed::NoSuchUser) };
            let mut names = groups::names_of(tx.conn, id)?;
            if to == Membership::In && !names.contains(&group.name) {
                names.push(group.name.clone());
                if !fit_in_headers(&names) {
                    return Ok(Changed::TooMany);
                }
            }
            found.push(user);
        }
        let mut changed = 0;
        for user in &found {
            if change(tx, &actor, &group, user, to)? {
                changed += 1;
                tell_memory(tx, user.id)?;
            }
        }
        Ok(Changed::Done(changed))
    })
}

/// Puts a user into these groups and takes them out of all others. `seen`: those that they were in when the admin looked.
pub fn set_groups(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    user: UserId,
    wanted: BTreeSet<GroupId>,
    seen: BTreeSet<GroupId>,
) -> Pending<Changed> {
    accounts.write(by.into(), move |tx, _, actor| {
        let Some(user) = member(tx, user)? else { return Ok(Changed::NoSuchUser) };
        let present: BTreeSet<_> = groups::of_user(tx.conn, user.id)?.into_iter().map(|group| group.id).collect();
        if present != seen {
            return Ok(Changed::Outdated);
        }
        let mut names = Vec::new();
        for id in &wanted {
            let Some(group) = groups::find(tx.conn, *id)? else { return Ok(Changed::Outdated) };
            names.push(group.name);
        }
        if !fit_in_headers(&names) {
            return Ok(Changed::TooMany);
        }
        for (ids, to) in [(&wanted - &present, Membership::In), (&present - &wanted, Membership::Out)] {
            for id in ids {
                if let Some(group) = groups::find(tx.conn, id)? {
                    change(tx, &actor, &group, &user, to)?;
                }
            }
        }
        tell_memory(tx, user.id)?;
        Ok(Changed::Done((&wanted ^ &present).len()))
    })
}

fn member(tx: &mut Tx<'_>, user: UserId) -> Result<Option<User>, Error> {
    Ok(users::find(tx.conn, user)?.filter(|user| user.deleted_at.is_none()))
}

/// Inside a transaction, and without a word to memory or the log. `false`: it was so already.
pub(super) fn change_in(tx: &mut Tx<'_>, by: &By, group: &Group, user: UserId, to: Membership) -> Result<bool, Error> {
    let (changed, what) = match to {
        Membership::In => (groups::add_member(tx.conn, group.id, user, tx.now)?, What::GroupMemberAdded),
        Membership::Out => (groups::remove_member(tx.conn, group.id, user)?, What::GroupMemberRemoved),
    };
    if changed {
        Event::new(what, by).user(user).details(Details::Group(group.name.clone())).record(tx)?;
    }
    Ok(changed)
}

/// `false`: it was so already.
fn change(tx: &mut Tx<'_>, actor: &Actor, group: &Group, user: &User, to: Membership) -> Result<bool, Error> {
    if !change_in(tx, &actor.by, group, user.id, to)? {
        return Ok(false);
    }
    let ((by, ip), group, user) = (actor.for_log(), group.name.clone(), user.username.clone());
    tx.after_commit(move || match to {
        Membership::In => tracing::info!(event = "group_member_added", group = %group, user = %user, by, ip),
        Membership::Out => tracing::info!(event = "group_member_removed", group = %group, user = %user, by, ip),
    });
    Ok(true)
}

/// Of the groups that a user is in now.
fn tell_memory(tx: &mut Tx<'_>, user: UserId) -> Result<(), Error> {
    let names = groups::names_of(tx.conn, user)?;
    tx.change(Change::GroupsChanged(user, names.into()));
    Ok(())
}
