//! `portero group`: groups of people, by which apps let them in.

use std::sync::Arc;

use clap::Subcommand;

use super::existing_group::existing_group;
use super::existing_user::existing;
use super::operator::operator;
use super::output::{Failure, warn};
use super::running_server::wait_for_server;
use crate::accounts::people::groups::{self as acts, Changed, MOST_AT_ONCE, Membership, Removed};
use crate::clock::Clock;
use crate::config::Loaded;
use crate::domain::GroupName;
use crate::installation::Installation;
use crate::store::apps;
use crate::store::groups::{self, Group};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a group; nobody is in it yet
    Add {
        /// The group's name: letters without accents, digits, and . _ - + @ : /
        name: String,
    },
    /// List the groups, and how many people are in each
    List,
    /// List who is in a group
    Show {
        /// The group's name
        name: String,
    },
    /// Remove a group; whoever was in it stays
    Remove {
        /// The group's name
        name: String,
    },
    /// Put people into a group
    AddMember {
        /// The group's name
        name: String,
        /// Their user names
        #[arg(required = true)]
        users: Vec<String>,
    },
    /// Take people out of a group
    RemoveMember {
        /// The group's name
        name: String,
        /// Their user names
        #[arg(required = true)]
        users: Vec<String>,
    },
}

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let installation = Installation::open_existing(&Arc::new(loaded.config), Clock::default())?;
    let accounts = &installation.accounts;
    match command {
        Command::Add { name } => {
            let name = GroupName::parse(&name)?;
            if acts::add(accounts, operator(), name.clone()).committed()?.is_none() {
                return Err(format!("there is a group {name} already").into());
            }
            println!("{name} is added; nobody is in it yet.");
        }
        Command::List => {
            for listed in accounts.db.read(groups::all)? {
                println!("{:5}  {}", listed.members, listed.group.name);
            }
        }
        Command::Show { name } => {
            let group = existing_group(accounts, &name)?;
            for app in accounts.db.read(|conn| apps::that_let_in(conn, &group.name))? {
                println!("let in by   {app}");
            }
            for (_, member) in accounts.db.read(|conn| groups::members(conn, group.id, i64::MAX))? {
                println!("member      {member}");
            }
        }
        Command::Remove { name } => {
            let Group { id, name, .. } = existing_group(accounts, &name)?;
            match acts::remove(accounts, operator(), id).committed()? {
                Removed::Done => {}
                Removed::NoSuchGroup => return Err(no_group(&name)),
                Removed::LetInBy(apps) => {
                    let apps = apps.join(", ");
                    let why = format!("group:{name} is let in by {apps}; change that first, with `portero app set`");
                    return Err(why.into());
                }
            }
            wait_for_server(&installation)?;
            println!("{name} is removed.");
        }
        Command::AddMember { name, users } => change(&installation, &name, &users, Membership::In)?,
        Command::RemoveMember { name, users } => change(&installation, &name, &users, Membership::Out)?,
    }
    Ok(())
}

/// Everybody is looked up before anybody is changed.
fn change(installation: &Installation, name: &str, users: &[String], to: Membership) -> Result<(), Failure> {
    let accounts = &installation.accounts;
    let group = existing_group(accounts, name)?;
    let found = users.iter().map(|user| Ok(existing(accounts, user)?.id)).collect::<Result<Vec<_>, Failure>>()?;
    let mut changed = 0;
    for some in found.chunks(MOST_AT_ONCE) {
        match acts::change_members(accounts, operator(), group.id, some.to_vec(), to).committed()? {
            Changed::Done(count) => changed += count,
            Changed::NoSuchGroup => return Err(no_group(&group.name)),
            Changed::NoSuchUser | Changed::Outdated => return Err("somebody changed this meanwhile; try again".into()),
            Changed::TooMany => {
                let why =
                    "the names of all groups of one user have 1,000 characters at most: apps get them in a header";
                return Err(why.into());
            }
        }
    }
    wait_for_server(installation)?;
    let people = if changed == 1 { "1 person" } else { &format!("{changed} people") };
    match to {
        Membership::In => println!("{people} put into {}.", group.name),
        Membership::Out => println!("{people} taken out of {}.", group.name),
    }
    Ok(())
}

fn no_group(name: &GroupName) -> Failure {
    format!("there is no group {name}").into()
}
