//! Adding many users at once who come from another system, with the hashes of their passwords: all of them, or nobody.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::add::add;
use super::groups::{Membership, add_in, change_in};
use crate::accounts::authority::Operator;
use crate::accounts::context::{Accounts, Error, Pending};
use crate::domain::{DisplayName, GroupName, Mail, Role, Username, fit_in_headers};
use crate::passwords::BroughtHash;
use crate::store::audit::event::{Details, Event, What};
use crate::store::names::{self, Taken};
use crate::store::user_details::NewDetails;
use crate::store::{Conn, Error as StoreError, groups, imported_users, users};

/// Somebody who is to be added.
#[derive(Clone)]
pub struct Newcomer {
    pub username: Username,
    pub display_name: Option<DisplayName>,
    pub mail: Option<Mail>,
    /// Whether the address is known to be theirs.
    pub mail_is_verified: bool,
    /// Those that there are not are added.
    pub groups: Vec<GroupName>,
    pub role: Role,
    pub is_disabled: bool,
    /// `None`: they need a link to choose a password.
    pub hash: Option<BroughtHash>,
}

/// Why one of the newcomers can't be added. Others are named by their place among the newcomers, from 0 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    NameTaken(Taken),
    SameNameAs(usize),
    /// One could be mistaken for the other.
    LooksLike(usize),
    /// This user has the address.
    MailTaken(Username),
    SameMailAs(usize),
    /// The names of all their groups would be longer than headers have room for.
    TooManyGroups,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    Done {
        groups_added: Vec<GroupName>,
    },
    /// Nobody was added.
    Refused(Vec<(usize, Obstacle)>),
}

/// What keeps newcomers from being added, and whose it is.
pub fn obstacles(conn: &mut Conn, newcomers: &[Newcomer]) -> Result<Vec<(usize, Obstacle)>, StoreError> {
    let (mut by_name, mut by_look, mut by_mail) = (HashMap::new(), HashMap::<_, Vec<usize>>::new(), HashMap::new());
    let mut found = Vec::new();
    for (place, newcomer) in newcomers.iter().enumerate() {
        let name = &newcomer.username;
        if let Some(taken) = names::taken(conn, name, None)? {
            found.push((place, Obstacle::NameTaken(taken)));
        }
        if let Some(first) = by_name.insert(name.canonical(), place) {
            found.push((place, Obstacle::SameNameAs(first)));
        } else {
            let alike = by_look.entry(name.skeleton()).or_default();
            if let Some(other) = alike.iter().find(|other| name.looks_like(&newcomers[**other].username)) {
                found.push((place, Obstacle::LooksLike(*other)));
            }
            alike.push(place);
        }
        if let Some(mail) = &newcomer.mail {
            if let Some(other) = users::with_mail(conn, mail)? {
                found.push((place, Obstacle::MailTaken(other.username)));
            }
            if let Some(first) = by_mail.insert(mail.canonical(), place) {
                found.push((place, Obstacle::SameMailAs(first)));
            }
        }
        if !fit_in_headers(&newcomer.groups) {
            found.push((place, Obstacle::TooManyGroups));
        }
    }
    Ok(found)
}

/// `each`: is told after each newcomer how many have been added; none counts until all are.
pub fn import(
    accounts: &Arc<Accounts>,
    operator: Operator,
    newcomers: Vec<Newcomer>,
    each: impl Fn(usize) + Send + 'static,
) -> Pending<Imported> {
    accounts.write(operator, move |tx, _, by| {
        // Once more: somebody may have been added since.
        let obstacles = obstacles(tx.conn, &newcomers)?;
        if !obstacles.is_empty() {
            return Ok(Imported::Refused(obstacles));
        }
        let mut groups_added = Vec::new();
        let mut known = HashMap::new();
        for name in newcomers.iter().flat_map(|newcomer| &newcomer.groups) {
            if let Entry::Vacant(unknown) = known.entry(name.canonical()) {
                if add_in(tx, &by, name)?.is_some() {
                    groups_added.push(name.clone());
                }
                let found = groups::find_by_name(tx.conn, name)?;
                unknown.insert(found.ok_or_else(|| not_stored(format!("the group {name} is gone")))?);
            }
        }
        for (place, newcomer) in newcomers.iter().enumerate() {
            let hash = newcomer.hash.as_ref().map(BroughtHash::as_str);
            let user = match add(tx, &newcomer.username, hash, newcomer.role, |_| by.clone())? {
                Ok(user) => user,
                // Nobody else writes meanwhile, and the names were compared with each other. All is rolled back.
                Err(_) => return Err(not_stored(format!("the name {} is not free any more", newcomer.username))),
            };
            let details = NewDetails {
                display_name: newcomer.display_name.clone(),
                mail: newcomer.mail.clone(),
                mail_verified_at: (newcomer.mail_is_verified && newcomer.mail.is_some()).then_some(tx.now),
            };
            imported_users::note(tx.conn, user, &details, newcomer.is_disabled, tx.now)?;
            for name in &newcomer.groups {
                if let Some(group) = known.get(&name.canonical()) {
                    change_in(tx, &by, group, user, Membership::In)?;
                }
            }
            each(place + 1);
        }
        Event::new(What::UsersImported, &by).details(Details::Imported(newcomers.len())).record(tx)?;
        let users = newcomers.len();
        tx.after_commit(move || tracing::info!(event = "users_imported", users));
        Ok(Imported::Done { groups_added })
    })
}

fn not_stored(why: String) -> Error {
    StoreError::NotCommitted(why).into()
}
