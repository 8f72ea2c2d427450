//! `portero user`: also beside a running server, which has taken a change up when the command returns.

use std::time::{Duration, Instant};

use clap::{Subcommand, ValueEnum};

use super::{Failure, moment, password_input, public_url, warn};
use crate::accounts::{self, Accounts, Added, Invited, MadeLink, StateChange};
use crate::config::{Config, Loaded};
use crate::domain::{Role, Username};
use crate::installation::Installation;
use crate::store::instance;
use crate::store::users::{self, User};
use crate::web::{Clock, link_url};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a user
    Add {
        /// The user name
        name: String,
        /// As an admin
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input instead of the terminal
        #[arg(long)]
        password_stdin: bool,
    },
    /// Add a user who chooses the password by a one-time link; prints it, to hand over
    Invite {
        /// The user name
        name: String,
        /// As an admin
        #[arg(long)]
        admin: bool,
    },
    /// Print a one-time link by which a user chooses a new password; its use ends the user's sessions
    ResetLink {
        /// The user name
        name: String,
    },
    /// Delete a user; ends the user's sessions, and the name stays taken
    Delete {
        /// The user name
        name: String,
    },
    /// List all users
    List,
    /// Set a new password; ends the user's sessions
    Passwd {
        /// The user name
        name: String,
        /// Read the password from standard input instead of the terminal
        #[arg(long)]
        password_stdin: bool,
    },
    /// Let a user sign in no more; ends the user's sessions at once
    Disable {
        /// The user name
        name: String,
    },
    /// Let a disabled user sign in again
    Enable {
        /// The user name
        name: String,
    },
    /// Change what a user may do
    Role {
        /// The user name
        name: String,
        /// What the user is from now on
        role: RoleName,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    User,
    Admin,
}

impl RoleName {
    fn role(self) -> Role {
        match self {
            Self::User => Role::User,
            Self::Admin => Role::Admin,
        }
    }
}

/// How long a server may take to take up a change before the command says that it is pending.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn run(loaded: Loaded, command: Command) -> Result<(), Failure> {
    warn(&loaded);
    let now = Clock::default().now();
    let installation = match command {
        // May be the very first thing that is done.
        Command::Add { .. } | Command::Invite { .. } => Installation::open(&loaded.config, now)?,
        Command::List
        | Command::Passwd { .. }
        | Command::Disable { .. }
        | Command::Enable { .. }
        | Command::ResetLink { .. }
        | Command::Delete { .. }
        | Command::Role { .. } => Installation::open_existing(&loaded.config, now)?,
    };
    let at = &installation.accounts;
    let done = match command {
        Command::List => return list(at),
        Command::Add { name, admin, password_stdin } => {
            let name = Username::parse(&name)?;
            if at.db.read(|conn| users::find_by_name(conn, &name))?.is_some() {
                return Err(format!("there is a user {name} already").into());
            }
            let password = password_input::read(password_stdin, &name, at.rules.password_rules())?;
            let role = if admin { Role::Admin } else { Role::User };
            match accounts::add_user(at, name.clone(), &password, role, None, now)? {
                Added::NameTaken => return Err(format!("there is a user {name} already").into()),
                Added::Added => format!("{name} was added as {}.{}", role.as_str(), hint_at_admins(at, &name)?),
            }
        }
        Command::Invite { name, admin } => {
            let name = Username::parse(&name)?;
            let role = if admin { Role::Admin } else { Role::User };
            match accounts::invite(at, name.clone(), role, None, now)? {
                Invited::NameTaken => return Err(format!("there is a user {name} already").into()),
                Invited::Invited { link, .. } => {
                    let hint = if admin { String::new() } else { hint_at_admins(at, &name)? };
                    format!("{}{hint}", handed_over(&loaded.config, &link)?)
                }
            }
        }
        Command::ResetLink { name } => {
            let user = existing(at, &name)?;
            match accounts::new_link(at, user.id, None, now)? {
                Some(link) => handed_over(&loaded.config, &link)?,
                None => return Err(format!("{} is disabled; `portero user enable` first", user.username).into()),
            }
        }
        Command::Delete { name } => {
            let name = existing(at, &name)?.username;
            match said(accounts::delete_user(at, name.clone(), None, now)?, &name, "is gone")? {
                Some(ended) => format!("{name} is deleted; {} ended. The name stays taken.", sessions(ended)),
                None => format!("there is no user {name}."),
            }
        }
        Command::Passwd { name, password_stdin } => {
            let name = existing(at, &name)?.username;
            let password = password_input::read(password_stdin, &name, at.rules.password_rules())?;
            match accounts::set_password(at, name.clone(), &password, None, now)? {
                None => return Err(format!("there is no user {name}").into()),
                Some(ended) => format!("{name} has a new password; {} ended.", sessions(ended)),
            }
        }
        Command::Disable { name } => {
            let name = existing(at, &name)?.username;
            match said(accounts::disable(at, name.clone(), None, now)?, &name, "is disabled")? {
                Some(ended) => format!("{name} is disabled; {} ended.", sessions(ended)),
                None => format!("{name} was disabled already."),
            }
        }
        Command::Enable { name } => {
            let name = existing(at, &name)?.username;
            match said(accounts::enable(at, name.clone(), None, now)?, &name, "is enabled")? {
                Some(_) => format!("{name} may sign in again."),
                None => format!("{name} was not disabled."),
            }
        }
        Command::Role { name, role } => {
            let (name, role) = (existing(at, &name)?.username, role.role());
            match said(accounts::set_role(at, name.clone(), role, None, now)?, &name, "has another role")? {
                Some(_) => format!("{name} is {} now.", role.as_str()),
                None => format!("{name} was {} already.", role.as_str()),
            }
        }
    };
    wait_for_server(&installation)?;
    println!("{done}");
    Ok(())
}

/// A link for the operator to hand over.
fn handed_over(config: &Config, link: &MadeLink) -> Result<String, Failure> {
    let url = link_url(&public_url(config)?, "link", &link.token);
    Ok(format!("{url}\nGood once, until {}. Whoever has it chooses the password.", moment(Some(link.expires_at))))
}

/// With the first user the link to create an admin is void: whoever has none should hear how to get one.
fn hint_at_admins(at: &Accounts, name: &Username) -> Result<String, Failure> {
    let admins = at.db.read(|conn| users::enabled_admins(conn, None))?;
    Ok(if admins == 0 {
        format!(
            " There is no admin yet, and the link to create one is void now: `portero user role {name} admin` makes one."
        )
    } else {
        String::new()
    })
}

pub(super) fn existing(at: &Accounts, name: &str) -> Result<User, Failure> {
    let name = Username::parse(name)?;
    at.db.read(|conn| users::find_by_name(conn, &name))?.ok_or_else(|| format!("there is no user {name}").into())
}

/// The number of sessions a change ended; `None`: nothing had to be changed.
fn said(change: StateChange, name: &Username, what: &str) -> Result<Option<usize>, Failure> {
    match change {
        StateChange::Done { sessions_ended } => Ok(Some(sessions_ended)),
        StateChange::NoChange => Ok(None),
        StateChange::NoSuchUser => Err(format!("there is no user {name}").into()),
        StateChange::LastAdmin => {
            Err(format!("{name} is the last admin; nobody could let people in when {name} {what}").into())
        }
    }
}

pub(super) fn sessions(count: usize) -> String {
    if count == 1 { "1 session".into() } else { format!("{count} sessions") }
}

/// A server beside us enforces from memory: done means that it does.
pub(super) fn wait_for_server(installation: &Installation) -> Result<(), Failure> {
    let db = &installation.accounts.db;
    if !installation.is_served()? {
        return Ok(());
    }
    let change = db.write(|tx| instance::note_change(tx.conn))?;
    let begin = Instant::now();
    while db.read(instance::taken_up)? < change {
        if begin.elapsed() > PATIENCE {
            return Err("the change is stored, but the running server has not taken it up yet: it is pending".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn list(at: &Accounts) -> Result<(), Failure> {
    let users = at.db.read(users::all)?;
    let width = users.iter().map(|user| user.username.as_str().chars().count()).max().unwrap_or(0).max(4);
    println!("{:width$}  {:5}  {:8}  {:20}  {:20}", "NAME", "ROLE", "STATE", "CREATED", "LAST SIGN-IN");
    for user in users {
        println!(
            "{:width$}  {:5}  {:8}  {:20}  {:20}",
            user.username.as_str(),
            user.role.as_str(),
            if user.disabled_at.is_some() { "disabled" } else { "enabled" },
            moment(Some(user.created_at)),
            moment(user.last_login_at),
        );
    }
    Ok(())
}
